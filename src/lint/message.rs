//! Rules for the suggested message: its length, its placeholders and the size of an action.

use super::Lint;
use super::fields::is_asked;
use super::names::meant;
use super::pointer::nearest_to;
use super::targets::message_count;
use crate::campaign::{Campaign, Field, Kind, STANDARD_FIELDS, Target, Template};
use crate::check::{LONGEST_LONG_TEXT, LONGEST_SUBJECT, LONGEST_TEXT, length};
use crate::draft::{Draft, clean};
use crate::message::{self, OF_TARGETS};

/// Maximum message length that fits into an action of 32 KiB in every script: up to 4 bytes per character, a third more
/// in base64url, and room for the rest.
pub(super) const LONGEST_BODY: u32 = 5000;

/// The same for a sealed message, which is encoded in base64url twice.
pub(super) const LONGEST_SEALED_BODY: u32 = 3500;

/// Maximum size of an action, in bytes.
pub(super) const LONGEST_ACTION: u32 = 32 * 1024;

/// Assumed bytes per character of message and answers. Scripts in everyday use take at most three; a whole form of
/// four-byte characters is not realistic.
pub(super) const BYTES_OF_CHARACTER: u32 = 3;

/// Bytes of the rest of an action: times, digests, consents, subject and signature. `PERSON` is for the person; names
/// and addresses are assumed to have realistic lengths, not the maximum of their fields.
pub(super) const REST: u32 = 1500;

pub(super) const PERSON: u32 = 1800;

