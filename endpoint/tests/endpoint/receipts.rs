//! Receipts, which are given only for actions on disk.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use serde_json::Value;
use sqlx::Row;
use standwith::envelope::open_receipt;
use standwith_endpoint::keys::{Keyring, pinned_keys};
use standwith_endpoint::signature::digest;
use tokio::task::JoinSet;

use crate::test_endpoint::{ID, TestEndpoint, signed};

#[tokio::test]
async fn a_receipt_says_what_was_received_and_by_whom() {
    let scene = TestEndpoint::new().await;
    let claims = scene.claims();
    let jws = signed(&claims);
    let receipt = scene.post(jws.clone()).await.taken(201);
    let receipt = open_receipt(&receipt).unwrap();
    let payload = standwith::envelope::decode(jws.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(receipt.claims.action_digest, digest(&payload));
    assert_eq!(receipt.claims.jti, claims["jti"]);
    assert_eq!(receipt.claims.campaign, ID);
    assert_eq!(receipt.claims.iss, "http://localhost:8080");

    let jwks = scene.get("/.well-known/jwks.json").await;
    assert_eq!(jwks.header("access-control-allow-origin"), "*");
    assert!(!jwks.text().contains("\"d\""));
    assert!(pinned_keys(&jwks.text()).unwrap().has_signed(&receipt));
}

#[tokio::test]
async fn receipts_outlive_restarts_and_keys() {
    let scene = TestEndpoint::new().await;
    let jws = signed(&scene.claims());
    let receipt = scene.post(jws.clone()).await.taken(201);
    let scene = scene.restarted().await;
    assert_eq!(scene.post(jws.clone()).await.taken(200), receipt);

    let keys = scene.dir.path().join("test.keys.json");
    let before = Keyring::open(&keys).unwrap().kid().to_owned();
    let after = Keyring::renew(&keys).unwrap().kid().to_owned();
    assert_ne!(before, after);
    let scene = scene.restarted().await;
    let fresh = scene.post(signed(&scene.claims())).await.taken(201);
    assert_eq!(open_receipt(&fresh).unwrap().header.kid, Some(after.clone()));
    assert_eq!(scene.post(jws).await.taken(200), receipt);

    let jwks = scene.get("/.well-known/jwks.json").await;
    let pinned = pinned_keys(&jwks.text()).unwrap();
    assert!(pinned.has_signed(&open_receipt(&receipt).unwrap()));
    assert!(pinned.has_signed(&open_receipt(&fresh).unwrap()));
    let kids: Vec<Value> =
        jwks.json()["keys"].as_array().unwrap().iter().map(|k| k["kid"].clone()).collect();
    assert_eq!(kids, [after, before]);
}

#[tokio::test]
async fn the_key_file_is_its_owners_and_forgets_retired_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    Keyring::open_or_make(&path).unwrap();
    Keyring::renew(&path).unwrap();
    let about = std::fs::metadata(&path).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    let keys: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert!(keys[0]["d"].is_string() && keys[1]["d"].is_null());
    // No other files are left behind.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_answered_for_is_committed() {
    let scene = TestEndpoint::new().await;
    let mut other = scene.database().await;
    for _ in 0..20 {
        let claims = scene.claims();
        let answer = scene.post(signed(&claims)).await;
        let receipt = answer.taken(201);
        let row = sqlx::query("SELECT receipt, jws FROM action WHERE jti = ?");
        let row = row.bind(claims["jti"].as_str()).fetch_one(&mut other).await.unwrap();
        assert_eq!(row.get::<String, _>("receipt"), receipt);
    }
    let journal: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut other).await.unwrap();
    assert_eq!(journal, "wal");
    let about = std::fs::metadata(scene.dir.path().join("test.sqlite")).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_can_not_be_kept_is_not_answered_for() {
    let scene = TestEndpoint::new().await;
    scene.endpoint.intake.store.close().await;
    let answer = scene.post(signed(&scene.claims())).await;
    answer.refused(503, "busy");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(scene.get("/readyz").await.status, 503);
    // The process itself is healthy.
    assert_eq!(scene.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_when_to_come_again_and_loses_nothing() {
    let scene = Arc::new(TestEndpoint::new().await);
    let jws = signed(&scene.claims());
    let mut other = scene.database().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let mut posts = JoinSet::new();
    for _ in 0..2500 {
        let (scene, jws) = (scene.clone(), jws.clone());
        posts.spawn(async move { scene.post(jws).await });
    }
    // Only those that found the queue full are answered while the database is locked.
    let first = posts.join_next().await.unwrap().unwrap();
    first.refused(503, "busy");
    assert!(first.header("retry-after").parse::<u32>().unwrap() > 0);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let (mut taken, mut busy) = (0, 1);
    for answer in posts.join_all().await {
        match answer.status.as_u16() {
            503 => busy += 1,
            _ => taken += 1,
        }
    }
    assert!(taken >= 2048 && busy >= 1, "{taken} {busy}");
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}
