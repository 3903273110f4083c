//! `standwith withdraw`: deletes actions that supporters withdraw.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::Args;
use standwith::envelope;

use super::database::DatabaseOption;
use super::export::content;
use crate::characters::escaped;
use crate::email::normal_form;
use crate::store::{self, Access, Opened, Settings, State, Store, Transition, with_ending};

#[derive(Args)]
pub(super) struct Options {
    /// Campaign id
    #[arg(long, value_name = "ID")]
    campaign: String,
    #[command(flatten)]
    what: What,
    /// If no action has this number yet, record the withdrawal, so that an action with it is rejected if a device sends
    /// it later
    #[arg(long, conflicts_with = "email")]
    note: bool,
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Receipt number of the action (its `jti`), or the whole receipt
    #[arg(long, value_name = "JTI", allow_hyphen_values = true)]
    receipt: Option<String>,
    /// E-mail address: withdraws all actions with it. Sealed actions cannot be found by address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

/// Withdraws actions; false if there was none and no number is noted, or if bytes of them are left.
pub(super) async fn withdraw(options: Options) -> anyhow::Result<bool> {
    let opened = store::open(&options.database.url, Access::Existing, Settings::default()).await?;
    let Opened { store, file, .. } = opened;
    let campaign = &options.campaign;
    anyhow::ensure!(
        store.knows(campaign).await?,
        "there is no campaign {campaign} in the database"
    );
    let identities = match (&options.what.receipt, &options.what.email) {
        (Some(receipt), _) => vec![identity(receipt, campaign)?],
        (None, Some(email)) => by_email(&*store, campaign, email).await?,
        (None, None) => Vec::new(),
    };
    let note = options.note;
    anyhow::ensure!(
        !note
            || identities.iter().all(|jti| envelope::decode(jti).is_some_and(|id| id.len() == 16)),
        "--note: expected the number of a receipt, 22 letters, digits, - and _"
    );
    let transition = if note { Transition::Note } else { Transition::Withdraw };
    let done = store.transition(campaign, &identities, transition).await?;
    let is_erased = store.erase_deleted().await?;
    store.close().await;
    let came_from = |state| done.iter().filter(|one| one.from == state).count();
    let [deleted, before, unknown] =
        [State::Stored, State::Withdrawn, State::Unknown].map(came_from);
    let mut out = io::stdout().lock();
    writeln!(out, "{deleted} withdrawn")?;
    if before > 0 {
        writeln!(out, "it was withdrawn or noted before: an action with this number is refused")?;
    } else if unknown > 0 && note {
        writeln!(
            out,
            "no action has this number yet; it is noted: one that comes later is refused"
        )?;
    } else if unknown > 0 {
        writeln!(
            out,
            "no action has this number: is it of another campaign? A device may still keep one and send it later; \
             with --note it is refused then"
        )?;
    }
    if !is_erased {
        tell_of_log(file.as_deref())?;
    }
    Ok((deleted > 0 || note) && is_erased)
}

/// Reports that bytes of withdrawn actions are left, where, and what to do about it.
fn tell_of_log(file: Option<&Path>) -> io::Result<()> {
    let Some(file) = file else {
        return writeln!(
            io::stderr(),
            "withdrawn, but the database keeps the old rows until VACUUM: run `VACUUM action` as the owner of the table"
        );
    };
    let log = with_ending(file, "-wal");
    let log = escaped(&log.display().to_string());
    writeln!(
        io::stderr(),
        "withdrawn, but the log {log} could not be cleared, because another process reads the database: a backup or an \
         export, perhaps. Bytes of withdrawn actions stay in it and in the database until it is. When that process has \
         ended, run the same command again, or restart `standwith serve`: both clear the log"
    )
}

/// The identity that a receipt names, or the one that was given instead of a receipt.
fn identity(receipt: &str, campaign: &str) -> anyhow::Result<String> {
    if !receipt.contains('.') {
        return Ok(receipt.to_owned());
    }
    let receipt =
        envelope::open_receipt(receipt.trim()).ok().context("the receipt is malformed")?;
    let of = &receipt.claims.campaign;
    anyhow::ensure!(of == campaign, "the receipt is of another campaign");
    Ok(receipt.claims.jti)
}

/// The identities of all readable actions with this address.
async fn by_email(store: &dyn Store, campaign: &str, email: &str) -> anyhow::Result<Vec<String>> {
    let wanted = normal_form(email);
    anyhow::ensure!(!wanted.is_empty(), "the address is empty");
    let (mut identities, mut export) = (Vec::new(), store.export(campaign).await?);
    loop {
        let rows = export.next().await?;
        if rows.is_empty() {
            return Ok(identities);
        }
        for action in rows.iter().flatten() {
            let claims = content(action).map(|(_, claims)| claims);
            let same = claims.filter(|claims| normal_form(&claims.person.email) == wanted);
            identities.extend(same.map(|claims| claims.jti));
        }
    }
}
