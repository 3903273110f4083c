//! Identity is (campaign, `jti`), forever.

use serde_json::json;
use standwith::envelope::{compact, decode};

use crate::test_endpoint::{ID, Signer, TestEndpoint, campaign, signed, with};

#[tokio::test]
async fn the_same_action_again_gets_the_same_receipt() {
    let scene = TestEndpoint::new().await;
    let jws = signed(&scene.claims());
    let receipt = scene.post(jws.clone()).await.taken(201);
    let again = scene.post(jws).await;
    assert_eq!(again.taken(200), receipt);
    assert_eq!(again.json()["status"], "accepted");
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

#[tokio::test]
async fn another_payload_under_the_same_identity_is_refused() {
    let scene = TestEndpoint::new().await;
    let claims = scene.claims();
    let receipt = scene.post(signed(&claims)).await.taken(201);
    let other = with(claims.clone(), json!({"lang": "km"}));
    scene.post(signed(&other)).await.refused(422, "replay_mismatch");
    // Also if it would be rejected for other reasons.
    let other = with(claims.clone(), json!({"targets": []}));
    scene.post(signed(&other)).await.refused(422, "replay_mismatch");
    assert_eq!(scene.post(signed(&claims)).await.taken(200), receipt);
}

#[tokio::test]
async fn a_signature_identifies_nothing() {
    let scene = TestEndpoint::new().await;
    let (signer, claims) = (Signer::new(), scene.claims());
    let jws = signer.sign_raw(&signer.header().to_string(), &claims.to_string());
    let receipt = scene.post(jws.clone()).await.taken(201);

    // ECDSA signatures come in pairs: (r, s) and (r, n - s).
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let mut twin = decode(signature).unwrap();
    subtract_from_order(&mut twin[32..]);
    let twin = compact(input, &twin);
    assert_ne!(twin, jws);
    assert_eq!(scene.post(twin).await.taken(200), receipt);
    // The same payload, signed again by the same key and by another one.
    let again = signer.sign_raw(&signer.header().to_string(), &claims.to_string());
    assert_eq!(scene.post(again).await.taken(200), receipt);
    let other = Signer::new();
    let other = other.sign_raw(&other.header().to_string(), &claims.to_string());
    assert_eq!(scene.post(other).await.taken(200), receipt);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

/// n - s, n being the order of P-256.
fn subtract_from_order(s: &mut [u8]) {
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0;
    for (digit, of_order) in s.iter_mut().zip(order).rev() {
        let difference = i16::from(of_order as u8) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256) as u8;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_at_once_make_one_row() {
    let scene = std::sync::Arc::new(TestEndpoint::new().await);
    let jws = signed(&scene.claims());
    let posts: Vec<_> = (0..100)
        .map(|_| {
            let (scene, jws) = (scene.clone(), jws.clone());
            tokio::spawn(async move { scene.post(jws).await })
        })
        .collect();
    let (mut receipts, mut created) = (Vec::new(), 0);
    for post in posts {
        let answer = post.await.unwrap();
        created += usize::from(answer.status == 201);
        receipts.push(answer.taken(answer.status.as_u16()));
        assert_eq!(answer.json()["count"], 1);
    }
    receipts.dedup();
    assert_eq!((receipts.len(), created), (1, 1));
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

#[tokio::test]
async fn a_receipt_is_had_again_whatever_has_changed() {
    let scene = TestEndpoint::new().await;
    // An action that will be too old in a second.
    let old = with(scene.claims(), json!({"iat": scene.endpoint.clock.now() - 7 * 86_400 + 1}));
    let jws = signed(&old);
    let receipt = scene.post(jws.clone()).await.taken(201);
    scene.clock.advance(2);
    assert_eq!(scene.post(jws.clone()).await.taken(200), receipt);
    // The campaign closes.
    scene.change_campaign(&with(campaign(), json!({"closes": "2024-01-01T00:00:00Z"}))).await;
    assert_eq!(scene.post(jws.clone()).await.taken(200), receipt);
    scene.post(signed(&scene.claims())).await.refused(410, "closed");
    // The campaign is removed.
    std::fs::remove_file(crate::test_endpoint::campaign_file(scene.dir.path(), ID)).unwrap();
    scene.look().await;
    assert_eq!(scene.post(jws).await.taken(200), receipt);
}
