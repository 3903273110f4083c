//! The commands on PostgreSQL.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::json;
use standwith_testkit::postgres::Postgres;
use standwith_testkit::process::{EndpointProcess, Launch};

use crate::commands::{complained, said, standwith};
use crate::faults::STANDWITH;
use crate::server::post;
use crate::test_endpoint::{ID, campaign, campaign_file, claims, folder, signed, with};

/// The server of the tests here; it ends with the process.
fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start(&[]).unwrap())
}

/// A command for an endpoint on this database, in this folder.
fn serve(dir: &Path, url: &str) -> Launch {
    Launch::new(STANDWITH, dir)
        .with(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"])
        .with_variable("STANDWITH_DATABASE", url)
}

/// An action for an endpoint at this address.
fn action(dir: &Path, at: SocketAddr) -> String {
    let campaign = std::fs::read(campaign_file(dir, ID)).unwrap();
    let aud = format!("http://localhost:{}/campaigns/{ID}/actions", at.port());
    signed(&with(claims(&campaign), json!({ "aud": aud })))
}

/// Why an endpoint does not start.
fn refused(launch: &Launch) -> String {
    let mut process = launch.spawn().unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(2), "{}", process.log());
    process.log()
}

fn sent(process: &EndpointProcess, jws: &str) -> (u16, i64) {
    let (status, answer) = post(process.address().unwrap(), jws).unwrap();
    (status, answer["count"].as_i64().unwrap_or(-1))
}

#[test]
fn two_endpoints_on_one_database_and_every_command_that_reads_it() {
    let name = server().create_database().unwrap();
    let (dir, url) = (folder(&[campaign()]), server().url(&name));
    let run = |command: &[&str]| standwith(dir.path(), &[command, &["--database", &url]].concat());

    let told = refused(&serve(dir.path(), &url));
    assert!(told.contains("standwith migrate"), "{told}");
    let migrated = said(&run(&["migrate"]));
    assert!(migrated.contains(": the schema was brought from step 0 to step "), "{migrated}");
    let again = said(&run(&["migrate"]));
    assert!(again.contains(": the schema is up to date"), "{again}");

    let mut first = serve(dir.path(), &url).start().unwrap();
    // Another endpoint, with the same keys and campaigns, and the public address of the first.
    let public = format!("http://localhost:{}", first.address().unwrap().port());
    let second = serve(dir.path(), &url).with(["--public-url", &public]).start().unwrap();
    let jws = action(dir.path(), first.address().unwrap());
    assert_eq!(sent(&first, &jws), (201, 1));
    assert_eq!(sent(&second, &jws), (200, 1));
    assert_eq!(sent(&second, &action(dir.path(), first.address().unwrap())), (201, 2));

    // One with other keys is refused: its receipts could not be verified by the others' keys.
    let other = folder(&[campaign()]);
    let made = standwith(other.path(), &["keys", "new", "--keys", "standwith.keys.json"]);
    assert!(made.status.success(), "{}", complained(&made));
    let told = refused(&serve(other.path(), &url));
    assert!(told.contains("must have the same key file") && told.contains("--new-keys"), "{told}");

    let recounted = run(&["recount"]);
    assert_eq!(said(&recounted), "every count is right\n");
    server().sql(&name, "UPDATE campaign_count SET count = count + 5").unwrap();
    let wrong = server().sql(&name, "SELECT SUM(count) FROM campaign_count").unwrap();
    let recounted = run(&["recount"]);
    assert_eq!(recounted.status.code(), Some(1));
    assert_eq!(said(&recounted), format!("{ID}: 2 should be, and is {wrong}\n"));
    let recounted = run(&["recount", "--apply"]);
    assert_eq!(recounted.status.code(), Some(0), "{}", complained(&recounted));
    assert_eq!(said(&run(&["recount"])), "every count is right\n");

    let exported = said(&run(&["export", "--campaign", ID, "--format", "jsonl"]));
    assert_eq!(exported.lines().count(), 2, "{exported}");
    assert!(exported.contains(&jws));
    let jti = serde_json::from_str::<serde_json::Value>(exported.lines().next().unwrap()).unwrap();
    let jti = jti["claims"]["jti"].as_str().unwrap().to_owned();
    let withdrawn = run(&["withdraw", "--campaign", ID, "--receipt", &jti]);
    assert_eq!(said(&withdrawn), "1 withdrawn\n", "{}", complained(&withdrawn));
    assert_eq!(said(&run(&["export", "--campaign", ID, "--format", "jsonl"])).lines().count(), 1);
    assert_eq!(said(&run(&["recount"])), "every count is right\n");
    let backup = run(&["backup", "copy.sqlite"]);
    assert_eq!(backup.status.code(), Some(2));
    assert!(complained(&backup).contains("pg_dump"), "{}", complained(&backup));

    assert_eq!(first.stop().unwrap().code(), Some(0), "{}", first.log());
    assert!(!second.log().contains("ERROR"), "{}", second.log());
}
