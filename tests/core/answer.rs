//! The meaning of an endpoint's answer: yes, no, later, or unknown.

use proptest::prelude::*;
use standwith::answer::{Acceptance, Outcome, Refusal, Status, count, outcome};

const JTI: &str = "AAECAwQFBgcICQoLDA0ODw";

fn check(status: u16, body: &str, retry_after: Option<u32>, expected: Outcome) {
    assert_eq!(outcome(status, body, retry_after, JTI), expected, "{status} {body}");
}

fn accepted(status: Status, receipt: &str, count: Option<i64>) -> Outcome {
    let (id, receipt) = (JTI.to_owned(), receipt.to_owned());
    Outcome::Accepted(Acceptance { id, status, receipt, count })
}

fn refused(code: &str, errors: &[(&str, &str)], now: Option<i64>) -> Outcome {
    let errors = errors.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned()));
    Outcome::Refused(Refusal { code: code.to_owned(), errors: errors.collect(), now })
}

#[test]
fn the_endpoint_has_the_action_when_it_says_so_by_its_name() {
    let whole = |status: &str| {
        format!(r#"{{"id":"{JTI}","status":"{status}","receipt":"a.b.c","count":1234}}"#)
    };
    for (word, status) in [
        ("accepted", Status::Accepted),
        ("recorded", Status::Recorded),
        ("awaiting_confirmation", Status::AwaitingConfirmation),
        ("unknown", Status::Unknown),
        ("something new", Status::Unknown),
    ] {
        check(201, &whole(word), None, accepted(status, "a.b.c", Some(1234)));
        check(200, &whole(word), None, accepted(status, "a.b.c", Some(1234)));
    }
    let least = format!(r#"{{"id":"{JTI}"}}"#);
    check(201, &least, None, accepted(Status::Unknown, "", None));
    let more = format!(r#"{{"more":[],"id":"{JTI}","status":5,"receipt":null,"count":"1"}}"#);
    check(201, &more, None, accepted(Status::Unknown, "", None));
}

#[test]
fn an_answer_that_does_not_name_the_action_says_nothing() {
    for body in [
        r#"{"id":"another","status":"accepted"}"#,
        r#"{"id":1}"#,
        r#"{"status":"accepted"}"#,
        r#"{"code":"closed"}"#,
        r#""AAECAwQFBgcICQoLDA0ODw""#,
        "[]",
        "null",
        "<!doctype html><title>Welcome to the hotel's network</title>",
        "",
        "{",
        "\u{0}\u{fffd}",
    ] {
        check(201, body, None, Outcome::Unreachable);
        check(200, body, None, Outcome::Unreachable);
    }
    let whole = format!(r#"{{"id":"{JTI}","status":"accepted"}}"#);
    for status in [0, 100, 202, 204, 206, 301, 304, 600, 999] {
        check(status, &whole, None, Outcome::Unreachable);
    }
}

#[test]
fn a_refusal_has_a_code() {
    check(410, r#"{"code":"closed"}"#, None, refused("closed", &[], None));
    check(
        400,
        r#"{"type":"about:blank","status":400,"code":"iat_out_of_window","now":1790000000}"#,
        None,
        refused("iat_out_of_window", &[], Some(1_790_000_000)),
    );
    check(
        422,
        r#"{"code":"rules","errors":[{"field":"email","code":"email_malformed"},
            {"field":"body","code":"body_altered","detail":"x"}]}"#,
        None,
        refused("rules", &[("email", "email_malformed"), ("body", "body_altered")], None),
    );
    check(
        422,
        r#"{"code":"rules","errors":[5,{"field":"email"},{"code":"c"},{"field":1,"code":"c"}]}"#,
        None,
        refused("rules", &[], None),
    );
    check(422, r#"{"code":"rules","errors":{}}"#, None, refused("rules", &[], None));
    for status in [400, 401, 404, 413, 418, 499] {
        check(status, r#"{"code":"x"}"#, None, refused("x", &[], None));
    }
}

#[test]
fn what_stands_in_between_refuses_nothing() {
    for body in [
        "<h1>403 Forbidden</h1>",
        "",
        r#"{"error":"no"}"#,
        r#"{"code":403,"message":"blocked by the firewall"}"#,
        r#"{"code":null}"#,
        r#"["code"]"#,
        r#""code""#,
    ] {
        check(403, body, None, Outcome::Unreachable);
        check(404, body, None, Outcome::Unreachable);
    }
    for status in [500, 502, 504, 520] {
        check(status, "<h1>Bad Gateway</h1>", None, Outcome::Unreachable);
        check(status, r#"{"code":"broken"}"#, Some(3), Outcome::Unreachable);
    }
}

#[test]
fn later_is_when_the_endpoint_says() {
    for status in [429, 503] {
        check(status, r#"{"code":"rate_limited"}"#, Some(30), Outcome::RetryLater(Some(30)));
        check(status, "<h1>Down</h1>", Some(0), Outcome::RetryLater(Some(0)));
        check(status, "", None, Outcome::RetryLater(None));
    }
}

#[test]
fn a_count_is_a_whole_number() {
    for (body, expected) in [
        (r#"{"count":1234,"goal":5000}"#, Some(1234)),
        (r#"{"goal":5000,"count":0}"#, Some(0)),
        (r#"{"count":"1234"}"#, None),
        (r#"{"count":1.5}"#, None),
        (r#"{"goal":5000}"#, None),
        ("1234", None),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(count(body), expected, "{body}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in any::<u16>(), body in any::<String>(), wait in any::<Option<u32>>()) {
        let _ = (outcome(status, &body, wait, JTI), count(&body));
    }

    #[test]
    fn garbage_is_never_taken_for_a_yes(status in any::<u16>(), body in any::<String>()) {
        prop_assert!(!matches!(outcome(status, &body, None, JTI), Outcome::Accepted(_)));
    }
}