impl Lint<'_> {
    pub(super) fn message(&mut self, campaign: &Campaign) {
        let template = &campaign.message;
        if template.subjects.is_empty() {
            self.fault("/message/subjects", "no subject", "suggest at least one");
        }
        for (index, subject) in template.subjects.iter().enumerate() {
            self.filled(&format!("/message/subjects/{index}"), subject);
        }
        let longest = match campaign.sealing {
            Some(_) => LONGEST_SEALED_BODY,
            None => LONGEST_BODY,
        };
        if template.max > longest {
            let sealed = if longest < LONGEST_BODY { "sealed " } else { "" };
            self.fault(
                "/message/max",
                &format!("so long a {sealed}message may not fit into the 32 KiB of an action"),
                &match nearest_to(self.json, "/message/max").1 {
                    true => format!("lower it to {longest} or less"),
                    false => {
                        format!("without this key it is {}: write {longest} or less", template.max)
                    }
                },
            );
        }
        if template.min > template.max {
            self.fault("/message/min", "`min` is more than `max`", "lower it, or raise `max`");
        }
        self.room(campaign, longest);
        if template.nudge && !template.editable {
            self.fault(
                "/message/nudge",
                "supporters cannot add words of their own",
                "leave the key out, or make `editable` true",
            );
        }
        let Template { subjects, head, body, foot, .. } = template;
        self.wording(campaign, "/message", subjects, [head, body, foot]);
        self.length(campaign, "/message", [head, body, foot]);
    }

    /// Checks that all messages of one action fit into it.
    fn room(&mut self, campaign: &Campaign, longest: u32) {
        let template = &campaign.message;
        let most = message_count(campaign);
        // Each message has a subject and JSON keys.
        let rest = LONGEST_SUBJECT + 32;
        let mut fits = template.max <= longest;
        if template.per_target && template.max <= longest && most > 1 {
            let room = ((longest + rest) / most).saturating_sub(rest);
            if template.max > room {
                fits = false;
                self.fault(
                    "/message/max",
                    &format!(
                        "{most} messages of that length may not fit into the 32 KiB of an action"
                    ),
                    &if room == 0 {
                        "lower `targeting.most`, or leave `per_target` out".to_owned()
                    } else {
                        format!("lower it to {room} or less, or lower `targeting.most`")
                    },
                );
            }
        }
        if fits {
            let count = if template.per_target { most.max(1) } else { 1 };
            self.size(campaign, count, rest);
        }
    }

    /// Checks that `count` messages and all answers of maximum length fit into an action.
    pub(super) fn size(&mut self, campaign: &Campaign, count: u32, rest: u32) {
        let is_sealed = campaign.sealing.is_some();
        let answers: u32 = campaign.fields.iter().map(longest_answer).sum();
        let messages = |max: u32| count.saturating_mul(max + rest) - rest;
        let size = |max: u32| {
            let bytes = (messages(max).saturating_add(answers)).saturating_mul(BYTES_OF_CHARACTER);
            match is_sealed {
                true => encoded(encoded(bytes.saturating_add(PERSON)).saturating_add(REST)),
                false => encoded(bytes.saturating_add(PERSON + REST)),
            }
        };
        let max = campaign.message.max;
        if answers == 0 || size(max) <= LONGEST_ACTION {
            return;
        }
        let room = (1..max).rev().find(|max| size(*max) <= LONGEST_ACTION).unwrap_or_default();
        let is_there = nearest_to(self.json, "/message/max").1;
        let least = campaign.message.min.max(1);
        self.fault(
            if room < least { "/fields" } else { "/message/max" },
            &format!(
                "an action with message and answers of full length has {} KiB, and may have 32",
                size(max).div_ceil(1024)
            ),
            &match (room >= least, is_there) {
                (false, _) => "give the longest fields a lower `max`".to_owned(),
                (_, true) => format!("lower it to {room} or less, or give long fields a lower `max`"),
                (_, false) => format!(
                    "without this key it is {max}: write {room} or less, or give long fields a lower `max`"
                ),
            },
        );
    }

    /// Rules for the texts of a message in every language.
    pub(super) fn wording(
        &mut self,
        campaign: &Campaign,
        at: &str,
        subjects: &[String],
        parts: [&str; 3],
    ) {
        for (index, subject) in subjects.iter().enumerate() {
            let pointer = format!("{at}/subjects/{index}");
            self.placeholders(campaign, &pointer, subject);
            if length(&unfilled(subject)) > LONGEST_SUBJECT {
                self.fault(
                    &pointer,
                    &format!("more than {LONGEST_SUBJECT} characters"),
                    "shorten the subject",
                );
            }
        }
        for (key, text) in ["head", "body", "foot"].into_iter().zip(parts) {
            self.placeholders(campaign, &format!("{at}/{key}"), text);
        }
    }

    /// Checks that the suggested message with empty placeholders is within the limits.
    pub(super) fn length(&mut self, campaign: &Campaign, at: &str, parts: [&str; 3]) {
        let [head, body, foot] = parts.map(unfilled);
        let count = length(&message::joined([&head, &body, &foot]));
        let Template { min, max, editable, .. } = campaign.message;
        let pointer = format!("{at}/body");
        if count > max {
            self.fault(
                &pointer,
                &format!("with head and foot {count} characters, where `max` is {max}"),
                "shorten it, or raise `max`",
            );
        }
        if !editable && count < min {
            self.fault(
                &pointer,
                &format!(
                    "only {count} characters, where `min` is {min} and supporters cannot add any"
                ),
                "lower `min`",
            );
        }
    }

    pub(super) fn placeholders(&mut self, campaign: &Campaign, pointer: &str, text: &str) {
        for part in text.split("{{").skip(1) {
            let Some((name, _)) = part.split_once("}}") else {
                self.fault(pointer, "{{ without }}", "close it, as in {{given_name}}");
                continue;
            };
            let name = name.trim();
            if !message::is_placeholder(name) {
                let known = [&STANDARD_FIELDS[..], &OF_TARGETS[..]].concat();
                let hint = meant(name, &known).map_or_else(
                    || format!("known are: {}", known.join(", ")),
                    |known| format!("did you mean {{{{{known}}}}}?"),
                );
                self.fault(pointer, &format!("{{{{{name}}}}} is no placeholder"), &hint);
            } else if OF_TARGETS.contains(&name) {
                self.placeholder_of_targets(campaign, pointer, name);
            } else if !is_asked(campaign, name) {
                self.fault(
                    pointer,
                    &format!("{{{{{name}}}}} stands for a field that the form does not have"),
                    &format!("add `{name}` to `fields`, or take the placeholder out"),
                );
            }
        }
    }

    /// Checks that a placeholder for a target stands for a single target, and that every target has a value for it.
    pub(super) fn placeholder_of_targets(
        &mut self,
        campaign: &Campaign,
        pointer: &str,
        name: &str,
    ) {
        if !campaign.message.per_target && message_count(campaign) > 1 {
            self.fault(
                pointer,
                &format!("{{{{{name}}}}} in a message that several targets get"),
                "make `message.per_target` true, so that each gets its own, or `targeting.most` 1",
            );
        }
        let unknown = |target: &Target| message::of_target(target, name).is_empty();
        if let Some(index) = campaign.targets.iter().position(unknown) {
            let key = name.trim_start_matches("target_");
            self.fault(
                pointer,
                &format!("{{{{{name}}}}} stands for nothing where a target has no `{key}`"),
                &format!("add `{key}` to `targets/{index}`, or take the placeholder out"),
            );
        }
    }
}

/// Length in characters of the longest answer to a question of the campaign, with its JSON key.
pub(super) fn longest_answer(field: &Field) -> u32 {
    if field.is_standard() {
        return 0;
    }
    let ids = field.options.iter().map(|option| length(&option.id));
    let most = |most: u32| field.max.map_or(most, |max| max.min(most));
    let answer = match field.kind() {
        Kind::LongText => most(LONGEST_LONG_TEXT),
        Kind::Text => most(LONGEST_TEXT),
        // Mostly ASCII.
        Kind::Email | Kind::Phone => 64,
        Kind::Country | Kind::Checkbox | Kind::Number | Kind::Date => 10,
        Kind::Choice => ids.max().unwrap_or_default(),
        Kind::Choices => ids.map(|id| id + 1).sum(),
    };
    answer + length(field.id.as_str()) / BYTES_OF_CHARACTER + 2
}

/// Length in base64url of so many bytes.
pub(super) fn encoded(bytes: u32) -> u32 {
    bytes.saturating_mul(4).div_ceil(3)
}

/// A text with empty placeholders: its shortest form.
pub(super) fn unfilled(text: &str) -> String {
    clean(&message::fill(text, &Draft::default(), &[], u32::MAX))
}
