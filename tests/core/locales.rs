//! The catalogues in `www/locales`: each has all texts of the English one, in its own language.
//!
//! Every rule is a function from a catalogue to its errors, so that it can be tested twice: on the real catalogues, and
//! on one that breaks it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde_json::{Value, json};
use standwith::campaign::CampaignFile;
use standwith::text::{Key, Locale, Rules, compile, compile_for_widget};
use standwith::{country, language};

/// The plural rules of some languages (CLDR): the categories, and those that apply to one number only, where the figure
/// may be spelt out ("One message"). French uses `one` for 0 and 1, and Ukrainian for 1, 21, 31 …: there it may not.
const PLURALS: [(&[&str], &[&str], &[&str]); 9] = [
    (&["id", "ja", "km", "ko", "lo", "ms", "my", "th", "vi", "zh"], &["other"], &[]),
    (
        &[
            "da", "de", "el", "en", "et", "fi", "hu", "ku", "ne", "nl", "no", "so", "sv", "sw",
            "ta", "tr", "ur",
        ],
        &["one", "other"],
        &["one"],
    ),
    (&["bn", "fa", "hi"], &["one", "other"], &[]),
    (&["fr", "pt"], &["one", "many", "other"], &[]),
    (&["ca", "es", "it"], &["one", "many", "other"], &["one"]),
    (&["be", "ru", "uk"], &["one", "few", "many", "other"], &[]),
    (&["cs", "pl", "sk"], &["one", "few", "many", "other"], &["one"]),
    (&["he"], &["one", "two", "other"], &["one", "two"]),
    (&["ar"], &["zero", "one", "two", "few", "many", "other"], &["zero", "one", "two"]),
];

/// The letters of languages with a script other than Latin.
const SCRIPTS: [(&[&str], RangeInclusive<char>); 13] = [
    (&["el"], '\u{370}'..='\u{3ff}'),
    (&["be", "ru", "uk"], '\u{400}'..='\u{4ff}'),
    (&["he"], '\u{590}'..='\u{5ff}'),
    (&["ar", "fa", "ur"], '\u{600}'..='\u{6ff}'),
    (&["hi", "ne"], '\u{900}'..='\u{97f}'),
    (&["bn"], '\u{980}'..='\u{9ff}'),
    (&["th"], '\u{e00}'..='\u{e7f}'),
    (&["lo"], '\u{e80}'..='\u{eff}'),
    (&["my"], '\u{1000}'..='\u{109f}'),
    (&["km"], '\u{1780}'..='\u{17ff}'),
    // Kana and Han.
    (&["ja"], '\u{3040}'..='\u{9fff}'),
    (&["zh"], '\u{4e00}'..='\u{9fff}'),
    (&["ko"], '\u{ac00}'..='\u{d7a3}'),
];

/// Texts that are rightly spelt as in English, except for hyphens and capitals.
const AS_IN_ENGLISH: [(&str, Key, &str); 11] = [
    ("de", Key::Region, "“Region” is German"),
    ("de", Key::ShareEmail, "“E-Mail” is the word in use"),
    ("id", Key::ShareEmail, "“Email” is the word in use"),
    ("it", Key::ShareEmail, "“Email” is the word in use"),
    ("nl", Key::ShareEmail, "“E-mail” is the word in use"),
    ("nl", Key::PostalCode, "“Postcode” is Dutch"),
    ("pl", Key::ShareEmail, "“E-mail” is the word in use"),
    ("vi", Key::ShareEmail, "“Email” is the word in use"),
    ("fr", Key::Body, "“Message” is French"),
    ("fr", Key::ShareEmail, "“E-mail” is the word in use"),
    ("pt", Key::ShareEmail, "“E-mail” is the word in use"),
];

/// The catalogues, by language.
fn catalogues() -> BTreeMap<String, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/www/locales"));
    let mut catalogues = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "json") {
            let lang = path.file_stem().unwrap().to_str().unwrap().to_owned();
            catalogues.insert(lang, std::fs::read_to_string(&path).unwrap());
        }
    }
    assert!(catalogues.contains_key("km"));
    catalogues
}

fn catalogue(lang: &str) -> Value {
    serde_json::from_str(&catalogues()[lang]).unwrap()
}

