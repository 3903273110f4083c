//! The rate limiter: who needs a proof, what a proof is valid for, and that receipts of stored actions and typed texts
//! are not lost above a limit.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use standwith_endpoint::address::PublicUrl;
use standwith_endpoint::http::Peer;
use standwith_endpoint::rate_limit::{Challenge, Difficulty, Limits, ProofError, Subject, solve};

use crate::test_endpoint::{
    Answer, FILLED, ID, TestEndpoint, campaign, folder, hidden, signed, with,
};

/// Four a minute from one network, and ten in total; proofs that cost next to nothing.
const FEW: Limits =
    Limits { network: 4, all: 10, difficulty: Difficulty { iterations: 2, tries: 4 } };

/// Posts an action from this address, through a proxy on this machine.
async fn post(scene: &TestEndpoint, from: &str, query: &str, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(format!("/campaigns/{ID}/actions{query}"))
        .header("content-type", "text/plain")
        .header("x-forwarded-for", from)
        .body(body.into())
        .unwrap();
    request.extensions_mut().insert(Peer("127.0.0.1".parse::<IpAddr>().unwrap()));
    scene.ask(request).await
}

/// Sends enough to exceed the network's limit.
async fn exhaust(scene: &TestEndpoint, from: &str) {
    while post(scene, from, "", "nonsense").await.status != 429 {}
}

