//! Faults of campaign files, and how they are shown to the people who write them.

use std::path::Path;

use standwith::campaign::{Campaign, Strictness};
use standwith::json;
use standwith::lint::lint;
use standwith::shape::{ConfigFault, FaultKind};

use super::version::languages;
use crate::characters::escaped;
use crate::sealing::is_on_curve;

/// Returns all faults of a campaign file, in the order of its lines.
pub fn faults(bytes: &[u8]) -> Vec<ConfigFault> {
    let faults = lint(bytes);
    if !faults.is_empty() {
        return faults;
    }
    match languages(bytes, Strictness::Strict) {
        Err(unreadable) => unreadable,
        Ok((campaign, _)) => off_the_curve(&campaign, bytes).into_iter().collect(),
    }
}

/// A fault of a sealing key that has the right form but is not a point of the curve: it has no private key, so nothing
/// sealed to it could be opened.
fn off_the_curve(campaign: &Campaign, bytes: &[u8]) -> Option<ConfigFault> {
    let point = campaign.sealing.as_ref()?.jwk.point()?;
    if is_on_curve(&point) {
        return None;
    }
    let file = std::str::from_utf8(bytes).ok().and_then(|text| json::parse(text).ok());
    let jwk = file.as_ref().and_then(|file| file.get("sealing")?.get("jwk"));
    let kind = FaultKind::Rule {
        problem: "x and y are no point of the curve P-256".to_owned(),
        hint: "put here what `standwith keys seal` prints".to_owned(),
    };
    Some(ConfigFault {
        pointer: "/sealing/jwk".to_owned(),
        line: jwk.map_or(1, |jwk| jwk.line),
        kind,
    })
}

/// A fault of a campaign file's id.
pub(crate) fn fault_of_id(bytes: &[u8], problem: String, hint: &str) -> ConfigFault {
    let file = std::str::from_utf8(bytes).ok().and_then(|text| json::parse(text).ok());
    let line = file.as_ref().and_then(|file| file.get("id")).map_or(1, |id| id.line);
    let kind = FaultKind::Rule { problem, hint: hint.to_owned() };
    ConfigFault { pointer: "/id".to_owned(), line, kind }
}

/// A fault as `standwith check` prints it: `FILE:LINE: /pointer: what; how to fix`. Names in a file are escaped, so
/// that they don't act on a terminal or a log.
pub fn located(path: &Path, fault: &ConfigFault) -> String {
    escaped(&format!("{}:{}: {}", path.display(), fault.line, in_words(fault)))
}

/// A fault without its line: `/pointer: what; how to fix`.
pub fn in_words(fault: &ConfigFault) -> String {
    let words = fault.to_string();
    match words.split_once(": ") {
        Some((line, words)) if line == format!("line {}", fault.line) => words.to_owned(),
        _ => words,
    }
}
