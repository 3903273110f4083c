//! Validation: every rule with its code, at its limit and beyond, and the promise that any input that passes in the
//! browser passes at the endpoint as the same action.

use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::{
    Action, AnswerValue, ClaimContext, Claims, ConsentClaim, DeliveryClaim, Message, PublicName,
    Source,
};
use standwith::campaign::{Campaign, CampaignFile, STANDARD_FIELDS, Strictness};
use standwith::check::{
    FieldError, FieldErrorKind, FieldErrorKind::*, LONGEST_CODE, LONGEST_EMAIL, LONGEST_LANGUAGE,
    LONGEST_LONG_TEXT, LONGEST_SOURCE, LONGEST_SUBJECT, LONGEST_TEXT, check, check_claims,
    is_email, length, limits,
};
use standwith::draft::{Draft, claimed_field};
use standwith::envelope::encode;
use standwith::shape;

/// A campaign with a field of every kind; `changes` replace its members.
fn campaign(changes: Value) -> Campaign {
    let mut file = json!({
        "id": "c",
        "title": "T",
        "targets": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "c", "name": "C"}],
        "targeting": {"mode": "choose", "most": 2},
        "message": {"subjects": ["Subject"], "body": "The body", "min": 5, "max": 60},
        "fields": [
            {"id": "given_name", "required": true},
            {"id": "family_name"},
            {"id": "email", "required": true},
            {"id": "phone"},
            {"id": "country"},
            {"id": "postal_code"},
            {"id": "why", "kind": "long_text", "label": "Why?"},
            {"id": "colour", "kind": "choice", "label": "Colour?", "options": ["red", "blue"]},
            {"id": "roles", "kind": "choices", "label": "Roles?", "options": ["reader", "writer"]},
            {"id": "adult", "kind": "checkbox", "label": "Adult?"},
            {"id": "age", "kind": "number", "label": "Age?"},
            {"id": "born", "kind": "date", "label": "Born?"},
            {"id": "friend", "kind": "email", "label": "A friend?"},
            {"id": "home", "kind": "country", "label": "Home?"}
        ],
        "consents": [
            {"purpose": "news", "wording": "News.", "countries": ["GB", "KH"]},
            {"purpose": "terms", "wording": "Terms.", "required": true}
        ]
    });
    for (key, value) in changes.as_object().unwrap() {
        file[key] = value.clone();
    }
    let file = CampaignFile::parse(file.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Strict).unwrap()
}

/// A message that can't be edited, and one with head and foot.
fn locked() -> Value {
    json!({"message": {"subjects": ["From {{given_name}}", "Other"], "head": "Dear sir",
        "body": "I, {{given_name}}, ask.", "foot": "{{family_name}}", "editable": false}})
}
fn framed() -> Value {
    json!({"message": {"subjects": ["S"], "head": "Dear {{family_name}}", "body": "B",
        "foot": "Yours, {{given_name}}"}})
}

/// A separate message for each target.
fn apart() -> Value {
    json!({"message": {"subjects": ["To {{target_name}}", "{{given_name}} asks"], "min": 5, "max": 60,
        "head": "Dear {{target_name}}", "body": "B", "foot": "{{target_office}} {{given_name}}",
        "per_target": true}})
}

/// The valid input of a supporter; `values` replace some of it.
fn entered(values: &[(&str, &str)]) -> Draft {
    let right = [
        ("targets", "a"),
        ("given_name", "Ada"),
        ("email", "ada@example.org"),
        ("subject", "Subject"),
        ("body", "The body"),
        ("consent_terms", "on"),
    ];
    let kept = right.iter().filter(|(name, _)| !values.iter().any(|(other, _)| other == name));
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Draft::posted(kept.chain(values).map(pair).collect())
}

fn claims(campaign: &Campaign, action: &Action) -> Claims {
    let given = ClaimContext {
        jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        wording_digests: action.wordings().map(|_| encode(&[7; 32])).collect(),
        ..ClaimContext::default()
    };
    action.claims(campaign, given)
}

/// Asserts that the endpoint reads an action's claims as the same action, and writes the same claims.
fn assert_replays(campaign: &Campaign, action: &Action) {
    let claims = claims(campaign, action);
    let travelled: Claims = shape::read(&shape::write(&claims)).unwrap();
    assert_eq!(travelled, claims);
    assert_eq!(check_claims(campaign, &travelled).as_ref(), Ok(action));
}

/// Asserts that the input passes, here and at the endpoint.
fn passes(changes: &Value, values: &[(&str, &str)]) -> Action {
    let campaign = campaign(changes.clone());
    let action = check(&campaign, &entered(values).composed(&campaign));
    let action = action.unwrap_or_else(|field_errors| unreachable!("{values:?}: {field_errors:?}"));
    assert_replays(&campaign, &action);
    action
}

/// Asserts that the input has these field errors, in this order. Each survives serialisation.
fn check_mistakes(changes: &Value, values: &[(&str, &str)], expected: &[(&str, FieldErrorKind)]) {
    let campaign = campaign(changes.clone());
    let field_errors =
        check(&campaign, &entered(values).composed(&campaign)).err().unwrap_or_default();
    let found: Vec<(&str, FieldErrorKind)> = field_errors
        .iter()
        .map(|field_error| (field_error.field.as_str(), field_error.kind))
        .collect();
    assert_eq!(found, expected, "{values:?}");
    for field_error in &field_errors {
        assert_eq!(
            FieldError::reported(&campaign, &field_error.field, &field_error.code()),
            *field_error
        );
    }
}

/// Asserts that valid claims, changed, are rejected for these reasons.
fn check_claimed(changes: &Value, change: fn(&mut Claims), expected: &[(&str, FieldErrorKind)]) {
    let campaign = campaign(changes.clone());
    let action = check(&campaign, &entered(&[]).composed(&campaign)).unwrap();
    let mut claims = claims(&campaign, &action);
    change(&mut claims);
    let field_errors = check_claims(&campaign, &claims).err().unwrap_or_default();
    let found: Vec<(&str, FieldErrorKind)> = field_errors
        .iter()
        .map(|field_error| (field_error.field.as_str(), field_error.kind))
        .collect();
    assert_eq!(found, expected);
}

fn as_it_is() -> Value {
    json!({})
}

#[test]
fn names_of_every_script_pass() {
    for name in [
        "Ada",
        "មេឃ ដារ៉ា",
        "ស្ត្រី",
        "មេឃ\u{200b}ដារ៉ា",
        "क्षत्रिय",
        "श्री\u{200d}मती",
        "न\u{200c}हीं",
        "مریم می\u{200c}خواهد",
        "محمد بن سلمان",
        "\u{200f}דוד",
        "נִקּוּד",
        "ထွန်းအောင်",
        "ลักษณ์",
        "ལྷ་ས",
        "Nguyễn Thị Minh Khai",
        "Nguye\u{302}\u{303}n",
        "O’Brien-Łukasz d'Été",
        "李小龍",
        "김정은",
        "Ὀδυσσεύς",
        "🕊️",
        "👩🏽\u{200d}❤️\u{200d}👨🏿",
        "𝒜𝒹𝒶",
        "X Æ A-12",
        "%s {{given_name}} <b>&amp;\"'\\",
        "a\u{ad}b\u{feff}c",
        // One letter is a valid name.
        "O",
        "ឃ",
        "ع",
        "王",
        "ॐ",
        "ဦး",
        "ண",
        // Combining marks, alone and in sequences, composed or not, stay unchanged.
        "\u{17d2}",
        "Zoe\u{308}",
        "Zoë",
        "Z\u{338}\u{322}a\u{337}\u{321}l\u{334}g",
        "தமிழ்ச்செல்வி",
        "ஸ்ரீ",
        "အောင်ဆန်းစုကြည်",
        "မ\u{1039}မ",
        "ന\u{d4d}\u{200d}",
        "ක\u{dca}\u{200d}ර",
        "می\u{200c}نا",
        "عبد\u{640}الله",
        "ဒေါ်\u{200b}ခင်",
        "ម៉ៅ\u{200b}សុខា",
        "𠮷野家",
        "﨑山",
        "葛\u{e0100}城",
        "ʻOkinaʻ",
        "D'Angelo",
        "N’Diaye",
        "Ó Séaghdha",
        "Jean-Luc",
        "Ng",
        "Martin Luther King, Jr.",
        "Ⅲ",
        "İIıi ß ſ ﬁ",
    ] {
        let values =
            [("given_name", name), ("family_name", name), ("body", name), ("subject", name)];
        let short = json!({"message": {"subjects": ["S"], "body": ""}});
        assert_eq!(passes(&short, &values).person().given_name, name);
    }
}

