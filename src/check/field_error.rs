//! Field errors, and their codes on the wire.

use super::limits::limits;
use crate::campaign::{Campaign, STANDARD_FIELDS};
use crate::draft::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS};
use crate::targeting;

/// A value that the supporter has to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the control.
    pub field: String,
    /// Kind of error.
    pub kind: FieldErrorKind,
}

/// Kind of field error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// Nothing was entered, ticked or chosen.
    Missing,
    /// More than so many characters.
    TooLong(u32),
    /// Fewer than so many characters.
    TooShort(u32),
    /// A control character, or a bidirectional control where none is allowed.
    ControlCharacter,
    /// Wrong syntax.
    Malformed,
    /// Not one of the choices.
    UnknownChoice,
    /// Fewer choices than so many.
    TooFew(u32),
    /// More choices than so many.
    TooMany(u32),
    /// Differs from the campaign's fixed text.
    Altered,
    /// Rejected by the endpoint with a code that this widget does not know.
    Refused,
}

impl FieldError {
    pub(super) fn new(field: &str, kind: FieldErrorKind) -> Self {
        FieldError { field: field.to_owned(), kind }
    }

    /// The code on the wire, like `email_malformed`: control, then kind.
    pub fn code(&self) -> String {
        let subject = match self.field.as_str() {
            name if name.starts_with(CONSENT) => "consent",
            name if is_named_by_us(name) => name,
            _ => "answer",
        };
        [subject, "_", self.kind.word()].concat()
    }

    /// The field error that an endpoint reports by field and code.
    pub fn reported(campaign: &Campaign, field: &str, code: &str) -> Self {
        let (least, most) = limits(campaign, field);
        let kind = match code {
            _ if code.ends_with("_missing") => FieldErrorKind::Missing,
            _ if code.ends_with("_too_long") => FieldErrorKind::TooLong(most),
            _ if code.ends_with("_too_short") => FieldErrorKind::TooShort(least),
            _ if code.ends_with("_control_character") => FieldErrorKind::ControlCharacter,
            _ if code.ends_with("_malformed") => FieldErrorKind::Malformed,
            _ if code.ends_with("_unknown_choice") => FieldErrorKind::UnknownChoice,
            _ if code.ends_with("_too_few") => {
                FieldErrorKind::TooFew(targeting::limits(campaign).0)
            }
            _ if code.ends_with("_too_many") => {
                FieldErrorKind::TooMany(targeting::limits(campaign).1)
            }
            _ if code.ends_with("_altered") => FieldErrorKind::Altered,
            _ => FieldErrorKind::Refused,
        };
        FieldError::new(field, kind)
    }
}

impl FieldErrorKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            FieldErrorKind::Missing => "missing",
            FieldErrorKind::TooLong(_) => "too_long",
            FieldErrorKind::TooShort(_) => "too_short",
            FieldErrorKind::ControlCharacter => "control_character",
            FieldErrorKind::Malformed => "malformed",
            FieldErrorKind::UnknownChoice => "unknown_choice",
            FieldErrorKind::TooFew(_) => "too_few",
            FieldErrorKind::TooMany(_) => "too_many",
            FieldErrorKind::Altered => "altered",
            FieldErrorKind::Refused => "refused",
        }
    }
}

pub(super) fn is_named_by_us(name: &str) -> bool {
    STANDARD_FIELDS.contains(&name) || [SUBJECT, BODY, TARGETS, PUBLIC].contains(&name)
}
