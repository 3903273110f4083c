//! The endpoint as a process: over the network, until it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use standwith_testkit::process::{EndpointProcess, Launch};
use tempfile::TempDir;

use crate::test_endpoint::{
    ID, campaign, campaign_file, claims, folder, signed, with, write_campaign,
};

/// The program under test.
const STANDWITH: &str = env!("CARGO_BIN_EXE_standwith");

pub(crate) struct Server {
    process: EndpointProcess,
    pub(crate) dir: TempDir,
    pub(crate) at: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::on(folder(&[campaign()]))
    }

    pub(crate) fn on(dir: TempDir) -> Self {
        Self::with(dir, &[])
    }

    /// The same with further options.
    pub(crate) fn with(dir: TempDir, options: &[&str]) -> Self {
        Self::run(Launch::new(STANDWITH, dir.path()), dir, options)
    }

    /// The same under a limit that a shell sets by `ulimit`, such as `-f 100`, and without a rate limit.
    fn under(limit: &str, dir: TempDir) -> Self {
        let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
        let shell = Launch::new("sh", dir.path()).with(["-c", &script, STANDWITH]);
        Self::run(shell, dir, &["--posts-from-network", "0", "--posts-from-all", "0"])
    }

    fn run(launch: Launch, dir: TempDir, options: &[&str]) -> Self {
        let launch = launch
            .with(["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"])
            .with(["--metrics-listen", "127.0.0.1:0"])
            .with(options);
        let process = launch.start().unwrap();
        let (at, metrics) = (process.address().unwrap(), process.metrics_address().unwrap());
        Server { process, dir, at, metrics }
    }

    /// An endpoint without a rate limit.
    fn without_limits() -> Self {
        Self::with(folder(&[campaign()]), &["--posts-from-network", "0", "--posts-from-all", "0"])
    }

    pub(crate) fn claims(&self) -> Value {
        let aud = format!("http://{}/campaigns/{ID}/actions", self.at);
        let campaign = fs::read(campaign_file(self.dir.path(), ID)).unwrap();
        with(claims(&campaign), json!({"aud": aud}))
    }

    /// Waits until the process has ended by itself; returns its exit code and its log.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        (code, self.process.log())
    }

    /// Stops the process; returns its exit code and its log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String, TempDir) {
        let code = self.process.stop().unwrap().code();
        (code, self.process.log(), self.dir)
    }
}

/// Posts an action; returns status and body, or `None` if the connection was refused or cut.
pub(crate) fn post(at: SocketAddr, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(at).ok()?;
    let request = format!(
        "POST /campaigns/{ID}/actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
         User-Agent: Secret-Browser\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    answer(stream)
}

fn answer(mut stream: TcpStream) -> Option<(u16, Value)> {
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.get(9..12)?.parse().ok()?, serde_json::from_str(body).unwrap_or(Value::Null)))
}

