//! The message: the campaign's template, the supporter's words, and what stands for what.

use crate::campaign::{Campaign, STANDARD_FIELDS};
use crate::draft::{BODY, Draft, clean};

/// Puts what was entered in the place of `{{given_name}}` and the like, once: what is entered is
/// not filled again. A placeholder that nobody knows stays as it stands.
pub fn fill(template: &str, draft: &Draft) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let named = after.split_once("}}").filter(|(name, _)| is_placeholder(name.trim()));
        match named {
            Some((name, after)) => {
                filled.push_str(draft.get(name.trim()).trim());
                rest = after;
            }
            None => {
                filled.push_str("{{");
                rest = after;
            }
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
    let parts = [&template.head, own, &template.foot].map(|part| clean(&fill(part, draft)));
    let mut body = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !body.is_empty() {
            body.push_str("\n\n");
        }
        body.push_str(part);
    }
    body
}