#[track_caller]
fn challenge(answer: &Answer) -> String {
    let problem = answer.refused(429, "proof_required");
    assert_eq!(answer.header("access-control-expose-headers"), "Retry-After");
    assert!((2..=60).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    problem["challenge"].as_str().unwrap().to_owned()
}

fn proof(challenge: &str, claims: &serde_json::Value) -> String {
    format!("?proof={}", solve(challenge, claims["jti"].as_str().unwrap()).unwrap())
}

async fn rows(scene: &TestEndpoint) -> i64 {
    scene.number("SELECT count(*) FROM action").await
}

#[tokio::test]
async fn a_network_over_its_limit_is_asked_for_proofs_and_no_other_is() {
    let scene = TestEndpoint::limited(FEW).await;
    for host in 1..=4 {
        let from = format!("192.0.2.{host}");
        post(&scene, &from, "", signed(&scene.claims())).await.taken(201);
    }
    let claims = scene.claims();
    let asked = challenge(&post(&scene, "192.0.2.5", "", signed(&claims)).await);
    assert_eq!(rows(&scene).await, 4);
    post(&scene, "198.51.100.1", "", signed(&scene.claims())).await.taken(201);
    // With a proof it is treated like any other action.
    let proof = proof(&asked, &claims);
    post(&scene, "192.0.2.5", &proof, signed(&claims)).await.taken(201);
    let metrics = scene.metrics();
    for line in ["outcome=\"challenged\"} 1\n", "outcome=\"proved\"} 1\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn many_networks_of_one_owner_are_one() {
    let scene = TestEndpoint::limited(FEW).await;
    // The limits: one from each /64, four from each /48.
    post(&scene, "2001:db8:1:1::1", "", signed(&scene.claims())).await.taken(201);
    challenge(&post(&scene, "2001:db8:1:1::2", "", signed(&scene.claims())).await);
    for subnet in 2..=4 {
        let from = format!("2001:db8:1:{subnet}::1");
        post(&scene, &from, "", signed(&scene.claims())).await.taken(201);
    }
    challenge(&post(&scene, "2001:db8:1:5::1", "", signed(&scene.claims())).await);
    post(&scene, "2001:db8:2:1::1", "", signed(&scene.claims())).await.taken(201);
}

#[tokio::test]
async fn from_everywhere_together_only_so_many_come() {
    let scene = TestEndpoint::limited(FEW).await;
    for network in 0..10 {
        let from = format!("198.51.{network}.1");
        post(&scene, &from, "", signed(&scene.claims())).await.taken(201);
    }
    let claims = scene.claims();
    let asked = challenge(&post(&scene, "203.0.113.1", "", signed(&claims)).await);
    let proof = proof(&asked, &claims);
    post(&scene, "203.0.113.1", &proof, signed(&claims)).await.taken(201);
}

#[tokio::test]
async fn a_network_that_floods_takes_nothing_from_the_others() {
    let scene = TestEndpoint::limited(FEW).await;
    for _ in 0..100 {
        post(&scene, "192.0.2.1", "", "nonsense").await;
    }
    for network in 0..6 {
        let from = format!("198.51.{network}.1");
        post(&scene, &from, "", signed(&scene.claims())).await.taken(201);
    }
}

#[tokio::test]
async fn a_header_that_anybody_wrote_changes_nothing() {
    let scene = TestEndpoint::limited(FEW).await;
    for number in 0..8_u8 {
        let mut request = Request::post(format!("/campaigns/{ID}/actions"))
            .header("content-type", "text/plain")
            .header("x-forwarded-for", format!("203.0.{number}.1"))
            .body(Body::from(signed(&scene.claims())))
            .unwrap();
        request.extensions_mut().insert(Peer("192.0.2.1".parse::<IpAddr>().unwrap()));
        let status = scene.ask(request).await.status.as_u16();
        assert_eq!(status, if number < 4 { 201 } else { 429 }, "{number}");
    }
    // Behind the proxy the last address counts.
    let from = "203.0.113.200, 192.0.2.77";
    challenge(&post(&scene, from, "", signed(&scene.claims())).await);
}

#[tokio::test]
async fn a_proof_is_for_one_action_once() {
    let scene = TestEndpoint::limited(FEW).await;
    let from = "192.0.2.1";
    exhaust(&scene, from).await;
    let (claims, other) = (scene.claims(), scene.claims());
    let asked = challenge(&post(&scene, from, "", signed(&claims)).await);
    let good = proof(&asked, &claims);
    let refused = |answer: &Answer, why: &str| {
        let problem = answer.refused(429, "proof_required");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
        assert_ne!(problem["challenge"], asked.as_str());
    };
    // One in four attempts solves it by chance. No more are sent than needed: each that passes makes proofs harder.
    let mut is_refused = false;
    for _ in 0..8 {
        let other = scene.claims();
        is_refused = post(&scene, from, &good, signed(&other)).await.status == 429;
        if is_refused {
            break;
        }
    }
    assert!(is_refused);
    let answer = post(&scene, from, "?proof=nonsense", signed(&other)).await;
    refused(&answer, "malformed");
    let easier = good.replacen(".4.", ".1.", 1);
    refused(&post(&scene, from, &easier, signed(&claims)).await, "not issued for this campaign");
    let before = rows(&scene).await;
    let receipt = post(&scene, from, &good, signed(&claims)).await.taken(201);
    // A client whose answer was lost sends the same action again, and gets the receipt.
    assert_eq!(post(&scene, from, &good, signed(&claims)).await.taken(200), receipt);
    // Another action with that identity is rejected without being validated.
    let forged = with(claims, json!({"message": {"subject": "x", "body": "y"}}));
    refused(&post(&scene, from, &good, signed(&forged)).await, "used before");
    assert_eq!(rows(&scene).await, before + 1);
}

#[tokio::test]
async fn what_is_kept_needs_no_proof() {
    let scene = TestEndpoint::limited(FEW).await;
    let from = "192.0.2.1";
    let jws = signed(&scene.claims());
    let receipt = post(&scene, from, "", jws.clone()).await.taken(201);
    exhaust(&scene, from).await;
    assert_eq!(post(&scene, from, "", jws.clone()).await.taken(200), receipt);
    // The same action with an invalid signature passes the limiter, too, and is rejected as usual.
    let (input, _) = jws.rsplit_once('.').unwrap();
    let broken = format!("{input}.{}", standwith::envelope::encode(&[1; 64]));
    post(&scene, from, "", broken).await.refused(400, "signature_invalid");
    let metrics = scene.metrics();
    assert!(metrics.contains("outcome=\"repeated\"} 2\n"), "{metrics}");
}

#[tokio::test]
async fn nothing_is_looked_at_without_a_proof() {
    let scene = TestEndpoint::limited(FEW).await;
    let from = "192.0.2.1";
    exhaust(&scene, from).await;
    for body in ["a".repeat(32 * 1024 + 1), "nonsense".to_owned(), String::new()] {
        challenge(&post(&scene, from, "", body).await);
    }
    // A client with a challenge, solved or not, learns that its body can't be an action.
    let asked = challenge(&post(&scene, from, "", "nonsense").await);
    let unsolved = format!("?proof={asked}.0");
    post(&scene, from, &unsolved, "nonsense").await.refused(400, "malformed");
    challenge(&post(&scene, from, "?proof=x", "nonsense").await);
    // A proof does not make an invalid action valid.
    let claims = with(scene.claims(), json!({"aud": "https://elsewhere.example"}));
    let proof = proof(&challenge(&post(&scene, from, "", signed(&claims)).await), &claims);
    post(&scene, from, &proof, signed(&claims)).await.refused(400, "audience_mismatch");
    assert_eq!(rows(&scene).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_is_sent_many_times_at_once_is_verified_once() {
    let scene = Arc::new(TestEndpoint::limited(FEW).await);
    exhaust(&scene, "192.0.2.1").await;
    let claims = scene.claims();
    let asked = challenge(&post(&scene, "192.0.2.1", "", signed(&claims)).await);
    let proof = proof(&asked, &claims);
    let posts: Vec<_> = (0..50)
        .map(|number| {
            let text = json!({"subject": "A request", "body": format!("Number {number}")});
            let jws = signed(&with(claims.clone(), json!({"message": text})));
            let (scene, proof) = (scene.clone(), proof.clone());
            tokio::spawn(async move { post(&scene, "192.0.2.1", &proof, jws).await })
        })
        .collect();
    let mut taken = 0;
    for post in posts {
        taken += u32::from(post.await.unwrap().status == 201);
    }
    assert_eq!(taken, 1);
    let metrics = scene.metrics();
    assert!(metrics.contains("outcome=\"proved\"} 1\n"), "{metrics}");
}

/// Another kind of proof: repeating a word. Only the first of two words is correct.
#[derive(Debug, Default)]
struct Words {
    issued: AtomicU32,
}

impl Challenge for Words {
    fn issue(&self, _: &str, _: u32, _: i64) -> Option<String> {
        // Two challenges are available.
        let issued = self.issued.fetch_add(1, Ordering::Relaxed);
        (issued < 2).then(|| format!("say word {issued}"))
    }

    fn precheck(&self, proof: &str, _: &str, _: u32, _: i64) -> Result<(), ProofError> {
        if proof.starts_with("word ") { Ok(()) } else { Err(ProofError::Malformed) }
    }

    fn verify(&self, proof: &str, _: Subject<'_>) -> bool {
        proof == "word 0"
    }

    fn good_until(&self, _: &str) -> i64 {
        i64::MAX
    }
}

#[tokio::test]
async fn another_proof_may_be_asked_for() {
    let words: Arc<dyn Challenge> = Arc::new(Words::default());
    let scene =
        TestEndpoint::rate_limited(folder(&[campaign()]), PublicUrl::local(8080), FEW, Some(words))
            .await;
    let from = "192.0.2.1";
    exhaust(&scene, from).await;
    let claims = scene.claims();
    assert_eq!(
        challenge(&post(&scene, from, "?proof=nonsense", signed(&claims)).await),
        "say word 1"
    );
    let wrong = post(&scene, from, "?proof=word+1", signed(&claims)).await;
    // No further challenge is available.
    wrong.refused(429, "rate_limited");
    assert!(!wrong.header("retry-after").is_empty());
    post(&scene, from, "?proof=word%200", signed(&claims)).await.taken(201);
    post(&scene, from, "?proof=word%200", signed(&scene.claims())).await.taken(201);
}

/// Posts the hosted form from this address.
async fn send(scene: &TestEndpoint, from: &str, values: &[(&str, &str)]) -> Answer {
    let mut request = scene.form("", values);
    request.headers_mut().insert("x-forwarded-for", from.parse().unwrap());
    request.extensions_mut().insert(Peer("127.0.0.1".parse::<IpAddr>().unwrap()));
    scene.ask(request).await
}

#[tokio::test]
async fn the_hosted_form_over_the_limit_keeps_what_was_typed() {
    let scene = TestEndpoint::limited(FEW).await;
    exhaust(&scene, "192.0.2.1").await;
    // Actions and forms have buckets of their own.
    assert_eq!(send(&scene, "192.0.2.1", &FILLED).await.status, 200);
    for _ in 0..2 {
        send(&scene, "198.51.100.1", &FILLED).await;
    }
    // A quarter of the total limit is for forms.
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    let jti = hidden(&page, "jti");
    let values: Vec<_> = FILLED.into_iter().chain([("jti", jti.as_str())]).collect();
    let before = rows(&scene).await;
    let over = send(&scene, "203.0.113.1", &values).await;
    assert_eq!(over.status, 429, "{}", over.text());
    let wait = over.header("retry-after");
    let page = over.text();
    assert!(page.contains(&format!("Try again in {wait} seconds.")), "{page}");
    assert!(page.contains("Please let them write.") && page.contains("dara@example.org"));
    assert_eq!(hidden(&page, "jti"), jti);
    assert_eq!(rows(&scene).await, before);
    // The number of full pages is limited, too; then the answer is a short page.
    let mut pages = 1;
    let short = loop {
        let over = send(&scene, "203.0.113.1", &values).await;
        assert_eq!((over.status.as_u16(), rows(&scene).await), (429, before));
        if over.body.len() < 1000 {
            break over;
        }
        pages += 1;
    };
    // As many full pages as accepted forms.
    assert_eq!(pages, 3);
    assert!(short.text().contains("Back button") && !short.header("retry-after").is_empty());
}
