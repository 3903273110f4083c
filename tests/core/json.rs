//! The parser accepts RFC 8259 within its limits and nothing else, reports the right line, and never panics.

use proptest::prelude::*;
use standwith::json::{DEEPEST, Json, MOST_MEMBERS, SyntaxFault, Value, Writer, parse};

fn check_accepted(text: &str) {
    assert!(parse(text).is_ok(), "{text:?} is JSON, but: {:?}", parse(text));
}

/// Asserts that `text` is rejected on line `line`.
fn check_refused(text: &str, line: u32) {
    match parse(text) {
        Ok(json) => unreachable!("{text:?} is not JSON, but was read as {json:?}"),
        Err(fault) => assert_eq!(fault.line, line, "{text:?}: {fault:?}"),
    }
}

fn check_value(text: &str, expected: Value) {
    assert_eq!(parse(text), Ok(Json { line: 1, value: expected }), "{text}");
}

#[test]
fn all_of_rfc_8259_is_accepted() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "123",
        "1.5",
        "0.0",
        "1e3",
        "1E+3",
        "1e-03",
        "-0.0e0",
        "123456789012345678901234567890",
        "1e400",
        r#""""#,
        r#""text""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u0000""#,
        r#""\u00e9\u1798""#,
        r#""\uD83D\uDE00""#,
        r#""\uFFFF""#,
        "\"\u{7f}\"",
        "\"\u{80}\u{2028}\u{2029}\u{feff}\"",
        "\"មេឃ ដារ៉ា\"",
        "\"👩‍👧\"",
        "[]",
        "[ ]",
        "[[]]",
        "[1,2]",
        "[null, true, \"a\", {}]",
        "{}",
        "{ }",
        r#"{"":0}"#,
        r#"{"a":{"b":[{"c":null}]}}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"\u0061":1}"#,
        " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n",
        "{\n\"a\"\r\n:\t1 }",
    ] {
        check_accepted(text);
    }
}

#[test]
fn all_else_is_refused() {
    for text in [
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "undefined",
        "NaN",
        "Infinity",
        "-Infinity",
        "+1",
        "-",
        "--1",
        "- 1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "1.e3",
        "1e",
        "1e+",
        "1ee3",
        "1e3.5",
        "1_000",
        "0x1F",
        "1 2",
        "１",
        "'a'",
        "a",
        "\"",
        "\"a",
        "\"\\\"",
        r#""\a""#,
        r#""\x41""#,
        r#""\u""#,
        r#""\u00g0""#,
        r#""\u+041""#,
        r#""\u 041""#,
        r#""\U0041""#,
        "\"\\é\"",
        "\"\\\u{0}\"",
        r#""\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u0041""#,
        r#""\ud800\ud800""#,
        r#""\udc00""#,
        r#""\udc00\ud800""#,
        "\"a\tb\"",
        "\"a\u{1f}b\"",
        "\"a\u{0}b\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1:2]",
        "[1}",
        "[]]",
        "{",
        "}",
        "{]",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a" 1}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1,,"b":2}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a"::1}"#,
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        r#"{"a":1}}"#,
        "[1] // a comment",
        "/* a comment */ 1",
        "# 1",
        "[1]\u{0}",
        "\u{feff}[]",
        "[\u{a0}1]",
        "[\u{c}1]",
        "[\u{2028}1]",
        "\u{2060}[]",
    ] {
        check_refused(text, 1);
    }
    check_refused("[\"a\nb\"]", 1);
}

#[test]
fn a_fault_is_told_with_its_line() {
    check_refused("{\n  \"a\": 1,\n  \"b\" 2\n}", 3);
    check_refused("[\r\n1,\r\n2,\r\n]", 4);
    check_refused("{\n\"a\": \"runs on\n\"}", 2);
    check_refused("\n\n", 3);
    check_refused("[1]\n\n[2]", 3);
}

#[test]
fn a_value_begins_on_its_own_line() {
    let json = parse("\n{\"a\":\n  [1,\n\n   \"x\"]}").unwrap();
    assert_eq!(json.line, 2);
    let list = json.get("a").unwrap();
    assert_eq!(list.line, 3);
    let Value::List(items) = &list.value else { unreachable!("a list") };
    assert_eq!([items[0].line, items[1].line], [3, 5]);
}

