//! Power failures: of the endpoint's writes, only synchronised data remain. A small C library (`tests/power/power.c`),
//! loaded into the endpoint, records what a disk would then contain; when the endpoint is killed, that replaces its
//! files.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fastrand::Rng;
use standwith_endpoint::address::PublicUrl;
use standwith_endpoint::app::{AppState, Parts};
use standwith_endpoint::campaigns::Campaigns;
use standwith_endpoint::clock::SystemClock;
use standwith_endpoint::config::Config;
use standwith_endpoint::http::{listen, router};
use standwith_endpoint::keys::Keyring;
use standwith_endpoint::metrics::Metrics;
use standwith_endpoint::rate_limit::Limits;
use standwith_endpoint::store::{Settings, SqliteStore, Synchronised};
use standwith_endpoint::workers::Workers;
use standwith_faults::account::Account;
use standwith_faults::machine::{DATABASE, Machine};
use tempfile::TempDir;

use crate::faults::{STANDWITH, account, folder, sending, supporters};

/// Sector size in bytes: a disk writes whole sectors.
const SECTOR: usize = 512;
/// Number of power failures in a run.
const CUTS: u64 = 12;
/// Number of actions sent in a run.
const SUBMISSIONS: u64 = 600;

/// The part of the unsynchronised writes that is on the disk after a power failure.
#[derive(Clone, Copy, Debug)]
enum Unsynchronised {
    /// Nothing.
    None,
    /// Some sectors, in any order.
    Some,
}

/// A folder on a disk that can lose power.
struct Disk {
    dir: TempDir,
    kept: TempDir,
    campaigns: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let (dir, kept) = (folder(), tempfile::tempdir().unwrap());
        fs::create_dir(kept.path().join("names")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/power.c");
        let campaigns = kept.path().join("power.so");
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-o"]).args([&campaigns, &source]);
        let done = compiler.arg("-ldl").status().unwrap();
        assert!(done.success(), "a C compiler is needed");
        Disk { dir, kept, campaigns }
    }

    /// The endpoint on this disk.
    fn machine(&self) -> Machine {
        let folder = self.dir.path().canonicalize().unwrap();
        Machine::new(Path::new(STANDWITH), self.dir.path())
            .unwrap()
            .with_variable("POWER_FOLDER", folder)
            .with_variable("POWER_KEPT", self.kept.path())
            .with_variable("LD_PRELOAD", &self.campaigns)
    }

    /// Cuts the power: replaces the endpoint's files by their synchronised content.
    fn cut(&self, unsynchronised: Unsynchronised, lots: &mut Rng) {
        let mut left = Vec::new();
        for name in fs::read_dir(self.names()).unwrap() {
            let name = name.unwrap();
            let inode = fs::read_to_string(name.path()).unwrap();
            let synchronised = fs::read(self.kept.path().join(&inode)).unwrap_or_default();
            let path = self.dir.path().join(name.file_name());
            let same = fs::metadata(&path).is_ok_and(|now| now.ino().to_string() == inode);
            let bytes = match unsynchronised {
                Unsynchronised::Some if same => torn(synchronised, &fs::read(&path).unwrap(), lots),
                _ => synchronised,
            };
            left.push((path, bytes));
        }
        for folder in [self.dir.path(), self.kept.path(), &self.names()] {
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                let gone = match folder == self.dir.path() {
                    true => is_endpoints(&path),
                    false => path.is_file() && path != self.campaigns,
                };
                if gone {
                    fs::remove_file(path).unwrap();
                }
            }
        }
        // The file of shared memory (`-shm`) does not survive a power failure.
        let left = left.into_iter().filter(|(path, _)| is_endpoints(path));
        for (path, bytes) in left.filter(|(path, _)| !path.to_string_lossy().ends_with("-shm")) {
            fs::write(&path, &bytes).unwrap();
            // This content is on the disk now, so the next failure preserves it.
            let inode = fs::metadata(&path).unwrap().ino().to_string();
            fs::write(self.kept.path().join(&inode), bytes).unwrap();
            fs::write(self.names().join(path.file_name().unwrap()), inode).unwrap();
        }
    }

    /// The folder with the synchronised names.
    fn names(&self) -> PathBuf {
        self.kept.path().join("names")
    }
}