fn exported(dir: &Path) -> Vec<Value> {
    let options =
        ["export", "--campaign", ID, "--database", "sqlite:test.sqlite", "--format", "jsonl"];
    let output = crate::commands::standwith(dir, &options);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn settings_come_from_the_command_line_then_the_environment_then_a_file() {
    let dir = folder(&[campaign()]);
    let file = "listen = \"127.0.0.1:0\"\nlog = \"json\"\ndatabase = \"sqlite:file.sqlite\"\n\
                metrics-listen = \"127.0.0.1:0\"\nstrict = true\nidle-timeout = 30\n\
                public-url = [\"https://a.example.org\", \"https://b.example.org\"]\n";
    fs::write(dir.path().join("standwith.toml"), file).unwrap();
    let launch = Launch::new(STANDWITH, dir.path())
        .with(["serve", "--config", "standwith.toml", "--metrics-listen", "127.0.0.1:0"])
        .with_variable("STANDWITH_DATABASE", "sqlite:environment.sqlite");
    let mut process = launch.start().unwrap();
    process.stop().unwrap();
    let log = process.log();
    let started = log.lines().find(|line| line.contains("\"started\"")).unwrap();
    let started: Value = serde_json::from_str(started).unwrap();
    assert_eq!(started["database"], "environment.sqlite");
    assert_eq!(started["public_urls"], "https://a.example.org https://b.example.org");
    let launch = launch.with(["--database", "sqlite:line.sqlite", "--log", "compact"]);
    let mut process = launch.start().unwrap();
    process.stop().unwrap();
    assert!(process.log().contains("database=\"line.sqlite\""), "{}", process.log());

    // Other commands take the database from the same file.
    let recount = ["recount", "--config", "standwith.toml"];
    let output = crate::commands::standwith(dir.path(), &recount);
    assert!(crate::commands::complained(&output).contains("file.sqlite"), "{output:?}");

    for (file, told) in [
        ("listn = \"x\"", "there is no setting `listn`"),
        ("config = \"x\"", "there is no setting `config`"),
        ("new-keys = true", "there is no setting `new-keys`"),
        ("strict = 1", "strict: expected true or false"),
        ("listen = [\"127.0.0.1:0\"]", "listen: expected one value"),
        ("listen = 1.5", "listen: expected a text"),
        ("listen = \"nowhere\"", "'nowhere' for '--listen <ADDR>'"),
        ("listen = ", "TOML parse error at line 1"),
    ] {
        fs::write(dir.path().join("standwith.toml"), file).unwrap();
        let serve = ["serve", "--config", "standwith.toml"];
        let output = crate::commands::standwith(dir.path(), &serve);
        let complaint = crate::commands::complained(&output);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(complaint.contains(told), "{file}: {complaint}");
    }
    let output = crate::commands::standwith(dir.path(), &["serve", "--config", "missing.toml"]);
    assert!(crate::commands::complained(&output).contains("missing.toml: "));
}

// A restart without the key file silently made a new key: earlier receipts could no longer be verified.
#[test]
fn a_missing_key_file_is_not_replaced_while_there_are_actions() {
    let server = Server::start();
    assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
    let (_, _, dir) = server.stop();
    let keys = dir.path().join("test.keys.json");
    fs::rename(&keys, dir.path().join("kept")).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"];
    let refused = crate::commands::standwith(dir.path(), &serve);
    assert_eq!(refused.status.code(), Some(2));
    let told = crate::commands::complained(&refused);
    assert!(told.contains("ERROR key file missing"), "{told}");
    assert!(told.contains("test.keys.json is missing, and the database holds 1 actions"), "{told}");
    assert!(told.contains("--keys") && told.contains("--new-keys"), "{told}");
    assert!(!keys.exists());
    let (code, log, dir) = Server::with(dir, &["--new-keys"]).stop();
    assert_eq!((code, keys.exists()), (Some(0), true));
    assert!(log.contains("ERROR key file missing"), "{log}");
    // The new key may have signed receipts, which the restored one can't verify.
    fs::rename(dir.path().join("kept"), &keys).unwrap();
    let refused = crate::commands::standwith(dir.path(), &serve);
    assert_eq!(refused.status.code(), Some(2));
    let told = crate::commands::complained(&refused);
    assert!(told.contains("must have the same key file"), "{told}");
    let (_, _, dir) = Server::with(dir, &["--new-keys"]).stop();
    let (code, log, _) = Server::on(dir).stop();
    assert!(code == Some(0) && !log.contains("ERROR"), "{log}");
}

#[test]
fn a_database_that_others_may_read_is_warned_of() {
    let server = Server::start();
    assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
    let (_, log, dir) = server.stop();
    let warning = "WARN database: other users may read or write the file";
    assert!(!log.contains(warning), "{log}");
    let file = dir.path().join("test.sqlite");
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (_, log, _) = Server::on(dir).stop();
    assert!(log.contains(warning) && log.contains("test.sqlite"), "{log}");
}

// All clients behind such a proxy shared one limit, or had none, without a log line.
#[test]
fn a_trusted_proxy_that_passes_no_address_on_is_warned_of_once() {
    let server = Server::with(folder(&[campaign()]), &["--trust-forwarded", "127.0.0.1"]);
    for _ in 0..2 {
        assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
    }
    let (_, log, _) = server.stop();
    assert_eq!(log.matches("WARN trusted proxy: a post came without").count(), 1, "{log}");
}

#[test]
fn it_serves_keeps_and_stops_cleanly() {
    let server = Server::start();
    let jws = signed(&server.claims());
    let (status, body) = post(server.at, &jws).unwrap();
    assert_eq!(status, 201, "{body}");
    // The export works while the endpoint runs.
    assert_eq!(exported(server.dir.path())[0]["receipt"], body["receipt"]);
    let (code, log, dir) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(dir.path().join("test.keys.json").exists());
    // The database is a single file again.
    assert!(!dir.path().join("test.sqlite-wal").exists());
    assert_eq!(exported(dir.path()).len(), 1);
    // The log reports whether the database was created: if a restart creates one, its name has a typo.
    assert!(log.contains("database_created=true actions=0"), "{log}");
    let (_, log, _) = Server::on(dir).stop();
    assert!(log.contains("database_created=false actions=1"), "{log}");
}

#[test]
fn the_log_tells_nothing_of_anybody() {
    let server = Server::start();
    let jws = signed(&server.claims());
    post(server.at, &jws).unwrap();
    post(server.at, "nonsense").unwrap();
    let mut stream = TcpStream::connect(server.at).unwrap();
    let request = "GET /campaigns/free-press?email=dara@example.org HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream);
    let (_, log, _) = server.stop();
    assert!(log.contains("/campaigns/{id}/actions") && log.contains("201"), "{log}");
    for secret in
        ["dara", "example.org", "Secret-Browser", "127.0.0.1", "let them write", "nonsense"]
    {
        // The first line contains the endpoint's own addresses.
        let mut lines = log.lines().filter(|line| !line.contains("public_urls"));
        assert!(!lines.any(|line| line.contains(secret)), "{secret} is in {log}");
    }
}

/// Polls an address until the answer has this status, as a load balancer does.
#[cfg(target_os = "linux")]
fn until(at: SocketAddr, path: &str, status: u16) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    while raw(at, &request).0 != status {}
}

