//! The campaign file: positions of its errors, merging of translations, and what the widget ignores although `check`
//! rejects it.

use crate::scenario::{self, campaign_with};
use standwith::campaign::{Campaign, CampaignFile, Kind, Moment, Risk, Strictness, TargetingMode};
use standwith::country;
use standwith::json;
use standwith::shape::{FaultKind, Reading, Shape};

const EXAMPLE: &[u8] = include_bytes!("../../www/campaigns/free-mech-dara.json");

/// A file with only the required members, and `more`.
fn file(more: &str) -> CampaignFile {
    let least = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"},{"id":"b","name":"B"}],
        "message":{"subjects":["S"],"body":"B"}"#;
    let comma = if more.is_empty() { "" } else { "," };
    CampaignFile::parse([least, comma, more, "}"].concat().as_bytes()).unwrap()
}

fn read(file: &CampaignFile, lang: &str) -> Campaign {
    file.campaign(lang, Strictness::Strict).unwrap()
}

/// The errors of a text, each with pointer, line and kind.
fn check_faults(text: &str, expected: &[(&str, u32, FaultKind)]) {
    let faults = match CampaignFile::parse(text.as_bytes()) {
        Ok(file) => file.campaign("en", Strictness::Strict).err().unwrap_or_default(),
        Err(fault) => vec![fault],
    };
    let mut found: Vec<(&str, u32, FaultKind)> =
        faults.iter().map(|f| (f.pointer.as_str(), f.line, f.kind.clone())).collect();
    let mut expected = expected.to_vec();
    for faults in [&mut found, &mut expected] {
        faults.sort_by_key(|(pointer, line, _)| (*line, *pointer));
    }
    assert_eq!(found, expected, "{text}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    use FaultKind::{Duplicate, Expected, Missing, Unknown};
    check_faults(
        "{\n  \"id\": \"a\"\n  \"title\": 1\n}",
        &[("", 3, Expected("a comma or a closing brace"))],
    );
    check_faults("", &[("", 1, Expected("a value"))]);
    check_faults("[]", &[("", 1, Expected("an object in braces"))]);
    check_faults(
        "{}",
        &[
            ("/id", 1, Missing),
            ("/title", 1, Missing),
            ("/targets", 1, Missing),
            ("/message", 1, Missing),
        ],
    );
    check_faults(
        r##"{
            "id": "Not An Id",
            "title": 5,
            "story": null,
            "targets": [
                {"id": "a", "name": "A", "country": "kh"},
                {"id": "a", "name": "A", "country": "KHM"},
                "b"
            ],
            "targeting": {"mode": "some", "least": -1, "most": 1.5},
            "message": {"subjects": "S", "body": "", "editable": "yes"},
            "fields": [{"id": "given-name", "required": 1}],
            "opens": "2024-02-30T00:00:00Z",
            "theme": {"accent": "red"},
            "consents": {},
            "languages": [],
            "title": "again",
            "a/b~c": true
        }"##,
        &[
            ("/title", 17, Duplicate),
            ("/a~1b~0c", 18, Unknown),
            ("/id", 2, Expected("1 to 64 of the characters a-z, 0-9 and -")),
            ("/title", 3, Expected("a text in double quotes")),
            ("/story", 4, Expected("a text in double quotes")),
            ("/languages", 16, Expected("an object in braces")),
            ("/targets/0/country", 6, Expected("two capital letters of ISO 3166-1, like \"KH\"")),
            ("/targets/1/country", 7, Expected("two capital letters of ISO 3166-1, like \"KH\"")),
            ("/targets/2", 8, Expected("an object in braces")),
            (
                "/targeting/mode",
                10,
                Expected("\"all\", \"choose\", \"country\", \"postcode\" or \"random\""),
            ),
            ("/targeting/least", 10, Expected("a whole number from 0 to 4294967295")),
            ("/targeting/most", 10, Expected("a whole number from 0 to 4294967295")),
            ("/message/subjects", 11, Expected("a list in square brackets")),
            ("/message/editable", 11, Expected("true or false")),
            ("/fields/0/id", 12, Expected("1 to 64 of the characters a-z, 0-9 and _")),
            ("/fields/0/required", 12, Expected("true or false")),
            ("/consents", 15, Expected("a list in square brackets")),
            ("/opens", 13, Expected("a time in UTC like \"2024-10-01T00:00:00Z\"")),
            ("/theme/accent", 14, Expected("a colour like \"#0b6e4f\"")),
        ],
    );
}

