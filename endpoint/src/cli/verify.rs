//! `standwith verify`: verifies that exported actions and receipts are genuine.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use standwith::action::Claims;
use standwith::envelope;
use standwith::json::{self, Json, Member, Value};
use standwith::shape::{self, Reading, Shape};

use crate::characters::escaped;
use crate::clock::rfc3339;
use crate::input::{self, LONGEST_KEYS};
use crate::intake::status;
use crate::keys::pinned_keys;
use crate::signature::{PinnedKeys, brief, digest, is_unaltered};

#[derive(Args)]
pub(super) struct Options {
    /// Public keys of the endpoint, from /.well-known/jwks.json or `standwith keys show`. Get them from a source that
    /// you trust: receipts are verified with them
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// Export in the format jsonl; - reads standard input
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
}

/// The longest line of an export, in bytes; one of `standwith export` is much shorter.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Members of a line that must agree with what is signed: each is checked. A receipt does not say which key signed the
/// action, or whether one did: `action`, `assurance` and `status` only have to agree with each other.
const SIGNED: [&str; 6] = ["action", "receipt", "status", "assurance", "received_at", "claims"];

/// Members of a line that no signature covers: they are only as reliable as the exporter.
const UNSIGNED: [&str; 6] =
    ["unsealed", "holds", "errors", "problem", "duplicate_of", "version_known"];

#[derive(Debug, Default)]
struct Tally {
    actions: u64,
    receipts: u64,
    without_proof: u64,
    bad: u64,
    /// Lines with each of [`UNSIGNED`].
    unsigned: [u64; UNSIGNED.len()],
}

/// Whether every line is genuine, and there is one.
pub(super) fn verify(options: &Options) -> anyhow::Result<bool> {
    let jwks = options.jwks.display();
    let keys = input::text(&options.jwks, LONGEST_KEYS).with_context(|| jwks.to_string())?;
    let keys = pinned_keys(&keys).with_context(|| format!("{jwks}: expected a JWK set"))?;
    anyhow::ensure!(!keys.is_empty(), "{jwks}: there is no key on P-256 in it");
    let mut export: Box<dyn BufRead> = match options.export.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => {
            let file = input::open(&options.export);
            let file = file.with_context(|| options.export.display().to_string())?;
            Box::new(BufReader::new(file))
        }
    };
    let mut verifier = Verifier { keys, tally: Tally::default(), seen: HashSet::new() };
    let (mut out, mut line, mut number) = (io::stdout().lock(), Vec::new(), 0);
    while (&mut export).take(LONGEST_LINE + 1).read_until(b'\n', &mut line)? > 0 {
        number += 1;
        if line.len() as u64 > LONGEST_LINE && !line.ends_with(b"\n") {
            export.skip_until(b'\n')?;
            verifier.tally.actions += 1;
            verifier.tally.bad += 1;
            writeln!(out, "line {number}: is longer than {} KiB", LONGEST_LINE / 1024)?;
        } else if !line.trim_ascii().is_empty()
            && let Err(problem) = verifier.line(&line)
        {
            writeln!(out, "line {number}: {problem}")?;
        }
        line.clear();
    }
    verifier.tally.tell(&mut out)?;
    let Tally { actions, bad, .. } = verifier.tally;
    Ok(bad == 0 && actions > 0)
}

impl Tally {
    /// Prints what was verified and what was not.
    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let Tally { actions, receipts, without_proof, bad, .. } = self;
        writeln!(
            out,
            "{actions} actions, {receipts} receipts verified, {without_proof} without proof, {bad} bad"
        )?;
        let unsigned = UNSIGNED.iter().zip(self.unsigned).filter(|(_, lines)| *lines > 0);
        let unsigned: Vec<String> =
            unsigned.map(|(name, lines)| format!("{name} ({lines} lines)")).collect();
        if !unsigned.is_empty() {
            let unsigned = unsigned.join(", ");
            writeln!(out, "not covered by any signature, so not verified: {unsigned}")?;
        }
        if *actions > *bad {
            writeln!(
                out,
                "a receipt covers what was said, under which number and when, not who signed it: that an action is \
             `signed` or `none`, and so its status, is only what the exporter states"
            )?;
        }
        if *actions == 0 {
            writeln!(out, "there is no action in the export, so nothing is verified")?;
        }
        Ok(())
    }
}

