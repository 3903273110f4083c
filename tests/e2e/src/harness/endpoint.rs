//! The program `standwith`, as its users run it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{CAMPAIGN, Place};

/// An endpoint with a database of its own, which ends when dropped.
#[derive(Debug)]
pub struct Endpoint {
    program: PathBuf,
    dist: PathBuf,
    public_url: Option<String>,
    dir: TempDir,
    running: Mutex<Running>,
}

#[derive(Debug)]
struct Running {
    origin: String,
    child: Option<Child>,
}

impl Endpoint {
    /// Starts it with the widget's files of the build.
    pub async fn start(place: &Place, public_url: Option<&str>) -> Result<Self> {
        Self::start_with(place, public_url, place.dist.clone()).await
    }

    /// The same with other files of the widget.
    pub async fn start_with(
        place: &Place,
        public_url: Option<&str>,
        dist: PathBuf,
    ) -> Result<Self> {
        let dir = TempDir::new()?;
        place.campaigns(&dir.path().join("campaigns"))?;
        let endpoint = Endpoint {
            program: place.program.clone(),
            dist,
            public_url: public_url.map(str::to_owned),
            dir,
            running: Mutex::new(Running { origin: String::new(), child: None }),
        };
        endpoint.start_again().await?;
        Ok(endpoint)
    }

    /// Starts it, on another port than before.
    pub async fn start_again(&self) -> Result<()> {
        self.start_again_with(&[]).await
    }

    /// The same with more options of `serve`.
    pub async fn start_again_with(&self, options: &[&str]) -> Result<()> {
        let log = File::create(self.path("log"))?;
        let mut command = self.command(["serve", "--campaigns", "campaigns"]);
        command.args(["--listen", "127.0.0.1:0", "--database", DATABASE, "--widgets"]);
        command.arg(&self.dist).args(options);
        if let Some(url) = &self.public_url {
            command.args(["--public-url", url]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let line = tokio::time::timeout(Duration::from_secs(15), lines.next_line()).await??;
        let line = line.with_context(|| format!("it ended at once: {}", self.log()))?;
        let origin = line.split_whitespace().last().unwrap_or_default();
        let origin = origin.trim_end_matches('/').to_owned();
        *self.lock() = Running { origin, child: Some(child) };
        Ok(())
    }

    /// Ends it at once, as a failure of the machine would.
    pub async fn kill(&self) -> Result<()> {
        let child = self.lock().child.take();
        if let Some(mut child) = child {
            child.kill().await?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Its own address.
    pub fn origin(&self) -> String {
        self.lock().origin.clone()
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.dir.path())
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs one of its other commands, beside it.
    pub async fn run(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Output> {
        Ok(self.command(arguments).output().await?)
    }

    /// What `standwith export` writes, as a file too: the lines of JSON.
    pub async fn export(&self, campaign: &str) -> Result<Vec<Value>> {
        let arguments =
            ["export", "--campaign", campaign, "--database", DATABASE, "--format", "jsonl"];
        let output = self.run(arguments).await?;
        ensure!(output.status.success(), "export: {output:?}");
        fs::write(self.path(EXPORT), &output.stdout)?;
        let lines = std::str::from_utf8(&output.stdout)?.lines();
        Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// The only action of the example campaign.
    pub async fn only_action(&self) -> Result<Value> {
        let mut actions = self.export(CAMPAIGN).await?;
        ensure!(actions.len() == 1, "expected one action: {actions:#?}");
        Ok(actions.remove(0))
    }

    /// Keeps the endpoint's public keys in a file.
    pub async fn keep_jwks(&self) -> Result<()> {
        let address = format!("{}/.well-known/jwks.json", self.origin());
        let jwks = reqwest::get(address).await?.error_for_status()?.bytes().await?;
        Ok(fs::write(self.path(JWKS), jwks)?)
    }
}

const DATABASE: &str = "sqlite:standwith.sqlite";
/// The file of the last export.
pub const EXPORT: &str = "export.jsonl";
/// The file of the public keys.
pub const JWKS: &str = "jwks.json";
