//! `standwith migrate`: brings a database's schema up to date.

use std::io::{self, Write};

use clap::Args;

use crate::config::DATABASE;
use crate::store::{self, Migrated};

#[derive(Args)]
pub(super) struct Options {
    /// Database to bring up to date. PostgreSQL: over a direct connection, not through a pooler, as a role that may
    /// create tables
    #[arg(long, value_name = "URL", env = "STANDWITH_DATABASE", default_value = DATABASE, hide_env_values = true)]
    database: String,
}

pub(super) async fn migrate(options: Options) -> anyhow::Result<bool> {
    let Migrated { from, to } = store::migrate(&options.database).await?;
    let mut out = io::stdout().lock();
    if from == to {
        writeln!(out, "the schema is up to date (step {to})")?;
    } else {
        writeln!(out, "the schema was brought from step {from} to step {to}")?;
    }
    Ok(true)
}
