//! The test vectors for third-party endpoints, applied to this one.

use std::fs;
use std::path::PathBuf;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use serde_json::{Value, json};
use standwith::action::Claims;
use standwith::envelope::{PublicKey, decode, encode, open_receipt};
use standwith::{sealing, shape};
use standwith_endpoint::intake::Form;
use standwith_endpoint::signature::{PinnedKeys, digest};

use crate::commands::standwith;
use crate::test_endpoint::{TestEndpoint, database, seal_with, signed, with};

/// The time when the vectors were signed, or just after.
const NOW: i64 = 1_790_000_002;

fn vector(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    fs::read(folder.join(name)).unwrap()
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&vector(name)).unwrap()
}

async fn scene() -> TestEndpoint {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    fs::write(dir.path().join("campaigns/vectors.json"), vector("campaign.json")).unwrap();
    TestEndpoint::at(dir, vec!["https://actions.example.org".parse().unwrap()]).await
}

#[tokio::test]
async fn good_actions_are_taken() {
    let scene = scene().await;
    let campaign = read("campaign.json")["id"].as_str().unwrap().to_owned();
    for action in read("actions.json").as_array().unwrap() {
        let jws = action["jws"].as_str().unwrap();
        let taken = scene.endpoint.intake.take(&campaign, Form::Jws, jws.as_bytes(), NOW).await;
        let receipt =
            taken.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", action["name"])).receipt;
        let receipt = open_receipt(&receipt).unwrap();
        assert_eq!(receipt.claims.action_digest, action["action_digest"]);
    }
    assert_eq!(scene.number("SELECT count(*) FROM action WHERE digest_known").await, 2);
}

