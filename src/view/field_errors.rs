//! View of field errors and notices.

use super::Viewer;
use crate::campaign::{Field, Kind};
use crate::check::{FieldError, FieldErrorKind, consent_of};
use crate::draft::{BODY, SUBJECT, TARGETS, clean, clean_as};
use crate::find::split_once;
use crate::markup::{Attribute, Tag, html};
use crate::phone;
use crate::postcode;
use crate::session::Notice;
use crate::text::Key;
use crate::value::find_control;

impl Viewer<'_> {
    pub(super) fn summary(&mut self) {
        if self.session.entered.field_errors.is_empty() {
            self.out.nothing()
        } else {
            self.field_errors()
        }
    }

    pub(super) fn field_errors(&mut self) {
        let field_errors = &self.session.entered.field_errors;
        // The alert is a child of the element that gets the focus, so that it is announced even if the focus is there
        // already.
        self.out.put(html!(
            "<div class=\"summary\" id=\"form-summary\" role=\"group\" part=\"summary\" tabindex=\"-1\" aria-labelledby=\"form-summary-heading\"><div role=\"alert\"><h3 id=\"form-summary-heading\">"
        ));
        self.say(Key::SummaryHeading);
        self.out.put(html!("</h3><ul>"));
        // In the order of the form.
        for field_error in field_errors {
            self.out.begin(Tag::Li);
            let shown = self.is_shown(&field_error.field);
            if shown {
                self.out.begin(Tag::A);
                self.out.set(Attribute::Href, &["#", &field_error.field].concat());
            }
            self.field_error(field_error);
            if shown {
                self.out.end();
            }
            self.out.end();
        }
        self.out.put(html!("</ul></div></div>"));
    }

    pub(super) fn notice(&mut self) {
        match &self.session.notice {
            None => self.out.nothing(),
            // A different element from the alert that may follow, so that the alert is announced. `status` announces
            // this text.
            Some(Notice::Trying | Notice::Proving) => {
                self.out.put(html!("<p class=\"notice\" id=\"form-trying\">"));
                self.say(self.waits_for().unwrap_or(Key::Sending));
                self.out.end();
            }
            Some(notice) => self.trouble(notice),
        }
    }

    /// The text while a submission takes longer.
    pub(super) fn waits_for(&self) -> Option<Key> {
        match self.session.notice {
            Some(Notice::Trying) => Some(Key::Trying),
            Some(Notice::Proving) => Some(Key::Proving),
            _ => None,
        }
    }

    pub(super) fn trouble(&mut self, notice: &Notice) {
        let (key, count, code) = match notice {
            Notice::Unreachable => (Key::Unreachable, 0, ""),
            Notice::Busy(None) => (Key::Busy, 0, ""),
            Notice::Busy(Some(seconds)) => (Key::BusySeconds, *seconds, ""),
            Notice::Refused(code) => (Key::RefusedWhole, 0, code.as_str()),
            Notice::Closed => (Key::ClosedMeanwhile, 0, ""),
            Notice::CannotSign => (Key::CannotSign, 0, ""),
            Notice::CannotSeal => (Key::CannotSeal, 0, ""),
            Notice::Vetoed => (Key::Vetoed, 0, ""),
            Notice::Nudge => (Key::Nudge, 0, ""),
            Notice::Trying => (Key::Trying, 0, ""),
            Notice::Proving => (Key::Proving, 0, ""),
            Notice::NotKept => (Key::KeepFailed, 0, ""),
            Notice::Dropped => (Key::KeptDeleted, 0, ""),
            Notice::KeptRefused(code) => (Key::KeptRefused, 0, code.as_str()),
            Notice::Elsewhere => (Key::KeptElsewhere, 0, ""),
            Notice::Before => (Key::SentAsBefore, 0, ""),
            Notice::Expired => (Key::KeptExpired, 0, ""),
            Notice::Repainted => (Key::Repainted, 0, ""),
            Notice::Recheck => (Key::Recheck, 0, ""),
        };
        self.out.put(html!("<div class=\"notice\" id=\"form-notice\" tabindex=\"-1\">"));
        // These notices are not errors.
        let calm = matches!(
            notice,
            Notice::Nudge | Notice::Dropped | Notice::Elsewhere | Notice::Before | Notice::Recheck
        );
        self.set_if(!calm, Attribute::Region, "error");
        self.out.put(html!("<p role=\"alert\">"));
        self.tell(key, i64::from(count), "code", code);
        if matches!(notice, Notice::Unreachable | Notice::Busy(_)) && self.session.may_queue() {
            self.ask_to_keep();
        }
        self.out.end();
    }

    /// Writes the sentence for a field error.
    #[inline(never)]
    pub(super) fn field_error(&mut self, field_error: &FieldError) {
        let name = field_error.field.as_str();
        let (key, count) = match field_error.kind {
            FieldErrorKind::Missing => (
                match name {
                    "given_name" => Key::MissingGivenName,
                    "family_name" => Key::MissingFamilyName,
                    "email" => Key::MissingEmail,
                    "phone" => Key::MissingPhone,
                    "country" => Key::MissingCountry,
                    "region" => Key::MissingRegion,
                    "locality" => Key::MissingLocality,
                    "postal_code" => Key::MissingPostalCode,
                    "address" => Key::MissingAddress,
                    SUBJECT => Key::MissingSubject,
                    BODY => Key::MissingBody,
                    TARGETS => Key::TargetsNone,
                    _ if consent_of(self.campaign, name).is_some() => Key::MissingConsent,
                    _ => Key::MissingAnswer,
                },
                0,
            ),
            FieldErrorKind::TooLong(most) => (Key::TooLong, most),
            FieldErrorKind::TooShort(least) => (Key::TooShort, least),
            FieldErrorKind::TooFew(least) => (Key::TooFewTargets, least),
            FieldErrorKind::TooMany(most) => (Key::TooManyTargets, most),
            FieldErrorKind::ControlCharacter => return self.control_character(name),
            FieldErrorKind::UnknownChoice if name == "country" => (Key::MissingCountry, 0),
            FieldErrorKind::UnknownChoice => (Key::UnknownChoice, 0),
            FieldErrorKind::Altered => (Key::Altered, 0),
            FieldErrorKind::Refused => (Key::Refused, 0),
            FieldErrorKind::Malformed => {
                let key = match self.campaign.field(name).map(Field::kind) {
                    _ if name == "postal_code" => Key::MalformedPostalCode,
                    Some(Kind::Email) => Key::MalformedEmail,
                    Some(Kind::Phone) => Key::MalformedPhone,
                    Some(Kind::Number) => Key::MalformedNumber,
                    Some(Kind::Date) => Key::MalformedDate,
                    _ => Key::Refused,
                };
                (key, 0)
            }
        };
        let country = self.session.entered.draft.get("country");
        let example = match key {
            Key::MalformedPhone => phone::example(country).to_owned(),
            _ => postcode::example(country),
        };
        let values = [("label", self.label_of(name)), ("example", example.as_str())];
        let text = self.locale.say_count(key, i64::from(count), &values);
        self.out.text(&text);
    }

    /// Writes which control character must be removed, and the word before it, if there is one.
    fn control_character(&mut self, name: &str) {
        // The same normal form as in validation.
        let draft = self.session.draft().composed(self.campaign);
        let kind = self.campaign.field(name).map_or(Kind::Text, Field::kind);
        let is_lines = kind == Kind::LongText || name == BODY;
        let is_named =
            |known: &&str| *known == name || split_once(known, "/").is_some_and(|it| it.0 == name);
        let found = draft.names().filter(is_named).find_map(|known| {
            let value =
                if is_lines { clean(draft.get(known)) } else { clean_as(kind, draft.get(known)) };
            let (at, c) = find_control(&value, is_lines)?;
            Some((value.get(..at)?.to_owned(), c))
        });
        let label = self.label_of(name);
        let text = match found {
            None => self.locale.say_with(Key::Refused, &[("label", label)]),
            Some((before, c)) => {
                let code = code_point(c);
                let word = last_word(&before);
                let key = if word.is_empty() {
                    Key::ControlCharacter
                } else {
                    Key::ControlCharacterAfter
                };
                self.locale.say_with(key, &[("label", label), ("code", &code), ("text", word)])
            }
        };
        self.out.text(&text);
    }
}

/// The usual name of a character: `U+200E`.
fn code_point(c: char) -> String {
    let mut name = "U+".to_owned();
    for place in [12, 8, 4, 0] {
        name.extend(char::from_digit(c as u32 >> place & 15, 16).map(|it| it.to_ascii_uppercase()));
    }
    name
}

/// The last word of a text, at most its last 24 characters; empty if the text ends with white space.
fn last_word(text: &str) -> &str {
    let begins = text.char_indices().rev().take(24).take_while(|(_, c)| !c.is_whitespace()).last();
    begins.and_then(|(at, _)| text.get(at..)).unwrap_or_default()
}
