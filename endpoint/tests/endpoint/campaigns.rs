//! Campaign files, their list, and changes to them.

use std::fs;
use std::io::Read;

use serde_json::{Value, json};
use standwith::campaign::{CampaignFile, Strictness};
use standwith_endpoint::signature::digest;

use crate::test_endpoint::{
    ID, TestEndpoint, campaign, campaign_file, folder, signed, with, write_campaign,
};

/// The edition of this build's first paints: renderers accept no other.
const EDITION: u64 = standwith::markup::EDITION as u64;

#[tokio::test]
async fn pictures_beside_the_campaign_files_are_served_and_nothing_else() {
    let scene = TestEndpoint::new().await;
    let folder = scene.dir.path().join("campaigns");
    let files = [
        "face.jpg",
        "a-b_c.1.png",
        "face.jpeg",
        "face.webp",
        "face.avif",
        ".hidden.png",
        "free-press.private.json",
        "face.svg",
        "face.html",
        "notes.txt",
        "free-press.json.bak",
        "face.jpg.gz",
        "face.JPG",
        "face",
    ];
    for file in files {
        fs::write(folder.join(file), "secret").unwrap();
    }
    fs::write(scene.dir.path().join("outside.png"), "secret").unwrap();
    fs::create_dir(folder.join("folder.png")).unwrap();
    for (file, kind) in [
        ("face.jpg", "image/jpeg"),
        ("face.jpeg", "image/jpeg"),
        ("a-b_c.1.png", "image/png"),
        ("face.webp", "image/webp"),
        ("face.avif", "image/avif"),
    ] {
        let answer =
            scene.get_with(&format!("/campaigns/{file}"), &[("accept-encoding", "gzip")]).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "secret"), "{file}");
        for (name, value) in [
            ("content-type", kind),
            ("content-encoding", ""),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ] {
            assert_eq!(answer.header(name), value, "{file}");
        }
        let tag = answer.header("etag").to_owned();
        let again = scene.get_with(&format!("/campaigns/{file}"), &[("if-none-match", &tag)]).await;
        assert_eq!(again.status, 304);
    }
    for file in [
        ".hidden.png",
        "free-press.private.json",
        "face.svg",
        "face.html",
        "notes.txt",
        "free-press.json.bak",
        "face.jpg.gz",
        "face.JPG",
        "face",
        "folder.png",
        "missing.png",
        "..%2foutside.png",
        "../outside.png",
        "%2e%2e%2foutside.png",
        "face.png%00.jpg",
    ] {
        let answer = scene.get(&format!("/campaigns/{file}")).await;
        assert_eq!(answer.status, 404, "{file}");
        assert!(!answer.text().contains("secret"), "{file}");
    }
}

