//! The form's own texts: English is complete and plain, and a catalogue is compiled or rejected.

use serde_json::Value;
use standwith::text::{Key, Locale, Rules, compile, khmer_day, missing};

/// Rules that leave placeholders visible: 1 is `one`, all else `other`, and no number is filled in.
const BARE: Rules = Rules {
    plural: |_, number| if number == 1 { "one" } else { "other" }.to_owned(),
    number: |_, _| "{count}".to_owned(),
    date: |_, _| "{date}".to_owned(),
};

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
        assert!(!names.contains(&name), "{name} occurs twice");
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
        // Typographic marks, as in the other languages.
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

// Filling in texts.

#[test]
fn values_are_put_in_once() {
    let locale = Locale::english(Rules::PLAIN);
    let say = |label: &str| locale.say_with(Key::Optional, &[("label", label)]);
    assert_eq!(say("Postcode"), "Postcode (optional)");
    assert_eq!(say("{label}"), "{label} (optional)");
    assert_eq!(say("{} {x"), "{} {x (optional)");
    let joined = [("before", "{after}"), ("after", "{before}")];
    assert_eq!(locale.say_with(Key::ListJoin, &joined), "{after}, {before}");
    // An unknown name.
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
    let rules = Rules { date: |lang, seconds| format!("<{lang} {seconds}>"), ..rules };
    assert_eq!(Locale::compiled("km", "[]", rules).date(5), "<km 5>");
    let days = [-1, 0, 951_782_400, 1_730_419_199].map(|s| Locale::english(Rules::PLAIN).date(s));
    assert_eq!(days, ["1969-12-31", "1970-01-01", "2000-02-29", "2024-10-31"]);
}

// Catalogues in general.

/// A catalogue with `text` under every key.
fn catalogue(text: &str) -> serde_json::Map<String, Value> {
    let about = serde_json::json!({ "language": "Xish", "read_by_native_speaker": false });
    let texts = Key::ALL.iter().map(|key| (key.name().to_owned(), text.into()));
    texts.chain([("about".to_owned(), about)]).collect()
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
    // A single form for every number is valid: many languages have no more.
    assert_eq!(locale.say_count(Key::CharactersLeft, 3, &[]), "words");
}

#[test]
fn what_a_catalogue_tells_of_itself_is_not_compiled() {
    let compiled = compile(&Value::Object(catalogue("words")).to_string()).unwrap();
    let texts: Vec<String> = serde_json::from_str(&compiled).unwrap();
    assert_eq!(texts, vec!["words"; Key::ALL.len()]);
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
fn a_catalogue_may_lack_a_key() {
    let mut lacking = catalogue("words");
    lacking.remove("send");
    lacking.remove("count");
    let text = Value::Object(lacking).to_string();
    assert_eq!(missing(&text), ["send", "count"]);
    let locale = Locale::compiled("km", &compile(&text).unwrap(), Rules::PLAIN);
    assert_eq!(locale.say(Key::Send), "Send message");
    assert_eq!(locale.say(Key::CopyFailed), "words");
    assert_eq!(missing(&Value::Object(catalogue("words")).to_string()), [""; 0]);
}

#[test]
fn a_faulty_catalogue_is_refused_with_all_that_is_wrong() {
    let faults = |catalogue: Value| compile(&catalogue.to_string()).unwrap_err();
    let mut misspelt = catalogue("words");
    misspelt.insert("sned".to_owned(), "words".into());
    let found = faults(Value::Object(misspelt));
    assert!(found.len() == 1 && found[0].contains("sned"), "{found:?}");
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
    for about in [
        serde_json::json!(null),
        serde_json::json!("Xish"),
        serde_json::json!({}),
        serde_json::json!({ "language": "Xish" }),
        serde_json::json!({ "read_by_native_speaker": true }),
        serde_json::json!({ "language": " ", "read_by_native_speaker": true }),
        serde_json::json!({ "language": "Xish", "read_by_native_speaker": "yes" }),
        serde_json::json!({ "language": "Xish", "read_by_native_speaker": true, "by": "me" }),
    ] {
        let mut faulty = catalogue("words");
        faulty.insert("about".to_owned(), about.clone());
        let found = faults(Value::Object(faulty));
        assert!(found.len() == 1 && found[0].starts_with("about: "), "{about}: {found:?}");
    }
    let mut silent = catalogue("words");
    silent.remove("about");
    assert_eq!(faults(Value::Object(silent)).len(), 1);
    let all = Value::Object(catalogue("words")).to_string();
    let twice = all.replacen('{', "{\"send\":\"a\",", 1);
    let found = compile(&twice).unwrap_err();
    assert!(found.len() == 1 && found[0].contains("twice"), "{found:?}");
    for nonsense in ["", "[]", "\"\"", "{", "{\"send\":\"a\",}"] {
        assert!(compile(nonsense).is_err(), "{nonsense}");
    }
}

#[test]
fn a_khmer_date_is_written_as_in_khmer() {
    for (seconds, written) in [
        (0, "ថ្ងៃទី 1 ខែមករា ឆ្នាំ 1970"),
        (1_772_668_800, "ថ្ងៃទី 5 ខែមីនា ឆ្នាំ 2026"),
        (1_798_761_599, "ថ្ងៃទី 31 ខែធ្នូ ឆ្នាំ 2026"),
    ] {
        assert_eq!(khmer_day(seconds), written);
    }
}
