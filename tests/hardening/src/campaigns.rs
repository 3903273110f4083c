//! Campaign files with given texts in every place that has a text.

use standwith::json::{self, Json, Value, Writer};

/// A campaign file with every text and every address, as JSON. `"TEXT"` is replaced by a text of one line, `"TEXTS"` by
/// one that may have several, `"ADDRESS"` by an address.
const TEMPLATE: &str = r##"{
  "id": "hostile", "title": "TEXT", "story": "TEXTS",
  "picture": { "url": "ADDRESS", "alt": "TEXT" },
  "publisher": { "name": "TEXT", "url": "ADDRESS", "privacy_url": "ADDRESS" },
  "targets": [
    { "id": "a", "name": "TEXT", "office": "TEXT", "organisation": "TEXT", "country": "KH",
      "email": "TEXT", "picture": { "url": "ADDRESS", "alt": "TEXT" } },
    { "id": "b", "name": "TEXT", "office": "TEXT", "organisation": "TEXT", "email": "TEXT" }
  ],
  "targeting": { "mode": "choose" },
  "message": { "subjects": ["TEXT", "TEXT"], "head": "TEXTS", "body": "TEXTS", "foot": "TEXTS",
    "min": 0, "max": 4000000, "nudge": true },
  "fields": [
    { "id": "given_name", "label": "TEXT" }, { "id": "email" }, { "id": "country" },
    { "id": "line", "kind": "text", "label": "TEXT" },
    { "id": "lines", "kind": "long_text", "label": "TEXT" },
    { "id": "one", "kind": "choice", "label": "TEXT", "options": [{ "id": "TEXT", "label": "TEXT" }] },
    { "id": "some", "kind": "choices", "label": "TEXT",
      "options": [{ "id": "x", "label": "TEXT" }, { "id": "TEXT", "label": "y" }] },
    { "id": "tick", "kind": "checkbox", "label": "TEXT" }
  ],
  "consents": [
    { "purpose": "updates", "wording": "TEXTS" },
    { "purpose": "partner", "wording": "TEXTS",
      "organisation": { "name": "TEXT", "url": "ADDRESS", "privacy_url": "ADDRESS" } }
  ],
  "thanks": "TEXTS",
  "share": { "text": "TEXTS", "url": "ADDRESS", "texts": { "whatsapp": "TEXTS", "telegram": "TEXTS",
    "signal": "TEXTS", "bluesky": "TEXTS", "x": "TEXTS", "email": "TEXTS", "copy": "TEXTS", "more": "TEXTS" } },
  "next": { "label": "TEXT", "url": "ADDRESS" },
  "theme": { "accent": "#0b6e4f" },
  "delivery": { "modes": ["server", "mail-app"], "disclose": ["name", "email"] },
  "at_risk": { "own_government": ["KH"], "exit_url": "ADDRESS",
    "advice": [{ "label": "TEXT", "url": "ADDRESS" }, { "label": "TEXT", "url": "ADDRESS" }] },
  "variants": [{ "id": "v", "title": "TEXT", "story": "TEXTS",
    "message": { "subjects": ["TEXT", "TEXT"], "head": "TEXTS", "body": "TEXTS", "foot": "TEXTS" } }]
}"##;

/// The values for a campaign file's texts and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A text of one line.
    Line,
    /// A text of several lines.
    Lines,
    /// An address.
    Address,
}

/// The campaign file with the value for each place, in the order of the file.
pub fn saying(say: impl FnMut(Place) -> String) -> String {
    let mut out = Writer::default();
    let mut say = say;
    if let Ok(template) = json::parse(TEMPLATE) {
        write(&template, &mut say, &mut out);
    }
    out.finish()
}

fn write(json: &Json, say: &mut dyn FnMut(Place) -> String, out: &mut Writer) {
    match &json.value {
        Value::Text(text) => match text.as_str() {
            "TEXT" => out.text(&say(Place::Line)),
            "TEXTS" => out.text(&say(Place::Lines)),
            "ADDRESS" => out.text(&say(Place::Address)),
            other => out.text(other),
        },
        Value::Object(members) => out.object(|out| {
            for member in members {
                write(&member.value, say, out.key(&member.key));
            }
        }),
        Value::List(items) => out.list(|out| items.iter().for_each(|item| write(item, say, out))),
        Value::Whole(number) => out.whole(*number),
        Value::Bool(truth) => out.boolean(*truth),
        Value::Null | Value::Fraction => out.json("null"),
    }
}