// SIGXFSZ ended the process silently.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_a_disk_that_is_full() {
    // In blocks of 512 bytes.
    let server = Server::under("-S -f 400", folder(&[campaign()]));
    let mut taken = 0;
    let refused = loop {
        let jws = signed(&server.claims());
        match post(server.at, &jws) {
            Some((201, _)) => taken += 1,
            Some((503, _)) => break jws,
            other => panic!("{other:?} after {taken}"),
        }
    };
    assert!(taken > 0);
    until(server.at, "/healthz", 200);
    until(server.at, "/readyz", 503);
    let pid = server.process.id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
    assert!(lifted.unwrap().success());
    until(server.at, "/readyz", 200);
    assert_eq!(post(server.at, &refused).unwrap().0, 201);
    let (code, log, dir) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(log.matches("database: commit failed").count(), 1, "{log}");
    assert_eq!(exported(dir.path()).len(), taken + 1);
}

// Accepting failed with "too many open files", and the database could not be reopened.
#[test]
fn a_low_limit_on_open_files_is_raised_or_warned_of() {
    let (_, log, _) = Server::under("-S -n 200", folder(&[campaign()])).stop();
    assert!(!log.contains("ulimit -n"), "{log}");
    let server = Server::under("-n 200", folder(&[campaign()]));
    // Together with the endpoint's own files, more than the limit allows, but not more than can wait to be accepted.
    let crowd: Vec<_> = (0..190).map(|_| TcpStream::connect(server.at).unwrap()).collect();
    drop(crowd);
    assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
    let (code, log, _) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("limit=200 wanted=4352 connections=100"), "{log}");
    assert!(!log.contains("connection not accepted") && !log.contains("ERROR"), "{log}");
}

