//! View of controls: inputs, selects and checkboxes.

use super::Viewer;
use super::field::{Control, FieldContext};
use crate::campaign::Picture;
use crate::json::decimal;
use crate::markup::{Attribute, Tag, html};
use crate::text::Key;

impl Viewer<'_> {
    /// A control without label.
    pub(super) fn simple(
        &mut self,
        context: &FieldContext<'_>,
        value: &str,
        control: &Control<'_>,
    ) {
        let remembered = !self.campaign.is_at_risk();
        match control {
            Control::Line { kind, inputmode } => {
                self.out.put(html!("<input part=\"input\">"));
                self.control(context);
                self.out.set(Attribute::Type, kind);
                self.set_some(Attribute::Inputmode, inputmode);
                self.set_if(*kind == "email", Attribute::Spellcheck, "false");
                self.set_if(remembered, Attribute::Autocomplete, autocomplete(context.name));
            }
            Control::Lines { rows } => {
                self.out.put(html!("<textarea part=\"input\">"));
                self.control(context);
                self.out.set(Attribute::Rows, rows);
            }
            _ => return self.select(context, value, control),
        }
        self.out.set(Attribute::Value, value);
        self.out.end();
    }

    /// A select.
    pub(super) fn select(
        &mut self,
        context: &FieldContext<'_>,
        value: &str,
        control: &Control<'_>,
    ) {
        self.out.put(html!("<select part=\"input\">"));
        self.control(context);
        let Control::One(options) = control else {
            self.set_if(!self.campaign.is_at_risk(), Attribute::Autocomplete, "country");
            self.out.set(Attribute::Value, value);
            self.option("", self.words(Key::ChooseCountry), value);
            self.out.countries(value);
            return self.out.end();
        };
        self.out.set(Attribute::Value, value);
        self.option("", self.words(Key::ChooseAnswer), value);
        for option in *options {
            self.option(&option.id, &option.label, value);
        }
        self.out.end();
    }

    pub(super) fn option(&mut self, id: &str, label: &str, chosen: &str) {
        self.out.begin(Tag::Option);
        self.out.set(Attribute::Value, id);
        self.set_if(id == chosen, Attribute::Selected, "");
        self.out.text(label);
        self.out.end();
    }

    /// Sets name, id and state of the control that was begun.
    pub(super) fn control(&mut self, context: &FieldContext<'_>) {
        self.out.set(Attribute::Id, context.name);
        self.out.set(Attribute::Name, context.name);
        // Only for assistive technology: the form shows its own messages about missing values.
        self.set_if(context.required, Attribute::AriaRequired, "true");
        self.unremembered();
        self.state(context);
    }

    /// At risk, turns off `autocomplete` of the element that was begun, so that the browser remembers nothing.
    pub(super) fn unremembered(&mut self) {
        self.set_if(self.campaign.is_at_risk(), Attribute::Autocomplete, "off");
    }

    pub(super) fn box_of(
        &mut self,
        context: &FieldContext<'_>,
        index: usize,
        value: &str,
        label: &str,
        detail: &str,
        picture: Option<&Picture>,
    ) {
        // The first checkbox has the field's name as id: the summary links to it.
        let mut id = context.name.to_owned();
        if index > 0 {
            id.push('-');
            id.push_str(&decimal(index as i64));
        }
        self.out.put(html!("<div class=\"box\"><input part=\"input\" type=\"checkbox\">"));
        self.out.set(Attribute::Id, &id);
        self.out.set(Attribute::Name, context.name);
        self.out.set(Attribute::Value, value);
        self.unremembered();
        self.set_if(self.session.entered.draft.has(context.name, value), Attribute::Checked, "");
        self.out.end();
        self.out.begin(Tag::Label);
        self.out.set(Attribute::For, &id);
        self.portrait(picture);
        self.out.text(label);
        self.leaf_if(Tag::Span, "hint", detail);
        self.out.put(html!("</label></div>"));
    }
}

/// The `autocomplete` value of the HTML standard for a field.
pub(super) fn autocomplete(name: &str) -> &'static str {
    match name {
        "given_name" => "given-name",
        "family_name" => "family-name",
        "email" => "email",
        "phone" => "tel",
        "region" => "address-level1",
        "locality" => "address-level2",
        "postal_code" => "postal-code",
        "address" => "street-address",
        _ => "off",
    }
}
