//! The widget files, as the endpoint serves them.

use std::fs;

use crate::test_endpoint::{Answer, TestEndpoint};

async fn scene() -> TestEndpoint {
    let scene = TestEndpoint::new().await;
    let dist = scene.dir.path().join("dist");
    for version in ["v0.1.0", "v0.2.0"] {
        fs::create_dir_all(dist.join(version).join("locales")).unwrap();
        fs::write(dist.join(version).join("standwith.js"), version).unwrap();
    }
    fs::write(dist.join("standwith.js"), "plain").unwrap();
    fs::write(dist.join("standwith.js.br"), "brotli").unwrap();
    fs::write(dist.join("standwith.js.gz"), "gzip").unwrap();
    fs::write(dist.join("v0.2.0/standwith.wasm"), "wasm").unwrap();
    fs::write(dist.join("v0.2.0/locales/km.json"), "[]").unwrap();
    fs::write(dist.join("v0.2.0/.env"), "secret").unwrap();
    fs::write(dist.join("v0.2.0/notes.txt"), "notes").unwrap();
    scene
}

#[track_caller]
fn is_for_everyone(answer: &Answer) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("vary"), "Accept-Encoding");
}

#[tokio::test]
async fn the_loader_is_asked_for_anew() {
    let scene = scene().await;
    let answer = scene.get("/standwith.js").await;
    is_for_everyone(&answer);
    assert_eq!(answer.text(), "plain");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");

    let tag = answer.header("etag").to_owned();
    for tag in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let again = scene.get_with("/standwith.js", &[("if-none-match", &tag)]).await;
        assert_eq!((again.status.as_u16(), again.text().as_str()), (304, ""));
        assert_eq!(again.header("access-control-allow-origin"), "*");
    }
    for other in ["", "x", "\"x\"", tag.trim_matches('"'), "\"*\""] {
        let again = scene.get_with("/standwith.js", &[("if-none-match", other)]).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (200, &*tag), "{other}");
    }
    // As in a deployment: a complete file replaces the old one in one step.
    let dist = scene.dir.path().join("dist");
    fs::write(dist.join("aside"), "newer").unwrap();
    fs::rename(dist.join("aside"), dist.join("standwith.js")).unwrap();
    let newer = scene.get_with("/standwith.js", &[("if-none-match", &tag)]).await;
    assert_eq!((newer.status.as_u16(), newer.text().as_str()), (200, "newer"));
}

#[tokio::test]
async fn the_smallest_form_that_is_taken_is_sent() {
    let scene = scene().await;
    for (accepted, body, coding) in [
        ("gzip, deflate, br, zstd", "brotli", "br"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip"),
        ("identity", "plain", ""),
        ("", "plain", ""),
        ("brotli, xgzip", "plain", ""),
    ] {
        let answer = scene.get_with("/standwith.js", &[("accept-encoding", accepted)]).await;
        is_for_everyone(&answer);
        assert_eq!((answer.text().as_str(), answer.header("content-encoding")), (body, coding));
    }
    let tags: std::collections::HashSet<String> = [
        scene.get_with("/standwith.js", &[("accept-encoding", "br")]).await,
        scene.get_with("/standwith.js", &[("accept-encoding", "gzip")]).await,
        scene.get("/standwith.js").await,
    ]
    .iter()
    .map(|answer| answer.header("etag").to_owned())
    .collect();
    assert_eq!(tags.len(), 3);
}

#[tokio::test]
async fn every_version_is_served_for_ever() {
    let scene = scene().await;
    for (path, kind) in [
        ("/v0.1.0/standwith.js", "text/javascript; charset=utf-8"),
        ("/v0.2.0/standwith.js", "text/javascript; charset=utf-8"),
        ("/v0.2.0/standwith.wasm", "application/wasm"),
        ("/v0.2.0/locales/km.json", "application/json"),
    ] {
        let answer = scene.get(path).await;
        is_for_everyone(&answer);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
}

#[tokio::test]
async fn no_path_leads_out() {
    let scene = scene().await;
    fs::write(scene.dir.path().join("secret.js"), "secret").unwrap();
    for path in [
        "/v0.2.0/../../secret.js",
        "/v0.2.0/%2e%2e/%2e%2e/secret.js",
        "/v0.2.0/..%2f..%2fsecret.js",
        "/v0.2.0/..%5csecret.js",
        "/v0.2.0//secret.js",
        "/../secret.js",
        "/v0.2.0/.env",
        "/v0.2.0/notes.txt",
        "/v0.2.0/standwith.js.br",
        "/v0.2.0/",
        "/v0.2.0/%ff.js",
        "/v9.9.9/standwith.js",
        "/secret.js",
        "/test.sqlite",
        "/v0.2.0/locales",
    ] {
        let answer = scene.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
}