#[tokio::test]
async fn routes_are_found_below_the_path_of_each_public_address() {
    let urls = [
        "https://a.example/forms",
        "https://b.example",
        "https://c.example/campaigns",
        "https://d.example/:a/*b/{c}//d",
    ];
    let addresses = urls.map(|url| url.parse().unwrap()).into();
    let scene = TestEndpoint::at(folder(&[campaign()]), addresses).await;
    fs::write(scene.dir.path().join("dist/standwith.js"), "script").unwrap();
    for path in [
        "/",
        "/campaigns/free-press",
        "/campaigns/free-press.json",
        "/campaigns/free-press/count?x",
        "/standwith.js",
        "/.well-known/jwks.json",
        "/healthz",
        "/readyz",
    ] {
        for prefix in ["", "/forms", "/campaigns"] {
            let answer = scene.get(&format!("{prefix}{path}")).await;
            assert_eq!(answer.status, 200, "{prefix}{path}");
        }
        assert_eq!(scene.get(&format!("/other{path}")).await.status, 404);
    }
    assert_eq!(scene.get("/formsy/healthz").await.status, 404);
    for path in ["forms", "campaigns"] {
        let answer = scene.get(&format!("/{path}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (308, &*format!("{path}/"))
        );
        let answer = scene.get(&format!("/{path}?lang=km&x")).await;
        assert_eq!(answer.header("location"), format!("{path}/?lang=km&x"));
    }
    for aud in ["a.example/forms", "b.example", "c.example/campaigns"] {
        let aud = format!("https://{aud}/campaigns/{ID}/actions");
        let jws = signed(&with(scene.claims(), json!({"aud": aud})));
        let path = aud.split_once("example").unwrap().1;
        let request = axum::http::Request::post(path).header("content-type", "text/plain");
        scene.ask(request.body(jws.into()).unwrap()).await.taken(201);
    }
    // The label is the route: a path could identify a person.
    let metrics = scene.metrics();
    assert!(metrics.contains("/campaigns/{id}/actions") && !metrics.contains("forms"), "{metrics}");
}

#[tokio::test]
async fn pictures_behind_links_that_lead_out_of_the_folder_are_not_served() {
    let dir = folder(&[campaign()]);
    let campaigns = dir.path().join("campaigns");
    fs::write(dir.path().join("secret"), "secret").unwrap();
    // As Kubernetes mounts files: each is a link into `..data`.
    fs::create_dir(campaigns.join("..data")).unwrap();
    fs::write(campaigns.join("..data/face.jpg"), "face").unwrap();
    for (to, link) in [("..data/face.jpg", "face.jpg"), ("../secret", "out.jpg"), ("none", "a.png")]
    {
        std::os::unix::fs::symlink(to, campaigns.join(link)).unwrap();
    }
    let scene = TestEndpoint::on(dir).await;
    for (file, status) in [("face.jpg", 200), ("out.jpg", 404), ("a.png", 404)] {
        assert_eq!(scene.get(&format!("/campaigns/{file}")).await.status, status, "{file}");
    }
    let file = campaigns_file(&scene, json!({"picture": {"url": "out.jpg", "alt": "A face"}}));
    let output = crate::commands::standwith(scene.dir.path(), &["check", &file]);
    let told = crate::commands::said(&output);
    assert!(told.contains("warning: /picture/url: there is no file out.jpg beside"), "{told}");
}

/// Writes the campaign with these changes, and returns its path.
fn campaigns_file(scene: &TestEndpoint, changes: Value) -> String {
    write_campaign(scene.dir.path(), &with(campaign(), changes));
    campaign_file(scene.dir.path(), ID).display().to_string()
}

#[tokio::test]
async fn a_campaign_file_is_served_byte_for_byte() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}.json");
    let bytes = fs::read(campaign_file(scene.dir.path(), ID)).unwrap();
    let answer = scene.get(&path).await;
    assert_eq!(answer.body, bytes);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("vary"), "Accept, Accept-Language, Accept-Encoding");
    assert_eq!(answer.header("etag"), format!("\"{}\"", digest(&bytes)));

    let gzip = scene.get_with(&path, &[("accept-encoding", "gzip")]).await;
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!((unpacked, gzip.header("content-encoding")), (bytes.clone(), "gzip"));
    let packed = scene.get_with(&path, &[("accept-encoding", "gzip, br")]).await;
    let mut unpacked = Vec::new();
    brotli::Decompressor::new(&packed.body[..], 4096).read_to_end(&mut unpacked).unwrap();
    assert_eq!((unpacked, packed.header("content-encoding")), (bytes, "br"));

    let tag = [("if-none-match", answer.header("etag"))];
    assert_eq!(scene.get_with(&path, &tag).await.status, 304);
    scene.get("/campaigns/nobody.json").await.refused(404, "campaign_unknown");
}

#[tokio::test]
async fn a_loader_gets_the_file_with_what_its_form_paints_first() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}.json");
    let file = fs::read(campaign_file(scene.dir.path(), ID)).unwrap();
    let accept = ("accept", "application/vnd.standwith.form, */*;q=0.1");
    for (wanted, lang) in [("km", "km"), ("fr, km-KH;q=0.5", "km"), ("en-GB", "en"), ("fr", "en")] {
        let asked = [accept, ("accept-language", wanted)];
        let answer = scene.get_with(&path, &asked).await;
        assert_eq!(answer.header("content-type"), "application/vnd.standwith.form");
        // The file is served byte for byte, because actions name its digest.
        let (before, after) = answer.body.split_at(file.len());
        assert_eq!((before, after[0]), (&file[..], 0));
        let plan: serde_json::Value = serde_json::from_slice(&after[1..]).unwrap();
        assert_eq!((plan["lang"].as_str(), plan["edition"].as_u64()), (Some(lang), Some(EDITION)));
        // The same view as the widget renders.
        let campaign = CampaignFile::parse(&file).unwrap();
        let campaign = campaign.campaign(lang, Strictness::Strict).unwrap();
        let first = plan["first"].as_str().unwrap();
        assert!(first.contains(&campaign.title) && first.contains("given_name"), "{first}");
        // Each has an ETag of its own.
        let again = [accept, ("accept-language", wanted), ("if-none-match", answer.header("etag"))];
        assert_eq!(scene.get_with(&path, &again).await.status, 304);
        assert_ne!(answer.header("etag"), scene.get(&path).await.header("etag"));
    }
}

#[tokio::test]
async fn a_changed_file_is_served_and_a_faulty_one_is_not() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}.json");
    assert_eq!(scene.change_campaign(&with(campaign(), json!({"title": "Newer"}))).await, [""; 0]);
    assert_eq!(scene.get(&path).await.json()["title"], "Newer");

    let complaints = scene.change_campaign(&with(campaign(), json!({"titel": "Typo"}))).await;
    assert!(complaints[0].contains("free-press.json:") && complaints[0].contains("/titel"));
    assert_eq!(scene.get(&path).await.json()["title"], "Newer");
    fs::write(campaign_file(scene.dir.path(), ID), "{\"id\": \"free").unwrap();
    assert_eq!(scene.look().await.len(), 1);
    assert_eq!(scene.look().await, [""; 0], "a fault is reported once");
    assert_eq!(scene.get(&path).await.json()["title"], "Newer");

    scene.change_campaign(&campaign()).await;
    assert_eq!(scene.get(&path).await.json()["title"], "Free the press");
    assert_eq!(scene.number("SELECT count(*) FROM campaign_version").await, 2);
}