/// English, in the plural form of `count`, with its placeholders.
fn english(key: Key, count: i64) -> String {
    let bare = Rules { number: |_, _| "{count}".to_owned(), ..Rules::PLAIN };
    Locale::english(bare).say_count(key, count, &[])
}

/// The names between braces, sorted.
fn placeholders(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    let mut names: Vec<&str> = parts.filter_map(|part| Some(part.split_once('}')?.0)).collect();
    names.sort_unstable();
    names
}

/// The letters of a text outside braces, in lower case: the part to translate.
fn letters(text: &str) -> String {
    let parts = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    parts.flat_map(str::chars).filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// The forms of a text by plural category; for a text with one form, the category is empty.
fn forms(text: &Value) -> Vec<(&str, &str)> {
    match text {
        Value::Object(forms) => {
            forms.iter().map(|(category, text)| (&**category, text.as_str().unwrap())).collect()
        }
        _ => text.as_str().map(|text| ("", text)).into_iter().collect(),
    }
}

/// Every form of every text in a catalogue: key, plural category, text.
fn texts(catalogue: &Value) -> Vec<(Key, &str, &str)> {
    let all = Key::ALL.iter().flat_map(|key| {
        forms(&catalogue[key.name()]).into_iter().map(|(category, text)| (*key, category, text))
    });
    all.collect()
}

fn plurals(lang: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match PLURALS.iter().find(|(langs, ..)| langs.contains(&language::primary(lang))) {
        Some((_, categories, single)) => (categories, single),
        None => panic!("{lang}: its plural rules are not in this test yet"),
    }
}

fn script(lang: &str) -> Option<&'static RangeInclusive<char>> {
    SCRIPTS
        .iter()
        .find(|(langs, _)| langs.contains(&language::primary(lang)))
        .map(|(_, script)| script)
}

/// A rule: returns the errors of a catalogue in a language.
type Check = fn(lang: &str, catalogue: &Value) -> Vec<String>;

/// Asserts that no catalogue breaks the rule, and that one broken on purpose does, in this one place.
fn holds(check: Check, lang: &str, spoil: impl FnOnce(&mut Value), fault: &str) {
    for lang in catalogues().keys() {
        assert_eq!(check(lang, &catalogue(lang)), [""; 0], "{lang}");
    }
    let mut spoilt = catalogue(lang);
    spoil(&mut spoilt);
    let found = check(lang, &spoilt);
    assert!(found.len() == 1 && found[0].contains(fault), "{fault}: {found:#?}");
}

// Keys.

fn faulty_keys(_: &str, catalogue: &Value) -> Vec<String> {
    compile(&catalogue.to_string()).err().unwrap_or_default()
}

#[test]
fn every_catalogue_has_known_keys_only() {
    holds(faulty_keys, "fr", |it| it["sned"] = json!("Envoyer"), "sned");
    holds(faulty_keys, "fr", |it| it["send"] = json!(["Envoyer"]), "send");
    holds(faulty_keys, "fr", |it| it["about"] = json!("Français"), "about");
    for (lang, written) in &catalogues() {
        // The file itself, too: a parsed map has lost duplicate keys.
        let compiled = compile(written).unwrap_or_else(|faults| panic!("{lang}: {faults:#?}"));
        let texts: Vec<Value> = serde_json::from_str(&compiled).unwrap();
        assert_eq!(texts.len(), Key::ALL.len(), "{lang}");
    }
}

