//! The fields of the form and their answers.

use super::FieldId;
use crate::json::{Json, Writer};
use crate::shape::{Reading, Shape, record, string_enum};

record! { read
    /// A field of the form.
    pub struct Field {
        /// Name of a standard field, or a new name for a question of the campaign.
        id: FieldId,
        /// Kind of answer. A standard field has its own.
        kind: Option<Kind> = None,
        /// Whether an answer is required.
        required: bool = false,
        /// Label of the field. A standard field has its own.
        label: String = String::new(),
        /// Answers to choose from, each with a unique id.
        options: Vec<Answer> = Vec::new(),
        /// Maximum length of the answer, in Unicode scalar values, if lower than the usual one.
        max: Option<u32> = None,
    }
}

string_enum! {
    /// Kind of answer that a field takes.
    pub enum Kind: "\"text\", \"long_text\", \"email\", \"phone\", \"country\", \"choice\", \"choices\", \"checkbox\", \"number\" or \"date\"" {
        /// A line of text.
        Text = "text",
        /// Lines of text.
        LongText = "long_text",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// A country.
        Country = "country",
        /// One of the options.
        Choice = "choice",
        /// Some of the options.
        Choices = "choices",
        /// A box to tick.
        Checkbox = "checkbox",
        /// A whole number.
        Number = "number",
        /// A day.
        Date = "date",
    }
}

/// The standard fields, in the recommended order.
pub const STANDARD_FIELDS: [&str; 9] = [
    "given_name",
    "family_name",
    "email",
    "phone",
    "country",
    "region",
    "locality",
    "postal_code",
    "address",
];

/// The fields of a campaign file without `fields`.
pub(super) fn standard_fields() -> Vec<Field> {
    let ask = |id: &str| Field { id: FieldId(id.to_owned()), required: true, ..Field::default() };
    ["given_name", "family_name", "email", "country"].map(ask).into()
}

impl Field {
    /// The kind of answer: fixed for a standard field, else as the file says.
    pub fn kind(&self) -> Kind {
        let own = if self.is_standard() { None } else { self.kind };
        own.unwrap_or_else(|| kind_of(&self.id.0))
    }

    /// Whether this is one of [`STANDARD_FIELDS`], whose answer is part of `person`.
    pub fn is_standard(&self) -> bool {
        STANDARD_FIELDS.contains(&self.id.0.as_str())
    }
}

/// The kind of answer that a standard field takes; `Text` for any other name.
pub(crate) fn kind_of(name: &str) -> Kind {
    match name {
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "country" => Kind::Country,
        _ => Kind::Text,
    }
}

/// An answer to choose from. In the file, a plain string is both id and label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Id of the answer in actions.
    pub id: String,
    /// Label that the form shows.
    pub label: String,
}

impl Shape for Answer {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        if let Some(text) = json.text() {
            *self = Answer { id: text.to_owned(), label: text.to_owned() };
        } else {
            reading.keys(json, &["id", "label"]);
            reading.required(json, "id", &mut self.id);
            reading.required(json, "label", &mut self.label);
        }
    }
    fn schema(out: &mut Writer) {
        let member = |out: &mut Writer, key: &str| out.key(key).object(String::schema);
        out.key("anyOf").list(|out| {
            out.object(String::schema);
            out.object(|out| {
                out.key("type").text("object");
                out.key("additionalProperties").boolean(false);
                out.key("properties").object(|out| {
                    member(out, "id");
                    member(out, "label");
                });
                out.key("required").list(|out| ["id", "label"].iter().for_each(|k| out.text(k)));
            });
        });
    }
}
