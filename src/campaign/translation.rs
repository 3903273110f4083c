//! Texts of a translation or a variant, and how they replace the campaign's own.

use super::{Answer, FieldId, Id, Link, ShareTexts};
use crate::find::find;
use crate::json::{Json, Member, Value, Writer};
use crate::shape::{MOST_ITEMS, Reading, Shape, Table, record};

record! { read
    /// Alternative texts for an A/B test; missing ones are the campaign's own.
    pub struct Variant {
        /// Id of the variant, named in actions.
        id: Id,
        /// Relative weight for random selection; default 1.
        weight: u32 = 1,
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// Texts of a campaign in another language; missing ones stay in the campaign's own.
    pub struct Translation {
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Texts of the picture.
        picture: PictureText = PictureText::default(),
        /// Texts of the publisher.
        publisher: PublisherText = PublisherText::default(),
        /// Texts of targets, by `id`.
        targets: Vec<TargetText> = Vec::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
        /// Texts of fields, by `id`.
        fields: Vec<FieldText> = Vec::new(),
        /// Texts of consents, by `purpose`.
        consents: Vec<ConsentText> = Vec::new(),
        /// Text shown after sending.
        thanks: String = String::new(),
        /// Sharing after sending.
        share: ShareText = ShareText::default(),
        /// Next step after sending.
        next: NextText = NextText::default(),
        /// Texts for people at risk.
        at_risk: RiskText = RiskText::default(),
        /// Texts of variants, by `id`; each is complete.
        variants: Vec<VariantText> = Vec::new(),
    }

    /// Texts of a variant.
    pub struct VariantText {
        /// Id of the variant.
        id: Id,
        /// Heading of the form.
        title: String = String::new(),
        /// Explanation of the campaign.
        story: String = String::new(),
        /// Suggested message.
        message: TemplateText = TemplateText::default(),
    }

    /// Texts of a picture.
    pub struct PictureText {
        /// Alternative text.
        alt: String = String::new(),
    }

    /// Texts of a publisher.
    pub struct PublisherText {
        /// Name of the organisation.
        name: String = String::new(),
        /// Privacy notice in this language.
        privacy_url: String = String::new(),
    }

    /// Texts of a target.
    pub struct TargetText {
        /// Id of the target.
        id: Id,
        /// Name or form of address.
        name: String = String::new(),
        /// Office held.
        office: String = String::new(),
        /// Institution of the office.
        organisation: String = String::new(),
        /// Texts of the picture.
        picture: PictureText = PictureText::default(),
    }

    /// Texts of a message.
    pub struct TemplateText {
        /// Subjects, as many as the campaign has.
        subjects: Vec<String> = Vec::new(),
        /// Fixed text before the body.
        head: String = String::new(),
        /// Suggested body.
        body: String = String::new(),
        /// Fixed text after the body.
        foot: String = String::new(),
    }

    /// Texts of a field.
    pub struct FieldText {
        /// Id of the field.
        id: FieldId,
        /// Label.
        label: String = String::new(),
        /// Texts of answers, by `id`.
        options: Vec<Answer> = Vec::new(),
    }

    /// Texts of a consent.
    pub struct ConsentText {
        /// Purpose of the consent.
        purpose: FieldId,
        /// Wording beside the checkbox.
        wording: String,
        /// Texts of the organisation.
        organisation: PublisherText = PublisherText::default(),
    }

    /// Sharing.
    pub struct ShareText {
        /// Text to share.
        text: String = String::new(),
        /// URL to share in this language.
        url: String = String::new(),
        /// Texts for single channels.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// Texts of the next step.
    pub struct NextText {
        /// Text of the link.
        label: String = String::new(),
        /// Address of the link.
        url: String = String::new(),
    }