/// Line ends of other programs; those of Unicode are not control characters.
const RARE_LINE_ENDS: [char; 5] = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

#[test]
fn control_characters_are_refused_wherever_they_stand() {
    for c in ('\0'..='\u{9f}').filter(|c| c.is_control() && !RARE_LINE_ENDS.contains(c)) {
        let value = format!("5 a{c}b@c.org");
        for name in
            ["given_name", "email", "phone", "country", "subject", "colour", "age", "friend"]
        {
            check_mistakes(&as_it_is(), &[(name, &value)], &[(name, ControlCharacter)]);
        }
        for name in ["body", "why"] {
            let values = [(name, value.as_str())];
            if matches!(c, '\n' | '\r' | '\t') {
                passes(&as_it_is(), &values);
            } else {
                check_mistakes(&as_it_is(), &values, &[(name, ControlCharacter)]);
            }
        }
    }
    // Not a control character.
    passes(&as_it_is(), &[("given_name", "a\u{a0}b")]);
}

#[test]
fn rare_line_ends_become_line_ends_or_spaces() {
    for c in RARE_LINE_ENDS {
        let value = format!("One{c}two");
        let given =
            ["given_name", "colour", "subject", "body", "why"].map(|name| (name, value.as_str()));
        let action = passes(
            &json!({"fields": [
                {"id": "given_name"}, {"id": "colour", "label": "Colour?"}, {"id": "why", "kind": "long_text", "label": "Why?"}
            ]}),
            &given,
        );
        let answer = |name| action.answers().get(name).cloned();
        assert_eq!(action.person().given_name, "One two");
        assert_eq!(action.message().subject, "One two");
        assert_eq!(action.message().body, "One\ntwo");
        assert_eq!(answer("colour"), Some(AnswerValue::One("One two".to_owned())));
        assert_eq!(answer("why"), Some(AnswerValue::One("One\ntwo".to_owned())));
    }
}

#[test]
fn an_address_or_number_is_taken_without_what_comes_along_when_it_is_copied() {
    let fields = json!({"fields": [
        {"id": "given_name"}, {"id": "email"}, {"id": "phone"},
        {"id": "friend", "kind": "email", "label": "A friend?"}, {"id": "age", "kind": "number", "label": "Age?"}
    ]});
    let answers = |action: &Action, name: &str| action.answers().get(name).cloned();
    for email in [
        "\u{202d}ada@example.org\u{202c}",
        "\u{feff}ada@example.org",
        "\u{feff} ada@example.org \u{feff}",
        "ada\u{200b}@exam\u{ad}ple.org",
        "\u{2068}ada@example.org\u{2069}",
        "\u{200e}ada@\u{200f}example.org\u{61c}",
        "ada\u{ff20}example.org",
        "ada@example.org\u{2028}",
    ] {
        let action = passes(&fields, &[("email", email), ("friend", email)]);
        assert_eq!(action.person().email, "ada@example.org", "{email:?}");
        assert_eq!(
            answers(&action, "friend"),
            Some(AnswerValue::One("ada@example.org".to_owned()))
        );
        // As the endpoint receives it from another program.
        let campaign = campaign(fields.clone());
        let mut claims = claims(&campaign, &action);
        claims.person.email = email.to_owned();
        let checked = check_claims(&campaign, &claims).unwrap();
        assert_eq!(checked.person().email, "ada@example.org");
        assert_eq!(claimed_field(&claims.person, "email"), "ada@example.org");
    }
    for (typed, number) in [
        ("១២", "12"),
        ("\u{200f}١٢\u{200f}", "12"),
        ("１２", "12"),
        ("\u{2212}१२", "-12"),
        ("+12", "+12"),
    ] {
        let action = passes(&fields, &[("age", typed)]);
        assert_eq!(answers(&action, "age"), Some(AnswerValue::One(number.to_owned())), "{typed:?}");
    }
    let action = passes(&fields, &[("phone", "\u{202a}012 345 678\u{202c}")]);
    assert_eq!(action.person().phone, "012 345 678");
    // A text of such characters alone is empty.
    let needed = json!({"fields": [{"id": "email", "required": true}]});
    check_mistakes(&needed, &[("email", "\u{feff}\u{200e}")], &[("email", Missing)]);
    // They are part of names, and joiners part of words in domains.
    let name = "\u{200f}ن\u{200c}ا\u{200d}";
    assert_eq!(passes(&fields, &[("given_name", name)]).person().given_name, name);
    let email = "a@نامه\u{200c}ای.example";
    assert_eq!(passes(&fields, &[("email", email)]).person().email, email);
}

#[test]
fn refuses_direction_controls_in_one_line() {
    for c in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        for value in [format!("5 a{c}b@c.org"), format!("{c}a\u{202c}\u{2069}"), format!("a{c}")] {
            for name in
                ["given_name", "country", "region", "postal_code", "address", "subject", "colour"]
            {
                check_mistakes(&as_it_is(), &[(name, &value)], &[(name, ControlCharacter)]);
            }
        }
    }
    // Marks and joiners of letters are not among them.
    for c in "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{61c}".chars() {
        let name = format!("aaa{c}b");
        passes(&as_it_is(), &[("given_name", &name), ("subject", &name), ("body", &name)]);
    }
}

#[test]
fn takes_direction_controls_in_a_letter_where_each_is_ended_in_its_paragraph() {
    for balanced in [
        "a \u{202b}b\u{202c} c",
        "\u{202a}a\u{202c}\u{202d}b\u{202c}\u{202e}c\u{202c}",
        "\u{2066}a\u{2067}b\u{2068}c\u{2069}\u{2069}\u{2069}",
        "\u{2067}a\u{202b}b\u{202c}\u{2069}\n\u{2068}c\u{2069}",
    ] {
        passes(&as_it_is(), &[("body", balanced), ("why", balanced)]);
    }
    let nested = |depth: usize| ["\u{2067}".repeat(depth), "\u{2069}".repeat(depth)].concat();
    passes(&as_it_is(), &[("why", &nested(30))]);
    check_mistakes(&as_it_is(), &[("why", &nested(31))], &[("why", ControlCharacter)]);
    for unbalanced in [
        "a\u{202e}b",
        "a\u{202c}b",
        "a\u{2069}b",
        "\u{2067}a\nb\u{2069}",
        "\u{2067}a\u{2029}b\u{2069}",
        "\u{2067}a\u{202b}b\u{2069}\u{202c}",
        "\u{202b}a\u{2069}",
        "\u{2066}\u{2066}a\u{2069}",
    ] {
        for name in ["body", "why"] {
            check_mistakes(&as_it_is(), &[(name, unbalanced)], &[(name, ControlCharacter)]);
        }
    }
}

type Place = fn(&mut Claims) -> &mut String;

/// Every text in claims that the supporter does not type: the field of its error, and its maximum length.
const AROUND: [(&str, Place, u32); 6] = [
    ("jti", |claims| &mut claims.jti, 64),
    ("aud", |claims| &mut claims.aud, 2000),
    ("source.page", |claims| &mut claims.source.page, LONGEST_SOURCE),
    ("source.partner", |claims| &mut claims.source.partner, LONGEST_SOURCE),
    ("source.utm_source", |claims| &mut claims.source.utm_source, LONGEST_SOURCE),
    ("targets", |claims| &mut claims.targets[0], 64),
];

