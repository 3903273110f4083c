//! The power fails: of what the endpoint wrote, only that is left which was synchronised. A small campaigns in C
//! (`tests/power/power.c`), loaded into the endpoint, keeps what a disk would then hold; it takes the place of what
//! is there when the endpoint is killed.

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

/// A disk writes whole sectors of so many bytes.
const SECTOR: usize = 512;
/// How often the power fails in a run.
const CUTS: u64 = 12;
/// How many actions are sent meanwhile.
const SUBMISSIONS: u64 = 600;

/// What of the writes is on the disk that were not synchronised.
#[derive(Clone, Copy, Debug)]
enum Unsynchronised {
    /// Nothing.
    None,
    /// Some sectors, in no order.
    Some,
}

/// A folder on a disk that may lose its power.
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

    /// Puts what was synchronised in the place of what is there.
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
        // Shared memory is none after a start.
        let left = left.into_iter().filter(|(path, _)| is_endpoints(path));
        for (path, bytes) in left.filter(|(path, _)| !path.to_string_lossy().ends_with("-shm")) {
            fs::write(&path, &bytes).unwrap();
            // It is on the disk now, and will be after the next cut.
            let inode = fs::metadata(&path).unwrap().ino().to_string();
            fs::write(self.kept.path().join(&inode), bytes).unwrap();
            fs::write(self.names().join(path.file_name().unwrap()), inode).unwrap();
        }
    }

    /// The folder of the names that were synchronised.
    fn names(&self) -> PathBuf {
        self.kept.path().join("names")
    }
}

/// Whether the endpoint made this file: it begins as the database does.
fn is_endpoints(path: &Path) -> bool {
    let stem = DATABASE.split('.').next().unwrap();
    path.file_name().unwrap().to_string_lossy().starts_with(stem)
}

/// What was synchronised, with some sectors as they were written later.
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

/// Sends while the power fails again and again; what came of it.
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

/// The same test finds a loss where there must be one. So that nothing else differs, both are served by this
/// program.
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
