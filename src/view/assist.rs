//! View of the writing aids. A page without script shows none of the buttons.

use super::Viewer;
use crate::draft::SUBJECT;
use crate::markup::{Attribute, html};
use crate::session::assist::{Done, EMAIL};
use crate::text::Key;

impl Viewer<'_> {
    /// Buttons for reset, undo and another subject. After a press, the next sensible button takes the same place, so
    /// that the keyboard focus stays.
    pub(super) fn ways(&mut self) {
        let (session, template) = (self.session, &self.campaign.message);
        let several = template.subjects.len() > 1;
        if self.posted || !(several || template.editable) {
            return self.out.nothing();
        }
        let (own, kept) = (session.is_own(), session.is_kept());
        self.out.put(html!("<div class=\"acts\">"));
        let suggested = several && session.suggested_subject().is_some();
        self.act(suggested, "another-subject", Key::AnotherSubject);
        if own {
            self.act(true, "reset-text", Key::ResetText);
        } else {
            self.act(kept, "undo-reset", Key::UndoReset);
        }
        self.act(own && kept, "undo-reset", Key::UndoReset);
        self.out.put(html!("<p role=\"status\">"));
        match session.entered.help.done {
            Some(Done::Reset) if !own => self.say(Key::ResetDone),
            Some(Done::Undo) if own => self.say(Key::UndoDone),
            // For screen readers only: the new subject is visible in its field.
            Some(Done::Subject) if suggested => {
                self.out.put(html!("<span class=\"hidden\">"));
                self.out.text(session.entered.draft.get(SUBJECT));
                self.out.end();
            }
            _ => self.out.nothing(),
        }
        self.out.put(html!("</p></div>"));
    }

    /// A button with this action, or a placeholder.
    pub(super) fn act(&mut self, shown: bool, what: &str, key: Key) {
        if !shown {
            return self.out.nothing();
        }
        self.out.put(html!("<button type=\"button\">"));
        self.out.set(Attribute::DataAct, what);
        self.say(key);
        self.out.end();
    }

    /// The suggested e-mail address, beside its field.
    #[inline(never)]
    pub(super) fn suggestion(&mut self, name: &str) {
        let Some(meant) = self.session.suggestion().filter(|_| name == EMAIL) else {
            return self.out.nothing();
        };
        let value = [("value", meant)];
        self.out.put(html!("<div class=\"acts\"><span>"));
        self.out.text(&self.locale.say_with(Key::DidYouMean, &value));
        self.out.end();
        if !self.posted {
            self.out.put(html!("<button type=\"button\" data-act=\"use-suggestion\">"));
            self.out.text(&self.locale.say_with(Key::UseSuggestion, &value));
            self.out.end();
        }
        self.out.end();
    }

    /// Status messages for screen readers.
    pub(super) fn status(&mut self) {
        self.out.put(html!("<p class=\"hidden\" role=\"status\">"));
        match self.session.suggestion() {
            _ if self.is_busy() && self.waits_for().is_some() => {
                self.say(self.waits_for().unwrap_or(Key::Sending));
            }
            _ if self.is_busy() => self.out.text(self.button_says()),
            Some(meant) => {
                let text = self.locale.say_with(Key::DidYouMean, &[("value", meant)]);
                self.out.text(&text);
            }
            None => self.out.text(""),
        }
        self.out.end();
    }
}