/// Whether the supporter's own signature is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Verified,
    Absent,
}

/// Verifies line after line; an action may occur only once.
struct Verifier {
    keys: PinnedKeys,
    tally: Tally,
    /// Digests of the identities seen so far.
    seen: HashSet<[u8; 16]>,
}

impl Verifier {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.tally.actions += 1;
        let verified = self.verify(line);
        match verified {
            Ok(Proof::Verified) => self.tally.receipts += 1,
            Ok(Proof::Absent) => {
                self.tally.receipts += 1;
                self.tally.without_proof += 1;
            }
            Err(_) => self.tally.bad += 1,
        }
        verified.map(|_| ())
    }

    /// Verifies one exported action: the supporter's signature, the endpoint's signature, that both cover the same
    /// action, and that the rest of the line does not contradict them.
    fn verify(&mut self, line: &[u8]) -> Result<Proof, String> {
        let line = std::str::from_utf8(line).map_err(|_| "no UTF-8")?;
        let exported = json::parse(line).map_err(|_| "no JSON")?;
        let Value::Object(members) = &exported.value else {
            return Err("no JSON object".to_owned());
        };
        for (index, Member { key, .. }) in members.iter().enumerate() {
            if members[..index].iter().any(|earlier| earlier.key == *key) {
                return Err(format!("{} is there twice", escaped(key)));
            }
            match UNSIGNED.iter().position(|name| name == key) {
                Some(place) => self.tally.unsigned[place] += 1,
                None if SIGNED.contains(&key.as_str()) => {}
                None => return Err(format!("{} is unknown", escaped(key))),
            }
        }
        let text = |name: &str| exported.get(name).and_then(Json::text);
        let receipt = text("receipt").ok_or("there is no receipt")?;
        let receipt = envelope::open_receipt(receipt).map_err(|_| "the receipt is malformed")?;
        if !self.keys.has_signed(&receipt) {
            return Err("the receipt is not signed by any of the keys".to_owned());
        }
        let claims = exported.get("claims").ok_or("there are no claims")?;
        let mut reading = Reading::default();
        let claims = Claims::read(claims, &mut reading);
        if !reading.faults.is_empty() {
            return Err("the claims are malformed".to_owned());
        }
        let (action_digest, proof) = match exported.get("action").map(|action| &action.value) {
            Some(Value::Text(action)) => {
                let action =
                    envelope::open_action(action).map_err(|_| "the action is malformed")?;
                if !is_unaltered(&action) {
                    return Err("the action is not signed by its own key".to_owned());
                }
                if action.claims != claims {
                    return Err("the claims are not those of the action".to_owned());
                }
                (digest(&action.payload), Proof::Verified)
            }
            // The same writer wrote the hosted form's claims.
            Some(Value::Null) => (digest(shape::write(&claims).as_bytes()), Proof::Absent),
            _ => return Err("there is no action".to_owned()),
        };
        let signed = receipt.claims;
        if signed.action_digest != action_digest {
            return Err("the receipt is for other words".to_owned());
        }
        if signed.jti != claims.jti || signed.campaign != claims.campaign {
            return Err("the receipt is for another action".to_owned());
        }
        let is_signed = proof == Proof::Verified;
        for (name, expected) in [
            ("received_at", rfc3339(signed.iat).as_str()),
            ("assurance", if is_signed { "signed" } else { "none" }),
            ("status", status(is_signed, &claims).word()),
        ] {
            if text(name) != Some(expected) {
                return Err(format!("{name} is not {expected}, as what is signed says"));
            }
        }
        if !self.seen.insert(brief(&[&claims.campaign, "/", &claims.jti].concat())) {
            return Err("the action is there twice".to_owned());
        }
        Ok(proof)
    }
}
