//! The option that names the database, of all commands but `serve`.

use std::path::PathBuf;

use clap::Args;

use crate::config::DATABASE;

#[derive(Args)]
pub(super) struct DatabaseOption {
    /// Database of actions; endpoints may be running. A password is better kept in the environment or in the file than
    /// on the command line, which other users can read
    #[arg(long = "database", value_name = "URL", env = "STANDWITH_DATABASE", default_value = DATABASE, hide_env_values = true)]
    pub(super) url: String,
    /// File of the settings of `serve`, from which the database is taken
    #[arg(long, value_name = "FILE", env = "STANDWITH_CONFIG")]
    config: Option<PathBuf>,
}
