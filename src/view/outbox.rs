//! View of the outbox.

use super::{KEPT, Viewer};
use crate::markup::{Attribute, Tag, html};
use crate::session::Notice;
use crate::text::Key;

impl Viewer<'_> {
    /// The offer to store the message, below the notice.
    pub(super) fn ask_to_keep(&mut self) {
        self.sentence(Tag::P, "", Key::KeepAsk);
        let sealed = self.campaign.sealing.is_some();
        let hint = if sealed { Key::KeepHintSealed } else { Key::KeepHint };
        self.sentence(Tag::P, "hint", hint);
        self.sentence(Tag::P, "hint", Key::KeepPrivate);
        self.act(true, "keep", Key::KeepYes);
    }

    /// The stored message, in place of the form.
    pub(super) fn kept(&mut self, sending: bool) {
        let session = self.session;
        self.out.put(html!("<div class=\"kept\"><h2 class=\"title\" tabindex=\"-1\">"));
        self.out.set(Attribute::Id, KEPT);
        self.say(Key::KeptHeading);
        self.out.end();
        let until = session.kept.as_ref().map_or(0, |kept| kept.until);
        // The last day before it expires.
        let date = self.locale.date(until - 1);
        self.leaf(Tag::P, "", &self.locale.say_with(Key::KeptHint, &[("date", &date)]));
        self.out.put(html!("<p role=\"status\">"));
        match session.notice {
            _ if sending => self.say(Key::Sending),
            Some(Notice::Unreachable | Notice::Busy(_)) => self.say(Key::KeptNotYet),
            _ => self.out.text(""),
        }
        self.out.put(html!("</p><div class=\"acts\">"));
        // During sending, the effect of deleting it is unknown.
        self.act(!sending, "send-kept", Key::KeptSend);
        self.act(!sending, "delete-kept", Key::KeptDelete);
        self.out.put(html!("</div></div>"));
    }
}
