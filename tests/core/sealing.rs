//! The sealed payload: its content, its format, and which inputs are accepted. Nothing here encrypts: the endpoint's
//! tests do.

use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::{AnswerValue, ClaimContext, Claims, Message, Person};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::check::{check, check_claims, check_received, check_sealed};
use standwith::draft::Draft;
use standwith::envelope::{PublicKey, encode};
use standwith::sealing::{
    SealedFault, SealedPayload, compact, concat_kdf, derivation_input, exposed, header, joined,
    open, plaintext, read_inside, split,
};
use standwith::shape::{self, FaultKind, Table};

/// Alice's fresh key of RFC 7518, appendix C.
fn epk() -> PublicKey {
    PublicKey::p256(
        "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    )
}

/// A sealed text of the right format, without content.
fn sealed() -> String {
    compact(&header(&epk(), "Bob"), &[7; 12], &[9; 300])
}

fn campaign(changes: &Value) -> Campaign {
    let mut file = json!({
        "id": "c",
        "title": "T",
        "targets": [
            {"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "d", "name": "D"}
        ],
        "message": {"subjects": ["One", "Two"], "body": "Please."},
        "fields": [
            {"id": "given_name", "required": true},
            {"id": "email", "required": true},
            {"id": "country", "required": true},
            {"id": "postal_code", "required": true},
            {"id": "why", "kind": "long_text", "label": "Why?"},
        ],
        "consents": [
            {"purpose": "delivery", "wording": "Pass it on.", "required": true},
            {"purpose": "updates", "wording": "Write.", "required": true, "countries": ["KH"]},
        ],
        "variants": [{"id": "v", "title": "V"}],
        "sealing": {"jwk": {
            "kty": "EC", "crv": "P-256",
            "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            "kid": "Bob",
        }},
    });
    for (key, value) in changes.as_object().unwrap() {
        file[key] = value.clone();
    }
    let file = CampaignFile::parse(file.to_string().as_bytes()).unwrap();
    file.campaign("en", Strictness::Strict).unwrap()
}

fn draft() -> Draft {
    let values = [
        ("given_name", "Sophea"),
        ("email", "sophea@example.org"),
        ("country", "KH"),
        ("postal_code", "120101"),
        ("why", "I care."),
        ("subject", "Two"),
        ("body", "Please."),
        ("targets", "a"),
        ("consent_delivery", "on"),
        ("consent_updates", "on"),
    ];
    Draft::posted(values.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// Claims as a widget makes them, and the part that it seals.
fn sent(campaign: &Campaign) -> (Claims, SealedPayload) {
    let action = check(campaign, &draft().composed(campaign)).unwrap();
    let mut claims = action.claims(campaign, ClaimContext::default());
    claims.sealed = Some(sealed());
    (claims, action.inside())
}

/// The fields and codes of the errors.
fn told(campaign: &Campaign, claims: &Claims) -> Vec<String> {
    let field_errors = check_sealed(campaign, claims).err().unwrap_or_default();
    field_errors
        .iter()
        .map(|field_error| [&field_error.field, " ", &*field_error.code()].concat())
        .collect()
}

#[test]
fn claims_of_a_sealed_campaign_hold_nothing_of_what_is_sealed() {
    let sealing = campaign(&json!({}));
    let open = Campaign { sealing: None, ..sealing.clone() };
    let action = check(&sealing, &draft().composed(&sealing)).unwrap();
    let claims = action.claims(&sealing, ClaimContext::default());
    assert_eq!(exposed(&claims), Vec::<&str>::new());
    let text = shape::write(&claims);
    for typed in ["Sophea", "example.org", "120101", "I care", "Two", "Please", "subject_index"] {
        assert!(!text.contains(typed), "{typed} is in {text}");
    }
    // In a campaign that does not seal, the claims are complete.
    let whole = action.claims(&open, ClaimContext::default());
    assert_eq!(exposed(&whole), ["person", "message", "answers"]);
    assert_eq!(whole.subject_index, Some(1));
    // The part left out is exactly the sealed payload, and can be merged back.
    let (rest, inside) = split(whole.clone());
    assert_eq!((&rest.person, &inside), (&Person::default(), &action.inside()));
    assert_eq!(Claims { subject_index: None, ..rest.clone() }, claims);
    assert_eq!(joined(rest, inside.clone()), Ok(whole.clone()));
    assert_eq!(joined(whole, inside), Err(vec!["person", "message", "answers"]));
}

#[test]
fn messages_of_their_own_are_sealed_too() {
    let sealing = campaign(&json!({
        "message": {"subjects": ["One"], "body": "Dear {{target_name}},", "per_target": true, "max": 1000},
    }));
    let (claims, inside) = sent(&sealing);
    assert_eq!((inside.message.as_ref(), inside.messages.0.len()), (None, 3));
    let exposed_one = Claims { messages: inside.messages.clone(), ..claims.clone() };
    assert_eq!(joined(exposed_one, inside.clone()), Err(vec!["messages"]));
    let whole = joined(claims, inside).unwrap();
    assert!(check_claims(&sealing, &whole).is_ok());
}

#[test]
fn what_is_unsealed_is_judged_like_any_other_action() {
    let sealing = campaign(&json!({}));
    let (claims, inside) = sent(&sealing);
    let whole = joined(claims.clone(), inside.clone()).unwrap();
    assert_eq!(whole.sealed, None);
    assert!(check_claims(&sealing, &whole).is_ok());
    let mut strange = inside;
    strange.person.email = "nowhere".to_owned();
    let whole = joined(claims, strange).unwrap();
    assert_eq!(check_claims(&sealing, &whole).unwrap_err()[0].code(), "email_malformed");
}

#[test]
fn an_endpoint_judges_what_it_can_read() {
    let sealing = campaign(&json!({}));
    let (claims, inside) = sent(&sealing);
    assert_eq!(told(&sealing, &claims), Vec::<String>::new());
    assert!(check_received(&sealing, &claims).is_ok());

    let with = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        told(&sealing, &claims)
    };
    assert_eq!(with(|c| c.sealed = None), ["sealed answer_missing"]);
    for junk in ["", "plain text", "a.b.c.d.e", "{\"person\":{}}"] {
        let claims = Claims { sealed: Some(junk.to_owned()), ..claims.clone() };
        assert_eq!(told(&sealing, &claims), ["sealed answer_malformed"], "{junk}");
    }
    assert_eq!(with(|c| c.person.phone = "1".to_owned()), ["person answer_unknown_choice"]);
    assert_eq!(with(|c| c.message = Some(Message::default())), ["message answer_unknown_choice"]);
    let one = || Table(vec![("a".to_owned(), Message { subject: "S".into(), body: "B".into() })]);
    let claims_with_messages = Claims { messages: one(), ..claims.clone() };
    assert_eq!(told(&sealing, &claims_with_messages), ["messages answer_unknown_choice"]);
    let answer = Table(vec![("why".to_owned(), AnswerValue::One("x".to_owned()))]);
    let answered = Claims { answers: answer, ..claims.clone() };
    assert_eq!(told(&sealing, &answered), ["answers answer_unknown_choice"]);

    assert_eq!(with(|c| c.targets = vec!["nobody".to_owned()]), ["targets targets_unknown_choice"]);
    // The message goes to all targets, so claims with fewer are rejected.
    assert_eq!(with(|c| c.targets = vec!["a".to_owned()]), ["targets targets_too_few"]);
    assert_eq!(with(|c| c.consents[0].granted = false), ["consent_delivery consent_missing"]);
    assert_eq!(
        with(|c| c.consents[0].purpose = "x".to_owned()),
        ["consent_delivery consent_missing", "consent_x consent_unknown_choice"]
    );
    // Only the sealed country decides which consents are asked for.
    assert_eq!(with(|c| c.consents[1].granted = false), Vec::<String>::new());
    assert_eq!(with(|c| drop(c.consents.pop())), Vec::<String>::new());
    assert_eq!(with(|c| c.variant = Some("v".to_owned())), Vec::<String>::new());
    assert_eq!(with(|c| c.variant = Some("w".to_owned())), ["variant answer_unknown_choice"]);
    assert_eq!(with(|c| c.subject_index = Some(1)), Vec::<String>::new());
    assert_eq!(with(|c| c.subject_index = Some(2)), ["subject_index answer_unknown_choice"]);
    let mailed = |c: &mut Claims| c.delivery = standwith::action::DeliveryClaim::of("mail-app");
    assert_eq!(with(mailed), ["delivery answer_unknown_choice"]);

    // A campaign without sealing accepts no sealed payload.
    let open = Campaign { sealing: None, ..sealing.clone() };
    assert!(check_received(&open, &claims).is_err());
    let whole = joined(claims.clone(), inside).unwrap();
    assert!(check_received(&open, &whole).is_ok());
    assert!(check_received(&sealing, &whole).is_err());
}

#[test]
fn targets_are_counted_where_nobody_can_read_whose_they_are() {
    let for_kh = json!([
        {"id": "a", "name": "A", "filter": {"countries": ["KH"]}},
        {"id": "b", "name": "B", "filter": {"countries": ["KH"]}},
        {"id": "d", "name": "D"}
    ]);
    let told_for = |targeting: Value, targets: &Value, named: &[&str]| {
        let sealing = campaign(&json!({"targeting": targeting, "targets": targets}));
        let claims = Claims {
            targets: named.iter().map(|id| (*id).to_owned()).collect(),
            sealed: Some(sealed()),
            consents: sent(&campaign(&json!({}))).0.consents,
            ..Claims::default()
        };
        told(&sealing, &claims)
    };
    let none = Vec::<String>::new();
    let any = json!([
        {"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "d", "name": "D"}
    ]);
    let by_country = json!({"mode": "country"});
    for named in [&["a", "b", "d"][..], &["d"], &["a"], &[]] {
        assert_eq!(told_for(by_country.clone(), &for_kh, named), none, "{named:?}");
    }
    assert_eq!(told_for(by_country, &for_kh, &["x"]), ["targets targets_unknown_choice"]);
    let some = json!({"mode": "country", "least": 1, "most": 2});
    assert_eq!(told_for(some.clone(), &for_kh, &["a", "d"]), none);
    assert_eq!(told_for(some.clone(), &for_kh, &[]), ["targets targets_too_few"]);
    assert_eq!(told_for(some, &for_kh, &["a", "b", "d"]), ["targets targets_too_many"]);
    // If there are fewer than `least`, the message goes to all of them.
    let least = json!({"mode": "country", "least": 3});
    assert_eq!(told_for(least, &for_kh, &["d"]), none);
    let two = json!({"mode": "choose", "least": 2, "most": 2});
    assert_eq!(told_for(two.clone(), &any, &["a", "b"]), none);
    assert_eq!(told_for(two.clone(), &any, &["a", "a"]), ["targets targets_too_few"]);
    assert_eq!(told_for(two, &any, &["a", "b", "d"]), ["targets targets_too_many"]);
    let lot = json!({"mode": "random", "most": 1});
    assert_eq!(told_for(lot.clone(), &any, &["b"]), none);
    assert_eq!(told_for(lot, &any, &["a", "b"]), ["targets targets_too_many"]);
}

// RFC 7518, appendix C: the input of the only round, byte by byte.
#[test]
fn the_key_is_derived_as_rfc_7518_does_it() {
    let shared = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110,
        163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let other = [
        0, 0, 0, 7, 65, 49, 50, 56, 71, 67, 77, 0, 0, 0, 5, 65, 108, 105, 99, 101, 0, 0, 0, 3, 66,
        111, 98, 0, 0, 0, 128,
    ];
    let expected = [&[0, 0, 0, 1][..], &shared, &other].concat();
    assert_eq!(concat_kdf(&shared, "A128GCM", ["Alice", "Bob"], 128), expected);
    // Ours: another algorithm, no parties, and a longer key.
    let other = [0, 0, 0, 7, 65, 50, 53, 54, 71, 67, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    assert_eq!(derivation_input(&shared), [&[0, 0, 0, 1][..], &shared, &other].concat());
}

#[test]
fn a_sealed_text_is_taken_apart() {
    let text = sealed();
    let parts = open(&text).unwrap();
    assert_eq!((&parts.header.epk, parts.header.kid.as_deref()), (&epk(), Some("Bob")));
    assert_eq!(parts.protected, text.split('.').next().unwrap());
    assert_eq!((parts.iv, parts.sealed), ([7; 12], vec![9; 300]));
    // Without a name there is none.
    assert_eq!(open(&compact(&header(&epk(), ""), &[7; 12], &[9; 16])).unwrap().header.kid, None);
}

#[test]
fn only_the_one_form_passes_for_a_sealed_text() {
    let text = sealed();
    let parts: Vec<&str> = text.split('.').collect();
    let with = |place: usize, part: &str| {
        let mut parts = parts.clone();
        parts[place] = part;
        parts.join(".")
    };
    let malformed = |text: &str| assert_eq!(open(text), Err(SealedFault::NotCompact), "{text}");
    malformed("");
    malformed(&parts[..4].join("."));
    malformed(&[&text, "."].concat());
    malformed(&[&text, "\n"].concat());
    malformed(&with(0, "="));
    // With direct key agreement there is no encrypted key.
    malformed(&with(1, "AAAA"));
    malformed(&with(3, &[parts[3], "="].concat()));
    malformed(&with(3, &parts[3].replace('C', "+")));
    // Not canonical: the last character sets bits that are not used.
    malformed(&with(4, "CQkJCQkJCQkJCQkJCQkJCR"));
    for (place, length) in [(2, 11), (2, 13), (2, 0), (4, 15), (4, 17), (4, 0)] {
        let other = with(place, &encode(&vec![1; length]));
        assert_eq!(open(&other), Err(SealedFault::Length), "{place} {length}");
    }
}

#[test]
fn the_header_has_exactly_its_members() {
    let (x, y) = (epk().x, epk().y);
    let good = json!({"alg": "ECDH-ES", "enc": "A256GCM",
        "epk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}});
    let with = |changes: Value| {
        let mut header = good.clone();
        for (pointer, value) in changes.as_object().unwrap() {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            header.pointer_mut(parent).unwrap()[key] = value.clone();
        }
        let text = sealed();
        let (_, rest) = text.split_once('.').unwrap();
        [&encode(header.to_string().as_bytes()), ".", rest].concat()
    };
    // In any order and spacing: it is parsed, not compared.
    assert!(open(&with(json!({}))).is_ok());
    let unknown = FaultKind::Unknown;
    let expected = FaultKind::Expected;
    for (changes, pointer, kind) in [
        (json!({"/alg": "ECDH-ES+A256KW"}), "/alg", expected("\"ECDH-ES\"")),
        (json!({"/alg": "dir"}), "/alg", expected("\"ECDH-ES\"")),
        (json!({"/enc": "A128GCM"}), "/enc", expected("\"A256GCM\"")),
        (json!({"/enc": 1}), "/enc", expected("a text in double quotes")),
        (json!({"/zip": "DEF"}), "/zip", unknown.clone()),
        (json!({"/apu": "QWxpY2U"}), "/apu", unknown.clone()),
        (json!({"/crit": ["exp"]}), "/crit", unknown.clone()),
        (json!({"/epk/d": "AA"}), "/epk/d", unknown),
        (
            json!({"/epk/crv": "P-384"}),
            "/epk",
            expected("a public key on P-256, x and y of 32 bytes"),
        ),
        (json!({"/epk/x": ""}), "/epk", expected("a public key on P-256, x and y of 32 bytes")),
    ] {
        let text = with(changes.clone());
        let Err(SealedFault::Header(faults)) = open(&text) else {
            panic!("{changes} was accepted");
        };
        assert_eq!((faults[0].pointer.as_str(), &faults[0].kind), (pointer, &kind), "{changes}");
    }
    let twice = encode(good.to_string().replacen('{', "{\"alg\":\"ECDH-ES\",", 1).as_bytes());
    let text = sealed();
    let text = [&twice, ".", text.split_once('.').unwrap().1].concat();
    assert!(
        matches!(open(&text), Err(SealedFault::Header(f)) if f[0].kind == FaultKind::Duplicate)
    );
}

#[test]
fn what_is_inside_is_named_where_it_is_wrong() {
    for (text, pointer, kind) in [
        (r#"{"person":{},"nickname":"x"}"#, "/nickname", FaultKind::Unknown),
        (r#"{"person":{"nickname":"x"}}"#, "/person/nickname", FaultKind::Unknown),
        (r#"{"person":{},"person":{}}"#, "/person", FaultKind::Duplicate),
        (r#"{"jti":"x"}"#, "/jti", FaultKind::Unknown),
        (r#"[]"#, "", FaultKind::Expected("an object in braces")),
    ] {
        let faults = read_inside(text.as_bytes()).unwrap_err();
        assert_eq!((faults[0].pointer.as_str(), &faults[0].kind), (pointer, &kind), "{text}");
    }
    assert!(read_inside(b"\xff").is_err());
    assert!(read_inside(b"").is_err());
    assert_eq!(read_inside(b" {} \n"), Ok(SealedPayload::default()));
}

#[test]
fn the_length_tells_little() {
    let length = |body: &str| {
        let message = Message { subject: "S".to_owned(), body: body.to_owned() };
        plaintext(&SealedPayload { message: Some(message), ..SealedPayload::default() }).len()
    };
    assert_eq!(length("Please."), 256);
    assert_eq!(length("Please, please, please."), 256);
    assert_eq!(length(&"x".repeat(256)), 512);
}

// The longest message that `standwith check` allows for a sealed campaign, in a script of four bytes a character,
// beside long values in the other fields.
#[test]
fn the_longest_message_fits_into_32_kib() {
    let person = Person {
        given_name: "𑄇".repeat(50),
        family_name: "𑄇".repeat(50),
        email: "x".repeat(100),
        phone: "x".repeat(32),
        country: "KH".to_owned(),
        address: "𑄇".repeat(100),
        ..Person::default()
    };
    let message = Message { subject: "𑄇".repeat(100), body: "𑄇".repeat(3500) };
    let inside = SealedPayload { person, message: Some(message), ..SealedPayload::default() };
    let sealed_text = vec![0; plaintext(&inside).len() + 16];
    let mut claims = sent(&campaign(&json!({}))).0;
    claims.aud = "x".repeat(200);
    claims.jti = "x".repeat(22);
    claims.campaign_digest = "x".repeat(43);
    claims.source.page = "x".repeat(200);
    claims.sealed = Some(compact(&header(&epk(), &"k".repeat(43)), &[0; 12], &sealed_text));
    let action = standwith::envelope::signing_input(&epk(), &claims);
    let length = action.len() + 1 + 86;
    assert!(length <= 32 * 1024, "{length}");
}

fn given() -> impl Strategy<Value = AnswerValue> {
    prop_oneof![
        any::<String>().prop_map(AnswerValue::One),
        any::<Vec<String>>().prop_map(AnswerValue::Several)
    ]
}

fn message() -> impl Strategy<Value = Message> {
    (any::<String>(), any::<String>()).prop_map(|(subject, body)| Message { subject, body })
}

fn inside() -> impl Strategy<Value = SealedPayload> {
    let person = any::<[String; 9]>().prop_map(|values| {
        let [
            given_name,
            family_name,
            email,
            phone,
            country,
            region,
            locality,
            postal_code,
            address,
        ] = values;
        Person {
            given_name,
            family_name,
            email,
            phone,
            country,
            region,
            locality,
            postal_code,
            address,
        }
    });
    let messages = proptest::collection::btree_map(any::<String>(), message(), 0..3);
    let answers = proptest::collection::btree_map(any::<String>(), given(), 0..3);
    (person, proptest::option::of(message()), messages, answers).prop_map(
        |(person, message, messages, answers)| SealedPayload {
            person,
            message,
            messages: Table(messages.into_iter().collect()),
            answers: Table(answers.into_iter().collect()),
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(inside in inside()) {
        let text = plaintext(&inside);
        prop_assert_eq!(text.len() % 256, 0);
        prop_assert_eq!(read_inside(text.as_bytes()), Ok(inside.clone()));
        let claims = joined(Claims::default(), inside.clone()).unwrap();
        prop_assert_eq!(split(claims), (Claims::default(), inside));
    }

    #[test]
    fn what_is_put_together_is_taken_apart(
        iv: [u8; 12],
        text in proptest::collection::vec(any::<u8>(), 16..400),
        kid in "[ -~]{1,40}",
    ) {
        let header = header(&epk(), &kid);
        let sealed = compact(&header, &iv, &text);
        let parts = open(&sealed).unwrap();
        prop_assert_eq!(parts.header.kid, Some(kid));
        prop_assert_eq!((parts.protected, parts.iv, parts.sealed), (&*header, iv, text));
    }

    #[test]
    fn any_text_is_read_or_refused(text: String, parts in "[A-Za-z0-9_.=-]{0,200}") {
        let _ = (open(&text), open(&parts), read_inside(text.as_bytes()));
    }
}