#[tokio::test]
async fn bad_actions_are_refused_with_their_codes() {
    let scene = scene().await;
    let campaign = read("campaign.json")["id"].as_str().unwrap().to_owned();
    for action in read("refused.json").as_array().unwrap() {
        let jws = action["jws"].as_str().unwrap();
        let taken = scene.endpoint.intake.take(&campaign, Form::Jws, jws.as_bytes(), NOW).await;
        let code = taken.map_or_else(|refusal| refusal.code(), |_| "taken");
        assert_eq!(code, action["code"], "{}", action["name"]);
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

#[test]
fn a_receipt_is_verified_by_the_key_that_it_names_and_no_other() {
    let (key, receipt) = (read("key.json"), read("receipt.json"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (kid, jwk) = (text(&key["kid"]), &key["jwk"]);
    let jwk = PublicKey::p256(&text(&jwk["x"]), &text(&jwk["y"]));
    let receipt = text(&receipt["jws"]);
    let receipt = open_receipt(&receipt).unwrap();
    assert!(PinnedKeys::new(vec![(kid, jwk.clone())]).has_signed(&receipt));
    assert!(!PinnedKeys::new(vec![("other".to_owned(), jwk)]).has_signed(&receipt));
    assert!(!PinnedKeys::default().has_signed(&receipt));
}

/// The sealed action with the intermediate values of each step, for other programs; `UPDATE=1` rewrites it, with other
/// signatures.
fn sealed_vector() -> Value {
    let campaign = vector("sealed-campaign.json");
    let jwk = &serde_json::from_slice::<Value>(&campaign).unwrap()["sealing"]["jwk"];
    let key = with(jwk.clone(), json!({"d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}));
    let ephemeral = json!({
        "kty": "EC", "crv": "P-256",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
    });
    let bytes = |text: &Value| decode(text.as_str().unwrap()).unwrap();
    let fresh = PrivateKey::from_private_key(&ECDH_P256, &bytes(&ephemeral["d"])).unwrap();
    let peer = PublicKey::p256(jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap());
    let peer = UnparsedPublicKey::new(&ECDH_P256, peer.point().unwrap());
    let shared = agree(&fresh, peer, (), |shared| Ok(shared.to_vec())).unwrap();
    let input = sealing::derivation_input(&shared);
    let iv = *b"twelve bytes";
    let whole = json!({
        "jti": "EBESExQVFhcYGRobHB0eHw",
        "iat": 1_790_000_001,
        "aud": "https://actions.example.org/campaigns/release-the-writer-sealed/actions",
        "campaign": "release-the-writer-sealed",
        "campaign_digest": digest(&campaign),
        "lang": "en",
        "person": {
            "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org", "country": "GB",
        },
        "message": {
            "subject": "Please release the writer",
            "body": "Your Excellency,\n\nPlease release the writer. 🕊\n\nAda Lovelace",
        },
        "answers": {"role": ["reader", "writer"], "reason": "I read."},
        "targets": ["minister-of-justice"],
        "consents": [
            {"purpose": "updates", "granted": false, "lang": "en",
             "wording_digest": digest(b"Keep me informed.")},
            {"purpose": "delivery", "granted": true, "lang": "en",
             "wording_digest": digest(b"Pass my message and my name to those I have chosen.")},
        ],
    });
    let (mut claims, inside) = sealing::split(shape::read::<Claims>(&whole.to_string()).unwrap());
    let plaintext = sealing::plaintext(&inside);
    let sealed = seal_with(&fresh, iv, jwk, &plaintext);
    claims.sealed = Some(sealed.clone());
    let payload = shape::write(&claims);
    json!({
        "key": key,
        "ephemeral": ephemeral,
        "shared": encode(&shared),
        "derivation_input": encode(&input),
        "content_key": digest(&input),
        "iv": encode(&iv),
        "plaintext": plaintext,
        "sealed": sealed,
        "payload": payload,
        "action_digest": digest(payload.as_bytes()),
        "jws": signed(&serde_json::from_str(&payload).unwrap()),
        "refused": refused(&serde_json::from_str(&payload).unwrap(), &sealed, &whole),
    })
}

/// Actions of a sealed campaign with one error each, which an endpoint rejects.
fn refused(claims: &Value, sealed: &str, whole: &Value) -> Value {
    let parts: Vec<&str> = sealed.split('.').collect();
    let part = |place: usize, text: &str| {
        let mut parts = parts.clone();
        parts[place] = text;
        json!({"sealed": parts.join(".")})
    };
    let header = |changes: Value| {
        let header: Value = serde_json::from_slice(&decode(parts[0]).unwrap()).unwrap();
        part(0, &encode(with(header, changes).to_string().as_bytes()))
    };
    let off = json!({"kty": "EC", "crv": "P-256", "x": encode(&[1; 32]), "y": encode(&[1; 32])});
    let padded = [parts[3], "=="].concat();
    let cases = [
        ("nothing is sealed", json!({"sealed": null})),
        ("plain text in the place of the sealed one", json!({"sealed": whole["message"]["body"]})),
        ("the person in the clear, too", json!({"person": whole["person"]})),
        ("the message in the clear, too", json!({"message": whole["message"]})),
        ("answers in the clear, too", json!({"answers": whole["answers"]})),
        ("four parts", json!({"sealed": parts[..4].join(".")})),
        ("an encrypted key", part(1, "AAAA")),
        ("padding", part(3, &padded)),
        ("a vector of 16 bytes", part(2, &encode(&[1; 16]))),
        ("a tag of 12 bytes", part(4, &encode(&[1; 12]))),
        ("another way to agree on a key", header(json!({"alg": "ECDH-ES+A256KW"}))),
        ("another encryption", header(json!({"enc": "A128GCM"}))),
        ("compression", header(json!({"zip": "DEF"}))),
        ("a fresh key off the curve", header(json!({"epk": off}))),
    ];
    let vector = |(name, changes): (&str, Value)| json!({"name": name, "code": "rules", "jws": signed(&with(claims.clone(), changes))});
    cases.into_iter().map(vector).collect()
}

#[tokio::test]
async fn a_sealed_action_is_sealed_step_by_step() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/sealed.json");
    let mut now = sealed_vector();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let kept = read("sealed.json");
    // RFC 7518, appendix C.
    assert_eq!(kept["shared"], "nlbZHYFxNdNyg0KDv4QmnPsxbqPagGpI9tqneYz-kMQ");
    // Each signature is different.
    for key in ["jws", "refused"] {
        now[key] = kept[key].clone();
    }
    assert_eq!(kept, now);

    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    let file = dir.path().join("campaigns/vectors.json");
    fs::write(file, vector("sealed-campaign.json")).unwrap();
    fs::write(dir.path().join("seal.json"), kept["key"].to_string()).unwrap();
    let scene = TestEndpoint::at(dir, vec!["https://actions.example.org".parse().unwrap()]).await;
    let take = async |vector: &Value| {
        let jws = vector["jws"].as_str().unwrap().as_bytes();
        let campaign = "release-the-writer-sealed";
        scene.endpoint.intake.take(campaign, Form::Jws, jws, NOW).await
    };
    assert!(!kept["refused"].as_array().unwrap().is_empty());
    for vector in kept["refused"].as_array().unwrap() {
        let code = take(vector).await.map_or_else(|refusal| refusal.code(), |_| "taken");
        assert_eq!(code, vector["code"], "{}", vector["name"]);
    }
    let receipt = take(&kept).await.unwrap().receipt;
    assert_eq!(open_receipt(&receipt).unwrap().claims.action_digest, kept["action_digest"]);
    let url = database(scene.dir.path());
    let campaign = "release-the-writer-sealed";
    let options = ["export", "--campaign", campaign, "--database", &url, "--format", "jsonl"];
    let options = [&options[..], &["--unseal", "seal.json"]].concat();
    let output = standwith(scene.dir.path(), &options);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let inside: Value = serde_json::from_str(kept["plaintext"].as_str().unwrap()).unwrap();
    assert_eq!((&line["holds"], &line["unsealed"]), (&json!(true), &inside));
}
