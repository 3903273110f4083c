//! The envelope accepts exactly the format: golden vectors, then inputs that are nearly actions and must be rejected.
//! Nothing here verifies signatures: the endpoint does.

use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::action::{ClaimContext, Claims, ConsentClaim, Source};
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::check::{check, check_claims};
use standwith::draft::Draft;
use standwith::envelope::{
    EnvelopeFault, PublicKey, ReceiptClaims, compact, decode, encode, json_body, open_action,
    open_receipt, receipt_signing_input, signing_input,
};
use standwith::shape::{self, ConfigFault, FaultKind};

fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn actions() -> Value {
    vector(include_str!("../vectors/actions.json"))
}

fn campaign(lang: &str) -> Campaign {
    let file = CampaignFile::parse(include_bytes!("../vectors/campaign.json")).unwrap();
    file.campaign(lang, Strictness::Strict).unwrap()
}

fn key() -> PublicKey {
    let key = vector(include_str!("../vectors/key.json"));
    let coordinate = |name: &str| key["jwk"][name].as_str().unwrap().to_owned();
    PublicKey::p256(&coordinate("x"), &coordinate("y"))
}

/// A header and a payload as an envelope whose signature is 64 zeros.
fn envelope(header: &str, payload: &[u8]) -> String {
    let parts = [encode(header.as_bytes()), encode(payload), encode(&[0; 64])];
    parts.join(".")
}

/// Asserts that `compact` is rejected for this one fault of its header or payload.
fn check_refused(
    name: &str,
    compact: &str,
    part: fn(Vec<ConfigFault>) -> EnvelopeFault,
    (pointer, line, kind): (&str, u32, FaultKind),
) {
    let fault = ConfigFault { pointer: pointer.to_owned(), line, kind };
    assert_eq!(open_action(compact).map(|_| ()), Err(part(vec![fault])), "{name}");
}

#[test]
fn a_golden_action_is_read() {
    for (vector, lang) in actions().as_array().unwrap().iter().zip(["en", "km"]) {
        let jws = vector["jws"].as_str().unwrap();
        let envelope = open_action(jws).unwrap();
        assert_eq!(envelope.payload, vector["payload"].as_str().unwrap().as_bytes());
        assert_eq!(envelope.header.jwk, Some(key()));
        assert_eq!(Some(envelope.signed), jws.rsplit_once('.').map(|(signed, _)| signed));
        assert_eq!(compact(envelope.signed, &envelope.signature), jws);
        assert!(check_claims(&campaign(lang), &envelope.claims).is_ok());
    }
}

#[test]
fn the_widget_signs_a_golden_action_byte_for_byte() {
    for vector in actions().as_array().unwrap() {
        let envelope = open_action(vector["jws"].as_str().unwrap()).unwrap();
        let claims = envelope.claims;
        let campaign = campaign(&claims.lang);
        // The typed values, without the widget's additions.
        let mut typed = Draft::claimed(&claims);
        let own = typed.get("body").split("\n\n").nth(1).unwrap().to_owned();
        typed.set("body", &own);
        let mut composed = typed.composed(&campaign);
        // It was signed when phone numbers were still sent as typed.
        composed.set("phone", &claims.person.phone);
        let action = check(&campaign, &composed).unwrap();
        let digest = |consent: &ConsentClaim| consent.wording_digest.clone();
        let given = ClaimContext {
            jti: claims.jti.clone(),
            iat: claims.iat,
            aud: claims.aud.clone(),
            campaign_digest: claims.campaign_digest.clone(),
            wording_digests: claims.consents.iter().map(digest).collect(),
            source: claims.source.clone(),
            ..ClaimContext::default()
        };
        let again = action.claims(&campaign, given);
        assert_eq!(shape::write(&again), vector["payload"].as_str().unwrap());
        assert_eq!(signing_input(&key(), &again), envelope.signed);
    }
}

#[test]
fn the_golden_receipt_is_read_and_written() {
    let vector = vector(include_str!("../vectors/receipt.json"));
    let jws = vector["jws"].as_str().unwrap();
    let envelope = open_receipt(jws).unwrap();
    assert_eq!(envelope.payload, vector["payload"].as_str().unwrap().as_bytes());
    let kid = envelope.header.kid.clone().unwrap();
    assert_eq!(receipt_signing_input(&kid, &envelope.claims), envelope.signed);
    assert_eq!(actions()[0]["action_digest"], envelope.claims.action_digest.as_str());
}