#[tokio::test]
async fn files_come_and_go() {
    let scene = TestEndpoint::new().await;
    let second = with(campaign(), json!({"id": "second"}));
    assert_eq!(scene.change_campaign(&second).await, [""; 0]);
    assert_eq!(scene.get("/campaigns/second.json").await.status, 200);
    fs::write(scene.dir.path().join("campaigns/.hidden.json"), "{").unwrap();
    fs::write(scene.dir.path().join("campaigns/notes.txt"), "{").unwrap();
    assert_eq!(scene.look().await, [""; 0]);
    fs::remove_file(campaign_file(scene.dir.path(), "second")).unwrap();
    scene.look().await;
    assert_eq!(scene.get("/campaigns/second.json").await.status, 404);
}

// A copy took the original's place, the log blamed the original, and the next restart failed.
#[tokio::test]
async fn a_copy_of_a_campaign_file_takes_nothing_from_the_original() {
    let scene = TestEndpoint::new().await;
    let folder = scene.dir.path().join("campaigns");
    let title = async |scene: &TestEndpoint| {
        scene.get(&format!("/campaigns/{ID}.json")).await.json()["title"].clone()
    };
    for name in ["a-copy.json", "free-press-old.json", "z-copy.json"] {
        let copy = with(campaign(), json!({"title": "Copy"}));
        fs::write(folder.join(name), copy.to_string()).unwrap();
        let complaints = scene.look().await;
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].contains(&format!("{name}:1: /id: ")), "{complaints:?}");
        assert!(complaints[0].contains("is that of ") && complaints[0].contains("free-press.json"));
        assert_eq!(scene.look().await, [""; 0], "reported once");
        assert_eq!(title(&scene).await, "Free the press");
    }
    assert_eq!(scene.number("SELECT count(*) FROM campaign_version").await, 1);
    let scene = scene.restarted().await;
    assert_eq!(title(&scene).await, "Free the press");
    assert_eq!(scene.endpoint.intake.campaigns.tally(), (1, 3));
    // A copy does not replace an original that is missing for a moment, as during a deployment.
    fs::remove_file(campaign_file(scene.dir.path(), ID)).unwrap();
    for _ in 0..2 {
        scene.look().await;
        assert_eq!(scene.get(&format!("/campaigns/{ID}.json")).await.status, 404);
    }
    assert_eq!(scene.endpoint.intake.campaigns.tally(), (0, 3));
    write_campaign(scene.dir.path(), &campaign());
    scene.look().await;
    assert_eq!(title(&scene).await, "Free the press");
    // A copy that is written again while the original is missing is meant to replace it.
    fs::remove_file(campaign_file(scene.dir.path(), ID)).unwrap();
    scene.look().await;
    let copy = with(campaign(), json!({"title": "Copy", "story": "Anew."}));
    fs::write(folder.join("z-copy.json"), copy.to_string()).unwrap();
    scene.look().await;
    assert_eq!(title(&scene).await, "Copy");
    assert_eq!(scene.number("SELECT count(*) FROM campaign_version").await, 2);
    // The file that is served keeps the id, even when the original comes back.
    write_campaign(scene.dir.path(), &campaign());
    let complaints = scene.look().await;
    assert!(complaints.iter().any(|line| line.contains("free-press.json:1: /id: ")));
    assert_eq!(title(&scene).await, "Copy");
}

// One broken or unreadable file prevented a restart, and the reload of all campaigns.
#[tokio::test]
async fn a_bad_campaign_file_holds_up_no_other() {
    let scene = TestEndpoint::new().await;
    let folder = scene.dir.path().join("campaigns");
    fs::write(folder.join("broken.json"), "{").unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("dangling.json")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(folder.join("fifo.json")).status();
    assert!(fifo.unwrap().success());
    let complaints = scene.look().await;
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    assert!(complaints.iter().any(|line| line.contains("fifo.json: can't be read: no regular")));
    assert!(complaints.iter().any(|line| line.contains("dangling.json: can't be read")));
    assert_eq!(scene.look().await, [""; 0], "reported once");
    assert_eq!(scene.change_campaign(&with(campaign(), json!({"title": "New"}))).await, [""; 0]);
    let scene = scene.restarted().await;
    assert_eq!(scene.get(&format!("/campaigns/{ID}.json")).await.json()["title"], "New");
    assert_eq!(scene.endpoint.intake.campaigns.faults().len(), 3);
    let ready = scene.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.text().contains("with faults, see the log: 3"), "{}", ready.text());
    fs::remove_file(campaign_file(scene.dir.path(), ID)).unwrap();
    scene.look().await;
    assert_eq!(scene.get("/readyz").await.status, 503);
    // With `--strict`, one faulty file prevents the start.
    let options =
        ["serve", "--strict", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"];
    let output = crate::commands::standwith(scene.dir.path(), &options);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[tokio::test]
async fn health_is_told() {
    let scene = TestEndpoint::new().await;
    for path in ["/healthz", "/readyz"] {
        let answer = scene.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