#[test]
fn every_catalogue_is_found_by_its_language() {
    let available: Vec<String> = catalogues().into_keys().collect();
    for lang in &available {
        let (primary, script) = lang.split_once('-').unwrap_or((lang, "Hant"));
        assert!((2..=3).contains(&primary.len()) && script == "Hant", "{lang}");
        assert!(primary.chars().all(|c| c.is_ascii_lowercase()), "{lang}");
        for wanted in [lang.clone(), format!("{lang}-XX"), lang.to_uppercase()] {
            assert_eq!(language::nearest(&[wanted], &available), Some(lang));
        }
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

// Placeholders.

fn faulty_placeholders(lang: &str, catalogue: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, category, text) in texts(catalogue) {
        let english = english(key, 2);
        let (expected, found) = (placeholders(&english), placeholders(text));
        let spelt_out = plurals(lang).1.contains(&category)
            && expected.iter().filter(|name| **name != "count").eq(found.iter());
        let braces = [text.matches('{').count(), text.matches('}').count()];
        if (found != expected && !spelt_out) || braces != [found.len(); 2] {
            faults.push(format!("{} {category}: {text}", key.name()));
        }
    }
    faults
}

#[test]
fn every_catalogue_fills_in_what_english_does() {
    let check = faulty_placeholders;
    holds(
        check,
        "uk",
        |it| it["responsible"] = json!("За дані відповідає кампанія."),
        "responsible",
    );
    holds(check, "uk", |it| it["send"] = json!("Надіслати {count}"), "send");
    holds(check, "uk", |it| it["send"] = json!("Надіслати }"), "send");
    holds(check, "uk", |it| it["disclosed"] = json!("Побачать: {list} {list}"), "disclosed");
    holds(check, "uk", |it| it["count"]["few"] = json!("Надіслано повідомлення"), "count few");
    // 21 is one, too.
    holds(check, "uk", |it| it["count"]["one"] = json!("Надіслано одне повідомлення"), "count one");
    let spelt_out = |lang: &str, category: &str| {
        let mut catalogue = catalogue(lang);
        catalogue["count"][category] = json!("x");
        check(lang, &catalogue).is_empty()
    };
    assert!(spelt_out("ar", "two") && spelt_out("es", "one"));
    assert!(!spelt_out("ar", "few") && !spelt_out("fr", "one") && !spelt_out("es", "other"));
}

// Plural forms.

fn faulty_plurals(lang: &str, catalogue: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for key in Key::ALL {
        let forms = forms(&catalogue[key.name()]);
        let counts = placeholders(&english(*key, 2)).contains(&"count");
        let expected = if counts { plurals(lang).0 } else { &[""] };
        let fits = |(category, _): &(&str, &str)| expected.contains(category);
        if forms.len() != expected.len() || !forms.iter().all(fits) {
            let found: Vec<&str> = forms.iter().map(|(category, _)| *category).collect();
            faults.push(format!("{}: {found:?} instead of {expected:?}", key.name()));
        }
    }
    faults
}

#[test]
fn every_catalogue_has_the_plural_forms_of_its_language() {
    let check = faulty_plurals;
    let without = |category: &'static str| {
        move |it: &mut Value| drop(it["count"].as_object_mut().unwrap().remove(category))
    };
    holds(check, "ar", without("zero"), "count");
    holds(check, "uk", without("many"), "count");
    holds(check, "km", |it| it["count"]["one"] = json!("សារ {count}"), "count");
    holds(check, "de", |it| it["count"] = json!("{count} Nachrichten gesendet"), "count");
    holds(check, "de", |it| it["send"] = json!({ "one": "x", "other": "y" }), "send");
}

// Words.

fn said_in_english(lang: &str, catalogue: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, category, text) in texts(catalogue) {
        let forms = [1, 2].map(|count| letters(&english(key, count)));
        let allowed = AS_IN_ENGLISH.iter().any(|(known, same, _)| (*known, *same) == (lang, key));
        let wordless = forms.iter().all(String::is_empty);
        if forms.contains(&letters(text)) && !allowed && !wordless {
            faults.push(format!("{} {category}: {text}", key.name()));
        }
    }
    faults
}

#[test]
fn no_catalogue_is_english_in_disguise() {
    let check = said_in_english;
    holds(check, "es", |it| it["send"] = json!("Send message"), "send");
    holds(check, "es", |it| it["send"] = json!("SEND – MESSAGE"), "send");
    holds(check, "es", |it| it["count"]["many"] = json!("{count} messages sent"), "count many");
    holds(check, "es", |it| it["count"]["many"] = json!("{count} message sent"), "count many");
}

#[test]
fn what_is_spelt_as_in_english_is_still_so() {
    for (lang, key, reason) in AS_IN_ENGLISH {
        let text = &catalogue(lang)[key.name()];
        assert_eq!(letters(text.as_str().unwrap()), letters(&english(key, 2)), "{lang}: {reason}");
    }
}

