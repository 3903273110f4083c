//! `standwith keys`: the keys that sign receipts, and those that open what is sealed.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::keys::Keyring;
use crate::sealing::{SealingKey, is_there_already};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes a new signing key. The one before stays among the public keys, so that its receipts
    /// can be verified; a running endpoint uses the new one after it is started anew
    New(File),
    /// Shows the public keys as a JWK set
    Show(File),
    /// Makes a key pair for sealed campaigns: the private key in a file that nobody else may have, the
    /// public one printed, for `sealing.jwk` in the campaign file. A key that is there already stays, and
    /// its public part is printed again
    Seal(SealingFile),
}

#[derive(Args)]
pub(super) struct SealingFile {
    /// The file of the private key. Without it, nobody can read what was sealed to it
    #[arg(long, value_name = "FILE", default_value = "standwith.sealing.json")]
    key: PathBuf,
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
        Command::Seal(file) => {
            let (path, mut told) = (&file.key, io::stderr().lock());
            let key = match SealingKey::make(path) {
                Err(fault) if is_there_already(&fault) => {
                    let key = SealingKey::open(path)?;
                    writeln!(told, "{}: is there already, and stays", path.display())?;
                    key
                }
                made => {
                    let key = made?;
                    writeln!(
                        told,
                        "{}: the new private key. Keep it, and a copy, away from the endpoint: without \
                         it nobody ever reads what is sealed to it",
                        path.display()
                    )?;
                    key
                }
            };
            writeln!(out, "{}", key.jwk())?;
        }
    }
    Ok(true)
}
