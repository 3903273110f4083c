//! JSON Schema of the campaign file, and its keys.

use super::pointer::unescaped;
use crate::campaign::Campaign;
use crate::json::{self, Json, Value, Writer};
use crate::shape::Shape;

/// The JSON Schema (2020-12) of the campaign file, for editors and other programs. It cannot express the rules between
/// values, which [`lint`](super::lint()) checks.
pub fn schema() -> String {
    let mut out = String::new();
    pretty(&campaign_schema(), 0, &mut out);
    out.push('\n');
    out
}

/// The schema as a JSON value.
pub(super) fn campaign_schema() -> Json {
    let mut out = Writer::default();
    out.object(|out| {
        out.key("$schema").text("https://json-schema.org/draft/2020-12/schema");
        out.key("title").text("A campaign of StandWith");
        out.key("description").text(
            "A campaign: its texts, targets, fields, consents and delivery. `standwith check` knows more \
             rules than this schema can say.",
        );
        Campaign::schema(out);
    });
    // The writer always produces valid JSON.
    let nothing = Json { line: 1, value: Value::Null };
    json::parse(&out.finish()).unwrap_or(nothing)
}

/// The keys that the schema allows in the object at this pointer into the file.
pub(super) fn known_keys<'s>(schema: &'s Json, pointer: &str) -> Vec<&'s str> {
    let mut at = schema;
    for step in pointer.split('/').skip(1) {
        let named = at.get("properties").and_then(|known| known.get(&unescaped(step)));
        match named.or_else(|| at.get("additionalProperties")).or_else(|| at.get("items")) {
            Some(next) => at = next,
            None => return Vec::new(),
        }
        if let Some(Value::List(choices)) = at.get("anyOf").map(|choices| &choices.value) {
            at = choices.iter().find(|choice| choice.get("properties").is_some()).unwrap_or(at);
        }
    }
    match at.get("properties").map(|known| &known.value) {
        Some(Value::Object(members)) => members.iter().map(|member| member.key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Writes indented JSON. A fraction becomes `null`; the schema has none.
pub(super) fn pretty(json: &Json, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    let quoted = |text: &str| {
        let mut writer = Writer::default();
        writer.text(text);
        writer.finish()
    };
    match &json.value {
        Value::Null | Value::Fraction => out.push_str("null"),
        Value::Bool(truth) => out.push_str(&truth.to_string()),
        Value::Whole(number) => out.push_str(&number.to_string()),
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                line(out, depth + 1);
                pretty(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                line(out, depth + 1);
                out.push_str(&quoted(&member.key));
                out.push_str(": ");
                pretty(&member.value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
    }
}
