//! The form's own words: English is complete and plain, and every catalogue says the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use standwith::campaign::CampaignFile;
use standwith::language;
use standwith::text::{Key, Locale, Rules, compile};

/// Rules under which a text shows its placeholders: 1 is one, all else other, and no number is
/// put in.
const BARE: Rules = Rules {
    plural: |_, number| if number == 1 { "one" } else { "other" }.to_owned(),
    number: |_, _| "{count}".to_owned(),
};

/// Categories of CLDR that whole numbers take, for languages that may come.
const CATEGORIES: [(&[&str], &[&str]); 8] = [
    (&["id", "ja", "km", "ko", "lo", "ms", "my", "th", "vi", "zh"], &["other"]),
    (
        &[
            "bn", "da", "de", "el", "en", "et", "fa", "fi", "hi", "hu", "ku", "ne", "nl", "no",
            "so", "sv", "sw", "ta", "tr", "ur",
        ],
        &["one", "other"],
    ),
    // `many` is for a million and the like.
    (&["ca", "es", "fr", "it", "pt"], &["one", "many?", "other"]),
    (&["be", "ru", "uk"], &["one", "few", "many", "other?"]),
    (&["pl"], &["one", "few", "many", "other?"]),
    (&["cs", "sk"], &["one", "few", "other"]),
    (&["he"], &["one", "two", "other"]),
    (&["ar"], &["zero", "one", "two", "few", "many", "other"]),
];

fn english(key: Key) -> String {
    Locale::english(BARE).say(key)
}

/// The names between braces, sorted.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_plural(key: Key) -> bool {
    placeholders(&english(key)).contains(&"count")
}

/// The catalogues, by language.
fn catalogues() -> BTreeMap<String, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/www/locales"));
    let mut catalogues = BTreeMap::new();
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let lang = path.file_stem().unwrap().to_str().unwrap().to_owned();
        catalogues.insert(lang, std::fs::read_to_string(&path).unwrap());
    }
    catalogues
}

/// Looks at every text of every catalogue: language, key, and its forms by category; the category
/// of a text that has but one form is empty.
fn each_text(mut look: impl FnMut(&str, Key, &[(&str, &str)])) {
    for (lang, catalogue) in &catalogues() {
        let catalogue: Value = serde_json::from_str(catalogue).unwrap();
        for key in Key::ALL {
            match &catalogue[key.name()] {
                Value::String(text) => look(lang, *key, &[("", text)]),
                Value::Object(forms) => {
                    let forms: Vec<(&str, &str)> = forms
                        .iter()
                        .map(|(category, text)| (category.as_str(), text.as_str().unwrap()))
                        .collect();
                    look(lang, *key, &forms);
                }
                other => panic!("{lang}: {}: {other}", key.name()),
            }
        }
    }
}

// English.

#[test]
fn english_has_a_text_for_every_key() {
    let mut names = Vec::new();
    for key in Key::ALL {
        let (name, text) = (key.name(), english(*key));
        assert!(!text.trim().is_empty(), "{name}");
        assert_eq!(text.trim(), text, "{name}");
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(!name.is_empty() && name.chars().all(plain), "{name}");
        assert!(!names.contains(&name), "{name} stands twice");
        names.push(name);
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{name}: {text}");
    }
}

#[test]
fn english_blames_nobody_and_does_not_beg() {
    for key in Key::ALL {
        let text = english(*key).to_lowercase();
        for word in ["please", "invalid", "required", "error", "oops", "sorry", "forgot"] {
            assert!(!text.contains(word), "{}: {text}", key.name());
        }
        // Typographic marks, as the other languages have them.
        assert!(!text.contains(['\'', '"']) && !text.contains("..."), "{}: {text}", key.name());
    }
}

#[test]
fn english_tells_one_from_many() {
    let locale = Locale::english(Rules::PLAIN);
    for (count, expected) in [(0, "0 messages sent"), (1, "1 message sent"), (2, "2 messages sent")]
    {
        assert_eq!(locale.say_count(Key::Count, count, &[]), expected);
    }
    for key in Key::ALL.iter().copied().filter(|key| is_plural(*key)) {
        let one = Locale::english(BARE).say_count(key, 1, &[]);
        assert_eq!(placeholders(&one), placeholders(&english(key)), "{}", key.name());
    }
}

// What fills a text.

