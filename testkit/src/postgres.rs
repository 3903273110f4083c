//! PostgreSQL servers with data folders of their own, on free ports of this machine, and a PgBouncer before them.
//!
//! Each runs below a shell that stops it and removes its folder when this process ends, however it ends: the shell
//! notices that its standard input was closed.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// User and group `nobody`: the servers refuse to run as root.
const NOBODY: u32 = 65_534;
/// How long a start may take.
const START: Duration = Duration::from_secs(60);
/// How often a start is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program, and ends it and removes a folder when standard input is closed: `sh -c SCRIPT sh FOLDER SIGNAL PROGRAM…`.
const KEEPER: &str = r#"folder=$1; signal=$2; shift 2
"$@" </dev/null >>"$folder/log" 2>&1 & server=$!
read -r then
kill -s $signal $server 2>/dev/null; wait $server
case "$then" in keep) ;; *) rm -rf "$folder" ;; esac"#;

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    options: Vec<String>,
    keeper: Option<Child>,
}

impl Postgres {
    /// Starts a server on a new data folder, with these settings (`name=value`).
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let folder = new_folder("postgres")?;
        let data = folder.join("data");
        let initdb = program("initdb")?;
        let how =
            ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
        succeed(as_nobody(initdb).args(how).arg("-D").arg(data))?;
        Self::on(folder, settings)
    }

    /// Starts a standby that follows this server over an address.
    ///
    /// # Errors
    /// Its data can't be copied, or it does not start.
    pub fn start_standby(&self, over: &FloatingAddress) -> Result<Self> {
        let folder = new_folder("standby")?;
        let mut copy = as_nobody(program("pg_basebackup")?);
        copy.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "-D"]);
        copy.arg(folder.join("data")).arg("--dbname");
        copy.arg(connection(over.port, "postgres"));
        succeed(&mut copy)?;
        Self::on(folder, &[])
    }

    /// From now on a commit returns when the standby has it, too. Waits until the standby follows.
    ///
    /// # Errors
    /// There is no standby.
    pub fn replicate_synchronously(&self) -> Result<()> {
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        let state = "SELECT sync_state FROM pg_stat_replication";
        wait_for(|| Ok(self.sql("postgres", state)? == "sync"), || self.log())
    }

    fn on(folder: PathBuf, settings: &[&str]) -> Result<Self> {
        let mut options: Vec<String> =
            ["listen_addresses=127.0.0.1", "max_connections=300"].map(str::to_owned).into();
        options.push(format!("unix_socket_directories={}", folder.display()));
        options.extend(settings.iter().map(|&setting| setting.to_owned()));
        let mut server = Postgres { folder, port: free_port()?, options, keeper: None };
        server.run()?;
        Ok(server)
    }

    /// Starts it again on the same data and the same port, after [`stop`](Self::stop) or [`kill`](Self::kill).
    ///
    /// # Errors
    /// It does not start.
    pub fn run(&mut self) -> Result<()> {
        let mut server = vec![program("postgres")?.into_os_string(), "-D".into()];
        server.push(self.folder.join("data").into());
        server.extend(["-p".into(), self.port.to_string().into()]);
        for option in &self.options {
            server.extend(["-c".into(), option.into()]);
        }
        self.keeper = Some(keep(&self.folder, "QUIT", &server)?);
        let (folder, port) = (self.folder.clone(), self.port);
        let ready = || {
            let mut ask = Command::new(program("pg_isready")?);
            Ok(ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status()?.success())
        };
        wait_for(ready, || log(&folder))
    }

    /// Stops it at once, as a crash would: nothing is written but what was synchronised. Its data stay.
    ///
    /// # Errors
    /// It can't be stopped.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut keeper) = self.keeper.take() else { return Ok(()) };
        let mut input = keeper.stdin.take().context("no standard input")?;
        input.write_all(b"keep\n")?;
        drop(input);
        keeper.wait()?;
        Ok(())
    }

    /// Kills all its processes with SIGKILL. Its data stay.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self) -> Result<()> {
        let pid = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let pid = pid.lines().next().context("no process ID")?;
        // Without their parent they would go on until they notice.
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        let all = children.split_whitespace().chain([pid]);
        // One that ended by itself meanwhile is as good.
        let _ =
            Command::new("kill").args(["-s", "KILL"]).args(all).stderr(Stdio::null()).status()?;
        self.stop()
    }

    /// Makes a standby the primary.
    ///
    /// # Errors
    /// It is no standby.
    pub fn promote(&self) -> Result<()> {
        let mut promote = as_nobody(program("pg_ctl")?);
        succeed(promote.args(["promote", "-w", "-D"]).arg(self.folder.join("data")))?;
        Ok(())
    }

    /// Creates an empty database with a new name, and returns the name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn create_database(&self) -> Result<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Runs SQL in a database, and returns what it prints: rows, with `|` between the columns.
    ///
    /// # Errors
    /// The server does not answer, or refuses the SQL.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(program("psql")?);
        let at = connection(self.port, database);
        psql.args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", &at, "-c", sql]);
        let output = succeed(&mut psql)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database, for programs.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// The address of a database over a socket of this machine.
    pub fn socket_url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost:{}/{database}?host={folder}", self.port)
    }

    /// Its log.
    pub fn log(&self) -> String {
        log(&self.folder)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match self.keeper.take() {
            Some(keeper) => end(keeper),
            None => drop(fs::remove_dir_all(&self.folder)),
        }
    }
}

