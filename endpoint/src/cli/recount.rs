//! `standwith recount`: compares the counts of campaigns with their actions.

use std::io::{self, Write};

use clap::Args;

use super::database::DatabaseOption;
use crate::store::{self, Access, Miscount, Opened, Settings};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    database: DatabaseOption,
    /// Correct the counts that differ; without it, they are only named
    #[arg(long)]
    apply: bool,
}

/// Compares; false if a count differs and is not corrected.
pub(super) async fn recount(options: Options) -> anyhow::Result<bool> {
    let access = if options.apply { Access::Existing } else { Access::Read };
    let Opened { store, .. } =
        store::open(&options.database.url, access, Settings::default()).await?;
    let found = store.recount(options.apply).await?;
    store.close().await;
    let mut out = io::stdout().lock();
    for Miscount { campaign, counted, actual } in &found {
        let done = if options.apply { "corrected from" } else { "should be, and is" };
        writeln!(out, "{campaign}: {actual} {done} {counted}")?;
    }
    if found.is_empty() {
        writeln!(out, "every count is right")?;
    }
    Ok(found.is_empty() || options.apply)
}
