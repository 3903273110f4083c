//! `cargo xtask test`: runs all tests, stage by stage, and prints one line per stage at the end.

use crate::bench::{self, SizeOptions};
use crate::dist::by_stem;
use crate::reproducible::reproducible;
use crate::run::{GREEN, RED, Run, absolute, complain, now, say, target_dir, warn};
use crate::stamp::{files, write};
use crate::tools::{self, Driver, Engine};
use crate::{dist, widget};
use anyhow::Result;
use clap::{Args, ValueEnum};
use fs_err as fs;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of `test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these stages, in this order
    #[arg(value_enum, default_values_t = usual_stages())]
    stages: Vec<Stage>,
    /// Only this engine (may be repeated)
    #[arg(long, value_enum, default_values_t = Engine::value_variants().to_vec())]
    engine: Vec<Engine>,
}

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// Formatting
    Fmt,
    /// Lints, natively and for WebAssembly
    Clippy,
    /// Dependencies: licences, sources, known vulnerabilities
    Deny,
    /// Tests that need no browser
    Native,
    /// Types, lints and unit tests of the JavaScript
    Js,
    /// Documentation builds, without dead links
    Doc,
    /// Release builds
    Build,
    /// The form is within its budget of bytes, and the manifest fits
    Size,
    /// A build in another folder gives the same widget, byte for byte
    Reproducible,
    /// Tests of the widget inside each engine
    Browser,
    /// Real pages and a real endpoint, in each engine
    E2e,
}

/// Number of tests passed, failed and skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
}

/// State shared by the stages.
#[derive(Default)]
struct Suite {
    wanted: Vec<Engine>,
    found: Vec<Driver>,
    /// Missing engines, and the missing part of each.
    missing: Vec<(Engine, String)>,
    /// The build failed once: stages that need it are skipped.
    unbuilt: bool,
}

/// Runs all stages, also after a failure. Returns true if none failed.
pub(crate) fn test(options: &Options) -> Result<bool> {
    let (stages, wanted) = (&options.stages, &options.engine);
    let mut suite = Suite { wanted: wanted.clone(), ..Suite::default() };
    if stages.iter().any(|stage| matches!(stage, Stage::Browser | Stage::E2e)) {
        (suite.found, suite.missing) = tools::engines(wanted);
    }
    let mut sum = Tally::default();
    let mut lines = Vec::new();
    for &stage in stages {
        let start = now();
        say(&tools::name(&stage));
        let tally = suite.run(stage);
        let line = line(stage, tally, start.elapsed());
        anstream::eprintln!("{line}\n");
        lines.push(line);
        sum = sum + tally;
    }
    if lines.len() > 1 {
        lines.iter().for_each(|line| anstream::eprintln!("{line}"));
    }
    for (engine, reason) in &suite.missing {
        warn(&format!("nothing ran in {}: {reason}", tools::name(engine)));
    }
    println!("{sum}");
    Ok(sum.failed == 0)
}

/// Folder for the pictures of the form's states.
const PICTURES: &str = "docs/states";

/// Takes pictures of the form in every state, in Chromium. Returns whether it succeeded.
pub(crate) fn pictures() -> Result<bool> {
    let found = vec![tools::chromium()?];
    let suite = Suite { wanted: vec![Engine::Chromium], found, ..Suite::default() };
    widget::build()?;
    let run = suite.runner()?.env("STANDWITH_PICTURES", absolute(PICTURES));
    Ok(run.watched()?.0)
}

impl Suite {
    /// Runs one stage. A stage that can't run counts as one failure.
    fn run(&mut self, stage: Stage) -> Tally {
        let ran = match stage {
            Stage::Size | Stage::Reproducible | Stage::E2e if self.unbuilt => {
                Ok(left_out("this stage needs the build, which failed"))
            }
            Stage::Fmt => fmt(),
            Stage::Clippy => clippy(),
            Stage::Deny => deny(),
            Stage::Native => native(),
            Stage::Js => js(),
            Stage::Doc => doc(),
            Stage::Build => widget::build().map(|()| Tally::default()),
            Stage::Size => size(),
            Stage::Reproducible => reproducible().map(verdict),
            Stage::Browser => self.browser(),
            Stage::E2e => self.end_to_end(),
        };
        self.unbuilt |= stage == Stage::Build && ran.is_err();
        ran.unwrap_or_else(|error| {
            complain(&format!("{error:#}"));
            verdict(false)
        })
    }

    /// Runs the widget's tests, compiled to WebAssembly, in each engine.
    fn browser(&self) -> Result<Tally> {
        tools::for_build()?;
        let mut sum = Tally::default();
        let mut most = 1;
        for driver in &self.found {
            let tally = in_engine(driver)?;
            most = most.max(tally.passed + tally.failed);
            sum = sum + tally;
        }
        Ok(sum + self.without_engines(most))
    }

    /// Runs the end-to-end tests in the selected engines.
    fn end_to_end(&self) -> Result<Tally> {
        widget::build()?;
        // They count the skipped tests themselves.
        tests(self.runner()?)
    }

    /// The command for end-to-end tests, once everything is built.
    fn runner(&self) -> Result<Run> {
        let wanted: Vec<String> = self.wanted.iter().map(tools::name).collect();
        // Without a screen they start a virtual one.
        let mut run = Run::cargo()
            .args(["test", "--package", "standwith-e2e", "--", "--test-threads=1"])
            .without_env("DISPLAY")
            .env("STANDWITH_ENGINES", wanted.join(","))
            .env("STANDWITH_BIN", absolute(widget::endpoint()))
            .env("STANDWITH_DIST", absolute(dist::DIST))
            .env("STANDWITH_NODE_MODULES", absolute("node_modules"))
            .without_env("STANDWITH_PYTHON");
        match tools::python() {
            Ok(python) => run = run.env("STANDWITH_PYTHON", python),
            Err(error) if tools::in_ci() => return Err(error),
            Err(error) => warn(&format!("could not install the Python packages: {error:#}")),
        }
        for found in &self.found {
            run = run.env(found.engine.variable(), &found.driver);
        }
        Ok(run)
    }

    /// Counts the missing engines: in CI each is a failure.
    fn without_engines(&self, tests_each: u32) -> Tally {
        let missing = u32::try_from(self.missing.len()).unwrap_or(u32::MAX);
        match tools::in_ci() {
            true => Tally { failed: missing, ..Tally::default() },
            false => Tally { skipped: missing * tests_each, ..Tally::default() },
        }
    }
}

fn fmt() -> Result<Tally> {
    tools::for_lints()?;
    check(Run::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Tally> {
    tools::for_lints()?;
    let strict = ["--all-targets", "--", "-D", "warnings"];
    let native = check(Run::cargo().args(["clippy", "--workspace"]).args(strict))?;
    // Cargo excludes it from all targets, because `cargo test` alone does not run it.
    let apart = ["clippy", "--package", "standwith-endpoint", "--test", "spreadsheet", "--"];
    let native = native + check(Run::cargo().args(apart).args(["-D", "warnings"]))?;
    let wasm = ["clippy", "--target", "wasm32-unknown-unknown", "--package", "standwith-widget"];
    Ok(native + check(Run::cargo().args(wasm).args(strict))?)
}

/// The workspaces, each with its own dependencies.
const WORKSPACES: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// Checks all dependencies by deny.toml. Known vulnerabilities are looked up in a database on GitHub: if it can't be
/// reached, this part is counted as skipped.
fn deny() -> Result<Tally> {
    tools::for_deny()?;
    let deny = |manifest: &str| {
        let run = Run::new("cargo-deny").args(["--workspace", "--manifest-path", manifest]);
        run.arg("--config").arg(absolute("deny.toml"))
    };
    let mut sum = Tally::default();
    for manifest in WORKSPACES {
        let what = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
        sum = sum + check(deny(manifest).args(what))?;
    }
    if let Err(error) = deny(WORKSPACES[0]).args(["fetch", "db"]).read() {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default();
        let why = format!("no dependency was looked up in the database of vulnerabilities: {why}");
        return Ok(sum + left_out(&why));
    }
    for manifest in WORKSPACES {
        sum = sum + check(deny(manifest).args(["check", "--disable-fetch", "advisories"]))?;
    }
    Ok(sum)
}

fn native() -> Result<Tally> {
    tools::servers()?;
    let args = ["test", "--workspace", "--exclude", "standwith-e2e", "--no-fail-fast"];
    let tally = tests(Run::cargo().args(args))?;
    for (lang, path) in by_stem(Path::new("www/locales"), "json")? {
        let missing = standwith::text::missing(&fs::read_to_string(&path)?);
        if !missing.is_empty() {
            warn(&format!("www/locales/{lang}.json lacks {}", missing.join(", ")));
        }
    }
    Ok(tally + spreadsheet()?)
}

/// Opens exported tables with LibreOffice, and installs it if it is missing. If that fails, the test is counted as
/// skipped, in CI as failed.
fn spreadsheet() -> Result<Tally> {
    match tools::libreoffice() {
        Err(error) if tools::in_ci() => Err(error),
        Err(error) => Ok(left_out(&format!("no table was opened by LibreOffice: {error:#}"))),
        Ok(()) => {
            let args = ["test", "--package", "standwith-endpoint", "--test", "spreadsheet"];
            tests(Run::cargo().args(args))
        }
    }
}

/// Checks the types of the JavaScript, lints it, and runs the unit tests of `tests/js`.
fn js() -> Result<Tally> {
    tools::npm_packages()?;
    let types = check(Run::new("tsc").args(["--project", "jsconfig.json"]))?;
    let lints = check(Run::new("biome").args(["lint", "--error-on-warnings"]))?;
    let mut tests = files(Path::new("tests/js"))?;
    tests.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    let constants = widget::constants().map(|(name, value)| format!("{name:?}:{value}"));
    let (ok, output) = Run::new("node")
        .args(["--import", "./tests/js/setup.mjs", "--test", "--test-reporter=spec"])
        .args(tests)
        .env("STANDWITH_CONSTANTS", format!("{{{}}}", constants.join(",")))
        .watched()?;
    Ok(types + lints + Tally::of_node(&output, ok))
}

/// Private items are documented too, so that a link to one is no error.
const STRICT_DOCS: &str = "-D warnings -A rustdoc::private_intra_doc_links";

fn doc() -> Result<Tally> {
    tools::for_lints()?;
    let doc = ["doc", "--no-deps", "--document-private-items", "--lib"];
    let doc = || Run::cargo().args(doc).env("RUSTDOCFLAGS", STRICT_DOCS);
    let native = ["standwith", "standwith-endpoint", "standwith-faults"];
    let native = native.iter().flat_map(|name| ["--package", name]);
    let widget = ["--target", "wasm32-unknown-unknown", "--package", "standwith-widget"];
    Ok(check(doc().args(native))? + check(doc().args(widget))?)
}

/// Runs the tests in one engine; a second time if there was no result because the browser itself crashed: WebKit
/// sometimes does, before the first test.
fn in_engine(driver: &Driver) -> Result<Tally> {
    let (mut ok, mut output) = once_in_engine(driver)?;
    if !ok && !output.contains("test result: ") {
        warn(&format!("{} came to no result: trying again", tools::name(&driver.engine)));
        (ok, output) = once_in_engine(driver)?;
    }
    Ok(Tally::of(&output, ok))
}

fn once_in_engine(driver: &Driver) -> Result<(bool, String)> {
    let (browser, option) = match driver.engine {
        Engine::Chromium => ("--chrome", "--chromedriver"),
        Engine::Firefox => ("--firefox", "--geckodriver"),
        Engine::Webkit => ("--safari", "--safaridriver"),
    };
    let run = match driver.engine {
        Engine::Webkit => Run::new("xvfb-run").args(["--auto-servernum", "wasm-pack"]),
        Engine::Chromium | Engine::Firefox => Run::new("wasm-pack"),
    };
    let run = run
        .args(["--log-level", "warn", "test", "--headless", browser, option])
        .arg(&driver.driver)
        .arg("widget")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities(driver)?)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30");
    run.watched()
}

/// Writes the browser's capabilities for the test runner.
fn capabilities(driver: &Driver) -> Result<PathBuf> {
    let path = target_dir().join(format!("webdriver/{}.json", tools::name(&driver.engine)));
    let browser = driver.browser.to_string_lossy();
    let json = match driver.engine {
        Engine::Chromium => {
            let args: Vec<&str> = CHROMIUM.split(' ').collect();
            format!(r#"{{"goog:chromeOptions":{{"binary":{browser:?},"args":{args:?}}}}}"#)
        }
        Engine::Firefox => format!(r#"{{"moz:firefoxOptions":{{"binary":{browser:?}}}}}"#),
        // The runner sets no capabilities for WebKit.
        Engine::Webkit => "{}".to_owned(),
    };
    write(&path, json)?;
    Ok(path)
}

/// Chromium without a window, as root, and without network requests of its own.
const CHROMIUM: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync";

/// The release build's size and manifest.
fn size() -> Result<Tally> {
    widget::build()?;
    dist::fits(&dist::version_dir())?;
    bench::size(&SizeOptions { check: true, parts: false }).map(verdict)
}

/// Runs tests in Rust.
fn tests(run: Run) -> Result<Tally> {
    let (ok, output) = run.watched()?;
    Ok(Tally::of(&output, ok))
}

/// Runs a check without tests: success counts as no test, an error as one failure.
fn check(run: Run) -> Result<Tally> {
    Ok(verdict(run.visibly().map_err(|error| complain(&error.to_string())).is_ok()))
}

fn verdict(ok: bool) -> Tally {
    Tally { failed: u32::from(!ok), ..Tally::default() }
}

fn left_out(why: &str) -> Tally {
    warn(why);
    Tally { skipped: 1, ..Tally::default() }
}

impl Tally {
    /// Adds up the runners' summaries; cargo's and wasm-bindgen's end alike:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    fn of(output: &str, ok: bool) -> Self {
        let lines = output.lines().filter_map(|line| line.trim().strip_prefix("test result: "));
        let counts = lines.flat_map(|line| line.split(['.', ';']));
        let sum = |what: &str| {
            let counts = counts.clone().filter_map(|count| count.strip_suffix(what));
            counts.filter_map(|count| count.trim().parse::<u32>().ok()).sum()
        };
        Self { passed: sum("passed"), failed: sum("failed"), skipped: sum("ignored") }.of_runner(ok)
    }

    /// Reads the output of `node --test`, which ends with lines like `ℹ pass 3`.
    fn of_node(output: &str, ok: bool) -> Self {
        let count = |what: &str| {
            let mut lines = output.lines().filter_map(|line| line.strip_prefix("ℹ "));
            lines.find_map(|line| line.strip_prefix(what)?.trim().parse().ok()).unwrap_or(0)
        };
        let failed = count("fail") + count("cancelled");
        Self { passed: count("pass"), failed, skipped: count("skipped") }.of_runner(ok)
    }

    /// A runner that failed without a failed test, or that ran none, counts as a failure.
    fn of_runner(mut self, ok: bool) -> Self {
        let ran_none = self.passed + self.failed + self.skipped == 0;
        if self.failed == 0 && (!ok || ran_none) {
            self.failed = 1;
        }
        self
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// The stages that run if none is named. A second build of the widget takes minutes if nothing was built before.
fn usual_stages() -> Vec<Stage> {
    let all = Stage::value_variants().iter().copied();
    all.filter(|stage| *stage != Stage::Reproducible).collect()
}

/// The line for a finished stage: `native       ok      6.1 s  182 passed, 0 failed`.
fn line(stage: Stage, tally: Tally, took: Duration) -> String {
    let (style, verdict) = match tally.failed {
        0 => (GREEN, "ok    "),
        _ => (RED, "FAILED"),
    };
    let (name, seconds) = (tools::name(&stage), took.as_secs_f32());
    let counts = if tally == Tally::default() { String::new() } else { tally.to_string() };
    format!("{name:<12} {style}{verdict}{style:#} {seconds:>7.1} s  {counts}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u32, failed: u32, skipped: u32) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn sums_the_counts_of_the_runners() {
        let output = "
running 3 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
    test result: ok. 7 passed; 0 failed; 0 ignored; 4 filtered out; finished in 0.02s
";
        assert_eq!(Tally::of(output, true), tally(9, 0, 1));
    }

    #[test]
    fn a_runner_that_failed_or_ran_nothing_is_a_failure() {
        let failed = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; \
                      0 filtered out; finished in 0.00s";
        assert_eq!(Tally::of(failed, false), tally(1, 2, 0));
        let crashed = "test result: ok. 1 passed; 0 failed; 0 ignored";
        assert_eq!(Tally::of(crashed, false), tally(1, 1, 0));
        assert_eq!(Tally::of("error: could not compile", false), tally(0, 1, 0));
        assert_eq!(Tally::of("running 0 tests", true), tally(0, 1, 0));
    }

    #[test]
    fn reads_the_counts_of_node() {
        let output = "
✔ a test that says ℹ pass 9 (0.5ms)
ℹ tests 5
ℹ suites 0
ℹ pass 3
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ duration_ms 45.1
";
        assert_eq!(Tally::of_node(output, false), tally(3, 1, 1));
        assert_eq!(Tally::of_node("ℹ pass 3\nℹ fail 0", false), tally(3, 1, 0));
        assert_eq!(Tally::of_node("ℹ pass 0\nℹ fail 0", true), tally(0, 1, 0));
    }

    #[test]
    fn prints_the_summary_that_ci_reads() {
        assert_eq!(tally(182, 0, 0).to_string(), "182 passed, 0 failed");
        assert_eq!(tally(182, 1, 12).to_string(), "182 passed, 1 failed, 12 skipped");
    }
}
