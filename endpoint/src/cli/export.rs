//! `standwith export`: the actions of a campaign, in the order of their arrival.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use standwith::action::{Claims, DeliveryClaim};
use standwith::campaign::STANDARD_FIELDS;
use standwith::draft::clean;
use standwith::envelope;
use standwith::json::Writer;
use standwith::shape;

use crate::clock::rfc3339;
use crate::store::{Content, Exported, Store};

#[derive(Args)]
pub(super) struct Options {
    /// The campaign's id
    #[arg(long, value_name = "ID")]
    campaign: String,
    /// Where actions are kept
    #[arg(long, value_name = "URL", default_value = "sqlite:standwith.sqlite")]
    database: String,
    /// How they are written
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// Where they are written [default: the standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A table for people (RFC 4180)
    Csv,
    /// A line of JSON for each, with all that can be verified
    Jsonl,
}

pub(super) async fn export(options: Options) -> anyhow::Result<bool> {
    let store = Store::open_to_read(&options.database).await?;
    let campaign = &options.campaign;
    anyhow::ensure!(
        store.knows(campaign).await?,
        "there is no campaign {campaign} in the database"
    );
    let out: Box<dyn Write> = match &options.output {
        // Personal data: nobody else is to read them.
        Some(path) => {
            let mut file = OpenOptions::new();
            let file = file.write(true).create(true).truncate(true).mode(0o600).open(path);
            Box::new(file.with_context(|| path.display().to_string())?)
        }
        None => Box::new(io::stdout()),
    };
    let mut out = BufWriter::new(out);
    if let Format::Csv = options.format {
        write_row(&mut out, &columns())?;
    }
    let mut last = i64::MIN;
    loop {
        let page = store.page(campaign, last).await?;
        for action in &page {
            match options.format {
                Format::Jsonl => writeln!(out, "{}", line(action)?)?,
                Format::Csv => write_row(&mut out, &row(action)?)?,
            }
        }
        match page.last() {
            Some(action) => last = action.id,
            None => break,
        }
    }
    out.flush()?;
    store.close().await;
    Ok(true)
}

/// The decoded payload, which was valid when it came.
fn payload(action: &Exported) -> anyhow::Result<String> {
    match &action.kept.content {
        Content::Bare(claims) => Ok(claims.clone()),
        Content::Signed(jws) => {
            let payload = jws.split('.').nth(1).and_then(envelope::decode);
            let payload = payload.and_then(|bytes| String::from_utf8(bytes).ok());
            payload.with_context(|| format!("action {} is damaged in the database", action.id))
        }
    }
}

/// A line of JSON.
fn line(action: &Exported) -> anyhow::Result<String> {
    let mut out = Writer::default();
    // Line ends in JSON are white space: in a text they would be escaped.
    let claims = payload(action)?.replace(['\n', '\r'], " ");
    out.object(|out| {
        match &action.kept.content {
            Content::Signed(jws) => out.key("action").text(jws),
            Content::Bare(_) => out.key("action").json("null"),
        }
        out.key("receipt").text(&action.kept.receipt);
        out.key("status").text(action.kept.status.word());
        out.key("assurance").text(action.kept.content.assurance());
        out.key("received_at").text(&rfc3339(action.received_at));
        out.key("claims").json(&claims);
    });
    Ok(out.finish())
}

/// The columns of the table. New ones are added at the end.
fn columns() -> Vec<String> {
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
    ];
    let all = first.iter().chain(&STANDARD_FIELDS).chain(&last);
    all.map(|name| (*name).to_owned()).collect()
}

fn row(action: &Exported) -> anyhow::Result<Vec<String>> {
    let claims: Claims = shape::read(&payload(action)?)
        .map_err(|_| anyhow::anyhow!("action {} is damaged in the database", action.id))?;
    let mut row = vec![
        claims.jti.clone(),
        rfc3339(action.received_at),
        action.kept.status.word().to_owned(),
        action.kept.content.assurance().to_owned(),
        claims.test.to_string(),
        claims.lang.clone(),
    ];
    row.extend(STANDARD_FIELDS.map(|field| clean(claims.person.get(field))));
    let message = claims.message.clone().unwrap_or_default();
    let granted = claims.consents.iter().filter(|consent| consent.granted);
    let granted: Vec<&str> = granted.map(|consent| consent.purpose.as_str()).collect();
    let answers = match claims.answers.0.is_empty() {
        true => String::new(),
        false => shape::write(&claims.answers),
    };
    // Where each target gets a message of its own.
    let messages = match claims.messages.0.is_empty() {
        true => String::new(),
        false => shape::write(&claims.messages),
    };
    row.extend([
        clean(&message.subject),
        clean(&message.body),
        claims.targets.join(" "),
        granted.join(" "),
        claims.public.word().to_owned(),
        answers,
        claims.source.page,
        claims.source.partner,
        claims.source.utm_source,
        claims.campaign_digest,
        claims.delivery.map_or("", DeliveryClaim::word).to_owned(),
        claims.variant.unwrap_or_default(),
        messages,
        claims.subject_index.map_or_else(String::new, |index| index.to_string()),
    ]);
    Ok(row)
}

/// Writes a row as RFC 4180 has it.
fn write_row(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let defused = defused(cell);
        if defused.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", defused.replace('"', "\"\""))?;
        } else {
            out.write_all(defused.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// The text, with an apostrophe in front where a spreadsheet would take it for a formula.
fn defused(cell: &str) -> String {
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];
    let apostrophe = if cell.starts_with(formula) { "'" } else { "" };
    [apostrophe, cell].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+855 12", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        assert_eq!(defused("មេឃ ដារ៉ា"), "មេឃ ដារ៉ា");
        assert_eq!(defused("a=b"), "a=b");
    }

    #[test]
    fn quotes_as_rfc_4180_does() {
        let mut out = Vec::new();
        let cells = ["a", "b,c", "say \"no\"", "two\nlines", "", "=x,y"].map(str::to_owned);
        write_row(&mut out, &cells).unwrap();
        let expected = "a,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\",,\"'=x,y\"\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
