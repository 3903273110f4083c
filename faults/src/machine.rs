//! An endpoint's process with files of its own, killed and restarted on the same database and port, as a service
//! manager would.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use standwith_testkit::process::{EndpointProcess, Launch};
use tokio::time::sleep;

use crate::driver::Journal;

/// Maximum of the random delay before a kill.
const WHIM: Duration = Duration::from_millis(20);
/// One in this many starts is not awaited, so that the next kill interrupts it.
const UNAWAITED: u64 = 8;

/// How often a start is tried while the database is away.
const RESTARTS: u32 = 10;

/// The name of the database's file.
pub const DATABASE: &str = "test.sqlite";
/// The name of the key file, which several endpoints share.
const KEYS: &str = "test.keys.json";

/// An endpoint that can be killed. It ends when dropped.
#[derive(Debug)]
pub struct Machine {
    launch: Launch,
    folder: PathBuf,
    database: String,
    port: u16,
    process: Option<EndpointProcess>,
}

impl Machine {
    /// An endpoint of this program in this folder, which contains a folder `campaigns`. It is not started yet.
    ///
    /// # Errors
    /// There is no free port.
    pub fn new(program: &Path, folder: &Path) -> Result<Self> {
        Self::on(program, folder, &format!("sqlite:{DATABASE}"))
    }

    /// The same on another database, which several of them may share.
    ///
    /// # Errors
    /// There is no free port.
    pub fn on(program: &Path, folder: &Path, database: &str) -> Result<Self> {
        let port = free_port()?;
        let launch = Launch::new(program, folder)
            .appending_its_log()
            .with_log(folder.join(format!("log-{port}")))
            .with(["serve", "--listen", &format!("127.0.0.1:{port}"), "--keys", KEYS])
            .with(["--database", database, "--metrics-listen", "127.0.0.1:0"])
            .with(["--log-level", "warn", "--posts-from-all", "0"]);
        let (folder, database) = (folder.to_owned(), database.to_owned());
        Ok(Machine { launch, folder, database, port, process: None })
    }

    /// The same with another public address.
    #[must_use]
    pub fn with_public_url(mut self, url: &str) -> Self {
        self.launch = self.launch.with(["--public-url", url]);
        self
    }

    /// The same with an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.launch = self.launch.with_variable(name, value);
        self
    }

    /// The same with another command, which must print its address in a line.
    #[must_use]
    pub fn with_command(mut self, program: &Path, command: &[&str]) -> Self {
        self.launch = self.launch.with_program(program, command);
        self
    }

    /// Its own address.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of a file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.launch.path(name)
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// It can't be started, or does not report that it listens.
    pub async fn start(&mut self) -> Result<()> {
        self.process = Some(self.launch.start_async().await?);
        Ok(())
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// It had ended by itself, which it must not.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.take().context("it does not run")?.kill()
    }

    /// Kills and restarts it this many times, at random points of this journal's sends. It runs at the end. Some kills
    /// interrupt a start that is recovering from the last kill. `dead` runs each time while the process is down.
    ///
    /// # Errors
    /// It can't be started, ended by itself, or `dead` fails.
    pub async fn torment(
        &mut self,
        kills: u64,
        submissions: u64,
        journal: &Journal,
        mut lots: Rng,
        mut dead: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let mut moments: Vec<u64> = (0..kills).map(|_| lots.u64(0..submissions.max(1))).collect();
        moments.sort_unstable();
        let mut starting = false;
        for moment in moments {
            while !starting && journal.counts().through < moment && !journal.is_done() {
                sleep(Duration::from_millis(1)).await;
            }
            sleep(WHIM.mul_f64(lots.f64())).await;
            self.kill_started(starting).await?;
            dead()?;
            starting = lots.u64(0..UNAWAITED) == 0;
            if starting {
                self.process = Some(self.launch.spawn()?);
            } else {
                self.restart().await?;
            }
        }
        if starting {
            self.kill_started(starting).await?;
            dead()?;
            self.restart().await?;
        }
        Ok(())
    }

    /// Kills it. One whose start was not awaited may have ended by itself, if its database was away at that moment.
    async fn kill_started(&mut self, starting: bool) -> Result<()> {
        match self.kill().await {
            Err(_) if starting && self.shares_its_database() => Ok(()),
            killed => killed,
        }
    }

    /// Starts it, again and again if its database is away, as a service manager would.
    async fn restart(&mut self) -> Result<()> {
        for _ in 1..RESTARTS {
            match self.start().await {
                Err(_) if self.shares_its_database() => {}
                started => return started,
            }
        }
        self.start().await
    }

    fn shares_its_database(&self) -> bool {
        !self.database.starts_with("sqlite:")
    }

    /// The address of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Runs a command in its folder.
    ///
    /// # Errors
    /// There is no such program.
    pub async fn run(&self, standwith: &Path, arguments: &[&str]) -> Result<Output> {
        Launch::new(standwith, &self.folder).run(arguments).await
    }

    /// Its log.
    pub fn log(&self) -> String {
        self.launch.log()
    }

    /// Exports a campaign's actions by `standwith export`, and checks them by `standwith verify`; returns the export's
    /// path.
    ///
    /// # Errors
    /// Either fails: an action or a receipt is bad.
    pub async fn export(&self, standwith: &Path, campaign: &str) -> Result<PathBuf> {
        let export = self.path("export.jsonl");
        let standwith = Launch::new(standwith, &self.folder);
        let run = async |arguments: &[&OsStr]| -> Result<Output> {
            let output = standwith.run(arguments).await?;
            let said = String::from_utf8_lossy(&output.stdout);
            let complained = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{arguments:?}: {said}{complained}");
            Ok(output)
        };
        let mut arguments: Vec<&OsStr> =
            ["export", "--campaign", campaign, "--database", &self.database].map(OsStr::new).into();
        arguments.extend(["--format", "jsonl", "--output"].map(OsStr::new));
        arguments.push(export.as_os_str());
        run(&arguments).await?;
        let shown = run(&["keys", "show", "--keys", KEYS].map(OsStr::new)).await?;
        let jwks = self.path("jwks.json");
        fs::write(&jwks, shown.stdout)?;
        run(&["verify".as_ref(), "--jwks".as_ref(), jwks.as_os_str(), export.as_os_str()]).await?;
        Ok(export)
    }
}

/// A free port below the range that the system gives to outgoing connections: a client that connects while the endpoint
/// is down could otherwise get this very port, and hold it.
fn free_port() -> Result<u16> {
    for _ in 0..1000 {
        let port = fastrand::u16(10_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port")
}
