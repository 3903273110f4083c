//! Validator for one draft, value by value, in the order of the form.

use super::field_error::{FieldError, FieldErrorKind, is_named_by_us};
use super::limits::limits;
use super::{MESSAGES, consent_of};
use crate::action::{Agreement, AnswerValue, Message, Person, PublicName};
use crate::campaign::{Campaign, Field, FieldId, Kind, STANDARD_FIELDS, Target, TargetingMode};
use crate::country;
use crate::draft::{
    BODY, CONSENT, Draft, PUBLIC, SUBJECT, TARGETS, TICKED, clean, clean_as, clean_line,
    consent_name,
};
use crate::message;
use crate::phone::is_phone;
use crate::postcode;
use crate::shape::Table;
use crate::targeting::{self, Offer};
use crate::value::{distinct, holds_control, is_blank, is_date, is_email, is_number, length};

pub(super) struct Validator<'a> {
    pub(super) campaign: &'a Campaign,
    pub(super) draft: &'a Draft,
    pub(super) offer: Offer<'a>,
    pub(super) field_errors: Vec<FieldError>,
}

impl Validator<'_> {
    pub(super) fn field_error(&mut self, field: &str, kind: FieldErrorKind) {
        if !self.field_errors.iter().any(|known| known.field == field) {
            self.field_errors.push(FieldError::new(field, kind));
        }
    }

    pub(super) fn fields(&mut self) -> (Person, Table<AnswerValue>) {
        let campaign = self.campaign;
        let (mut person, mut answers) = (Person::default(), Vec::new());
        for field in campaign.fields_on_screen() {
            let name = field.id.as_str();
            if field.is_standard() {
                person.set(name, self.line(field));
                continue;
            }
            let given = match field.kind() {
                Kind::Choices => AnswerValue::Several(self.choices(field)),
                _ => AnswerValue::One(self.line(field)),
            };
            if given.values().iter().any(|value| !value.is_empty()) {
                answers.push((name.to_owned(), given));
            }
        }
        let asked = |name: &str| campaign.field(name).is_some();
        for name in STANDARD_FIELDS.into_iter().filter(|name| !asked(name)) {
            // A standard field that the form does not ask for is validated by the same rules.
            let unasked = Field { id: FieldId(name.to_owned()), ..Field::default() };
            person.set(name, self.line(&unasked));
        }
        let draft = self.draft;
        for name in draft.names() {
            if let Some((SUBJECT | BODY, id)) = name.split_once('/') {
                let known = || campaign.targets.iter().any(|target| target.id.0 == id);
                if !campaign.message.per_target || !known() {
                    self.field_error(MESSAGES, FieldErrorKind::UnknownChoice);
                }
            } else if !name.starts_with(CONSENT) && !is_named_by_us(name) && !asked(name) {
                self.field_error(name, FieldErrorKind::UnknownChoice);
            }
        }
        (person, Table(answers))
    }

    /// Validates several values, each of which must be one of the options.
    pub(super) fn choices(&mut self, field: &Field) -> Vec<String> {
        let name = field.id.as_str();
        let known = field.options.iter().map(|option| option.id.as_str());
        let Some(chosen) = distinct(self.draft.all(name), known) else {
            self.field_error(name, FieldErrorKind::UnknownChoice);
            return Vec::new();
        };
        if chosen.is_empty() && field.required {
            self.field_error(name, FieldErrorKind::Missing);
        }
        chosen
    }

    /// Validates one value by the field's kind.
    pub(super) fn line(&mut self, field: &Field) -> String {
        let name = field.id.as_str();
        let kind = field.kind();
        let value = clean_as(kind, self.draft.get(name));
        let is_needed = field.required || self.offer.waits == Some(name);
        if value.is_empty() || (is_needed && is_blank(&value)) {
            if is_needed {
                self.field_error(name, FieldErrorKind::Missing);
            }
            return value;
        }
        let (_, most) = limits(self.campaign, name);
        let chosen = || field.options.iter().any(|option| option.id == value);
        let is_postcode = || postcode::fits(self.draft.get("country").trim(), &value);
        let fault = if holds_control(&value, kind == Kind::LongText) {
            Some(FieldErrorKind::ControlCharacter)
        } else if length(&value) > most {
            Some(FieldErrorKind::TooLong(most))
        } else {
            match kind {
                Kind::Email if !is_email(&value) => Some(FieldErrorKind::Malformed),
                Kind::Phone if !is_phone(&value) => Some(FieldErrorKind::Malformed),
                Kind::Number if !is_number(&value) => Some(FieldErrorKind::Malformed),
                Kind::Date if !is_date(&value) => Some(FieldErrorKind::Malformed),
                Kind::Country if !country::is_known(&value) => Some(FieldErrorKind::UnknownChoice),
                Kind::Choice if !chosen() => Some(FieldErrorKind::UnknownChoice),
                Kind::Checkbox if value != TICKED => Some(FieldErrorKind::UnknownChoice),
                _ if name == "postal_code" && !is_postcode() => Some(FieldErrorKind::Malformed),
                _ => None,
            }
        };
        if let Some(fault) = fault {
            self.field_error(name, fault);
        } else if self.offer.waits == Some(name) {
            // Without it, no target can be selected.
            self.field_error(name, FieldErrorKind::Missing);
        }
        value
    }

    pub(super) fn targets(&mut self) -> Vec<String> {
        let known = &self.campaign.targets;
        let ids = known.iter().map(|target| target.id.as_str());
        let Some(chosen) = distinct(self.draft.all(TARGETS), ids.clone()) else {
            self.field_error(TARGETS, FieldErrorKind::UnknownChoice);
            return Vec::new();
        };
        let ids = ids.map(str::to_owned);
        let by_lot = self.campaign.targeting.mode == TargetingMode::Random;
        let offer = &self.offer;
        let (least, most) = match offer.choice {
            // Only the form knows which targets were picked at random.
            _ if by_lot => targeting::limits(self.campaign),
            // The missing field is reported at that field.
            _ if offer.waits.is_some() => return Vec::new(),
            _ if chosen.iter().any(|id| !offer.includes(id)) => {
                self.field_error(TARGETS, FieldErrorKind::UnknownChoice);
                return Vec::new();
            }
            None if offer.targets.is_empty() => {
                self.field_error(TARGETS, FieldErrorKind::Missing);
                return Vec::new();
            }
            None => return offer.targets.iter().map(|target| target.id.0.clone()).collect(),
            Some(limits) => limits,
        };
        let count = chosen.len() as u32;
        if count < least {
            self.field_error(TARGETS, FieldErrorKind::TooFew(least));
        } else if count > most {
            self.field_error(TARGETS, FieldErrorKind::TooMany(most));
        }
        // In the campaign's order, so that the same choice gives the same bytes.
        ids.filter(|id| chosen.contains(id)).collect()
    }

    /// Validates the message to all of these targets, or the one to each.
    pub(super) fn messages(&mut self, targets: &[String]) -> (Message, Table<Message>) {
        let campaign = self.campaign;
        let to: Vec<&Target> =
            campaign.targets.iter().filter(|target| targets.contains(&target.id.0)).collect();
        if !campaign.message.per_target || to.is_empty() {
            return (self.message([SUBJECT, BODY], &to), Table::default());
        }
        let mut messages = Vec::new();
        for target in to {
            let names = [SUBJECT, BODY].map(|name| message::name_for(name, target));
            let message = self.message([&names[0], &names[1]], &[target]);
            messages.push((target.id.0.clone(), message));
        }
        (Message::default(), Table(messages))
    }

    /// Validates the message whose subject and body have these names in the draft.
    pub(super) fn message(&mut self, names: [&str; 2], to: &[&Target]) -> Message {
        let template = &self.campaign.message;
        let [subject, body] = names.map(|name| self.draft.get(name));
        let (subject, body) = (clean_line(subject), clean(body));
        for (name, value) in [(SUBJECT, &subject), (BODY, &body)] {
            let (least, most) = limits(self.campaign, name);
            let count = length(value);
            if is_blank(value) {
                self.field_error(name, FieldErrorKind::Missing);
            } else if holds_control(value, name == BODY) {
                self.field_error(name, FieldErrorKind::ControlCharacter);
            } else if count < least {
                self.field_error(name, FieldErrorKind::TooShort(least));
            } else if count > most {
                self.field_error(name, FieldErrorKind::TooLong(most));
            }
        }
        let room = message::room(self.campaign, BODY);
        let filled = |part: &str| clean(&message::fill(&clean(part), self.draft, to, room));
        let (subject_stands, body_stands) = if template.editable {
            (true, is_framed(&body, &filled(&template.head), &filled(&template.foot)))
        } else {
            let is = |known: &String| {
                clean_line(&message::fill(&clean_line(known), self.draft, to, room)) == subject
            };
            (template.subjects.iter().any(is), body == message::body(self.campaign, self.draft, to))
        };
        for (name, stands) in [(SUBJECT, subject_stands), (BODY, body_stands)] {
            if !stands {
                self.field_error(name, FieldErrorKind::Altered);
            }
        }
        Message { subject, body }
    }

    pub(super) fn consents(&mut self) -> Vec<Agreement> {
        let campaign = self.campaign;
        let country = self.draft.get("country");
        let asked = campaign.consents.iter().filter(|consent| consent.is_asked_in(country));
        let mut agreements = Vec::new();
        for consent in asked {
            let name = consent_name(consent.purpose.as_str());
            let granted = self.draft.has(&name, TICKED);
            if consent.required && !granted {
                self.field_error(&name, FieldErrorKind::Missing);
            }
            agreements.push(Agreement {
                purpose: consent.purpose.0.clone(),
                granted,
                wording: consent.wording.clone(),
            });
        }
        let draft = self.draft;
        for name in draft.names() {
            if name.starts_with(CONSENT) && consent_of(campaign, name).is_none() {
                self.field_error(name, FieldErrorKind::UnknownChoice);
            }
        }
        agreements
    }

    pub(super) fn public(&mut self) -> PublicName {
        let word = self.draft.get(PUBLIC);
        if !word.is_empty() && PublicName::of(word).is_none() {
            self.field_error(PUBLIC, FieldErrorKind::UnknownChoice);
        }
        PublicName::of(word).unwrap_or_default()
    }
}

/// Whether a body begins with the head and ends with the foot, joined as in [`message::joined`].
pub(super) fn is_framed(body: &str, head: &str, foot: &str) -> bool {
    let gap = |part: &str| if part.is_empty() { "" } else { message::GAP };
    let (before, after) = ([head, gap(head)].concat(), [gap(foot), foot].concat());
    let own = body.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after));
    own.is_some() || body == message::joined([head, "", foot])
}
