//! View of the question how the supporter may be named in public.

use super::Viewer;
use crate::action::PublicName;
use crate::draft::PUBLIC;
use crate::json::decimal;
use crate::markup::{Attribute, Tag, html};
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn public(&mut self) {
        if !self.campaign.asks_for_public_name() {
            return self.out.nothing();
        }
        // The question is the heading.
        self.out.begin(Tag::Section);
        self.out.nothing();
        self.out.begin(Tag::Div);
        // One option is always selected.
        self.group(&self.context(PUBLIC, true));
        let choices = [
            (PublicName::Name, Key::PublicName),
            (PublicName::Initials, Key::PublicInitials),
            (PublicName::Anonymous, Key::PublicAnonymous),
        ];
        for (index, (choice, label)) in choices.into_iter().enumerate() {
            let chosen = match self.session.entered.draft.get(PUBLIC) {
                "" => PublicName::default() == choice,
                word => choice.word() == word,
            };
            self.radio(index, choice.word(), label, chosen);
        }
        self.out.put(html!("</fieldset></div></div></section>"));
    }

    fn radio(&mut self, index: usize, value: &str, label: Key, chosen: bool) {
        // The first option has the field's name as id: the summary links to it.
        let mut id = PUBLIC.to_owned();
        if index > 0 {
            id.push('-');
            id.push_str(&decimal(index as i64));
        }
        self.out.put(html!("<div class=\"box\"><input part=\"input\" type=\"radio\">"));
        self.out.set(Attribute::Id, &id);
        self.out.set(Attribute::Name, PUBLIC);
        self.out.set(Attribute::Value, value);
        self.unremembered();
        self.set_if(chosen, Attribute::Checked, "");
        self.out.end();
        self.out.begin(Tag::Label);
        self.out.set(Attribute::For, &id);
        self.say(label);
        self.out.put(html!("</label></div>"));
    }
}
