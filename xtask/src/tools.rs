//! Tools that the commands need, installed if they are missing.

use crate::run::{Run, find, say, target_dir, warn};
use crate::stamp::Step;
use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const WASM: &str = "wasm32-unknown-unknown";
const WASM_PACK: &str = "0.15.1";
const GECKODRIVER: &str = "0.37.1";
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// A browser's engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Chromium, by chromedriver
    Chromium,
    /// Firefox, by geckodriver
    Firefox,
    /// WebKitGTK's MiniBrowser, by WebKitWebDriver
    Webkit,
}

/// An engine that can be driven.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    pub(crate) engine: Engine,
    /// The WebDriver program.
    pub(crate) driver: PathBuf,
    pub(crate) browser: PathBuf,
}

/// Ensures that all tools of the build are installed.
pub(crate) fn for_build() -> Result<()> {
    wasm_target()?;
    // `registry+https://github.com/rust-lang/crates.io-index#wasm-bindgen@0.2.130`
    let locked = Run::cargo().args(["pkgid", "wasm-bindgen"]).read()?;
    let (_, bindgen) = locked.trim().rsplit_once('@').context("wasm-bindgen has no version")?;
    cargo_tools(&[("wasm-pack", WASM_PACK), ("wasm-bindgen-cli", bindgen)], &[])?;
    npm_packages()
}

/// Ensures rustfmt and clippy, which a minimal toolchain omits.
pub(crate) fn for_lints() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if Run::new(program).arg("--version").read().is_err() {
            say(&format!("installing {component}"));
            Run::new("rustup").args(["component", "add", component]).visibly()?;
        }
    }
    wasm_target()
}

/// Ensures cargo-deny, which checks dependencies.
pub(crate) fn for_deny() -> Result<()> {
    // Not optimised: compiling it takes longer than it will ever run.
    cargo_tools(&[("cargo-deny", CARGO_DENY)], &["--debug"])
}

/// Ensures LibreOffice's spreadsheet program.
pub(crate) fn libreoffice() -> Result<()> {
    debian(&["soffice"], &["libreoffice-calc-nogui"])
}

/// Ensures the servers that the endpoint's tests start, with files of their own.
pub(crate) fn servers() -> Result<()> {
    let signs = ["/usr/lib/postgresql", "/usr/sbin/pgbouncer", "/usr/sbin/nginx"];
    debian(&signs, &["postgresql", "pgbouncer", "nginx-light"])
}

/// Installs packages unless these programs or files are there.
fn debian(signs: &[&str], packages: &[&str]) -> Result<()> {
    match signs.iter().all(|sign| find(sign).is_some() || Path::new(sign).is_dir()) {
        true => Ok(()),
        false => apt(packages),
    }
}

/// Ensures cargo-fuzz and a nightly toolchain, which it requires.
pub(crate) fn for_fuzzing() -> Result<()> {
    if Run::new("rustup").args(["run", "nightly", "cargo", "--version"]).read().is_err() {
        say("installing a nightly toolchain");
        let install = ["toolchain", "install", "nightly", "--profile", "minimal"];
        Run::new("rustup").args(install).visibly()?;
    }
    cargo_tools(&[("cargo-fuzz", CARGO_FUZZ)], &[])
}

fn wasm_target() -> Result<()> {
    let libraries =
        Run::new("rustc").args(["--print", "target-libdir", "--target", WASM]).read()?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    say(&format!("installing the target {WASM}"));
    Run::new("rustup").args(["target", "add", WASM]).visibly()
}

/// Ensures programs from crates.io, each at one version. If another version is installed already, that stays untouched:
/// ours goes into the target folder, which is searched first.
fn cargo_tools(tools: &[(&str, &str)], options: &[&str]) -> Result<()> {
    // One folder for all of them: they share half of their dependencies.
    let build = target_dir().join("tools/build");
    for (package, version) in tools {
        let program = package.trim_end_matches("-cli");
        let found = Run::new(program).arg("--version").read();
        if found.as_ref().is_ok_and(|line| line.split_whitespace().any(|word| word == *version)) {
            continue;
        }
        say(&format!("installing {package} {version} (some minutes)"));
        let mut install = Run::cargo().args(["install", package, "--version", version, "--force"]);
        if found.is_ok() {
            install = install.arg("--root").arg(target_dir().join("tools"));
        }
        install.args(options).env("CARGO_TARGET_DIR", &build).visibly()?;
    }
    // About a gigabyte that only building them needed; nothing if nothing was built.
    let _ = fs::remove_dir_all(build);
    Ok(())
}

/// Ensures esbuild, wasm-opt and the rest of package-lock.json.
pub(crate) fn npm_packages() -> Result<()> {
    let step = Step {
        stamp: Path::new("node_modules/.stamp"),
        inputs: &[Path::new("package-lock.json")],
        facts: &[],
        outputs: &[],
    };
    // None of these packages needs its install script: their binaries are packages too.
    let install = || {
        say("installing npm packages");
        Run::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).quietly()
    };
    step.unless_fresh(install).map(drop).context("node 20 and npm are needed")
}

