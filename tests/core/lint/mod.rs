//! The messages of `standwith check` about a campaign file, line by line; and the JSON Schema, which detects fewer
//! errors but never contradicts it.
//!
//! `UPDATE=1 cargo test -p standwith --test core lint` rewrites `www/campaign.schema.json`.

use boon::{Compiler, Schemas};
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::{ClaimContext, Source};
use standwith::campaign::{CampaignFile, Strictness};
use standwith::check;
use standwith::draft::Draft;
use standwith::envelope::{PublicKey, compact, encode, signing_input};
use standwith::lint::{lint, schema, warnings};
use standwith::shape::FaultKind;

const EXAMPLE: &[u8] = include_bytes!("../../../www/campaigns/free-mech-dara.json");
const VECTORS: &[u8] = include_bytes!("../../vectors/campaign.json");
const SCHEMA: &str = "www/campaign.schema.json";

/// A valid file with members of most kinds; each case breaks one thing in it.
const FILE: &str = r##"{
  "id": "c",
  "title": "Title",
  "story": "Story",
  "picture": {"url": "picture.jpg", "alt": ""},
  "publisher": {"name": "P", "url": "https://p.invalid/", "privacy_url": "https://p.invalid/privacy"},
  "targets": [
    {"id": "a", "name": "A", "country": "KH", "email": "a@a.invalid"},
    {"id": "b", "name": "B"}
  ],
  "targeting": {"mode": "choose", "least": 1, "most": 2},
  "message": {
    "subjects": ["One", "Two"],
    "head": "Dear sir,",
    "body": "I ask you.",
    "foot": "{{given_name}}",
    "min": 10, "max": 100
  },
  "fields": [
    {"id": "given_name", "required": true},
    {"id": "email", "kind": "email"},
    {"id": "country"},
    {"id": "role", "kind": "choice", "label": "Role?", "options": ["reader", {"id": "w", "label": "Writer"}]},
    {"id": "why", "kind": "long_text", "label": "Why?"}
  ],
  "consents": [
    {"purpose": "updates", "wording": "Yes.", "countries": ["KH"]},
    {"purpose": "delivery", "wording": "Pass it on.", "required": true}
  ],
  "endpoint": {"url": "c/actions", "format": "jws"},
  "counter": {"goal": 100, "url": "c/count"},
  "opens": "2024-10-01T00:00:00Z",
  "closes": "2024-11-01T00:00:00Z",
  "share": {"text": "Share", "url": "https://p.invalid/c"},
  "next": {"label": "Next", "url": "https://p.invalid/next"},
  "theme": {"accent": "#0b6e4f"},
  "delivery": {"modes": ["server"], "disclose": ["name", "email"]},
  "retention_days": 90,
  "languages": {
    "km": {
      "title": "ក",
      "targets": [{"id": "b", "name": "ខ"}],
      "message": {"subjects": ["១", "២"], "body": "ខ្ញុំសុំ។"},
      "fields": [{"id": "role", "label": "តួ?", "options": [{"id": "reader", "label": "អ្នកអាន"}]}],
      "consents": [{"purpose": "updates", "wording": "បាទ។"}]
    }
  }
}
"##;

/// The lines that lint prints for a text.
fn lines(text: &str) -> Vec<String> {
    lint(text.as_bytes()).iter().map(ToString::to_string).collect()
}

/// Asserts that with `new` in the place of `old`, lint prints exactly these lines for [`FILE`].
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(FILE.matches(old).count(), 1, "{old}");
    assert_eq!(lines(&FILE.replace(old, new)), expected, "{old} -> {new}");
}

#[test]
fn what_is_right_is_passed_without_a_word() {
    assert_eq!(lines(FILE), Vec::<String>::new());
    for file in [EXAMPLE, VECTORS] {
        assert_eq!(lint(file), [], "{}", String::from_utf8_lossy(file));
    }
    let least = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"}],
        "message":{"subjects":["S"],"body":""}}"#;
    assert_eq!(lines(least), Vec::<String>::new());
    assert_eq!(lines(&format!("\u{feff}{}", FILE.replace('\n', "\r\n"))), Vec::<String>::new());
}

#[test]
fn what_is_no_json_is_refused_where_it_ends() {
    check(
        "\"title\": \"Title\",",
        "\"title\": \"Title\"",
        &["line 4: expected a comma or a closing brace"],
    );
    assert_eq!(lines(""), ["line 1: expected a value"]);
    assert_eq!(lines("[]"), ["line 1: expected an object in braces"]);
    let latin = lint(b"{\"title\": \"\xe9\"}");
    assert_eq!(latin[0].kind, FaultKind::Expected("a text in UTF-8"));
}

