//! Rules for every text: control characters, and unsupported Markdown.

use super::Lint;
use super::pointer::escaped;
use crate::json::{Json, Value};
use crate::markdown::{self, Block, Inline};
use crate::value::holds_control;

/// Keys whose texts may have several lines.
pub(super) const LONG_TEXTS: [&str; 7] =
    ["story", "head", "body", "foot", "wording", "thanks", "text"];

/// Keys whose texts appear in single-line claims or in the subject, where validation rejects bidirectional controls.
pub(super) const SIGNED_LINES: [&str; 6] =
    ["subjects", "name", "office", "organisation", "options", "id"];

impl Lint<'_> {
    /// Checks every text for control characters, and translations for empty texts.
    pub(super) fn texts(&mut self, json: &Json, pointer: &str, key: &str) {
        if self.faults.iter().any(|fault| fault.pointer == pointer) {
            return;
        }
        match &json.value {
            Value::Object(members) => {
                for member in members {
                    let pointer = format!("{pointer}/{}", escaped(&member.key));
                    self.texts(&member.value, &pointer, &member.key);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.texts(item, &format!("{pointer}/{index}"), key);
                }
            }
            Value::Text(text) => {
                let long = LONG_TEXTS.contains(&key) || pointer.contains("/share/texts/");
                // Not `clean`, which takes rare line ends for what was meant.
                let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
                let held = holds_control(&text, !SIGNED_LINES.contains(&key))
                    || !long && text.contains(['\n', '\t']);
                if held {
                    self.fault(
                        pointer,
                        "a control character, or a line break where there is one line only",
                        "take it out",
                    );
                }
                if pointer.starts_with("/languages/") && text.is_empty() && key != "alt" {
                    self.fault(
                        pointer,
                        "an empty translation",
                        "translate it, or leave the key out: then the file's own text stands",
                    );
                }
            }
            _ => {}
        }
    }

    /// Warns of Markdown that is shown as it is written.
    pub(super) fn markdown(&mut self, json: &Json, pointer: &str, key: &str) {
        match &json.value {
            Value::Object(members) => {
                for member in members {
                    let pointer = format!("{pointer}/{}", escaped(&member.key));
                    self.markdown(&member.value, &pointer, &member.key);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.markdown(item, &format!("{pointer}/{index}"), key);
                }
            }
            Value::Text(text) => {
                let raw = match key {
                    "story" | "thanks" => shown_raw(text),
                    "title" | "head" | "body" | "foot" | "wording" | "subjects" => marked(text),
                    _ => None,
                };
                if let Some(raw) = raw {
                    let hint = match key {
                        "story" | "thanks" => {
                            "docs/campaigners.md says which Markdown there is; write it otherwise, or leave it so"
                        }
                        _ => {
                            "Markdown works in `story` and `thanks` only; take the signs out, or leave them so"
                        }
                    };
                    self.fault(pointer, &format!("{raw} is shown as it is written"), hint);
                }
            }
            _ => {}
        }
    }

    pub(super) fn filled(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.fault(pointer, "an empty text", "say something");
        }
    }
}

/// A name for the first unsupported Markdown in a text with Markdown.
pub(super) fn shown_raw(text: &str) -> Option<&'static str> {
    let starts = |line: &str| {
        let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_numbered = numbered.len() < line.len()
            && (numbered.starts_with(". ") || numbered.starts_with(") "));
        let is_rule = line.len() > 2
            && ['-', '*', '_', '='].iter().any(|sign| line.trim_matches(*sign).is_empty());
        match line {
            _ if is_numbered => Some("a numbered list (`1.`)"),
            _ if is_rule => Some("a line of signs (`---`)"),
            _ if line.starts_with("+ ") => Some("a list with `+`"),
            _ if line.starts_with('>') => Some("a quotation (`>`)"),
            _ if line.starts_with('|') => Some("a table (`|`)"),
            _ if line.starts_with("```") => Some("a block of code"),
            _ if line.starts_with('#')
                && line.trim_start_matches('#').starts_with(char::is_alphanumeric) =>
            {
                Some("a heading without a space behind `#`")
            }
            _ => None,
        }
    };
    let found = text.lines().map(str::trim).find_map(starts);
    // The `[]()` of a picture would be taken for a link.
    let found = found.or_else(|| holds(text, "![", "](").then_some(PICTURE));
    found.or_else(|| {
        let blocks = markdown::parse(text);
        let inlines = blocks.iter().flat_map(|block| match block {
            Block::Heading(inlines) | Block::Paragraph(inlines) => vec![inlines],
            Block::List(items) => items.iter().collect(),
        });
        let texts = inlines.flatten().filter_map(|inline| match inline {
            Inline::Text(text) => Some(text),
            _ => None,
        });
        texts.into_iter().find_map(|text| marked(text))
    })
}

pub(super) const PICTURE: &str = "a picture (`![]()`)";

/// Whether there is text between these delimiters.
pub(super) fn holds(text: &str, open: &str, close: &str) -> bool {
    let inner = text.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    inner.is_some_and(|(inner, _)| !inner.trim().is_empty())
}

/// A name for the first Markdown in a text without Markdown.
pub(super) fn marked(text: &str) -> Option<&'static str> {
    let is_tag = text.split('<').skip(1).any(|rest| {
        rest.contains('>')
            && rest.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic())
    });
    match text {
        _ if holds(text, "![", "](") => Some(PICTURE),
        _ if holds(text, "[", "](") => {
            Some("a link (an address begins with https:, mailto: or tel:)")
        }
        _ if holds(text, "**", "**") => Some("a text between `**`"),
        _ if holds(text, "__", "__") => Some("a text between `__`"),
        _ if holds(text, "`", "`") => Some("a text between backticks"),
        _ if is_tag => Some("HTML"),
        _ => None,
    }
}