#[test]
fn refuses_control_characters_and_excess_length_in_every_text_of_claims() {
    let campaign = campaign(as_it_is());
    let action = check(&campaign, &entered(&[]).composed(&campaign)).unwrap();
    let field_errors = |change: &dyn Fn(&mut Claims)| {
        let mut claims = claims(&campaign, &action);
        change(&mut claims);
        check_claims(&campaign, &claims).err().unwrap_or_default()
    };
    let found = |field: &str, kind, change: &dyn Fn(&mut Claims)| {
        let field_error = FieldError { field: field.to_owned(), kind };
        let field_errors = field_errors(change);
        assert!(field_errors.contains(&field_error), "{field_error:?} is not in {field_errors:?}");
    };
    for (field, place, most) in AROUND {
        for c in "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{202e}\u{2066}\u{2069}".chars() {
            found(field, ControlCharacter, &|claims| place(claims).push(c));
        }
        found(field, TooLong(most), &|claims| *place(claims) = "é".repeat(most as usize + 1));
        if field != "targets" {
            let longest = |claims: &mut Claims| *place(claims) = "é".repeat(most as usize);
            assert_eq!(field_errors(&longest), []);
        }
    }
    for variant in ["a\u{1b}", "a\u{202e}"] {
        found("variant", ControlCharacter, &|claims| claims.variant = Some(variant.to_owned()));
    }
    for digest in [
        "x",
        "\u{202e}",
        &"A".repeat(42),
        &"A".repeat(44),
        &["A".repeat(42), "B".to_owned()].concat(),
    ] {
        found("campaign_digest", Malformed, &|claims| claims.campaign_digest = digest.to_owned());
        found("consents.wording_digest", Malformed, &|claims| {
            claims.consents[0].wording_digest = digest.to_owned();
        });
    }
    assert_eq!(field_errors(&|claims| claims.campaign_digest = encode(&[255; 32])), []);
    for lang in ["en_US", "e n", "ខ្មែរ", "en\u{1b}", &"a".repeat(LONGEST_LANGUAGE as usize + 1)]
    {
        found("lang", Malformed, &|claims| claims.lang = lang.to_owned());
        found("consents.lang", Malformed, &|claims| claims.consents[0].lang = lang.to_owned());
    }
    for lang in ["", "km", "pt-BR", "sr-Latn-RS", "x-private"] {
        assert_eq!(field_errors(&|claims| claims.lang = lang.to_owned()), []);
    }
    // White space around a value is trimmed, but not these control characters.
    assert_eq!(field_errors(&|claims| claims.person.given_name = "\r\n Ada\t".to_owned()), []);
    for c in ['\u{b}', '\u{c}', '\u{85}'] {
        found("given_name", ControlCharacter, &|claims| claims.person.given_name.push(c));
        found("body", ControlCharacter, &|claims| {
            claims.message.as_mut().unwrap().body.push(c);
        });
    }
    let padded = " ".repeat(20_000);
    found("given_name", TooLong(400), &|claims| claims.person.given_name.push_str(&padded));
    found("subject", TooLong(400), &|claims| {
        claims.message.as_mut().unwrap().subject.push_str(&padded);
    });
    found("why", TooLong(4000), &|claims| {
        claims.answers.0.push(("why".to_owned(), AnswerValue::One(["I do.", &padded].concat())));
    });
    found("roles", TooMany(2), &|claims| {
        let many = vec!["reader".to_owned(); 5];
        claims.answers.0.push(("roles".to_owned(), AnswerValue::Several(many)));
    });
    found("targets", TooMany(3), &|claims| claims.targets = vec!["a".to_owned(); 7]);
}

#[test]
fn cleans_and_clips_the_source_before_it_is_claimed() {
    let campaign = campaign(as_it_is());
    let action = check(&campaign, &entered(&[]).composed(&campaign)).unwrap();
    let source = Source {
        page: "https://partner.example".to_owned(),
        partner: "Free\u{202e}dom\n \u{1b}[31mUnited".to_owned(),
        utm_source: "é".repeat(20_000),
    };
    let given = ClaimContext { source, ..ClaimContext::default() };
    let claims = action.claims(&campaign, given);
    assert_eq!(claims.source.page, "https://partner.example");
    assert_eq!(claims.source.partner, "Freedom [31mUnited");
    assert_eq!(claims.source.utm_source, "é".repeat(LONGEST_SOURCE as usize));
    assert!(check_claims(&campaign, &claims).is_ok());
}

#[test]
fn values_are_kept_trimmed_with_line_feeds() {
    let action = passes(
        &as_it_is(),
        &[
            ("given_name", "\u{a0}\tAda \r\n"),
            ("email", " ada@example.org\n"),
            ("subject", "  About  it  "),
            ("body", "\r\nOne\r\nTwo\rThree\n\n"),
            ("why", " a\r\nb "),
            ("country", " KH "),
            ("targets", " b "),
            ("roles", " writer "),
        ],
    );
    assert_eq!(action.person().given_name, "Ada");
    assert_eq!(action.person().email, "ada@example.org");
    assert_eq!(action.person().country, "KH");
    assert_eq!(action.message().subject, "About  it");
    assert_eq!(action.message().body, "One\nTwo\nThree");
    assert_eq!(action.targets(), ["b"]);
    assert_eq!(action.answers().get("why"), Some(&AnswerValue::One("a\nb".to_owned())));
    assert_eq!(
        action.answers().get("roles"),
        Some(&AnswerValue::Several(vec!["writer".to_owned()]))
    );
}

#[test]
fn a_length_is_counted_in_scalar_values() {
    for (text, scalars) in
        [("", 0), ("a", 1), ("é", 1), ("e\u{301}", 2), ("ស្ត្រី", 6), ("👩\u{200d}👧", 3)]
    {
        assert_eq!(length(text), scalars, "{text}");
    }
}

#[test]
fn nothing_is_longer_than_its_limit() {
    let campaign = campaign(as_it_is());
    for (name, most) in [
        ("given_name", LONGEST_TEXT),
        ("family_name", LONGEST_TEXT),
        // Not asked for, but validated by the same rules.
        ("address", LONGEST_TEXT),
        ("postal_code", LONGEST_CODE),
        ("subject", LONGEST_SUBJECT),
        ("body", 60),
        ("why", LONGEST_LONG_TEXT),
    ] {
        assert_eq!(limits(&campaign, name).1, most, "{name}");
        // Three bytes each, and combining marks among them.
        let most_of_it: String = "ស្ត្រី".chars().cycle().take(most as usize).collect();
        passes(&as_it_is(), &[(name, &format!("  {most_of_it}\r\n"))]);
        let more = format!("{most_of_it}ក");
        check_mistakes(&as_it_is(), &[(name, &more)], &[(name, TooLong(most))]);
    }
    let email = |length: usize| {
        let labels = ["a".repeat(63), "b".repeat(63), "c".repeat(length - 64 - 1 - 128)];
        format!("{}@{}", "x".repeat(64), labels.join("."))
    };
    passes(&as_it_is(), &[("email", &email(254))]);
    check_mistakes(&as_it_is(), &[("email", &email(255))], &[("email", TooLong(LONGEST_EMAIL))]);
    let digits = format!("12345{}", " ".repeat(28));
    passes(&as_it_is(), &[("phone", &format!("{}6", &digits[..31]))]);
    let long = [("phone", &*format!("{}6", &digits[..32]))];
    check_mistakes(&as_it_is(), &long, &[("phone", TooLong(LONGEST_CODE))]);
    check_mistakes(&as_it_is(), &[("body", "four")], &[("body", TooShort(5))]);
    passes(&as_it_is(), &[("body", "five!")]);
    check_mistakes(&as_it_is(), &[("body", " four \r\n")], &[("body", TooShort(5))]);
}

