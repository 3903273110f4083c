//! An endpoint as a process: with files of its own, on a free port; started, stopped and killed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Time limit for a start.
const START: Duration = Duration::from_secs(30);

/// The command line and environment of an endpoint.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    folder: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    log: PathBuf,
    appends: bool,
}

impl Launch {
    /// This program in this folder. Its log goes to the file `log` there.
    pub fn new(program: impl Into<PathBuf>, folder: &Path) -> Self {
        Launch {
            program: program.into(),
            folder: folder.to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            log: folder.join("log"),
            appends: false,
        }
    }

    /// The same with more arguments.
    #[must_use]
    pub fn with(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|one| one.as_ref().to_owned()));
        self
    }

    /// The same with another program, which gets only these arguments.
    #[must_use]
    pub fn with_program(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Self {
        self.program = program.into();
        self.arguments.clear();
        self.with(arguments)
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The same with an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// The same with another file for its log.
    #[must_use]
    pub fn with_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = path.into();
        self
    }

    /// The same, appending to the existing log.
    #[must_use]
    pub fn appending_its_log(mut self) -> Self {
        self.appends = true;
        self
    }

    /// The path of a file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Its log.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// Starts it without waiting until it listens.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(&self) -> Result<EndpointProcess> {
        let mut log = File::options();
        log.create(true).append(self.appends).write(true).truncate(!self.appends);
        let log = log.open(&self.log)?;
        let child = self
            .command(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("can't start {}", self.program.display()))?;
        Ok(EndpointProcess { child, addresses: Vec::new(), log: self.log.clone() })
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// It can't be started, or ends at once.
    pub fn start(&self) -> Result<EndpointProcess> {
        let mut process = self.spawn()?;
        let metrics = self.arguments.iter().any(|argument| argument == "--metrics-listen");
        process.until_it_listens(1 + usize::from(metrics))?;
        Ok(process)
    }

    /// The same, without blocking other tasks.
    ///
    /// # Errors
    /// It can't be started, or ends at once.
    pub async fn start_async(&self) -> Result<EndpointProcess> {
        let launch = self.clone();
        tokio::task::spawn_blocking(move || launch.start()).await?
    }

    /// Runs the program in the same folder with other arguments, until it ends.
    ///
    /// # Errors
    /// There is no such program.
    pub async fn run(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Output> {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await?;
        output.with_context(|| format!("can't start {}", self.program.display()))
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

/// The peak of a process's memory, in MiB.
///
/// # Errors
/// It has ended, or the system tells no such thing.
pub fn peak_memory(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no VmHWM")?;
    Ok(kib.trim().parse::<f64>()? / 1024.0)
}

/// The processor time that a process has used, in seconds.
///
/// # Errors
/// It has ended, or the system tells no such thing.
pub fn processor_time(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(')').context("no stat")?.1;
    // Clock ticks; Linux counts 100 per second.
    let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<f64>);
    Ok(ticks.sum::<f64>() / 100.0)
}

/// A running endpoint. It ends when dropped.
#[derive(Debug)]
pub struct EndpointProcess {
    child: Child,
    addresses: Vec<SocketAddr>,
    log: PathBuf,
}

impl EndpointProcess {
    /// The address on which it listens.
    ///
    /// # Errors
    /// Its start was not awaited.
    pub fn address(&self) -> Result<SocketAddr> {
        self.addresses.first().copied().context("its start was not awaited")
    }

    /// The address of its metrics.
    ///
    /// # Errors
    /// It has no separate address for them.
    pub fn metrics_address(&self) -> Result<SocketAddr> {
        self.addresses.get(1).copied().context("it was started without --metrics-listen")
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its log.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// The peak of its memory, in MiB.
    ///
    /// # Errors
    /// It has ended, or the system tells no such thing.
    pub fn peak_memory(&self) -> Result<f64> {
        peak_memory(self.id())
    }

    /// The processor time that it has used, in seconds.
    ///
    /// # Errors
    /// It has ended, or the system tells no such thing.
    pub fn processor_time(&self) -> Result<f64> {
        processor_time(self.id())
    }

    /// Whether it has not ended yet.
    ///
    /// # Errors
    /// The system can't tell.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    fn until_it_listens(&mut self, addresses: usize) -> Result<()> {
        let output = self.child.stdout.take().context("its output is gone")?;
        let said = addresses_in(output);
        while self.addresses.len() < addresses {
            match said.recv_timeout(START) {
                Ok(address) => self.addresses.push(address),
                Err(mpsc::RecvTimeoutError::Timeout) => bail!("it does not start: {}", self.log()),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    bail!("it ended at once: {}", self.log())
                }
            }
        }
        Ok(())
    }

    /// Sends it a signal by name, such as `TERM`.
    ///
    /// # Errors
    /// It has ended.
    pub fn signal(&self, name: &str) -> Result<()> {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status()?;
        ensure!(sent.success(), "no {name} for {id}: {sent}");
        Ok(())
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// The system can't tell how it ended.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Stops it as an operator does, and waits until it has ended.
    ///
    /// # Errors
    /// It had ended before.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.signal("TERM")?;
        self.wait()
    }

    /// Kills it at once with SIGKILL, as a failure of the machine would.
    ///
    /// # Errors
    /// It had ended by itself, which it must not.
    pub fn kill(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("it ended by itself ({status}): {}", self.log());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for EndpointProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The content of a file; empty for a device, which may never end.
fn read(log: &Path) -> String {
    let is_file = log.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { fs::read_to_string(log).unwrap_or_default() } else { String::new() }
}

/// The addresses that a process prints, one a line. Its output is read to the end, so that it never blocks on a full
/// pipe.
fn addresses_in(output: ChildStdout) -> mpsc::Receiver<SocketAddr> {
    let (sender, addresses) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let address = line.split_once("http://").and_then(|(_, rest)| rest.split('/').next());
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                // Lines without an address are for people.
                let _ = sender.send(address);
            }
        }
    });
    addresses
}
