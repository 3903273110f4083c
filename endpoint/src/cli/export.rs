//! `standwith export`: the actions of a campaign, in the order of their arrival; with the sealing keys, also the
//! unsealed payloads, and whether they are valid.
//!
//! JSON lines are written with the core's `Writer`, not with serde: claims and unsealed texts are already JSON text,
//! which serde would parse again.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::task::Poll;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use standwith::action::{Claims, DeliveryClaim};
use standwith::campaign::STANDARD_FIELDS;
use standwith::draft::{claimed_field, clean, clean_line};
use standwith::envelope;
use standwith::json::Writer;
use standwith::shape;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::database::DatabaseOption;
use super::output::{Output, keep_apart};
use super::people::People;
use super::unseal::{Seal, Unsealer, on_one_line};
use crate::characters::escaped;
use crate::clock::rfc3339;
use crate::csv::{BYTE_ORDER_MARK, Cell, Separator, write_row};
use crate::sealing::SealingKey;
use crate::store::{
    self, Access, Content, DamagedRow, ExportRow, ExportedAction, Opened, Settings, Store,
};

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

#[derive(Args)]
pub(super) struct Options {
    /// Campaign id
    #[arg(long, value_name = "ID")]
    campaign: String,
    #[command(flatten)]
    database: DatabaseOption,
    /// Output format
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// Separator between CSV cells [default: comma]. Where the comma is the decimal sign, spreadsheet programs expect
    /// semicolons or tabs
    #[arg(long, value_name = "SEPARATOR")]
    separator: Option<Separator>,
    /// Private key file from `standwith keys seal`, to decrypt sealed actions; may be repeated. Each is then validated as
    /// a whole; exit code 1 if any is invalid
    #[arg(long, value_name = "KEYFILE")]
    unseal: Vec<PathBuf>,
    /// Output file [default: standard output]; an existing file is replaced when the export is complete
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// Table for spreadsheet programs (RFC 4180)
    Csv,
    /// One JSON object per line, with everything that `verify` checks
    Jsonl,
}

pub(super) async fn export(options: Options) -> anyhow::Result<bool> {
    anyhow::ensure!(
        options.separator.is_none() || options.format == Format::Csv,
        "--separator goes with --format csv"
    );
    let keys = keys(&options.unseal)?;
    let opened = store::open(&options.database.url, Access::Read, Settings::default()).await?;
    let Opened { store, file, lacks_log, .. } = opened;
    if let Some(file) = file.as_ref().filter(|_| lacks_log) {
        let file = file.display();
        writeln!(
            io::stderr(),
            "warning: {file} was copied without its log {file}-wal while the endpoint ran, or not closed well: the \
             newest actions may be missing. `standwith backup` makes a copy that is whole"
        )?;
    }
    let campaign = &options.campaign;
    anyhow::ensure!(
        store.knows(campaign).await?,
        "there is no campaign {campaign} in the database"
    );
    if let Some(path) = &options.output {
        keep_apart(path, file.as_deref(), &options.unseal)?;
    }
    // Before the file is created, which an interruption would leave.
    let mut interruptions = match &options.output {
        Some(_) => Some(Interruptions::listen()?),
        None => None,
    };
    let mut out = Output::open(options.output.as_deref())?;
    let work = write_all(&mut out, &options, keys, &*store);
    let tally = match &mut interruptions {
        // An interrupted export leaves nothing behind.
        Some(interruptions) => tokio::select! {
            tally = work => tally?,
            fault = interruptions.next() => return Err(fault),
        },
        None => work.await?,
    };
    out.finish()?;
    store.close().await;
    tally.tell()?;
    Ok(tally.broken == 0 && tally.unread == 0 && tally.damaged == 0)
}

/// Requests to stop a command: from the terminal, when it closes, or from the program that runs the process.
pub(super) struct Interruptions([Option<Signal>; 3]);

