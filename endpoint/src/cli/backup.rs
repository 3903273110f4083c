//! `standwith backup`: a complete copy of the database, also while the endpoint runs.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::database::DatabaseOption;
use super::export::Interruptions;
use super::output::{Unfinished, is_replaceable_by_backup, keep_apart};
use crate::store::{SqliteStore, Store};

#[derive(Args)]
pub(super) struct Options {
    /// File to write; an existing database there is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseOption,
}

pub(super) async fn backup(options: Options) -> anyhow::Result<bool> {
    anyhow::ensure!(
        !options.database.url.starts_with("postgres"),
        "this copies SQLite databases; PostgreSQL has tools of its own: pg_dump, pg_basebackup, or your provider's"
    );
    let store = SqliteStore::open_to_read(&options.database.url).await?;
    keep_apart(&options.file, Some(store.file()), &[])?;
    is_replaceable_by_backup(&options.file)?;
    // Before the file is created, which an interruption would leave.
    let mut interruptions = Interruptions::listen()?;
    let mut copy =
        Unfinished::open(&options.file).with_context(|| options.file.display().to_string())?;
    tokio::select! {
        copied = store.copy_into(copy.aside()) => {
            copied.with_context(|| format!("copying to {}", options.file.display()))?;
        }
        // An interrupted copy leaves nothing behind.
        fault = interruptions.next() => return Err(fault),
    }
    copy.put()?;
    store.close().await;
    let mut told = io::stderr().lock();
    writeln!(told, "backup written to {}", options.file.display())?;
    writeln!(told, "the keys that sign receipts are in a file of their own: copy it as well")?;
    Ok(true)
}
