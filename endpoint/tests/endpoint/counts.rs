//! Who counts.

use serde_json::{Value, json};

use crate::scene::{ID, Scene, campaign, signed, with};

async fn send(scene: &Scene, email: &str, changes: Value) -> i64 {
    let mut claims = with(scene.claims(), changes);
    claims["person"]["email"] = json!(email);
    let answer = scene.post(signed(&claims)).await;
    answer.taken(201);
    answer.json()["count"].as_i64().unwrap()
}

#[tokio::test]
async fn an_email_address_counts_once() {
    let scene = Scene::new().await;
    assert_eq!(send(&scene, "dara@example.org", json!({})).await, 1);
    assert_eq!(send(&scene, " Dara@Example.ORG ", json!({})).await, 1);
    assert_eq!(send(&scene, "sok@example.org", json!({})).await, 2);
    let answer = scene.get(&format!("/campaigns/{ID}/count")).await;
    assert_eq!(answer.json(), json!({"count": 2, "goal": 500}));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("cache-control").starts_with("public, max-age="));
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 3);
    assert_eq!(scene.number("SELECT sum(counted) FROM action").await, 2);
}

#[tokio::test]
async fn tests_never_count() {
    let scene = Scene::new().await;
    assert_eq!(send(&scene, "dara@example.org", json!({"test": true})).await, 0);
    // Nor do they take the address away from the real one.
    assert_eq!(send(&scene, "dara@example.org", json!({})).await, 1);
    assert_eq!(send(&scene, "dara@example.org", json!({"test": true})).await, 1);
}

#[tokio::test]
async fn those_without_an_address_all_count() {
    let fields = json!([{"id": "given_name", "required": true}]);
    let message = json!({"subjects": ["A request"], "body": "Please let them write."});
    let asks_little = with(campaign(), json!({"fields": fields, "message": message}));
    let scene = Scene::serving(&[asks_little]).await;
    assert_eq!(send(&scene, "", json!({})).await, 1);
    assert_eq!(send(&scene, " ", json!({})).await, 2);
}

#[tokio::test]
async fn a_batch_counts_as_one_by_one() {
    let scene = std::sync::Arc::new(Scene::new().await);
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
    assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 20);
    assert_eq!(scene.number("SELECT sum(counted) FROM action").await, 20);
    let metrics = scene.get("/metrics").await.text();
    assert!(metrics.contains("standwith_commit_actions_sum 60\n"), "{metrics}");
    assert!(
        metrics
            .contains("standwith_actions_total{campaign=\"free-press\",status=\"accepted\"} 60\n")
    );
    assert!(metrics.contains("route=\"/campaigns/{id}/actions\",status=\"201\"} 60\n"));
}

#[tokio::test]
async fn an_unknown_campaign_has_no_count() {
    let scene = Scene::new().await;
    scene.get("/campaigns/nobody/count").await.refused(404, "campaign_unknown");
}
