//! Composition of the message: the campaign's template, the supporter's text, and placeholders.

use crate::campaign::{Campaign, STANDARD_FIELDS, Target, kind_of};
use crate::draft::{BODY, Draft, SUBJECT, TARGETS, clean, clean_as, clean_line};
use crate::find::split_once;
use crate::phone;
use crate::targeting::recipients;
use crate::value::{LONGEST_SUBJECT, length};

/// Placeholders for the target, written between `{{` and `}}`.
pub const OF_TARGETS: [&str; 3] = ["target_name", "target_office", "target_organisation"];

/// Separator between head, body and foot.
pub(crate) const GAP: &str = "\n\n";

impl Draft {
    /// The draft as it would be sent: targets selected, phone number in international form, placeholders filled in,
    /// head and foot around the body; with `per_target`, also the message to each target.
    #[must_use]
    pub fn composed(&self, campaign: &Campaign) -> Self {
        let mut composed = self.clone();
        // Trimmed once, not for each placeholder, because a value may be a very long run of white space.
        for name in STANDARD_FIELDS {
            let value = clean_as(kind_of(name), self.get(name));
            if value != self.get(name) {
                composed.set(name, &value);
            }
        }
        composed.aim(campaign);
        let [country, phone] = ["country", "phone"].map(|name| composed.get(name));
        if !phone.is_empty()
            && let Some(number) = phone::international(country, phone)
        {
            composed.set("phone", &number);
        }
        let to = recipients(campaign, &composed);
        let written = |draft: &Draft, to: &[&Target]| {
            let subject = fill(&clean_line(self.get(SUBJECT)), draft, to, room(campaign, SUBJECT));
            [(SUBJECT, subject), (BODY, body(campaign, draft, to))]
        };
        if campaign.message.per_target {
            for target in &to {
                for (name, text) in written(&composed, &[target]) {
                    composed.set(&name_for(name, target), &text);
                }
            }
        }
        // Last, because it overwrites the input.
        for (name, text) in written(&composed, &to) {
            composed.set(name, &text);
        }
        composed
    }
}

/// A message as a target will see it, for a preview.
pub(crate) struct Letter<'a> {
    /// The target, if each gets a separate message.
    pub(crate) to: Option<&'a Target>,
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// The letters of an unfinished draft: an empty field that the campaign asks for is shown as `blank` of its name, and so
/// are targets that are still to be chosen.
pub(crate) fn letters<'a>(
    campaign: &'a Campaign,
    draft: &Draft,
    blank: impl Fn(&str) -> String,
) -> Vec<Letter<'a>> {
    let mut filled = draft.composed(campaign);
    let to = recipients(campaign, &filled);
    filled.set(BODY, draft.get(BODY));
    for name in STANDARD_FIELDS {
        if filled.get(name).is_empty() && campaign.field(name).is_some() {
            filled.set(name, &blank(name));
        }
    }
    let letter = |target: Option<&'a Target>, to: &[&Target]| {
        let subject = fill(&clean_line(draft.get(SUBJECT)), &filled, to, room(campaign, SUBJECT));
        Letter { to: target, subject, body: body(campaign, &filled, to) }
    };
    if to.is_empty() {
        let name = blank(TARGETS);
        let (office, organisation) = (name.clone(), name.clone());
        return vec![letter(None, &[&Target { name, office, organisation, ..Target::default() }])];
    }
    match campaign.message.per_target {
        true => to.iter().map(|target| letter(Some(target), &[target])).collect(),
        false => vec![letter(None, &to)],
    }
}

/// The name of the subject or body for a single target in a composed draft.
pub(crate) fn name_for(name: &str, target: &Target) -> String {
    [name, "/", target.id.as_str()].concat()
}

/// Whether the supporter may edit the suggested body and has not.
pub fn is_unchanged(campaign: &Campaign, draft: &Draft) -> bool {
    let template = &campaign.message;
    template.editable && clean(draft.get(BODY)) == clean(&template.body)
}

/// Maximum length to which a subject or body is filled in: enough for the form to say by how much a text is too long.
/// Without a limit, a request of a few kilobytes could expand to many megabytes.
pub(crate) fn room(campaign: &Campaign, name: &str) -> u32 {
    let most = if name == SUBJECT { LONGEST_SUBJECT } else { campaign.message.max };
    // `lint` allows no longer message.
    most.min(20_000) * 4
}

/// Replaces placeholders such as `{{given_name}}` by the draft's values. Values are not filled in again. A placeholder
/// for several targets lists them all. An unknown placeholder is left unchanged.
///
/// A template or a result of more than `most` Unicode scalar values is truncated there and marked with an ellipsis, so
/// that it remains too long when it is trimmed.
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
        // A placeholder must be closed before the next one begins.
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

/// A text with a length limit.
struct Filled {
    text: String,
    /// Characters left.
    room: u32,
    /// Whether it was truncated.
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
        // Otherwise white space at either end would be trimmed, and the rest might be short enough.
        if self.text.starts_with(char::is_whitespace) {
            self.text.insert(0, '…');
        }
        self.text.push('…');
        self.is_cut = true;
    }
}

/// Whether this is the name of a placeholder.
pub fn is_placeholder(name: &str) -> bool {
    STANDARD_FIELDS.contains(&name) || OF_TARGETS.contains(&name)
}

/// The target's value for a placeholder; empty if it is not one for targets.
pub(crate) fn of_target<'a>(target: &'a Target, name: &str) -> &'a str {
    match name {
        "target_name" => &target.name,
        "target_office" => &target.office,
        "target_organisation" => &target.organisation,
        _ => "",
    }
    .trim()
}

/// The names of all placeholders in a text, known or not.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(n, _)| n.trim())
}

/// The body as it would be sent: head, own text and foot, separated by blank lines.
pub fn body(campaign: &Campaign, draft: &Draft, to: &[&Target]) -> String {
    let template = &campaign.message;
    let own = if template.editable { draft.get(BODY) } else { &template.body };
    let room = room(campaign, BODY);
    let [head, own, foot] = [&template.head, own, &template.foot]
        .map(|part| clean(&fill(&clean(part), draft, to, room)));
    joined([&head, &own, &foot])
}

/// The supporter's own part of a body that was sent: without head and foot. If the campaign's head or foot has changed
/// since, the whole body.
pub(crate) fn own<'a>(campaign: &Campaign, sent: &Draft, body: &'a str) -> &'a str {
    let (to, room) = (recipients(campaign, sent), room(campaign, BODY));
    let [head, foot] = [&campaign.message.head, &campaign.message.foot]
        .map(|part| clean(&fill(&clean(part), sent, &to, room)));
    let gap = |part: &str| if part.is_empty() { "" } else { GAP };
    let (before, after) = ([&head, gap(&head)].concat(), [gap(&foot), &foot].concat());
    let rest = body.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after));
    rest.unwrap_or(body)
}

/// Head, body and foot, separated by blank lines; empty parts are left out.
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