#[test]
fn a_file_of_windows_is_read() {
    let text = "\u{feff}{\r\n\"id\":\"c\"}";
    let faults = CampaignFile::parse(text.as_bytes()).unwrap().campaign("en", Strictness::Strict);
    assert_eq!(faults.unwrap_err()[0].line, 1);
    assert!(CampaignFile::parse(b"{\"title\":\"\xe9\"}").is_err());
}

#[test]
fn what_is_left_out_has_its_default() {
    let campaign = read(&file(""), "en");
    assert_eq!(campaign.lang, "en");
    let fields: Vec<&str> = campaign.fields.iter().map(|field| field.id.as_str()).collect();
    assert_eq!(fields, ["given_name", "family_name", "email", "country"]);
    assert!(campaign.fields.iter().all(|field| field.required));
    assert_eq!(campaign.targeting.mode, TargetingMode::All);
    assert_eq!((campaign.message.min, campaign.message.max), (1, 5000));
    assert!(campaign.message.editable);
}

#[test]
fn a_standard_field_has_its_own_kind() {
    let fields = r#""fields":[{"id":"email"},{"id":"phone"},{"id":"country"},{"id":"address","kind":"date"},
        {"id":"age","kind":"number"},{"id":"why"}]"#;
    let campaign = read(&file(fields), "en");
    let kinds: Vec<Kind> = campaign.fields.iter().map(|field| field.kind()).collect();
    let expected = [Kind::Email, Kind::Phone, Kind::Country, Kind::Text, Kind::Number, Kind::Text];
    assert_eq!(kinds, expected);
}