#[test]
fn what_must_be_given_is_missed() {
    for (name, empty) in [
        ("given_name", ""),
        ("given_name", " \u{3000}\r\n"),
        ("email", ""),
        ("subject", ""),
        ("subject", " "),
        ("body", ""),
        ("body", "\n\n"),
        ("consent_terms", ""),
        ("consent_terms", "off"),
        ("consent_terms", "On"),
    ] {
        check_mistakes(&as_it_is(), &[(name, empty)], &[(name, Missing)]);
    }
    let every = json!({"fields": [
        {"id": "address", "required": true},
        {"id": "why", "kind": "long_text", "label": "Why?", "required": true},
        {"id": "colour", "kind": "choice", "label": "C", "options": ["red"], "required": true},
        {"id": "roles", "kind": "choices", "label": "R", "options": ["reader"], "required": true},
        {"id": "adult", "kind": "checkbox", "label": "A", "required": true},
        {"id": "given_name"}, {"id": "email"}
    ]});
    let expected = ["address", "why", "colour", "roles", "adult"].map(|name| (name, Missing));
    check_mistakes(&every, &[("roles", " ")], &expected);
}

#[test]
fn an_email_address_is_one_of_html_or_goes_beyond_ascii() {
    let longest = format!("{}@{}.org", "a".repeat(64), "b".repeat(63));
    for address in [
        "a@b.co",
        "a.b@c.org",
        "a..b@c.org",
        ".a.@c.org",
        "a+b@c.org",
        "!#$%&'*+/=?^_`{|}~-@c.org",
        "1@2.3",
        "A@B.CO",
        "a@xn--kpry57d.xn--kpry57d",
        "a@a-b.c--d.org",
        "a@b.c.d.e.f.g",
        "用户@例子.广告",
        "用户@例子。广告",
        "a@b．例子｡org",
        "o'brien@example.ie",
        "a/b=c@example.org",
        "जॉन@उदाहरण.भारत",
        "пример@почта.рф",
        "a@münchen.co.uk",
        "a@123.456.org",
        "a@b.museum",
        "ដារ៉ា@ឧទាហរណ៍.កម្ពុជា",
        "उपयोगकर्ता@उदाहरण.भारत",
        "مستخدم@مثال.إختبار",
        "a@bücher.example",
        "a@نامه\u{200c}ای.example",
        "élan@example.org",
        &longest,
    ] {
        assert!(is_email(address), "{address}");
        passes(&as_it_is(), &[("email", address), ("friend", address)]);
    }
    for address in [
        "a",
        "@",
        "a@",
        "@b.co",
        "a@b",
        "a@localhost",
        "a@b.",
        "a@.b",
        "a@b..co",
        "a@b.。co",
        "a@。b",
        "a@例子。",
        "a@@b.co",
        "a:b@c.org",
        "a@b:25.org",
        "a@b..",
        "a@b.c\u{3000}d",
        "a@b.c+d",
        "a@b.'c'",
        "a@b@c.co",
        "a b@c.org",
        "a@b c.org",
        "a@-b.co",
        "a@b-.co",
        "a@b.-co",
        "a@b_c.org",
        "a@b.co,",
        "a@b.co;c@d.co",
        "a@b.co c@d.co",
        "A <a@b.co>",
        "<a@b.co>",
        "\"a b\"@c.org",
        "a@[127.0.0.1]",
        "a(b)@c.org",
        "a,b@c.org",
        "a\\b@c.org",
        "a@b.co/",
        "a@b.co?c",
        "mailto:a@b.co",
        "a\u{a0}b@c.org",
        "a@b\u{2003}c.org",
        &longest.replacen('a', "aa", 1),
        &longest.replacen('b', "bb", 1),
    ] {
        assert!(!is_email(address), "{address}");
        check_mistakes(&as_it_is(), &[("email", address)], &[("email", Malformed)]);
        check_mistakes(&as_it_is(), &[("friend", address)], &[("friend", Malformed)]);
    }
    assert!(!is_email(""));
}

#[test]
fn a_value_is_of_its_kind() {
    let long = "1".repeat(19);
    for (name, good) in [
        (
            "phone",
            &[
                "12345",
                "+855 12 345 678",
                "(020) 7946-0958",
                "020/123.456",
                "០១២ ៣៤៥ ៦៧៨",
                "+999999999999999",
            ][..],
        ),
        ("country", &["KH", "GB", "XK"]),
        ("home", &["SS"]),
        ("postal_code", &["SW1A 1AA", "12345-6789", "០១២"]),
        ("colour", &["red", "blue"]),
        ("adult", &["on", ""]),
        ("age", &["0", "-1", "42", "007", "-9223372036854775808"]),
        ("born", &["2024-02-29", "1900-01-01", "0001-01-01", "9999-12-31"]),
    ] {
        for value in good {
            passes(&as_it_is(), &[(name, value)]);
        }
    }
    for (name, kind, bad) in [
        ("phone", Malformed, &["1234", "1234567890123456", "12345x", "+-+-+", "ext 12345"][..]),
        ("country", UnknownChoice, &["kh", "UK", "XX", "Cambodia", "KHM"]),
        ("home", UnknownChoice, &["ss"]),
        ("colour", UnknownChoice, &["green", "Red", "red,blue"]),
        ("adult", UnknownChoice, &["true", "ON", "off"]),
        ("age", Malformed, &["1.5", "1e3", "0x1f", "--1", "1 000", "forty", &long.repeat(2)]),
        (
            "born",
            Malformed,
            &[
                "2023-02-29",
                "2024-13-01",
                "2024-00-01",
                "2024-01-00",
                "2024-1-1",
                "24-01-01",
                "2024/01/01",
                "01-01-2024",
                "2024-01-01T00:00",
                "+024-01-01",
                "2024-+1-01",
                "2024-01-+1",
                "-2024-01-01",
                "2024-01",
                "20240101",
                "２０２４-01-01",
            ],
        ),
    ] {
        for value in bad {
            check_mistakes(&as_it_is(), &[(name, value)], &[(name, kind)]);
        }
    }
}

#[test]
fn a_required_value_of_which_nothing_is_seen_is_missing() {
    let changes = json!({"fields": [{"id": "given_name", "required": true}, {"id": "family_name"},
        {"id": "email"}, {"id": "why", "kind": "long_text", "label": "Why?", "required": true}]});
    let visible = [("why", "Because")];
    for blank in [
        "\u{200b}",
        "\u{2060}\u{200d}\u{200c}",
        "\u{feff} \u{ad}",
        "\u{3164}",
        "\u{ffa0}\u{115f}\u{1160}",
        "\u{2800}",
        "\u{180e}\u{fe0f}\u{e0041}",
        "\u{17b4}\u{34f}",
        "\u{a0}\u{3000}",
    ] {
        for name in ["given_name", "why", "subject", "body"] {
            // Long enough for a message.
            let value = [blank; 6].concat();
            let mut values = vec![(name, value.as_str())];
            values.extend(visible.iter().filter(|(visible, _)| *visible != name));
            check_mistakes(&changes, &values, &[(name, Missing)]);
        }
        // Optional values pass as they were typed.
        passes(&changes, &[visible[0], ("family_name", blank)]);
    }
    // Words of Khmer and Persian contain such characters.
    for name in ["ស្រី\u{200b}ល័ក្ខ", "\u{200b}មេឃ", "علی\u{200c}رضا", "👩\u{200d}👧", "x\u{feff}"]
    {
        let action = passes(&changes, &[visible[0], ("given_name", name)]);
        assert_eq!(action.person().given_name, name);
    }
}

#[test]
fn a_phone_number_is_sent_in_its_international_form() {
    for (country, typed, sent) in [
        ("KH", "012 345 678", "+85512345678"),
        (" KH ", " +855 (0)12 345 678\n", "+85512345678"),
        ("KH", "12 345 678", "12 345 678"),
        ("", "012 345 678", "012 345 678"),
    ] {
        let told = json!({"message": {"subjects": ["Call {{phone}}"], "head": "I am {{phone}}",
            "body": "Call me.", "editable": false}});
        let values = [("country", country), ("phone", typed), ("subject", "Call {{phone}}")];
        let action = passes(&told, &values);
        assert_eq!(action.person().phone, sent);
        // The message contains the number as it is sent.
        assert_eq!(action.message().subject, format!("Call {sent}"));
        assert_eq!(action.message().body, format!("I am {sent}\n\nCall me."));
    }
    // The number in another program's claims stays unchanged.
    let campaign = campaign(as_it_is());
    let action = check(&campaign, &entered(&[("country", "KH")]).composed(&campaign)).unwrap();
    let mut claims = claims(&campaign, &action);
    claims.person.phone = "012 345 678".to_owned();
    assert_eq!(check_claims(&campaign, &claims).unwrap().person().phone, "012 345 678");
}

