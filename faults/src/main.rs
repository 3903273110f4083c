//! `cargo xtask bench faults` and `cargo xtask bench network`: is any acknowledged action lost or stored twice? Results
//! go to standard output, progress to standard error.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use fastrand::Rng;
use standwith_faults::account::Account;
use standwith_faults::driver::{Addressee, Counts, Driver, Journal, Sending};
use standwith_faults::fleet::{Event, Fleet, Replication};
use standwith_faults::machine::Machine;
use standwith_testkit::bad_network::Network;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// The example campaign.
const CAMPAIGN: &str = "free-mech-dara";
/// Its folder.
const CAMPAIGNS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/campaigns");
/// The endpoint's release build, unless the environment names another one.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/standwith");
/// Minimum number of acknowledged sends in a thousand over a bad network.
const DELIVERED: u64 = 999;

/// Sends signed actions under faults, and compares acknowledged with stored actions.
///
/// Exit codes: 0 no action was lost, altered or stored twice, and enough were acknowledged, 1 otherwise, or something
/// else failed, 2 the command line was not understood.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", version)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Kills the endpoint with SIGKILL and restarts it, repeatedly
    ///
    /// With --postgres, three endpoints share a PostgreSQL server of their own, which is restarted and then replaced by
    /// its standby, without which no commit returns. With --asynchronous, commits don't wait for the standby: the
    /// control, which is expected to lose actions.
    ///
    /// Every action is sent with the form's own time-outs and waits until it is acknowledged, and some are sent
    /// again, or over two connections at once. Afterwards the endpoint's own export and count are compared with
    /// the acknowledged actions.
    ///
    /// With --url it tests a running instance, which it does not kill: kill it yourself. Such an instance has no
    /// public export, so every acknowledged action is sent again and must get the same receipt, and the
    /// campaign's count must have grown by as many. There must be no other senders meanwhile. The actions stay
    /// there: use a separate campaign, or --test.
    Faults(Faults),
    /// Sends over a bad network: it resets, delays, trickles, and cuts after the commit, before the answer
    Network(BadNetwork),
}

#[derive(Args)]
struct Faults {
    /// How many actions are sent
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    submissions: u64,
    /// How often the endpoint is killed
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "url")]
    kills: u64,
    /// Three endpoints on one PostgreSQL
    #[arg(long, conflicts_with = "url")]
    postgres: bool,
    /// Commits don't wait for the standby
    #[arg(long, requires = "postgres")]
    asynchronous: bool,
    /// How many actions are in progress at once
    #[arg(long, value_name = "N", default_value_t = 128)]
    connections: usize,
    /// Seed for the moments of kills and for waits [default: random, printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Address of a running instance, over plain HTTP, like http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Its campaign's id
    #[arg(long, value_name = "ID", default_value = CAMPAIGN, requires = "url")]
    campaign: String,
    /// The public address that the actions' `aud` names, if it is not that of --url
    #[arg(long, value_name = "URL", requires = "url")]
    public_url: Option<String>,
    /// Send the actions as tests, which are stored but never counted
    #[arg(long, requires = "url")]
    test: bool,
}