#[test]
fn the_widget_passes_over_what_it_does_not_know() {
    let file = file(r#""novelty":{"x":1},"title":"again","theme":{"shade":"dark"}"#);
    let faults = file.campaign("en", Strictness::Strict).unwrap_err();
    let mut pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/novelty", "/theme/shade", "/title"]);
    let campaign = file.campaign("en", Strictness::Lenient).unwrap();
    assert_eq!(campaign.title, "T");
}

#[test]
fn the_widget_does_not_pass_over_the_order_to_seal() {
    // Even the lenient reader rejects a campaign with an error in `sealing`, so no error turns sealing off.
    for (sealing, pointer) in [
        (r#""sealing":{"jwk":{}}"#, "/sealing/jwk/kty"),
        (r#""sealing":{}"#, "/sealing/jwk"),
        (r#""sealing":null"#, "/sealing"),
        (r#""sealing":false"#, "/sealing"),
        (r#""sealing":{"jwk":{"kty":"EC","crv":"P-256","x":"","y":1}}"#, "/sealing/jwk/y"),
        (r#""sealing":{"jwk":{"kty":"EC","crv":"P-256","x":"","y":""}},"sealing":1"#, "/sealing"),
    ] {
        let faults = file(sealing).campaign("en", Strictness::Lenient).unwrap_err();
        assert_eq!(faults[0].pointer, pointer, "{sealing}");
    }
    // Unknown members of a newer file, beside the key, do not prevent sealing.
    let newer =
        r#""sealing":{"jwk":{"kty":"EC","crv":"P-256","x":"","y":"","use":"enc"},"novelty":1}"#;
    let campaign = file(newer).campaign("en", Strictness::Lenient).unwrap();
    assert!(campaign.sealing.is_some_and(|sealing| sealing.jwk.point().is_none()));
}

#[test]
fn who_is_at_risk_is_said_in_a_word_or_in_an_object() {
    let at_risk = |said: &str| file(said).campaign("en", Strictness::Strict).map(|c| c.at_risk.0);
    assert_eq!(at_risk(""), Ok(None));
    assert_eq!(at_risk(r#""at_risk":false"#), Ok(None));
    assert_eq!(at_risk(r#""at_risk":true"#), Ok(Some(Risk::default())));
    assert_eq!(at_risk(r#""at_risk":{}"#), Ok(Some(Risk::default())));
    assert_eq!(Risk::default().exit_url, "https://www.google.com/");
    assert!(at_risk(r#""at_risk":"yes""#).is_err());
    assert!(at_risk(r#""at_risk":false,"at_risk":true"#).is_err());
    // Unknown members of a newer file do not remove the protection.
    let newer = file(r#""at_risk":{"novelty":1}"#).campaign("en", Strictness::Lenient).unwrap();
    assert!(newer.is_at_risk());
}

#[test]
fn advice_is_another_in_another_language() {
    let file = file(
        r#""at_risk":{"own_government":["KH"],"advice":[
            {"label":"One","url":"https://one.invalid/"},{"label":"Two","url":"https://two.invalid/"}]},
        "languages":{"km":{"at_risk":{"advice":[{"label":"ក","url":"https://km.invalid/"}]}}}"#,
    );
    let advice = |lang: &str| {
        let risk = read(&file, lang).at_risk.0.unwrap();
        assert_eq!(risk.own_government.len(), 1);
        risk.advice.into_iter().map(|link| link.url).collect::<Vec<_>>()
    };
    assert_eq!(advice("en"), ["https://one.invalid/", "https://two.invalid/"]);
    assert_eq!(advice("km"), ["https://km.invalid/"]);
}

#[test]
fn a_translation_is_laid_over_the_texts() {
    let file = file(
        r#""lang":"fr",
        "fields":[{"id":"email","required":true},
                  {"id":"job","kind":"choice","label":"J","options":["a",{"id":"b","label":"b"}]}],
        "consents":[{"purpose":"news","wording":"W","required":true}],
        "share":{"text":"P","url":"https://p.invalid/"},
        "languages":{"km":{
            "title":"ចំណងជើង",
            "targets":[{"id":"b","name":"ខ"},{"id":"stranger","name":"X"}],
            "message":{"subjects":["ប្រធានបទ"],"foot":"ជើង"},
            "fields":[{"id":"job","label":"ការងារ","options":[{"id":"b","label":"ខ"},{"id":"a","label":"ក"}]}],
            "consents":[{"purpose":"news","wording":"ពាក្យ"}],
            "share":{"text":"ចែក"}
        }}"#,
    );
    assert_eq!(file.languages(), ["fr", "km"]);
    let (own, laid_over) = (read(&file, "fr"), read(&file, "km"));
    assert_eq!((own.lang.as_str(), laid_over.lang.as_str()), ("fr", "km"));
    assert_eq!((own.title.as_str(), laid_over.title.as_str()), ("T", "ចំណងជើង"));
    // Matched by `id` or `purpose`; order and number are those of the campaign.
    let names: Vec<&str> = laid_over.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["A", "ខ"]);
    assert_eq!(laid_over.message.subjects, ["ប្រធានបទ"]);
    assert_eq!((laid_over.message.body.as_str(), laid_over.message.foot.as_str()), ("B", "ជើង"));
    let job = &laid_over.fields[1];
    let options: Vec<(&str, &str)> =
        job.options.iter().map(|o| (o.id.as_str(), o.label.as_str())).collect();
    assert_eq!((job.label.as_str(), job.kind()), ("ការងារ", Kind::Choice));
    assert_eq!(options, [("a", "ក"), ("b", "ខ")]);
    assert_eq!(laid_over.consents[0].wording, "ពាក្យ");
    assert!(laid_over.consents[0].required && laid_over.fields[0].required);
    let share = laid_over.share.unwrap();
    assert_eq!((share.text.as_str(), share.url.as_str()), ("ចែក", "https://p.invalid/"));
}

#[test]
fn a_translation_adds_no_field_and_no_consent() {
    let file = file(
        r#""languages":{"km":{
            "fields":[{"id":"email","label":"អ៊ីមែល"}],
            "consents":[{"purpose":"news","wording":"ពាក្យ"}]
        }}"#,
    );
    let (own, laid_over) = (read(&file, "en"), read(&file, "km"));
    assert_eq!(laid_over.fields, own.fields);
    assert_eq!(laid_over.consents, []);
}

#[test]
fn a_language_that_the_campaign_lacks_is_its_first() {
    let file = file(r#""lang":"fr","languages":{"km":{"title":"ចំណងជើង"}}"#);
    assert_eq!(read(&file, "de"), read(&file, "fr"));
    assert_eq!(read(&file, "de").lang, "fr");
}

#[test]
fn a_fault_in_a_translation_keeps_to_its_language() {
    let file = file(r#""languages":{"km":{"title":5,"message":{"subject":"S"}}}"#);
    assert!(file.campaign("en", Strictness::Strict).is_ok());
    let faults = file.campaign("km", Strictness::Strict).unwrap_err();
    // `lint` reports the keys that a translation must not have.
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/title"]);
}

#[test]
fn a_translation_changes_nothing_but_texts() {
    let own = r#""fields":[{"id":"email","required":true},
            {"id":"job","kind":"choice","label":"J","options":["a",{"id":"b","label":"b"}],"required":true}],
        "consents":[{"purpose":"news","wording":"W","required":true,"countries":["KH"],
            "organisation":{"name":"O","url":"https://o.invalid/"}}],
        "picture":{"url":"p.png","alt":"P"},
        "publisher":{"name":"P","url":"https://p.invalid/"},
        "share":{"text":"P","channels":["copy"]},
        "next":{"label":"N","url":"https://n.invalid/"},
        "at_risk":{"own_government":["KH"],"exit_url":"https://exit.invalid/"},
        "variants":[{"id":"one","weight":2,"title":"One"}]"#;
    // Every member that is not a text.
    let other = r#"{
        "id":"other","lang":"fr","opens":"2020-01-01T00:00:00Z","closes":"2020-01-02T00:00:00Z",
        "endpoint":{"url":"https://evil.invalid/"},"counter":{"goal":1},"sealing":null,"public":{"ask":true},
        "delivery":{"modes":["mail-app"]},"theme":{"accent":"white"},"retention_days":1,"languages":{},
        "targeting":{"mode":"random"},
        "fields":[{"id":"email","required":false,"kind":"text","max":1},
                  {"id":"job","kind":"checkbox","required":false,"options":["c"]}],
        "consents":[{"purpose":"news","required":false,"countries":["FR"],"organisation":{"url":"https://evil.invalid/"}}],
        "targets":[{"id":"b","email":"x@evil.invalid","country":"FR","filter":{"countries":["FR"]}}],
        "message":{"editable":false,"min":9,"max":10,"per_target":true,"nudge":true},
        "picture":{"url":"https://evil.invalid/p.png"},
        "publisher":{"url":"https://evil.invalid/"},
        "share":{"channels":["x"]},
        "next":{"redirect":true},
        "at_risk":{"own_government":[],"exit_url":"https://evil.invalid/"},
        "variants":[{"id":"one","weight":9}]}"#;
    let file = file(&[own, r#","languages":{"km":"#, other, "}"].concat());
    let lenient = |lang| file.campaign(lang, Strictness::Lenient).unwrap();
    assert_eq!(Campaign { lang: "en".to_owned(), ..lenient("km") }, lenient("en"));
}

#[test]
fn a_translation_puts_nobody_at_risk_and_takes_nobody_out_of_it() {
    for (own, translation, is_at_risk) in [
        ("true", r#"{"exit_url":"https://evil.invalid/"}"#, true),
        ("true", "false", true),
        ("{}", "false", true),
        ("{}", "\"no\"", true),
        ("{}", "null", true),
        ("false", "true", false),
        ("false", "{}", false),
        ("null", "{}", false),
    ] {
        let own = if own == "null" { String::new() } else { format!(r#""at_risk":{own},"#) };
        let file = file(&format!(r#"{own}"languages":{{"km":{{"at_risk":{translation}}}}}"#));
        let km = file.campaign("km", Strictness::Lenient).unwrap();
        assert_eq!(km.is_at_risk(), is_at_risk, "{own} {translation}");
        assert!(km.at_risk.0.is_none_or(|risk| risk == Risk::default()), "{translation}");
    }
}

#[test]
fn a_bare_text_is_translated_with_its_id() {
    let file = file(
        r#""fields":[{"id":"job","kind":"choice","label":"J","options":["a","b"]}],
        "languages":{"km":{"fields":[{"id":"job","options":[{"id":"b","label":"ខ"},"a"]}]}}"#,
    );
    let job = read(&file, "km").fields.remove(0);
    let options: Vec<(&str, &str)> =
        job.options.iter().map(|o| (o.id.as_str(), o.label.as_str())).collect();
    assert_eq!(options, [("a", "a"), ("b", "ខ")]);
}

#[test]
fn no_name_stands_twice_in_a_form() {
    let is_refused = |more: &str| file(more).campaign("en", Strictness::Lenient).is_err();
    let choice = |options: &str| {
        format!(
            r#""fields":[{{"id":"job","kind":"choice","label":"J","options":{options}}},
            {{"id":"ways","kind":"choices","label":"W","options":["a"]}}]"#
        )
    };
    assert!(!is_refused(&choice(r#"["a","b",{"id":"","label":"None"}]"#)));
    assert!(is_refused(&choice(r#"["a","b","a"]"#)));
    assert!(is_refused(&choice(r#"["a",{"id":"a","label":"b"}]"#)));
    let twice = r#"{"id":"job","kind":"text","label":"J"}"#;
    assert!(is_refused(&format!(r#""fields":[{twice},{twice}]"#)));
    // Lists of options of the greatest length: duplicates are found without comparing each with each.
    let options: Vec<String> = (0..2000).map(|n| format!("\"{n}\"")).collect();
    let options = options.join(",");
    let field =
        |n: u32| format!(r#"{{"id":"q{n}","kind":"choice","label":"Q","options":[{options}]}}"#);
    let fields: Vec<String> = (0..50).map(field).collect();
    assert!(!is_refused(&format!(r#""fields":[{}]"#, fields.join(","))));
}

#[test]
fn the_example_is_read_in_both_its_languages() {
    let file = CampaignFile::parse(EXAMPLE).unwrap();
    assert_eq!(file.languages(), ["en", "km"]);
    let (english, khmer) = (read(&file, "en"), read(&file, "km"));
    assert_eq!(english.targets.len(), 4);
    assert_eq!(khmer.message.subjects.len(), english.message.subjects.len());
    assert!(khmer.title.contains("ម៉ិច ដារ៉ា"));
    let ids = |campaign: &Campaign| -> Vec<String> {
        campaign.targets.iter().map(|target| target.id.0.clone()).collect()
    };
    assert_eq!(ids(&english), ids(&khmer));
    assert!(english.targets.iter().all(|target| target.email.ends_with(".invalid")));
}

#[test]
fn an_answer_that_is_a_bare_text_is_its_own_id() {
    let choice = |options: &str| {
        let fields =
            format!(r#""fields":[{{"id":"job","kind":"choice","label":"J","options":{options}}}]"#);
        read(&file(&fields), "en")
    };
    let full = choice(r#"[{"id":"a","label":"a"},{"id":"b","label":"b"}]"#);
    assert_eq!(full.fields.last().unwrap().options.len(), 2);
    assert_eq!(choice(r#"["a","b"]"#), full);
}

/// The seconds of a time, if the text is one.
fn moment(text: &str) -> Option<i64> {
    let json = json::parse(&format!("{text:?}")).unwrap();
    let mut reading = Reading::default();
    let moment = Moment::read(&json, &mut reading);
    reading.faults.is_empty().then(|| moment.seconds())
}

#[test]
fn a_moment_is_a_day_and_a_time_that_exist() {
    for (text, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1),
        ("2000-02-29T12:00:00Z", 951_825_600),
        ("2000-03-01T00:00:00Z", 951_868_800),
        ("2024-02-29T23:59:59Z", 1_709_251_199),
        ("2024-10-24T00:00:00Z", 1_729_728_000),
        ("2038-01-19T03:14:08Z", 1 << 31),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("0000-01-01T00:00:00Z", -62_167_219_200),
    ] {
        assert_eq!(moment(text), Some(seconds), "{text}");
    }
    for text in [
        "",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T23:59:60Z",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00z",
        "2024-01-01t00:00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00.0Z",
        "2024-01-01",
        "24-01-01T00:00:00Z",
        "+024-01-01T00:00:00Z",
        " 2024-01-01T00:00:00Z",
        "２０２４-01-01T00:00:00Z",
    ] {
        assert_eq!(moment(text), None, "{text}");
    }
}

#[test]
fn there_are_250_countries_and_each_once() {
    let mut all: Vec<&str> = country::all().collect();
    all.sort_unstable();
    assert_eq!(all.len(), 250);
    assert!(all.is_sorted_by(|a, b| a < b));
    assert!(all.iter().all(|code| code.bytes().all(|b| b.is_ascii_uppercase())));
    for code in ["KH", "GB", "SS", "TW", "PS", "XK", "AD", "ZW"] {
        assert!(country::is_known(code), "{code}");
    }
    // Exceptional, transitional and user-assigned codes, and halves of two neighbours.
    for code in ["UK", "EU", "AN", "CS", "SU", "XX", "ZZ", "kh", "K", "", "DA", "KHM", "ADAE"] {
        assert!(!country::is_known(code), "{code}");
    }
}

#[test]
fn names_stand_in_the_order_of_the_language() {
    let on_screen = |lang: &str, ids: &[&str]| -> Vec<String> {
        let field = |id: &&str| serde_json::json!({ "id": id });
        let fields: Vec<serde_json::Value> = ids.iter().map(field).collect();
        let campaign =
            scenario::read(&campaign_with(serde_json::json!({ "lang": lang, "fields": fields })));
        campaign.fields_on_screen().into_iter().map(|field| field.id.0.clone()).collect()
    };
    for lang in ["hu", "ja", "km", "ko", "vi", "zh", "zh-TW"] {
        let (names, swapped) =
            (["email", "given_name", "family_name"], ["email", "family_name", "given_name"]);
        assert_eq!(on_screen(lang, &names), swapped, "{lang}");
        // A campaign with an order of its own keeps it, and so does one that puts something between the two.
        assert_eq!(on_screen(lang, &swapped), swapped);
        let apart = ["given_name", "email", "family_name"];
        assert_eq!(on_screen(lang, &apart), apart);
        assert_eq!(on_screen(lang, &["given_name"]), ["given_name"]);
    }
    for lang in ["ar", "de", "en", "th"] {
        let names = ["given_name", "family_name"];
        assert_eq!(on_screen(lang, &names), names, "{lang}");
    }
}
