//! Disk failures and missing files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sqlx::Executor;
use standwith_endpoint::store::{Settings, SqliteStore, Store};

use crate::test_endpoint::{ID, TestEndpoint, signed};

/// Waits until the endpoint is ready, as a load balancer does: polls until it is.
async fn until_ready(scene: &TestEndpoint) {
    loop {
        scene.endpoint.intake.store.probe();
        // The store never recovers from this state.
        assert!(scene.endpoint.intake.store.is_writing(), "the store has given up");
        if scene.get("/readyz").await.status == 200 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

// After one failure every later post got 503, until a restart; health reported ok all the time.
#[tokio::test]
async fn a_failed_transaction_is_not_the_end() {
    let scene = TestEndpoint::new().await;
    let mut other = scene.database().await;
    // As SQLite does when the disk is full or fails, this rolls the whole transaction back behind sqlx's back.
    other
        .execute(
            "CREATE TRIGGER full BEFORE INSERT ON action BEGIN SELECT RAISE(ROLLBACK, 'full'); END;
             CREATE TRIGGER fuller BEFORE UPDATE ON sign_of_life BEGIN SELECT RAISE(ROLLBACK, 'full'); END;",
        )
        .await
        .unwrap();
    let jws = signed(&scene.claims());
    for _ in 0..3 {
        scene.post(jws.clone()).await.refused(503, "busy");
        assert_eq!(scene.get("/readyz").await.status, 503);
        assert_eq!(scene.get("/healthz").await.status, 200);
    }
    other.execute("DROP TRIGGER full; DROP TRIGGER fuller").await.unwrap();
    // The store recovers by itself, without a post.
    until_ready(&scene).await;
    scene.post(jws).await.taken(201);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

// The writer closed the last connection, SQLite deleted the log, and the endpoint stopped: its files had changed.
#[tokio::test]
async fn a_failed_commit_of_an_idle_endpoint_leaves_the_log_in_its_place() {
    let scene = TestEndpoint::new().await;
    // Only the endpoint itself has the database open while the commit fails.
    let change = async |statement: &'static str| {
        let mut other = scene.database().await;
        other.execute(statement).await.unwrap();
        sqlx::Connection::close(other).await.unwrap();
    };
    change("CREATE TRIGGER full BEFORE INSERT ON action BEGIN SELECT RAISE(ROLLBACK, 'full'); END")
        .await;
    let jws = signed(&scene.claims());
    scene.post(jws.clone()).await.refused(503, "busy");
    assert!(scene.dir.path().join("test.sqlite-wal").exists());
    assert!(scene.endpoint.intake.store.is_writing());
    change("DROP TRIGGER full").await;
    until_ready(&scene).await;
    scene.post(jws).await.taken(201);
    assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 1);
}

// The endpoint answered 201 and wrote into a file that was gone.
#[tokio::test]
async fn nothing_is_taken_into_a_file_that_was_removed_or_replaced() {
    for replaced in [false, true] {
        for ending in ["", "-wal"] {
            let scene = TestEndpoint::new().await;
            scene.post(signed(&scene.claims())).await.taken(201);
            let path = scene.dir.path().join(format!("test.sqlite{ending}"));
            if replaced {
                fs::copy(&path, path.with_extension("copy")).unwrap();
                fs::rename(path.with_extension("copy"), &path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            for _ in 0..2 {
                scene.post(signed(&scene.claims())).await.refused(503, "busy");
            }
            assert_eq!(scene.get("/readyz").await.status, 503);
            // In this state `serve` stops the process.
            assert!(!scene.endpoint.intake.store.is_writing());
        }
    }
}

#[test]
fn a_process_whose_database_is_removed_stops_with_an_error() {
    let mut server = crate::server::Server::start();
    fs::remove_file(server.dir.path().join("test.sqlite")).unwrap();
    let (code, log) = server.ended();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("removed or replaced"), "{log}");
}

// `cp backup.sqlite actions.sqlite` beside a running endpoint damaged both, without a message.
#[test]
fn a_process_whose_database_is_overwritten_stops_with_an_error() {
    let mut server = crate::server::Server::start();
    let dir = server.dir.path().to_owned();
    let jws = signed(&server.claims());
    assert_eq!(crate::server::post(server.at, &jws).unwrap().0, 201);
    let backup = ["backup", "backup.sqlite", "--database", "sqlite:test.sqlite"];
    assert_eq!(crate::commands::standwith(&dir, &backup).status.code(), Some(0));
    let backup = fs::read(dir.join("backup.sqlite")).unwrap();
    // The same inode with other bytes.
    fs::write(dir.join("test.sqlite"), backup).unwrap();
    let (code, log) = server.ended();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("overwritten by another program"), "{log}");
}

#[tokio::test]
async fn a_backup_of_a_database_with_a_log_is_noticed_and_no_action_is_taken() {
    let scene = TestEndpoint::new().await;
    scene.post(signed(&scene.claims())).await.taken(201);
    let file = scene.dir.path().join("test.sqlite");
    // A copy in WAL mode, as `cp` makes it of a running endpoint's database.
    let old = fs::read(&file).unwrap();
    let mut other = scene.database().await;
    other.execute("CREATE TABLE more (x); PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    scene.post(signed(&scene.claims())).await.taken(201);
    assert!(scene.endpoint.intake.store.is_writing());
    fs::write(&file, old).unwrap();
    assert!(!scene.endpoint.intake.store.is_writing());
    scene.post(signed(&scene.claims())).await.refused(503, "busy");
    assert_eq!(scene.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn a_damaged_database_is_named_with_the_log_beside_it() {
    let scene = TestEndpoint::new().await;
    scene.endpoint.intake.store.close().await;
    let file = scene.dir.path().join("test.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&file, bytes).unwrap();
    fs::write(scene.dir.path().join("test.sqlite-wal"), "of an older file").unwrap();
    let (code, _, told) = export_of(&scene, "sqlite:test.sqlite");
    assert_eq!(code, Some(2));
    assert!(told.contains("test.sqlite: database disk image is malformed"), "{told}");
    assert!(told.contains("its log ") && told.contains("test.sqlite-wal is that of"), "{told}");
}

// Of two first starts on one new database, one crashed every fourth time.
#[test]
fn several_processes_start_on_one_new_database() {
    for _ in 0..4 {
        let dir = crate::test_endpoint::folder(&[crate::test_endpoint::campaign()]);
        let start = || {
            std::process::Command::new(env!("CARGO_BIN_EXE_standwith"))
                .args(["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"])
                .args(["--metrics-listen", "127.0.0.1:0"])
                .current_dir(dir.path())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        };
        let all: Vec<_> = (0..4).map(|_| start()).collect();
        for mut process in all {
            let mut line = String::new();
            let out = process.stdout.as_mut().unwrap();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
            process.kill().unwrap();
            let output = process.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(line.starts_with("StandWith listens"), "{told}");
        }
    }
}

/// Runs a command on the database of a test endpoint.
fn run(scene: &TestEndpoint, options: &[&str]) -> std::process::Output {
    crate::commands::standwith(scene.dir.path(), options)
}

fn export_of(scene: &TestEndpoint, database: &str) -> (Option<i32>, usize, String) {
    let options = ["export", "--campaign", ID, "--database", database, "--format", "jsonl"];
    let output = run(scene, &options);
    let lines = String::from_utf8(output.stdout).unwrap().lines().count();
    (output.status.code(), lines, String::from_utf8(output.stderr).unwrap())
}

// A copy by `cp` was exported with exit code 0, although up to half of the actions were missing.
#[tokio::test]
async fn a_backup_is_whole_and_a_bare_copy_is_warned_of() {
    let scene = TestEndpoint::new().await;
    let dir = scene.dir.path();
    for _ in 0..3 {
        scene.post(signed(&scene.claims())).await.taken(201);
    }
    let output = run(&scene, &["backup", "backup.sqlite", "--database", "sqlite:test.sqlite"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mode = fs::metadata(dir.join("backup.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(export_of(&scene, "sqlite:backup.sqlite"), (Some(0), 3, String::new()));
    // A second backup replaces the first.
    scene.post(signed(&scene.claims())).await.taken(201);
    run(&scene, &["backup", "backup.sqlite", "--database", "sqlite:test.sqlite"]);
    assert_eq!(export_of(&scene, "sqlite:backup.sqlite").1, 4);
    fs::copy(dir.join("test.sqlite"), dir.join("bare.sqlite")).unwrap();
    let (_, _, warned) = export_of(&scene, "sqlite:bare.sqlite");
    assert!(warned.contains("without its log") && warned.contains("standwith backup"), "{warned}");
    // A cleanly closed database needs no log.
    scene.endpoint.intake.store.close().await;
    fs::copy(dir.join("test.sqlite"), dir.join("closed.sqlite")).unwrap();
    assert_eq!(export_of(&scene, "sqlite:closed.sqlite"), (Some(0), 4, String::new()));
    let nothing = run(&scene, &["backup", "x.sqlite", "--database", "sqlite:nowhere.sqlite"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(!dir.join("x.sqlite").exists() && !dir.join("nowhere.sqlite").exists());
}

#[tokio::test]
async fn an_export_changes_nothing_of_what_it_reads() {
    let scene = TestEndpoint::new().await;
    let dir = scene.dir.path();
    scene.post(signed(&scene.claims())).await.taken(201);
    run(&scene, &["backup", "backup.sqlite", "--database", "sqlite:test.sqlite"]);
    let before = fs::read(dir.join("backup.sqlite")).unwrap();
    let there = || {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let files = there();
    // An export does not change the backup, and leaves no log or other file beside it.
    assert_eq!(export_of(&scene, "sqlite:backup.sqlite").1, 1);
    assert_eq!((fs::read(dir.join("backup.sqlite")).unwrap(), there()), (before, files));
}

#[tokio::test]
async fn a_withdrawn_action_is_gone_and_its_identity_stays_used() {
    let scene = TestEndpoint::new().await;
    let withdraw = |options: &[&str]| {
        let first = ["withdraw", "--campaign", ID, "--database", "sqlite:test.sqlite"];
        let output = run(&scene, &[&first[..], options].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let claims: Vec<_> = ["dara@example.org", " Dara@EXAMPLE.org ", "sok@example.org", "a@b.org"]
        .into_iter()
        .map(|email| {
            let mut claims = scene.claims();
            claims["person"]["email"] = email.into();
            claims
        })
        .collect();
    let mut receipts = Vec::new();
    for claims in &claims {
        receipts.push(scene.post(signed(claims)).await.taken(201));
    }
    let count = async || scene.endpoint.store.count(ID).await.unwrap();
    assert_eq!(count().await, 4);
    assert_eq!(withdraw(&["--email", "dara@example.org"]), (Some(0), "2 withdrawn\n".to_owned()));
    assert_eq!(withdraw(&["--email", "dara@example.org"]), (Some(1), "0 withdrawn\n".to_owned()));
    assert_eq!(count().await, 2);
    let jti = claims[2]["jti"].as_str().unwrap();
    assert_eq!(withdraw(&["--receipt", jti]), (Some(0), "1 withdrawn\n".to_owned()));
    assert_eq!(withdraw(&["--receipt", &receipts[3]]), (Some(0), "1 withdrawn\n".to_owned()));
    assert_eq!(count().await, 0);
    let unknown = withdraw(&["--receipt", "nonsense"]);
    assert_eq!(unknown.0, Some(1));
    assert!(unknown.1.starts_with("0 withdrawn\nno action has this number:"), "{}", unknown.1);
    assert!(unknown.1.contains("send it later; with --note it is refused then"), "{}", unknown.1);
    assert!(withdraw(&["--receipt", jti]).1.contains("was withdrawn or noted before"));
    // One in 64 identities begins with a hyphen, like an option.
    assert_eq!(withdraw(&["--receipt", "-AAAAAAAAAAAAAAAAAAAAA"]).0, Some(1));
    assert_eq!(withdraw(&[]).0, Some(2));
    // Copies that outboxes send later are rejected.
    for claims in &claims {
        scene.post(signed(claims)).await.refused(410, "withdrawn");
    }
    assert_eq!((count().await, scene.number("SELECT count(*) FROM action").await), (0.into(), 0));
    // The texts are gone from the database and the log while the endpoint still runs.
    for ending in ["", "-wal"] {
        let bytes = fs::read(scene.dir.path().join(format!("test.sqlite{ending}"))).unwrap();
        for claims in &claims {
            let jws = signed(claims);
            let payload = &jws.split('.').nth(1).unwrap().as_bytes()[..60];
            assert!(!bytes.windows(payload.len()).any(|window| window == payload), "{ending}");
        }
    }
    // A test was never counted, so its withdrawal does not lower the count.
    let test = crate::test_endpoint::with(scene.claims(), serde_json::json!({"test": true}));
    scene.post(signed(&scene.claims())).await.taken(201);
    scene.post(signed(&test)).await.taken(201);
    withdraw(&["--receipt", test["jti"].as_str().unwrap()]);
    assert_eq!(count().await, 1);
    // The texts are still gone after the log is written back.
    scene.endpoint.intake.store.close().await;
    let bytes = fs::read(scene.dir.path().join("test.sqlite")).unwrap();
    for claims in &claims {
        let jws = signed(claims);
        let payload = &jws.split('.').nth(1).unwrap().as_bytes()[..60];
        assert!(!bytes.windows(payload.len()).any(|window| window == payload));
    }
}

/// Whether the database or its log contains the signed text of these claims.
fn holds(dir: &std::path::Path, jws: &str) -> bool {
    let payload = &jws.split('.').nth(1).unwrap().as_bytes()[..60];
    ["test.sqlite", "test.sqlite-wal"].iter().any(|file| {
        let bytes = fs::read(dir.join(file)).unwrap_or_default();
        bytes.windows(payload.len()).any(|window| window == payload)
    })
}

// It waited for readers while it held the write lock, so that posts got 503; it reported success, and left the bytes in
// the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_beside_a_reader_holds_no_post_up_and_says_what_is_left() {
    let scene = TestEndpoint::new().await;
    let claims = scene.claims();
    let (jws, jti) = (signed(&claims), claims["jti"].as_str().unwrap());
    scene.post(jws.clone()).await.taken(201);
    let mut reader = scene.database().await;
    reader.execute("BEGIN; SELECT count(*) FROM action").await.unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_standwith"));
    command.args(["withdraw", "--campaign", ID, "--database", "sqlite:test.sqlite"]);
    command.args(["--receipt", jti]).current_dir(scene.dir.path());
    let pipe = std::process::Stdio::piped;
    let mut process = command.stdout(pipe()).stderr(pipe()).spawn().unwrap();
    while process.try_wait().unwrap().is_none() {
        scene.post(signed(&scene.claims())).await.taken(201);
    }
    let output = process.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b"1 withdrawn\n"[..]));
    assert!(told.contains("test.sqlite-wal could not be cleared"), "{told}");
    assert!(
        told.contains("backup or an export") && told.contains("run the same command"),
        "{told}"
    );
    assert!(holds(scene.dir.path(), &jws));
    // The same command again clears the log.
    reader.execute("COMMIT").await.unwrap();
    let options = ["withdraw", "--campaign", ID, "--database", "sqlite:test.sqlite"];
    let again = run(&scene, &[&options[..], &["--receipt", jti]].concat());
    assert_eq!(String::from_utf8(again.stderr).unwrap(), "");
    assert!(String::from_utf8(again.stdout).unwrap().contains("was withdrawn or noted before"));
    assert!(!holds(scene.dir.path(), &jws));
}

#[tokio::test]
async fn a_start_clears_the_log_of_what_was_withdrawn_beside_a_reader() {
    let scene = TestEndpoint::new().await;
    let jws = signed(&scene.claims());
    scene.post(jws.clone()).await.taken(201);
    let mut reader = scene.database().await;
    reader.execute("BEGIN; SELECT count(*) FROM action").await.unwrap();
    let mut other = scene.database().await;
    other.execute("PRAGMA secure_delete = ON; DELETE FROM action").await.unwrap();
    reader.execute("COMMIT").await.unwrap();
    assert!(holds(scene.dir.path(), &jws));
    // Each start clears the log, whether or not the previous run ended cleanly.
    let url = crate::test_endpoint::database(scene.dir.path());
    let started = SqliteStore::open(&url, Settings::default()).await.unwrap();
    assert!(!holds(scene.dir.path(), &jws));
    started.close().await;
}

// An outbox sent a withdrawn action again, because no trace of its `jti` was left.
#[tokio::test]
async fn a_number_that_never_came_can_be_noted_and_is_refused_when_it_comes() {
    let scene = TestEndpoint::new().await;
    let withdraw = |options: &[&str]| {
        let first = ["withdraw", "--campaign", ID, "--database", "sqlite:test.sqlite"];
        let output = run(&scene, &[&first[..], options].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let [noted, asked] = [scene.claims(), scene.claims()];
    let jti = noted["jti"].as_str().unwrap();
    let answer = withdraw(&["--receipt", jti, "--note"]);
    assert_eq!(answer.0, Some(0));
    assert!(answer.1.starts_with("0 withdrawn\nno action has this number yet; it is noted"));
    assert!(withdraw(&["--receipt", jti, "--note"]).1.contains("noted before"));
    // A request without --note leaves no trace.
    withdraw(&["--receipt", asked["jti"].as_str().unwrap()]);
    scene.post(signed(&noted)).await.refused(410, "withdrawn");
    scene.post(signed(&asked)).await.taken(201);
    // A stored action is withdrawn all the same.
    let there = withdraw(&["--receipt", asked["jti"].as_str().unwrap(), "--note"]);
    assert_eq!(there, (Some(0), "1 withdrawn\n".to_owned()));
    assert_eq!(scene.number("SELECT count FROM campaign_count").await, 0);
    for wrong in [&["--receipt", "nonsense", "--note"][..], &["--email", "a@b.org", "--note"]] {
        assert_eq!(withdraw(wrong).0, Some(2), "{wrong:?}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM withdrawal").await, 2);
}

// `backup` and `export` replaced the database, with exit code 0.
#[tokio::test]
async fn nothing_is_written_over_the_database_or_beside_a_stale_log() {
    let scene = TestEndpoint::new().await;
    scene.post(signed(&scene.claims())).await.taken(201);
    let dir = scene.dir.path();
    std::os::unix::fs::symlink("test.sqlite", dir.join("link")).unwrap();
    for file in ["test.sqlite", "test.sqlite-wal", "test.keys.json", "link", "./test.sqlite"] {
        let backup = run(&scene, &["backup", file, "--database", "sqlite:test.sqlite"]);
        assert_eq!(backup.status.code(), Some(2), "{file}");
        let options = ["export", "--campaign", ID, "--database", "sqlite:test.sqlite", "--format"];
        let export = run(&scene, &[&options[..], &["csv", "--output", file]].concat());
        assert_eq!(export.status.code(), Some(2), "{file}");
    }
    fs::write(dir.join("old.sqlite-wal"), "of an older one").unwrap();
    let backup = run(&scene, &["backup", "old.sqlite", "--database", "sqlite:test.sqlite"]);
    assert_eq!(backup.status.code(), Some(2), "{backup:?}");
    assert!(!dir.join("old.sqlite").exists());
    assert_eq!(export_of(&scene, "sqlite:test.sqlite").1, 1);
}

// `backup` and `export` replaced the only copy of a private key, with exit code 0.
#[tokio::test]
async fn nothing_is_written_over_a_private_key_or_a_backup_over_another_file() {
    let scene = TestEndpoint::new().await;
    scene.post(signed(&scene.claims())).await.taken(201);
    let dir = scene.dir.path();
    run(&scene, &["keys", "seal", "--key", "seal.json"]);
    run(&scene, &["keys", "new", "--keys", "receipts.json"]);
    fs::hard_link(dir.join("seal.json"), dir.join("link")).unwrap();
    let export = |options: &[&str]| {
        let first = ["export", "--campaign", ID, "--database", "sqlite:test.sqlite"];
        run(&scene, &[&first[..], &["--format", "csv"], options].concat())
    };
    let backup = |file: &str| run(&scene, &["backup", file, "--database", "sqlite:test.sqlite"]);
    for file in ["seal.json", "receipts.json", "link"] {
        let before = fs::read(dir.join(file)).unwrap();
        for refused in [
            export(&["--unseal", "seal.json", "--output", file]),
            export(&["--output", file]),
            backup(file),
        ] {
            assert_eq!(refused.status.code(), Some(2), "{file}");
            let told = String::from_utf8(refused.stderr).unwrap();
            assert!(told.contains("holds a private key") || told.contains("itself"), "{told}");
        }
        assert_eq!(fs::read(dir.join(file)).unwrap(), before);
    }
    for (file, text, code) in [("notes.txt", "notes", 2), ("empty", "", 0)] {
        fs::write(dir.join(file), text).unwrap();
        assert_eq!(backup(file).status.code(), Some(code), "{file}");
    }
    // A backup may replace a backup, and an export a text file or an export.
    assert_eq!(backup("empty").status.code(), Some(0));
    assert_eq!(export(&["--output", "notes.txt"]).status.code(), Some(0));
    assert_eq!(export(&["--output", "notes.txt"]).status.code(), Some(0));
}

/// The unfinished files in a folder.
fn unfinished(dir: &std::path::Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with(".standwith-")).collect()
}

// A closed terminal left a copy of all personal data behind, under a hidden name.
#[tokio::test]
async fn a_backup_whose_terminal_is_closed_leaves_nothing_behind() {
    let scene = TestEndpoint::new().await;
    scene.endpoint.intake.store.close().await;
    let dir = scene.dir.path();
    // Prevents the copy from being completed.
    let mut other = scene.database().await;
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    // As from a terminal, also if the tests themselves ignore SIGHUP (`nohup`).
    let mut command = std::process::Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_standwith")]);
    command.args(["backup", "copy.sqlite", "--database", "sqlite:test.sqlite"]).current_dir(dir);
    let mut process = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while unfinished(dir).is_empty() {
        assert!(process.try_wait().unwrap().is_none());
        tokio::task::yield_now().await;
    }
    let id = process.id().to_string();
    let hangup = std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap();
    assert!(hangup.success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("interrupted; nothing is written"), "{told}");
    assert_eq!((unfinished(dir), dir.join("copy.sqlite").exists()), (vec![], false));
}

#[tokio::test]
async fn the_next_run_removes_what_a_killed_one_left() {
    let scene = TestEndpoint::new().await;
    let dir = scene.dir.path();
    let [left, journal, held, other] =
        ["AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA-journal", "BBBBBBBBBBBBBBBB", "notes"]
            .map(|name| dir.join(format!(".standwith-{name}")));
    for file in [&left, &journal, &held, &other] {
        fs::write(file, "personal").unwrap();
    }
    // Locked, as by a process that is still running.
    let at_work = fs::File::open(&held).unwrap();
    at_work.lock().unwrap();
    let backup = run(&scene, &["backup", "copy.sqlite", "--database", "sqlite:test.sqlite"]);
    assert_eq!(backup.status.code(), Some(0));
    let told = String::from_utf8(backup.stderr).unwrap();
    assert!(told.contains(".standwith-AAAAAAAAAAAAAAAA: left by a run that was killed"), "{told}");
    assert_eq!([left, journal, held, other].map(|file| file.exists()), [false, false, true, true]);
    drop(at_work);
    let options = ["export", "--campaign", ID, "--database", "sqlite:test.sqlite"];
    run(&scene, &[&options[..], &["--format", "csv", "--output", "all.csv"]].concat());
    assert_eq!(unfinished(dir), [".standwith-notes"]);
}

// The error was printed three times, without a path.
#[test]
fn a_database_that_can_not_be_used_is_named_once_with_what_is_wrong() {
    let dir = crate::test_endpoint::folder(&[crate::test_endpoint::campaign()]);
    fs::write(dir.path().join("no.sqlite"), "no database".repeat(100)).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let export = ["export", "--campaign", ID, "--format", "csv"];
    let withdraw = ["withdraw", "--campaign", ID, "--receipt", "x"];
    let no = "database no.sqlite: file is not a database";
    for (command, file, told) in [
        (&serve[..], "no.sqlite", no),
        (&export, "no.sqlite", no),
        (&withdraw, "no.sqlite", no),
        (&["backup", "copy.sqlite"], "no.sqlite", no),
        (&serve, "folder", "database folder: unable to open database file"),
        (&serve, "none/x.sqlite", "database none/x.sqlite: No such file or directory (os error 2)"),
    ] {
        let url = format!("sqlite:{file}");
        let output =
            crate::commands::standwith(dir.path(), &[command, &["--database", &url]].concat());
        assert_eq!(output.status.code(), Some(2));
        let lines = crate::commands::complained(&output);
        let last = lines.lines().last().unwrap();
        let last = last.strip_prefix("standwith: ").unwrap();
        assert_eq!(
            last.strip_prefix("copying to copy.sqlite: ").unwrap_or(last),
            told,
            "{command:?}"
        );
    }
}

// A supervisor's restart created an empty database, and deleted the log with the newest actions.
#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let dir = crate::test_endpoint::folder(&[crate::test_endpoint::campaign()]);
    fs::write(dir.path().join("test.sqlite-wal"), "actions").unwrap();
    let options = ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"];
    let output = crate::commands::standwith(dir.path(), &options);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("put the database back"), "{told}");
    assert_eq!(fs::read(dir.path().join("test.sqlite-wal")).unwrap(), b"actions");
    assert!(!dir.path().join("test.sqlite").exists());
}
