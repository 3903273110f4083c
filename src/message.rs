//! The message: the campaign's template, the supporter's words, and what stands for what.

use crate::campaign::{Campaign, STANDARD_FIELDS, Target};
use crate::draft::{BODY, Draft, SUBJECT, clean};
use crate::find::split_once;
use crate::phone;
use crate::targeting::recipients;

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
        composed.aim(campaign);
        let [country, phone] = ["country", "phone"].map(|name| self.get(name).trim());
        if !phone.is_empty()
            && let Some(number) = phone::international(country, phone)
        {
            composed.set("phone", &number);
        }
        let to = recipients(campaign, &composed);
        let written = |draft: &Draft, to: &[&Target]| {
            [(SUBJECT, fill(self.get(SUBJECT), draft, to)), (BODY, body(campaign, draft, to))]
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

/// Puts what was entered in the place of `{{given_name}}` and the like, once: what is entered is
/// not filled again. What stands for several targets names them all. A placeholder that nobody knows
/// stays as it stands.
pub fn fill(template: &str, draft: &Draft, to: &[&Target]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = split_once(rest, "{{") {
        filled.push_str(before);
        rest = after;
        // A name is whole before the next one begins.
        let part = split_once(after, "{{").map_or(after, |(part, _)| part);
        match split_once(part, "}}") {
            Some((name, _)) if is_placeholder(name.trim()) => {
                filled.push_str(draft.get(name.trim()).trim());
                let begun = filled.len();
                for value in to.iter().map(|target| of_target(target, name.trim())) {
                    if filled.len() > begun && !value.is_empty() {
                        filled.push_str(", ");
                    }
                    filled.push_str(value);
                }
                rest = after.get(name.len() + 2..).unwrap_or_default();
            }
            _ => filled.push_str("{{"),
        }
    }
    filled.push_str(rest);
    filled
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
    let [head, own, foot] =
        [&template.head, own, &template.foot].map(|part| clean(&fill(part, draft, to)));
    joined([&head, &own, &foot])
}

/// What somebody wrote of a message as it was sent, by the draft as it was sent: the body without head and foot. All of
/// it, where the campaign has others by now.
pub(crate) fn own<'a>(campaign: &Campaign, sent: &Draft, body: &'a str) -> &'a str {
    let to = recipients(campaign, sent);
    let [head, foot] =
        [&campaign.message.head, &campaign.message.foot].map(|part| clean(&fill(part, sent, &to)));
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
