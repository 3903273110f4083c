//! `cargo xtask bench`: the form's size and speed.

use crate::dist::{self, Weight, by_stem, version_dir, weigh};
use crate::run::{Run, absolute, complain};
use crate::stamp::write;
use crate::tools;
use crate::widget;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use fs_err as fs;
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::path::Path;

/// Budget of all files that a form needs in English, in bytes after brotli.
pub(crate) const BUDGET: usize = 108_000;

/// Budget of what is loaded before the first fields are painted: loader, glue, renderer and style.
const FIRST_PAINT: usize = 11_000;

/// Budget of each language.
const LANGUAGE: usize = 3_700;

/// The files that the form requires, those for the first paint first.
const NEEDED: [&str; 2] = ["standwith.js", "standwith.wasm"];

/// The document with the sizes of all parts.
const REPORT: &str = "docs/wasm-size.md";

/// Measurements of size, speed and reliability.
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
    /// Actions a second that the endpoint stores, beside what verifying and storing alone would allow
    Endpoint(ProgramOptions),
}

/// Options of `bench size`.
#[derive(Args)]
pub(crate) struct SizeOptions {
    /// Fail if a file is over its budget
    #[arg(long)]
    pub(crate) check: bool,
    /// Add the sizes of modules and dependencies in the WebAssembly file, and write all of it to docs/wasm-size.md
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
        Bench::Endpoint(options) => on_endpoint("standwith-bench", "endpoint", &options),
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
    let code = NEEDED.map(|name| measure(&version_dir().join(name)));
    let code: Vec<_> =
        code.into_iter().collect::<Result<_>>().context("run `cargo xtask build` first")?;
    let sum = |size: fn(&Weight) -> usize| code.iter().map(|(_, weight)| size(weight)).sum();
    let all =
        Weight { raw: sum(|it| it.raw), gzip: sum(|it| it.gzip), brotli: sum(|it| it.brotli) };
    let english = ("the widget in English".to_owned(), all);
    let first_paint = ("before the first fields".to_owned(), code[0].1);
    let languages = json_files(&version_dir())?;

    let mut table = String::new();
    writeln!(table, "{:<28} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip -9", "brotli -11")?;
    rows(&mut table, code.iter().chain([&english]))?;
    rows(&mut table, languages.iter().chain(&json_files(Path::new("www/campaigns"))?))?;
    let budgets = [(&english, BUDGET), (&first_paint, FIRST_PAINT)];
    let budgets = budgets.into_iter().chain(languages.iter().map(|file| (file, LANGUAGE)));
    let mut over = Vec::new();
    for ((name, Weight { brotli, .. }), budget) in budgets {
        let left = budget as i64 - *brotli as i64;
        writeln!(table, "{name:<28} budget {budget:>6}, left {left:>6}")?;
        if left < 0 {
            over.push(format!("{name} takes {brotli} bytes, its budget is {budget}"));
        }
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
fn report(table: &mut String) -> Result<()> {
    let parts = widget::parts()?;
    let sum: usize = parts.iter().map(|(_, part)| part.bytes).sum();
    let mut rows = String::new();
    writeln!(rows, "{:<34} {:>7} {:>9} {:>6}", "standwith.wasm", "raw", "functions", "share")?;
    for (name, part) in &parts {
        let share = part.bytes as f64 * 100.0 / sum as f64;
        writeln!(rows, "{name:<34} {:>7} {:>9} {share:>5.1}%", part.bytes, part.functions)?;
    }
    let document = format!(
        "# What takes how many bytes\n\n\
         Written by `cargo xtask bench size --parts`: {}.\n\n\
         ```text\n{table}```\n\n\
         Functions belong to the module of ours, or the dependency, that they are there for; the \
         file as sent\nhas no names, so it is a little smaller. It compresses to about two fifths.\n\n\
         ```text\n{rows}```\n",
        context()?,
    );
    write(Path::new(REPORT), document)?;
    write!(table, "\n{rows}")?;
    Ok(())
}

/// The name of a file in the table, and its size.
fn measure(path: &Path) -> Result<(String, Weight)> {
    let short = path.strip_prefix(dist::DIST).or_else(|_| path.strip_prefix("www"));
    Ok((short.unwrap_or(path).to_string_lossy().into_owned(), weigh(&fs::read(path)?)?))
}

/// Languages or campaigns in a folder.
fn json_files(dir: &Path) -> Result<Vec<(String, Weight)>> {
    let files = by_stem(dir, "json")?.into_iter().filter(|(name, _)| name != "manifest");
    files.map(|(_, path)| measure(&path)).collect()
}

/// Adds a group of lines to the table.
fn rows<'a>(table: &mut String, files: impl Iterator<Item = &'a (String, Weight)>) -> fmt::Result {
    for (name, Weight { raw, gzip, brotli }) in files {
        writeln!(table, "{name:<28} {raw:>9} {gzip:>9} {brotli:>9}")?;
    }
    writeln!(table)
}

/// Prints it; a reader that closes the pipe early (`| head`) is no error.
fn show(table: &str) -> Result<()> {
    match std::io::stdout().write_all(table.as_bytes()) {
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