#[derive(Args)]
struct BadNetwork {
    /// How many actions are sent
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    sends: u64,
    /// How many actions are in progress at once
    #[arg(long, value_name = "N", default_value_t = 500)]
    connections: usize,
    /// Seed for the network's faults and for waits [default: random, printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Cli::parse().bench {
        Bench::Faults(Faults { url: Some(url), .. }) if !url.starts_with("http://") => {
            Err(anyhow::anyhow!("--url must begin with http://"))
        }
        Bench::Faults(options) if options.url.is_some() => elsewhere(&options).await,
        Bench::Faults(options) if options.postgres => many(&options).await,
        Bench::Faults(options) => faults(&options).await,
        Bench::Network(options) => network(&options).await,
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Kills an endpoint of its own; returns whether nothing was lost or stored twice.
async fn faults(options: &Faults) -> Result<bool> {
    let (begun, seed) = begin(options.seed);
    let (dir, program) = (campaigns()?, program()?);
    let mut machine = Machine::new(&program, dir.path())?;
    machine.start().await?;
    let origin = machine.origin();
    let to = Addressee { campaign: CAMPAIGN, straight: &origin, public_url: &origin, test: false };
    let sending = Sending {
        submissions: options.submissions,
        at_once: options.connections,
        keep_alive: true,
        seed,
        hurry: 1,
    };
    let driver = Driver::new(&[&origin], &to, sending).await?;
    let journal = driver.journal();
    let watched = watch(journal.clone(), options.submissions);
    let (kills, lots) = (options.kills, Rng::with_seed(!seed));
    let killing = machine.torment(kills, options.submissions, &journal, lots, || Ok(()));
    tokio::try_join!(driver.send(), killing, watched)?;
    let count = driver.count().await?;
    let export = machine.export(&program, CAMPAIGN).await?;
    let account = Account::of(&journal, &export, count)?;
    tell(&journal, options.submissions, begun);
    print!("{:<36} {:>10}\n{account}", "kills (SIGKILL)", options.kills);
    Ok(account.is_clean() && all_answered(&journal, options.submissions, 1000))
}

/// Kills three endpoints on one database, and the database; returns whether nothing was lost or stored twice.
async fn many(options: &Faults) -> Result<bool> {
    let (begun, seed) = begin(options.seed);
    let (dir, program) = (campaigns()?, program()?);
    let replication = match options.asynchronous {
        true => Replication::Asynchronous,
        false => Replication::Synchronous,
    };
    let mut fleet = Fleet::start(&program, dir.path(), 3, Some(replication)).await?;
    let (origins, submissions) = (fleet.origins(), options.submissions);
    let origin = origins.first().context("there must be an endpoint")?;
    let to = Addressee { campaign: CAMPAIGN, straight: origin, public_url: origin, test: false };
    let at_once = options.connections;
    let sending = Sending { submissions, at_once, keep_alive: true, seed, hurry: 1 };
    let driver = Driver::new(&origins, &to, sending).await?;
    let journal = driver.journal();
    let watched = watch(journal.clone(), submissions);
    let events = [Event::Restart, Event::Failover];
    let tormented = fleet.torment(options.kills, &events, submissions, &journal, !seed);
    tokio::try_join!(driver.send(), tormented, watched)?;
    fleet.refresh().await?;
    let count = driver.count().await?;
    let export = fleet.export(&program, CAMPAIGN).await?;
    let account = Account::of(&journal, &export, count)?;
    let (is_right, recounted) = fleet.recount(&program).await?;
    tell(&journal, submissions, begun);
    print!("{:<36} {:>10}\n{account}{recounted}", "kills (SIGKILL)", options.kills);
    Ok(account.is_clean() && is_right && all_answered(&journal, submissions, 1000))
}

/// Sends to a running instance; returns whether nothing was lost or stored twice.
async fn elsewhere(options: &Faults) -> Result<bool> {
    let url = options.url.as_deref().unwrap_or_default();
    let (begun, seed) = begin(options.seed);
    let public_url = options.public_url.as_deref().unwrap_or(url);
    let to =
        Addressee { campaign: &options.campaign, straight: url, public_url, test: options.test };
    let sending = Sending {
        submissions: options.submissions,
        at_once: options.connections,
        keep_alive: true,
        seed,
        hurry: 1,
    };
    let driver = Driver::new(&[url], &to, sending).await?;
    let journal = driver.journal();
    let before = driver.count().await?;
    tokio::try_join!(driver.send(), watch(journal.clone(), options.submissions))?;
    // An action accepted as new from here on was lost before.
    let twice = journal.counts().new_twice;
    eprintln!("sending all acknowledged actions again");
    let (lost, grown) = (driver.ask_again().await?, driver.count().await? - before);
    let counts = journal.counts();
    let acknowledged = i64::try_from(journal.acknowledged().len())?;
    let given_up = i64::try_from(counts.given_up)?;
    // Whether the sends that were given up arrived is unknown.
    let expected = match options.test {
        true => 0..=0,
        false => acknowledged..=acknowledged + given_up,
    };
    tell(&journal, options.submissions, begun);
    for (what, number) in [
        ("actions acknowledged", acknowledged),
        ("acknowledged and lost", i64::try_from(lost)?),
        ("taken as new twice", i64::try_from(twice)?),
        ("altered", i64::try_from(counts.other_receipts)?),
        ("the count has grown by", grown),
    ] {
        println!("{what:<36} {number:>10}");
    }
    let clean = [lost, twice, counts.other_receipts] == [0; 3] && expected.contains(&grown);
    Ok(clean && all_answered(&journal, options.submissions, 1000))
}

/// Sends through a bad network; returns whether enough arrived, and each once.
async fn network(options: &BadNetwork) -> Result<bool> {
    let (begun, seed) = begin(options.seed);
    let (dir, program) = (campaigns()?, program()?);
    let mut machine = Machine::new(&program, dir.path())?;
    machine.start().await?;
    let origin = machine.origin();
    let network = Network::before(machine.port(), seed, 1).await?;
    let to = Addressee { campaign: CAMPAIGN, straight: &origin, public_url: &origin, test: false };
    let sending = Sending {
        submissions: options.sends,
        at_once: options.connections,
        // Each attempt has a fault of its own.
        keep_alive: false,
        seed,
        hurry: 1,
    };
    let driver = Driver::new(&[&network.origin], &to, sending).await?;
    let journal = driver.journal();
    tokio::try_join!(driver.send(), watch(journal.clone(), options.sends))?;
    let count = driver.count().await?;
    let export = machine.export(&program, CAMPAIGN).await?;
    let account = Account::of(&journal, &export, count)?;
    for (fault, number) in network.met() {
        println!("{:<36} {number:>10}", format!("connections: {}", fault.words()));
    }
    tell(&journal, options.sends, begun);
    print!("{account}");
    Ok(account.is_clean() && all_answered(&journal, options.sends, DELIVERED))
}

/// Prints the seed, a random one unless it is given; returns the time and the seed.
fn begin(seed: Option<u64>) -> (Instant, u64) {
    let seed = seed.unwrap_or_else(|| fastrand::u64(..u64::from(u32::MAX)));
    println!("{:<36} {seed:>10}", "seed");
    (Instant::now(), seed)
}

/// A folder with the example campaign.
fn campaigns() -> Result<TempDir> {
    let dir = TempDir::new()?;
    fs::create_dir(dir.path().join("campaigns"))?;
    let file = format!("{CAMPAIGN}.json");
    fs::copy(Path::new(CAMPAIGNS).join(&file), dir.path().join("campaigns").join(&file))?;
    Ok(dir)
}

fn program() -> Result<PathBuf> {
    let program = std::env::var_os("STANDWITH_BIN").map_or_else(|| PROGRAM.into(), PathBuf::from);
    let found = program.canonicalize();
    found.with_context(|| format!("there is no {}: run `cargo xtask build`", program.display()))
}

/// Prints the progress until the run ends.
async fn watch(journal: Arc<Journal>, of: u64) -> Result<()> {
    let mut out = std::io::stderr();
    let (pause, end) = match out.is_terminal() {
        true => (Duration::from_millis(500), "\r"),
        false => (Duration::from_secs(10), "\n"),
    };
    ensure!(of > 0, "there is nothing to send");
    let mut next = Instant::now() + pause;
    while !journal.is_done() {
        sleep(Duration::from_millis(100)).await;
        if Instant::now() >= next || journal.is_done() {
            next = Instant::now() + pause;
            let Counts { through, tries, .. } = journal.counts();
            write!(out, "{through} of {of} sent, {tries} tries   {end}")?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Prints the results.
fn tell(journal: &Journal, sends: u64, begun: Instant) {
    let counts = journal.counts();
    for (what, number) in [
        ("actions sent", sends),
        ("sent once more on purpose", counts.repeats),
        ("tries that failed", counts.tries.saturating_sub(counts.acknowledgements)),
        ("answers 2xx", counts.acknowledgements),
        ("needed more than six tries", counts.outbox),
        ("not answered for in ten minutes", counts.given_up),
    ] {
        println!("{what:<36} {number:>10}");
    }
    println!("{:<36} {:>10.1} s", "the longest until acknowledged", counts.longest.as_secs_f64());
    println!("{:<36} {:>10.1} s", "time", begun.elapsed().as_secs_f64());
}

/// Whether at least this many in a thousand were acknowledged.
fn all_answered(journal: &Journal, sends: u64, of_thousand: u64) -> bool {
    journal.acknowledged().len() as u64 * 1000 >= sends * of_thousand
}
