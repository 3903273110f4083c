//! `standwith migrate`: brings a database's schema up to date.

use std::io::{self, Write};

use clap::Args;

use super::database::DatabaseOption;
use crate::store::{self, Migrated};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    database: DatabaseOption,
}

pub(super) async fn migrate(options: Options) -> anyhow::Result<bool> {
    let Migrated { place, from, to } = store::migrate(&options.database.url).await?;
    let mut out = io::stdout().lock();
    if from == to {
        writeln!(out, "{place}: the schema is up to date (step {to})")?;
    } else {
        writeln!(out, "{place}: the schema was brought from step {from} to step {to}")?;
    }
    Ok(true)
}
