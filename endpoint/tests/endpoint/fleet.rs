//! Several endpoints on one PostgreSQL: short runs of `cargo xtask bench faults --postgres`.

use std::path::Path;

use standwith_faults::account::Account;
use standwith_faults::driver::{Addressee, Driver, Sending};
use standwith_faults::fleet::{Event, Fleet, Replication};

use crate::faults::{STANDWITH, folder};
use crate::test_endpoint::ID;

/// Sends to three endpoints while they and their database fail; returns the comparison.
async fn torment(kills: u64, events: &[Event], replication: Option<Replication>) -> (Account, u64) {
    let (dir, submissions, seed) = (folder(), 600, fastrand::u64(..));
    let program = Path::new(STANDWITH);
    let mut fleet = Fleet::start(program, dir.path(), 3, replication).await.unwrap();
    let origins = fleet.origins();
    let to =
        Addressee { campaign: ID, straight: &origins[0], public_url: &origins[0], test: false };
    let sending = Sending { submissions, at_once: 32, keep_alive: true, seed, hurry: 4 };
    let driver = Driver::new(&origins, &to, sending).await.unwrap();
    let journal = driver.journal();
    let tormented = fleet.torment(kills, events, submissions, &journal, seed);
    tokio::try_join!(driver.send(), tormented).unwrap();
    let export = fleet.export(program, ID).await.unwrap();
    let (is_right, said) = fleet.recount(program).await.unwrap();
    assert!(is_right, "seed {seed}: {said}");
    fleet.refresh().await.unwrap();
    let count = driver.count().await.unwrap();
    (Account::of(&journal, &export, count).unwrap(), seed)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_endpoints_that_are_killed_lose_nothing_and_store_nothing_twice() {
    let (account, seed) = torment(30, &[Event::Restart], None).await;
    assert!(account.is_clean(), "seed {seed}: {account:?}");
    assert_eq!(account.acknowledged, 600, "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_takes_over_has_everything_that_was_acknowledged() {
    let (account, seed) = torment(0, &[Event::Failover], Some(Replication::Synchronous)).await;
    assert!(account.is_clean(), "seed {seed}: {account:?}");
    assert_eq!(account.acknowledged, 600, "seed {seed}");
}

// The control: it shows that the test above can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_commits_do_not_wait_for_loses_actions() {
    let (account, seed) = torment(0, &[Event::Failover], Some(Replication::Asynchronous)).await;
    assert!(account.lost > 0, "seed {seed}: {account:?}");
}
