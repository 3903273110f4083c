//! Which actions count.

use serde_json::{Value, json};

use crate::test_endpoint::{ID, TestEndpoint, campaign, signed, with};

async fn send(scene: &TestEndpoint, email: &str, changes: Value) -> i64 {
    let mut claims = with(scene.claims(), changes);
    claims["person"]["email"] = json!(email);
    let answer = scene.post(signed(&claims)).await;
    answer.taken(201);
    answer.json()["count"].as_i64().unwrap()
}

// When each address counted once, anyone could learn whether an address had written before: the count rose, or did not.
#[tokio::test]
async fn a_known_address_counts_as_an_unknown_one() {
    let scene = TestEndpoint::new().await;
    for (before, email) in
        ["dara@example.org", " Dara@Example.ORG ", "sok@example.org", "dara@example.org"]
            .into_iter()
            .enumerate()
    {
        let mut claims = scene.claims();
        claims["person"]["email"] = json!(email);
        let answer = scene.post(signed(&claims)).await;
        answer.taken(201);
        let mut answered = answer.json();
        answered["receipt"].take();
        let expected = json!({
            "id": claims["jti"],
            "status": "accepted",
            "receipt": null,
            "count": before + 1,
        });
        assert_eq!(answered, expected);
    }
    let answer = scene.get(&format!("/campaigns/{ID}/count")).await;
    assert_eq!(answer.json(), json!({"count": 4, "goal": 500}));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("cache-control").starts_with("public, max-age="));
    assert_eq!(scene.number("SELECT sum(counted) FROM action").await, 4);
    // No address is stored beside the actions, so that none is left when an action is deleted.
    let mut database = scene.database().await;
    sqlx::query("DELETE FROM action").execute(&mut database).await.unwrap();
    let tables: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE sql LIKE '%email%'")
            .fetch_all(&mut database)
            .await
            .unwrap();
    assert_eq!(tables, []);
}

#[tokio::test]
async fn tests_never_count() {
    let scene = TestEndpoint::new().await;
    assert_eq!(send(&scene, "dara@example.org", json!({"test": true})).await, 0);
    assert_eq!(send(&scene, "dara@example.org", json!({})).await, 1);
    assert_eq!(send(&scene, "dara@example.org", json!({"test": true})).await, 1);
}

#[tokio::test]
async fn those_without_an_address_all_count() {
    let fields = json!([{"id": "given_name", "required": true}]);
    let message = json!({"subjects": ["A request"], "body": "Please let them write."});
    let asks_little = with(campaign(), json!({"fields": fields, "message": message}));
    let scene = TestEndpoint::serving(&[asks_little]).await;
    assert_eq!(send(&scene, "", json!({})).await, 1);
    assert_eq!(send(&scene, " ", json!({})).await, 2);
}

#[tokio::test]
async fn a_batch_counts_as_one_by_one() {
    let scene = std::sync::Arc::new(TestEndpoint::new().await);
    let posts: Vec<_> = (0..60)
        .map(|number| {
            let mut claims = scene.claims();
            claims["person"]["email"] = json!(format!("{}@example.org", number % 20));
            let (scene, jws) = (scene.clone(), signed(&claims));
            tokio::spawn(async move { scene.post(jws).await.taken(201) })
        })
        .collect();
    for post in posts {
        post.await.unwrap();
    }
    assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 60);
    assert_eq!(scene.number("SELECT sum(counted) FROM action").await, 60);
    let metrics = scene.metrics();
    assert!(metrics.contains("standwith_commit_actions_sum 60.0\n"), "{metrics}");
    assert!(
        metrics
            .contains("standwith_actions_total{campaign=\"free-press\",status=\"accepted\"} 60\n")
    );
    assert!(metrics.contains("route=\"/campaigns/{id}/actions\",status=\"201\"} 60\n"));
}

#[tokio::test]
async fn a_count_may_be_kept_for_ten_seconds() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}/count");
    // The clock stands at a full ten seconds.
    scene.clock.advance(10 - standwith_endpoint::clock::Clock::now(&*scene.clock).rem_euclid(10));
    let first = scene.get(&path).await;
    let lasting = "public, max-age=10, stale-while-revalidate=20, stale-if-error=50";
    assert_eq!((first.status.as_u16(), first.header("cache-control")), (200, lasting));
    let modified = first.header("last-modified").to_owned();
    let ask = async || scene.get_with(&path, &[("if-modified-since", &modified)]).await;
    scene.clock.advance(9);
    let again = ask().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(
        (again.header("last-modified"), again.header("cache-control")),
        (&*modified, lasting)
    );
    scene.clock.advance(1);
    let later = ask().await;
    assert_eq!((later.status.as_u16(), later.json()), (200, json!({"count": 0, "goal": 500})));
    assert_ne!(later.header("last-modified"), modified);
}

#[tokio::test]
async fn an_unknown_campaign_has_no_count() {
    let scene = TestEndpoint::new().await;
    scene.get("/campaigns/nobody/count").await.refused(404, "campaign_unknown");
}

// While the database failed, each invented name of a campaign became a label in the metrics.
#[tokio::test]
async fn only_served_campaigns_become_labels() {
    let scene = TestEndpoint::new().await;
    scene.endpoint.intake.store.close().await;
    for campaign in ["nobody", "made-up-1", "made-up-2", ID] {
        let claims = with(scene.claims(), json!({"campaign": campaign}));
        let answer = scene.post_to(campaign, "text/plain", signed(&claims)).await;
        assert!([404, 503].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let metrics = scene.metrics();
    assert!(metrics.contains("campaign=\"free-press\",status=\"busy\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("nobody") && !metrics.contains("made-up"), "{metrics}");
}

#[tokio::test]
async fn metrics_are_not_on_the_public_address() {
    let scene = TestEndpoint::new().await;
    assert_eq!(scene.get("/metrics").await.status, 404);
    let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    let private = standwith_endpoint::http::metrics_router(scene.endpoint.clone());
    let answer = tower::ServiceExt::oneshot(private, request).await.unwrap();
    assert_eq!(answer.status(), 200);
}
