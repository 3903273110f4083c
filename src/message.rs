//! The message: the campaign's template, the supporter's words, and what stands for what.

use crate::campaign::{Campaign, STANDARD_FIELDS, Target};
use crate::draft::{BODY, Draft, SUBJECT, clean};
use crate::find::split_once;
use crate::phone;
use crate::targeting::recipients;
use crate::value::{LONGEST_SUBJECT, length};

/// What may stand between `{{` and `}}` for those to whom the message goes.
pub const OF_TARGETS: [&str; 3] = ["target_name", "target_office", "target_organisation"];

/// What stands between head, body and foot.
pub(crate) const GAP: &str = "\n\n";

impl Draft {
    /// The draft as it would be sent: its targets found, the phone number in its international form, placeholders
    /// filled, head and foot about the body; where each target gets a message of its own, these as well.
    #[must_use]
    pub fn composed(&self, campaign: &Campaign) -> Self {
        let mut composed = self.clone();
        // Once, and not again for each placeholder: a value may be nothing but white space, and very long.
        for name in STANDARD_FIELDS {
            let value = clean(self.get(name));
            if value != self.get(name) {
                composed.set(name, &value);
            }
        }
        composed.aim(campaign);
        let [country, phone] = ["country", "phone"].map(|name| self.get(name).trim());
        if !phone.is_empty()
            && let Some(number) = phone::international(country, phone)
        {
            composed.set("phone", &number);
        }
        let to = recipients(campaign, &composed);
        let written = |draft: &Draft, to: &[&Target]| {
            let subject = fill(&clean(self.get(SUBJECT)), draft, to, room(campaign, SUBJECT));
            [(SUBJECT, subject), (BODY, body(campaign, draft, to))]
        };
        if campaign.message.per_target {
            for target in &to {
                for (name, text) in written(&composed, &[target]) {
                    composed.set(&name_for(name, target), &text);
                }
            }
        }
        // Last, because it takes the place of what was typed.
        for (name, text) in written(&composed, &to) {
            composed.set(name, &text);
        }
        composed
    }
}

/// The name under which a draft holds the subject or the body for one target only.
pub(crate) fn name_for(name: &str, target: &Target) -> String {
    [name, "/", target.id.as_str()].concat()
}

/// Whether somebody who may write words of their own has written none into the suggested body.
pub fn is_unchanged(campaign: &Campaign, draft: &Draft) -> bool {
    let template = &campaign.message;
    template.editable && clean(draft.get(BODY)) == clean(&template.body)
}

/// How many characters of a filled subject or body are worth making: so many that the form can say by how many
/// a text is too long, and no more, since a post of a few kilobytes could otherwise expand to many megabytes.
pub(crate) fn room(campaign: &Campaign, name: &str) -> u32 {
    let most = if name == SUBJECT { LONGEST_SUBJECT } else { campaign.message.max };
    // No campaign without fault lets a message be longer.
    most.min(20_000) * 4
}

/// Replaces `{{given_name}}` and the like by what was entered, once: what is entered is not filled again. A
/// placeholder for several targets names them all. An unknown placeholder stays as it is.
///
/// A template or a result of more than `most` characters (Unicode scalar values) is cut after `most` of them, and
/// marked with an ellipsis, so that it stays too long when it is trimmed.
pub fn fill(template: &str, draft: &Draft, to: &[&Target], most: u32) -> String {
    let mut filled = Filled { text: String::new(), room: most, is_cut: false };
    if length(template) > most {
        filled.push(template);
        return filled.text;
    }
    let mut rest = template;
    while let Some((before, after)) = split_once(rest, "{{") {
        filled.push(before);
        rest = after;
        // A name is whole before the next one begins.
        let part = split_once(after, "{{").map_or(after, |(part, _)| part);
        match split_once(part, "}}") {
            Some((name, _)) if is_placeholder(name.trim()) => {
                filled.push(draft.get(name.trim()).trim());
                let mut is_first = true;
                for value in to.iter().map(|target| of_target(target, name.trim())) {
                    if !is_first && !value.is_empty() {
                        filled.push(", ");
                    }
                    is_first &= value.is_empty();
                    filled.push(value);
                }
                rest = after.get(name.len() + 2..).unwrap_or_default();
            }
            _ => filled.push("{{"),
        }
        if filled.is_cut {
            return filled.text;
        }
    }
    filled.push(rest);
    filled.text
}

/// A text that grows to a limit.
struct Filled {
    text: String,
    /// How many more characters it may have.
    room: u32,
    /// Whether there were more.
    is_cut: bool,
}

impl Filled {
    fn push(&mut self, more: &str) {
        if self.is_cut {
            return;
        }
        let count = length(more);
        if count <= self.room {
            self.room -= count;
            self.text.push_str(more);
            return;
        }
        self.text.extend(more.chars().take(self.room as usize));
        // White space at either end would be trimmed, and what is left might seem short enough.
        if self.text.starts_with(char::is_whitespace) {
            self.text.insert(0, '…');
        }
        self.text.push('…');
        self.is_cut = true;
    }
}

/// Whether this may stand between `{{` and `}}`.
pub fn is_placeholder(name: &str) -> bool {
    STANDARD_FIELDS.contains(&name) || OF_TARGETS.contains(&name)
}

/// What a placeholder stands for, as far as that is the target's to say.
pub(crate) fn of_target<'a>(target: &'a Target, name: &str) -> &'a str {
    match name {
        "target_name" => &target.name,
        "target_office" => &target.office,
        "target_organisation" => &target.organisation,
        _ => "",
    }
    .trim()
}

/// The names between `{{` and `}}` in a text, known or not.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(n, _)| n.trim())
}

/// The message as it would be sent: head, body and foot, a blank line between them.
pub fn body(campaign: &Campaign, draft: &Draft, to: &[&Target]) -> String {
    let template = &campaign.message;
    let own = if template.editable { draft.get(BODY) } else { &template.body };
    let room = room(campaign, BODY);
    let [head, own, foot] = [&template.head, own, &template.foot]
        .map(|part| clean(&fill(&clean(part), draft, to, room)));
    joined([&head, &own, &foot])
}

/// What somebody wrote of a message as it was sent, by the draft as it was sent: the body without head and foot. All of
/// it, where the campaign has others by now.
pub(crate) fn own<'a>(campaign: &Campaign, sent: &Draft, body: &'a str) -> &'a str {
    let (to, room) = (recipients(campaign, sent), room(campaign, BODY));
    let [head, foot] = [&campaign.message.head, &campaign.message.foot]
        .map(|part| clean(&fill(&clean(part), sent, &to, room)));
    let gap = |part: &str| if part.is_empty() { "" } else { GAP };
    let (before, after) = ([&head, gap(&head)].concat(), [gap(&foot), &foot].concat());
    let rest = body.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after));
    rest.unwrap_or(body)
}

/// Head, body and foot with a blank line between them, less those that are empty.
pub(crate) fn joined(parts: [&str; 3]) -> String {
    let mut body = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !body.is_empty() {
            body.push_str(GAP);
        }
        body.push_str(part);
    }
    body
}