#[test]
fn values_are_put_in_once() {
    let locale = Locale::english(Rules::PLAIN);
    let say = |label: &str| locale.say_with(Key::Optional, &[("label", label)]);
    assert_eq!(say("Postcode"), "Postcode (optional)");
    assert_eq!(say("{label}"), "{label} (optional)");
    assert_eq!(say("{} {x"), "{} {x (optional)");
    let joined = [("before", "{after}"), ("after", "{before}")];
    assert_eq!(locale.say_with(Key::ListJoin, &joined), "{after}, {before}");
    // Nobody knows this name.
    assert_eq!(locale.say_with(Key::Optional, &[("name", "x")]), "{label} (optional)");
    let goal = [("goal", "{count}")];
    assert_eq!(locale.say_count(Key::CountOfGoal, 2, &goal), "2 of {count} messages sent");
}

#[test]
fn numbers_are_written_as_the_rules_say() {
    let rules = Rules { number: |lang, number| format!("<{lang} {number}>"), ..Rules::PLAIN };
    let locale = Locale::compiled("km", "[]", rules);
    assert_eq!(locale.number(5), "<km 5>");
    assert_eq!(locale.say_count(Key::Count, 1234, &[]), "<km 1234> messages sent");
}

// Catalogues in general.

/// A catalogue that says `text` under every key.
fn catalogue(text: &str) -> serde_json::Map<String, Value> {
    Key::ALL.iter().map(|key| (key.name().to_owned(), text.into())).collect()
}

#[test]
fn a_compiled_catalogue_speaks() {
    let mut catalogue = catalogue("words");
    catalogue.insert("send".to_owned(), "ផ្ញើ \"សារ\"\n{x}".into());
    catalogue.insert(
        "count".to_owned(),
        serde_json::json!({ "other": "{count} viele", "few": "{count} einige", "one": "eine" }),
    );
    let compiled = compile(&Value::Object(catalogue).to_string()).unwrap();
    let rules = Rules {
        plural: |lang, number| {
            assert_eq!(lang, "xx");
            match number {
                1 => "one",
                2..5 => "few",
                5..10 => "many",
                _ => "other",
            }
            .to_owned()
        },
        ..Rules::PLAIN
    };
    let locale = Locale::compiled("xx", &compiled, rules);
    assert_eq!(locale.say(Key::Send), "ផ្ញើ \"សារ\"\n{x}");
    assert_eq!(locale.say(Key::Sending), "words");
    // Without a form for the category, the one for all others.
    for (count, expected) in [(1, "eine"), (3, "3 einige"), (7, "7 viele"), (20, "20 viele")] {
        assert_eq!(locale.say_count(Key::Count, count, &[]), expected);
    }
    // One form for every number is no fault: many languages have no more.
    assert_eq!(locale.say_count(Key::CharactersLeft, 3, &[]), "words");
}

#[test]
fn what_a_compiled_catalogue_lacks_is_said_in_english() {
    for nonsense in ["", "{}", "[", "null", "[null]", "[1,2,3]", r#"[{"few":"x"}]"#, "<html>"] {
        let locale = Locale::compiled("km", nonsense, Rules::PLAIN);
        for key in [Key::ALL[0], Key::Send, Key::CopyFailed] {
            assert_eq!(locale.say(key), Locale::english(Rules::PLAIN).say(key), "{nonsense}");
        }
        assert_eq!(locale.lang, "km");
    }
    let first = Locale::compiled("km", r#"["ព័ត៌មាន"]"#, Rules::PLAIN);
    assert_eq!(first.say(Key::ALL[0]), "ព័ត៌មាន");
    assert_eq!(first.say(Key::Send), "Send message");
}

#[test]
fn a_faulty_catalogue_is_refused_with_all_that_is_wrong() {
    let faults = |catalogue: Value| compile(&catalogue.to_string()).unwrap_err();
    let mut lacking = catalogue("words");
    lacking.remove("send");
    lacking.remove("count");
    lacking.insert("sned".to_owned(), "words".into());
    let found = faults(Value::Object(lacking));
    assert_eq!(found.len(), 3, "{found:?}");
    for (fault, word) in found.iter().zip(["sned", "send", "count"]) {
        assert!(fault.contains(word), "{fault}");
    }
    for text in [
        serde_json::json!(null),
        serde_json::json!(1),
        serde_json::json!(["x"]),
        serde_json::json!({}),
        serde_json::json!({ "one": "x" }),
        serde_json::json!({ "other": 1 }),
        serde_json::json!({ "other": "x", "several": "y" }),
    ] {
        let mut faulty = catalogue("words");
        faulty.insert("send".to_owned(), text.clone());
        let found = faults(Value::Object(faulty));
        assert!(found.len() == 1 && found[0].starts_with("send: "), "{text}: {found:?}");
    }
    let all = Value::Object(catalogue("words")).to_string();
    let twice = all.replacen('{', "{\"send\":\"a\",", 1);
    let found = compile(&twice).unwrap_err();
    assert!(found.len() == 1 && found[0].contains("twice"), "{found:?}");
    for nonsense in ["", "[]", "\"\"", "{", "{\"send\":\"a\",}"] {
        assert!(compile(nonsense).is_err(), "{nonsense}");
    }
}

// The catalogues that there are.

#[test]
fn every_catalogue_compiles() {
    for (lang, catalogue) in &catalogues() {
        let compiled = compile(catalogue).unwrap_or_else(|faults| panic!("{lang}: {faults:#?}"));
        let texts: Vec<Value> = serde_json::from_str(&compiled).unwrap();
        assert_eq!(texts.len(), Key::ALL.len(), "{lang}");
    }
}

#[test]
fn every_catalogue_is_named_by_a_primary_language() {
    for lang in catalogues().keys() {
        // Under this name it is looked for.
        assert_eq!(language::primary(lang), lang);
        assert!((2..=3).contains(&lang.len()) && lang.chars().all(|c| c.is_ascii_lowercase()));
    }
}

#[test]
fn the_example_is_spoken_in_all_its_languages() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/campaigns/free-mech-dara.json");
    let example = CampaignFile::parse(&std::fs::read(path).unwrap()).unwrap();
    let catalogues = catalogues();
    for lang in example.languages().iter().filter(|lang| *lang != "en") {
        assert!(catalogues.contains_key(lang), "www/locales/{lang}.json is missing");
    }
}

