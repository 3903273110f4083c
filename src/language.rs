//! Language negotiation, writing direction, and names of languages.

/// Chooses one of the `available` languages. For each `wanted` tag in turn: the same tag, else the same with fewer
/// subtags (RFC 4647, lookup), else the same primary subtag. If none matches, the first available.
pub fn choose<'a>(wanted: &[String], available: &'a [String]) -> &'a str {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    for tag in wanted {
        let mut shorter = Some(tag.as_str());
        while let Some(range) = shorter {
            if let Some(found) = available.iter().find(|known| same(known, range)) {
                return found;
            }
            shorter = range.rsplit_once(['-', '_']).map(|(shorter, _)| shorter);
        }
        if let Some(near) = available.iter().find(|known| same(primary(known), primary(tag))) {
            return near;
        }
    }
    available.first().map_or("en", String::as_str)
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
        "ar" => "العربية",
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
        "th" => "ไทย",
        "tr" => "Türkçe",
        "uk" => "Українська",
        "vi" => "Tiếng Việt",
        "zh" => "中文",
        _ => lang,
    }
}