/// An address that leads to one server now and to another one later, as a load balancer or DNS would.
#[derive(Debug)]
pub struct FloatingAddress {
    port: u16,
    target: tokio::sync::watch::Sender<Option<u16>>,
    task: tokio::task::JoinHandle<()>,
}

impl FloatingAddress {
    /// An address that leads to this port of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn of(port: u16) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.port();
        let (target, watched) = tokio::sync::watch::channel(Some(port));
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut client, _)) = listener.accept().await else { continue };
                let mut watched = watched.clone();
                tokio::spawn(async move {
                    let Some(port) = *watched.borrow_and_update() else { return };
                    let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
                    let Ok(mut server) = server else { return };
                    // Connections end with what they lead to.
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = watched.changed() => {}
                    }
                });
            }
        });
        Ok(FloatingAddress { port: own, target, task })
    }

    /// From now on it leads to this port, or nowhere. All connections over it break.
    pub fn lead_to(&self, port: Option<u16>) {
        self.target.send_replace(port);
    }

    /// The address of a database, over it.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }
}

impl Drop for FloatingAddress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A PgBouncer in transaction mode.
#[derive(Debug)]
pub struct PgBouncer {
    folder: PathBuf,
    port: u16,
    keeper: Option<Child>,
}

impl PgBouncer {
    /// Starts one before a server, with at most this many connections to it for each database.
    ///
    /// # Errors
    /// PgBouncer is not installed, or does not start.
    pub fn start(server: &Postgres, connections: u32) -> Result<Self> {
        let (folder, port) = (new_folder("pgbouncer")?, free_port()?);
        let file = folder.join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n",
            server.port
        );
        fs::write(&file, settings)?;
        let program = find("pgbouncer")
            .context("PgBouncer is not installed: `cargo xtask test native` does it")?;
        let keeper =
            Some(keep(&folder, "TERM", &[program.into_os_string(), file.into_os_string()])?);
        let pooler = PgBouncer { folder, port, keeper };
        let ready = || Ok(TcpStream::connect(("127.0.0.1", port)).is_ok());
        wait_for(ready, || log(&pooler.folder))?;
        Ok(pooler)
    }

    /// The address of a database, through it.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            end(keeper);
        }
    }
}

/// Starts a program below a shell that ends it by this signal, and removes its folder, with this process.
fn keep(folder: &Path, signal: &str, command: &[impl AsRef<OsStr>]) -> Result<Child> {
    let mut keeper = as_nobody("sh");
    keeper.args(["-c", KEEPER, "sh"]).arg(folder).arg(signal);
    keeper.args(command).stdin(Stdio::piped()).current_dir(folder);
    // A program that waits for the end of this process's output does not wait for the server.
    keeper.stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().context("can't start a shell")
}

/// Ends what a shell keeps.
fn end(mut keeper: Child) {
    drop(keeper.stdin.take());
    let _ = keeper.wait();
}

/// Waits until something is ready.
fn wait_for(ready: impl Fn() -> Result<bool>, log: impl Fn() -> String) -> Result<()> {
    let begun = tokio::time::Instant::now();
    while !ready()? {
        ensure!(begun.elapsed() < START, "it does not start: {}", log());
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn connection(port: u16, database: &str) -> String {
    format!("host=127.0.0.1 port={port} user=postgres dbname={database}")
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// A new folder, which `nobody` owns if we are root.
fn new_folder(what: &str) -> Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("standwith-{what}-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    if is_root()? {
        chown(&folder, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(folder)
}

/// A command that runs as `nobody` if we are root.
fn as_nobody(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if is_root().unwrap_or(false) {
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    command
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program of PostgreSQL: of the newest version that Debian installed, or on the search path.
fn program(name: &str) -> Result<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut found: Vec<_> = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let program = entry.path().join("bin").join(name);
            program.is_file().then_some((version, program))
        })
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, program)| program).or_else(|| find(name));
    newest.with_context(|| format!("no {name}: `cargo xtask test native` installs PostgreSQL"))
}

/// A program on the search path, or where Debian puts servers.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn succeed(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("can't start {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output)
}
