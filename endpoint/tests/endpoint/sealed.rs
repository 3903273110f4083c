//! Sealed campaigns: accepted actions, the parts that only the campaigner can read, and the campaigner's export.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{SHA256, digest as hash};
use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use serde_json::{Value, json};
use standwith::envelope::{PublicKey, decode, encode};
use standwith::sealing::{concat_kdf, open};
use standwith_endpoint::sealing::{SealingKey, is_on_curve};

use crate::commands::{complained, said, standwith};
use crate::server::{Server, post};
use crate::test_endpoint::{
    ID, TestEndpoint, campaign, database, fresh_jti, seal, sealed, signed, with, write_campaign,
};

/// Makes a sealing key in a folder; returns the public half as in a campaign file.
pub(crate) fn new_key(dir: &Path, file: &str) -> Value {
    let output = standwith(dir, &["keys", "seal", "--key", file]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An endpoint with a campaign that is sealed to the key in `seal.json`, and the key's public half.
async fn scene() -> (TestEndpoint, Value) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    fs::create_dir(dir.path().join("dist")).unwrap();
    let jwk = new_key(dir.path(), "seal.json");
    write_campaign(dir.path(), &sealing_campaign(&jwk));
    (TestEndpoint::on(dir).await, jwk)
}

pub(crate) fn sealing_campaign(jwk: &Value) -> Value {
    let mut message = campaign()["message"].clone();
    message["max"] = json!(3000);
    with(campaign(), json!({"sealing": {"jwk": jwk}, "message": message}))
}

fn export(dir: &Path, format: &str, keys: &[&str]) -> Output {
    let url = database(dir);
    let mut options = vec!["export", "--campaign", ID, "--database", &url, "--format", format];
    keys.iter().for_each(|key| options.extend(["--unseal", key]));
    standwith(dir, &options)
}

fn lines(output: &Output) -> Vec<Value> {
    said(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_sealing_key_is_made_once_and_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let make = || standwith(dir.path(), &["keys", "seal"]);
    let first = make();
    assert_eq!(first.status.code(), Some(0), "{}", complained(&first));
    let public: Value = serde_json::from_slice(&first.stdout).unwrap();
    let members: Vec<&String> = public.as_object().unwrap().keys().collect();
    assert_eq!(members, ["crv", "kid", "kty", "x", "y"]);
    let file = dir.path().join("standwith.sealing.json");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = fs::read(&file).unwrap();
    let private: Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(with(private.clone(), json!({"d": null})), public);
    assert_eq!(decode(private["d"].as_str().unwrap()).unwrap().len(), 32);
    assert!(!said(&first).contains(private["d"].as_str().unwrap()));
    assert!(!complained(&first).contains(private["d"].as_str().unwrap()));

    // A key is never overwritten.
    let second = make();
    assert_eq!((second.status.code(), said(&second)), (Some(0), said(&first)));
    assert!(complained(&second).contains("is there already"), "{}", complained(&second));
    assert_eq!(fs::read(&file).unwrap(), kept);
    let other = new_key(dir.path(), "other.json");
    assert_ne!(other, public);

    for (name, text) in [
        ("set.json", "{\"keys\":[]}".to_owned()),
        ("public.json", public.to_string()),
        ("swapped.json", with(other, json!({"d": private["d"]})).to_string()),
        ("text.json", "secret".to_owned()),
    ] {
        fs::write(dir.path().join(name), &text).unwrap();
        let output = standwith(dir.path(), &["keys", "seal", "--key", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(complained(&output).contains(name), "{}", complained(&output));
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), text);
    }
}

#[test]
fn check_and_serve_refuse_a_key_that_nobody_can_have_the_other_half_of() {
    let dir = tempfile::tempdir().unwrap();
    let jwk = new_key(dir.path(), "seal.json");
    let check = |jwk: &Value| {
        let file = dir.path().join("c.json");
        fs::write(&file, serde_json::to_string_pretty(&sealing_campaign(jwk)).unwrap()).unwrap();
        let output = standwith(dir.path(), &["check", "c.json"]);
        (output.status.code(), said(&output))
    };
    assert_eq!(check(&jwk), (Some(0), "c.json: ok\n".to_owned()));
    let (code, told) = check(&with(jwk.clone(), json!({"y": jwk["x"]})));
    assert_eq!(code, Some(1));
    assert!(told.contains(": /sealing/jwk: x and y are no point of the curve P-256; "), "{told}");
    let private: Value =
        serde_json::from_slice(&fs::read(dir.path().join("seal.json")).unwrap()).unwrap();
    let (code, told) = check(&private);
    assert_eq!(code, Some(1));
    assert!(told.contains(": /sealing/jwk/d: this is the private key"), "{told}");
    assert!(!told.contains(private["d"].as_str().unwrap()));
}

#[tokio::test]
async fn a_sealed_action_is_taken_and_its_key_opens_all_of_it() {
    let (scene, jwk) = scene().await;
    let plain = with(scene.claims(), json!({"answers": {}}));
    let claims = sealed(&jwk, &plain);
    let jws = signed(&claims);
    scene.post(jws.clone()).await.taken(201);
    // The same action again is a repeat.
    scene.post(jws.clone()).await.taken(200);
    let again = sealed(&jwk, &with(plain.clone(), json!({"jti": fresh_jti()})));
    let answer = scene.post(signed(&again)).await;
    answer.taken(201);
    assert_eq!(answer.json()["count"], 2);

    let dir = scene.dir.path();
    // Without the key, the export contains what the endpoint stores.
    let output = export(dir, "jsonl", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(complained(&output).contains("2 sealed actions: --unseal"), "{}", complained(&output));
    let closed = lines(&output);
    assert_eq!((&closed[0]["claims"], &closed[0]["unsealed"]), (&claims, &Value::Null));
    assert!(!said(&output).contains("dara@example.org"));

    let output = export(dir, "jsonl", &["seal.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let told = "2 sealed actions: 2 hold, 0 do not hold, 0 could not be unsealed";
    assert!(complained(&output).contains(told), "{}", complained(&output));
    let opened = lines(&output);
    assert_eq!((&opened[0]["action"], &opened[0]["claims"]), (&json!(jws), &claims));
    assert_eq!(opened[0]["holds"], true);
    assert_eq!(opened[0]["unsealed"]["person"], plain["person"]);
    assert_eq!(opened[0]["unsealed"]["message"], plain["message"]);
    // A duplicate is recognised by the e-mail address, which is readable only with the key.
    assert_eq!(opened[1]["duplicate_of"], opened[0]["claims"]["jti"]);
    assert!(!said(&export(dir, "jsonl", &[])).contains("duplicate_of"));

    // Signed data and receipts can still be verified.
    fs::write(dir.join("export.jsonl"), &output.stdout).unwrap();
    let keys = standwith(dir, &["keys", "show", "--keys", "test.keys.json"]);
    fs::write(dir.join("jwks.json"), &keys.stdout).unwrap();
    let verified = standwith(dir, &["verify", "--jwks", "jwks.json", "export.jsonl"]);
    let told = said(&verified);
    assert!(told.starts_with("2 actions, 2 receipts verified, 0 without proof, 0 bad\n"), "{told}");
    // No signature covers the unsealed part.
    assert!(told.contains("not verified: unsealed (2 lines), holds (2 lines)"), "{told}");

    let table = said(&export(dir, "csv", &["seal.json"]));
    let row = table.lines().nth(1).unwrap();
    assert!(row.contains(",ដារ៉ា,មេឃ,dara@example.org,") && row.ends_with(",holds,,true"), "{row}");
    assert!(row.contains(",A request,Please let them write.,minister,"), "{row}");
    let table = said(&export(dir, "csv", &[]));
    let row = table.lines().nth(1).unwrap();
    assert!(!row.contains("dara") && row.ends_with(",sealed,,true"), "{row}");
}

#[tokio::test]
async fn plain_text_and_junk_are_refused() {
    let (scene, jwk) = scene().await;
    let plain = scene.claims();
    let good = sealed(&jwk, &plain);
    let codes = |answer: crate::test_endpoint::Answer| {
        let problem = answer.refused(422, "rules");
        let errors = problem["errors"].as_array().unwrap().clone();
        let code = |error: &Value| {
            format!("{} {}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap())
        };
        errors.iter().map(code).collect::<Vec<_>>()
    };
    let missing = "sealed answer_missing";
    assert_eq!(
        codes(scene.post(signed(&plain)).await),
        [missing, "person answer_unknown_choice", "message answer_unknown_choice"]
    );
    let unsealed = with(good.clone(), json!({"sealed": null}));
    assert_eq!(codes(scene.post(signed(&unsealed)).await), [missing]);
    let both = with(good.clone(), json!({"person": {"email": "dara@example.org"}}));
    assert_eq!(codes(scene.post(signed(&both)).await), ["person answer_unknown_choice"]);
    // An ephemeral key that is not a point on the curve.
    let point = json!({"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "EC", "crv": "P-256",
        "x": encode(&[1; 32]), "y": encode(&[1; 32])}});
    let text = good["sealed"].as_str().unwrap();
    let off =
        [&encode(point.to_string().as_bytes()), ".", text.split_once('.').unwrap().1].concat();
    for junk in ["Please let them write.", &text[1..], &off, &encode(plain.to_string().as_bytes())]
    {
        let claims = with(good.clone(), json!({"sealed": junk}));
        assert_eq!(codes(scene.post(signed(&claims)).await), ["sealed answer_malformed"], "{junk}");
    }
    // The readable part is validated.
    let nobody = with(good.clone(), json!({"targets": ["nobody"]}));
    assert_eq!(codes(scene.post(signed(&nobody)).await), ["targets targets_unknown_choice"]);
    let mut words = good.clone();
    words["consents"][1]["wording_digest"] = words["consents"][0]["wording_digest"].clone();
    assert_eq!(
        codes(scene.post(signed(&words)).await),
        ["consent_delivery consent_wording_mismatch"]
    );
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
    scene.post(signed(&good)).await.taken(201);

    // A campaign without sealing accepts nothing sealed.
    let open = TestEndpoint::new().await;
    let claims = sealed(&jwk, &open.claims());
    assert!(
        codes(open.post(signed(&claims)).await)
            .contains(&"sealed answer_unknown_choice".to_owned())
    );
}

// A message in the clear named yesterday's version, and was stored.
#[tokio::test]
async fn a_campaign_sealed_today_keeps_nothing_in_the_clear_whatever_version_is_named() {
    let scene = TestEndpoint::new().await;
    let before = scene.claims();
    let jwk = new_key(scene.dir.path(), "seal.json");
    assert_eq!(scene.change_campaign(&sealing_campaign(&jwk)).await, Vec::<String>::new());
    let unknown = with(before.clone(), json!({"campaign_digest": encode(&[1; 32])}));
    for clear in [&before, &unknown] {
        let problem = scene.post(signed(clear)).await.refused(422, "rules");
        let errors = problem["errors"].as_array().unwrap();
        for field in ["sealed", "person", "message"] {
            assert!(errors.iter().any(|error| error["field"] == field), "{problem}");
        }
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
    // An earlier one, repeated now, still gets its receipt.
    scene.change_campaign(&campaign()).await;
    let receipt = scene.post(signed(&before)).await.taken(201);
    scene.change_campaign(&sealing_campaign(&jwk)).await;
    assert_eq!(scene.post(signed(&before)).await.taken(200), receipt);
    scene.post(signed(&sealed(&jwk, &with(unknown, json!({"jti": fresh_jti()}))))).await.taken(201);
    let output = export(scene.dir.path(), "jsonl", &["seal.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let lines = lines(&output);
    assert_eq!((&lines[0]["holds"], &lines[1]["holds"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn what_can_not_be_opened_or_does_not_hold_is_said_and_no_row_is_missing() {
    let (scene, jwk) = scene().await;
    let dir = scene.dir.path();
    let other = new_key(dir, "other.json");
    let plain = scene.claims();
    let fresh = || with(plain.clone(), json!({"jti": fresh_jti()}));
    let inside = |text: &str| with(sealed(&jwk, &fresh()), json!({"sealed": seal(&jwk, text)}));
    let good = sealed(&jwk, &fresh());
    let elsewhere = sealed(&other, &fresh());
    let mut damaged = sealed(&jwk, &fresh());
    let text = damaged["sealed"].as_str().unwrap().to_owned();
    let (head, tail) = text.rsplit_once('.').unwrap();
    let mut tag = decode(tail).unwrap();
    tag[0] ^= 1;
    damaged["sealed"] = json!([head, ".", &encode(&tag)].concat());
    let mut person = plain["person"].clone();
    person["email"] = json!("nowhere");
    let broken = sealed(&jwk, &with(fresh(), json!({"person": person})));
    let strange = inside(r#"{"person":{"given_name":"Dara","nickname":"D"}}"#);
    let twice = inside(r#"{"person":{},"person":{}}"#);
    let no_json = inside("Please let them write.");
    let empty = inside("{}");
    let all = [&good, &elsewhere, &damaged, &broken, &strange, &twice, &no_json, &empty];
    for claims in all {
        // The endpoint can't distinguish them.
        scene.post(signed(claims)).await.taken(201);
    }
    let output = export(dir, "jsonl", &["seal.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", complained(&output));
    let told = "8 sealed actions: 1 hold, 2 do not hold, 5 could not be unsealed";
    assert!(complained(&output).contains(told), "{}", complained(&output));
    let opened = lines(&output);
    let jtis: Vec<&Value> = opened.iter().map(|line| &line["claims"]["jti"]).collect();
    assert_eq!(jtis, all.map(|claims| &claims["jti"]));
    let holds: Vec<bool> = opened.iter().map(|line| line["holds"].as_bool().unwrap()).collect();
    assert_eq!(holds, [true, false, false, false, false, false, false, false]);
    let problem = |index: usize| opened[index]["problem"].as_str().unwrap();
    let no_key = "no key that was given opens it; it says it is sealed to ";
    assert_eq!(problem(1), [no_key, other["kid"].as_str().unwrap()].concat());
    assert_eq!(problem(2), [no_key, jwk["kid"].as_str().unwrap()].concat());
    assert_eq!(opened[3]["errors"], json!([{"field": "email", "code": "email_malformed"}]));
    assert_eq!(opened[3]["unsealed"]["person"]["email"], "nowhere");
    assert!(problem(4).starts_with("what is inside: /person/nickname: unknown key"));
    assert_eq!(opened[4]["unsealed"]["person"]["nickname"], "D");
    assert!(problem(5).starts_with("what is inside: /person: this key stands twice"));
    assert!(problem(6).starts_with("what is inside: "));
    assert_eq!(opened[6]["unsealed"], Value::Null);
    assert!(opened[7]["errors"].as_array().unwrap().len() > 3);

    let table = export(dir, "csv", &["seal.json"]);
    assert_eq!(table.status.code(), Some(1));
    let table = said(&table);
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows.len(), 8, "{table}");
    assert!(rows[0].ends_with(",holds,,true"));
    assert!(rows[1].contains(",\"not unsealed: no key that was given opens it; "), "{}", rows[1]);
    assert!(rows[3].ends_with(",does not hold: email email_malformed,,true"), "{}", rows[3]);
    assert!(rows[3].contains(",nowhere,"));

    // After a change of keys, both are given, in any order.
    for keys in [["seal.json", "other.json"], ["other.json", "seal.json"]] {
        let opened = lines(&export(dir, "jsonl", &keys));
        assert_eq!((&opened[0]["holds"], &opened[1]["holds"]), (&json!(true), &json!(true)));
    }
    // An invalid key causes an error, not an export without it.
    fs::write(dir.join("none.json"), "{}").unwrap();
    for bad in ["none.json", "missing.json"] {
        let output = export(dir, "jsonl", &["seal.json", bad]);
        assert_eq!((output.status.code(), said(&output)), (Some(2), String::new()));
        assert!(complained(&output).contains(bad));
    }
}

#[tokio::test]
async fn without_script_nothing_is_taken_and_the_page_says_why() {
    let (scene, _) = scene().await;
    let path = format!("/campaigns/{ID}");
    let answer = scene.get(&path).await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(
        page.contains(
            "<noscript><h1>Free the press</h1><p>On this page, your message is encrypted"
        )
    );
    assert!(!page.contains("<form") && !page.contains("<input"), "{page}");
    // With script, the widget replaces it.
    let tag = format!(
        "<script async src=\"../standwith.js\" data-campaign=\"{ID}.json\" data-lang=\"en\">"
    );
    assert!(page.contains(&tag), "{page}");
    let policy = answer.header("content-security-policy");
    for part in
        ["script-src 'self' 'wasm-unsafe-eval';", "connect-src 'self';", "form-action 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline"));
    let khmer = scene.get(&format!("{path}?lang=km")).await.text();
    assert!(khmer.contains("<html lang=\"km\">") && khmer.contains("JavaScript។"), "{khmer}");

    let form = "given_name=MARKED&family_name=San&email=sok%40example.org&country=KH&targets=embassy\
                &subject=S&body=Please&consent_delivery=on";
    let answer = scene.ask(Request::post(&path).body(Body::from(form)).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD"));
    let page = answer.text();
    assert!(
        page.contains("<p>On this page, your message is encrypted") && !page.contains("MARKED")
    );
    assert!(!page.contains("<script"));
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

#[tokio::test]
async fn a_form_from_before_the_seal_is_not_taken() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}");
    let page = scene.get(&path).await.text();
    let (_, rest) = page.split_once("name=\"campaign_digest\" value=\"").unwrap();
    let digest = rest.split_once('"').unwrap().0;
    let jwk = new_key(scene.dir.path(), "seal.json");
    scene.change_campaign(&sealing_campaign(&jwk)).await;
    let form = format!(
        "campaign_digest={digest}&given_name=Sok&family_name=San&email=sok%40example.org&country=KH\
         &targets=embassy&subject=S&body=Please&consent_delivery=on"
    );
    let answer = scene.ask(Request::post(&path).body(Body::from(form)).unwrap()).await;
    assert_eq!(answer.status, 405);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

/// A marker for each field that supporters type into, in a format that the field accepts.
const MARKERS: [(&str, &str); 11] = [
    ("given_name", "Qxgivenzq1"),
    ("family_name", "Qxfamilyzq2"),
    ("email", "qxmailzq3@example.org"),
    ("phone", "+883510987654"),
    ("region", "Qxregionzq4"),
    ("locality", "Qxtownzq5"),
    ("postal_code", "QX7W9ZQ"),
    ("address", "Qxstreetzq6"),
    ("subject", "Qxsubjectzq7"),
    ("body", "Qxbodyzq8"),
    ("answer", "Qxanswerzq9"),
];

/// A campaign that asks for all these fields.
fn asking() -> Value {
    let standard = [
        "given_name",
        "family_name",
        "email",
        "phone",
        "country",
        "region",
        "locality",
        "postal_code",
        "address",
    ];
    let mut fields: Vec<Value> = standard.iter().map(|id| json!({"id": id})).collect();
    fields.push(json!({"id": "answer", "kind": "text", "label": "?"}));
    with(campaign(), json!({"fields": fields}))
}

fn marked(claims: Value) -> Value {
    let mut person = json!({"country": "AQ"});
    for (name, marker) in &MARKERS[..8] {
        person[name] = json!(marker);
    }
    let [.., (_, subject), (_, body), (_, answer)] = MARKERS;
    let message = json!({"subject": subject, "body": format!("Please. {body} Thank you.")});
    with(claims, json!({"person": person, "message": message, "answers": {"answer": answer}}))
}

/// Whether bytes contain a text: plain, in base64url at any offset, and in base64url of that.
fn hold(bytes: &[u8], text: &[u8], depth: u32) -> bool {
    if bytes.windows(text.len()).any(|window| window == text) {
        return true;
    }
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_';
    let runs = bytes.split(|byte| !digit(byte)).filter(|run| run.len() >= 12);
    depth > 0
        && runs.into_iter().any(|run| {
            (0..4).any(|cut| {
                let run = &run[cut..];
                let whole = std::str::from_utf8(&run[..run.len() / 4 * 4]).unwrap();
                decode(whole).is_some_and(|bytes| hold(&bytes, text, depth - 1))
            })
        })
}

/// The names of the markers that are found anywhere in these files.
fn found(files: &[(String, Vec<u8>)]) -> Vec<&'static str> {
    let is_found = |marker: &str| files.iter().any(|(_, bytes)| hold(bytes, marker.as_bytes(), 3));
    MARKERS.iter().filter(|(_, marker)| is_found(marker)).map(|(name, _)| *name).collect()
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push((path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    all
}

fn metrics(at: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200 "));
    bytes
}

/// Posts marked actions to an endpoint with this campaign, which accepts the first and rejects the others; returns the
/// names of the markers found in its files, log and metrics.
fn found_after(campaign: &Value, actions: impl Fn(Value) -> Vec<Value>) -> Vec<&'static str> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    write_campaign(dir.path(), campaign);
    let server = Server::on(dir);
    let [taken, refused @ ..] = &actions(marked(server.claims()))[..] else { panic!("no action") };
    assert_eq!(post(server.at, &signed(taken)).unwrap().0, 201);
    for claims in refused {
        assert_eq!(post(server.at, &signed(claims)).unwrap().0, 422);
    }
    let metrics = metrics(server.metrics);
    // While the endpoint runs, there is the database's log, too.
    let mut all = files(server.dir.path());
    assert!(all.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()));
    all.push(("metrics".to_owned(), metrics));
    let (_, log, dir) = server.stop();
    assert!(log.contains("/campaigns/{id}/actions"), "{log}");
    all.extend(files(dir.path()));
    found(&all)
}

#[test]
fn nothing_that_was_typed_is_found_anywhere() {
    let everything = MARKERS.map(|(name, _)| name);
    // Without sealing, the search finds all markers: the test can fail.
    assert_eq!(found_after(&asking(), |claims| vec![claims]), everything);

    let keys = tempfile::tempdir().unwrap();
    let jwk = new_key(keys.path(), "seal.json");
    let message = with(campaign()["message"].clone(), json!({"max": 3000}));
    let sealing = with(asking(), json!({"sealing": {"jwk": jwk}, "message": message}));
    let found = found_after(&sealing, |claims| {
        let sealed = sealed(&jwk, &claims);
        let other = |changes| with(with(sealed.clone(), json!({"jti": fresh_jti()})), changes);
        // Plain text that is sent by mistake is not stored either.
        let exposed = other(json!({"person": claims["person"], "message": claims["message"]}));
        let plain = with(claims.clone(), json!({"jti": fresh_jti()}));
        let junk = other(json!({"sealed": claims["message"]["body"]}));
        vec![sealed, exposed, plain, junk]
    });
    assert_eq!(found, Vec::<&str>::new());
}

// RFC 7518, appendix C.
#[test]
fn the_key_of_the_rfc_is_agreed_upon_and_derived() {
    let alice = "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo";
    let alice = PrivateKey::from_private_key(&ECDH_P256, &decode(alice).unwrap()).unwrap();
    let bob = PublicKey::p256(
        "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    );
    let bob = UnparsedPublicKey::new(&ECDH_P256, bob.point().unwrap());
    let key = agree(&alice, bob, (), |shared| {
        let input = concat_kdf(shared, "A128GCM", ["Alice", "Bob"], 128);
        Ok(encode(&hash(&SHA256, &input).as_ref()[..16]))
    });
    assert_eq!(key.as_deref(), Ok("VqqN6vgjbSBcIijNcacQGg"));
}

#[test]
fn what_is_no_point_of_the_curve_is_no_key() {
    let bob = PublicKey::p256(
        "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    );
    let mut point = bob.point().unwrap();
    assert!(is_on_curve(&point));
    point[64] ^= 1;
    assert!(!is_on_curve(&point));
    assert!(!is_on_curve(&PublicKey::p256(&encode(&[0; 32]), &encode(&[0; 32])).point().unwrap()));
    assert!(!is_on_curve(
        &PublicKey::p256(&encode(&[255; 32]), &encode(&[0; 32])).point().unwrap()
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_is_opened_and_nothing_that_is_changed(text: String, place: usize, bit in 0..8) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.json");
        let key = SealingKey::make(&path).unwrap();
        let jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
        let sealed = seal(&jwk, &text);
        let parts = open(&sealed).unwrap();
        prop_assert_eq!(parts.header.kid.as_deref(), Some(key.kid()));
        prop_assert_eq!(key.unseal(&parts), Some(text.clone().into_bytes()));
        prop_assert_eq!(SealingKey::open(&path).unwrap().unseal(&parts), Some(text.into_bytes()));

        let mut changed = parts.clone();
        let place = place % changed.sealed.len();
        changed.sealed[place] ^= 1u8 << bit;
        prop_assert_eq!(key.unseal(&changed), None);
        let mut changed = parts.clone();
        changed.iv[place % 12] ^= 1u8 << bit;
        prop_assert_eq!(key.unseal(&changed), None);
        let header = parts.protected.to_owned() + "A";
        prop_assert_eq!(key.unseal(&standwith::sealing::Sealed { protected: &header, ..parts.clone() }), None);
        let other = SealingKey::make(&dir.path().join("other.json")).unwrap();
        prop_assert_eq!(other.unseal(&parts), None);
    }
}
