//! Commands that need no running endpoint.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use standwith_endpoint::signature::digest;

use crate::test_endpoint::{ID, TestEndpoint, campaign, database, signed, with, write_campaign};

pub(crate) fn standwith(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standwith"));
    command.args(arguments).current_dir(dir).output().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn check_tells_each_fault_by_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let bad = r#"{
  "id": "Bad Id",
  "title": "Bad",
  "colour": "red",
  "targets": [{"id": "a", "name": "A", "email": "nowhere"}],
  "message": {"subjects": ["S"], "body": "B"},
  "title": "Twice"
}"#;
    fs::write(dir.path().join("bad.json"), bad).unwrap();
    fs::write(dir.path().join("broken.json"), "{\n\"id\": }").unwrap();
    fs::write(dir.path().join("good.json"), campaign().to_string()).unwrap();

    let output = standwith(dir.path(), &["check", "good.json"]);
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), "good.json: ok\n"));

    let output = standwith(dir.path(), &["check", "bad.json", "good.json", "broken.json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    for line in
        ["bad.json:2: /id: ", "bad.json:4: /colour: ", "bad.json:7: /title: ", "broken.json:2: "]
    {
        assert!(said.lines().any(|known| known.starts_with(line)), "{line} is not in {said}");
    }
    assert!(said.contains("good.json: ok\n"));

    let output = standwith(dir.path(), &["check", "missing.json", "good.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complained(&output).contains("missing.json"));
    assert_eq!(standwith(dir.path(), &["check"]).status.code(), Some(2));
}

#[test]
fn check_tells_of_two_files_of_one_folder_with_one_id() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("other")).unwrap();
    for file in ["a.json", "b.json", "other/a.json"] {
        fs::write(dir.path().join(file), serde_json::to_string_pretty(&campaign()).unwrap())
            .unwrap();
    }
    let output = standwith(dir.path(), &["check", "a.json", "b.json", "other/a.json"]);
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    let line = told.lines().find(|line| line.starts_with("b.json:")).unwrap();
    assert!(line.contains("/id: the id \"free-press\" is that of a.json"), "{told}");
    assert!(told.contains("a.json: ok\n") && told.contains("other/a.json: ok\n"), "{told}");
    // The same file by two paths.
    let output = standwith(dir.path(), &["check", "a.json", "./a.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

// `check` waited forever for a writer.
#[test]
fn check_reads_no_pipe_but_its_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("good.json"), campaign().to_string()).unwrap();
    let fifo = dir.path().join("fifo.json");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let output = standwith(dir.path(), &["check", "fifo.json", "/dev/null", "good.json"]);
    assert_eq!(output.status.code(), Some(2));
    // Every file is named, not only the first.
    let told = complained(&output);
    for file in ["fifo.json", "/dev/null"] {
        assert!(told.contains(&format!("standwith: {file}: is no regular file\n")), "{told}");
    }
    assert_eq!(said(&output), "good.json: ok\n");
    let piped = Command::new("sh")
        .args(["-c", "cat good.json | \"$0\" check /dev/stdin", env!("CARGO_BIN_EXE_standwith")])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(said(&piped), "/dev/stdin: ok\n", "{}", complained(&piped));
}

// All these commands waited forever for a writer.
#[test]
fn no_command_waits_for_a_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    fs::write(dir.path().join("keys.json"), "{\"keys\": []}").unwrap();
    let database = ["--database", "sqlite:fifo"];
    let export = ["export", "--campaign", ID, "--format", "csv"];
    for arguments in [
        &["verify", "--jwks", "fifo", "x"][..],
        &["keys", "show", "--keys", "fifo"],
        &["keys", "new", "--keys", "fifo"],
        &[&export[..], &["--unseal", "fifo"]].concat(),
        &[&export[..], &database].concat(),
        &[&["backup", "copy"][..], &database].concat(),
        &[&["withdraw", "--campaign", ID, "--receipt", "x"][..], &database].concat(),
    ] {
        let output = standwith(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = complained(&output);
        assert!(told.contains("is no regular file"), "{arguments:?}: {told}");
    }
}

// `verify` and `check` read their input without a limit.
#[test]
fn verify_and_check_read_no_more_than_they_need() {
    let dir = tempfile::tempdir().unwrap();
    standwith(dir.path(), &["keys", "new", "--keys", "keys.json"]);
    let keys = standwith(dir.path(), &["keys", "show", "--keys", "keys.json"]);
    fs::write(dir.path().join("jwks.json"), keys.stdout).unwrap();
    let long = "x".repeat(3 << 20);
    fs::write(dir.path().join("export.jsonl"), format!("{{}}\n{long}\n{{}}\n")).unwrap();
    let output = standwith(dir.path(), &["verify", "--jwks", "jwks.json", "export.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    assert!(told.contains("line 2: is longer than 1024 KiB\nline 3: "), "{told}");
    assert!(told.contains("3 actions, 0 receipts verified, 0 without proof, 3 bad"), "{told}");
    // Endless input.
    let piped = Command::new("sh")
        .args(["-c", "yes | \"$0\" check /dev/stdin", env!("CARGO_BIN_EXE_standwith")])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(piped.status.code(), Some(1), "{}", said(&piped));
}

#[test]
fn check_warns_of_a_picture_on_another_host() {
    let dir = tempfile::tempdir().unwrap();
    let picture = json!({ "picture": { "url": "https://pictures.invalid/a.jpg", "alt": "A" } });
    fs::write(dir.path().join("c.json"), with(campaign(), picture).to_string()).unwrap();
    let output = standwith(dir.path(), &["check", "c.json"]);
    assert_eq!(output.status.code(), Some(0));
    let said = said(&output);
    assert!(said.contains(": warning: /picture/url: "), "{said}");
    assert!(said.ends_with("c.json: ok\n"), "{said}");
}

#[test]
fn check_warns_of_pictures_that_are_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let picture = |url: &str| {
        let campaign = with(campaign(), json!({"picture": {"url": url, "alt": "A face"}}));
        fs::write(dir.path().join("c.json"), campaign.to_string()).unwrap();
        let output = standwith(dir.path(), &["check", "c.json"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        said(&output)
    };
    fs::write(dir.path().join("face.jpg"), "").unwrap();
    for fine in ["face.jpg", "./face.jpg"] {
        assert_eq!(picture(fine), "c.json: ok\n");
    }
    assert!(
        picture("missing.jpg")
            .contains("warning: /picture/url: there is no file missing.jpg beside")
    );
    for odd in [
        "face.svg",
        "pictures/face.jpg",
        "../face.jpg",
        "/face.jpg",
        ".face.jpg",
        "my%20face.jpg",
        "face.jpg?x",
    ] {
        let said = picture(odd);
        assert!(
            said.contains("warning: /picture/url: `standwith serve` serves no picture"),
            "{said}"
        );
    }
}

#[test]
fn the_example_is_without_fault() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = standwith(&root, &["check", "www/campaigns/free-mech-dara.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn serve_refuses_what_check_refuses() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    write_campaign(dir.path(), &with(campaign(), json!({"colour": "red"})));
    let output = standwith(dir.path(), &["serve", "--strict", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = complained(&output);
    assert!(complaint.contains("campaigns/free-press.json:") && complaint.contains(" /colour: "));
}

#[test]
fn serve_refuses_databases_that_it_can_not_use() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    for url in [
        "postgres://localhost:1/x",
        "sqlite::memory:",
        "mysql://x",
        "x",
        "sqlite:/no/such/folder/x",
    ] {
        let output =
            standwith(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--database", url]);
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(complained(&output).starts_with("standwith: "), "{}", complained(&output));
    }
    let output = standwith(dir.path(), &["serve", "--campaigns", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complained(&output).contains("nowhere"));
    let output = standwith(dir.path(), &["serve", "--public-url", "ftp://x"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn keys_are_those_that_serve_uses_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let keys = |options: &[&str]| standwith(dir.path(), &[&["keys"], options].concat());
    for command in ["new", "show"] {
        let output = keys(&[command]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(complained(&output).contains("--database"), "{}", complained(&output));
        assert_eq!(keys(&[command, "--database", "postgres://x"]).status.code(), Some(2));
    }
    assert!(dir.path().read_dir().unwrap().next().is_none());
    // With a typo in the name, `keys new` made a key that no endpoint reads.
    let output = keys(&["new", "--database", "sqlite:actions.sqlite"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(complained(&output).contains("there is no database actions.sqlite"));
    assert!(dir.path().read_dir().unwrap().next().is_none());
    fs::write(dir.path().join("actions.sqlite"), "").unwrap();
    let output = keys(&["new", "--database", "sqlite:actions.sqlite"]);
    assert!(said(&output).starts_with("actions.keys.json: "), "{}", complained(&output));
    fs::write(dir.path().join("standwith.sqlite"), "").unwrap();
    assert!(said(&keys(&["new"])).starts_with("standwith.keys.json: "));
    assert_eq!(keys(&["new", "--keys", "k", "--database", "sqlite:x"]).status.code(), Some(2));
}

#[test]
fn an_address_that_is_taken_leaves_no_files_behind() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for options in [
        ["--listen", &at, "--metrics-listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--metrics-listen", &at],
    ] {
        let output = standwith(dir.path(), &[&["serve"][..], &options].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(complained(&output).contains(&format!("can't listen on {at}")));
        assert_eq!(dir.path().read_dir().unwrap().count(), 1);
    }
}

/// An endpoint that has accepted two signed actions and one from the hosted form.
async fn sent() -> TestEndpoint {
    let scene = TestEndpoint::new().await;
    let mut claims = scene.claims();
    claims["person"]["given_name"] = json!(" =HYPERLINK(\"http://evil.example\")");
    claims["person"]["phone"] = json!("+855 12 345 678");
    claims["message"]["body"] = json!("Two\nlines, \"quoted\"");
    scene.post(signed(&claims)).await.taken(201);
    let text = serde_json::to_string_pretty(&scene.claims()).unwrap();
    let signer = crate::test_endpoint::Signer::new();
    scene.post(signer.sign_raw(&signer.header().to_string(), &text)).await.taken(201);
    let form = [
        ("given_name", "Sok"),
        ("family_name", "San"),
        ("email", "sok@example.org"),
        ("country", "KH"),
        ("targets", "embassy"),
        ("subject", "S"),
        ("body", "Please"),
        ("consent_delivery", "on"),
    ];
    let answer = scene.ask(scene.form("", &form)).await;
    assert_eq!(answer.status, 200);
    scene
}

fn export(scene: &TestEndpoint, format: &str) -> Output {
    let url = database(scene.dir.path());
    let options = ["export", "--campaign", ID, "--database", &url, "--format", format];
    standwith(scene.dir.path(), &options)
}

#[tokio::test]
async fn an_export_says_all_and_can_be_verified() {
    // The endpoint still runs during the export.
    let scene = sent().await;
    let dir = scene.dir.path();
    let output = export(&scene, "jsonl");
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let lines: Vec<Value> =
        said(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for line in &lines {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 7 + usize::from(line.get("duplicate_of").is_some()), "{keys:?}");
        assert!(line["received_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(line["claims"]["campaign"], ID);
    }
    assert_eq!(
        (&lines[0]["status"], &lines[0]["assurance"]),
        (&json!("accepted"), &json!("signed"))
    );
    assert_eq!(lines[0]["claims"]["person"]["phone"], "+855 12 345 678");
    assert_eq!((&lines[2]["status"], &lines[2]["assurance"]), (&json!("recorded"), &json!("none")));
    assert_eq!(lines[2]["action"], Value::Null);

    fs::write(dir.join("export.jsonl"), &output.stdout).unwrap();
    let keys = standwith(dir, &["keys", "show", "--keys", "test.keys.json"]);
    assert_eq!(keys.status.code(), Some(0));
    fs::write(dir.join("jwks.json"), &keys.stdout).unwrap();
    let verify = |export: &str| standwith(dir, &["verify", "--jwks", "jwks.json", export]);
    let good = verify("export.jsonl");
    assert_eq!(
        said(&good),
        "3 actions, 3 receipts verified, 1 without proof, 0 bad\n\
         not covered by any signature, so not verified: duplicate_of (1 lines), version_known (3 lines)\n\
         a receipt covers what was said, under which number and when, not who signed it: that an action is `signed` \
         or `none`, and so its status, is only what the exporter states\n"
    );
    assert_eq!(good.status.code(), Some(0));

    // Any change is detected.
    let text = said(&output);
    let mut bad = 0;
    for (from, to) in [
        ("Sok", "Sak"),
        (r#""country":"KH""#, r#""country":"TH""#),
        (r#""receipt":"ey"#, r#""receipt":"eX"#),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        fs::write(dir.join("changed.jsonl"), changed).unwrap();
        let output = verify("changed.jsonl");
        assert_eq!(output.status.code(), Some(1), "{from}");
        assert!(said(&output).starts_with("line ") && said(&output).contains(" 1 bad\n"));
        bad += 1;
    }
    assert_eq!(bad, 3);
    // Two swapped receipts.
    let mut swapped = lines.clone();
    swapped[0]["receipt"] = lines[1]["receipt"].clone();
    swapped[1]["receipt"] = lines[0]["receipt"].clone();
    let swapped: String = swapped.iter().map(|line| format!("{line}\n")).collect();
    fs::write(dir.join("swapped.jsonl"), swapped).unwrap();
    assert!(said(&verify("swapped.jsonl")).contains(" 2 bad\n"));
    // The keys of another endpoint.
    standwith(dir, &["keys", "new", "--keys", "other.json"]);
    fs::write(
        dir.join("jwks.json"),
        standwith(dir, &["keys", "show", "--keys", "other.json"]).stdout,
    )
    .unwrap();
    assert!(said(&verify("export.jsonl")).contains(" 3 bad\n"));
    assert_eq!(verify("missing.jsonl").status.code(), Some(2));
}

#[tokio::test]
async fn verify_binds_every_member_of_a_line_or_names_it_as_not_covered() {
    let scene = sent().await;
    let mut test = scene.claims();
    test["test"] = json!(true);
    scene.post(signed(&test)).await.taken(201);
    let dir = scene.dir.path();
    let text = said(&export(&scene, "jsonl"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    fs::write(dir.join("jwks.json"), scene.endpoint.intake.keys.jwks()).unwrap();
    let verify = |export: &str| {
        fs::write(dir.join("export.jsonl"), export).unwrap();
        let output = standwith(dir, &["verify", "--jwks", "jwks.json", "export.jsonl"]);
        (output.status.code().unwrap(), said(&output))
    };
    let (code, told) = verify(&text);
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("4 actions, 4 receipts verified, 1 without proof, 0 bad\n"), "{told}");

    // The lines: two signed actions, one from the hosted form, and a test.
    for (index, line) in lines.iter().enumerate() {
        let found = |changes: Value, problem: &str| {
            let mut lines = lines.clone();
            lines[index] = with(line.clone(), changes.clone());
            let export: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let (code, told) = verify(&export);
            assert_eq!(code, 1, "{changes}: {told}");
            let place = format!("line {}: {problem}", index + 1);
            assert!(told.lines().any(|line| line.starts_with(&place)), "{changes}: {told}");
        };
        for value in [json!("2020-01-01T00:00:00Z"), json!(""), json!(0), Value::Null] {
            found(json!({"received_at": value}), "received_at is not 20");
        }
        for status in ["accepted", "recorded", "awaiting_confirmation", "unknown", "", "\u{1b}"] {
            if line["status"] != status {
                found(json!({"status": status}), "status is not ");
            }
        }
        for assurance in ["signed", "none", "", "SIGNED"] {
            if line["assurance"] != assurance {
                found(json!({"assurance": assurance}), "assurance is not ");
            }
        }
        for name in ["status", "assurance", "received_at"] {
            found(json!({name: null}), &format!("{name} is not "));
        }
        found(json!({"x\u{1b}\u{202e}": 1}), "x\\u001b\\u202e is unknown");
        found(json!({"claims": with(line["claims"].clone(), json!({"iat": 1}))}), "the ");

        // No signature covers these members.
        let mut changed = lines.clone();
        changed[index] = with(
            line.clone(),
            json!({
                "unsealed": {"person": {}}, "holds": true, "errors": [], "problem": "x",
            }),
        );
        let export: String = changed.iter().map(|line| format!("{line}\n")).collect();
        let (code, told) = verify(&export);
        assert_eq!(code, 0, "{told}");
        assert!(told.contains("not covered by any signature"), "{told}");
        for name in ["unsealed", "holds", "errors", "problem"] {
            assert!(told.contains(&format!("{name} (1 lines)")), "{told}");
        }
    }
    // The same line again, alone or among others, unchanged or written differently.
    let first = text.lines().next().unwrap();
    for again in [first.to_owned(), lines[0].to_string()] {
        let (code, told) = verify(&format!("{text}{again}"));
        assert_eq!(code, 1);
        assert!(told.contains("line 5: the action is there twice"), "{told}");
    }
    let twice = first.replacen('{', "{\"status\":\"recorded\",", 1);
    assert!(verify(&twice).1.starts_with("line 1: status is there twice\n"));
    // Invalid lines.
    for bad in ["x", "[]", "null", "\u{feff}{}", "{}"] {
        assert_eq!(verify(bad).0, 1, "{bad:?}");
    }
    for empty in ["", "\n", " \r\n\n"] {
        let (code, told) = verify(empty);
        assert_eq!(code, 1, "{empty:?}");
        assert!(told.contains("there is no action in the export"), "{told}");
    }
    let broken = [text.as_bytes(), b"\xff\n"].concat();
    fs::write(dir.join("broken.jsonl"), broken).unwrap();
    let output = standwith(dir, &["verify", "--jwks", "jwks.json", "broken.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("line 5: no UTF-8\n"));
}

#[tokio::test]
async fn exports_name_the_first_action_of_the_same_person() {
    let fields = ["given_name", "family_name", "email", "country"].map(|id| json!({"id": id}));
    let scene = TestEndpoint::serving(&[with(campaign(), json!({"fields": fields}))]).await;
    let mut sent = Vec::new();
    for (email, changes) in [
        ("ada@bücher.example", json!({"test": true})),
        ("Ada@bücher.example", json!({})),
        ("", json!({})),
        ("grace@example.org", json!({})),
        ("ada@xn--bcher-kva.example", json!({"campaign_digest": digest(b"never served")})),
        ("\u{200b}ADA@bu\u{308}cher\u{3002}example", json!({})),
        ("", json!({})),
        ("ada@bücher.example", json!({"test": true})),
    ] {
        let mut claims = scene.claims();
        claims["person"]["email"] = json!(email);
        let claims = with(claims, changes);
        scene.post(signed(&claims)).await.taken(201);
        sent.push(claims);
    }
    let jti = |index: usize| sent[index]["jti"].as_str().unwrap();
    let first = [None, None, None, None, Some(jti(1)), Some(jti(1)), None, None];
    let output = said(&export(&scene, "jsonl"));
    for ((line, first), claims) in output.lines().zip(first).zip(&sent) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["duplicate_of"].as_str(), first, "{line}");
        assert_eq!(line["version_known"], json!(claims["jti"] != jti(4)));
        // The address as it was typed.
        let typed = line["claims"]["person"]["email"].as_str().unwrap_or_default();
        assert_eq!(typed, claims["person"]["email"]);
    }
    let table = said(&export(&scene, "csv"));
    for ((row, first), claims) in table.split("\r\n").skip(1).zip(first).zip(&sent) {
        let known = claims["jti"] != jti(4);
        assert!(row.ends_with(&format!(",{},{known}", first.unwrap_or_default())), "{row}");
        // The address without format characters, as the form accepts it.
        let typed = claims["person"]["email"].as_str().unwrap_or_default();
        assert!(row.contains(&typed.replace('\u{200b}', "")), "{row}");
    }
}

#[tokio::test]
async fn a_table_holds_no_formula() {
    let scene = sent().await;
    let output = export(&scene, "csv");
    let table = said(&output);
    let (columns, rows) = table.split_once("\r\n").unwrap();
    // Without a byte order mark, spreadsheet programs garble Khmer.
    assert!(columns.starts_with(
        "\u{feff}jti,received_at,status,assurance,test,lang,given_name,family_name,email,"
    ));
    assert!(
        columns.ends_with(",messages,subject_index,sealed,duplicate_of,version_known"),
        "{columns}"
    );
    assert!(rows.contains(r#","'=HYPERLINK(""http://evil.example"")","#), "{rows}");
    assert!(rows.contains(",'+855 12 345 678,"));
    assert!(rows.contains(",\"Two\nlines, \"\"quoted\"\"\",minister,delivery,"));
    assert!(rows.ends_with("\r\n"));

    let dir = scene.dir.path();
    let url = database(dir);
    let options =
        ["export", "--campaign", ID, "--database", &url, "--format", "csv", "--output", "out.csv"];
    assert_eq!(standwith(dir, &options).status.code(), Some(0));
    assert_eq!(fs::read_to_string(dir.join("out.csv")).unwrap(), table);

    let separated = |format: &str, separator: &str| {
        let options = ["export", "--campaign", ID, "--database", &url, "--format", format];
        standwith(dir, &[&options[..], &["--separator", separator]].concat())
    };
    assert_eq!(said(&separated("csv", "comma")), table);
    for (separator, sign) in [("semicolon", ';'), ("tab", '\t')] {
        let table = said(&separated("csv", separator));
        assert!(table.starts_with(&format!("\u{feff}jti{sign}received_at{sign}status{sign}")));
    }
    // JSON Lines has no separator, and `,` is not the name of one.
    assert_eq!(separated("jsonl", "tab").status.code(), Some(2));
    assert_eq!(separated("csv", ",").status.code(), Some(2));
}

/// Overwrites the stored claims, bypassing the endpoint: an export must handle anything in the database.
async fn store_claims(scene: &TestEndpoint, claims: &Value) {
    let mut database = scene.database().await;
    let claims = claims.to_string();
    let changed = sqlx::query("UPDATE action SET jws = NULL, claims = ?").bind(claims);
    changed.execute(&mut database).await.unwrap();
}

#[tokio::test]
async fn a_table_is_harmless_whatever_stands_in_the_database() {
    let scene = TestEndpoint::new().await;
    let id = "-_79_Pv6-fj39vX08_Lx8A";
    let text = "x;=1+1\t-2\n\"@3;\";+4\u{1b}[31m\u{202e}\0";
    let mut claims = with(scene.claims(), json!({"jti": id}));
    scene.post(signed(&claims)).await.taken(201);
    for place in
        ["/person/given_name", "/person/email", "/message/subject", "/message/body", "/lang"]
    {
        *claims.pointer_mut(place).unwrap_or(&mut Value::Null) = json!(text);
    }
    claims["person"]["locality"] = json!(text);
    claims["source"] = json!({"page": text, "partner": text, "utm_source": text});
    claims["targets"] = json!([text, "embassy"]);
    claims["variant"] = json!(text);
    claims["campaign_digest"] = json!(text);
    claims["answers"] = json!({"why": text});
    store_claims(&scene, &claims).await;
    let table = said(&export(&scene, "csv"));
    let (_, row) = table.split_once("\r\n").unwrap();
    assert!(row.starts_with(&format!("{id},")), "{row}");
    assert!(row.contains("x;'=1+1\t'-2\n\"\"'@3;\"\";'+4\u{fffd}[31m\u{fffd}\u{fffd}"), "{row}");
    for cell in row.split([';', '\t', '\n']).skip(1) {
        let cell = cell.trim_start_matches(['"', ' ']);
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell:?} in {row:?}");
    }
    assert!(!row.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)), "{row:?}");
}

/// Whether a character controls a terminal or changes the direction of text.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[tokio::test]
async fn lines_and_complaints_do_not_act_on_a_terminal() {
    let scene = TestEndpoint::new().await;
    let mut claims = scene.claims();
    let body = "\u{202b}a\u{202c}\u{2028}b\u{200e}\u{200f}\u{61c}\u{2029}\u{2067}c\u{2069}\td";
    claims["message"]["body"] = json!(body);
    let signer = crate::test_endpoint::Signer::new();
    // JSON with tabs and line ends between the values, and with unescaped direction controls in a text.
    let text = serde_json::to_string_pretty(&claims).unwrap().replace("  ", "\t");
    scene.post(signer.sign_raw(&signer.header().to_string(), &text)).await.taken(201);
    let lines = said(&export(&scene, "jsonl"));
    assert!(!lines.trim_end_matches('\n').contains(acts), "{lines:?}");
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["claims"], claims);
    let dir = scene.dir.path();
    fs::write(dir.join("export.jsonl"), &lines).unwrap();
    fs::write(dir.join("jwks.json"), scene.endpoint.intake.keys.jwks()).unwrap();
    let verified = standwith(dir, &["verify", "--jwks", "jwks.json", "export.jsonl"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));

    // The same with characters that should never be in the database.
    claims["person"]["given_name"] = json!("\u{7f}\u{85}\u{9b}31m\u{1b}[2J\u{202e}");
    store_claims(&scene, &claims).await;
    let lines = said(&export(&scene, "jsonl"));
    assert!(!lines.trim_end_matches('\n').contains(acts), "{lines:?}");
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["claims"], claims);

    let name = "a\u{1b}[2J\u{202e}b\u{9b}";
    let options = ["export", "--campaign", name, "--database", &database(dir), "--format", "csv"];
    let strange = with(campaign(), json!({name: name}));
    fs::write(dir.join(name), strange.to_string()).unwrap();
    for arguments in [
        &options[..],
        &["check", name],
        &["verify", "--jwks", name, name],
        &["keys", "show", "--keys", name],
    ] {
        let output = standwith(dir, arguments);
        let told = [said(&output), complained(&output)].concat();
        assert!(told.contains("a\\u001b[2J\\u202eb\\u009b"), "{told:?}");
        assert!(!told.trim_end_matches('\n').contains(acts), "{told:?}");
    }
}

#[tokio::test]
async fn an_exported_file_is_private_whole_and_its_own() {
    let scene = sent().await;
    let dir = scene.dir.path();
    let url = database(dir);
    let export = |output: &str| {
        let options = ["export", "--campaign", ID, "--database", &url, "--format", "jsonl"];
        standwith(dir, &[&options[..], &["--output", output]].concat())
    };
    let mode = |name: &str| fs::symlink_metadata(dir.join(name)).unwrap().permissions().mode();
    let folder = || fs::read_dir(dir).unwrap().count();

    // An old file that everyone may read, and links to an existing and to a missing file.
    fs::write(dir.join("old.jsonl"), "old\n".repeat(10_000)).unwrap();
    fs::set_permissions(dir.join("old.jsonl"), Permissions::from_mode(0o644)).unwrap();
    fs::write(dir.join("elsewhere"), "mine").unwrap();
    symlink("elsewhere", dir.join("link.jsonl")).unwrap();
    symlink("nowhere", dir.join("dangling.jsonl")).unwrap();
    // A process that reads the old file continues to read it.
    let mut reader = fs::File::open(dir.join("old.jsonl")).unwrap();
    let before = folder();
    for name in ["old.jsonl", "link.jsonl", "dangling.jsonl"] {
        assert_eq!(export(name).status.code(), Some(0), "{name}");
        assert_eq!(mode(name), 0o100_600, "{name}");
        assert_eq!(fs::read_to_string(dir.join(name)).unwrap().lines().count(), 3);
    }
    assert_eq!(std::io::read_to_string(&mut reader).unwrap(), "old\n".repeat(10_000));
    assert_eq!(fs::read_to_string(dir.join("elsewhere")).unwrap(), "mine");
    assert!(!dir.join("nowhere").exists());
    assert_eq!(folder(), before);
    assert_eq!(export("new.jsonl").status.code(), Some(0));
    assert_eq!(mode("new.jsonl"), 0o100_600);

    // A failure leaves no new files, and the existing one unchanged.
    fs::create_dir(dir.join("folder")).unwrap();
    let before = folder();
    for name in ["folder", "/dev/null", "nowhere/x", ".."] {
        let output = export(name);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(complained(&output).contains(name), "{}", complained(&output));
    }
    let mut other = scene.database().await;
    sqlx::query("ALTER TABLE action RENAME COLUMN receipt TO receipts")
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(export("old.jsonl").status.code(), Some(2));
    assert_eq!(export("another.jsonl").status.code(), Some(2));
    assert_eq!(folder(), before);
    assert_eq!(fs::read_to_string(dir.join("old.jsonl")).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn a_damaged_row_is_named_and_left_out() {
    let scene = sent().await;
    let dir = scene.dir.path();
    let mut other = scene.database().await;
    let whole = said(&export(&scene, "jsonl"));
    let second = whole.lines().nth(1).unwrap();
    let copy = sqlx::query("CREATE TABLE copy AS SELECT * FROM action WHERE id = 2");
    copy.execute(&mut other).await.unwrap();
    for damage in [
        "jws = NULL, claims = 'Sok San'",
        "jws = 'a.b.c', claims = NULL",
        "jws = NULL, claims = '{\"person\":{\"given_name\":\"Sok\"}}'",
        "jws = NULL, claims = CAST(x'ff80' AS TEXT)",
        "receipt = CAST(x'ff80' AS TEXT)",
        "received_at = 9223372036854775807",
        "received_at = -1",
    ] {
        // The row is first restored from the copy.
        for change in [
            "(jws, claims, receipt, received_at) = (SELECT jws, claims, receipt, received_at FROM copy)",
            damage,
        ] {
            let update = format!("UPDATE action SET {change} WHERE id = 2");
            sqlx::query(sqlx::AssertSqlSafe(update)).execute(&mut other).await.unwrap();
        }
        for format in ["csv", "jsonl"] {
            let output = export(&scene, format);
            assert_eq!(output.status.code(), Some(1), "{damage}");
            let complaint = complained(&output);
            assert!(complaint.contains("row 2 is damaged"), "{damage}: {complaint}");
            assert!(!complaint.contains("Sok"), "{complaint}");
            let left: String = whole
                .lines()
                .filter(|line| *line != second)
                .map(|line| format!("{line}\n"))
                .collect();
            match format {
                "jsonl" => assert_eq!(said(&output), left),
                _ => assert_eq!(said(&output).matches("\r\n").count(), 3),
            }
        }
    }
    let options = [
        "export",
        "--campaign",
        ID,
        "--database",
        &database(dir),
        "--format",
        "csv",
        "--output",
        "x.csv",
    ];
    assert_eq!(standwith(dir, &options).status.code(), Some(1));
    assert!(dir.join("x.csv").exists());
}

#[tokio::test]
async fn an_export_of_nothing_is_refused() {
    let scene = TestEndpoint::new().await;
    let url = database(scene.dir.path());
    let options = ["export", "--campaign", "nobody", "--database", &url, "--format", "csv"];
    assert_eq!(standwith(scene.dir.path(), &options).status.code(), Some(2));
    let options = ["export", "--campaign", ID, "--database", "sqlite:none", "--format", "csv"];
    let output = standwith(scene.dir.path(), &options);
    assert_eq!(output.status.code(), Some(2));
    assert!(!scene.dir.path().join("none").exists());
    // A campaign without actions is exported: it is neither unknown nor without a database.
    assert_eq!(export(&scene, "jsonl").status.code(), Some(0));
}

#[test]
fn keys_are_made_and_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["keys", "new", "--keys", "keys.json"];
    assert_eq!(standwith(dir.path(), &options).status.code(), Some(0));
    assert_eq!(standwith(dir.path(), &options).status.code(), Some(0));
    let shown = standwith(dir.path(), &["keys", "show", "--keys", "keys.json"]);
    let jwks: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
    assert!(!said(&shown).contains("\"d\""));
    fs::write(dir.path().join("bad.json"), "{}").unwrap();
    for file in ["bad.json", "missing.json"] {
        let output = standwith(dir.path(), &["keys", "show", "--keys", file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(complained(&output).contains(file));
    }
    assert_eq!(fs::read(dir.path().join("bad.json")).unwrap(), b"{}");
}

#[tokio::test]
async fn a_test_is_marked_in_every_export() {
    let scene = TestEndpoint::new().await;
    let mut claims = scene.claims();
    claims["test"] = json!(true);
    let answer = scene.post(signed(&claims)).await;
    answer.taken(201);
    assert_eq!(
        (&answer.json()["status"], &answer.json()["count"]),
        (&json!("recorded"), &json!(0))
    );
    scene.post(signed(&scene.claims())).await.taken(201);

    let lines = said(&export(&scene, "jsonl"));
    let tests: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["claims"]["test"].clone())
        .collect();
    assert_eq!(tests, [json!(true), Value::Null]);
    let rows = said(&export(&scene, "csv"));
    let tests: Vec<&str> = rows.lines().map(|row| row.split(',').nth(4).unwrap()).collect();
    assert_eq!(tests, ["test", "true", "false"]);
}