#[test]
fn every_catalogue_fills_in_what_english_does() {
    each_text(|lang, key, forms| {
        let (name, expected) = (key.name(), english(key));
        let expected = placeholders(&expected);
        for (category, text) in forms {
            assert!(!text.trim().is_empty(), "{lang}: {name}");
            assert_eq!(text.trim(), *text, "{lang}: {name}");
            let found = placeholders(text);
            // "One message" needs no figure.
            let spelt_out = ["zero", "one", "two"].contains(category)
                && expected.iter().filter(|name| **name != "count").eq(found.iter());
            assert!(found == expected || spelt_out, "{lang}: {name}: {text}");
            assert_eq!(text.matches('{').count(), found.len(), "{lang}: {name}: {text}");
            assert_eq!(text.matches('}').count(), found.len(), "{lang}: {name}: {text}");
        }
    });
}

#[test]
fn every_catalogue_has_the_plural_forms_of_its_language() {
    each_text(|lang, key, forms| {
        let (name, plain) = (key.name(), forms[0].0.is_empty());
        assert!(plain || is_plural(key), "{lang}: {name} counts nothing");
        let Some((_, known)) = CATEGORIES.iter().find(|(langs, _)| langs.contains(&lang)) else {
            panic!("{lang}: its plural categories are not in this test yet");
        };
        if plain {
            return;
        }
        for (category, _) in forms {
            let fits = known.iter().any(|known| known.trim_end_matches('?') == *category);
            // Fractions and the widget's last resort want it in every language.
            assert!(fits || *category == "other", "{lang}: {name}: {category} is never asked for");
        }
        for category in known.iter().filter(|category| !category.ends_with('?')) {
            let there = forms.iter().any(|(form, _)| form == category);
            assert!(there, "{lang}: {name}: {category} is missing");
        }
    });
}

#[test]
fn no_catalogue_is_english_in_disguise() {
    let mut same: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    each_text(|lang, key, forms| {
        let is_english = forms.iter().any(|(_, text)| *text == english(key));
        if is_english && lang != "en" && key != Key::ListJoin {
            same.entry(lang.to_owned()).or_default().push(key.name());
        }
    });
    // Some words are the same in some languages.
    for (lang, names) in same {
        assert!(names.len() * 20 <= Key::ALL.len(), "{lang}: {names:?} are said in English");
    }
}

#[test]
fn languages_of_another_script_are_written_in_it() {
    let others = [
        "ar", "bn", "el", "fa", "he", "hi", "ja", "km", "ko", "lo", "my", "ne", "ru", "th", "uk",
        "ur", "zh",
    ];
    each_text(|lang, key, forms| {
        if !others.contains(&lang) || key == Key::ListJoin {
            return;
        }
        for (_, text) in forms {
            let foreign = text.chars().any(|c| c.is_alphabetic() && c as u32 > 0x36f);
            assert!(foreign, "{lang}: {}: {text}", key.name());
        }
    });
}
