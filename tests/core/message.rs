//! Placeholders in messages; browser and endpoint fill them in the same way.

use std::collections::BTreeMap;

use proptest::prelude::*;
use standwith::campaign::{Campaign, CampaignFile, Strictness, Target};
use standwith::check::{check, length};
use standwith::draft::{Draft, clean};
use standwith::message::{OF_TARGETS, body, fill, is_placeholder, placeholders};

fn draft(values: &[(&str, &str)]) -> Draft {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Draft::posted(values.iter().map(pair).collect())
}

fn campaign(message: &str) -> Campaign {
    let file = format!(
        r#"{{"id":"c","title":"T","targets":[{{"id":"a","name":"A"}}],"message":{message}}}"#
    );
    CampaignFile::parse(file.as_bytes()).unwrap().campaign("en", Strictness::Strict).unwrap()
}

#[test]
fn a_placeholder_becomes_what_was_entered() {
    let draft = draft(&[
        ("given_name", " Dara \n"),
        ("family_name", "{{given_name}}"),
        ("country", "KH"),
        ("locality", "}} {{"),
        ("role", "reader"),
    ]);
    for (template, filled) in [
        ("", ""),
        ("no placeholder", "no placeholder"),
        ("{{given_name}}", "Dara"),
        ("{{ given_name }}", "Dara"),
        ("{{\tgiven_name\n}}", "Dara"),
        ("{{given_name}}{{given_name}}", "DaraDara"),
        ("I am {{given_name}}, {{country}}.", "I am Dara, KH."),
        // A placeholder without a value becomes empty.
        ("<{{region}}>", "<>"),
        // Inserted values are not filled in again, whatever text is around them.
        ("{{family_name}}", "{{given_name}}"),
        ("{{family_name}} {{given_name}}", "{{given_name}} Dara"),
        ("{{{{given_name}}}}", "{{Dara}}"),
        ("{{locality}}given_name}}", "}} {{given_name}}"),
        // Unknown placeholders stay unchanged.
        ("{{name}}", "{{name}}"),
        ("{{role}}", "{{role}}"),
        ("{{Given_Name}}", "{{Given_Name}}"),
        ("{{given name}}", "{{given name}}"),
        ("{{}}", "{{}}"),
        ("{{name}} {{given_name}}", "{{name}} Dara"),
        ("{{ {{given_name}} }}", "{{ Dara }}"),
        ("{{{given_name}}}", "{{{given_name}}}"),
        ("{given_name}", "{given_name}"),
        ("{{given_name", "{{given_name"),
        ("{{given_name}", "{{given_name}"),
        ("given_name}}", "given_name}}"),
        ("{{", "{{"),
        ("}}{{", "}}{{"),
        ("សួស្ដី {{given_name}}។", "សួស្ដី Dara។"),
    ] {
        assert_eq!(fill(template, &draft, &[], 999), filled, "{template}");
    }
}

#[test]
fn every_standard_field_may_be_a_placeholder() {
    for name in standwith::campaign::STANDARD_FIELDS {
        assert!(is_placeholder(name));
        assert_eq!(fill(&format!("{{{{{name}}}}}"), &draft(&[(name, "x")]), &[], 999), "x");
    }
    for name in ["", "subject", "body", "targets", "target", "role", "consent_news", " given_name"]
    {
        assert!(!is_placeholder(name), "{name}");
    }
}

#[test]
fn some_stand_for_those_who_get_the_message() {
    let of = |name: &str, office: &str, organisation: &str| Target {
        name: name.to_owned(),
        office: office.to_owned(),
        organisation: organisation.to_owned(),
        ..Target::default()
    };
    let (a, b) = (of(" The Minister ", "", "Justice"), of("The {{given_name}}", "Envoy", ""));
    let template = "{{target_name}}; {{ target_office }}; {{target_organisation}}; {{given_name}}";
    for (to, filled) in [
        (&[][..], "; ; ; Ada"),
        (&[&a], "The Minister; ; Justice; Ada"),
        (&[&b], "The {{given_name}}; Envoy; ; Ada"),
        (&[&a, &b], "The Minister, The {{given_name}}; Envoy; Justice; Ada"),
        (&[&a, &a], "The Minister, The Minister; ; Justice, Justice; Ada"),
    ] {
        assert_eq!(fill(template, &draft(&[("given_name", "Ada")]), to, 999), filled);
    }
    assert!(OF_TARGETS.into_iter().all(is_placeholder));
}

