//! No acknowledged action is lost or stored twice: short runs of `cargo xtask bench faults` and `cargo xtask bench
//! network`, with the same code.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use standwith_faults::account::Account;
use standwith_faults::driver::{Addressee, Driver, Sending};
use standwith_faults::machine::{DATABASE, Machine};
use standwith_testkit::bad_network::{NETWORK_FAULTS, Network, NetworkFault};
use tempfile::TempDir;

use crate::test_endpoint::{ID, campaign, write_campaign};

/// The program under test.
pub(crate) const STANDWITH: &str = env!("CARGO_BIN_EXE_standwith");
/// Factor by which all time-outs and waits are shorter than in production.
pub(crate) const HURRY: u32 = 20;

/// A folder with the campaign.
pub(crate) fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("campaigns")).unwrap();
    write_campaign(dir.path(), &campaign());
    dir
}

pub(crate) fn sending(submissions: u64, keep_alive: bool, seed: u64) -> Sending {
    Sending { submissions, at_once: 32, keep_alive, seed, hurry: HURRY }
}

/// Supporters who send to this machine, over the network at this address.
pub(crate) async fn supporters(machine: &Machine, url: &str, sending: Sending) -> Driver {
    let origin = machine.origin();
    let to = Addressee { campaign: ID, straight: &origin, public_url: &origin, test: false };
    Driver::new(&[url], &to, sending).await.unwrap()
}

/// Compares acknowledged with stored actions.
pub(crate) async fn account(machine: &Machine, driver: &Driver) -> Account {
    let export = machine.export(Path::new(STANDWITH), ID).await.unwrap();
    let count = driver.count().await.unwrap();
    Account::of(&driver.journal(), &export, count).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_taken_twice_while_it_is_killed() {
    let (dir, submissions, seed) = (folder(), 1000, fastrand::u64(..));
    let mut machine = Machine::new(Path::new(STANDWITH), dir.path()).unwrap();
    machine.start().await.unwrap();
    let driver = supporters(&machine, &machine.origin(), sending(submissions, true, seed)).await;
    let journal = driver.journal();
    let killing = machine.torment(20, submissions, &journal, Rng::with_seed(seed), || Ok(()));
    tokio::try_join!(driver.send(), killing).unwrap();
    let account = account(&machine, &driver).await;
    assert!(account.is_clean(), "seed {seed}: {account:?}");
    assert_eq!(account.acknowledged, submissions, "seed {seed}");
    let counts = journal.counts();
    assert!(counts.tries > counts.acknowledgements, "no kill disturbed a request: {counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_network_loses_nothing_and_doubles_nothing() {
    let (dir, submissions, seed) = (folder(), 400, fastrand::u64(..));
    let mut machine = Machine::new(Path::new(STANDWITH), dir.path()).unwrap();
    machine.start().await.unwrap();
    let network = Network::before(machine.port(), seed, HURRY).await.unwrap();
    let driver = supporters(&machine, &network.origin, sending(submissions, false, seed)).await;
    driver.send().await.unwrap();
    let account = account(&machine, &driver).await;
    assert!(account.is_clean(), "seed {seed}: {account:?}");
    assert!(account.acknowledged * 1000 >= submissions * 999, "seed {seed}: {account:?}");
    // Each acknowledgement came over a connection of its own, and each kind of fault occurred, except perhaps an
    // outage, which depends on the time.
    let met: u64 = network.met().map(|(_, met)| met).sum();
    assert!(met >= driver.journal().counts().acknowledgements, "seed {seed}");
    for ((disposition, _), (_, met)) in NETWORK_FAULTS.iter().zip(network.met()) {
        assert!(met > 0 || *disposition == NetworkFault::Outage, "seed {seed}: {disposition:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_instance_can_be_asked_whether_it_has_everything() {
    let (dir, submissions) = (folder(), 100);
    let mut machine = Machine::new(Path::new(STANDWITH), dir.path()).unwrap();
    machine.start().await.unwrap();
    // Without hurry: after an abandoned answer it is unknown whether its action was new.
    let sending = Sending { hurry: 1, ..sending(submissions, true, 1) };
    let driver = supporters(&machine, &machine.origin(), sending).await;
    driver.send().await.unwrap();
    assert_eq!(driver.ask_again().await.unwrap(), 0);
    assert_eq!(driver.journal().counts().other_receipts, 0);
    // A new signature does not make a new action.
    assert_eq!(driver.count().await.unwrap(), 100);

    // An endpoint that has lost its database is detected.
    machine.kill().await.unwrap();
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with(DATABASE) {
            fs::remove_file(file.path()).unwrap();
        }
    }
    machine.start().await.unwrap();
    assert_eq!(driver.ask_again().await.unwrap(), submissions);
}