#[test]
fn a_postcode_is_one_of_its_country() {
    for (country, postcode) in
        [("GB", "sw1a1aa"), ("KH", "120101"), ("KH", "១២០០០"), ("IE", "Dublin 4"), ("", "12")]
    {
        let values = [("country", country), ("postal_code", postcode)];
        assert_eq!(passes(&as_it_is(), &values).person().postal_code, postcode);
    }
    for (country, postcode) in [("GB", "120101"), (" KH ", "SW1A 1AA"), ("US", "1234")] {
        let values = [("country", country), ("postal_code", postcode)];
        check_mistakes(&as_it_is(), &values, &[("postal_code", Malformed)]);
    }
}

#[test]
fn several_choices_are_each_one_of_the_options() {
    let action =
        passes(&as_it_is(), &[("roles", "writer"), ("roles", "reader"), ("roles", "writer")]);
    let chosen = AnswerValue::Several(vec!["writer".to_owned(), "reader".to_owned()]);
    assert_eq!(action.answers().get("roles"), Some(&chosen));
    assert_eq!(passes(&as_it_is(), &[]).answers().get("roles"), None);
    let values = [("roles", "reader"), ("roles", "editor")];
    check_mistakes(&as_it_is(), &values, &[("roles", UnknownChoice)]);
}

/// A field of each kind defined by the campaign, required or not.
fn of_each_kind(required: bool) -> Value {
    let field = |kind: &str| {
        let options = if kind.starts_with("choice") { json!(["a", "b"]) } else { json!([]) };
        json!({"id": format!("own_{kind}"), "kind": kind, "label": "?", "options": options,
            "required": required})
    };
    let own = [
        "text",
        "long_text",
        "email",
        "phone",
        "country",
        "choice",
        "choices",
        "checkbox",
        "number",
        "date",
    ]
    .map(field);
    let standard = ["given_name", "email"].map(|id| json!({"id": id}));
    let fields = [&standard[..], &own].concat();
    json!({ "fields": fields })
}

const OF_EACH_KIND: [(&str, &str); 10] = [
    ("own_text", "ក"),
    ("own_long_text", "a\nb"),
    ("own_email", "a@b.co"),
    // Without a known country, a number is sent as it was typed.
    ("own_phone", "012 345 678"),
    ("own_country", "KH"),
    ("own_choice", "b"),
    ("own_choices", "a"),
    ("own_checkbox", "on"),
    ("own_number", "-3"),
    ("own_date", "2024-10-24"),
];

#[test]
fn questions_of_the_campaign_are_answered_or_left_open() {
    let answers = passes(&of_each_kind(true), &OF_EACH_KIND).answers().clone();
    let kept: Vec<(&str, &str)> =
        answers.0.iter().map(|(name, given)| (name.as_str(), given.values()[0].as_str())).collect();
    assert_eq!(kept, OF_EACH_KIND);
    let several = |given: &AnswerValue| matches!(given, AnswerValue::Several(_));
    assert!(answers.0.iter().all(|(name, given)| several(given) == (name == "own_choices")));
    // Unanswered, they are left out.
    assert_eq!(passes(&of_each_kind(false), &[]).answers().0, []);
    for (name, _) in OF_EACH_KIND {
        for empty in ["", " ", "\u{a0}\n"] {
            assert_eq!(passes(&of_each_kind(false), &[(name, empty)]).answers().get(name), None);
        }
    }
    let missing = OF_EACH_KIND.map(|(name, _)| (name, Missing));
    check_mistakes(&of_each_kind(true), &[], &missing);
}

#[test]
fn a_campaign_may_want_shorter_answers() {
    let shorter = json!({"fields": [
        {"id": "given_name", "max": 3},
        {"id": "email"},
        {"id": "why", "kind": "long_text", "label": "Why?", "max": 2},
        {"id": "word", "kind": "text", "label": "Word?", "max": 500},
        {"id": "none", "kind": "text", "label": "None?", "max": 0}
    ]});
    passes(&shorter, &[("why", "ab"), ("word", &"x".repeat(200))]);
    check_mistakes(&shorter, &[("given_name", "Adas")], &[("given_name", TooLong(3))]);
    check_mistakes(&shorter, &[("why", "កខគ")], &[("why", TooLong(2))]);
    // No longer ones: an action has a limit of its own.
    let long = "x".repeat(201);
    check_mistakes(&shorter, &[("word", &long)], &[("word", TooLong(LONGEST_TEXT))]);
    check_mistakes(&shorter, &[("none", "x")], &[("none", TooLong(0))]);
}

#[test]
fn the_standard_fields_stand_in_the_order_of_an_address() {
    assert_eq!(
        STANDARD_FIELDS,
        [
            "given_name",
            "family_name",
            "email",
            "phone",
            "country",
            "region",
            "locality",
            "postal_code",
            "address"
        ]
    );
    // `Person` has exactly the standard fields.
    let mut person = standwith::action::Person::default();
    for name in STANDARD_FIELDS {
        assert_eq!(person.get(name), "");
        person = shape::read(&json!({name: name}).to_string()).unwrap();
        assert_eq!(person.get(name), name);
    }
    let asked: Vec<String> =
        Campaign::default().fields.iter().map(|field| field.id.0.clone()).collect();
    assert_eq!(asked, ["given_name", "family_name", "email", "country"]);
}

#[test]
fn what_nobody_asked_is_refused() {
    check_mistakes(&as_it_is(), &[("surname", "x")], &[("surname", UnknownChoice)]);
    check_mistakes(&as_it_is(), &[("jti", "x")], &[("jti", UnknownChoice)]);
    check_mistakes(&as_it_is(), &[("consent_", "on")], &[("consent_", UnknownChoice)]);
    check_mistakes(&as_it_is(), &[("consent_sale", "off")], &[("consent_sale", UnknownChoice)]);
    // A standard field that the campaign does not ask for is accepted too, and validated.
    let none = json!({"fields": []});
    assert_eq!(passes(&none, &[("phone", "12345")]).person().phone, "12345");
    check_mistakes(&none, &[("email", "x")], &[("email", Malformed)]);
    check_mistakes(&none, &[("country", "XX")], &[("country", UnknownChoice)]);
}

#[test]
fn targets_are_chosen_within_limits() {
    let chosen = |ids: &[&'static str]| -> Vec<(&str, &str)> {
        ids.iter().map(|id| ("targets", *id)).collect()
    };
    // In the campaign's order, whatever order they were chosen in.
    assert_eq!(passes(&as_it_is(), &chosen(&["c", "a", "c"])).targets(), ["a", "c"]);
    check_mistakes(&as_it_is(), &chosen(&[""]), &[("targets", TooFew(1))]);
    check_mistakes(&as_it_is(), &chosen(&["a", "b", "c"]), &[("targets", TooMany(2))]);
    check_mistakes(&as_it_is(), &chosen(&["x"]), &[("targets", UnknownChoice)]);
    check_mistakes(&as_it_is(), &chosen(&["a", "x", "y"]), &[("targets", UnknownChoice)]);
    let two = json!({"targeting": {"mode": "choose", "least": 2}});
    check_mistakes(&two, &chosen(&["a"]), &[("targets", TooFew(2))]);
    check_mistakes(&two, &chosen(&["a", "a"]), &[("targets", TooFew(2))]);
    assert_eq!(passes(&two, &chosen(&["a", "b", "c"])).targets().len(), 3);
    let all = json!({"targeting": {"mode": "all"}});
    for ids in [&[][..], &[""], &["b"], &["a", "b", "c"]] {
        assert_eq!(passes(&all, &chosen(ids)).targets(), ["a", "b", "c"]);
    }
    check_mistakes(&all, &chosen(&["x"]), &[("targets", UnknownChoice)]);
}

