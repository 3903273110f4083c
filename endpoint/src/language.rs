//! What a form says in each language, where there is no browser to ask.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use standwith::language::primary;
use standwith::text::{self, Locale, Rules, day};

include!(concat!(env!("OUT_DIR"), "/shared.rs"));

/// The catalogues, compiled.
static LOCALES: LazyLock<Vec<Locale>> = LazyLock::new(|| {
    let mut locales = vec![Locale::english(RULES)];
    for (lang, catalogue) in CATALOGUES {
        match text::compile(catalogue) {
            Ok(compiled) => locales.push(Locale::compiled(lang, &compiled, RULES)),
            Err(faults) => tracing::error!(lang, ?faults, "catalogue rejected"),
        }
    }
    locales
});

const RULES: Rules = Rules { plural, number, date: |_, seconds| day(seconds) };

/// The texts in this language, or in English.
pub(crate) fn locale(lang: &str) -> &'static Locale {
    let exact = LOCALES.iter().find(|locale| locale.lang.eq_ignore_ascii_case(lang));
    let near = || LOCALES.iter().find(|locale| primary(&locale.lang) == primary(lang));
    // English is always there, first.
    exact.or_else(near).unwrap_or(&LOCALES[0])
}

/// Codes and names of all countries in this language, or in English, in the language's order.
pub(crate) fn countries(lang: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = |lang: &str| COUNTRIES.iter().find(|(known, _)| *known == lang);
    let found = named(lang).or_else(|| named(primary(lang))).or_else(|| named("en"));
    found.map_or("", |(_, names)| names).lines().filter_map(|line| line.split_once(' '))
}

/// The languages that a request asks for, the most wanted first (RFC 9110, section 12.5.4).
pub(crate) fn wanted(request: &HeaderMap) -> Vec<String> {
    let headers = request.get_all(header::ACCEPT_LANGUAGE).into_iter();
    let listed = headers.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let mut weighted: Vec<(f32, &str)> = listed
        .filter_map(|item| {
            let (tag, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1").parse().ok()?;
            (weight > 0.0).then_some((weight, tag.trim()))
        })
        .collect();
    weighted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    weighted.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// The plural category of a whole number (CLDR), for the languages that the peers' forms are in.
fn plural(lang: &str, number: i64) -> String {
    let (ten, hundred) = (number % 10, number % 100);
    let category = match primary(lang) {
        "id" | "ja" | "km" | "ko" | "lo" | "ms" | "my" | "th" | "vi" | "zh" => "other",
        "bn" | "fa" | "fr" | "hi" | "pt" if number < 2 => "one",
        // "1 000 000 de messages".
        "ca" | "es" | "fr" | "it" | "pt" if number != 0 && number % 1_000_000 == 0 => "many",
        "bn" | "fa" | "fr" | "hi" | "pt" => "other",
        "be" | "ru" | "uk" => match (ten, hundred) {
            (1, h) if h != 11 => "one",
            (2..=4, h) if !(12..=14).contains(&h) => "few",
            _ => "many",
        },
        "pl" => match (number, ten, hundred) {
            (1, ..) => "one",
            (_, 2..=4, h) if !(12..=14).contains(&h) => "few",
            _ => "many",
        },
        "cs" | "sk" => match number {
            1 => "one",
            2..=4 => "few",
            _ => "other",
        },
        "ar" => match (number, hundred) {
            (0, _) => "zero",
            (1, _) => "one",
            (2, _) => "two",
            (_, 3..=10) => "few",
            (_, 11..=99) => "many",
            _ => "other",
        },
        _ if number == 1 => "one",
        _ => "other",
    };
    category.to_owned()
}

/// A number with its thousands set apart: as English does for the languages that do likewise, by a
/// narrow space (ISO 80000) for all others.
fn number(lang: &str, number: i64) -> String {
    let comma = ["ar", "en", "hi", "ja", "km", "ko", "my", "th", "zh"].contains(&primary(lang));
    let separator = if comma { ',' } else { '\u{202f}' };
    let digits = number.unsigned_abs().to_string();
    let mut written = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(separator);
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_catalogue_compiles() {
        for (lang, catalogue) in CATALOGUES {
            assert_eq!(text::compile(catalogue).err(), None, "{lang}");
        }
    }

    #[test]
    fn a_language_is_called_as_its_catalogue_says() {
        for (lang, catalogue) in CATALOGUES {
            let catalogue: serde_json::Value = serde_json::from_str(catalogue).unwrap();
            assert_eq!(
                catalogue["about"]["language"],
                standwith::language::autonym(lang),
                "{lang}"
            );
        }
    }

    #[test]
    fn every_country_has_a_name_in_every_list() {
        for (lang, _) in COUNTRIES {
            let mut codes: Vec<&str> = countries(lang).map(|(code, _)| code).collect();
            codes.sort_unstable();
            assert_eq!(codes, standwith::country::all().collect::<Vec<_>>(), "{lang}");
        }
    }

    #[test]
    fn counts_and_numbers_are_of_the_language() {
        assert_eq!(number("en", 1_234_567), "1,234,567");
        assert_eq!(number("fr", 1234), "1\u{202f}234");
        assert_eq!(number("en", 999), "999");
        assert_eq!((plural("km", 1), plural("en", 1)), ("other".into(), "one".into()));
        let russian = [1, 2, 5, 11, 21, 22].map(|n| plural("ru", n));
        assert_eq!(russian, ["one", "few", "many", "many", "one", "few"]);
        let french = [0, 1, 2, 1_000_000, 1_000_001].map(|n| plural("fr", n));
        assert_eq!(french, ["one", "one", "other", "many", "other"]);
        let spanish = [0, 1, 2, 2_000_000].map(|n| plural("es-MX", n));
        assert_eq!(spanish, ["other", "one", "other", "many"]);
    }

    #[test]
    fn the_most_wanted_language_comes_first() {
        let mut headers = HeaderMap::new();
        let list = "en;q=0.5, km-KH, de;q=0, fr;q=0.9";
        headers.insert(header::ACCEPT_LANGUAGE, list.parse().unwrap());
        assert_eq!(wanted(&headers), ["km-KH", "fr", "en"]);
    }
}
