//! Language negotiation, writing direction, and names of languages.

/// Chooses one of the `available` languages: the [`nearest`]; if none is near, the first.
pub fn choose<'a>(wanted: &[String], available: &'a [String]) -> &'a str {
    let near = nearest(wanted, available).or(available.first());
    near.map_or("en", String::as_str)
}

/// The nearest of the `available` languages. For each `wanted` tag in turn: the same tag, else, of equivalent tags, the
/// same with fewer subtags (RFC 4647, lookup), else the same primary subtag.
pub fn nearest<'a>(wanted: &[String], available: &'a [String]) -> Option<&'a String> {
    wanted.iter().find_map(|tag| {
        let same = available.iter().find(|known| known.eq_ignore_ascii_case(tag));
        same.or_else(|| {
            let canonical_tag = canonical(tag);
            let mut ranges = std::iter::successors(Some(canonical_tag.as_str()), |range| {
                range.rsplit_once('-').map(|(shorter, _)| shorter)
            });
            ranges.find_map(|range| available.iter().find(|known| canonical(known) == range))
        })
        .or_else(|| {
            let is_near = |known: &&String| primary(&canonical(known)) == primary(&canonical(tag));
            available.iter().find(is_near)
        })
    })
}

/// A language tag in lower case, with the current code instead of an older or narrower one (IANA Language Subtag
/// Registry), and Chinese by its script.
pub fn canonical(tag: &str) -> String {
    let lower = tag.to_ascii_lowercase().replace('_', "-");
    let (first, rest) = lower.split_once('-').unwrap_or((&lower, ""));
    if first == "zh" {
        let has = |subtags: &[&str]| rest.split('-').any(|subtag| subtags.contains(&subtag));
        if has(&["hant", "tw", "hk", "mo"]) {
            return "zh-hant".to_owned();
        }
        if has(&["hans", "cn", "sg"]) {
            return "zh-hans".to_owned();
        }
    }
    let today = match first {
        "iw" => "he",
        "in" => "id",
        "nb" | "nn" => "no",
        _ => return lower,
    };
    lower.replacen(first, today, 1)
}

/// The primary subtag: `km` of `km-KH`.
pub fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// Whether the language is written from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    let languages = ["ar", "ckb", "dv", "fa", "he", "prs", "ps", "sd", "ug", "ur", "yi"];
    languages.iter().any(|known| known.eq_ignore_ascii_case(primary(tag)))
        || tag.split(['-', '_']).skip(1).any(|script| script.eq_ignore_ascii_case("Arab"))
}

/// Whether the family name comes before the given name.
pub fn is_family_name_first(tag: &str) -> bool {
    let languages = ["hu", "ja", "km", "ko", "vi", "zh"];
    languages.iter().any(|known| known.eq_ignore_ascii_case(primary(tag)))
}

/// The name of a language in that language.
pub fn autonym(lang: &str) -> &str {
    match primary(lang) {
        "zh" if lang.eq_ignore_ascii_case("zh-Hant") || lang.eq_ignore_ascii_case("zh-TW") => {
            "繁體中文"
        }
        "ar" => "العربية",
        "bn" => "বাংলা",
        "de" => "Deutsch",
        "en" => "English",
        "es" => "Español",
        "fa" => "فارسی",
        "fr" => "Français",
        "hi" => "हिन्दी",
        "id" => "Bahasa Indonesia",
        "it" => "Italiano",
        "ja" => "日本語",
        "km" => "ភាសាខ្មែរ",
        "ko" => "한국어",
        "lo" => "ລາວ",
        "my" => "မြန်မာ",
        "nl" => "Nederlands",
        "pl" => "Polski",
        "pt" => "Português",
        "ru" => "Русский",
        "sw" => "Kiswahili",
        "th" => "ไทย",
        "tr" => "Türkçe",
        "uk" => "Українська",
        "ur" => "اردو",
        "vi" => "Tiếng Việt",
        "zh" => "中文",
        _ => lang,
    }
}
