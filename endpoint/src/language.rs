//! The form's texts and formats in each language, without a browser.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use icu_datetime::FixedCalendarDateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_datetime::input::Date;
use icu_locale_core::{Locale as Tag, locale as tag};
use icu_plurals::{PluralCategory, PluralRules};
use standwith::campaign::civil;
use standwith::language::{nearest, primary};
use standwith::text::{self, Locale, Rules, khmer_day};

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

const RULES: Rules = Rules { plural, number, date };

/// The texts in this language, or else in English.
pub(crate) fn locale(lang: &str) -> &'static Locale {
    closest(&[lang.to_owned()])
}

/// The texts in the language closest to the wanted ones; in English if none is close.
pub(crate) fn closest(wanted: &[String]) -> &'static Locale {
    let known: Vec<String> = LOCALES.iter().map(|locale| locale.lang.clone()).collect();
    let near = LOCALES.iter().find(|locale| Some(&locale.lang) == nearest(wanted, &known));
    // English always exists and is the first.
    near.unwrap_or(&LOCALES[0])
}

/// Codes and names of all countries in this language, or else in English, in the language's order.
pub(crate) fn countries(lang: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let known: Vec<String> = COUNTRIES.iter().map(|(lang, _)| (*lang).to_owned()).collect();
    let near = nearest(&[lang.to_owned()], &known).map_or("en", String::as_str);
    let found = COUNTRIES.iter().find(|(lang, _)| *lang == near);
    found.map_or("", |(_, names)| names).lines().filter_map(|line| line.split_once(' '))
}

/// The languages that a request asks for, by preference (RFC 9110, section 12.5.4).
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

/// The date of a point in time (seconds since 1970), in UTC, as the language writes it (CLDR).
fn date(lang: &str, seconds: i64) -> String {
    if primary(lang) == "km" {
        return khmer_day(seconds);
    }
    written(lang, seconds).unwrap_or_else(|| text::day(seconds))
}

fn written(lang: &str, seconds: i64) -> Option<String> {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let (year, month, day) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
    let date = Date::try_new_gregorian(year, month, day).ok()?;
    let preferences = lang.parse::<Tag>().unwrap_or(tag!("en")).into();
    let format = FixedCalendarDateTimeFormatter::try_new(preferences, YMD::long()).ok()?;
    Some(format.format(&date).to_string())
}

/// The plural category of a whole number by CLDR's rules, like `Intl.PluralRules` in browsers.
fn plural(lang: &str, number: i64) -> String {
    let preferences = lang.parse::<Tag>().unwrap_or(tag!("en")).into();
    let rules = PluralRules::try_new_cardinal(preferences);
    let category = rules.map_or(PluralCategory::Other, |rules| rules.category_for(number));
    let name = match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    };
    name.to_owned()
}

/// A number with grouped thousands: as in English for the languages with the same format, with a narrow space (ISO
/// 80000) for all others.
fn number(lang: &str, number: i64) -> String {
    let languages = ["ar", "bn", "en", "hi", "ja", "km", "ko", "my", "sw", "th", "ur", "zh"];
    let comma = languages.contains(&primary(lang));
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
            let mut all: Vec<&str> = standwith::country::all().collect();
            all.sort_unstable();
            assert_eq!(codes, all, "{lang}");
        }
    }

    #[test]
    fn dates_are_of_the_language() {
        // The last second of 2026-03-05.
        for (lang, written) in [
            ("ar", "5 مارس 2026"),
            ("de", "5. März 2026"),
            ("en", "March 5, 2026"),
            ("es", "5 de marzo de 2026"),
            ("fr", "5 mars 2026"),
            ("hi", "5 मार्च, 2026"),
            ("km", "ថ្ងៃទី 5 ខែមីនា ឆ្នាំ 2026"),
            ("pt", "5 de março de 2026"),
            ("ru", "5 марта 2026\u{202f}г."),
            ("uk", "5 березня 2026\u{202f}р."),
            ("zh", "2026年3月5日"),
            ("zh-TW", "2026年3月5日"),
            ("no language", "March 5, 2026"),
        ] {
            assert_eq!(date(lang, 1_772_755_199), written, "{lang}");
        }
    }

    #[test]
    fn numbers_are_of_the_language() {
        assert_eq!(number("en", 1_234_567), "1,234,567");
        assert_eq!(number("fr", 1234), "1\u{202f}234");
        assert_eq!(number("en", 999), "999");
    }

    #[test]
    fn plural_categories_are_those_of_browsers() {
        let vectors = include_str!("../../tests/vectors/plurals.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let mut languages = Vec::new();
        for vector in vectors.as_array().unwrap() {
            let lang = vector["lang"].as_str().unwrap();
            languages.push(lang);
            // CLDR 48 has a category of its own for 0 and 1 in Vietnamese. The catalogue has one form for all.
            let is_newer = |number: i64| lang == "vi" && (0..=1).contains(&number);
            for (category, numbers) in vector["categories"].as_object().unwrap() {
                for number in numbers.as_array().unwrap() {
                    let number = number.as_i64().unwrap();
                    let category = if is_newer(number) { "one" } else { category };
                    assert_eq!(plural(lang, number), category, "{number} in {lang}");
                }
            }
        }
        let mut ours: Vec<&str> = LOCALES.iter().map(|locale| &*locale.lang).collect();
        ours.sort_unstable();
        assert_eq!(languages, ours);
        assert_eq!(plural("es-MX", 2_000_000), "many");
        let russian = [1, 2, 5, 11, 21, 22].map(|n| plural("ru", n));
        assert_eq!(russian, ["one", "few", "many", "many", "one", "few"]);
        // As in the widget, if the browser does not know the language.
        assert_eq!([0, 1].map(|number| plural("no language", number)), ["other", "one"]);
    }

    #[test]
    fn the_most_wanted_language_comes_first() {
        let mut headers = HeaderMap::new();
        let list = "en;q=0.5, km-KH, de;q=0, fr;q=0.9";
        headers.insert(header::ACCEPT_LANGUAGE, list.parse().unwrap());
        assert_eq!(wanted(&headers), ["km-KH", "fr", "en"]);
    }
}
