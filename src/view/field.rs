//! View of a field: label, hint, error and control.

use super::Viewer;
use crate::campaign::{Answer, Field, Kind, Publisher};
use crate::check::{FieldError, consent_of};
use crate::draft::{BODY, CONSENT, PUBLIC, SUBJECT, TARGETS, TICKED};
use crate::markdown;
use crate::markup::{Attribute, Tag, html};
use crate::targeting::offered;
use crate::text::Key;

/// Description of a field, apart from its control.
pub(super) struct FieldContext<'a> {
    pub(super) name: &'a str,
    pub(super) required: bool,
    /// A hint: the sentence, and the number in it.
    pub(super) hint: Option<(Key, u32)>,
    pub(super) field_error: Option<&'a FieldError>,
    /// Characters left.
    pub(super) left: Option<i64>,
    /// The organisation that a consent is given to, if not the publisher.
    pub(super) given_to: Option<&'a Publisher>,
}

/// Kind of control.
pub(super) enum Control<'a> {
    Line { kind: &'a str, inputmode: &'a str },
    Lines { rows: &'a str },
    Country,
    One(&'a [Answer]),
    Several(&'a [Answer]),
    Tick,
}

impl<'a> Viewer<'a> {
    pub(super) fn field(&mut self, field: &Field) {
        let line = |kind, inputmode| Control::Line { kind, inputmode };
        let control = match field.kind() {
            Kind::Text => line("text", ""),
            Kind::Email => line("email", "email"),
            Kind::Phone => line("tel", "tel"),
            Kind::Number => line("text", "numeric"),
            Kind::Date => line("date", ""),
            Kind::LongText => Control::Lines { rows: "5" },
            Kind::Country => Control::Country,
            Kind::Choice => Control::One(&field.options),
            Kind::Choices => Control::Several(&field.options),
            Kind::Checkbox => Control::Tick,
        };
        let context = self.context(field.id.as_str(), field.required);
        self.filled(&context, &control);
    }

    /// The description of the field with this name.
    pub(super) fn context<'t>(&self, name: &'t str, required: bool) -> FieldContext<'t>
    where
        'a: 't,
    {
        let field_error =
            self.session.entered.field_errors.iter().find(|field_error| field_error.field == name);
        FieldContext { name, required, hint: None, field_error, left: None, given_to: None }
    }

    /// A field with its current value.
    pub(super) fn filled(&mut self, context: &FieldContext<'_>, control: &Control<'_>) {
        let session = self.session;
        let value = session.entered.draft.get(context.name);
        if matches!(control, Control::Several(_) | Control::Tick) {
            return self.boxes(context, value, control);
        }
        self.begin_field(context);
        self.label(context);
        self.told_of(context);
        self.simple(context, value, control);
        match context.left {
            None => self.out.nothing(),
            Some(left) => {
                let over = left < 0;
                let key = if over { Key::CharactersOver } else { Key::CharactersLeft };
                self.begin_told(context, "-remaining", "hint");
                self.tell(key, left.abs(), "", "");
            }
        }
        if session.entered.help.suggestion.is_some() {
            self.suggestion(context.name);
        }
        self.out.end();
    }

    /// A field with checkboxes.
    pub(super) fn boxes(&mut self, context: &FieldContext<'_>, value: &str, control: &Control<'_>) {
        let Control::Several(options) = control else {
            self.begin_field(context);
            self.told_of(context);
            self.out.put(html!(
                "<div class=\"box\"><input part=\"input\" type=\"checkbox\" value=\"on\">"
            ));
            self.control(context);
            self.set_if(value == TICKED, Attribute::Checked, "");
            self.out.end();
            self.label(context);
            self.out.end();
            self.given_to(context);
            return self.out.end();
        };
        self.group(context);
        for (index, option) in options.iter().enumerate() {
            self.box_of(context, index, &option.id, &option.label, "", None);
        }
        self.out.end();
        self.out.end();
    }

    pub(super) fn begin_field(&mut self, context: &FieldContext<'_>) {
        self.out.put(html!("<div part=\"field\">"));
        let class = if context.field_error.is_none() { "field" } else { "field wrong" };
        self.out.set(Attribute::Class, class);
    }

    /// Begins a group of checkboxes with its question, hint and error: two open elements.
    pub(super) fn group(&mut self, context: &FieldContext<'_>) {
        self.begin_field(context);
        self.out.begin(Tag::Fieldset);
        self.state(context);
        self.out.put(html!("<legend class=\"label\" part=\"label\">"));
        self.label_text(context);
        self.out.end();
        self.told_of(context);
    }

    pub(super) fn label(&mut self, context: &FieldContext<'_>) {
        self.out.put(html!("<label class=\"label\" part=\"label\">"));
        self.out.set(Attribute::For, context.name);
        self.label_text(context);
        self.out.end();
    }

    pub(super) fn label_text(&mut self, context: &FieldContext<'_>) {
        let label = self.label_of(context.name);
        // The wording of a consent is shown unchanged, because its digest is signed.
        if context.required || context.name.starts_with(CONSENT) {
            self.out.text(label);
        } else {
            let label = self.locale.say_with(Key::Optional, &[("label", label)]);
            self.out.text(&label);
        }
    }

    /// Hint and error.
    pub(super) fn told_of(&mut self, context: &FieldContext<'_>) {
        match context.hint {
            None => self.out.nothing(),
            Some((key, count)) => {
                self.begin_told(context, "-hint", "hint");
                self.tell(key, i64::from(count), "", "");
            }
        }
        match context.field_error {
            None => self.out.nothing(),
            Some(field_error) => {
                self.begin_told(context, "-error", "error");
                self.out.set(Attribute::Region, "error");
                self.field_error(field_error);
                self.out.end();
            }
        }
    }

    /// The organisation that a consent is given to, under its checkbox.
    pub(super) fn given_to(&mut self, context: &FieldContext<'_>) {
        let Some(organisation) = context.given_to else { return self.out.nothing() };
        self.begin_told(context, "-organisation", "hint");
        self.out.text(&organisation.name);
        if markdown::is_safe(&organisation.privacy_url) {
            self.out.text(" · ");
            self.link("", self.words(Key::Privacy), &organisation.privacy_url);
        }
        self.out.end();
    }

    pub(super) fn begin_told(&mut self, context: &FieldContext<'_>, suffix: &str, class: &str) {
        self.begin(Tag::P, class);
        self.out.set(Attribute::Id, &[context.name, suffix].concat());
    }

    /// Links hint, error and other descriptions to the element that was begun (`aria-describedby`).
    pub(super) fn state(&mut self, context: &FieldContext<'_>) {
        let mut ids = String::new();
        for (is_told, suffix) in [
            (context.hint.is_some(), "-hint "),
            (context.field_error.is_some(), "-error "),
            (context.left.is_some(), "-remaining "),
            (context.given_to.is_some(), "-organisation "),
        ] {
            if is_told {
                ids.push_str(context.name);
                ids.push_str(suffix);
            }
        }
        self.set_some(Attribute::AriaDescribedby, ids.trim_end());
        self.set_if(context.field_error.is_some(), Attribute::AriaInvalid, "true");
    }

    /// Label of a control.
    pub(super) fn label_of<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let key = match name {
            "given_name" => Key::GivenName,
            "family_name" => Key::FamilyName,
            "email" => Key::Email,
            "phone" => Key::Phone,
            "country" => Key::Country,
            "region" => Key::Region,
            "locality" => Key::Locality,
            "postal_code" => Key::PostalCode,
            "address" => Key::Address,
            SUBJECT => Key::Subject,
            BODY => Key::Body,
            TARGETS => Key::Targets,
            PUBLIC => Key::Public,
            _ => {
                let own = self.campaign.field(name);
                let consent = || consent_of(self.campaign, name).map(|c| &c.wording);
                let label = own.map(|field| &field.label).or_else(consent);
                return label.map_or(name, String::as_str);
            }
        };
        self.words(key)
    }

    /// Whether a control with this name is shown, so that the summary can link to it.
    pub(super) fn is_shown(&self, name: &str) -> bool {
        match name {
            SUBJECT | BODY => self.campaign.message.editable,
            PUBLIC => self.campaign.asks_for_public_name(),
            TARGETS => offered(self.campaign, &self.session.entered.draft).choice.is_some(),
            _ => {
                self.campaign.field(name).is_some()
                    || consent_of(self.campaign, name).is_some_and(|consent| self.is_asked(consent))
            }
        }
    }
}
