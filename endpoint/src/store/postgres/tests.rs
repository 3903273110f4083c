//! Tests on a real server, which the first one starts: the contract, directly and through a pooler, and what only
//! PostgreSQL does.

use std::sync::{Arc, OnceLock};

use standwith_testkit::postgres::{FloatingAddress, PgBouncer, Postgres};

use super::PgStore;
use crate::clock::ManualClock;
use crate::store::contract::{Scene, action, contract_of};
use crate::store::{
    Access, Content, Inserted, JobKind, Migrated, Miscount, NewAction, NewJob, Settings, Store,
    StoreError, Transition,
};

/// The server of all tests here; it ends with the process.
fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start(&[]).unwrap())
}

/// A pooler before it, with fewer connections than a store opens.
fn pooler() -> &'static PgBouncer {
    static POOLER: OnceLock<PgBouncer> = OnceLock::new();
    POOLER.get_or_init(|| PgBouncer::start(server(), 2).unwrap())
}

/// A new database with the schema; its name.
async fn database() -> String {
    let name = tokio::task::spawn_blocking(|| server().create_database().unwrap()).await.unwrap();
    PgStore::migrate(&server().url(&name)).await.unwrap();
    name
}

async fn open(url: &str) -> Result<PgStore, StoreError> {
    PgStore::open(url, Access::Create, Settings::default()).await
}

async fn scene_at(url: &str) -> Scene {
    let clock = Arc::new(ManualClock::at(1_790_000_000));
    let settings = Settings { clock: clock.clone(), ..Settings::default() };
    let store = PgStore::open(url, Access::Create, settings).await.unwrap();
    Scene { store: Arc::new(store), clock, _place: Box::new(()) }
}

async fn scene() -> Scene {
    scene_at(&server().url(&database().await)).await
}

contract_of!(scene);

/// The same through a pooler in transaction mode.
mod pooled {
    use super::*;

    async fn scene() -> Scene {
        scene_at(&pooler().url(&database().await)).await
    }

    contract_of!(scene);
}

async fn insert(store: &PgStore, action: NewAction) -> Result<Inserted, StoreError> {
    store.insert(action, Vec::new()).await
}