/// Whether the endpoint made this file: its name begins like the database's.
fn is_endpoints(path: &Path) -> bool {
    let stem = DATABASE.split('.').next().unwrap();
    path.file_name().unwrap().to_string_lossy().starts_with(stem)
}

/// The synchronised content, with some sectors, and perhaps the length, of later writes.
fn torn(mut synchronised: Vec<u8>, written: &[u8], lots: &mut Rng) -> Vec<u8> {
    if lots.bool() {
        synchronised.resize(written.len(), 0);
    }
    for (old, new) in synchronised.chunks_mut(SECTOR).zip(written.chunks(SECTOR)) {
        if old.len() == new.len() && lots.bool() {
            old.copy_from_slice(new);
        }
    }
    synchronised
}

/// Sends actions while the power fails repeatedly; returns the comparison.
async fn after_cuts(disk: &Disk, mut machine: Machine, unsynchronised: Unsynchronised) -> Account {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut lots = Rng::with_seed(seed);
    machine.start().await.unwrap();
    let driver = supporters(&machine, &machine.origin(), sending(SUBMISSIONS, true, seed)).await;
    let journal = driver.journal();
    let kills = Rng::with_seed(!seed);
    let cutting = machine.torment(CUTS, SUBMISSIONS, &journal, kills, || {
        disk.cut(unsynchronised, &mut lots);
        Ok(())
    });
    tokio::try_join!(driver.send(), cutting).unwrap();
    account(&machine, &driver).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_for_outlives_the_power() {
    for unsynchronised in [Unsynchronised::None, Unsynchronised::Some] {
        let disk = Disk::new();
        let account = after_cuts(&disk, disk.machine(), unsynchronised).await;
        assert!(account.is_clean(), "{unsynchronised:?}: {account:?}");
        assert_eq!(account.acknowledged, SUBMISSIONS);
    }
}

/// The same test detects a loss if not each commit is synchronised. This program serves in both cases, so that nothing
/// else differs.
#[tokio::test(flavor = "multi_thread")]
async fn only_synchronising_each_commit_keeps_it() {
    for (synchronised, keeps) in [("each", true), ("now and then", false)] {
        let disk = Disk::new();
        let machine = disk.machine();
        let address = format!("127.0.0.1:{}", machine.port());
        let this = std::env::current_exe().unwrap();
        let command = ["power::serves_for_the_other_test", "--exact", "--ignored", "--nocapture"];
        let machine = machine
            .with_command(&this, &command)
            .with_variable("POWER_LISTEN", address)
            .with_variable("POWER_SYNCHRONISED", synchronised);
        let account = after_cuts(&disk, machine, Unsynchronised::None).await;
        assert_eq!(account.lost == 0, keeps, "{synchronised}: {account:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "part of another test, in a process of its own"]
async fn serves_for_the_other_test() {
    let Ok(at) = std::env::var("POWER_LISTEN") else { return };
    let at: SocketAddr = at.parse().unwrap();
    let synchronised = match std::env::var("POWER_SYNCHRONISED").unwrap().as_str() {
        "each" => Synchronised::AtEachCommit,
        _ => Synchronised::NowAndThen,
    };
    let (metrics, url) = (Metrics::default(), format!("sqlite:{DATABASE}"));
    let settings = Settings { synchronised, metrics: metrics.clone(), ..Settings::default() };
    let store = SqliteStore::open(&url, settings).await.unwrap();
    let (store, workers, clock) = (Arc::new(store), Workers::default(), Arc::new(SystemClock));
    let folder = Path::new("campaigns");
    let campaigns = Campaigns::open(folder, &[], store.clone(), workers.clone());
    let campaigns = Arc::new(campaigns.await.unwrap());
    let keys = Path::new(DATABASE).with_extension("keys.json");
    let keys = Keyring::open_or_make(&keys).unwrap();
    let listener = tokio::net::TcpListener::bind(at).await.unwrap();
    let (addresses, limits) = (PublicUrl::local(at.port()), Limits::none());
    println!("http://{at}/");
    let config = Config { addresses, limits, ..Config::default() };
    let parts = Parts { store, campaigns, keys, clock, metrics, workers };
    let router = router(Arc::new(AppState::new(config, parts).unwrap()));
    listen::serve(listener, router, listen::Bounds::default(), std::future::pending()).await;
}
