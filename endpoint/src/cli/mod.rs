//! The commands. Exit codes: 0 success; 1 something that was checked is at fault; 2 the command could not be carried
//! out.

mod backup;
mod check;
mod database;
mod export;
mod keys;
mod migrate;
mod output;
mod people;
mod recount;
mod serve;
mod settings;
mod unseal;
mod verify;
mod withdraw;

use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::characters::escaped;

/// The reference endpoint of StandWith: receives, verifies, stores, counts and exports actions.
#[derive(Parser)]
#[command(name = "standwith", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the endpoint: serves campaigns, hosted forms and the widget; accepts actions
    Serve(serve::Options),
    /// Validates campaign files; prints one problem per line
    Check(check::Options),
    /// Exports the actions of a campaign; the endpoint may be running
    Export(export::Options),
    /// Copies the database; the endpoint may be running
    Backup(backup::Options),
    /// Brings the database's schema up to date; `serve` does it by itself only for SQLite
    Migrate(migrate::Options),
    /// Compares the counts of campaigns with their actions
    Recount(recount::Options),
    /// Withdraws actions: deletes them and lowers the count
    Withdraw(withdraw::Options),
    /// Verifies exported actions and receipts, without a database
    Verify(verify::Options),
    /// Creates and prints keys for receipts and for sealed campaigns
    #[command(subcommand)]
    Keys(keys::Command),
}

/// Carries out the command line.
pub fn run() -> ExitCode {
    let done = parsed().and_then(|cli| match cli.command {
        Command::Serve(options) => wait_for(serve::serve(options)),
        Command::Check(options) => check::check(&options),
        Command::Export(options) => wait_for(export::export(options)),
        Command::Backup(options) => wait_for(backup::backup(options)),
        Command::Migrate(options) => wait_for(migrate::migrate(options)),
        Command::Recount(options) => wait_for(recount::recount(options)),
        Command::Withdraw(options) => wait_for(withdraw::withdraw(options)),
        Command::Verify(options) => verify::verify(&options),
        Command::Keys(command) => keys::keys(&command),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // The reader of the output closed it.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // If writing to standard error fails, the error can't be reported anywhere.
            let told = escaped(&told(&error));
            let _ = writeln!(io::stderr(), "standwith: {told}");
            ExitCode::from(2)
        }
    }
}

/// The command line, with settings from the environment and from a file. Ends the process if it is malformed.
fn parsed() -> anyhow::Result<Cli> {
    let command = settings::with_variables(Cli::command());
    let line = settings::with_file(&command, std::env::args_os().collect())?;
    let matches = command.get_matches_from(line);
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// An error and its causes, each once: some error texts already contain their cause.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

/// The key file of an endpoint with this database, unless another is named.
fn key_file(database: &Path) -> PathBuf {
    database.with_extension("keys.json")
}

fn wait_for(work: impl Future<Output = anyhow::Result<bool>>) -> anyhow::Result<bool> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        // With a handler, a write beyond the limit on file size fails and is reported as an error. Without one, the
        // signal ends the process. The handler is never removed.
        let _ = signal(SignalKind::from_raw(libc::SIGXFSZ))?;
        work.await
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