// Two instances that both counted an action, and then met at one row, refused a whole batch.
#[tokio::test(flavor = "multi_thread")]
async fn two_instances_that_get_the_same_actions_store_and_count_each_once() {
    let url = server().url(&database().await);
    let stores = [Arc::new(open(&url).await.unwrap()), Arc::new(open(&url).await.unwrap())];
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..1200 {
        let store = stores[n % 2].clone();
        // The two get them in opposite orders.
        let jti = if n % 2 == 0 { n / 4 } else { 299 - n / 4 };
        let campaign = format!("campaign {}", jti % 3);
        let job = NewJob { kind: JobKind("mail"), not_before: 0 };
        tasks.spawn(async move {
            let new = NewAction { campaign, ..action(&jti.to_string()) };
            store.insert(new, vec![job]).await.unwrap()
        });
    }
    let results = tasks.join_all().await;
    let new = results.iter().filter(|one| matches!(one, Inserted::New { .. })).count();
    assert_eq!((results.len(), new), (1200, 300));
    for store in &stores {
        let mut sum = 0;
        for n in 0..3 {
            sum += store.count(&format!("campaign {n}")).await.unwrap();
        }
        assert_eq!((sum, store.total().await.unwrap()), (300, 300));
        assert_eq!(store.recount(false).await.unwrap(), []);
    }
    let lease = std::time::Duration::from_secs(60);
    let jobs = stores[0].claim_jobs(&[JobKind("mail")], 1000, lease).await.unwrap();
    assert_eq!(jobs.len(), 300);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_and_its_action_at_two_instances_leave_one_of_them() {
    let url = server().url(&database().await);
    let (one, other) = (Arc::new(open(&url).await.unwrap()), open(&url).await.unwrap());
    for n in 0..40 {
        let jti = n.to_string();
        let (store, new) = (one.clone(), action(&jti));
        let campaign = new.campaign.clone();
        let inserting = tokio::spawn(async move { insert(&store, new).await.unwrap() });
        other.transition(&campaign, std::slice::from_ref(&jti), Transition::Note).await.unwrap();
        inserting.await.unwrap();
        assert_eq!(one.get(&campaign, &jti).await.unwrap(), None);
        assert_eq!(one.count(&campaign).await.unwrap(), 0);
    }
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_value_that_the_database_refuses_refuses_no_other_action() {
    let store = Arc::new(open(&server().url(&database().await)).await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = store.clone();
        let content = match n % 50 {
            // PostgreSQL's text can't hold this character.
            7 => Content::Bare("\0".to_owned()),
            _ => Content::Bare("{}".to_owned()),
        };
        let new = NewAction { content, ..action(&n.to_string()) };
        tasks.spawn(async move { insert(&store, new).await });
    }
    let results = tasks.join_all().await;
    let refused: Vec<_> = results.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(refused.len(), 4, "{refused:?}");
    assert!(!refused[0].is_busy() && !refused[0].is_failing(), "{}", refused[0]);
    assert_eq!(store.count(&action("").campaign).await.unwrap(), 196);
    assert!(store.is_ready().await);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_lose_nothing_and_repeat_nothing() {
    let name = database().await;
    let store = Arc::new(open(&server().url(&name)).await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        for m in 0..20 {
            let store = store.clone();
            tasks.spawn(async move { insert(&store, action(&format!("{n} {m}"))).await.unwrap() });
        }
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let name = name.clone();
        tokio::task::spawn_blocking(move || server().sql(&name, end).unwrap()).await.unwrap();
    }
    assert_eq!(tasks.join_all().await.len(), 400);
    assert_eq!(store.count(&action("").campaign).await.unwrap(), 400);
    assert_eq!(store.recount(false).await.unwrap(), []);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_durable_whatever_a_role_or_a_database_says() {
    let name = database().await;
    let guard = "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'not durable'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER guard BEFORE INSERT ON action FOR EACH ROW EXECUTE FUNCTION guard();";
    server().sql(&name, guard).unwrap();
    server().sql(&name, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    for url in [server().url(&name), pooler().url(&name)] {
        let store = open(&url).await.unwrap();
        insert(&store, action(&url)).await.unwrap();
        store.close().await;
    }
    let refused =
        server().sql(&name, "INSERT INTO action VALUES ('c', 'j', 'withdrawn', 1, FALSE)");
    assert!(refused.unwrap_err().to_string().contains("not durable"));
}

#[tokio::test]
async fn a_server_that_does_not_synchronise_is_refused() {
    let mut careless = Postgres::start(&[]).unwrap();
    let name = careless.create_database().unwrap();
    let url = careless.url(&name);
    PgStore::migrate(&url).await.unwrap();
    careless.sql(&name, "ALTER SYSTEM SET fsync = off").unwrap();
    careless.stop().unwrap();
    careless.run().unwrap();
    let error = PgStore::migrate(&url).await.unwrap_err();
    assert!(error.to_string().contains("`fsync = off`"), "{error}");
    let error = open(&url).await.unwrap_err();
    assert!(error.to_string().contains("`fsync = off`"), "{error}");
    // Reading is harmless.
    let reader = PgStore::open(&url, Access::Read, Settings::default()).await.unwrap();
    assert_eq!(reader.total().await.unwrap(), 0);
    reader.close().await;
}

#[tokio::test]
async fn a_schema_that_is_missing_older_or_newer_is_named() {
    let name = server().create_database().unwrap();
    let url = server().url(&name);
    let error = open(&url).await.unwrap_err().to_string();
    assert!(error.contains("standwith migrate"), "{error}");
    let last = PgStore::migrate(&url).await.unwrap().to;
    let Migrated { from, to, .. } = PgStore::migrate(&url).await.unwrap();
    assert_eq!((from, to), (last, last));
    server().sql(&name, "UPDATE _sqlx_migrations SET version = version + 1000").unwrap();
    for error in [open(&url).await.unwrap_err(), PgStore::migrate(&url).await.unwrap_err()] {
        assert!(error.to_string().contains("update this program"), "{error}");
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_named_without_their_password() {
    for (url, expected) in [
        ("postgres://me:secret@127.0.0.1:1/x", "x at 127.0.0.1:1"),
        ("postgres://me:secret@no-such-host.invalid/x", "no-such-host.invalid"),
        ("postgres://me:sec/ret@host/x", "%2F"),
        ("postgres:/me:secret@127.0.0.1:1/x", "expected the database's address"),
        ("postgres://me:secret@127.0.0.1:1/x?sslmod=require", "`sslmod`"),
        ("postgres://me:12?secret@host/x", "parameter"),
        (&format!("postgres://me:secret@127.0.0.1:{}/missing", server().port()), "missing"),
    ] {
        let error = open(url).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("sec"), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_recount_corrects_a_wrong_count() {
    let name = database().await;
    let store = open(&server().url(&name)).await.unwrap();
    insert(&store, action("a")).await.unwrap();
    let campaign = action("").campaign;
    server().sql(&name, "INSERT INTO campaign_count VALUES ('free-press', 99, 7)").unwrap();
    let found = [Miscount { campaign: campaign.clone(), counted: 8, actual: 1 }];
    assert_eq!(store.recount(false).await.unwrap(), found);
    assert_eq!(store.count(&campaign).await.unwrap(), 8);
    assert_eq!(store.recount(true).await.unwrap(), found);
    assert_eq!(
        (store.count(&campaign).await.unwrap(), store.recount(true).await.unwrap()),
        (1, vec![])
    );
    store.close().await;
}

// A restarted server, and a former primary that only reads, both come back after a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_or_only_reads_for_a_moment_refuses_nothing() {
    let mut own = Postgres::start(&[]).unwrap();
    let name = own.create_database().unwrap();
    let url = own.url(&name);
    PgStore::migrate(&url).await.unwrap();
    let store = Arc::new(open(&url).await.unwrap());
    insert(&store, action("before")).await.unwrap();
    let waiting = |jti: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { insert(&store, action(jti)).await.unwrap() })
    };
    own.stop().unwrap();
    let during = waiting("during");
    own.run().unwrap();
    during.await.unwrap();
    own.sql(&name, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
        .unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    own.sql(&name, end).unwrap();
    let during = waiting("read-only");
    let again = "SET default_transaction_read_only = off";
    own.sql("postgres", &format!("ALTER DATABASE {name} {again}")).unwrap();
    during.await.unwrap();
    assert_eq!(store.count(&action("").campaign).await.unwrap(), 3);
    store.close().await;
}

// A commit that waits for its standby becomes visible if the server restarts meanwhile. What is found then must not be
// acknowledged before the standby has it: a COMMIT without a change would not wait.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_primary_has_is_not_acknowledged_again() {
    let mut primary = Postgres::start(&[]).unwrap();
    let name = primary.create_database().unwrap();
    PgStore::migrate(&primary.url(&name)).await.unwrap();
    let link = FloatingAddress::of(primary.port()).await.unwrap();
    let standby = tokio::task::block_in_place(|| primary.start_standby(&link)).unwrap();
    tokio::task::block_in_place(|| primary.replicate_synchronously()).unwrap();
    let store = Arc::new(open(&primary.url(&name)).await.unwrap());
    insert(&store, action("before")).await.unwrap();
    link.lead_to(None);
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { insert(&store, action("alone")).await })
    };
    // Its transaction waits for the standby.
    let state = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while primary.sql("postgres", state).unwrap() == "0" {
        assert!(!waiting.is_finished(), "it does not wait");
        tokio::task::yield_now().await;
    }
    primary.stop().unwrap();
    primary.run().unwrap();
    let alone = "SELECT count(*) FROM action WHERE jti = 'alone'";
    assert_eq!(primary.sql(&name, alone).unwrap(), "1");
    assert!(waiting.await.unwrap().unwrap_err().is_failing());
    assert!(insert(&store, action("alone")).await.unwrap_err().is_failing());
    assert!(store.get(&action("").campaign, "alone").await.is_err());
    // When the standby follows again, it has both.
    link.lead_to(Some(primary.port()));
    insert(&store, action("alone")).await.unwrap();
    tokio::task::block_in_place(|| primary.kill().and_then(|()| standby.promote())).unwrap();
    assert_eq!(standby.sql(&name, alone).unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_any_process_use_sixteen_rows_of_a_count() {
    let name = database().await;
    let url = server().url(&name);
    for n in 0..6 {
        let store = open(&url).await.unwrap();
        let jti = n.to_string();
        insert(&store, action(&jti)).await.unwrap();
        store.transition(&action("").campaign, &[jti], Transition::Withdraw).await.unwrap();
        store.close().await;
    }
    let outside = "SELECT count(*) FROM campaign_count WHERE slot NOT BETWEEN 0 AND 15";
    assert_eq!(server().sql(&name, outside).unwrap(), "0");
    assert_eq!(server().sql(&name, "SELECT SUM(count) FROM campaign_count").unwrap(), "0");
}
