//! `cargo xtask bench`: the form's size and speed.

use crate::dist::{self, Weight, by_stem, version_dir, weigh};
use crate::run::{Run, absolute, complain};
use crate::stamp::{read, write};
use crate::tools;
use crate::widget;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
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

/// The benches.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Size of the form, file by file
    Size(SizeOptions),
    /// Load times, first response, and what the form costs the page
    Page(ProgramOptions),
    /// Latency of a key press in a long message
    Typing(ProgramOptions),
    /// Leaks after many forms, and load time of twenty forms on a page
    Many(ProgramOptions),
    /// Whether an action is lost or stored twice while the endpoint is killed again and again
    Faults(ProgramOptions),
    /// Whether actions arrive exactly once over a bad network
    Network(ProgramOptions),
    /// Thousands of bad requests a second at the endpoint beside a few good ones
    Flood(ProgramOptions),
}

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
pub(crate) struct ProgramOptions {
    /// Options of the bench itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<OsString>,
}

/// Runs a bench. Returns false if it failed.
pub(crate) fn bench(bench: Bench) -> Result<bool> {
    match bench {
        Bench::Size(options) => size(&options),
        Bench::Page(options) => in_chromium("page", &options),
        Bench::Typing(options) => in_chromium("typing", &options),
        Bench::Many(options) => in_chromium("many", &options),
        Bench::Faults(options) => on_endpoint("standwith-faults", "faults", &options),
        Bench::Network(options) => on_endpoint("standwith-faults", "network", &options),
        Bench::Flood(options) => on_endpoint("standwith-bench", "flood", &options),
    }
}

/// Measures the form in Chromium.
fn in_chromium(bench: &str, options: &ProgramOptions) -> Result<bool> {
    widget::build()?;
    tools::chromium()?;
    program("standwith-bench", bench, options)
}

/// Sends to an endpoint. It needs no browser and no widget, and no new endpoint if one runs already.
fn on_endpoint(package: &str, bench: &str, options: &ProgramOptions) -> Result<bool> {
    let needs_none = |option: &OsString| {
        let option = option.to_string_lossy();
        option.starts_with("--url") || option == "--help" || option == "-h"
    };
    if !options.options.iter().any(needs_none) {
        widget::build_endpoint()?;
    }
    program(package, bench, options)
}

/// Runs a bench that is a separate program: it has many dependencies, and the other commands should not wait until
/// those are compiled.
fn program(package: &str, bench: &str, options: &ProgramOptions) -> Result<bool> {
    let run = Run::cargo()
        .args(["run", "--quiet", "--release", "--package", package, "--", bench])
        .args(&options.options)
        .env("STANDWITH_BIN", absolute(widget::endpoint()))
        .env("STANDWITH_DIST", absolute(dist::DIST));
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
