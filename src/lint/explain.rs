//! Better explanations for faults of the reader, and their text form.

use super::delivery::PRIVATE;
use super::json_schema::known_keys;
use super::names::meant;
use super::pointer::{nearest_to, unescaped};
use crate::json::Json;
use crate::shape::{ConfigFault, FaultKind};
use std::fmt;

/// Pointers of keys that the format reserves and this version does not support. `*` matches any one step.
pub(super) const LATER_KEYS: [&str; 1] = ["/endpoint/headers"];

/// Values that the format reserves and this version does not support.
pub(super) const LATER_WORDS: [(&str, &[&str]); 1] =
    [("/endpoint/format", &["form", "osdi", "proca", "actionkit"])];

/// Replaces a fault of the reader by a more helpful one, if there is one.
pub(super) fn explain(fault: ConfigFault, file: &Json, schema: &Json) -> Option<ConfigFault> {
    let value = nearest_to(file, &fault.pointer).0;
    let rule = |problem: &str, hint: String| {
        let kind = FaultKind::Rule { problem: problem.to_owned(), hint };
        Some(ConfigFault { kind, ..fault.clone() })
    };
    match fault.kind {
        FaultKind::Unknown if LATER_KEYS.iter().any(|key| is_at(&fault.pointer, key)) => {
            rule("this version of StandWith doesn't do this yet", "leave the key out".to_owned())
        }
        FaultKind::Unknown | FaultKind::Duplicate if fault.pointer == PRIVATE => rule(
            "this is the private key, which must stay with you",
            "take `d` out. Anyone who has seen this file can read what is sealed to this key: make a new one with \
             `standwith keys seal`"
                .to_owned(),
        ),
        FaultKind::Unknown => {
            let (parent, key) = fault.pointer.rsplit_once('/')?;
            if own_of(parent).is_some_and(|own| known_keys(schema, own).contains(&key)) {
                return rule(
                    "a translation changes nothing but texts",
                    format!("leave `{key}` out: what the campaign says of it holds in every language"),
                );
            }
            match meant(&unescaped(key), &known_keys(schema, parent)) {
                Some(known) => rule("unknown key", format!("did you mean `{known}`?")),
                None => Some(fault),
            }
        }
        FaultKind::Expected(expected) => {
            let of_later = |(place, words): &(&str, &[&str])| {
                is_at(&fault.pointer, place) && value.text().is_some_and(|t| words.contains(&t))
            };
            if LATER_WORDS.iter().any(of_later) {
                rule("this version of StandWith doesn't do this yet", format!("write {expected}"))
            } else {
                Some(fault)
            }
        }
        _ => Some(fault),
    }
}

/// The pointer into the campaign for a pointer into one of its translations.
pub(super) fn own_of(pointer: &str) -> Option<&str> {
    let within = pointer.strip_prefix("/languages/")?;
    Some(within.find('/').and_then(|at| within.get(at..)).unwrap_or_default())
}

pub(super) fn is_at(pointer: &str, place: &str) -> bool {
    let (mut steps, mut places) = (pointer.split('/'), place.split('/'));
    steps.by_ref().zip(places.by_ref()).all(|(step, place)| place == "*" || step == place)
        && pointer.split('/').count() == place.split('/').count()
}

impl fmt::Display for ConfigFault {
    /// One line: `line 12: /targets/0/email: no e-mail address; write it like name@example.org`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.pointer.is_empty() {
            write!(f, "{}: ", on_one_line(&self.pointer))?;
        }
        match &self.kind {
            FaultKind::Missing => write!(f, "missing; add this key"),
            FaultKind::Unknown => write!(f, "unknown key; leave it out"),
            FaultKind::Duplicate => write!(f, "this key stands twice; keep one of them"),
            FaultKind::Expected(expected) => write!(f, "expected {expected}"),
            FaultKind::Rule { problem, hint } => {
                write!(f, "{}; {}", on_one_line(problem), on_one_line(hint))
            }
        }
    }
}
pub(super) fn on_one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escape).collect()
}