#[test]
fn each_vector_is_refused_for_what_it_says() {
    let refused = vector(include_str!("../vectors/refused.json"));
    for vector in refused.as_array().unwrap() {
        let [name, code, jws] = ["name", "code", "jws"].map(|key| vector[key].as_str().unwrap());
        let read = open_action(jws);
        match code {
            "malformed" => assert!(read.is_err(), "{name} was accepted"),
            // Only the endpoint verifies signatures.
            "signature_invalid" => assert!(read.is_ok(), "{name}: {read:?}"),
            "rules" => {
                let claims = read.unwrap().claims;
                assert!(check_claims(&campaign("en"), &claims).is_err(), "{name} was accepted");
            }
            _ => unreachable!("{code}"),
        }
    }
}

#[test]
fn a_fault_is_told_where_it_is() {
    use FaultKind::{Duplicate, Expected, Missing, Unknown};
    let header = |changed: Value| {
        let mut header = json!({
            "alg": "ES256",
            "typ": "action+jws",
            "jwk": {"kty": "EC", "crv": "P-256", "x": key().x, "y": key().y},
        });
        for (name, value) in changed.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.to_string()
    };
    let good = r#"{"jti":"AAECAwQFBgcICQoLDA0ODw","iat":1,"aud":"a","campaign":"c"}"#;
    let right = header(json!({}));
    assert!(open_action(&envelope(&right, good.as_bytes())).is_ok());
    let jwk = |mut key: Value, name: &str, value: Value| {
        key["jwk"][name] = value;
        json!({"jwk": key["jwk"]})
    };
    let whole: Value = serde_json::from_str(&right).unwrap();
    let mut without_y = whole.clone();
    without_y["jwk"].as_object_mut().unwrap().remove("y");
    for (changed, pointer, kind) in [
        (json!({"alg": "none"}), "/alg", Expected("\"ES256\"")),
        (json!({"alg": "HS256"}), "/alg", Expected("\"ES256\"")),
        (json!({"alg": "es256"}), "/alg", Expected("\"ES256\"")),
        (json!({"typ": "JWT"}), "/typ", Expected("\"action+jws\"")),
        (json!({"kid": "a"}), "/kid", Expected("no kid beside a jwk")),
        (json!({"crit": ["b64"]}), "/crit", Unknown),
        (jwk(whole.clone(), "d", json!("AA")), "/jwk/d", Unknown),
        (json!({"jwk": without_y["jwk"]}), "/jwk/y", Missing),
        (
            jwk(whole.clone(), "x", json!("AA")),
            "/jwk",
            Expected("a public key on P-256, x and y of 32 bytes"),
        ),
    ] {
        let name = changed.to_string();
        let nearly = envelope(&header(changed), good.as_bytes());
        check_refused(&name, &nearly, EnvelopeFault::Header, (pointer, 1, kind));
    }
    let twice = envelope(&right.replacen('{', r#"{"alg":"ES256","#, 1), good.as_bytes());
    check_refused("alg twice", &twice, EnvelopeFault::Header, ("/alg", 1, Duplicate));
    for (payload, pointer, line, kind) in [
        (good.replacen('{', r#"{"exp":1,"#, 1), "/exp", 1, Unknown),
        (good.replacen('{', r#"{"iat":2,"#, 1), "/iat", 1, Duplicate),
        (good.replace(r#""iat":1,"#, ""), "/iat", 1, Missing),
        (good.replacen('{', r#"{"answers":{"a":"1","a":"2"},"#, 1), "/answers/a", 1, Duplicate),
        (good.replacen('{', "{\n\n\"person\":{\"name\":\"\"},", 1), "/person/name", 3, Unknown),
        (good.replace("Dw", "DQ8"), "/jti", 1, Expected("128 bits in base64url")),
        (good.replace('}', ""), "", 1, Expected("a comma or a closing brace")),
    ] {
        let nearly = envelope(&right, payload.as_bytes());
        check_refused(&payload, &nearly, EnvelopeFault::Payload, (pointer, line, kind));
    }
    let latin = envelope(&right, b"{\"jti\":\"\xe9\"}");
    let kind = Expected("a text in UTF-8");
    check_refused("Latin-1", &latin, EnvelopeFault::Payload, ("", 1, kind));
    let short = [encode(right.as_bytes()), encode(good.as_bytes()), encode(&[0; 63])].join(".");
    assert_eq!(open_action(&short), Err(EnvelopeFault::Signature));
    for text in ["", ".", "...", "a.b", "a.b.c", "é.é.é", "AA==.AA==.AA=="] {
        assert!(matches!(open_action(text), Err(EnvelopeFault::NotCompact)), "{text}");
    }
}

#[test]
fn the_example_of_rfc_7515_decodes_but_is_no_action() {
    // RFC 7515, appendix A.3.1.
    let example = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6L\
                   y9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCg\
                   fTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let parts: Vec<Vec<u8>> = example.split('.').map(|part| decode(part).unwrap()).collect();
    assert_eq!(parts[0], br#"{"alg":"ES256"}"#);
    assert!(parts[1].starts_with(b"{\"iss\":\"joe\",\r\n"));
    assert_eq!(parts[2].len(), 64);
    let kind = FaultKind::Missing;
    check_refused("RFC 7515, A.3", example, EnvelopeFault::Header, ("/typ", 1, kind));
}

#[test]
fn base64url_has_one_form() {
    // RFC 4648, section 10, less the padding.
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(encode(bytes.as_bytes()), text);
        assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
    }
    assert_eq!(decode("-_-_"), Some(vec![0xfb, 0xff, 0xbf]));
    for text in ["Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm9vY", "+/+/", "Zm 8", "Zm8\n", " Zm8", "Zm8é"]
    {
        assert_eq!(decode(text), None, "{text:?}");
    }
}

#[test]
fn a_point_has_two_coordinates_of_32_bytes() {
    let bytes = |length: usize| encode(&vec![7; length]);
    let point = PublicKey::p256(&bytes(32), &encode(&[9; 32])).point().unwrap();
    assert_eq!((point[0], point[1], point[32], point[33], point[64]), (4, 7, 7, 9, 9));
    for (x, y) in [(31, 32), (32, 31), (33, 32), (32, 33), (0, 32), (64, 0)] {
        assert_eq!(PublicKey::p256(&bytes(x), &bytes(y)).point(), None, "{x} and {y} bytes");
    }
    let foreign = PublicKey { crv: "P-384".to_owned(), ..key() };
    assert_eq!(foreign.point(), None);
    let foreign = PublicKey { kty: "OKP".to_owned(), ..key() };
    assert_eq!(foreign.point(), None);
}

#[test]
fn a_receipt_names_its_key_and_holds_none() {
    let claims = ReceiptClaims { jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(), ..Default::default() };
    let receipt = compact(&receipt_signing_input("2026", &claims), &[0; 64]);
    assert_eq!(open_receipt(&receipt).unwrap().claims, claims);
    assert!(matches!(open_action(&receipt), Err(EnvelopeFault::Header(_))));
    let action = actions()[0]["jws"].as_str().unwrap().to_owned();
    assert!(matches!(open_receipt(&action), Err(EnvelopeFault::Header(_))));
    let without_kid = envelope(r#"{"alg":"ES256","typ":"receipt+jws"}"#, b"{}");
    assert!(open_receipt(&without_kid).is_err());
}

#[test]
fn the_format_json_holds_the_action_beside_its_proof() {
    let vector = &actions()[1];
    let jws = vector["jws"].as_str().unwrap();
    let body: Value =
        serde_json::from_str(&json_body(&open_action(jws).unwrap().claims, jws)).unwrap();
    let payload: Value = serde_json::from_str(vector["payload"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"action": payload, "proof": jws}));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), dots in "[A-Za-z0-9_.=-]{0,200}") {
        let _ = (open_action(&text), open_receipt(&text));
        let _ = (open_action(&dots), open_receipt(&dots));
    }

    #[test]
    fn no_header_and_no_payload_make_it_panic(header in any::<String>(), payload in any::<Vec<u8>>()) {
        let _ = open_action(&envelope(&header, &payload));
        let right = format!(r#"{{"alg":"ES256","typ":"action+jws","jwk":{}}}"#, shape::write(&key()));
        prop_assert!(open_action(&envelope(&right, &payload)).is_err());
    }

    #[test]
    fn no_other_text_stands_for_the_same_bytes(bytes in any::<Vec<u8>>(), text in "[A-Za-z0-9_-]{0,12}") {
        prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        if let Some(bytes) = decode(&text) {
            prop_assert_eq!(encode(&bytes), text);
        }
    }

    #[test]
    fn what_is_signed_is_what_is_read(body in any::<String>(), page in any::<String>(), iat in any::<i64>()) {
        let claims = Claims {
            jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
            iat,
            message: Some(standwith::action::Message { subject: String::new(), body }),
            source: Source { page, ..Source::default() },
            ..Claims::default()
        };
        let jws = compact(&signing_input(&key(), &claims), &[1; 64]);
        let envelope = open_action(&jws);
        prop_assert_eq!(envelope.as_ref().map(|envelope| &envelope.claims), Ok(&claims));
    }
}
