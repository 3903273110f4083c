//! One declaration makes reader, writer and schema: written values read back as the same, and the schema describes
//! them.

use proptest::prelude::*;
use standwith::action::{ActionKind, AnswerValue, Claims, Message, Person, PublicName};
use standwith::json::Writer;
use standwith::shape::{self, FaultKind, Reading, Shape, Table};

// Regression: each error held its whole pointer, and a text of 32 KB took 268 MB.
#[test]
fn notes_a_bounded_number_of_short_faults() {
    use standwith::action::Claims;
    use standwith::shape::{LONGEST_POINTER, MOST_FAULTS};
    let key = "~".repeat(16_000);
    let values = vec!["1"; 8000].join(",");
    let keys: Vec<String> = (0..900).map(|n| format!("\"x{n}\":1")).collect();
    let text = format!(r#"{{"answers":{{"{key}":[{values}]}},{}}}"#, keys.join(","));
    let faults = shape::read::<Claims>(&text).unwrap_err();
    assert!(faults.len() <= 2 * MOST_FAULTS, "{}", faults.len());
    assert!(faults.iter().all(|fault| fault.pointer.len() <= LONGEST_POINTER));
    // Errors of both kinds are reported: wrong values and unknown keys.
    assert!(faults.iter().any(|fault| fault.pointer.starts_with("/answers/~0~0")));
    assert!(faults.iter().any(|fault| fault.pointer == "/x0"));
}

#[test]
fn what_equals_its_default_is_not_written() {
    let claims = Claims { jti: "j".to_owned(), ..Claims::default() };
    assert_eq!(shape::write(&claims), r#"{"jti":"j","iat":0,"aud":"","campaign":""}"#);
}

#[test]
fn a_pointer_escapes_its_steps() {
    let mut reading = Reading::default();
    reading.inside("a/b", |reading| reading.inside("~1", |r| r.fault(7, FaultKind::Unknown)));
    reading.fault(1, FaultKind::Missing);
    let pointers: Vec<&str> = reading.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a~1b/~01", ""]);
}

#[test]
fn a_list_is_read_to_its_end_whatever_is_wrong_in_it() {
    let faults = shape::read::<Vec<String>>("[1,\n\"a\",\nnull]").unwrap_err();
    let places: Vec<(&str, u32)> = faults.iter().map(|f| (f.pointer.as_str(), f.line)).collect();
    assert_eq!(places, [("/0", 1), ("/2", 3)]);
}

#[test]
fn a_number_has_to_fit() {
    for (text, fits) in [("0", true), ("4294967295", true), ("4294967296", false), ("-1", false)] {
        assert_eq!(shape::read::<u32>(text).is_ok(), fits, "{text}");
    }
    assert_eq!(shape::read::<i64>("-9223372036854775808"), Ok(i64::MIN));
    assert!(shape::read::<i64>("9223372036854775808").is_err());
}

#[test]
fn a_word_is_one_of_those_declared() {
    for name in [PublicName::Anonymous, PublicName::Initials, PublicName::Name] {
        assert_eq!(PublicName::of(name.word()), Some(name));
    }
    assert_eq!(PublicName::of("Name"), None);
    assert_eq!(ActionKind::default().word(), "message");
    let faults = shape::read::<PublicName>("\"nobody\"").unwrap_err();
    let expected = "\"name\", \"initials\" or \"anonymous\"";
    assert_eq!(faults[0].kind, FaultKind::Expected(expected));
}

#[test]
fn a_schema_describes_what_is_declared() {
    let mut out = Writer::default();
    out.object(Message::schema);
    let schema: serde_json::Value = serde_json::from_str(&out.finish()).unwrap();
    let expected = serde_json::json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "subject": {"description": "Subject.", "type": "string"},
            "body": {"description": "Body, with LF line ends.", "type": "string"},
        },
        "required": [],
    });
    assert_eq!(schema, expected);
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(
        texts in prop::collection::vec(any::<String>(), 6),
        answers in prop::collection::btree_map(any::<String>(), any::<Vec<String>>(), 0..4),
        iat in any::<i64>(),
        index in any::<Option<u32>>(),
        test in any::<bool>(),
    ) {
        let [jti, aud, name, subject, body, target] = texts.try_into().unwrap_or_default();
        let claims = Claims {
            jti,
            iat,
            aud,
            person: Person { given_name: name, ..Person::default() },
            message: Some(Message { subject, body }),
            targets: vec![target],
            answers: Table(answers.into_iter().map(|(k, v)| (k, AnswerValue::Several(v))).collect()),
            public: PublicName::Initials,
            subject_index: index,
            test,
            ..Claims::default()
        };
        let text = shape::write(&claims);
        prop_assert_eq!(shape::read(&text), Ok(claims));
    }
}