#[test]
fn a_draft_is_composed_for_those_who_get_it() {
    let file = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"},{"id":"b","name":"B"}],
        "targeting":{"mode":"MODE"},"message":{"subjects":["S"],"head":"{{target_name}}","body":"B"}}"#;
    for (mode, chosen, head) in
        [("all", "", "A, B\n\nB"), ("choose", "", "B"), ("choose", "b", "B\n\nB")]
    {
        let file = CampaignFile::parse(file.replace("MODE", mode).as_bytes()).unwrap();
        let campaign = file.campaign("en", Strictness::Strict).unwrap();
        let mut draft = Draft::new(&campaign);
        draft.set("targets", chosen);
        assert_eq!(draft.composed(&campaign).get("body"), head, "{mode}");
    }
}

#[test]
fn of_several_subjects_the_seed_draws_one() {
    let campaign = campaign(r#"{"subjects":["0","1","2"],"body":"B"}"#);
    let drawn = |seed| Draft::begun(&campaign, seed).get("subject").to_owned();
    assert_eq!((drawn(0), Draft::new(&campaign).get("subject")), ("0".to_owned(), "0"));
    // Each subject is drawn equally often, and the same one for the same seed. Browsers make such seeds.
    let mut times = BTreeMap::new();
    for number in 0..3000_u32 {
        let seed = (f64::from(number) / 3000.0).to_bits();
        assert_eq!(drawn(seed), drawn(seed));
        *times.entry(drawn(seed)).or_insert(0) += 1;
    }
    assert!(
        times.len() == 3 && times.values().all(|count| (900..1100).contains(count)),
        "{times:?}"
    );
    let none = self::campaign(r#"{"subjects":[],"body":"B"}"#);
    assert_eq!(Draft::begun(&none, 7).get("subject"), "");
}

#[test]
fn placeholders_are_told_known_or_not() {
    let names: Vec<&str> = placeholders("{{a}} {{ b }}{{}} {{c {{d}} }} e}} {{f").collect();
    assert_eq!(names, ["a", "b", "", "d"]);
}

#[test]
fn filling_takes_no_longer_than_reading() {
    let template = "{{".repeat(200_000) + "}}";
    assert_eq!(fill(&template, &Draft::default(), &[], 400_002), template);
}

#[test]
fn filling_stops_past_the_limit() {
    let many = "{{phone}}".repeat(1000);
    let long = "1".repeat(40_000);
    for (template, filled) in [
        (&*many, "{{phone}}{{phone}}{{…"),
        ("{{phone}}{{phone}}", "11111111111111111111…"),
        ("0{{phone}}2", "01111111111111111111…"),
        ("          {{phone}}", "…          1111111111…"),
        ("0123456789 {{email}}", "0123456789 "),
        ("0123456789 123456789", "0123456789 123456789"),
        ("0123456789 1234567890", "0123456789 123456789…"),
    ] {
        let draft = draft(&[("phone", &long)]);
        assert_eq!(fill(template, &draft, &[], 20), filled);
    }
    let target = Target { name: "a".repeat(21), ..Target::default() };
    let filled = ["a".repeat(20), "…".to_owned()].concat();
    assert_eq!(fill("{{target_name}}", &Draft::default(), &[&target], 20), filled);
}

proptest! {
    #[test]
    fn what_is_cut_stays_too_long(
        parts in proptest::collection::vec(
            prop_oneof!["[ \na\u{e4}]{0,9}", Just("{{given_name}}".to_owned()), Just("{{email}}".to_owned())],
            0..12,
        ),
        name in "[ a\u{1f600}]{0,9}",
        most in 0u32..40,
    ) {
        let (template, draft) = (parts.concat(), draft(&[("given_name", &name)]));
        let whole = fill(&template, &draft, &[], 9999);
        let cut = fill(&template, &draft, &[], most);
        if cut != whole {
            prop_assert!(length(&template) > most || length(&whole) > most);
            prop_assert!(length(&clean(&cut)) > most, "{cut:?}");
            prop_assert!(length(&cut) <= most + 2, "{cut:?}");
        }
    }
}

// A post of 50 KB made a page of 40 MB: a thousand placeholders, each for a value of 40,000 letters.
#[test]
fn a_message_that_is_too_long_is_not_composed_in_full() {
    let campaign = campaign(r#"{"subjects":["S"],"head":"H","body":"B","max":100}"#);
    let (body, phone) = ("{{phone}} ".repeat(1000), "1".repeat(40_000));
    let mut draft = Draft::new(&campaign);
    for (name, value) in [("phone", &phone), ("subject", &body), ("body", &body)] {
        draft.set(name, value);
    }
    let composed = draft.composed(&campaign);
    assert!(composed.get("body").len() < 500 && composed.get("subject").len() < 900);
    let field_errors = check(&campaign, &composed).unwrap_err();
    let codes: Vec<String> = field_errors.iter().map(|field_error| field_error.code()).collect();
    for code in ["phone_too_long", "subject_too_long", "body_too_long"] {
        assert!(codes.iter().any(|known| known == code), "{codes:?}");
    }
    // The typed text is longer than allowed, the filled-in text is not.
    let mut draft = Draft::new(&campaign);
    draft.set("body", &["mine", &"{{phone}}".repeat(40)].concat());
    assert_eq!(draft.composed(&campaign).get("body"), "H\n\nmine");
}

#[test]
fn head_body_and_foot_stand_apart() {
    for (message, own, expected) in [
        (r#"{"subjects":["S"],"body":"B"}"#, "B", "B"),
        (r#"{"subjects":["S"],"body":"B"}"#, " \r\n mine \r\n\r\n yours \r\n", "mine \n\n yours"),
        (r#"{"subjects":["S"],"head":"H","body":"B","foot":"F"}"#, "B", "H\n\nB\n\nF"),
        (r#"{"subjects":["S"],"head":"H","body":"B"}"#, "B", "H\n\nB"),
        (r#"{"subjects":["S"],"body":"B","foot":"F"}"#, "B", "B\n\nF"),
        (r#"{"subjects":["S"],"head":"H","body":"B","foot":"F"}"#, "", "H\n\nF"),
        (r#"{"subjects":["S"],"head":" H\n","body":"B","foot":"\n"}"#, "B", "H\n\nB"),
        (r#"{"subjects":["S"],"head":"Dear {{given_name}},","body":"B"}"#, "B", "Dear Ada,\n\nB"),
        (r#"{"subjects":["S"],"head":"{{region}}","body":"B"}"#, "B", "B"),
        (r#"{"subjects":["S"],"body":"B"}"#, "{{given_name}}", "Ada"),
        // A body that may not be edited is the campaign's, whatever was posted.
        (r#"{"subjects":["S"],"body":"B {{given_name}}","editable":false}"#, "mine", "B Ada"),
    ] {
        let draft = draft(&[("given_name", "Ada"), ("body", own)]);
        assert_eq!(body(&campaign(message), &draft, &[]), expected, "{message}");
    }
}

#[test]
fn a_draft_is_composed_whole() {
    let campaign =
        campaign(r#"{"subjects":["From {{given_name}}"],"head":"H","body":"{{given_name}} asks"}"#);
    let mut draft = Draft::new(&campaign);
    draft.set("given_name", "Ada");
    let composed = draft.composed(&campaign);
    assert_eq!(composed.get("subject"), "From Ada");
    assert_eq!(composed.get("body"), "H\n\nAda asks");
    assert_eq!(composed.get("given_name"), "Ada");
    assert!(composed.has("targets", "a"));
}

#[test]
fn a_value_is_kept_trimmed_with_line_feeds() {
    for (typed, kept) in [
        ("", ""),
        (" \u{a0}\u{3000}\r\n", ""),
        ("  Ada  ", "Ada"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\r\r\nb", "a\n\nb"),
        // Zero-width characters are not white space.
        ("\u{200b}ក\u{200d}", "\u{200b}ក\u{200d}"),
    ] {
        assert_eq!(clean(typed), kept, "{typed:?}");
        assert_eq!(clean(&clean(typed)), kept, "{typed:?}");
    }
}