// A log line that could not be written caused a panic in the middle of its request.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_can_not_be_written_holds_nobody_up() {
    let dir = folder(&[campaign()]);
    let launch = Launch::new(STANDWITH, dir.path()).with_log("/dev/full");
    let server = Server::run(launch, dir, &[]);
    for _ in 0..3 {
        assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
    }
    assert_eq!(server.stop().0, Some(0));
}

/// Sends a raw request; returns status and body.
fn raw(at: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[test]
fn logs_at_start_what_is_served_from_where() {
    let dir = folder(&[campaign(), with(campaign(), json!({"id": "second"}))]);
    let options = ["--public-url", "https://a.example/forms", "--public-url", "https://b.example"];
    let options =
        [&options[..], &["--widgets", "dist", "--trust-forwarded", "10.0.0.0/8"]].concat();
    let (_, log, _) = Server::with(dir, &options).stop();
    let started = log.lines().find(|line| line.contains("started")).unwrap();
    for part in [
        concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""),
        "campaigns=2 ids=\"free-press second\"",
        "test.sqlite",
        "database_created=true actions=0",
        "public_urls=\"https://a.example/forms https://b.example\"",
        "widgets=\"missing: no standwith.js in dist\"",
        "trusted_proxies=\"10.0.0.0/8\"",
    ] {
        assert!(started.contains(part), "{part} is not in {log}");
    }
}

// GET /campaigns/healthz returned the endpoint's health, and the campaign's actions were rejected with 405.
#[test]
fn an_id_that_is_a_route_below_the_public_path_is_refused() {
    let serving = || folder(&[campaign(), with(campaign(), json!({"id": "healthz"}))]);
    let below = ["--public-url", "https://c.example/campaigns"];
    let (_, log, _) = Server::with(serving(), &below).stop();
    assert!(log.contains("campaigns=1 ids=\"free-press\""), "{log}");
    let told =
        "/id: /campaigns/healthz is an address of the endpoint itself here; give the campaign";
    assert!(log.contains(told), "{log}");
    let (_, log, _) = Server::with(serving(), &["--public-url", "https://c.example/forms"]).stop();
    assert!(log.contains("campaigns=2"), "{log}");
}