/// A Python that has the JOSE libraries of requirements.txt.
pub(crate) fn python() -> Result<PathBuf> {
    let venv = target_dir().join("venv");
    let python = venv.join("bin/python");
    let step = Step {
        stamp: &venv.join("stamp"),
        inputs: &[Path::new("xtask/requirements.txt")],
        facts: &[&venv.to_string_lossy()],
        outputs: &[],
    };
    step.unless_fresh(|| {
        say("installing Python packages");
        let make = || Run::new("python3").args(["-m", "venv", "--clear"]).arg(&venv).quietly();
        if make().is_err() {
            apt(&["python3-venv"])?;
            make()?;
        }
        Run::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--requirement", "xtask/requirements.txt"])
            .quietly()
    })?;
    Ok(python)
}

/// The name of an engine or a stage on the command line.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

impl Engine {
    /// The variable that names the driver: for us if it is in no usual place, and for the tests.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
            Self::Webkit => "WEBKITDRIVER",
        }
    }

    /// Debian's packages for it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium", "chromium-driver", "fonts-khmeros"],
            Self::Firefox => &["firefox-esr", "fonts-khmeros"],
            // xvfb-run needs xauth, which xvfb only recommends.
            Self::Webkit => &["webkit2gtk-driver", "xvfb", "xauth", "fonts-khmeros"],
        }
    }

    /// Finds the engine on this machine, or returns the missing part.
    fn detect(self) -> Result<Driver, String> {
        let first = |programs: &[&str]| programs.iter().find_map(|program| find(program));
        let (browser, driver) = match self {
            Self::Chromium => {
                (first(&["chromium", "chromium-browser", "google-chrome"]), "chromedriver")
            }
            Self::Firefox => (first(&["firefox-esr", "firefox"]), "geckodriver"),
            Self::Webkit => (mini_browser(), "WebKitWebDriver"),
        };
        let browser = browser.ok_or("the browser is not installed")?;
        let named = std::env::var_os(self.variable()).map(PathBuf::from);
        let driver = named.or_else(|| find(driver)).ok_or(format!("no {driver}"))?;
        if self == Self::Webkit && (find("xvfb-run").is_none() || find("xauth").is_none()) {
            return Err("no xvfb-run with xauth, and it has no headless mode".to_owned());
        }
        Ok(Driver { engine: self, driver, browser })
    }

    /// Installs its parts from the system's package manager and crates.io.
    fn install(self) -> Result<()> {
        say(&format!("installing {}", name(&self)));
        apt(self.packages())?;
        if self == Self::Firefox && find("geckodriver").is_none() {
            cargo_tools(&[("geckodriver", GECKODRIVER)], &[])?;
        }
        Ok(())
    }
}

/// Finds the selected engines, and installs missing ones. Returns those found, and of the others the missing part.
pub(crate) fn engines(wanted: &[Engine]) -> (Vec<Driver>, Vec<(Engine, String)>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for &engine in wanted {
        let installed = engine.detect().or_else(|reason| match engine.install() {
            Ok(()) => engine.detect(),
            Err(error) => Err(format!("{reason}; {error:#}")),
        });
        match installed {
            Ok(driver) => found.push(driver),
            Err(reason) => {
                warn(&format!("could not install {}: {reason}", name(&engine)));
                missing.push((engine, reason));
            }
        }
    }
    (found, missing)
}

/// Chromium, for commands that need no other engine.
pub(crate) fn chromium() -> Result<Driver> {
    engines(&[Engine::Chromium]).0.pop().context("this command needs Chromium")
}

/// WebKitGTK's own small browser: it is not on the path, but in a library folder.
fn mini_browser() -> Option<PathBuf> {
    let places = ["/usr/lib", "/usr/libexec"];
    let below = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = places.iter().flat_map(|place| below(place.into())).map(|entry| entry.path());
    let mut deep = folders.flat_map(|dir| below(dir.clone()).map(|e| e.path()).chain([dir]));
    deep.find_map(|dir| {
        let named = dir.file_name()?.to_str()?.starts_with("webkit2gtk-4");
        Some(dir.join("MiniBrowser")).filter(|path| named && path.is_file())
    })
}

/// Installs system packages on Debian and its derivatives, if we have the rights.
fn apt(packages: &[&str]) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("there is no apt-get here: install {} yourself", packages.join(" "));
    }
    let am_root = Run::new("id").arg("-u").read().is_ok_and(|id| id.trim() == "0");
    let sudo = if am_root {
        &[][..]
    } else if Run::new("sudo").args(["-n", "true"]).read().is_ok() {
        &["sudo", "-n"][..]
    } else {
        bail!("neither root nor sudo without a password: install {} yourself", packages.join(" "));
    };
    let command = [sudo, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]].concat();
    let apt_get = || Run::new(command[0]).args(&command[1..]);

    static UPDATED: OnceLock<bool> = OnceLock::new();
    UPDATED.get_or_init(|| apt_get().arg("update").quietly().is_ok());
    apt_get()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .quietly()
        .map_err(|_| anyhow!("apt-get could not install {}", packages.join(" ")))
}

/// Whether this is a CI run, where nothing may be missing.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}
