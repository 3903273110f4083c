//! The message: the campaign's template, the supporter's words, and what stands for what.

use crate::campaign::{Campaign, STANDARD_FIELDS};
use crate::draft::{BODY, Draft, SUBJECT, clean};
use crate::find::split_once;
use crate::phone;

/// What stands between head, body and foot.
pub(crate) const GAP: &str = "\n\n";

impl Draft {
    /// The draft as it would be sent: its targets found, the phone number in its international form, placeholders
    /// filled, head and foot about the body.
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
        composed.set(SUBJECT, &fill(self.get(SUBJECT), &composed));
        composed.set(BODY, &body(campaign, &composed));
        composed
    }
}

/// Puts what was entered in the place of `{{given_name}}` and the like, once: what is entered is
/// not filled again. A placeholder that nobody knows stays as it stands.
pub fn fill(template: &str, draft: &Draft) -> String {
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
    STANDARD_FIELDS.contains(&name)
}

/// The names between `{{` and `}}` in a text, known or not.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(n, _)| n.trim())
}

/// The message as it would be sent: head, body and foot, a blank line between them.
pub fn body(campaign: &Campaign, draft: &Draft) -> String {
    let template = &campaign.message;
    let own = if template.editable { draft.get(BODY) } else { &template.body };
    let [head, own, foot] =
        [&template.head, own, &template.foot].map(|part| clean(&fill(part, draft)));
    joined([&head, &own, &foot])
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