#[test]
fn logs_the_code_of_each_refusal_and_what_explains_it_once() {
    let server = Server::start();
    let wrong = with(server.claims(), json!({"aud": "https://proxy.example/dara"}));
    for _ in 0..3 {
        assert_eq!(post(server.at, &signed(&wrong)).unwrap().0, 400);
    }
    post(server.at, "nonsense").unwrap();
    let ruled = with(server.claims(), json!({"targets": []}));
    assert_eq!(post(server.at, &signed(&ruled)).unwrap().0, 422);
    for _ in 0..2 {
        let request = format!(
            "POST /campaigns/{ID} HTTP/1.1\r\nHost: h\r\nOrigin: https://proxy.example\r\n\
             Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(raw(server.at, &request).0, 403);
    }
    let at = server.at;
    let (_, log, _) = server.stop();
    let count = |part: &str| log.matches(part).count();
    for (part, times) in [
        ("code=\"audience_mismatch\"", 3),
        ("code=\"malformed\"", 1),
        ("code=\"rules\"", 1),
        ("code=\"cross_site\"", 2),
        ("action rejected: its aud names another address", 1),
        ("form rejected: it was posted from another address", 1),
    ] {
        assert_eq!(count(part), times, "{part} in {log}");
    }
    assert!(log.contains(&format!("expected=\"http://localhost:{} ", at.port())), "{log}");
    for secret in ["proxy.example", "dara", "nonsense"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[test]
fn logs_the_campaign_of_each_request() {
    let public = ["--public-url", "http://localhost/forms"];
    let server = Server::with(folder(&[campaign()]), &public);
    let long = "x".repeat(65);
    for path in [
        "/campaigns/free-press",
        "/campaigns/free-press.json",
        "/campaigns/free-press/",
        "/forms/campaigns/free-press/count?x=dara",
        "/campaigns/gone/count",
        "/campaigns/dara%40example.org",
        "/campaigns/Dara%0Ax",
        "/campaigns/face.jpg",
        "/healthz",
        "/nowhere",
        &format!("/campaigns/{long}"),
    ] {
        raw(server.at, &format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    }
    post(server.at, "nonsense").unwrap();
    let (_, log, _) = server.stop();
    let answered = |part: &str| {
        log.lines().filter(|line| line.contains("answered") && line.contains(part)).count()
    };
    assert_eq!(answered(" campaign=\"free-press\" status="), 5, "{log}");
    assert_eq!(answered(" campaign=\"gone\" status=404"), 1, "{log}");
    // A name that can't be an id is not logged: it may be anything.
    assert_eq!((answered(""), answered("campaign=")), (12, 6), "{log}");
    for text in ["dara", "Dara", "face", long.as_str()] {
        assert!(!log.contains(text), "{text} is in {log}");
    }
}

#[test]
fn warns_once_where_many_devices_disagree_with_the_clock() {
    for (offset, direction) in [(3600, "behind"), (-700_000, "ahead")] {
        let server = Server::without_limits();
        let iat = server.claims()["iat"].as_i64().unwrap() + offset;
        for _ in 0..12 {
            let claims = with(server.claims(), json!({"iat": iat}));
            let (_, problem) = post(server.at, &signed(&claims)).unwrap();
            assert_eq!(problem["code"], "iat_out_of_window");
        }
        let (_, log, _) = server.stop();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("the clock of this")).collect();
        let [line] = lines[..] else { panic!("{log}") };
        assert!(line.contains(&format!("direction=\"{direction}\"")), "{line}");
        let (_, seconds) = line.split_once("seconds=").unwrap();
        let seconds: i64 = seconds.split(' ').next().unwrap().parse().unwrap();
        // The time since `iat` was computed changes the difference.
        assert!((seconds - offset.abs()).abs() < 600, "{line}");
    }
}

#[test]
fn warns_once_of_a_proxy_that_is_not_trusted() {
    for (options, header, warnings) in [
        (&[][..], "X-Forwarded-For: 192.0.2.77", 1),
        (&[], "forwarded: for=192.0.2.77", 1),
        (&[], "Via: 192.0.2.77", 0),
        (&["--trust-forwarded", "127.0.0.1"], "X-Forwarded-For: 192.0.2.77", 0),
    ] {
        let server = Server::with(folder(&[campaign()]), options);
        for _ in 0..2 {
            let head = format!(
                "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{header}\r\n\r\n"
            );
            assert_eq!(raw(server.at, &head).0, 200);
        }
        let (_, log, _) = server.stop();
        assert_eq!(log.matches("proxy not trusted").count(), warnings, "{header} {log}");
        assert!(!log.contains("192.0.2.77"), "{log}");
    }
}

#[test]
fn all_that_was_answered_for_is_there_after_the_end() {
    let server = Server::start();
    let at = server.at;
    let actions: Vec<String> = (0..200).map(|_| signed(&server.claims())).collect();
    let (accepted, first) = mpsc::channel();
    let clients: Vec<_> = actions
        .chunks(50)
        .map(|chunk| {
            let (chunk, accepted) = (chunk.to_vec(), accepted.clone());
            thread::spawn(move || {
                let mut taken = Vec::new();
                for jws in chunk {
                    match post(at, &jws) {
                        Some((201, body)) => {
                            taken.push(body["id"].as_str().unwrap().to_owned());
                            accepted.send(()).unwrap();
                        }
                        Some((503, _)) | None => break,
                        other => panic!("{other:?}"),
                    }
                }
                taken
            })
        })
        .collect();
    // In the middle of the run: most are still to be sent.
    for _ in 0..10 {
        first.recv().unwrap();
    }
    let (code, log, dir) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    let kept = exported(dir.path());
    let mut answered = 0;
    for client in clients {
        for id in client.join().unwrap() {
            answered += 1;
            assert!(kept.iter().any(|line| line["claims"]["jti"] == json!(id)), "{id} is lost");
        }
    }
    assert!(answered > 0);
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let server = Server::start();
    let jws = signed(&server.claims());
    let mut stream = TcpStream::connect(server.at).unwrap();
    let head = format!(
        "POST /campaigns/{ID}/actions HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        jws.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The endpoint has read the head, and waits for the body.
    let asks = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut asked = vec![0; asks.len()];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(asked, asks);
    server.process.signal("TERM").unwrap();
    // The endpoint is shutting down when it accepts no more connections.
    while TcpStream::connect(server.at).is_ok() {
        thread::yield_now();
    }
    stream.write_all(jws.as_bytes()).unwrap();
    assert_eq!(answer(stream).unwrap().0, 201);
    let mut server = server;
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(server.at).is_err());
}

#[test]
fn a_changed_campaign_file_is_seen_while_it_runs() {
    let server = Server::start();
    let get = || {
        let mut stream = TcpStream::connect(server.at).unwrap();
        let request =
            format!("GET /campaigns/{ID}.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        answer(stream).unwrap().1
    };
    assert_eq!(get()["title"], "Free the press");
    write_campaign(server.dir.path(), &with(campaign(), json!({"title": "Newer"})));
    for _ in 0..50 {
        if get()["title"] == "Newer" {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the new file was not seen");
}

#[test]
fn sighup_reloads_the_campaigns() {
    let server = Server::start();
    write_campaign(server.dir.path(), &with(campaign(), json!({"id": "second"})));
    server.process.signal("HUP").unwrap();
    let log = || fs::read_to_string(server.dir.path().join("log")).unwrap();
    let reloaded = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        log().contains("reloaded: SIGHUP campaigns=2")
    });
    assert!(reloaded, "{}", log());
    assert_eq!(post(server.at, &signed(&server.claims())).unwrap().0, 201);
}

/// Measures how many actions per second are accepted; each is answered when it is on disk. Run it with
/// `cargo test --release -p standwith-endpoint --test endpoint takes_a_second -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a test"]
fn how_many_it_takes_a_second() {
    let server = Server::without_limits();
    for connections in [1, 16, 64, 256] {
        measure(&server, connections, (10_000 / connections).min(2000));
    }
}

/// A short run, so that the measurement still works when it is needed.
#[test]
fn takes_many_at_once_where_nothing_is_limited() {
    let server = Server::without_limits();
    measure(&server, 16, 50);
    assert_eq!(exported(server.dir.path()).len(), 16 * 50);
}

/// Posts actions over this many connections at once, and prints their rate and response times.
fn measure(server: &Server, connections: usize, each: usize) {
    let actions: Vec<Vec<String>> =
        (0..connections).map(|_| (0..each).map(|_| signed(&server.claims())).collect()).collect();
    let begun = tokio::time::Instant::now();
    let clients: Vec<_> = actions
        .into_iter()
        .map(|actions| {
            let stream = TcpStream::connect(server.at).unwrap();
            thread::spawn(move || post_all(stream, &actions))
        })
        .collect();
    let mut times: Vec<Duration> =
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let (count, seconds) = (times.len(), begun.elapsed().as_secs_f64());
    times.sort();
    println!(
        "{connections:4} connections: {:6.0} actions a second; half within {:?}, 99 of 100 within {:?}",
        count as f64 / seconds,
        times[count / 2],
        times[count * 99 / 100]
    );
}

/// Posts actions one after the other; returns the time of each.
fn post_all(mut stream: TcpStream, actions: &[String]) -> Vec<Duration> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut times = Vec::new();
    for jws in actions {
        let begun = tokio::time::Instant::now();
        let request = format!(
            "POST /campaigns/{ID}/actions HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n\
             Content-Length: {}\r\n\r\n{jws}",
            jws.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            assert!(!line.starts_with("HTTP") || line.contains("201"), "{line}");
            if line == "\r\n" {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        times.push(begun.elapsed());
    }
    times
}
