//! Engines and their drivers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::Missing;

/// A browser's engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Driven by chromedriver.
    Chromium,
    /// Driven by geckodriver.
    Firefox,
    /// WebKitGTK's, driven by WebKitWebDriver.
    Webkit,
}

/// A person's preferences, set in the browser or the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No preferences.
    None,
    /// Dark colour scheme, reduced motion.
    DarkAndStill,
    /// The person's own colours only (forced colours).
    OwnColours,
}

/// A running driver, and the screen that it may need. Both end when dropped.
#[derive(Debug)]
pub struct Driver {
    /// Its address.
    pub address: String,
    _programs: Vec<Child>,
    _settings: Option<TempDir>,
}

impl Engine {
    const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    /// The engines that `STANDWITH_ENGINES` names, or all.
    pub fn wanted() -> Result<Vec<Self>> {
        let Ok(names) = env::var("STANDWITH_ENGINES") else {
            return Ok(Self::ALL.into());
        };
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let known = |name| Self::ALL.into_iter().find(|engine| engine.name() == name);
        names.map(|name| known(name).with_context(|| format!("no engine {name}"))).collect()
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Starts its driver on a free port, with these preferences.
    pub async fn drive(self, wish: Wish) -> Result<Driver> {
        let (variable, usual) = match self {
            Self::Chromium => ("CHROMEDRIVER", "chromedriver"),
            Self::Firefox => ("GECKODRIVER", "geckodriver"),
            Self::Webkit => ("WEBKITDRIVER", "WebKitWebDriver"),
        };
        let driver = match env::var_os(variable) {
            Some(path) => PathBuf::from(path),
            None => program(usual)?,
        };
        let mut programs = Vec::new();
        let mut command = quiet(&driver);
        if self == Self::Webkit && env::var_os("DISPLAY").is_none() {
            let (screen, display) = screen().await?;
            programs.push(screen);
            command.env("DISPLAY", display);
        }
        let mut settings = None;
        if (self, wish) == (Self::Webkit, Wish::DarkAndStill) {
            // WebKitGTK reads the preferences from GTK.
            let folder = TempDir::new()?;
            fs::create_dir(folder.path().join("gtk-3.0"))?;
            let still = "[Settings]\ngtk-enable-animations=0\n";
            fs::write(folder.path().join("gtk-3.0/settings.ini"), still)?;
            command.env("XDG_CONFIG_HOME", folder.path());
            settings = Some(folder);
        }
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        command.arg(format!("--port={port}"));
        if self == Self::Firefox {
            command.arg("--websocket-port=0");
        }
        programs.push(command.spawn().with_context(|| driver.display().to_string())?);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                let address = format!("http://127.0.0.1:{port}");
                return Ok(Driver { address, _programs: programs, _settings: settings });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("{} does not listen", driver.display())
    }

    /// The capabilities for a browser with these preferences.
    pub fn capabilities(self, wish: Wish) -> Result<Map<String, Value>> {
        let mut capabilities = match self {
            Self::Chromium => json!({ "goog:chromeOptions": {
                "binary": first(&["chromium", "chromium-browser", "google-chrome"])?,
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync", "--lang=en",
                    "--window-size=1000,1000",
                ],
            } }),
            Self::Firefox => json!({ "moz:firefoxOptions": {
                "binary": first(&["firefox-esr", "firefox"])?,
                "args": ["-headless", "-width", "1000", "-height", "1000"],
                "prefs": { "intl.accept_languages": "en" },
            } }),
            Self::Webkit => json!({ "webkitgtk:browserOptions": {
                "binary": mini_browser()?, "args": ["--automation"],
            } }),
        };
        match (self, wish) {
            (_, Wish::None) => {}
            (Self::Chromium, Wish::DarkAndStill) => {
                let arguments = &mut capabilities["goog:chromeOptions"]["args"];
                add(arguments, &["--force-dark-mode", "--force-prefers-reduced-motion"]);
            }
            (Self::Chromium, Wish::OwnColours) => {
                add(&mut capabilities["goog:chromeOptions"]["args"], &["--force-high-contrast"]);
            }
            (Self::Firefox, Wish::DarkAndStill) => {
                let settings = &mut capabilities["moz:firefoxOptions"]["prefs"];
                settings["ui.prefersReducedMotion"] = 1.into();
                settings["layout.css.prefers-color-scheme.content-override"] = 0.into();
            }
            (Self::Firefox, Wish::OwnColours) => {
                let settings = &mut capabilities["moz:firefoxOptions"]["prefs"];
                settings["browser.display.document_color_use"] = 2.into();
            }
            (Self::Webkit, Wish::DarkAndStill) => {
                add(&mut capabilities["webkitgtk:browserOptions"]["args"], &["--dark-mode"]);
            }
            (Self::Webkit, Wish::OwnColours) => {
                bail!("WebKitGTK can't show a page in a person's own colours");
            }
        }
        let Value::Object(capabilities) = capabilities else { bail!("an object is an object") };
        Ok(capabilities)
    }
}

fn add(arguments: &mut Value, more: &[&str]) {
    if let Value::Array(arguments) = arguments {
        arguments.extend(more.iter().copied().map(Value::from));
    }
}

/// A virtual screen, and its name.
async fn screen() -> Result<(Child, String)> {
    let mut command = quiet(&program("Xvfb")?);
    command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
    let mut screen = command.stdout(Stdio::piped()).spawn()?;
    let output = screen.stdout.take().context("no output")?;
    let number = BufReader::new(output).lines().next_line().await?.context("Xvfb ended")?;
    Ok((screen, format!(":{number}")))
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// A program on the search path.
fn program(name: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Missing(name.to_owned()).into())
}

/// The first of these programs on the search path.
pub fn first(names: &[&str]) -> Result<PathBuf> {
    let found = names.iter().find_map(|name| program(name).ok());
    found.ok_or_else(|| Missing(names.join(" or ")).into())
}

/// WebKitGTK's own small browser: it is not on the path, but in a library folder.
fn mini_browser() -> Result<PathBuf> {
    let folders = |path: &Path| {
        let entries = path.read_dir().into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let places = ["/usr/lib", "/usr/libexec"].map(|place| folders(Path::new(place))).concat();
    let deeper = places.iter().flat_map(|place| folders(place));
    let mut all = places.iter().cloned().chain(deeper).filter(|folder| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("webkit2gtk-4"))
    });
    let found =
        all.find_map(|folder| Some(folder.join("MiniBrowser")).filter(|path| path.is_file()));
    found.ok_or_else(|| Missing("MiniBrowser of WebKitGTK".to_owned()).into())
}
