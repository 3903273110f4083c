//! `standwith keys`: the keys that sign receipts, and those that open sealed payloads.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand};
use sqlx::sqlite::SqliteConnectOptions;

use super::key_file;
use crate::characters::escaped;
use crate::keys::Keyring;
use crate::sealing::{SealingKey, is_there_already};

/// The file of `serve`'s default database.
const DEFAULT_DATABASE: &str = "standwith.sqlite";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Creates a new signing key. The previous one stays among the public keys, so that its receipts can be verified.
    /// Restart the endpoint to use the new key
    New(File),
    /// Prints the public keys as a JWK set
    Show(File),
    /// Creates a key pair for a sealed campaign: writes the private key to a file and prints the public one, for
    /// `sealing.jwk` in the campaign file. If the file exists, its public key is printed again
    Seal(SealingFile),
}

#[derive(Args)]
pub(super) struct SealingFile {
    /// File of the private key. Without it, sealed actions cannot be read
    #[arg(long, value_name = "FILE", default_value = "standwith.sealing.json")]
    key: PathBuf,
}

#[derive(Args)]
pub(super) struct File {
    /// Key file [default: the one of `serve`, beside a SQLite database, ending in .keys.json]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Database of `serve`, which determines its key file [default: sqlite:standwith.sqlite, if it exists]
    #[arg(long, value_name = "URL", conflicts_with = "keys")]
    database: Option<String>,
}

impl File {
    /// The file that `serve` uses. It is never guessed: a new key in a file that no endpoint reads changes nothing, and
    /// the operator would not notice.
    fn path(&self) -> anyhow::Result<PathBuf> {
        if let Some(keys) = &self.keys {
            return Ok(keys.clone());
        }
        match &self.database {
            Some(url) => Ok(key_file(&database_file(url)?)),
            None if Path::new(DEFAULT_DATABASE).exists() => {
                Ok(key_file(Path::new(DEFAULT_DATABASE)))
            }
            None => anyhow::bail!(
                "there is no {DEFAULT_DATABASE} here: say --database as to `serve`, or --keys FILE"
            ),
        }
    }

    /// Fails if the named database does not exist: no endpoint would read its key file.
    fn check(&self) -> anyhow::Result<()> {
        let Some(url) = &self.database else { return Ok(()) };
        let database = database_file(url)?;
        anyhow::ensure!(
            database.is_file(),
            "there is no database {}: say --database as to `serve`, in the same folder, or --keys FILE",
            database.display()
        );
        Ok(())
    }
}

/// The file of a database at this address.
fn database_file(url: &str) -> anyhow::Result<PathBuf> {
    anyhow::ensure!(
        url.starts_with("sqlite:"),
        "only a SQLite database has its key file beside it: name the key file with --keys FILE"
    );
    Ok(SqliteConnectOptions::from_str(url)?.get_filename().to_owned())
}

pub(super) fn keys(command: &Command) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match command {
        Command::New(file) => {
            file.check()?;
            let path = file.path()?;
            let keyring = Keyring::renew(&path)?;
            let path = escaped(&path.display().to_string());
            writeln!(out, "{path}: signs with the new key {}", keyring.kid())?;
        }
        Command::Show(file) => writeln!(out, "{}", Keyring::open(&file.path()?)?.jwks())?,
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