#[test]
fn a_public_name_is_one_of_three() {
    for (word, name) in [
        ("", PublicName::Anonymous),
        ("anonymous", PublicName::Anonymous),
        ("initials", PublicName::Initials),
        ("name", PublicName::Name),
    ] {
        let action = passes(&as_it_is(), &[("public", word)]);
        assert_eq!(claims(&campaign(as_it_is()), &action).public, name);
    }
    check_mistakes(&as_it_is(), &[("public", "Name")], &[("public", UnknownChoice)]);
}

#[test]
fn a_consent_is_asked_where_it_belongs() {
    let asked = |values: &[(&str, &str)]| -> Vec<(String, bool)> {
        let action = passes(&as_it_is(), values);
        action.consents().iter().map(|c| (c.purpose.clone(), c.granted)).collect()
    };
    let pair = |purpose: &str, granted: bool| (purpose.to_owned(), granted);
    assert_eq!(asked(&[]), [pair("terms", true)]);
    assert_eq!(asked(&[("country", "US")]), [pair("terms", true)]);
    assert_eq!(asked(&[("country", "KH")]), [pair("news", false), pair("terms", true)]);
    let ticked = [("country", " GB "), ("consent_news", "on")];
    assert_eq!(asked(&ticked), [pair("news", true), pair("terms", true)]);
    // A consent ticked before the country changed does not count.
    assert_eq!(asked(&[("country", "US"), ("consent_news", "on")]), [pair("terms", true)]);
    let action = passes(&as_it_is(), &[("country", "KH")]);
    assert_eq!(action.wordings().collect::<Vec<_>>(), ["News.", "Terms."]);
    let required = json!({"consents":
        [{"purpose": "news", "wording": "News.", "countries": ["KH"], "required": true}]});
    let untouched = [("consent_terms", ""), ("country", "KH")];
    let campaign = campaign(required);
    let mut draft = entered(&untouched);
    draft.set("consent_terms", "");
    let field_errors = check(&campaign, &draft.composed(&campaign)).unwrap_err();
    assert_eq!(field_errors, [FieldError { field: "consent_news".to_owned(), kind: Missing }]);
    draft.set("country", "US");
    assert!(check(&campaign, &draft.composed(&campaign)).is_ok());
}

#[test]
fn mistakes_come_in_the_order_of_the_form() {
    check_mistakes(
        &as_it_is(),
        &[
            ("public", "x"),
            ("consent_terms", ""),
            ("body", ""),
            ("subject", ""),
            ("colour", "green"),
            ("email", "x"),
            ("given_name", ""),
            ("targets", ""),
            ("stranger", ""),
            ("region", "\0x"),
        ],
        &[
            ("targets", TooFew(1)),
            ("given_name", Missing),
            ("email", Malformed),
            ("colour", UnknownChoice),
            ("region", ControlCharacter),
            ("stranger", UnknownChoice),
            ("subject", Missing),
            ("body", Missing),
            ("consent_terms", Missing),
            ("public", UnknownChoice),
        ],
    );
    let other_order = json!({"fields": [{"id": "email"}, {"id": "given_name", "required": true}]});
    let expected = [("email", Malformed), ("given_name", Missing)];
    check_mistakes(&other_order, &[("email", "x"), ("given_name", "")], &expected);
}

#[test]
fn a_mistake_has_a_code() {
    for (field, kind, code) in [
        ("email", Malformed, "email_malformed"),
        ("given_name", Missing, "given_name_missing"),
        ("subject", TooLong(200), "subject_too_long"),
        ("body", TooShort(40), "body_too_short"),
        ("body", Altered, "body_altered"),
        ("phone", ControlCharacter, "phone_control_character"),
        ("country", UnknownChoice, "country_unknown_choice"),
        ("targets", TooFew(1), "targets_too_few"),
        ("targets", TooMany(2), "targets_too_many"),
        ("public", UnknownChoice, "public_unknown_choice"),
        ("consent_terms", Missing, "consent_missing"),
        ("colour", Missing, "answer_missing"),
        ("sealed", Refused, "answer_refused"),
    ] {
        assert_eq!(FieldError { field: field.to_owned(), kind }.code(), code);
    }
}

#[test]
fn what_an_endpoint_reports_is_understood_or_plainly_refused() {
    let campaign = campaign(as_it_is());
    for (field, code, kind) in [
        ("email", "email_malformed", Malformed),
        ("email", "email_too_long", TooLong(LONGEST_EMAIL)),
        ("body", "body_too_long", TooLong(60)),
        ("body", "body_too_short", TooShort(5)),
        ("targets", "targets_too_many", TooMany(2)),
        ("nobody", "answer_missing", Missing),
        ("email", "email_blocked", Refused),
        ("", "", Refused),
    ] {
        assert_eq!(
            FieldError::reported(&campaign, field, code),
            FieldError { field: field.to_owned(), kind }
        );
    }
}

#[test]
fn a_message_that_is_locked_stays_as_it_is_written() {
    let names = [("given_name", "Ada"), ("family_name", "{{given_name}}")];
    let with = |more: &[(&'static str, &'static str)]| [&names[..], more].concat();
    let action =
        passes(&locked(), &with(&[("subject", "From {{given_name}}"), ("body", "anything")]));
    assert_eq!(action.message().subject, "From Ada");
    assert_eq!(action.message().body, "Dear sir\n\nI, Ada, ask.\n\n{{given_name}}");
    passes(&locked(), &with(&[("subject", "Other")]));
    check_mistakes(&locked(), &with(&[("subject", "Mine")]), &[("subject", Altered)]);
    check_mistakes(&locked(), &with(&[("subject", "From Eve")]), &[("subject", Altered)]);
}

#[test]
fn claims_keep_to_a_locked_message() {
    let campaign = campaign(locked());
    let action = check(&campaign, &entered(&[("subject", "Other")]).composed(&campaign)).unwrap();
    let refused = |change: &dyn Fn(&mut Claims), field: &str| {
        let mut claims = claims(&campaign, &action);
        change(&mut claims);
        let field_errors = check_claims(&campaign, &claims).unwrap_err();
        assert_eq!(field_errors, [FieldError { field: field.to_owned(), kind: Altered }]);
    };
    let message = |subject: &str, body: &str| {
        Some(Message { subject: subject.to_owned(), body: body.to_owned() })
    };
    refused(&|claims| claims.message = message("Other", "Dear sir\n\nI, Eve, ask."), "body");
    refused(&|claims| claims.message = message("Other", "I, Ada, ask."), "body");
    refused(&|claims| claims.message = message("Mine", "Dear sir\n\nI, Ada, ask."), "subject");
    // The message contains the person's name.
    refused(&|claims| claims.person.given_name = "Eve".to_owned(), "body");
}

#[test]
fn head_and_foot_stand_about_the_body() {
    let names = [("given_name", "Ada"), ("family_name", "{{given_name}}")];
    let action = passes(&framed(), &[&names[..], &[("body", "Mine")]].concat());
    assert_eq!(action.message().body, "Dear {{given_name}}\n\nMine\n\nYours, Ada");
    let campaign = campaign(framed());
    let judged = |body: &str| {
        let mut claims = claims(&campaign, &action);
        claims.message = Some(Message { subject: "S".to_owned(), body: body.to_owned() });
        check_claims(&campaign, &claims).map(|_| ())
    };
    let (head, foot) = ("Dear {{given_name}}", "Yours, Ada");
    for body in [
        format!("{head}\n\nMine\n\n{foot}"),
        format!("{head}\r\n\r\nMine\r\n\r\n{foot}\r\n"),
        format!("{head}\n\n{foot}"),
        format!("{head}\n\n{head}\n\n{foot}\n\n{foot}"),
    ] {
        assert_eq!(judged(&body), Ok(()), "{body}");
    }
    let altered = Err(vec![FieldError { field: "body".to_owned(), kind: Altered }]);
    for body in [
        "Mine".to_owned(),
        format!("{head}\n\nMine"),
        format!("Mine\n\n{foot}"),
        format!("Dear Ada\n\nMine\n\n{foot}"),
        format!("{head}\n\nMine\n\nYours, Eve"),
        format!("{head}\nMine\n{foot}"),
        format!("{head}, or rather not\n\nMine\n\n{foot}"),
        format!("{head}\n\nMine, not {foot}"),
        format!("{head}{foot}"),
        format!("{head}\n{foot}"),
        format!("x{head}\n\nMine\n\n{foot}"),
    ] {
        assert_eq!(judged(&body), altered, "{body}");
    }
}

