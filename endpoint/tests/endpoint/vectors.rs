//! The test vectors for other people's endpoints, tried on this one.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use standwith::envelope::{PublicKey, open_receipt};
use standwith_endpoint::intake::Form;
use standwith_endpoint::signature::PinnedKeys;

use crate::scene::Scene;

/// When the vectors were signed, or just after.
const NOW: i64 = 1_790_000_002;

fn vector(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    fs::read(folder.join(name)).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&vector(name)).unwrap()
}

async fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    fs::write(dir.path().join("campaigns/vectors.json"), vector("campaign.json")).unwrap();
    Scene::at(dir, vec!["https://actions.example.org".parse().unwrap()]).await
}

#[tokio::test]
async fn good_actions_are_taken() {
    let scene = scene().await;
    let campaign = json("campaign.json")["id"].as_str().unwrap().to_owned();
    for action in json("actions.json").as_array().unwrap() {
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
    let campaign = json("campaign.json")["id"].as_str().unwrap().to_owned();
    for action in json("refused.json").as_array().unwrap() {
        let jws = action["jws"].as_str().unwrap();
        let taken = scene.endpoint.intake.take(&campaign, Form::Jws, jws.as_bytes(), NOW).await;
        let code = taken.map_or_else(|refusal| refusal.code(), |_| "taken");
        assert_eq!(code, action["code"], "{}", action["name"]);
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

#[test]
fn a_receipt_is_verified_by_the_key_that_it_names_and_no_other() {
    let (key, receipt) = (json("key.json"), json("receipt.json"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (kid, jwk) = (text(&key["kid"]), &key["jwk"]);
    let jwk = PublicKey::p256(&text(&jwk["x"]), &text(&jwk["y"]));
    let receipt = text(&receipt["jws"]);
    let receipt = open_receipt(&receipt).unwrap();
    assert!(PinnedKeys::new(vec![(kid, jwk.clone())]).has_signed(&receipt));
    assert!(!PinnedKeys::new(vec![("other".to_owned(), jwk)]).has_signed(&receipt));
    assert!(!PinnedKeys::default().has_signed(&receipt));
}