fn faulty_writing(lang: &str, catalogue: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let name = catalogue["about"]["language"].as_str().unwrap();
    let named = texts(catalogue).into_iter().map(|(key, category, text)| {
        (key.name(), category, text, letters(&english(key, 2)).is_empty())
    });
    for (key, category, text, wordless) in named.chain([("about", "", name, false)]) {
        let of_script = |c| script(lang).is_none_or(|script| script.contains(&c));
        let written = letters(text).chars().any(of_script) || wordless;
        // Every directional isolate is closed: there are as many U+2069 as characters that open one.
        let isolates = |open: bool| {
            let marks = if open { '\u{2066}'..='\u{2068}' } else { '\u{2069}'..='\u{2069}' };
            text.chars().filter(|c| marks.contains(c)).count()
        };
        if !written || text.trim() != text || isolates(true) != isolates(false) {
            faults.push(format!("{key} {category}: {text}"));
        }
    }
    faults
}

#[test]
fn every_text_is_written_in_the_letters_of_its_language() {
    let check = faulty_writing;
    for lang in ["ar", "bn", "hi", "ja", "km", "ko", "my", "th", "uk", "ur", "zh"] {
        holds(check, lang, |it| it["send"] = json!("Envoyer 123"), "send");
        holds(check, lang, |it| it["count"]["other"] = json!("{count} sent"), "count other");
        holds(check, lang, |it| it["about"]["language"] = json!("Xish"), "about");
    }
    for (lang, text) in [("fr", "…"), ("fr", ""), ("fr", "Envoyer "), ("ar", "\u{2068}إرسال")]
    {
        holds(check, lang, |it| it["send"] = json!(text), "send");
    }
}

// Dates, spaces and directions.

/// Ukrainian dates end in “р.”: a full stop right after one would be a second.
fn doubled_full_stops(lang: &str, catalogue: &Value) -> Vec<String> {
    let breaks = |text: &str| lang == "uk" && text.contains("{date}.");
    faults_of(catalogue, breaks)
}

/// French puts a space before these signs; no line may break there.
fn breaking_spaces(lang: &str, catalogue: &Value) -> Vec<String> {
    let breaks = |text: &str| {
        lang == "fr"
            && ([" :", " ;", " ?", " !", " »", "« "].iter().any(|part| text.contains(part)))
    };
    faults_of(catalogue, breaks)
}

/// In right-to-left text, parts that may run from left to right are isolated.
fn unisolated_values(lang: &str, catalogue: &Value) -> Vec<String> {
    let values =
        ["date", "name", "value", "text", "code", "publisher"].map(|it| format!("{{{it}}}"));
    let breaks = |text: &str| {
        let bare = |value: &String| {
            let isolated = format!("\u{2068}{value}\u{2069}");
            text.replace(&isolated, "").contains(value)
        };
        language::is_right_to_left(lang) && values.iter().any(bare)
    };
    faults_of(catalogue, breaks)
}

/// The texts that break a rule.
fn faults_of(catalogue: &Value, breaks: impl Fn(&str) -> bool) -> Vec<String> {
    let broken = texts(catalogue).into_iter().filter(|(.., text)| breaks(text));
    broken.map(|(key, category, text)| format!("{} {category}: {text}", key.name())).collect()
}

#[test]
fn no_date_is_followed_by_two_full_stops() {
    let check = doubled_full_stops;
    holds(check, "uk", |it| it["open_until"] = json!("Триває до {date}."), "open_until");
}

#[test]
fn no_line_begins_with_a_sign_in_french() {
    let check = breaking_spaces;
    for text in ["Langue :", "Langue ;", "Langue ?", "Langue !", "« Langue »", "Langue »"] {
        holds(check, "fr", |it| it["language"] = json!(text), "language");
    }
    holds(check, "fr", |it| it["count"]["one"] = json!("{count} message !"), "count one");
}

#[test]
fn no_value_turns_round_the_text_about_it() {
    let check = unisolated_values;
    holds(check, "ar", |it| it["opens_on"] = json!("تبدأ في {date}."), "opens_on");
    holds(
        check,
        "ar",
        |it| it["mail_open_in"] = json!("فتح في \u{2066}{name}\u{2069}"),
        "mail_open_in",
    );
    holds(check, "ar", |it| it["did_you_mean"] = json!("هل المقصود {value}؟"), "did_you_mean");
    holds(check, "ar", |it| it["copy_failed"] = json!("نسخ: {text}"), "copy_failed");
}

