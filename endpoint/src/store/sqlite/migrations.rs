//! Tests of the schema: every released schema is brought up to date with its data.

use std::path::Path;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};

use super::connect::MIGRATIONS;
use super::{Settings, SqliteStore};
use crate::signature::digest;
use crate::store::{Content, Inserted, JobKind, NewAction, NewJob, Store, Transition};
use standwith::answer::Status;

/// The digests of the released steps. A released step is never changed: add another one.
const RELEASED: [(i64, &str); 4] = [
    (1, "bHhQJhxG_BoWbKgSncmwUfv4Cd6Adyn3DfWUyw5m-_k"),
    (2, "Jz7_hMAuKWouupbx-eoZ4s-LTUheykHIAmAO3JUYEd8"),
    (3, "yt4qsG0R8oKiAsmy6hwiDCTm9zhEtZB7CwxDeCdMfRs"),
    (4, "OD_pLCCgvOgfw5yZNlRe8gMnNSyYO7uCztxsBQmRleU"),
];

/// Data for every table of a released schema.
const DATA: &str = "
    INSERT INTO campaign_version VALUES ('c', 'd', 1700000000, x'7b7d');
    INSERT INTO action (campaign, jti, received_at, status, assurance, campaign_digest, digest_known, counted, jws,
                        claims, action_digest, receipt)
    VALUES ('c', 'signed', 1700000001, 'accepted', 'signed', 'd', 1, 1, 'jws', NULL, 'ad', 'r1'),
           ('c', 'bare', 1700000002, 'recorded', 'none', 'd', 1, 1, NULL, '{}', 'ad', 'r2'),
           ('c', 'test', 1700000003, 'recorded', 'signed', 'x', 0, 0, 'jws', NULL, 'ad', 'r3');
    INSERT INTO campaign_count VALUES ('c', 2);";

/// A database with the schema of the first `steps` steps, and data in each of its tables.
async fn released(file: &Path, steps: usize) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let steps: Vec<_> = MIGRATIONS.iter().take(steps).cloned().collect();
    let last = steps.len();
    Migrator::with_migrations(steps).run(&mut connection).await.unwrap();
    connection.execute(DATA).await.unwrap();
    if last < 2 {
        let email = "INSERT INTO counted_email SELECT 'c', 'dara@example.org', id FROM action WHERE jti = 'signed'";
        connection.execute(email).await.unwrap();
    }
    if last >= 3 {
        connection.execute("INSERT INTO sign_of_life VALUES (1, 7)").await.unwrap();
    }
    if last >= 4 {
        let withdrawal = "INSERT INTO withdrawal VALUES ('c', 'gone', 1700000004)";
        connection.execute(withdrawal).await.unwrap();
    }
    connection
}

#[test]
fn released_steps_are_never_changed() {
    let steps = MIGRATIONS.iter().map(|step| (step.version, digest(step.sql.as_str().as_bytes())));
    let steps: Vec<(i64, String)> = steps.take(RELEASED.len()).collect();
    let released = RELEASED.map(|(version, digest)| (version, digest.to_owned()));
    assert_eq!(steps, released);
}

#[tokio::test]
async fn every_released_schema_is_brought_up_to_date_with_its_data() {
    for steps in 1..=RELEASED.len() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("test.sqlite");
        released(&file, steps).await.close().await.unwrap();
        let url = format!("sqlite:{}", file.display());
        let store = SqliteStore::open(&url, Settings::default()).await.unwrap();
        assert!(!store.is_new());
        holds_its_data(&store, steps).await;
        works(&store, steps).await;
        store.close().await;
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let applied = connection.list_applied_migrations("_sqlx_migrations").await.unwrap();
        assert_eq!(applied.len(), MIGRATIONS.iter().count(), "{steps}");
    }
}

async fn holds_its_data(store: &SqliteStore, steps: usize) {
    assert_eq!((store.count("c").await.unwrap(), store.total().await.unwrap()), (2, 3), "{steps}");
    assert_eq!(store.version("c", "d").await.unwrap(), Some(b"{}".to_vec()));
    let signed = store.get("c", "signed").await.unwrap().unwrap();
    assert_eq!((signed.status, signed.receipt.as_str()), (Status::Accepted, "r1"));
    assert_eq!(signed.content, Content::Signed("jws".to_owned()));
    let bare = store.get("c", "bare").await.unwrap().unwrap();
    assert_eq!((bare.status, bare.content), (Status::Recorded, Content::Bare("{}".to_owned())));
    let mut export = store.export("c").await.unwrap();
    let rows = export.next().await.unwrap();
    let times: Vec<i64> = rows.into_iter().map(|row| row.unwrap().received_at).collect();
    assert_eq!(times, [1_700_000_001, 1_700_000_002, 1_700_000_003]);
    assert!(export.next().await.unwrap().is_empty());
}

async fn works(store: &SqliteStore, steps: usize) {
    let new = |jti: &str| NewAction {
        campaign: "c".to_owned(),
        jti: jti.to_owned(),
        received_at: 1_790_000_000,
        status: Status::Accepted,
        content: Content::Signed("jws".to_owned()),
        campaign_digest: "d".to_owned(),
        digest_known: true,
        counts: true,
        action_digest: "ad".to_owned(),
        receipt: "r".to_owned(),
    };
    let (mail, lease) = (JobKind("mail"), std::time::Duration::from_secs(60));
    let job = NewJob { kind: mail, not_before: 0 };
    let inserted = store.insert(new("new"), vec![job]).await.unwrap();
    assert_eq!(inserted, Inserted::New { count: 3 });
    assert_eq!(store.claim_jobs(&[mail], 9, lease).await.unwrap().len(), 1);
    if steps >= 4 {
        assert_eq!(store.insert(new("gone"), Vec::new()).await.unwrap(), Inserted::Withdrawn);
    }
    store.transition("c", &["signed".to_owned()], Transition::Withdraw).await.unwrap();
    assert_eq!(store.count("c").await.unwrap(), 2);
}