#[test]
fn sites_that_may_frame_the_page_are_named_by_their_origins() {
    let old = "\"retention_days\": 90";
    let with = |origins: &str| format!("{old}, \"embed\": {{\"origins\": {origins}}}");
    let right = r#"["https://example.org", "https://a.example.org:8443", "http://localhost:3000", "http://[::1]"]"#;
    for passed in ["[]", right] {
        check(old, &with(passed), &[]);
    }
    for wrong in [
        "example.org",
        "https://example.org/",
        "https://example.org/page",
        "https://example.org?x",
        "https://example.org#x",
        "https://*.example.org",
        "https://me@example.org",
        "http://example.org",
        "https://",
        "https://a.org https://b.org",
        "https://a.org; script-src *",
        "*",
        "'self'",
        "data:",
        "",
    ] {
        let expected = "line 38: /embed/origins/0: no origin of a website, or one without https; write scheme and host \
                        alone, like https://example.org, without a slash or a path behind";
        check(old, &with(&format!("[\"{wrong}\"]")), &[expected]);
    }
    check(
        old,
        &with(r#"["https://a.org", "https://a.org"]"#),
        &["line 38: /embed/origins/1: `https://a.org` stands twice in this list; keep one"],
    );
    let many: Vec<String> = (0..51).map(|n| format!("\"https://{n}.example.org\"")).collect();
    let many = with(&format!("[{}]", many.join(",")));
    check(
        old,
        &many,
        &[
            "line 38: /embed/origins: more than 50 origins, which make a header too long for proxies; name fewer, or make \
           several campaigns",
        ],
    );
}

#[test]
fn an_unknown_key_is_named_and_the_likely_one_told() {
    for (old, new, expected) in [
        (
            "\"title\": \"Title\"",
            "\"title\": \"Title\", \"colour\": 1",
            "line 3: /colour: unknown key; leave it out",
        ),
        ("\"story\"", "\"stroy\"", "line 4: /stroy: unknown key; did you mean `story`?"),
        ("\"story\"", "\"Story\"", "line 4: /Story: unknown key; did you mean `story`?"),
        (
            "\"privacy_url\"",
            "\"privacyUrl\"",
            "line 6: /publisher/privacyUrl: unknown key; did you mean `privacy_url`?",
        ),
        (
            "\"email\": \"a@",
            "\"mail\": \"a@",
            "line 8: /targets/0/mail: unknown key; did you mean `email`?",
        ),
        ("\"most\"", "\"mots\"", "line 11: /targeting/mots: unknown key; did you mean `most`?"),
        (
            "\"id\": \"w\",",
            "\"id\": \"w\", \"tip\": \"\",",
            "line 23: /fields/3/options/1/tip: unknown key; leave it out",
        ),
        (
            "\"title\": \"ក\"",
            "\"titel\": \"ក\"",
            "line 41: /languages/km/titel: unknown key; did you mean `title`?",
        ),
        (
            "\"body\": \"ខ្ញុំសុំ។\"",
            "\"min\": 3",
            "line 43: /languages/km/message/min: a translation changes nothing but texts; leave `min` out: what the campaign says of it holds in every language",
        ),
        (
            "\"id\": \"b\", \"name\": \"ខ\"",
            "\"id\": \"b\", \"email\": \"ខ\"",
            "line 42: /languages/km/targets/0/email: a translation changes nothing but texts; leave `email` out: what the campaign says of it holds in every language",
        ),
        (
            "\"label\": \"អ្នកអាន\"",
            "\"label\": \"អ្នកអាន\", \"lable\": \"\"",
            "line 44: /languages/km/fields/0/options/0/lable: unknown key; did you mean `label`?",
        ),
    ] {
        check(old, new, &[expected]);
    }
    // At most two typos, swaps among them; one in a short word.
    for (key, expected) in [
        ("edlivrey", "unknown key; did you mean `delivery`?"),
        ("edliveryab", "unknown key; leave it out"),
        ("fied", "unknown key; did you mean `fields`?"),
        ("nex", "unknown key; did you mean `next`?"),
        ("xex", "unknown key; leave it out"),
    ] {
        let story = format!("\"{key}\": \"Story\"");
        check("\"story\": \"Story\"", &story, &[&format!("line 4: /{key}: {expected}")]);
    }
    check("\"story\"", "\"a\\nb\\u0000\"", &["line 4: /a\\nb\\u{0}: unknown key; leave it out"]);
}

#[test]
fn a_key_that_stands_twice_is_named() {
    check(
        "\"title\": \"Title\"",
        "\"title\": \"Title\", \"id\": \"d\"",
        &["line 3: /id: this key stands twice; keep one of them"],
    );
    check(
        "\"title\": \"ក\"",
        "\"title\": \"ក\", \"title\": \"ខ\"",
        &["line 41: /languages/km/title: this key stands twice; keep one of them"],
    );
    check(
        "\"title\": \"ក\",",
        "\"title\": \"ក\"}, \"km\": {",
        &["line 41: /languages/km: this key stands twice; keep one of them"],
    );
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (old, new, expected) in [
        (
            "\"id\": \"c\"",
            "\"id\": \"C!\"",
            "line 2: /id: expected 1 to 64 of the characters a-z, 0-9 and -",
        ),
        ("  \"title\": \"Title\",\n", "", "line 1: /title: missing; add this key"),
        ("\"Story\"", "null", "line 4: /story: expected a text in double quotes"),
        (
            "\"KH\", ",
            "\"Cambodia\", ",
            "line 8: /targets/0/country: expected two capital letters of ISO 3166-1, like \"KH\"",
        ),
        (
            "\"choose\"",
            "\"any\"",
            "line 11: /targeting/mode: expected \"all\", \"choose\", \"country\", \"postcode\" or \"random\"",
        ),
        (
            "\"least\": 1",
            "\"least\": \"1\"",
            "line 11: /targeting/least: expected a whole number from 0 to 4294967295",
        ),
        (
            "\"choice\"",
            "\"select\"",
            "line 23: /fields/3/kind: expected \"text\", \"long_text\", \"email\", \"phone\", \"country\", \"choice\", \"choices\", \"checkbox\", \"number\" or \"date\"",
        ),
        (
            "{\"id\": \"w\", \"label\": \"Writer\"}",
            "{\"id\": \"w\"}",
            "line 23: /fields/3/options/1/label: missing; add this key",
        ),
        (
            "2024-11-01T00:00:00Z",
            "2024-11-31T00:00:00Z",
            "line 33: /closes: expected a time in UTC like \"2024-10-01T00:00:00Z\"",
        ),
        ("\"#0b6e4f\"", "\"green\"", "line 36: /theme/accent: expected a colour like \"#0b6e4f\""),
        (
            "\"title\": \"ក\"",
            "\"title\": [\"ក\"]",
            "line 41: /languages/km/title: expected a text in double quotes",
        ),
        (
            "\"id\": \"b\", \"name\": \"ខ\"",
            "\"name\": \"ខ\"",
            "line 42: /languages/km/targets/0/id: missing; add this key",
        ),
    ] {
        check(old, new, &[expected]);
    }
}

#[test]
fn a_fault_is_told_once() {
    let file = FILE.replace("\"languages\": {", "\"languages\": 5, \"story\": {");
    assert_eq!(
        lines(&file),
        [
            "line 39: /languages: expected an object in braces",
            "line 39: /story: this key stands twice; keep one of them",
        ]
    );
}

#[test]
fn what_this_version_does_not_do_is_not_passed_over() {
    let says = |place: &str, mend: &str| {
        format!("{place}: this version of StandWith doesn't do this yet; {mend}")
    };
    let out = "leave the key out";
    for (old, new, place, mend) in [
        ("\"format\": \"jws\"", "\"headers\": {}", "line 30: /endpoint/headers", out),
        ("\"jws\"", "\"form\"", "line 30: /endpoint/format", "write \"jws\" or \"json\""),
        ("\"jws\"", "\"osdi\"", "line 30: /endpoint/format", "write \"jws\" or \"json\""),
        ("\"jws\"", "\"proca\"", "line 30: /endpoint/format", "write \"jws\" or \"json\""),
        ("\"jws\"", "\"actionkit\"", "line 30: /endpoint/format", "write \"jws\" or \"json\""),
    ] {
        check(old, new, &[&says(place, mend)]);
    }
}

/// The key of RFC 7517, appendix A.1.
const JWK: &str = r#""kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;

/// [`FILE`] sealed to a key with these members, and changed in one place.
fn check_sealing(jwk: &str, (old, new): (&str, &str), expected: &[&str]) {
    assert!(FILE.contains(old), "the file has no {old}");
    let sealing = format!("\"sealing\": {{\"jwk\": {{{jwk}}}}}");
    // Only the campaigner can deliver a sealed message, so `modes` is left out.
    let file = FILE.replacen("\"story\": \"Story\"", &sealing, 1);
    let file = file.replacen("\"modes\": [\"server\"], ", "", 1).replacen(old, new, 1);
    assert_eq!(lines(&file), expected, "{sealing} and {new}");
}

#[test]
fn a_campaign_is_sealed_to_a_public_key() {
    let same = ("Title", "Title");
    check_sealing(JWK, same, &[]);
    check_sealing(&format!("{JWK}, \"kid\": \"2026\""), same, &[]);
    let no_key =
        "line 4: /sealing/jwk: no public key on P-256; put here what `standwith keys seal` prints";
    for (old, new) in [
        ("\"EC\"", "\"OKP\""),
        ("P-256", "P-384"),
        ("MKBCTN", "MKBCT"),
        ("4Etl6S", "4Etl6S="),
        // Not canonical: the last character sets bits that are not used.
        ("IFyM", "IFyN"),
    ] {
        check_sealing(&JWK.replace(old, new), same, &[no_key]);
    }
    check_sealing(
        &format!("{JWK}, \"d\": \"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\", \"use\": \"enc\""),
        same,
        &[
            "line 4: /sealing/jwk/d: this is the private key, which must stay with you; take `d` out. Anyone who has seen this file can read what is sealed to this key: make a new one with `standwith keys seal`",
            "line 4: /sealing/jwk/use: unknown key; leave it out",
        ],
    );
    check_sealing(
        "\"kty\": \"EC\"",
        same,
        &[
            "line 4: /sealing/jwk/crv: missing; add this key",
            "line 4: /sealing/jwk/x: missing; add this key",
            "line 4: /sealing/jwk/y: missing; add this key",
        ],
    );
    let long = format!("{JWK}, \"kid\": \"{}\"", "k".repeat(201));
    check_sealing(
        &long,
        same,
        &[
            "line 4: /sealing/jwk/kid: more than 200 characters; shorten the name, or leave the key out",
        ],
    );
}

#[test]
fn nothing_beside_the_seal_has_to_read_what_is_sealed() {
    check_sealing(
        JWK,
        ("\"jws\"", "\"json\""),
        &[
            "line 30: /endpoint/format: sealed messages go out as \"jws\" only; leave the key out, or take `sealing` out",
        ],
    );
    let server = "no server can deliver what is sealed; take it out, and deliver what you unseal; or take `sealing` out";
    check_sealing(
        JWK,
        ("\"disclose\"", "\"modes\": [\"server\"], \"disclose\""),
        &[&format!("line 37: /delivery/modes/0: {server}")],
    );
    let everybody = FILE.replace(
        "{\"id\": \"b\", \"name\": \"B\"}",
        "{\"id\": \"b\", \"name\": \"B\", \"email\": \"b@b.invalid\"}",
    );
    let sealed = everybody.replacen(
        "\"story\": \"Story\"",
        &format!("\"sealing\": {{\"jwk\": {{{JWK}}}}}"),
        1,
    );
    assert_eq!(lines(&sealed.replace("[\"server\"]", "[\"mail-app\"]")), Vec::<String>::new());
    assert_eq!(
        lines(&sealed.replace("[\"server\"]", "[\"mail-app\", \"server\"]")),
        [format!("line 37: /delivery/modes/1: {server}")]
    );
}

#[test]
fn a_sealed_message_fits_into_an_action() {
    let max = "so long a sealed message may not fit into the 32 KiB of an action";
    let old = "\"min\": 10, \"max\": 100";
    check_sealing(JWK, (old, "\"min\": 10, \"max\": 3157"), &[]);
    check_sealing(
        JWK,
        (old, "\"min\": 10, \"max\": 3500"),
        &[
            "line 17: /message/max: an action with message and answers of full length has 34 KiB, and may have 32; \
           lower it to 3157 or less, or give long fields a lower `max`",
        ],
    );
    check_sealing(
        JWK,
        (old, "\"min\": 10, \"max\": 3501"),
        &[&format!("line 17: /message/max: {max}; lower it to 3500 or less")],
    );
    check_sealing(
        JWK,
        (old, "\"min\": 10"),
        &[&format!(
            "line 12: /message/max: {max}; without this key it is 5000: write 3500 or less"
        )],
    );
}

#[test]
fn an_organisation_that_asks_has_a_name() {
    let updates = "\"wording\": \"Yes.\"";
    let with = |organisation: &str| format!("{updates}, \"organisation\": {organisation}");
    check(updates, &with(r#"{"name": "O", "privacy_url": "https://o.invalid/privacy"}"#), &[]);
    check(
        updates,
        &with(r#"{"privacy_url": "privacy"}"#),
        &[
            "line 27: /consents/0/organisation/name: an empty text; say something",
            "line 27: /consents/0/organisation/privacy_url: no address on the web, or one without https; write a whole address like https://example.org/page",
        ],
    );
    let km = "\"wording\": \"បាទ។\"";
    let translated = format!("{km}, \"organisation\": {{\"name\": \"អ\"}}");
    check(
        km,
        &translated,
        &[
            "line 45: /languages/km/consents/0/organisation: the translation of what the consent doesn't have; leave it out, or add `organisation` to the consent",
        ],
    );
    let both = FILE.replace(updates, &with("{\"name\": \"O\"}")).replace(km, &translated);
    assert_eq!(lines(&both), Vec::<String>::new());
}

#[test]
fn whoever_is_asked_for_a_public_name_has_one() {
    check("\"story\": \"Story\"", "\"public\": {\"ask\": true}", &[]);
    check(
        "\"story\": \"Story\"",
        "\"public\": {\"names\": true}",
        &["line 4: /public/names: unknown key; leave it out"],
    );
    let nameless = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"}],
        "fields":[{"id":"email"}],"public":{"ask":true},
        "message":{"subjects":["S"],"body":""}}"#;
    assert_eq!(
        lines(nameless),
        [
            "line 2: /public/ask: the form does not ask for a name that could be made public; add `given_name` or `family_name` to `fields`, or leave the key out"
        ]
    );
    assert_eq!(lines(&nameless.replace("true", "false")), Vec::<String>::new());
}

#[test]
fn those_at_risk_get_links_that_lead_somewhere() {
    let web = "no address on the web, or one without https; write a whole address like https://example.org/page";
    for (new, expected) in [
        ("false", ""),
        ("true", ""),
        ("{}", ""),
        (
            r#"{"own_government": ["KH", "TH"], "exit_url": "https://e.invalid/",
               "advice": [{"label": "Advice", "url": "https://a.invalid/"}]}"#,
            "",
        ),
        ("1", "line 4: /at_risk: expected true, false or an object in braces"),
        (
            r#"{"own_goverment": ["KH"]}"#,
            "line 4: /at_risk/own_goverment: unknown key; did you mean `own_government`?",
        ),
        (
            r#"{"own_government": ["KH", "KH"]}"#,
            "line 4: /at_risk/own_government/1: `KH` stands twice in this list; keep one",
        ),
        (
            r#"{"advice": [{"label": " ", "url": "https://a.invalid/"}]}"#,
            "line 4: /at_risk/advice/0/label: an empty text; say something",
        ),
        (
            r#"{"advice": [{"label": "Advice"}]}"#,
            "line 4: /at_risk/advice/0/url: missing; add this key",
        ),
        (
            r#"{"advice": [{"label": "Advice", "url": "tel:+855"}]}"#,
            &format!("line 4: /at_risk/advice/0/url: {web}"),
        ),
        (r#"{"exit_url": ""}"#, "line 4: /at_risk/exit_url: an empty text; say something"),
        (
            r#"{"exit_url": "http://localhost/"}"#,
            "line 4: /at_risk/exit_url: an address without https; write one like https://example.org/",
        ),
    ] {
        let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
        check("\"story\": \"Story\"", &format!("\"at_risk\": {new}"), expected);
    }
    // Without the country, the form can't warn.
    let risk = FILE
        .replace("\"story\": \"Story\"", "\"at_risk\": {\"own_government\": [\"TH\"]}")
        .replace("    {\"id\": \"country\"},\n", "")
        .replace(", \"countries\": [\"KH\"]", "");
    assert_eq!(
        lines(&risk),
        [
            "line 4: /at_risk/own_government: the form does not ask for the country on which this depends; add `country` to `fields`, or leave the key out"
        ]
    );
    // A translation may have advice of its own, if the campaign has `at_risk`.
    let km =
        r#""title": "ក", "at_risk": {"advice": [{"label": "ក", "url": "https://km.invalid/"}]}"#;
    check(
        "\"title\": \"ក\"",
        km,
        &[
            "line 41: /languages/km/at_risk: the translation of what the campaign doesn't have; leave it out, or add `at_risk` to the campaign",
        ],
    );
    let both = FILE
        .replace("\"story\": \"Story\"", "\"at_risk\": true")
        .replace("\"title\": \"ក\"", &km.replace("https", "http"));
    assert_eq!(lines(&both).len(), 1);
    assert_eq!(lines(&both.replace("http://km", "https://km")), Vec::<String>::new());
}

#[test]
fn whoever_is_mailed_has_an_address() {
    let problem = "a target without an e-mail address cannot be mailed; add `email`, or take \
                   \"mail-app\" out of `delivery.modes`";
    for modes in ["[\"mail-app\"]", "[\"server\", \"mail-app\"]", "[\"mail-app\", \"server\"]"] {
        check("[\"server\"]", modes, &[&format!("line 9: /targets/1/email: {problem}")]);
        let mailed = FILE.replace("\"name\": \"B\"", "\"name\": \"B\", \"email\": \"b@b.invalid\"");
        assert_eq!(lines(&mailed.replace("[\"server\"]", modes)), [""; 0]);
    }
    check(
        "[\"server\"]",
        "[\"post\"]",
        &["line 37: /delivery/modes/0: expected \"server\" or \"mail-app\""],
    );
}

#[test]
fn names_are_unique() {
    let twice = |place: &str, name: &str| {
        format!("{place}: `{name}` stands twice in this list; give each its own")
    };
    for (old, new, place, name) in [
        (
            "{\"id\": \"b\", \"name\": \"B\"}",
            "{\"id\": \"b\", \"name\": \"B\"}, {\"id\": \"a\", \"name\": \"C\"}",
            "line 9: /targets/2/id",
            "a",
        ),
        ("\"id\": \"why\"", "\"id\": \"role\"", "line 24: /fields/4/id", "role"),
        ("\"id\": \"w\"", "\"id\": \"reader\"", "line 23: /fields/3/options/1/id", "reader"),
        (
            "{\"id\": \"w\", \"label\": \"Writer\"}",
            "\"reader\"",
            "line 23: /fields/3/options/1",
            "reader",
        ),
        (
            "\"purpose\": \"delivery\"",
            "\"purpose\": \"updates\"",
            "line 28: /consents/1/purpose",
            "updates",
        ),
        (
            "\"name\": \"ខ\"}",
            "\"name\": \"ខ\"}, {\"id\": \"b\", \"name\": \"គ\"}",
            "line 42: /languages/km/targets/1/id",
            "b",
        ),
    ] {
        check(old, new, &[&twice(place, name)]);
    }
    check(
        "[\"name\", \"email\"]",
        "[\"name\", \"name\"]",
        &["line 37: /delivery/disclose/1: `name` stands twice in this list; keep one"],
    );
}

#[test]
fn a_translation_names_what_is_there() {
    for (old, new, expected) in [
        (
            "{\"id\": \"b\", \"name\": \"ខ\"}",
            "{\"id\": \"c\", \"name\": \"ខ\"}",
            "line 42: /languages/km/targets/0/id: the campaign has no `c` to translate; known are: a, b",
        ),
        (
            "{\"id\": \"role\", \"label\": \"តួ?\"",
            "{\"id\": \"phone_number\", \"label\": \"តួ?\"",
            "line 44: /languages/km/fields/0/id: the campaign has no `phone_number` to translate; known are: given_name, email, country, role, why",
        ),
        (
            "\"id\": \"reader\"",
            "\"id\": \"raeder\"",
            "line 44: /languages/km/fields/0/options/0/id: the campaign has no `raeder` to translate; did you mean `reader`?",
        ),
        (
            "{\"id\": \"reader\", \"label\": \"អ្នកអាន\"}",
            "\"អ្នកអាន\"",
            "line 44: /languages/km/fields/0/options/0: the campaign has no `អ្នកអាន` to translate; known are: reader, w",
        ),
        (
            "{\"purpose\": \"updates\", \"wording\": \"បាទ។\"}",
            "{\"purpose\": \"update\", \"wording\": \"បាទ។\"}",
            "line 45: /languages/km/consents/0/purpose: the campaign has no `update` to translate; did you mean `updates`?",
        ),
        (
            "[\"១\", \"២\"]",
            "[\"១\"]",
            "line 43: /languages/km/message/subjects: 1 subjects, where the campaign has 2; translate each of them, in the same order",
        ),
        (
            "\"title\": \"ក\"",
            "\"title\": \" \"",
            "line 41: /languages/km/title: an empty translation; translate it, or leave the key out: then the file's own text stands",
        ),
        ("  \"picture\": {\"url\": \"picture.jpg\", \"alt\": \"\"},\n", "", ""),
    ] {
        check(old, new, if expected.is_empty() { &[] } else { std::slice::from_ref(&expected) });
    }
    let without = FILE
        .replace("\"title\": \"ក\"", "\"title\": \"ក\", \"picture\": {\"alt\": \"\"}, \"share\": {\"text\": \"ច\"}, \"next\": {\"label\": \"ប\"}")
        .replace("  \"picture\": {\"url\": \"picture.jpg\", \"alt\": \"\"},\n", "\n")
        .replace("  \"share\": {\"text\": \"Share\", \"url\": \"https://p.invalid/c\"},\n", "\n")
        .replace("  \"next\": {\"label\": \"Next\", \"url\": \"https://p.invalid/next\"},\n", "\n");
    let says = |key: &str| {
        format!(
            "line 41: /languages/km/{key}: the translation of what the campaign doesn't have; \
             leave it out, or add `{key}` to the campaign"
        )
    };
    assert_eq!(lines(&without), [says("picture"), says("share"), says("next")]);
    check(
        "    {\"purpose\": \"updates\", \"wording\": \"Yes.\", \"countries\": [\"KH\"]},\n    {\"purpose\": \"delivery\", \"wording\": \"Pass it on.\", \"required\": true}\n",
        "\n\n",
        &[
            "line 45: /languages/km/consents/0/purpose: the campaign has no `updates` to translate; leave it out",
        ],
    );
    let defaults = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"}],
        "message":{"subjects":["S"],"body":""},
        "languages":{"km":{"fields":[{"id":"email","label":"អ៊ីមែល"}]}}}"#;
    assert_eq!(
        lines(defaults),
        [
            "line 3: /languages/km/fields: the campaign names no fields; add `fields` to the campaign as well"
        ]
    );
}

#[test]
fn a_language_is_a_tag_and_there_once() {
    for tag in ["km", "kok", "pt-BR", "zh-Hant-TW", "sr-Latn", "es-419", "de-1996"] {
        check("\"km\": {", &format!("\"{tag}\": {{"), &[]);
    }
    for tag in
        ["KM", "k", "khmer", "km_KH", "km-", "km-K", "km--KH", "-", "", "k1", "km-abcdefghi", "ខ្មែរ"]
    {
        let line = format!(
            "line 40: /languages/{tag}: no language tag; write a tag of BCP 47, like km or pt-BR"
        );
        check("\"km\": {", &format!("\"{tag}\": {{"), &[&line]);
    }
    check(
        "\"id\": \"c\",",
        "\"id\": \"c\", \"lang\": \"English\",",
        &["line 2: /lang: no language tag; write a tag of BCP 47, like km or pt-BR"],
    );
    let there = "the file has this language already; keep one: `lang` is the language of the texts outside `languages`";
    check("\"km\": {", "\"en\": {", &[&format!("line 40: /languages/en: {there}")]);
    check(
        "\"km\": {",
        "\"pt-BR\": {}, \"pt-br\": {",
        &[&format!("line 40: /languages/pt-br: {there}")],
    );
}

#[test]
fn a_placeholder_stands_for_what_is_asked() {
    for (old, new, expected) in [
        (
            "{{given_name}}",
            "{{given_nam}}",
            "line 16: /message/foot: {{given_nam}} is no placeholder; did you mean {{given_name}}?",
        ),
        (
            "Dear sir,",
            "Dear {{target}},",
            "line 14: /message/head: {{target}} is no placeholder; known are: given_name, family_name, email, phone, country, region, locality, postal_code, address, target_name, target_office, target_organisation",
        ),
        (
            "I ask you.",
            "I ask you. {{phone}}",
            "line 15: /message/body: {{phone}} stands for a field that the form does not have; add `phone` to `fields`, or take the placeholder out",
        ),
        (
            "\"Two\"",
            "\"Two {{role}}\"",
            "line 13: /message/subjects/1: {{role}} is no placeholder; known are: given_name, family_name, email, phone, country, region, locality, postal_code, address, target_name, target_office, target_organisation",
        ),
        (
            "I ask you.",
            "I ask you {{given_name",
            "line 15: /message/body: {{ without }}; close it, as in {{given_name}}",
        ),
        (
            "ខ្ញុំសុំ។",
            "ខ្ញុំ {{region}} សុំ។",
            "line 43: /languages/km/message/body: {{region}} stands for a field that the form does not have; add `region` to `fields`, or take the placeholder out",
        ),
        (
            "\"១\"",
            "\"{{ឈ្មោះ}}\"",
            "line 43: /languages/km/message/subjects/0: {{ឈ្មោះ}} is no placeholder; known are: given_name, family_name, email, phone, country, region, locality, postal_code, address, target_name, target_office, target_organisation",
        ),
    ] {
        check(old, new, &[expected]);
    }
    check("I ask you.", "I, {{ given_name }} of {{country}}, ask you at {{email}}.", &[]);
}

#[test]
fn the_message_keeps_its_limits() {
    let long = "x".repeat(200);
    check("\"One\"", &format!("\"{long}{{{{given_name}}}}\""), &[]);
    check(
        "\"One\"",
        &format!("\"{long}x\""),
        &["line 13: /message/subjects/0: more than 200 characters; shorten the subject"],
    );
    check("\"One\"", "\" \"", &["line 13: /message/subjects/0: an empty text; say something"]);
    check(
        "[\"One\", \"Two\"]",
        "[]",
        &[
            "line 13: /message/subjects: no subject; suggest at least one",
            "line 43: /languages/km/message/subjects: 2 subjects, where the campaign has 0; translate each of them, in the same order",
        ],
    );
    check(
        "\"min\": 10",
        "\"min\": 101",
        &["line 17: /message/min: `min` is more than `max`; lower it, or raise `max`"],
    );
    check("\"max\": 100", "\"max\": 5000", &[]);
    check(
        "\"max\": 100",
        "\"max\": 5001",
        &[
            "line 17: /message/max: so long a message may not fit into the 32 KiB of an action; lower it to 5000 or less",
        ],
    );
    // Head and body with a blank line between them; the foot's placeholder is still empty.
    let body = |length: usize| "x".repeat(length - "Dear sir,".len() - 2);
    check("I ask you.", &body(100), &[]);
    check(
        "I ask you.",
        &body(101),
        &[
            "line 15: /message/body: with head and foot 101 characters, where `max` is 100; shorten it, or raise `max`",
        ],
    );
    check(
        "\"body\": \"ខ្ញុំសុំ។\"",
        &format!("\"head\": \"ក\", \"body\": {:?}, \"foot\": \"ក\"", "ក".repeat(95)),
        &[
            "line 43: /languages/km/message/body: with head and foot 101 characters, where `max` is 100; shorten it, or raise `max`",
        ],
    );
    // A translation of the subjects alone gets no error for the body.
    let subjects_alone = FILE.replace(", \"body\": \"ខ្ញុំសុំ។\"", "").replace("I ask you.", &body(101));
    assert_eq!(lines(&subjects_alone).len(), 1);
    check(
        "ខ្ញុំសុំ។",
        &"ក".repeat(90),
        &[
            "line 43: /languages/km/message/body: with head and foot 101 characters, where `max` is 100; shorten it, or raise `max`",
        ],
    );
    check("\"min\": 10", "\"min\": 100", &[]);
    check(
        "\"min\": 10",
        "\"min\": 21, \"editable\": false",
        &[
            "line 43: /languages/km/message/body: only 20 characters, where `min` is 21 and supporters cannot add any; lower `min`",
        ],
    );
}

#[test]
fn what_stands_for_a_target_stands_for_one() {
    let several = "in a message that several targets get; make `message.per_target` true, so that each gets its own, or `targeting.most` 1";
    let dear = "Dear {{target_name}},";
    check("Dear sir,", dear, &[&format!("line 14: /message/head: {{{{target_name}}}} {several}")]);
    check(
        "ខ្ញុំសុំ។",
        "{{target_name}} ខ្ញុំសុំ។",
        &[&format!("line 43: /languages/km/message/body: {{{{target_name}}}} {several}")],
    );
    let named = FILE.replace("Dear sir,", dear);
    for (old, new) in [
        ("\"min\": 10", "\"min\": 10, \"per_target\": true"),
        ("\"most\": 2", "\"most\": 1"),
        ("\"choose\", \"least\": 1, \"most\": 2", "\"random\""),
    ] {
        assert_eq!(lines(&named.replace(old, new)), [""; 0], "{new}");
    }
    // `all` means all, with any `most`.
    assert_eq!(
        lines(&named.replace("choose", "all").replace("\"most\": 2", "\"most\": 1")).len(),
        1
    );
    check(
        "\"Two\"",
        "\"Two {{target_offise}}\"",
        &[
            "line 13: /message/subjects/1: {{target_offise}} is no placeholder; did you mean {{target_office}}?",
        ],
    );
    // Each target needs an `office`.
    let each = FILE.replace("\"min\": 10", "\"min\": 10, \"per_target\": true");
    let offices = each.replace("I ask you.", "I ask you, {{target_office}}.");
    assert_eq!(
        lines(&offices),
        [
            "line 15: /message/body: {{target_office}} stands for nothing where a target has no `office`; add `office` to `targets/0`, or take the placeholder out"
        ]
    );
    let both = offices.replace("\"name\": \"A\"", "\"name\": \"A\", \"office\": \"O\"");
    let both = both.replace(
        "{\"id\": \"b\", \"name\": \"B\"}",
        "{\"id\": \"b\", \"name\": \"B\", \"office\": \"P\"}",
    );
    assert_eq!(lines(&both), [""; 0]);
    check(
        "{\"id\": \"why\"",
        "{\"id\": \"target_name\"",
        &["line 24: /fields/4/id: in a message, this name stands for a target; choose another"],
    );
}

#[test]
fn message_and_answers_together_fit_into_an_action() {
    let why = "{\"id\": \"why\", \"kind\": \"long_text\", \"label\": \"Why?\"}";
    let long = |count: usize, max: &str| {
        let field =
            |at| format!("{{\"id\": \"q{at}\", \"kind\": \"long_text\", \"label\": \"?\"{max}}}");
        (0..count).map(field).collect::<Vec<_>>().join(", ")
    };
    let file = |count, each: &str, max: &str| {
        FILE.replace(why, &long(count, each))
            .replace("\"max\": 100\n", &format!("\"max\": {max}\n"))
    };
    let told = |size: u32| {
        format!("an action with message and answers of full length has {size} KiB, and may have 32")
    };
    assert_eq!(lines(&file(1, "", "5000")), [""; 0]);
    assert_eq!(
        lines(&file(3, "", "5000")),
        [format!(
            "line 17: /message/max: {}; lower it to 1077 or less, or give long fields a lower `max`",
            told(48)
        )]
    );
    assert_eq!(lines(&file(3, "", "1077")), [""; 0]);
    assert_eq!(lines(&file(3, ", \"max\": 600", "5000")), [""; 0]);
    let without = file(2, "", "1").replace("\"min\": 10, \"max\": 1", "\"min\": 10");
    assert_eq!(
        lines(&without),
        [format!(
            "line 12: /message/max: {}; without this key it is 5000: write 3079 or less, or give long fields a lower \
             `max`",
            told(40)
        )]
    );
    let fields = format!("line 19: /fields: {}; give the longest fields a lower `max`", told(37));
    assert_eq!(lines(&file(4, "", "100")), [fields]);
}

#[test]
fn markdown_that_is_shown_as_it_is_written_is_warned_of() {
    let warned = |key: &str, text: &str| {
        let (old, new) = match key {
            "story" => ("\"story\": \"Story\"".to_owned(), json!(text)),
            _ => ("\"body\": \"I ask you.\"".to_owned(), json!(text)),
        };
        let file = FILE.replace(&old, &format!("\"{key}\": {new}"));
        assert_eq!(lines(&file), [""; 0], "{text}");
        warnings(file.as_bytes()).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (text, what) in [
        ("1. first\n2. second", "a numbered list (`1.`)"),
        ("One\n\n3) third", "a numbered list (`1.`)"),
        ("+ plus", "a list with `+`"),
        ("> quoted", "a quotation (`>`)"),
        ("a\n---\nb", "a line of signs (`---`)"),
        ("| a | b |", "a table (`|`)"),
        ("##heading", "a heading without a space behind `#`"),
        ("See ![a](https://a.invalid/a.png)", "a picture (`![]()`)"),
        ("[a](http://a.invalid/)", "a link (an address begins with https:, mailto: or tel:)"),
        ("[a](page.html)", "a link (an address begins with https:, mailto: or tel:)"),
        ("- **a **b", "a text between `**`"),
        ("__strong__", "a text between `__`"),
        ("`code`", "a text between backticks"),
        ("A<br>b", "HTML"),
    ] {
        assert_eq!(
            warned("story", text),
            [format!(
                "line 4: /story: {what} is shown as it is written; docs/campaigners.md says which Markdown there is; write it \
                 otherwise, or leave it so"
            )]
        );
    }
    for fine in [
        "# One\n\n**two** *three*\n\n* four\n- five\n\n[six](https://six.invalid/a_b_c)",
        "On 24. October 2024, 3 < 4 and 5 > 4, #freedom",
        "[sic] he said (twice) - and * that is all",
    ] {
        assert_eq!(warned("story", fine), [""; 0], "{fine}");
    }
    assert_eq!(
        warned("body", "I **ask** you."),
        [
            "line 15: /message/body: a text between `**` is shown as it is written; Markdown works in `story` and `thanks` \
          only; take the signs out, or leave them so"
        ]
    );
    assert_eq!(warned("body", "1. I ask\n2. you - {{given_name}}\n---"), [""; 0]);
    assert_eq!(warnings(EXAMPLE), []);
}

/// The bytes of an action for the example in which message, subject and answers are as long as they may be, in Khmer.
fn size(questions: usize) -> (usize, bool) {
    let mut file: Value = serde_json::from_slice(EXAMPLE).unwrap();
    let fields = file["fields"].as_array_mut().unwrap();
    for at in 0..questions {
        fields.push(json!({"id": format!("q{at}"), "kind": "long_text", "label": "?"}));
    }
    file["message"]["head"] = json!("");
    file["message"]["foot"] = json!("");
    file.as_object_mut().unwrap().remove("languages");
    let text = file.to_string();
    let passes = lint(text.as_bytes()).is_empty();
    let file = CampaignFile::parse(text.as_bytes()).unwrap();
    let campaign = file.campaign("en", Strictness::Strict).unwrap();
    let khmer = |count: usize| "ក".repeat(count);
    let (name, place) = (khmer(60), khmer(100));
    let mut values = vec![
        ("given_name".to_owned(), name.clone()),
        ("family_name".to_owned(), name),
        ("email".to_owned(), "somebody.with.a.long.name@mail.example.org".to_owned()),
        ("country".to_owned(), "KH".to_owned()),
        ("subject".to_owned(), khmer(100)),
        ("body".to_owned(), khmer(5000)),
        ("consent_updates".to_owned(), "on".to_owned()),
        ("consent_delivery".to_owned(), "on".to_owned()),
    ];
    values.extend(
        campaign.targets.iter().map(|target| ("targets".to_owned(), target.id.as_str().to_owned())),
    );
    values.extend((0..questions).map(|at| (format!("q{at}"), khmer(2000))));
    let action = check::check(&campaign, &Draft::posted(values).composed(&campaign)).unwrap();
    let given = ClaimContext {
        jti: encode(&[1; 16]),
        iat: 1_790_000_000,
        aud: format!("https://actions.example.org/campaigns/{}/actions", campaign.id.as_str()),
        campaign_digest: encode(&[1; 32]),
        wording_digests: action.wordings().map(|_| encode(&[1; 32])).collect(),
        source: Source {
            page: "https://partner.example.org".to_owned(),
            partner: place,
            ..Source::default()
        },
        ..ClaimContext::default()
    };
    let key = PublicKey::p256(&encode(&[1; 32]), &encode(&[2; 32]));
    let input = signing_input(&key, &action.claims(&campaign, given));
    (compact(&input, &[0; 64]).len(), passes)
}

#[test]
fn an_action_of_full_length_is_taken_where_check_passes() {
    for (questions, passes) in [(0, true), (1, true), (2, false), (3, false)] {
        let (bytes, passed) = size(questions);
        assert_eq!((bytes <= 32 * 1024, passed), (passes, passes), "{questions}: {bytes}");
    }
}

#[test]
fn messages_of_their_own_fit_into_an_action() {
    let each = |max: u32| format!("\"per_target\": true, \"max\": {max}");
    check("\"max\": 100", &each(2384), &[]);
    check(
        "\"max\": 100",
        &each(2385),
        &[
            "line 17: /message/max: 2 messages of that length may not fit into the 32 KiB of an action; lower it to 2384 or less, or lower `targeting.most`",
        ],
    );
    let one = FILE.replace("\"max\": 100", &each(5000)).replace("\"most\": 2", "\"most\": 1");
    assert_eq!(lines(&one), [""; 0]);
}

#[test]
fn nobody_is_nudged_who_cannot_write() {
    check("\"min\": 10", "\"min\": 10, \"nudge\": true", &[]);
    check(
        "\"min\": 10",
        "\"min\": 10, \"nudge\": true, \"editable\": false",
        &[
            "line 17: /message/nudge: supporters cannot add words of their own; leave the key out, or make `editable` true",
        ],
    );
}

#[test]
fn a_choice_of_targets_can_be_made() {
    for (old, new, expected) in [
        (
            "\"least\": 1, \"most\": 2",
            "\"least\": 3",
            "line 11: /targeting/least: 3 of 2 targets cannot be chosen; lower it, or name more targets",
        ),
        (
            "\"least\": 1, \"most\": 2",
            "\"least\": 2, \"most\": 1",
            "line 11: /targeting/most: `most` is less than `least`; raise it",
        ),
        (
            "\"most\": 2",
            "\"most\": 0",
            "line 11: /targeting/most: `most` is less than `least`; raise it",
        ),
        (
            "\"least\": 1",
            "\"least\": 0",
            "line 11: /targeting/least: a message without a target; make it 1 or more",
        ),
        (
            "\"name\": \"B\"",
            "\"name\": \" \"",
            "line 9: /targets/1/name: an empty text; say something",
        ),
    ] {
        check(old, new, &[expected]);
    }
    for address in
        ["a@", "a.invalid", "a@b@c.invalid", "A <a@a.invalid>", "a@a.invalid\\n", "a@invalid"]
    {
        let found = lines(&FILE.replace("a@a.invalid", address));
        let expected = "line 8: /targets/0/email: no e-mail address; write it like name@example.org, or leave the key out";
        assert!(found.contains(&expected.to_owned()), "{address}: {found:?}");
    }
    let nobody = r#"{"id":"c","title":"T","targets":[],"message":{"subjects":["S"],"body":""}}"#;
    assert_eq!(lines(nobody), ["line 1: /targets: no target; name at least one target"]);
}

#[test]
fn a_field_can_be_asked() {
    for (old, new, expected) in [
        (
            "\"kind\": \"email\"",
            "\"kind\": \"text\"",
            "line 21: /fields/1/kind: `email` is of its own kind; leave the key out",
        ),
        (
            ", \"kind\": \"long_text\"",
            "",
            "line 24: /fields/4/kind: `why` is no standard field, and nothing says what it asks for; add `kind`, like \"text\"",
        ),
        (
            "\"id\": \"why\", \"kind\": \"long_text\"",
            "\"id\": \"familyname\"",
            "line 24: /fields/4/kind: `familyname` is no standard field, and nothing says what it asks for; did you mean `family_name`? Otherwise add `kind`, like \"text\"",
        ),
        (
            ", \"label\": \"Why?\"",
            "",
            "line 24: /fields/4/label: a field without a question; add `label`",
        ),
        (
            "\"label\": \"Why?\"",
            "\"label\": \"Why?\", \"options\": [\"so\"]",
            "line 24: /fields/4/options: options where nothing is chosen; leave the key out, or make `kind` \"choice\" or \"choices\"",
        ),
        (
            "{\"id\": \"country\"}",
            "{\"id\": \"country\", \"options\": [\"KH\"]}",
            "line 22: /fields/2/options: options where nothing is chosen; leave the key out, or make `kind` \"choice\" or \"choices\"",
        ),
        (
            "\"reader\", {",
            "\" reader\", \"reader\", {",
            "line 23: /fields/3/options/0: an empty id, or one with space around it; name the option by what an export should hold",
        ),
        (
            "\"label\": \"Writer\"",
            "\"label\": \"\"",
            "line 23: /fields/3/options/1/label: an empty text; say something",
        ),
    ] {
        check(old, new, &[expected]);
    }
    for id in ["subject", "body", "targets", "public", "jti", "consent_updates", "consent_"] {
        let line =
            "line 24: /fields/4/id: another control of the form has this name; choose another";
        check("\"id\": \"why\"", &format!("\"id\": {id:?}"), &[line]);
    }
    check(
        "\"id\": \"why\", \"kind\": \"long_text\"",
        "\"id\": \"why\", \"kind\": \"choices\"",
        &["line 24: /fields/4: nothing to choose from; add `options`"],
    );
    check("\"id\": \"w\"", &format!("\"id\": {:?}", "x".repeat(200)), &[]);
    let long = "x".repeat(201);
    check(
        "\"id\": \"w\"",
        &format!("\"id\": {long:?}"),
        &[
            "line 23: /fields/3/options/1/id: more than 200 characters; write the option as {\"id\": …, \"label\": …} with a short id",
        ],
    );
}

#[test]
fn a_consent_can_be_given() {
    check("\"Yes.\"", "\"\"", &["line 27: /consents/0/wording: an empty text; say something"]);
    check(
        "    {\"id\": \"country\"},\n",
        "\n",
        &[
            "line 27: /consents/0/countries: the form does not ask for the country on which this depends; add `country` to `fields`, or leave the key out",
        ],
    );
    check(
        "\"បាទ។\"",
        "\"\"",
        &[
            "line 45: /languages/km/consents/0/wording: an empty translation; translate it, or leave the key out: then the file's own text stands",
        ],
    );
}

#[test]
fn what_is_disclosed_is_asked_for() {
    check(
        "[\"name\", \"email\"]",
        "[\"phone\", \"country\"]",
        &[
            "line 37: /delivery/disclose/0: the form does not ask for \"phone\"; take it out, or ask for it in `fields`",
        ],
    );
    check("[\"name\", \"email\"]", "[]", &[]);
    check("[\"server\"]", "[]", &["line 37: /delivery/modes: no way of delivery; add \"server\""]);
    // The default of `disclose` is not checked: the campaigner did not write it.
    let default = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A"}],
        "message":{"subjects":["S"],"body":""},"fields":[]}"#;
    assert_eq!(lines(default), Vec::<String>::new());
}

#[test]
fn times_and_numbers_make_sense() {
    for (old, new, expected) in [
        (
            "2024-11-01T",
            "2024-10-01T",
            "line 33: /closes: the campaign closes before it opens; put `closes` after `opens`",
        ),
        (
            "2024-11-01T",
            "2023-10-01T",
            "line 33: /closes: the campaign closes before it opens; put `closes` after `opens`",
        ),
        (
            "\"goal\": 100",
            "\"goal\": 0",
            "line 31: /counter/goal: a goal of 0; raise it, or leave the key out",
        ),
        (
            "\"retention_days\": 90",
            "\"retention_days\": 0",
            "line 38: /retention_days: no action can be kept for 0 days; say how many days the actions are kept, or leave the key out",
        ),
        (
            "\"title\": \"Title\"",
            "\"title\": \"\\u200a\"",
            "line 3: /title: an empty text; say something",
        ),
        (
            "\"label\": \"Next\"",
            "\"label\": \"\"",
            "line 35: /next/label: an empty text; say something",
        ),
        (
            "\"text\": \"Share\"",
            "\"text\": \"\"",
            "line 34: /share/text: an empty text; say something",
        ),
        ("\"picture.jpg\"", "\"\"", "line 5: /picture/url: an empty text; say something"),
    ] {
        check(old, new, &[expected]);
    }
}

#[test]
fn a_text_holds_no_control_characters() {
    let says = "a control character, or a line break where there is one line only; take it out";
    for (old, new, place) in [
        ("\"title\": \"Title\"", "\"title\": \"Ti\\ntle\"", "line 3: /title"),
        ("\"name\": \"B\"", "\"name\": \"B\\r\\nBcc: x\"", "line 9: /targets/1/name"),
        ("\"One\"", "\"One\\tTwo\"", "line 13: /message/subjects/0"),
        ("I ask you.", "I ask\\u0007you.", "line 15: /message/body"),
        ("\"reader\", {", "\"rea\\nder\", {", "line 23: /fields/3/options/0"),
        ("\"title\": \"ក\"", "\"title\": \"ក\\u0085ខ\"", "line 41: /languages/km/title"),
        ("\"title\": \"Title\"", "\"title\": \"\\u202eTitle\"", "line 3: /title"),
        ("\"name\": \"B\"", "\"name\": \"\\u2068B\\u2069\"", "line 9: /targets/1/name"),
        ("\"One\"", "\"\\u2068One\\u2069\"", "line 13: /message/subjects/0"),
        ("I ask you.", "I \\u2067ask\\nyou.\\u2069", "line 15: /message/body"),
    ] {
        let found = lines(&FILE.replace(old, new));
        assert!(found.contains(&format!("{place}: {says}")), "{new}: {found:?}");
    }
    // An error elsewhere hides none, and the value of an unknown key is not checked.
    let both = FILE
        .replace("\"story\": \"Story\"", "\"stroy\": \"\\n\\u0000\"")
        .replace("\"B\"", "\"\\tB\\n\\tB\"");
    assert_eq!(
        lines(&both),
        [
            "line 4: /stroy: unknown key; did you mean `story`?",
            &format!("line 9: /targets/1/name: {says}"),
        ]
    );
    check("\"Story\"", "\"One\\r\\n\\tTwo\\u200b\"", &[]);
    check("\"title\": \"Title\"", "\"title\": \"\\u2068Title\\u2069\"", &[]);
    check("\"Yes.\"", "\"Yes.\\nAnd no.\"", &[]);
}

#[test]
fn an_address_is_on_the_web_and_https() {
    let whole = ["https://p.invalid/", "https://p.invalid/c"];
    let near = ["picture.jpg", "\"c/actions\"", "\"c/count\""];
    for (place, old) in [
        ("/publisher/url", whole[0]),
        ("/share/url", whole[1]),
        ("/next/url", "https://p.invalid/next"),
    ] {
        for good in [
            "https://example.org",
            "https://example.org:8443/a?b=c#d",
            "https://ឧទាហរណ៍.example/ក",
            "https://a-b.c_d.example/@me:1",
            "https://[2001:db8::1]/",
            "http://localhost",
            "http://localhost:8080/a",
            "http://127.0.0.1:1/",
            "http://[::1]:8080/",
        ] {
            check(&format!("{old:?}"), &format!("\"{good}\""), &[]);
        }
        for bad in [
            "http://example.org/",
            "http://localhost.example/",
            "http://127.0.0.2/",
            "HTTPS//example.org",
            "//example.org/",
            "example.org",
            "/page",
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@a.invalid",
            "ftp://example.org/",
            "https://",
            "https:///page",
            "https://user@example.org/",
            "https://user:pass@example.org/",
            "https://exa mple.org/",
            "https://example.org/a b",
            "https://example.org:port/",
            "https://example.org:99999/",
            "https://example.org:0/",
            "https://example.org\\\\@evil.example/",
            "https://[::1/",
            "https://example.org/{{country}}",
            " https://example.org/",
        ] {
            let found = lines(&FILE.replace(&format!("{old:?}"), &format!("\"{bad}\"")));
            let says = format!(
                "{place}: no address on the web, or one without https; write a whole address like https://example.org/page"
            );
            assert!(matches!(&found[..], [line] if line.ends_with(&says)), "{bad}: {found:?}");
        }
    }
    for old in near {
        let old = old.trim_matches('"');
        for good in [
            "a",
            "a/b.jpg",
            "/a",
            "./a",
            "../a",
            "?a=b",
            "a:b".replace(':', "/").as_str(),
            "./a:b",
            "https://example.org/a",
            "http://[::1]:1/a",
        ] {
            check(&format!("{old:?}"), &format!("\"{good}\""), &[]);
        }
        for bad in [
            "http://example.org/a",
            "//example.org/a",
            "a:b",
            "javascript:alert(1)",
            "a b",
            "\\\\a",
            "a\\u0000",
        ] {
            let found = lines(&FILE.replace(&format!("{old:?}"), &format!("\"{bad}\"")));
            let says = "or one without https; write an address like https://example.org/page, or a path like page";
            assert!(found.iter().any(|line| line.ends_with(says)), "{bad}: {found:?}");
        }
    }
    check(
        "\"title\": \"ក\"",
        "\"title\": \"ក\", \"publisher\": {\"privacy_url\": \"/km\"}, \"share\": {\"url\": \"http://p.invalid/\"}",
        &[
            "line 41: /languages/km/publisher/privacy_url: no address on the web, or one without https; write a whole address like https://example.org/page",
            "line 41: /languages/km/share/url: no address on the web, or one without https; write a whole address like https://example.org/page",
        ],
    );
}

/// Asserts that lint prints these lines for the file with other targets, targeting and fields.
fn check_targeting(targets: &str, targeting: &str, fields: &str, expected: &[&str]) {
    let file = format!(
        "{{\"id\":\"c\",\"title\":\"T\",\"message\":{{\"subjects\":[\"S\"],\"body\":\"\"}},\n\
         \"targets\":[{targets}],\n\"targeting\":{{{targeting}}},\n\"fields\":[{fields}]}}"
    );
    assert_eq!(lines(&file), expected, "{file}");
    if expected.is_empty() {
        assert!(schema_takes(file.as_bytes()), "{file}");
    }
}

#[test]
fn targets_are_found_by_what_is_asked_for() {
    let country = r#"{"id":"country","required":true}"#;
    let both = r#"{"id":"country","required":true},{"id":"postal_code","required":true}"#;
    let by_country =
        r#"{"id":"a","name":"A","filter":{"countries":["KH","GB"]}},{"id":"b","name":"B"}"#;
    let by_postcode = r#"{"id":"a","name":"A","filter":{"postcodes":["SW1A","75"]}},{"id":"b","name":"B","filter":{"countries":["GB"],"postcodes":["M"]}}"#;
    check_targeting(by_country, r#""mode":"country""#, country, &[]);
    check_targeting(by_country, r#""mode":"country","fallback":["a"],"most":1"#, country, &[]);
    check_targeting(by_postcode, r#""mode":"postcode","fallback":["b"]"#, both, &[]);
    let plain = r#"{"id":"a","name":"A"},{"id":"b","name":"B"}"#;
    check_targeting(plain, r#""mode":"random","most":2"#, country, &[]);
    for (targets, targeting, fields, expected) in [
        (
            by_country,
            r#""mode":"country""#,
            r#"{"id":"country"}"#,
            r#"line 3: /targeting/mode: the targets hang on `country`, which is not required; put {"id": "country", "required": true} into `fields`"#,
        ),
        (
            by_postcode,
            r#""mode":"postcode""#,
            r#"{"id":"postal_code","required":true}"#,
            r#"line 3: /targeting/mode: the targets hang on `country`, which is not required; put {"id": "country", "required": true} into `fields`"#,
        ),
        (
            by_postcode,
            r#""mode":"postcode""#,
            country,
            r#"line 3: /targeting/mode: the targets hang on `postal_code`, which is not required; put {"id": "postal_code", "required": true} into `fields`"#,
        ),
        (
            r#"{"id":"a","name":"A","country":"KH"}"#,
            r#""mode":"country""#,
            country,
            r#"line 3: /targeting/mode: no target is for some and not for others by country; give targets a `filter` like {"countries": ["KH"]}"#,
        ),
        (
            by_country,
            r#""mode":"postcode""#,
            both,
            r#"line 3: /targeting/mode: no target is for some and not for others by postcode; give targets a `filter` like {"postcodes": ["75"]}"#,
        ),
        (
            by_country,
            r#""mode":"country","fallback":["c"]"#,
            country,
            "line 3: /targeting/fallback/0: the campaign has no `c`; known are: a, b",
        ),
        (
            by_country,
            r#""mode":"country","fallback":["a","a"]"#,
            country,
            "line 3: /targeting/fallback/1: `a` stands twice in this list; keep one",
        ),
        (
            by_country,
            r#""mode":"choose""#,
            country,
            "line 2: /targets/0/filter: a filter without effect; leave the key out, or make `mode` \"country\" or \"postcode\"",
        ),
        (
            r#"{"id":"a","name":"A"}"#,
            r#""fallback":["a"]"#,
            country,
            "line 3: /targeting/fallback: every supporter has a target; leave the key out, or make `mode` \"country\" or \"postcode\"",
        ),
        (
            r#"{"id":"a","name":"A","filter":{"countries":["KH"],"postcodes":["1"]}}"#,
            r#""mode":"country""#,
            both,
            "line 2: /targets/0/filter/postcodes: postcodes without effect; leave the key out, or make `mode` \"postcode\"",
        ),
        (
            r#"{"id":"a","name":"A","filter":{"countries":["KH","KH"]}}"#,
            r#""mode":"country""#,
            country,
            "line 2: /targets/0/filter/countries/1: `KH` stands twice in this list; keep one",
        ),
        (
            r#"{"id":"a","name":"A","filter":{"postcodes":["1"," - "]}}"#,
            r#""mode":"postcode""#,
            both,
            "line 2: /targets/0/filter/postcodes/1: no letter and no digit; write how the postcodes begin, like \"SW1A\" or \"75\"",
        ),
        (
            r#"{"id":"a","name":"A","filter":{"states":["NY"]}}"#,
            r#""mode":"country""#,
            country,
            "line 2: /targets/0/filter/states: unknown key; leave it out",
        ),
        (
            r#"{"id":"a","name":"A"},{"id":"b","name":"B"}"#,
            r#""mode":"random","least":1"#,
            country,
            "line 3: /targeting/least: supporters do not choose where targets are picked at random; leave the key out, and let `most` say how many are drawn",
        ),
        (
            r#"{"id":"a","name":"A"},{"id":"b","name":"B"}"#,
            r#""mode":"random","most":3"#,
            country,
            "line 3: /targeting/most: 3 of 2 targets cannot be picked; lower it, or name more targets",
        ),
        (
            r#"{"id":"a","name":"A"},{"id":"b","name":"B"}"#,
            r#""mode":"random","most":0"#,
            country,
            "line 3: /targeting/most: a message without a target; make it 1 or more",
        ),
    ] {
        // The unknown filter causes a second error.
        let expected: &[&str] = match expected.contains("/states") {
            true => &[
                expected,
                "line 3: /targeting/mode: no target is for some and not for others by country; give targets a `filter` like {\"countries\": [\"KH\"]}",
            ],
            false => &[expected],
        };
        check_targeting(targets, targeting, fields, expected);
    }
}

#[test]
fn warns_of_pictures_on_other_hosts_and_refuses_them_at_risk() {
    let warned = |text: &str| -> Vec<String> {
        warnings(text.as_bytes()).iter().map(ToString::to_string).collect()
    };
    let elsewhere = FILE.replace("\"picture.jpg\"", "\"https://pictures.invalid/a.jpg\"").replace(
        "\"id\": \"b\", \"name\": \"B\"",
        r#""id": "b", "name": "B", "picture": {"url": "http://localhost/b.jpg", "alt": "B"}"#,
    );
    let pointers = ["line 5: /picture/url: ", "line 9: /targets/1/picture/url: "];
    let says = |words: &str| pointers.map(|pointer| format!("{pointer}{words}"));
    assert_eq!(lines(&elsewhere), [""; 0]);
    assert_eq!(
        warned(&elsewhere),
        says(
            "this picture's host learns who opens the form, and has to allow it (CORS); put it beside the campaign file and write its path, unless you trust that host"
        )
    );
    let at_risk = |text: &str| {
        text.replace("\"story\": \"Story\"", "\"story\": \"Story\", \"at_risk\": true")
    };
    assert_eq!(
        lines(&at_risk(&elsewhere)),
        says(
            "a picture on another host, which would learn who opens the form; put it beside the campaign file, and write its path"
        )
    );
    // A path is on the campaign's own host. There is no warning about a rejected value.
    for fine in [FILE.to_owned(), at_risk(FILE)] {
        assert_eq!((lines(&fine), warned(&fine)), (Vec::new(), Vec::new()));
    }
    assert_eq!(warned(&at_risk(&elsewhere)), [""; 0]);
    assert_eq!(warned("{"), [""; 0]);
}

#[test]
fn a_target_may_have_a_picture() {
    let b = "\"id\": \"b\", \"name\": \"B\"";
    let with = |picture: &str| format!("{b}, \"picture\": {picture}");
    check(b, &with(r#"{"url": "b.jpg", "alt": "B at work"}"#), &[]);
    check(
        b,
        &with(r#"{"url": "http://p.invalid/b.jpg", "alt": ""}"#),
        &[
            "line 9: /targets/1/picture/url: no address on the web, or one without https; write an address like https://example.org/page, or a path like page",
        ],
    );
    check(
        b,
        &with(r#"{"url": "b.jpg"}"#),
        &["line 9: /targets/1/picture/alt: missing; add this key"],
    );
    let km = "\"id\": \"b\", \"name\": \"ខ\"";
    let translated = format!("{km}, \"picture\": {{\"alt\": \"ខ\"}}");
    check(
        km,
        &translated,
        &[
            "line 42: /languages/km/targets/0/picture: the translation of what the target doesn't have; leave it out, or add `picture` to the target",
        ],
    );
    let both = FILE.replace(b, &with(r#"{"url": "b.jpg", "alt": "B"}"#)).replace(km, &translated);
    assert_eq!(lines(&both), Vec::<String>::new());
}

#[test]
fn an_answer_has_a_length_that_it_can_have() {
    let why = "\"id\": \"why\", \"kind\": \"long_text\"";
    let with = |max: u32| format!("{why}, \"max\": {max}");
    for good in [1, 2000] {
        check(why, &with(good), &[]);
    }
    check(
        why,
        &with(0),
        &["line 24: /fields/4/max: an answer of no characters; raise it, or leave the field out"],
    );
    check(
        why,
        &with(2001),
        &[
            "line 24: /fields/4/max: more than the 2000 characters that such an answer may have; lower it, or leave the key out",
        ],
    );
    check(
        "\"kind\": \"email\"",
        "\"max\": 50",
        &["line 21: /fields/1/max: a length for a field without text; leave the key out"],
    );
}

#[test]
fn faults_come_in_the_order_of_the_lines() {
    let broken = FILE
        .replace("\"retention_days\": 90", "\"retention_days\": 0")
        .replace("\"story\"", "\"stroy\"")
        .replace("\"goal\": 100", "\"goal\": 0");
    let starts: Vec<String> = lines(&broken).iter().map(|line| line[..8].to_owned()).collect();
    assert_eq!(starts, ["line 4: ", "line 31:", "line 38:"]);
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(SCHEMA, schema()).unwrap();
    }
    let published = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(published == schema(), "run: UPDATE=1 cargo test -p standwith --test core lint");
}

/// Whether the schema accepts a file.
fn schema_takes(file: &[u8]) -> bool {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("campaign.json", serde_json::from_str(&schema()).unwrap()).unwrap();
    let index = compiler.compile("campaign.json", &mut schemas).unwrap();
    schemas.validate(&serde_json::from_slice(file).unwrap(), index).is_ok()
}

#[test]
fn the_schema_takes_what_lint_passes() {
    for file in [EXAMPLE, VECTORS, FILE.as_bytes()] {
        assert!(schema_takes(file));
    }
    for said in ["false", "true", "{}", "{\"advice\": []}"] {
        let said = format!("\"at_risk\": {said}");
        let file = FILE.replace("\"story\": \"Story\"", &said);
        assert!(schema_takes(file.as_bytes()) && lint(file.as_bytes()).is_empty());
    }
}

#[test]
fn lint_refuses_what_the_schema_refuses() {
    for (old, new) in [
        ("\"story\"", "\"stroy\""),
        ("\"id\": \"c\"", "\"id\": \"C\""),
        ("\"id\": \"c\"", "\"id\": \"\""),
        ("  \"title\": \"Title\",\n", ""),
        ("\"title\": \"Title\"", "\"title\": null"),
        ("\"picture.jpg\"", "1"),
        ("\"name\": \"B\"", "\"filter\": 1"),
        ("\"KH\", ", "\"Cambodia\", "),
        ("\"choose\"", "\"nearest\""),
        ("\"name\": \"B\"", "\"filter\": {\"countries\": [\"Cambodia\"]}"),
        ("\"most\": 2", "\"fallback\": \"a\""),
        ("\"least\": 1", "\"least\": -1"),
        ("\"most\": 2", "\"most\": 4294967296"),
        ("[\"One\", \"Two\"]", "\"One\""),
        ("\"min\": 10", "\"min\": 10.5"),
        ("\"id\": \"why\"", "\"id\": \"why-not\""),
        ("\"label\": \"Writer\"", "\"text\": \"Writer\""),
        ("\"required\": true}\n  ],", "\"required\": \"yes\"}\n  ],"),
        ("2024-11-01T00:00:00Z", "2024-11-01"),
        ("\"#0b6e4f\"", "\"#0b6\""),
        ("[\"name\", \"email\"]", "[\"name\", \"mail\"]"),
        ("\"title\": \"ក\"", "\"titel\": \"ក\""),
        ("{\"purpose\": \"updates\", \"wording\": \"បាទ។\"}", "{\"purpose\": \"updates\"}"),
        ("\"story\": \"Story\"", "\"at_risk\": 1"),
    ] {
        assert_eq!(FILE.matches(old).count(), 1, "{old}");
        let broken = FILE.replace(old, new);
        assert!(!schema_takes(broken.as_bytes()), "the schema takes {new}");
        assert!(!lint(broken.as_bytes()).is_empty(), "lint passes {new}");
    }
}

/// Every position in a JSON value.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, inside)| places(inside, &format!("{at}/{key}"), out));
        }
        Value::Array(items) => {
            let mut each = items.iter().enumerate();
            each.by_ref().for_each(|(index, inside)| places(inside, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), text in "[\\[\\]{}\",:0-9a-z ]{0,60}") {
        let _ = (lint(&bytes), lint(text.as_bytes()));
    }

    /// With any value at any position of a file, each error has a line of the file and one line of text; and where the
    /// schema rejects, so does lint.
    #[test]
    fn no_value_anywhere_makes_it_panic(
        place in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(0), json!(-1), json!(1e99), json!(""), json!("x\ny"),
            json!("{{"), json!([]), json!([[]]), json!([null, "a", {}]), json!({}), json!({"id": "a"}),
            json!({"": {"": ""}}),
        ]),
    ) {
        let mut file: Value = serde_json::from_str(FILE).unwrap();
        let mut all = Vec::new();
        places(&file, "", &mut all);
        *file.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        let text = serde_json::to_string_pretty(&file).unwrap();
        let faults = lint(text.as_bytes());
        for fault in &faults {
            prop_assert!(fault.line >= 1 && fault.line as usize <= text.lines().count());
            prop_assert_eq!(fault.to_string().lines().count(), 1);
        }
        prop_assert!(!faults.is_empty() || schema_takes(text.as_bytes()), "{}", text);
    }
}

#[test]
fn ways_to_pass_it_on_are_known_and_say_something() {
    let with = |more: &str| format!("\"text\": \"Share\", {more}");
    let texts = "\"texts\": {\"x\": \"Short\", \"email\": \"One\\nTwo\"}";
    check("\"text\": \"Share\"", &with("\"channels\": [\"copy\", \"x\"]"), &[]);
    check("\"text\": \"Share\"", &with(texts), &[]);
    let km = format!("\"title\": \"ក\", \"share\": {{{texts}}}");
    check("\"title\": \"ក\"", &km, &[]);
    for (more, expected) in [
        (
            "\"channels\": []",
            "line 34: /share/channels: no way to pass it on; name some, or leave the key out",
        ),
        (
            "\"channels\": [\"x\", \"copy\", \"x\"]",
            "line 34: /share/channels/2: `x` stands twice in this list; keep one",
        ),
        (
            "\"channels\": [\"myspace\"]",
            "line 34: /share/channels/0: expected \"whatsapp\", \"telegram\", \"signal\", \"bluesky\", \"facebook\", \"x\", \"email\", \"copy\" or \"more\"",
        ),
        ("\"texts\": {\"x\": \" \"}", "line 34: /share/texts/x: an empty text; say something"),
        (
            "\"texts\": {\"watsapp\": \"W\"}",
            "line 34: /share/texts/watsapp: unknown key; did you mean `whatsapp`?",
        ),
    ] {
        check("\"text\": \"Share\"", &with(more), &[expected]);
    }
}

#[test]
fn variants_are_whole_and_in_every_language() {
    let own = r#""retention_days": 90, "variants": [
        {"id": "a"},
        {"id": "b", "weight": 3, "title": "Other", "message": {"subjects": ["Three"], "body": "I do ask."}}
    ]"#;
    let translated = r#""variants": [
        {"id": "b", "title": "គ", "message": {"subjects": ["៣"], "body": "ខ្ញុំសុំៗ។"}}
    ], "title": "ក""#;
    let file = |own: &str, translated: &str| {
        FILE.replace("\"retention_days\": 90", own).replace("\"title\": \"ក\"", translated)
    };
    let good = file(own, translated);
    assert_eq!(lines(&good), [""; 0]);
    assert!(schema_takes(good.as_bytes()));
    for (old, new, expected) in [
        (
            "{\"id\": \"a\"}",
            "{\"id\": \"b\"}",
            "line 40: /variants/1/id: `b` stands twice in this list; give each its own",
        ),
        (
            "\"weight\": 3",
            "\"weight\": 0",
            "line 40: /variants/1/weight: a variant that is never drawn; make it 1 or more, or leave the variant out",
        ),
        (
            "\"weight\": 3",
            "\"story\": \" \"",
            "line 40: /variants/1/story: an empty text; say something",
        ),
        (
            "I do ask.",
            "I {{do}} ask.",
            "line 40: /variants/1/message/body: {{do}} is no placeholder; known are: given_name, family_name, email, phone, country, region, locality, postal_code, address, target_name, target_office, target_organisation",
        ),
        (
            "[\"៣\"]",
            "[\"៣\", \"៤\"]",
            "line 45: /languages/km/variants/0/message/subjects: 2 subjects, where the variant has 1; translate each of them, in the same order",
        ),
        (
            "\"title\": \"គ\", ",
            "",
            "line 44: /languages/km/variants: `title` of the variant `b` is in the campaign's language only; translate it: else a form would be in two languages",
        ),
        (
            "{\"id\": \"b\", \"title\": \"គ\"",
            "{\"id\": \"b\", \"story\": \"ឃ\", \"title\": \"គ\"",
            "line 45: /languages/km/variants/0/story: the translation of what the variant doesn't have; leave it out, or add it to the variant",
        ),
    ] {
        let found = lines(&good.replacen(old, new, 1));
        assert!(found.iter().any(|line| line == expected), "{new}: {found:#?}");
    }
}

#[test]
fn an_own_mailbox_sends_one_message_to_all() {
    let file = r#"{"id":"c","title":"T","targets":[{"id":"a","name":"A","email":"a@gov.invalid"}],
        "message":{"subjects":["S"],"body":"B","per_target":true},"delivery":{"modes":["mail-app"]}}"#;
    let said = lines(file);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("/message/per_target: an own mailbox sends one message"), "{said:?}");
}

#[test]
fn a_copied_file_does_not_post_to_the_campaign_it_was_copied_from() {
    let file = |url: &str| {
        format!(
            r#"{{"id":"copy","title":"T","targets":[{{"id":"a","name":"A"}}],
            "message":{{"subjects":["S"],"body":"B"}},"endpoint":{{"url":"{url}"}}}}"#
        )
    };
    assert_eq!(
        lines(&file("original/actions")),
        [
            "line 2: /endpoint/url: the address of another campaign; write \"copy/actions\", or leave the key out"
        ]
    );
    for url in ["copy/actions", "https://a.example/campaigns/original/actions", "other"] {
        assert_eq!(lines(&file(url)), [""; 0], "{url}");
    }
}
