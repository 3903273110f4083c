//! The program `standwith`, as its users run it.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Mutex;

use anyhow::{Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::process::{EndpointProcess, Launch};
use super::{CAMPAIGN, Place};

/// An endpoint with a database of its own, which ends when dropped.
#[derive(Debug)]
pub struct Endpoint {
    launch: Launch,
    running: Mutex<Running>,
    // Dropped last: the process works in it.
    dir: TempDir,
}

#[derive(Debug, Default)]
struct Running {
    origin: String,
    process: Option<EndpointProcess>,
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
        let mut launch = Launch::new(&place.program, dir.path())
            .with(["serve", "--campaigns", "campaigns", "--listen", "127.0.0.1:0"])
            .with(["--database", DATABASE, "--widgets"])
            .with([dist]);
        if let Some(url) = public_url {
            launch = launch.with(["--public-url", url]);
        }
        let endpoint = Endpoint { launch, running: Mutex::default(), dir };
        endpoint.start_again().await?;
        Ok(endpoint)
    }

    /// Restarts it on a different port.
    pub async fn start_again(&self) -> Result<()> {
        self.start_again_with(&[]).await
    }

    /// The same with more options of `serve`.
    pub async fn start_again_with(&self, options: &[&str]) -> Result<()> {
        let process = self.launch.clone().with(options).start_async().await?;
        let origin = format!("http://{}", process.address()?);
        *self.lock() = Running { origin, process: Some(process) };
        Ok(())
    }

    /// Kills it at once, as a failure of the machine would.
    pub async fn kill(&self) -> Result<()> {
        match self.lock().process.take() {
            Some(process) => process.kill(),
            None => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Its own address.
    pub fn origin(&self) -> String {
        self.lock().origin.clone()
    }

    /// The path of a file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Its log.
    pub fn log(&self) -> String {
        self.launch.log()
    }

    /// Runs one of its other commands while it runs.
    pub async fn run(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Output> {
        self.launch.run(arguments).await
    }

    /// The output of `standwith export`, written to a file too: lines of JSON.
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

    /// Writes the endpoint's public keys to a file.
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