#[test]
fn head_and_foot_do_not_stand_for_each_other() {
    let same = json!({"message": {"subjects": ["S"], "head": "Same", "body": "B", "foot": "Same"}});
    let campaign = campaign(same);
    let action = check(&campaign, &entered(&[]).composed(&campaign)).unwrap();
    for (body, taken) in [("Same\n\nSame", true), ("Same", false), ("Same\n\nx\n\nSame", true)] {
        let mut claims = claims(&campaign, &action);
        claims.message = Some(Message { subject: "S".to_owned(), body: body.to_owned() });
        assert_eq!(check_claims(&campaign, &claims).is_ok(), taken, "{body}");
    }
}

#[test]
fn claims_say_no_more_than_the_form_asks() {
    let unknown = |field: &'static str| [(field, UnknownChoice)];
    check_claimed(&as_it_is(), |_| (), &[]);
    check_claimed(&as_it_is(), |c| c.sealed = Some(String::new()), &unknown("sealed"));
    check_claimed(
        &as_it_is(),
        |c| c.messages.0.push(("a".to_owned(), Message::default())),
        &unknown("messages"),
    );
    check_claimed(&as_it_is(), |c| c.delivery = Some(DeliveryClaim::MailApp), &unknown("delivery"));
    check_claimed(&as_it_is(), |c| c.delivery = Some(DeliveryClaim::Server), &[]);
    let modes = |modes: Value| json!({ "delivery": { "modes": modes } });
    let both = modes(json!(["server", "mail-app"]));
    check_claimed(&both, |c| c.delivery = Some(DeliveryClaim::MailApp), &[]);
    check_claimed(&both, |c| c.delivery = Some(DeliveryClaim::Server), &[]);
    check_claimed(&both, |c| c.delivery = None, &[]);
    let mailed = modes(json!(["mail-app"]));
    check_claimed(&mailed, |c| c.delivery = Some(DeliveryClaim::MailApp), &[]);
    // The campaign has no delivery by the server, so no one would deliver the message.
    check_claimed(&mailed, |c| c.delivery = Some(DeliveryClaim::Server), &unknown("delivery"));
    check_claimed(&mailed, |c| c.delivery = None, &unknown("delivery"));
    check_claimed(&as_it_is(), |c| c.message = None, &[("subject", Missing), ("body", Missing)]);
    check_claimed(
        &as_it_is(),
        |c| c.consents.push(ConsentClaim { purpose: "sale".to_owned(), ..ConsentClaim::default() }),
        &unknown("consent_sale"),
    );
    check_claimed(&as_it_is(), |c| c.consents[0].granted = false, &[("consent_terms", Missing)]);
    check_claimed(&as_it_is(), |c| c.consents.clear(), &[("consent_terms", Missing)]);
}

#[test]
fn an_answer_passes_for_nothing_else() {
    fn answer(claims: &mut Claims, name: &str, value: &str) {
        claims.answers.0.push((name.to_owned(), AnswerValue::One(value.to_owned())));
    }
    let unknown = |field: &'static str| [(field, UnknownChoice)];
    check_claimed(&as_it_is(), |c| answer(c, "why", "so"), &[]);
    check_claimed(&as_it_is(), |c| answer(c, "stranger", "x"), &unknown("stranger"));
    check_claimed(&as_it_is(), |c| answer(c, "family_name", "x"), &unknown("family_name"));
    check_claimed(&as_it_is(), |c| answer(c, "targets", "a"), &unknown("targets"));
    check_claimed(&as_it_is(), |c| answer(c, "public", "name"), &unknown("public"));
    check_claimed(&as_it_is(), |c| answer(c, "consent_news", "on"), &unknown("consent_news"));
    check_claimed(
        &as_it_is(),
        |c| {
            c.message = None;
            answer(c, "subject", "Subject");
            answer(c, "body", "The body");
        },
        &[("subject", UnknownChoice), ("body", UnknownChoice)],
    );
    check_claimed(
        &as_it_is(),
        |c| {
            let several = AnswerValue::Several(vec!["red".to_owned(), "blue".to_owned()]);
            c.answers.0.push(("colour".to_owned(), several));
        },
        &unknown("colour"),
    );
}

#[test]
fn what_was_signed_for_some_does_not_go_to_all() {
    let all = json!({"targeting": {"mode": "all"}});
    check_claimed(&all, |_| (), &[]);
    check_claimed(&all, |c| c.targets.clear(), &[]);
    check_claimed(&all, |c| c.targets = vec!["b".to_owned()], &[("targets", TooFew(3))]);
    check_claimed(&all, |c| c.targets.push("x".to_owned()), &[("targets", UnknownChoice)]);
}

#[test]
fn the_example_is_sent_as_it_stands() {
    let file =
        CampaignFile::parse(include_bytes!("../../../www/campaigns/free-mech-dara.json")).unwrap();
    for lang in file.languages() {
        let campaign = file.campaign(&lang, Strictness::Strict).unwrap();
        let mut draft = Draft::new(&campaign);
        for (name, value) in [
            ("given_name", "ដារ៉ា"),
            ("family_name", "មេឃ"),
            ("email", "dara@example.org"),
            ("country", "KH"),
            ("targets", "embassy"),
            ("consent_delivery", "on"),
        ] {
            draft.set(name, value);
        }
        let action = check(&campaign, &draft.composed(&campaign)).unwrap();
        assert!(!action.message().body.contains("{{"), "{}", action.message().body);
        assert_replays(&campaign, &action);
    }
}

fn said(message: &Message) -> [&str; 2] {
    [&message.subject, &message.body]
}

#[test]
fn each_target_gets_a_message_of_its_own() {
    let both = [("targets", "b"), ("targets", "a"), ("body", "My words"), ("subject", "Mine")];
    let action = passes(&apart(), &both);
    assert_eq!(said(action.message()), ["", ""]);
    let messages: Vec<_> =
        action.messages().0.iter().map(|(id, m)| (id.as_str(), said(m))).collect();
    let expected = [
        ("a", ["Mine", "Dear A\n\nMy words\n\nAda"]),
        ("b", ["Mine", "Dear B\n\nMy words\n\nAda"]),
    ];
    assert_eq!(messages, expected);
    let claims = claims(&campaign(apart()), &action);
    assert_eq!((claims.message, claims.messages.0.len()), (None, 2));
    // Each is validated, and each error is reported once.
    let long = "x".repeat(60);
    check_mistakes(&apart(), &[("body", &long)], &[("body", TooLong(60))]);
    check_mistakes(&apart(), &[("subject", ""), ("targets", "a")], &[("subject", Missing)]);
    // Without targets, the text is validated all the same.
    let nobody = [("targets", ""), ("subject", "")];
    check_mistakes(&apart(), &nobody, &[("targets", TooFew(1)), ("subject", Missing)]);
    // Values without a control in the form are rejected.
    check_mistakes(&apart(), &[("body/x", "x")], &[("messages", UnknownChoice)]);
    check_mistakes(&framed(), &[("body/a", "x")], &[("messages", UnknownChoice)]);
    passes(&apart(), &[("body/c", "x")]);
}

