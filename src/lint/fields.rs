//! Rules for fields and their answers.

use super::Lint;
use super::names::meant;
use crate::campaign::{Answer, Campaign, Field, Kind, STANDARD_FIELDS};
use crate::check::{LONGEST_LONG_TEXT, LONGEST_TEXT, length};
use crate::draft::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS, clean};
use crate::message::OF_TARGETS;

impl Lint<'_> {
    pub(super) fn fields(&mut self, campaign: &Campaign) {
        let fields = &campaign.fields;
        self.distinct("/fields", "/id", fields.iter().map(|field| field.id.as_str()));
        for (index, field) in fields.iter().enumerate() {
            let at = format!("/fields/{index}");
            if field.is_standard() {
                if field.kind.is_some_and(|kind| kind != field.kind()) {
                    let problem = format!("`{}` is of its own kind", field.id.as_str());
                    self.fault(&format!("{at}/kind"), &problem, "leave the key out");
                }
            } else {
                self.question(&at, field);
            }
            let wants_options = matches!(field.kind(), Kind::Choice | Kind::Choices);
            if wants_options && field.options.is_empty() {
                self.fault(&at, "nothing to choose from", "add `options`");
            } else if !wants_options && !field.options.is_empty() {
                self.fault(
                    &format!("{at}/options"),
                    "options where nothing is chosen",
                    "leave the key out, or make `kind` \"choice\" or \"choices\"",
                );
            }
            self.options(&format!("{at}/options"), &field.options);
            self.longest(&format!("{at}/max"), field);
        }
    }

    pub(super) fn longest(&mut self, at: &str, field: &Field) {
        let Some(max) = field.max else { return };
        let most = match field.kind() {
            Kind::Text => LONGEST_TEXT,
            Kind::LongText => LONGEST_LONG_TEXT,
            _ => {
                self.fault(at, "a length for a field without text", "leave the key out");
                return;
            }
        };
        if max == 0 {
            self.fault(at, "an answer of no characters", "raise it, or leave the field out");
        } else if max > most {
            let problem = format!("more than the {most} characters that such an answer may have");
            self.fault(at, &problem, "lower it, or leave the key out");
        }
    }

    /// Rules for a field that is not a standard one.
    pub(super) fn question(&mut self, at: &str, field: &Field) {
        let id = field.id.as_str();
        if OF_TARGETS.contains(&id) {
            self.fault(
                &format!("{at}/id"),
                "in a message, this name stands for a target",
                "choose another",
            );
        }
        if [SUBJECT, BODY, TARGETS, PUBLIC, "jti"].contains(&id) || id.starts_with(CONSENT) {
            self.fault(
                &format!("{at}/id"),
                "another control of the form has this name",
                "choose another",
            );
        }
        if field.kind.is_none() {
            let hint = meant(id, &STANDARD_FIELDS).map_or_else(
                || "add `kind`, like \"text\"".to_owned(),
                |known| format!("did you mean `{known}`? Otherwise add `kind`, like \"text\""),
            );
            let problem = format!("`{id}` is no standard field, and nothing says what it asks for");
            self.fault(&format!("{at}/kind"), &problem, &hint);
        }
        if field.label.trim().is_empty() {
            self.fault(&format!("{at}/label"), "a field without a question", "add `label`");
        }
    }

    pub(super) fn options(&mut self, at: &str, options: &[Answer]) {
        self.distinct(at, "/id", options.iter().map(|option| option.id.as_str()));
        for (index, option) in options.iter().enumerate() {
            let at = format!("{at}/{index}");
            self.filled(&format!("{at}/label"), &option.label);
            if option.id.is_empty() || option.id != clean(&option.id) {
                self.fault(
                    &format!("{at}/id"),
                    "an empty id, or one with space around it",
                    "name the option by what an export should hold",
                );
            }
            if length(&option.id) > LONGEST_TEXT {
                self.fault(
                    &format!("{at}/id"),
                    &format!("more than {LONGEST_TEXT} characters"),
                    "write the option as {\"id\": …, \"label\": …} with a short id",
                );
            }
        }
    }
}

pub(super) fn is_asked(campaign: &Campaign, name: &str) -> bool {
    campaign.fields.iter().any(|field| field.id.as_str() == name)
}
