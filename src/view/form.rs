//! View of the form as a whole, and of its submit button.

use super::Region;
use super::{Posting, Viewer};
use crate::goal;
use crate::json::decimal;
use crate::markup::{Attribute, Tag, html};
use crate::session::Notice;
use crate::text::Key;

impl<'a> Viewer<'a> {
    pub(super) fn progress(&mut self) {
        let session = self.session;
        let counted = session.shown_count();
        let goal = self.campaign.counter.goal.map(i64::from);
        let goal = goal.map(|goal| goal::shown(goal, counted.unwrap_or(0)));
        let comes = !session.config.count_url.is_empty() && session.state() != "sent";
        if counted.is_none() && !comes {
            return self.out.nothing();
        }
        self.out.put(html!("<div class=\"progress\" part=\"progress\">"));
        // Until the count arrives, a placeholder of the same size prevents a layout shift.
        self.set_if(counted.is_none(), Attribute::AriaHidden, "true");
        self.out.put(html!("<p role=\"status\">"));
        match counted {
            None => self.out.put(html!("\u{a0}</p>")),
            Some(count) => {
                let said = goal.map_or_else(String::new, |goal| self.locale.number(goal));
                let key = if goal.is_some() { Key::CountOfGoal } else { Key::Count };
                self.tell(key, count, "goal", &said);
            }
        }
        if let Some(goal) = goal {
            self.out.put(html!("<progress aria-hidden=\"true\">"));
            self.out.set(Attribute::Max, &decimal(goal.max(1)));
            self.out.set(Attribute::Value, &decimal(counted.unwrap_or(0).clamp(0, goal)));
            self.out.end();
        }
        self.out.end();
    }

    pub(super) fn form(&mut self, posting: Option<Posting<'_>>) {
        let campaign = self.campaign;
        self.out.put(html!("<form part=\"form\" novalidate>"));
        self.unremembered();
        if let Some(posting) = posting {
            self.out.set(Attribute::Method, "post");
            self.out.set(Attribute::Action, posting.action);
        }
        match self.shown(campaign.picture.as_ref()) {
            None => self.out.nothing(),
            Some(picture) => {
                self.out.put(html!("<img class=\"picture\">"));
                self.out.set(Attribute::Src, &picture.url);
                self.out.set(Attribute::Alt, &picture.alt);
                self.out.end();
            }
        }
        self.story();
        self.numbered(Region::Summary);
        self.out.begin(Tag::Div);
        // Targets that must be chosen come first; preselected ones are shown beside the message.
        let order = if self.asks_for_targets() {
            [Region::Targets, Region::Details]
        } else {
            [Region::Details, Region::Targets]
        };
        for part in order {
            self.numbered(part);
        }
        self.message_group();
        for part in [Region::Consents, Region::Public] {
            self.numbered(part);
        }
        self.out.end();
        self.privacy();
        for part in
            [Region::OwnGovernment, Region::Notice, Region::Button, Region::Status, Region::Mail]
        {
            self.numbered(part);
        }
        for (name, value) in posting.map_or(&[][..], |posting| posting.hidden) {
            self.out.put(html!("<input type=\"hidden\">"));
            self.out.set(Attribute::Name, name);
            self.out.set(Attribute::Value, value);
            self.out.end();
        }
        self.out.end();
    }

    /// Begins a group of fields with a heading: two open elements.
    pub(super) fn section(&mut self, heading: Key) {
        self.out.put(html!("<section><h3 class=\"hidden\">"));
        self.say(heading);
        self.out.put(html!("</h3><div>"));
    }

    pub(super) fn is_busy(&self) -> bool {
        self.session.state() == "sending"
    }

    pub(super) fn button(&mut self) {
        self.out.put(html!("<button type=\"submit\" part=\"button\">"));
        let warned = self.campaign.is_at_risk();
        let context = if warned { "form-disclosed form-own-government" } else { "form-disclosed" };
        self.out.set(Attribute::AriaDescribedby, context);
        self.set_if(self.is_busy(), Attribute::AriaDisabled, "true");
        self.out.text(self.button_says());
        self.out.end();
    }

    pub(super) fn button_says(&self) -> &'a str {
        self.words(match &self.session.notice {
            _ if self.is_busy() => Key::Sending,
            _ if self.campaign.is_only_mailed() => Key::MailSend,
            _ if self.session.entered.mailing.is_some() => Key::Send,
            Some(Notice::Unreachable | Notice::Busy(_)) => Key::TryAgain,
            _ if self.session.config.test => Key::TestSend,
            _ => Key::Send,
        })
    }
}
