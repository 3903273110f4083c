//! Two endpoints behind nginx, with the configuration of docs/operators.md.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use standwith_testkit::postgres::Postgres;
use standwith_testkit::process::Launch;

use crate::commands::standwith;
use crate::faults::STANDWITH;
use crate::test_endpoint::{ID, campaign, campaign_file, claims, folder, signed, with};

const DOCUMENT: &str = include_str!("../../../docs/operators.md");

/// nginx, which ends when dropped.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-s", "TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

impl Proxy {
    /// Starts nginx in a folder with the document's configuration, for these ports.
    fn start(dir: &Path, ports: [u16; 3]) -> Self {
        let block = DOCUMENT.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
        let block =
            [8080, 8081, 8082].iter().zip(ports).fold(block.to_owned(), |text, (from, to)| {
                text.replace(&from.to_string(), &to.to_string())
            });
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let file = format!(
            "daemon off;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{block}}}\n"
        );
        fs::write(dir.join("nginx.conf"), file).unwrap();
        let mut nginx = Command::new("/usr/sbin/nginx");
        nginx.arg("-p").arg(dir).args(["-c", "nginx.conf", "-e", "nginx.log"]);
        let mut proxy = Proxy(nginx.spawn().unwrap());
        while TcpStream::connect(("127.0.0.1", ports[0])).is_err() {
            assert!(proxy.0.try_wait().unwrap().is_none(), "nginx ended");
            thread::sleep(std::time::Duration::from_millis(10));
        }
        proxy
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Sends a request over a connection of its own; returns status and body.
fn ask(port: u16, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: text/plain\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    (head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0), body.to_owned())
}

#[test]
fn two_endpoints_behind_a_proxy_are_restarted_without_one_failed_request() {
    let server = Postgres::start(&[]).unwrap();
    let name = server.create_database().unwrap();
    let url = server.url(&name);
    let dir = folder(&[campaign()]);
    assert!(standwith(dir.path(), &["migrate", "--database", &url]).status.success());
    let ports = [free_port(), free_port(), free_port()];
    let public = format!("http://localhost:{}/act", ports[0]);
    let launch = |port: u16| {
        Launch::new(STANDWITH, dir.path())
            .appending_its_log()
            .with_log(dir.path().join(format!("log-{port}")))
            .with(["serve", "--listen", &format!("127.0.0.1:{port}"), "--public-url", &public])
            .with(["--metrics-listen", "127.0.0.1:0", "--database", &url])
            .with(["--trust-forwarded", "127.0.0.1"])
            .with(["--posts-from-network", "0", "--posts-from-all", "0"])
    };
    let launches = [launch(ports[1]), launch(ports[2])];
    let mut running = launches.each_ref().map(|launch| Some(launch.start().unwrap()));
    let _proxy = Proxy::start(dir.path(), ports);

    // What a browser asks for under the path of the public address.
    let (status, page) = ask(ports[0], &format!("GET /act/campaigns/{ID}"), "");
    assert_eq!(status, 200);
    assert!(page.contains("action=\"free-press?"), "{page}");
    assert_eq!(ask(ports[0], &format!("GET /act/campaigns/{ID}.json"), "").0, 200);
    assert_eq!(ask(ports[0], "GET /act/readyz", "").0, 200);

    let file = fs::read(campaign_file(dir.path(), ID)).unwrap();
    let aud = format!("{public}/campaigns/{ID}/actions");
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let jws = signed(&with(claims(&file), json!({ "aud": &aud })));
                        let (status, body) =
                            ask(ports[0], &format!("POST /act/campaigns/{ID}/actions"), &jws);
                        assert!([200, 201].contains(&status), "{status} {body}");
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // More are sent after each step before the next one.
        let some_more = || {
            let wanted = sent.load(Ordering::Relaxed) + 50;
            while sent.load(Ordering::Relaxed) < wanted
                && !senders.iter().any(|one| one.is_finished())
            {
                thread::yield_now();
            }
        };
        some_more();
        for _ in 0..2 {
            for (launch, running) in launches.iter().zip(&mut running) {
                let mut old = running.take().unwrap();
                assert_eq!(old.stop().unwrap().code(), Some(0), "{}", old.log());
                some_more();
                *running = Some(launch.start().unwrap());
                some_more();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent > 400, "{sent}");
    let stored = server.sql(&name, "SELECT count(*) FROM action").unwrap();
    assert_eq!(stored, sent.to_string());
}
