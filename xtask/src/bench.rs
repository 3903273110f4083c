//! `cargo xtask bench`: what the form weighs, and how fast it is.

use crate::dist::{self, Weight, by_stem, version_dir, weigh};
use crate::run::{Run, absolute, complain};
use crate::stamp::read;
use crate::tools::{self, Engine};
use crate::widget;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The most that all the code which the form needs may weigh, after brotli. A ratchet: it stands a
/// little above what the form weighs today, and only ever comes down. The aim is 36,000, then 26,000.
pub(crate) const BUDGET: usize = 53_000;

/// The files without which the form can't be used.
const NEEDED: [&str; 2] = ["standwith.js", "standwith.wasm"];

/// How `bench size` is asked.
#[derive(Args)]
pub(crate) struct SizeOptions {
    /// Fail when the form's code weighs more than its budget
    #[arg(long)]
    pub(crate) check: bool,
    /// Begin with a line that says when and on what machine this was measured
    #[arg(long)]
    pub(crate) context: bool,
}

/// How a bench in the browser is asked; `--help` among its options tells more.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct SpeedOptions {
    /// What the bench itself is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<OsString>,
}

/// Measures in Chromium, by a program of its own: it needs an HTTP server and a browser's protocol,
/// and the other commands should not wait until those are compiled. False when it says no.
pub(crate) fn speed(bench: &str, options: &SpeedOptions) -> Result<bool> {
    widget::build()?;
    let (_, missing) = tools::engines(&[Engine::Chromium]);
    if let [missing, ..] = &missing[..] {
        bail!("there is no Chromium to measure in: {}", missing.reason);
    }
    let run = Run::cargo()
        .args(["run", "--quiet", "--release", "--package", "standwith-bench", "--", bench])
        .args(&options.options)
        .env("STANDWITH_BIN", absolute(widget::endpoint()))
        .env("STANDWITH_DIST", absolute(dist::DIST));
    Ok(run.watched()?.0)
}

/// Prints what each file weighs. False when it is over the budget and that was to be checked.
pub(crate) fn size(options: &SizeOptions) -> Result<bool> {
    let code = NEEDED.map(|name| version_dir().join(name));
    let total = total(&code).context("run `cargo xtask build` first")?;
    let mut table = Vec::new();
    if options.context {
        writeln!(table, "{}", context()?)?;
    }
    writeln!(table, "{:<28} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip -9", "brotli -11")?;
    rows(&mut table, &code)?;
    row(&mut table, "the form's code", total)?;
    writeln!(table)?;
    let others = [by_stem(&version_dir(), "json")?, by_stem(Path::new("www/campaigns"), "json")?];
    let others: Vec<PathBuf> = others.concat().into_iter().map(|(_, path)| path).collect();
    rows(&mut table, others.iter().filter(|path| !path.ends_with("manifest.json")))?;
    writeln!(table)?;
    writeln!(table, "budget {BUDGET}, left {}", BUDGET as i64 - total.brotli as i64)?;
    show(&table)?;
    let over = options.check && total.brotli > BUDGET;
    if over {
        complain(&format!("the form's code weighs {} bytes, its budget is {BUDGET}", total.brotli));
    }
    Ok(!over)
}

fn total(paths: &[PathBuf]) -> Result<Weight> {
    paths.iter().try_fold(Weight::default(), |sum, path| Ok(sum + weigh(&read(path)?)?))
}

fn rows<'a>(out: &mut Vec<u8>, paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
    paths.into_iter().try_for_each(|path| {
        let short = path.strip_prefix(dist::DIST).or_else(|_| path.strip_prefix("www"));
        row(out, &short.unwrap_or(path).to_string_lossy(), weigh(&read(path)?)?)
    })
}

fn row(out: &mut Vec<u8>, name: &str, weight: Weight) -> Result<()> {
    writeln!(out, "{name:<28} {:>9} {:>9} {:>9}", weight.raw, weight.gzip, weight.brotli)?;
    Ok(())
}

/// Prints it; someone who reads no further (`| head`) has seen enough.
fn show(table: &[u8]) -> Result<()> {
    match std::io::stdout().write_all(table) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// When and on what it was measured.
fn context() -> Result<String> {
    let date = Run::new("date").args(["-u", "+%Y-%m-%d"]).read()?;
    let machine = Run::new("uname").arg("-srm").read()?;
    let rustc = Run::new("rustc").arg("--version").read()?;
    Ok(format!("{}, {}, {}", date.trim(), machine.trim(), rustc.trim()))
}
