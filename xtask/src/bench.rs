//! `cargo xtask bench`: the form's size and speed.

use crate::dist::{self, Weight, by_stem, version_dir, weigh};
use crate::run::{Run, absolute, complain};
use crate::stamp::{read, write};
use crate::tools::{self, Engine};
use crate::widget;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The most that all files may weigh which a form needs in English, after brotli.
pub(crate) const BUDGET: usize = 110_000;

/// The most that may be needed before the first fields are painted: loader, glue, renderer and style.
const FIRST_PAINT: usize = 11_000;

/// The most that a language may weigh.
const LANGUAGE: usize = 3_700;

/// The files that the form requires, those for the first paint first.
const NEEDED: [&str; 2] = ["standwith.js", "standwith.wasm"];

/// The document with the sizes of all parts.
const REPORT: &str = "docs/wasm-size.md";

/// Options of `bench size`.
#[derive(Args)]
pub(crate) struct SizeOptions {
    /// Fail when the form's code weighs more than its budget
    #[arg(long)]
    pub(crate) check: bool,
    /// Begin with a line that says when and on what machine this was measured
    #[arg(long)]
    pub(crate) context: bool,
    /// Add what each module and dependency takes of the WebAssembly file, and write all of it to
    /// docs/wasm-size.md
    #[arg(long)]
    pub(crate) parts: bool,
}

/// Options of a bench that is a separate program; its own `--help` lists the rest.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct SpeedOptions {
    /// What the bench itself is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<OsString>,
}

/// Measures in Chromium, by a separate program: it needs an HTTP server and a browser's protocol, and the other
/// commands should not wait until those are compiled. Returns false if the bench failed.
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

/// Sends to an endpoint under faults, by a separate program for the same reason. It needs no browser and no widget, and
/// no endpoint if one runs already. Returns false if the bench failed.
pub(crate) fn faults(bench: &str, options: &SpeedOptions) -> Result<bool> {
    let needs_none = |option: &OsString| {
        let option = option.to_string_lossy();
        option.starts_with("--url") || option == "--help" || option == "-h"
    };
    if !options.options.iter().any(needs_none) {
        widget::build_endpoint()?;
    }
    let run = Run::cargo()
        .args(["run", "--quiet", "--release", "--package", "standwith-faults", "--", bench])
        .args(&options.options)
        .env("STANDWITH_BIN", absolute(widget::endpoint()));
    Ok(run.watched()?.0)
}

/// Prints each file's size. Returns false if one is over its budget and `--check` was given.
pub(crate) fn size(options: &SizeOptions) -> Result<bool> {
    let code = NEEDED.map(|name| version_dir().join(name));
    let all = total(&code).context("run `cargo xtask build` first")?;
    let languages: Vec<PathBuf> = by_stem(&version_dir(), "json")?
        .into_iter()
        .filter(|(name, _)| name != "manifest")
        .map(|(_, path)| path)
        .collect();
    let campaigns: Vec<PathBuf> =
        by_stem(Path::new("www/campaigns"), "json")?.into_iter().map(|(_, path)| path).collect();
    let mut table = Vec::new();
    if options.context {
        writeln!(table, "{}", context()?)?;
    }
    writeln!(table, "{:<28} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip -9", "brotli -11")?;
    rows(&mut table, &code)?;
    row(&mut table, "the widget in English", all)?;
    writeln!(table)?;
    rows(&mut table, languages.iter().chain(&campaigns))?;
    writeln!(table)?;
    let mut over = Vec::new();
    let mut hold = |table: &mut Vec<u8>, what: &str, weight: Weight, budget: usize| {
        if weight.brotli > budget {
            over.push(format!("{what} weighs {} bytes, its budget is {budget}", weight.brotli));
        }
        let left = budget as i64 - weight.brotli as i64;
        writeln!(table, "{what:<28} budget {budget:>6}, left {left:>6}")
    };
    hold(&mut table, "the widget in English", all, BUDGET)?;
    hold(&mut table, "before the first fields", weigh(&read(&code[0])?)?, FIRST_PAINT)?;
    for path in &languages {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        hold(&mut table, &name, weigh(&read(path)?)?, LANGUAGE)?;
    }
    if options.parts {
        report(&mut table)?;
    }
    show(&table)?;
    if options.check {
        over.iter().for_each(|words| complain(words));
    }
    Ok(!options.check || over.is_empty())
}

/// Adds the sizes of the WebAssembly file's parts, and writes all of them to the document.
fn report(table: &mut Vec<u8>) -> Result<()> {
    let parts = widget::parts()?;
    let sum: usize = parts.iter().map(|(_, part)| part.bytes).sum();
    let mut rows = Vec::new();
    writeln!(rows, "{:<34} {:>7} {:>9} {:>6}", "standwith.wasm", "raw", "functions", "share")?;
    for (name, part) in &parts {
        let share = part.bytes as f64 * 100.0 / sum as f64;
        writeln!(rows, "{name:<34} {:>7} {:>9} {share:>5.1}%", part.bytes, part.functions)?;
    }
    let document = format!(
        "# What takes how many bytes\n\n\
         Written by `cargo xtask bench size --parts`: {}.\n\n\
         ```text\n{}```\n\n\
         Functions belong to the module of ours, or the dependency, that they are there for; the \
         file as sent\nhas no names, so it is a little smaller. It compresses to about two fifths.\n\n\
         ```text\n{}```\n",
        context()?,
        String::from_utf8_lossy(table),
        String::from_utf8_lossy(&rows),
    );
    write(Path::new(REPORT), document)?;
    writeln!(table)?;
    table.extend(rows);
    Ok(())
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

/// Prints it; a reader that closes the pipe early (`| head`) is no error.
fn show(table: &[u8]) -> Result<()> {
    match std::io::stdout().write_all(table) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Time and environment of the measurement.
fn context() -> Result<String> {
    let date = Run::new("date").args(["-u", "+%Y-%m-%d"]).read()?;
    let machine = Run::new("uname").arg("-srm").read()?;
    let rustc = Run::new("rustc").arg("--version").read()?;
    Ok(format!("{}, {}, {}", date.trim(), machine.trim(), rustc.trim()))
}