impl Interruptions {
    /// Listens from now on: a signal no longer ends the process at once.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(super) fn listen() -> io::Result<Self> {
        let hangup = match ignores_hangup() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        Ok(Interruptions([Some(interrupt?), Some(terminate?), hangup]))
    }

    /// Returns when the command receives a request to stop.
    pub(super) async fn next(&mut self) -> anyhow::Error {
        std::future::poll_fn(|context| {
            let mut came = self.0.iter_mut().flatten().map(|signal| signal.poll_recv(context));
            match came.any(|poll| poll.is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        anyhow::anyhow!("interrupted; nothing is written")
    }
}

/// Whether the process was started to outlive its terminal, for example by `nohup`.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (libc::SIGHUP - 1)) != 0)
}

/// How many actions were written so far, on a terminal to which the actions themselves are not written.
fn progress(options: &Options) -> ProgressBar {
    if options.output.is_none() && io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    // It is hidden if standard error is no terminal.
    let style = ProgressStyle::with_template("{human_pos} actions exported, {per_sec}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

async fn write_all(
    out: &mut Output,
    options: &Options,
    keys: Vec<SealingKey>,
    store: &dyn Store,
) -> anyhow::Result<Tally> {
    let separator = options.separator.unwrap_or_default();
    if let Format::Csv = options.format {
        out.write_all(BYTE_ORDER_MARK)?;
        write_row(out, &columns(), separator)?;
    }
    let campaign = &options.campaign;
    let mut export = store.export(campaign).await?;
    let (mut unsealer, mut tally) = (Unsealer::new(campaign, keys, store), Tally::default());
    let mut people = People::default();
    let progress = progress(options);
    loop {
        let rows = export.next().await?;
        if rows.is_empty() {
            progress.finish_and_clear();
            return Ok(tally);
        }
        progress.inc(rows.len() as u64);
        for row in &rows {
            let read = row.as_ref().ok().and_then(|action| Some((action, content(action)?)));
            let Some((action, (payload, claims))) = read else {
                tally.damaged += 1;
                let id = place(row);
                writeln!(io::stderr(), "row {id} is damaged in the database; it is left out")?;
                continue;
            };
            let seal = unsealer.look(action, &claims).await?;
            tally.add(&seal);
            let earlier = people.earlier(&claims, &seal);
            match options.format {
                Format::Jsonl => writeln!(out, "{}", line(action, &payload, &seal, earlier))?,
                Format::Csv => {
                    write_row(out, &table_row(action, claims, &seal, earlier), separator)?;
                }
            }
        }
    }
}

fn place(row: &ExportRow) -> i64 {
    match row {
        Ok(action) => action.id,
        Err(DamagedRow(id)) => *id,
    }
}

/// The keys in these files.
fn keys(files: &[PathBuf]) -> anyhow::Result<Vec<SealingKey>> {
    let mut keys = Vec::new();
    for file in files {
        keys.push(SealingKey::open(file)?);
        if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
            let file = escaped(&file.display().to_string());
            writeln!(
                io::stderr(),
                "{file}: others than you may read this key: set its mode to 0600"
            )?;
        }
    }
    Ok(keys)
}

/// The results of unsealing the sealed actions.
#[derive(Default)]
struct Tally {
    closed: u64,
    hold: u64,
    broken: u64,
    unread: u64,
    damaged: u64,
}

impl Tally {
    fn add(&mut self, seal: &Seal) {
        match seal {
            Seal::None => {}
            Seal::Closed => self.closed += 1,
            Seal::Opened { errors, .. } if errors.is_empty() => self.hold += 1,
            Seal::Opened { .. } => self.broken += 1,
            Seal::Unread { .. } => self.unread += 1,
        }
    }

    fn tell(&self) -> io::Result<()> {
        let Tally { closed, hold, broken, unread, damaged } = self;
        let mut told = io::stderr().lock();
        if *closed > 0 {
            writeln!(told, "{closed} sealed actions: --unseal KEYFILE shows what is in them")?;
        }
        if hold + broken + unread > 0 {
            writeln!(
                told,
                "{} sealed actions: {hold} hold, {broken} do not hold, {unread} could not be unsealed",
                hold + broken + unread
            )?;
        }
        if *damaged > 0 {
            writeln!(told, "{damaged} damaged rows are left out")?;
        }
        Ok(())
    }
}

/// The decoded payload and its claims. It was valid when it arrived.
pub(super) fn content(action: &ExportedAction) -> Option<(String, Claims)> {
    let payload = match &action.stored.content {
        Content::Bare(claims) => claims.clone(),
        Content::Signed(jws) => {
            let payload = jws.split('.').nth(1).and_then(envelope::decode)?;
            String::from_utf8(payload).ok()?
        }
    };
    let claims = shape::read(&payload).ok()?;
    // RFC 3339 can't express a later time.
    (0..=LAST_SECOND).contains(&action.received_at).then_some((payload, claims))
}

/// A line of JSON, safe to print on a terminal. The unsealed payload is beside the claims, which have the same value as
/// when they were signed.
fn line(action: &ExportedAction, payload: &str, seal: &Seal, earlier: Option<String>) -> String {
    let mut out = Writer::default();
    let claims = on_one_line(payload);
    out.object(|out| {
        match &action.stored.content {
            Content::Signed(jws) => out.key("action").text(jws),
            Content::Bare(_) => out.key("action").json("null"),
        }
        out.key("receipt").text(&action.stored.receipt);
        out.key("status").text(action.stored.status.word());
        out.key("assurance").text(action.stored.content.assurance());
        out.key("received_at").text(&rfc3339(action.received_at));
        out.key("claims").json(&claims);
        out.key("version_known").boolean(action.version_known);
        if let Some(earlier) = earlier {
            out.key("duplicate_of").text(&earlier);
        }
        match seal {
            Seal::None | Seal::Closed => {}
            Seal::Opened { text, errors, .. } => {
                out.key("unsealed").json(text);
                out.key("holds").boolean(errors.is_empty());
                if !errors.is_empty() {
                    out.key("errors").list(|out| {
                        for (field, code) in errors {
                            out.object(|out| {
                                out.key("field").text(field);
                                out.key("code").text(code);
                            });
                        }
                    });
                }
            }
            Seal::Unread { text, problem } => {
                out.key("unsealed").json(text.as_deref().unwrap_or("null"));
                out.key("holds").boolean(false);
                out.key("problem").text(problem);
            }
        }
    });
    // All characters that act on a terminal are within strings now.
    escaped(&out.finish())
}

/// The columns of the table. New ones are added at the end.
fn columns() -> Vec<Cell> {
    let first = ["jti", "received_at", "status", "assurance", "test", "lang"];
    let last = [
        "subject",
        "body",
        "targets",
        "consents",
        "public",
        "answers",
        "page",
        "partner",
        "utm_source",
        "campaign_digest",
        "delivery",
        "variant",
        "messages",
        "subject_index",
        "sealed",
        "duplicate_of",
        "version_known",
    ];
    let all = first.iter().chain(&STANDARD_FIELDS).chain(&last);
    all.map(|name| Cell::from(*name)).collect()
}

fn table_row(
    action: &ExportedAction,
    claims: Claims,
    seal: &Seal,
    earlier: Option<String>,
) -> Vec<Cell> {
    let (claims, sealed) = match seal {
        Seal::None => (claims, String::new()),
        Seal::Closed => (claims, "sealed".to_owned()),
        Seal::Opened { whole, errors, .. } if errors.is_empty() => {
            ((**whole).clone(), "holds".to_owned())
        }
        Seal::Opened { whole, errors, .. } => {
            let told: Vec<String> =
                errors.iter().map(|(field, code)| [field, " ", code].concat()).collect();
            ((**whole).clone(), format!("does not hold: {}", told.join(", ")))
        }
        Seal::Unread { problem, .. } => (claims, format!("not unsealed: {problem}")),
    };
    let message = claims.message.unwrap_or_default();
    let granted = claims.consents.iter().filter(|consent| consent.granted);
    let granted: Vec<&str> = granted.map(|consent| consent.purpose.as_str()).collect();
    let targets: Vec<&str> = claims.targets.iter().map(|target| target.trim()).collect();
    let answers = match claims.answers.0.is_empty() {
        true => String::new(),
        false => shape::write(&claims.answers),
    };
    // If each target gets a message of its own.
    let messages = match claims.messages.0.is_empty() {
        true => String::new(),
        false => shape::write(&claims.messages),
    };
    let mut row = vec![
        Cell::Id(claims.jti),
        Cell::Text(rfc3339(action.received_at)),
        Cell::from(action.stored.status.word()),
        Cell::from(action.stored.content.assurance()),
        Cell::Text(claims.test.to_string()),
        Cell::Text(claims.lang),
    ];
    row.extend(STANDARD_FIELDS.map(|field| Cell::Text(claimed_field(&claims.person, field))));
    row.extend([
        Cell::Text(clean_line(&message.subject)),
        Cell::Text(clean(&message.body)),
        Cell::Id(targets.join(" ")),
        Cell::Text(granted.join(" ")),
        Cell::from(claims.public.word()),
        Cell::Text(answers),
        Cell::Text(claims.source.page),
        Cell::Text(claims.source.partner),
        Cell::Text(claims.source.utm_source),
        Cell::Id(claims.campaign_digest),
        Cell::from(claims.delivery.map_or("", DeliveryClaim::word)),
        Cell::Id(claims.variant.unwrap_or_default()),
        Cell::Text(messages),
        Cell::Text(claims.subject_index.map_or_else(String::new, |index| index.to_string())),
        Cell::Text(sealed),
        Cell::Id(earlier.unwrap_or_default()),
        Cell::Text(action.version_known.to_string()),
    ]);
    row
}