#[test]
fn claims_hold_a_message_for_each_target_and_for_no_other() {
    let unknown = |field: &'static str| [(field, UnknownChoice)];
    check_claimed(&apart(), |_| (), &[]);
    check_claimed(&apart(), |c| c.message = Some(Message::default()), &unknown("message"));
    check_claimed(
        &apart(),
        |c| c.messages.0.push(("b".to_owned(), c.messages.0[0].1.clone())),
        &unknown("messages"),
    );
    check_claimed(
        &apart(),
        |c| c.messages.0.push(("x".to_owned(), c.messages.0[0].1.clone())),
        &unknown("messages"),
    );
    check_claimed(
        &apart(),
        |c| c.messages.0.push(("b".to_owned(), Message::default())),
        &unknown("messages"),
    );
    check_claimed(
        &apart(),
        |c| c.targets.push("b".to_owned()),
        &[("subject", Missing), ("body", Missing)],
    );
    check_claimed(&apart(), |c| c.messages.0.clear(), &[("subject", Missing), ("body", Missing)]);
    check_claimed(
        &apart(),
        |c| {
            c.message = Some(c.messages.0[0].1.clone());
            c.messages.0.clear();
        },
        &[("subject", Missing), ("body", Missing), ("message", UnknownChoice)],
    );
    // Head and foot must be those of this target.
    check_claimed(
        &apart(),
        |c| c.messages.0[0].1.body = c.messages.0[0].1.body.replace("Dear A", "Dear B"),
        &[("body", Altered)],
    );
    check_claimed(
        &as_it_is(),
        |c| {
            c.messages.0.push((
                "a".to_owned(),
                Message { subject: "S".to_owned(), body: "Body".to_owned() },
            ))
        },
        &unknown("messages"),
    );
}

#[test]
fn which_subject_was_left_as_it_is() {
    let several =
        json!({"message": {"subjects": ["Subject", "From {{given_name}}", "Third"], "body": "B"}});
    let index =
        |changes: &Value, subject: &str| passes(changes, &[("subject", subject)]).subject_index();
    for (subject, expected) in [
        ("Subject", Some(0)),
        (" From {{given_name}} ", Some(1)),
        ("From Ada", Some(1)),
        ("Third", Some(2)),
        ("Third!", None),
    ] {
        assert_eq!(index(&several, subject), expected, "{subject}");
    }
    // With a single subject there is no index.
    assert_eq!(index(&as_it_is(), "Subject"), None);
    let both = [("targets", "a"), ("targets", "b")];
    for (subject, expected) in
        [("To {{target_name}}", Some(0)), ("Ada asks", Some(1)), ("To A", None)]
    {
        let action = passes(&apart(), &[&both[..], &[("subject", subject)]].concat());
        assert_eq!(action.subject_index(), expected, "{subject}");
    }
    assert_eq!(passes(&apart(), &[("subject", "To A")]).subject_index(), Some(0));

    // A claimed index is right, or left out.
    let unknown = [("subject_index", UnknownChoice)];
    check_claimed(&several, |c| assert_eq!(c.subject_index, Some(0)), &[]);
    check_claimed(&several, |c| c.subject_index = None, &[]);
    check_claimed(&several, |c| c.subject_index = Some(1), &unknown);
    check_claimed(&several, |c| c.subject_index = Some(u32::MAX), &unknown);
    check_claimed(&as_it_is(), |c| c.subject_index = Some(0), &[]);
    // Two that read the same are both valid.
    let same = json!({"message": {"subjects": ["Subject", "Subject{{family_name}}"], "body": "B"}});
    check_claimed(&same, |c| c.subject_index = Some(1), &[]);
}

/// Texts that break forms; few contain control characters, so that many pass validation.
fn naughty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        20 => prop::sample::select(vec![
            "a", " ", "{{", "}}", "{{given_name}}", "{{family_name}}", "{{ email }}", "{{x}}", "មេឃ",
            "\u{200b}", "\u{200d}", "\u{a0}", "\u{202e}", "\u{feff}", "👩‍👧", "e\u{301}", "\"", "\\",
            "<b>", "Yours, ", "Dear ", "Dear sir", "\n\n", "\r\n", "KH", "on", "5", "-",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// The same on one line, for names.
fn naughty_line() -> impl Strategy<Value = String> {
    naughty().prop_map(|text| text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect())
}

/// Names of answers, some of them invalid.
fn answered() -> impl Strategy<Value = String> {
    let known =
        prop::sample::select(vec!["why", "why", "roles", "colour", "email", "consent_news"]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => naughty()]
}

fn forms() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        as_it_is(),
        locked(),
        framed(),
        json!({"targeting": {"mode": "all"}, "message": {"subjects": ["{{family_name}}"], "min": 0,
            "body": "{{given_name}} {{family_name}}", "editable": false,
            "head": " {{family_name}}\r\n", "foot": "{{region}} \n"}}),
        json!({"message": {"subjects": ["S"], "head": "{{family_name}}", "body": "",
            "foot": "{{family_name}}"}}),
        apart(),
        json!({"targeting": {"mode": "all"}, "message": {"subjects": ["{{target_name}}", "B"],
            "body": "{{given_name}} to {{target_name}}", "editable": false, "per_target": true}}),
        json!({"message": {"subjects": ["S", "A", "{{target_name}}"], "head": "{{target_name}}",
            "body": "B"}}),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_passes_in_the_browser_passes_at_the_endpoint(
        changes in forms(),
        given in naughty_line(),
        family in naughty_line(),
        region in naughty_line(),
        subject in naughty_line(),
        body in naughty(),
        why in naughty(),
        country in prop::sample::select(vec!["", "KH", " GB", "US"]),
        ticked in any::<bool>(),
    ) {
        let campaign = campaign(changes);
        let suggested = campaign.message.subjects[0].clone();
        let subject = if campaign.message.editable { subject } else { suggested };
        let draft = entered(&[
            ("given_name", &given),
            ("family_name", &family),
            ("region", &region),
            ("subject", &subject),
            ("body", &body),
            (if ticked { "targets" } else { "adult" }, if ticked { "c" } else { "on" }),
            ("why", &why),
            ("country", country),
            ("consent_news", if ticked { "on" } else { "" }),
        ]);
        if let Ok(action) = check(&campaign, &draft.composed(&campaign)) {
            assert_replays(&campaign, &action);
            let claims = claims(&campaign, &action);
            let again = check(&campaign, &Draft::claimed(&claims));
            prop_assert_eq!(again.as_ref(), Ok(&action));
        }
    }

    #[test]
    fn no_claims_make_it_panic_and_what_is_taken_is_taken_again(
        changes in forms(),
        changed in any::<[bool; 4]>(),
        texts in prop::collection::vec(naughty(), 5),
        (index, to) in (prop::option::of(0..3u32), prop::option::of("[abx]")),
        field in prop::sample::select(STANDARD_FIELDS.to_vec()),
        answers in prop::collection::vec((answered(), prop::collection::vec(naughty(), 0..3)), 0..2),
    ) {
        let campaign = campaign(changes);
        let action = check(&campaign, &entered(&[("subject", "Other")]).composed(&campaign));
        let mut claims = action.map(|action| claims(&campaign, &action)).unwrap_or_default();
        let [name, subject, body, target, purpose] = &texts[..] else { unreachable!() };
        if changed[0] {
            let mut person: Value = serde_json::from_str(&shape::write(&claims.person)).unwrap();
            person[field] = json!(name);
            claims.person = shape::read(&person.to_string()).unwrap();
        }
        if changed[1] {
            claims.message = Some(Message { subject: subject.clone(), body: body.clone() });
        }
        if changed[2] {
            claims.targets.push(target.clone());
        }
        if changed[3] {
            let purpose = purpose.clone();
            claims.consents.push(ConsentClaim { purpose, ..ConsentClaim::default() });
        }
        claims.subject_index = index.or(claims.subject_index);
        if let Some(to) = to {
            let message = Message { subject: subject.clone(), body: body.clone() };
            match claims.messages.0.iter_mut().find(|(id, _)| *id == to) {
                Some((_, own)) => *own = message,
                None => claims.messages.0.push((to, message)),
            }
        }
        claims.answers.0.extend(answers.into_iter().map(|(k, v)| (k, AnswerValue::Several(v))));
        if let Ok(action) = check_claims(&campaign, &claims) {
            assert_replays(&campaign, &action);
        }
    }
}