    /// Texts for people at risk.
    pub struct RiskText {
        /// Links to advice in this language; they replace all of the campaign's.
        advice: Vec<Link> = Vec::new(),
    }
}

/// The campaign's languages, the default one first. A [`Campaign`](super::Campaign) already has the texts of its own
/// language, so only the names of the languages are stored; `lint` reads each one as a [`Translation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translations(pub Vec<String>);

impl Shape for Translations {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        if !matches!(json.value, Value::Object(_)) {
            reading.expected(json, "an object in braces");
        }
    }
    fn schema(out: &mut Writer) {
        Table::<Translation>::schema(out);
    }
}

/// The keys of a translation that hold texts, or objects and lists of texts, at any depth.
const TEXTS: &str = " title story picture publisher targets message fields consents thanks share next at_risk variants \
    alt name privacy_url office organisation subjects head body foot label options wording text url texts whatsapp \
    telegram signal bluesky x email copy more advice ";

/// Whether a translation may replace the member `key` of the object under `of`: only texts, never a setting.
fn is_text(of: &str, key: &str) -> bool {
    match key {
        "url" => ["share", "next", "advice"].contains(&of),
        "email" => of == "texts",
        _ => find(TEXTS, &[" ", key, " "].concat()).is_some(),
    }
}

/// Merges a translation `over` into the value `under`, whose key is `key`: objects member by member, list items with
/// an `id` or `purpose` by that name, strings and lists of strings as a whole. A list of named items never grows; ids,
/// switches and numbers are the same in every language.
pub(super) fn lay_over(under: &mut Json, over: Json, key: &str) {
    match (&mut under.value, over.value) {
        // `at_risk: false` holds for all languages.
        (Value::Bool(false), _) => {}
        (Value::List(items), Value::List(overs)) if !is_replaced(key) => {
            // The reader accepts no longer list.
            for over in overs.into_iter().take(MOST_ITEMS) {
                let named =
                    |item: &&mut Json| name_of(item).is_some_and(|n| name_of(&over) == Some(n));
                if let Some(item) = items.iter_mut().take(MOST_ITEMS).find(named) {
                    lay_over(item, over, key);
                }
            }
        }
        (value, Value::Object(overs)) => {
            if !matches!(value, Value::Object(_)) {
                let id = std::mem::replace(value, Value::Null);
                let id =
                    Member { key: "id".to_owned(), value: Json { line: over.line, value: id } };
                // A plain string is an answer and its id.
                let is_answer = matches!(id.value.value, Value::Text(_));
                *value = Value::Object(if is_answer { vec![id] } else { Vec::new() });
            }
            let Value::Object(members) = value else { return };
            for Member { key: name, value: over } in overs {
                if !is_text(key, &name) {
                    continue;
                }
                let place = members.iter().position(|member| member.key == name);
                let place = match (place, &over.value) {
                    (Some(place), _) => place,
                    (None, Value::List(_)) if !is_replaced(&name) => continue,
                    (None, _) if name == "at_risk" => continue,
                    (None, _) => {
                        let value = Json { line: over.line, value: Value::Null };
                        members.push(Member { key: name.clone(), value });
                        members.len() - 1
                    }
                };
                lay_over(&mut members[place].value, over, &name);
            }
        }
        (Value::Bool(_) | Value::Object(_), _) => {}
        (value, other) => {
            *value = other;
            under.line = over.line;
        }
    }
}

/// Whether a translation replaces the list under this key as a whole, because its items have no names.
fn is_replaced(key: &str) -> bool {
    key == "subjects" || key == "advice"
}

/// The name of a list item: its `id` or `purpose`. A plain string is an answer and its id.
fn name_of(json: &Json) -> Option<&str> {
    json.text().or_else(|| json.get("id").or_else(|| json.get("purpose"))?.text())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

    use super::*;
    use crate::campaign::Campaign;
    use crate::json;

    /// The members of an object, or of the objects in a list, by its schema.
    fn members(schema: &Json) -> Vec<(&str, &Json)> {
        if let Some(items) = schema.get("items") {
            return members(items);
        }
        if let Some(Value::List(choices)) = schema.get("anyOf").map(|choices| &choices.value) {
            return choices.iter().flat_map(members).collect();
        }
        match schema.get("properties").map(|properties| &properties.value) {
            Some(Value::Object(all)) => all.iter().map(|m| (m.key.as_str(), &m.value)).collect(),
            _ => Vec::new(),
        }
    }

    fn compare(key: &str, own: &Json, translation: &Json) -> usize {
        let translated = members(translation);
        let mut texts = 0;
        for (name, own) in members(own) {
            let text = translated.iter().find(|(known, _)| *known == name);
            let is_name = name == "id" || name == "purpose";
            assert_eq!(is_text(key, name), text.is_some() && !is_name, "{key}/{name}");
            if let Some((_, text)) = text {
                texts += 1 + compare(name, own, text);
            }
        }
        texts
    }

    #[test]
    fn lays_over_what_the_schema_of_translations_has_and_nothing_else() {
        let schema = |write: fn(&mut Writer)| {
            let mut out = Writer::default();
            out.object(write);
            json::parse(&out.finish()).unwrap()
        };
        let texts = compare("", &schema(Campaign::schema), &schema(Translation::schema));
        assert!(texts > 40, "{texts}");
    }
}
