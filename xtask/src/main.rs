//! Builds, tests and demonstrates StandWith: `cargo xtask build`, `demo`, `test`, `fuzz`, `reproducible`, `pictures`,
//! `bench`.

mod bench;
mod demo;
mod dist;
mod fuzz;
mod parts;
mod reproducible;
mod run;
mod stamp;
mod test;
mod tools;
mod widget;

use anyhow::Context;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Builds, tests and demonstrates StandWith.
///
/// Missing tools are installed on the way; progress goes to standard error. Exit codes: 0 success, 1 failure,
/// 2 usage error.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the release: the widget's files in dist/, the endpoint in target/release/
    Build(widget::Options),
    /// Serves the endpoint and, on another origin, a partner's page with the form
    Demo(demo::Options),
    /// Runs all tests: native, in browsers, end to end
    Test(test::Options),
    /// Fuzzes the parsers of untrusted input, with cargo-fuzz on a nightly toolchain
    Fuzz(fuzz::Options),
    /// Builds the widget twice, in two folders, and compares every byte
    Reproducible,
    /// Takes pictures of the form in every state, for docs/states
    Pictures,
    /// Measures size, speed and reliability
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match perform(cli.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            run::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the command; returns false if it completed with a negative result.
fn perform(task: Task) -> anyhow::Result<bool> {
    let root = root();
    std::env::set_current_dir(&root).with_context(|| format!("{} is gone", root.display()))?;
    match task {
        Task::Build(options) if options.widget => widget::build_widget().map(|()| true),
        Task::Build(_) => widget::build().map(|()| true),
        Task::Demo(options) => demo::demo(&options).map(|()| true),
        Task::Test(options) => test::test(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::Reproducible => reproducible::reproducible(),
        Task::Pictures => test::pictures(),
        Task::Bench(bench) => bench::bench(bench),
    }
}

/// The checkout's root, from any folder in it. All paths are relative to it.
fn root() -> PathBuf {
    let member = std::env::var("CARGO_MANIFEST_DIR");
    let member = member.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&member).parent().map_or_else(PathBuf::new, Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_options_to_a_bench_unchanged() {
        let given = ["--quick", "--json", "found.json", "--help"];
        let words = ["xtask", "bench", "page"].into_iter().chain(given);
        let cli = Cli::try_parse_from(words).unwrap();
        let Task::Bench(bench::Bench::Page(options)) = cli.command else {
            panic!("another command")
        };
        assert_eq!(options.options, given);
    }
}