// Countries.

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/www/locales/countries"))
}

/// Codes and names of the countries in a language, in its order.
fn countries(lang: &str) -> Vec<(String, String)> {
    let list = std::fs::read_to_string(folder().join(format!("{lang}.txt"))).unwrap_or_default();
    let lines = list.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(code, name)| (code.to_owned(), name.to_owned())).collect()
}

fn corrections() -> Value {
    let corrections = std::fs::read_to_string(folder().join("corrections.json")).unwrap();
    serde_json::from_str(&corrections).unwrap()
}

#[test]
fn every_language_names_all_countries() {
    let corrections = corrections();
    for lang in catalogues().keys().map(String::as_str).chain(["en"]) {
        let named = countries(lang);
        let mut codes: Vec<&str> = named.iter().map(|(code, _)| code.as_str()).collect();
        codes.sort_unstable();
        let mut all: Vec<&str> = country::all().collect();
        all.sort_unstable();
        assert_eq!(codes, all, "{lang}");
        for (code, name) in &named {
            let same = named.iter().filter(|(_, other)| other == name).count();
            assert!(same == 1 && name.trim() == name && !name.is_empty(), "{lang}: {code} {name}");
        }
        for (code, name) in corrections[lang].as_object().unwrap() {
            let found = (code.clone(), name.as_str().unwrap().to_owned());
            assert!(named.contains(&found), "{lang}: {found:?}: run make.mjs");
        }
    }
}

/// The hosted page reads the lists, as does the widget, whose build gives each catalogue the name of its list.
#[test]
fn no_country_is_named_differently_in_widget_and_hosted_page() {
    for (lang, catalogue) in &catalogues() {
        let compiled = compile_for_widget(catalogue, "km-countries.txt abc").unwrap();
        let locale = Locale::compiled(lang, &compiled, Rules::PLAIN);
        assert_eq!(locale.countries(), Some(("km-countries.txt", "abc")), "{lang}");
        assert_eq!(
            locale.say(Key::Send),
            Locale::compiled(lang, &compile(catalogue).unwrap(), Rules::PLAIN).say(Key::Send)
        );
    }
    assert_eq!(Locale::english(Rules::PLAIN).countries(), None);
}

// Readers.

/// The errors in the table of the translators' page: a line for each language, with its own name and its readers.
fn faulty_lines(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let is_of = |line: &str, lang: &str| line.starts_with(&format!("| `{lang}` |"));
    for lang in catalogues().keys() {
        let catalogue = catalogue(lang);
        let name = catalogue["about"]["language"].as_str().unwrap();
        let unread = catalogue["about"]["read_by_native_speaker"] == json!(false);
        let line = lines.iter().find(|line| is_of(line, lang)).copied().unwrap_or_default();
        if !line.contains(&format!("| {name} |")) || line.ends_with("| nobody yet |") != unread {
            faults.push(format!("{lang}: {line}"));
        }
    }
    for line in lines {
        // Placeholders have a table, too.
        let of_catalogue =
            line.starts_with("| `{") || catalogues().keys().any(|it| is_of(line, it));
        if !of_catalogue {
            faults.push(format!("no such language: {line}"));
        }
    }
    faults
}

#[test]
fn the_translators_page_says_who_has_read_what() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/locales/README.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(faulty_lines(&page), [""; 0]);
    let line = page.lines().find(|line| line.starts_with("| `uk`")).unwrap();
    for (spoilt, fault) in [
        (page.replace(line, ""), "uk: "),
        (page.replace(line, &line.replace("Українська", "Ukrainian")), "uk: "),
        (page.replace(line, &line.replace("nobody yet", "Olena")), "uk: "),
        (page.replace(line, &format!("{line}\n| `xx` | Xish | Xish | nobody yet |")), "`xx`"),
    ] {
        let found = faulty_lines(&spoilt);
        assert!(found.len() == 1 && found[0].contains(fault), "{fault}: {found:#?}");
    }
}
