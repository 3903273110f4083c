//! `standwith verify`: whether exported actions and receipts are genuine.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use standwith::action::Claims;
use standwith::envelope;
use standwith::json::{self, Value};
use standwith::shape::{self, Reading, Shape};

use crate::keys::pinned_keys;
use crate::signature::{PinnedKeys, digest, is_unaltered};

#[derive(Args)]
pub(super) struct Options {
    /// The endpoint's public keys, as /.well-known/jwks.json or `standwith keys show` gives them.
    /// Have them from a place that you trust: they are what the receipts are verified by
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// An export in the format jsonl; - is the standard input
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
}

#[derive(Debug, Default)]
struct Tally {
    actions: u64,
    receipts: u64,
    without_proof: u64,
    bad: u64,
}

/// Whether every line is genuine.
pub(super) fn verify(options: &Options) -> anyhow::Result<bool> {
    let jwks = options.jwks.display();
    let keys = fs::read_to_string(&options.jwks).with_context(|| jwks.to_string())?;
    let keys = pinned_keys(&keys).with_context(|| format!("{jwks}: expected a JWK set"))?;
    anyhow::ensure!(!keys.is_empty(), "{jwks}: there is no key on P-256 in it");
    let export: Box<dyn BufRead> = match options.export.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => {
            let file = fs::File::open(&options.export);
            let file = file.with_context(|| options.export.display().to_string())?;
            Box::new(BufReader::new(file))
        }
    };
    let (mut out, mut tally) = (io::stdout().lock(), Tally::default());
    for (index, line) in export.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        tally.actions += 1;
        match verify_line(&line, &keys) {
            Ok(proof) => {
                tally.receipts += 1;
                tally.without_proof += u64::from(proof == Proof::Absent);
            }
            Err(problem) => {
                tally.bad += 1;
                writeln!(out, "line {}: {problem}", index + 1)?;
            }
        }
    }
    let Tally { actions, receipts, without_proof, bad } = tally;
    writeln!(
        out,
        "{actions} actions, {receipts} receipts verified, {without_proof} without proof, {bad} bad"
    )?;
    Ok(bad == 0)
}

/// Whether the supporter's own signature came along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Verified,
    Absent,
}

/// Verifies one exported action: what its own key says, what the endpoint's key says, and that
/// both speak of the same.
fn verify_line(line: &str, keys: &PinnedKeys) -> Result<Proof, &'static str> {
    let exported = json::parse(line).map_err(|_| "no JSON")?;
    let receipt =
        exported.get("receipt").and_then(json::Json::text).ok_or("there is no receipt")?;
    let receipt = envelope::open_receipt(receipt).map_err(|_| "the receipt is malformed")?;
    if !keys.has_signed(&receipt) {
        return Err("the receipt is not signed by any of the keys");
    }
    let claims = exported.get("claims").ok_or("there are no claims")?;
    let mut reading = Reading::default();
    let claims = Claims::read(claims, &mut reading);
    if !reading.faults.is_empty() {
        return Err("the claims are malformed");
    }
    let (action_digest, proof) = match exported.get("action").map(|action| &action.value) {
        Some(Value::Text(action)) => {
            let action = envelope::open_action(action).map_err(|_| "the action is malformed")?;
            if !is_unaltered(&action) {
                return Err("the action is not signed by its own key");
            }
            if action.claims != claims {
                return Err("the claims are not those of the action");
            }
            (digest(&action.payload), Proof::Verified)
        }
        // The hosted form's claims were written by the same writer.
        Some(Value::Null) => (digest(shape::write(&claims).as_bytes()), Proof::Absent),
        _ => return Err("there is no action"),
    };
    if receipt.claims.action_digest != action_digest {
        return Err("the receipt is for other words");
    }
    if receipt.claims.jti != claims.jti || receipt.claims.campaign != claims.campaign {
        return Err("the receipt is for another action");
    }
    Ok(proof)
}
