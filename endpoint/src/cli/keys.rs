//! `standwith keys`: the keys that sign receipts.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::keys::Keyring;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes a new signing key. The one before stays among the public keys, so that its receipts
    /// can be verified; a running endpoint uses the new one after it is started anew
    New(File),
    /// Shows the public keys as a JWK set
    Show(File),
}

#[derive(Args)]
pub(super) struct File {
    /// The key file
    #[arg(long, value_name = "FILE", default_value = "standwith.keys.json")]
    keys: PathBuf,
}

pub(super) fn keys(command: &Command) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match command {
        Command::New(file) => {
            let keyring = Keyring::renew(&file.keys)?;
            writeln!(out, "{}: signs with the new key {}", file.keys.display(), keyring.kid())?;
        }
        Command::Show(file) => writeln!(out, "{}", Keyring::open(&file.keys)?.jwks())?,
    }
    Ok(true)
}