#[test]
fn what_was_written_is_what_is_read() {
    check_value(r#""\ud83d\ude00""#, Value::Text("😀".to_owned()));
    check_value(r#""\u1798\u17c1\u1783""#, Value::Text("មេឃ".to_owned()));
    check_value(r#""\/\b\f""#, Value::Text("/\u{8}\u{c}".to_owned()));
    check_value("-0", Value::Whole(0));
    check_value("9223372036854775807", Value::Whole(i64::MAX));
    check_value("-9223372036854775808", Value::Whole(i64::MIN));
    check_value("9223372036854775808", Value::Fraction);
    check_value("1.0", Value::Fraction);
    check_value("1e0", Value::Fraction);
}

#[test]
fn a_key_that_stands_twice_is_kept_twice_and_found_first() {
    let json = parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
    let Value::Object(members) = &json.value else { unreachable!("an object") };
    let keys: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "a"]);
    assert_eq!(json.get("a").map(|a| &a.value), Some(&Value::Whole(1)));
}

#[test]
fn nesting_ends_before_the_stack_does() {
    let lists = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    let objects =
        |depth: usize| ["{\"a\":".repeat(depth), "0".to_owned(), "}".repeat(depth)].concat();
    let deepest = DEEPEST as usize;
    for nested in [lists(deepest), objects(deepest)] {
        check_accepted(&nested);
    }
    for nested in [lists(deepest + 1), objects(deepest + 1)] {
        let expected = "less deep nesting";
        assert_eq!(parse(&nested), Err(SyntaxFault { line: 1, expected }));
    }
    check_refused(&"[".repeat(1_000_000), 1);
    check_refused(&"{\"a\":".repeat(1_000_000), 1);
}

#[test]
fn an_object_has_an_end() {
    let object = |members: usize| {
        let members: Vec<String> = (0..members).map(|index| format!("\"{index}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    check_accepted(&object(MOST_MEMBERS));
    check_refused(&object(MOST_MEMBERS + 1), 1);
    check_accepted(&format!("[{}0]", "0,".repeat(100_000)));
}

#[test]
fn the_writer_sets_every_comma() {
    let mut out = Writer::default();
    out.object(|out| {
        out.key("a").list(|out| {
            out.whole(-1);
            out.boolean(true);
            out.list(|_| {});
            out.object(|_| {});
            out.text("[{:");
            out.text("");
            out.json("null");
        });
        out.key("b,").object(|out| out.key("\"").text("\u{1}\u{1f}\n\t\\"));
    });
    let expected = r#"{"a":[-1,true,[],{},"[{:","",null],"b,":{"\"":"\u0001\u001f\n\u0009\\"}}"#;
    assert_eq!(out.finish(), expected);
}

fn write(json: &Json, out: &mut Writer) {
    match &json.value {
        Value::Null | Value::Fraction => out.json("null"),
        Value::Bool(truth) => out.boolean(*truth),
        Value::Whole(number) => out.whole(*number),
        Value::Text(text) => out.text(text),
        Value::List(items) => out.list(|out| items.iter().for_each(|item| write(item, out))),
        Value::Object(members) => out.object(|out| {
            members.iter().for_each(|member| write(&member.value, out.key(&member.key)));
        }),
    }
}

/// Whether our result equals that of serde_json.
fn is_same(ours: &Json, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Theirs;
    match (&ours.value, theirs) {
        (Value::Null, Theirs::Null) => true,
        (Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Value::Whole(0), Theirs::Number(theirs)) => theirs.as_f64() == Some(0.0),
        (Value::Whole(ours), Theirs::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Value::Fraction, Theirs::Number(theirs)) => theirs.as_i64().is_none(),
        (Value::Text(ours), Theirs::String(theirs)) => ours == theirs,
        (Value::List(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(o, t)| is_same(o, t))
        }
        // Of a duplicate key, serde_json takes the last value.
        (Value::Object(ours), Theirs::Object(theirs)) => {
            let last = |key: &String| ours.iter().rfind(|member| member.key == *key);
            ours.iter().all(|member| theirs.contains_key(&member.key))
                && theirs.iter().all(|(k, t)| last(k).is_some_and(|m| is_same(&m.value, t)))
        }
        _ => false,
    }
}

/// Texts made of fragments of JSON, some of them valid.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d83d", "de00", "0", "1", "-", ".", "e",
        "+", "true", "null", " ", "\n", "\"a\"", "\"a\":", "é", "\u{0}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Values of every kind.
fn values() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 40, 6, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(|items| json!(items)),
            prop::collection::btree_map(any::<String>(), inside, 0..6)
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn it_takes_what_serde_json_takes(text in pieces()) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (parse(&text), theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert!(is_same(&ours, &theirs), "{text}"),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(fault)) => {
                // 1e999 is valid JSON, but no f64.
                prop_assert!(fault.to_string().starts_with("number out of range"), "{text}: {fault}");
            }
            (Err(fault), Ok(_)) => prop_assert!(false, "{text} is rejected: {fault:?}"),
        }
    }

    #[test]
    fn it_reads_what_serde_json_writes(value in values()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let json = parse(&text);
            prop_assert!(json.as_ref().is_ok_and(|json| is_same(json, &value)), "{text}: {json:?}");
        }
    }

    #[test]
    fn what_it_writes_is_read_as_the_same(value in values()) {
        let json = parse(&value.to_string()).unwrap();
        let mut out = Writer::default();
        write(&json, &mut out);
        let text = out.finish();
        let again = parse(&text).unwrap();
        let mut out = Writer::default();
        write(&again, &mut out);
        prop_assert_eq!(&out.finish(), &text);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }
}
