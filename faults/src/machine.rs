//! An endpoint's process on files of its own, which is killed and started again: on the same database and the
//! same port, as an operator's service manager would.

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

/// The longest from when an endpoint is to be killed until it is.
const WHIM: Duration = Duration::from_millis(20);
/// One of so many starts is not waited for: the next kill falls into it.
const UNAWAITED: u64 = 8;

/// The name of the database's file.
pub const DATABASE: &str = "test.sqlite";

/// An endpoint that may be killed. It ends when dropped.
#[derive(Debug)]
pub struct Machine {
    launch: Launch,
    folder: PathBuf,
    port: u16,
    process: Option<EndpointProcess>,
}

impl Machine {
    /// An endpoint of this program in this folder, which holds a folder `campaigns`. It does not run yet.
    ///
    /// # Errors
    /// There is no free port.
    pub fn new(program: &Path, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let launch = Launch::new(program, folder)
            .appending_its_log()
            .with(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .with(["--database", &format!("sqlite:{DATABASE}")])
            .with(["--log-level", "warn", "--posts-from-all", "0"]);
        Ok(Machine { launch, folder: folder.to_owned(), port, process: None })
    }

    /// The same with a variable in its environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.launch = self.launch.with_variable(name, value);
        self
    }

    /// The same with another command, which must say its address in a line.
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

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.launch.path(name)
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// It can't be started, or does not say that it listens.
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

    /// Kills it so many times, spread by lot over the sends of this journal, and starts it each time. It runs
    /// in the end. Some kills fall into a start, in which what the last one left is being mended. What else
    /// happens while it is dead is for `dead` to say.
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
            self.kill().await?;
            dead()?;
            starting = lots.u64(0..UNAWAITED) == 0;
            if starting {
                self.process = Some(self.launch.spawn()?);
            } else {
                self.start().await?;
            }
        }
        if starting {
            self.kill().await?;
            dead()?;
            self.start().await?;
        }
        Ok(())
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        self.launch.log()
    }

    /// Exports a campaign's actions by `standwith export`, and has `standwith verify` look at them; gives the
    /// export's file.
    ///
    /// # Errors
    /// Either fails: an action or a receipt is bad.
    pub async fn export(&self, standwith: &Path, campaign: &str) -> Result<PathBuf> {
        let (database, export) = (format!("sqlite:{DATABASE}"), self.path("export.jsonl"));
        let standwith = Launch::new(standwith, &self.folder);
        let run = async |arguments: &[&OsStr]| -> Result<Output> {
            let output = standwith.run(arguments).await?;
            let said = String::from_utf8_lossy(&output.stdout);
            let complained = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{arguments:?}: {said}{complained}");
            Ok(output)
        };
        let mut arguments: Vec<&OsStr> =
            ["export", "--campaign", campaign, "--database", &database].map(OsStr::new).into();
        arguments.extend(["--format", "jsonl", "--output"].map(OsStr::new));
        arguments.push(export.as_os_str());
        run(&arguments).await?;
        let keys = Path::new(DATABASE).with_extension("keys.json");
        let show = ["keys", "show", "--keys"].map(OsStr::new);
        let shown = run(&[&show[..], &[keys.as_os_str()]].concat()).await?;
        let jwks = self.path("jwks.json");
        fs::write(&jwks, shown.stdout)?;
        run(&["verify".as_ref(), "--jwks".as_ref(), jwks.as_os_str(), export.as_os_str()]).await?;
        Ok(export)
    }
}

/// A port that nobody listens on, from below those that the system gives to outgoing connections: a client that
/// tries to connect while the endpoint is away could otherwise be given this very port, and hold it.
fn free_port() -> Result<u16> {
    for _ in 0..1000 {
        let port = fastrand::u16(10_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port")
}
