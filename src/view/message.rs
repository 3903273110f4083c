//! The message: as it will be sent, and the controls that change it.

use super::field::Control;
use super::{MESSAGE, Region, Viewer};
use crate::campaign::MessageDisplay;
use crate::check::length;
use crate::draft::{BODY, Draft, SUBJECT};
use crate::markup::{Attribute, Tag, html};
use crate::message::{self, name_for};
use crate::targeting::recipients;
use crate::text::Key;

impl Viewer<'_> {
    /// The group of the message: the letter, the controls that change it, and the buttons for other texts.
    pub(super) fn message_group(&mut self) {
        self.out.begin(Tag::Section);
        self.out.begin(Tag::H3);
        self.out.set(Attribute::Id, MESSAGE);
        self.say(Key::YourMessage);
        self.out.put(html!("</h3><div>"));
        for region in [Region::Letter, Region::Message, Region::Ways] {
            self.numbered(region);
        }
        self.out.put(html!("</div></section>"));
    }

    pub(super) fn message(&mut self) {
        if self.campaign.message.editable {
            self.edit_message();
        } else {
            self.fixed_message();
        }
    }

    /// The message as the targets will see it. It scrolls, so the keyboard must reach it.
    pub(super) fn letters(&mut self) {
        self.out.put(html!("<div class=\"letters\" role=\"group\" tabindex=\"0\">"));
        self.out.set(Attribute::AriaLabelledby, MESSAGE);
        let blank = |name: &str| ["[", self.label_of(name), "]"].concat();
        for letter in message::letters(self.campaign, self.session.draft(), blank) {
            if let Some(target) = letter.to {
                let to = [("name", target.name.as_str())];
                self.leaf(Tag::H3, "", &self.locale.say_with(Key::MessageFor, &to));
            }
            self.leaf(Tag::P, "subject", &letter.subject);
            self.leaf(Tag::P, "letter", &letter.body);
        }
        self.out.end();
    }

    /// The controls of the message, closed unless the campaign wants it open or its suggested text is not valid.
    fn edit_message(&mut self) {
        let (session, template) = (self.session, &self.campaign.message);
        let sent = session.draft().composed(self.campaign);
        let mut subject = self.context(SUBJECT, true);
        let mut body = self.context(BODY, true);
        let to = match template.per_target {
            true => recipients(self.campaign, &sent),
            false => Vec::new(),
        };
        let longest = to.iter().map(|target| length(sent.get(&name_for(BODY, target)))).max();
        let longest = longest.unwrap_or_else(|| length(sent.get(BODY)));
        body.left = Some(i64::from(template.max) - i64::from(longest));
        let frame = [template.head.as_str(), &template.foot].concat();
        for (context, about) in [(&mut subject, ""), (&mut body, &frame)] {
            let written = [session.draft().get(context.name), about].concat();
            if message::fill(&written, &Draft::default(), &[], u32::MAX) != written {
                context.hint = Some((Key::PlaceholderHint, 0));
            }
        }
        self.out.put(html!("<details class=\"edit\">"));
        self.set_if(self.is_message_open(), Attribute::Open, "");
        self.out.begin(Tag::Summary);
        self.say(Key::EditMessage);
        self.out.end();
        self.filled(&subject, &Control::Line { kind: "text", inputmode: "" });
        // The fixed text before and after the body is shown around its control.
        self.leaf_if(Tag::P, "letter", &template.head);
        self.filled(&body, &Control::Lines { rows: "12" });
        self.leaf_if(Tag::P, "letter", &template.foot);
        self.out.end();
    }

    /// Whether the controls of the message are open at first, for an error in them, or after the nudge, which asks for words there.
    fn is_message_open(&self) -> bool {
        let (session, template) = (self.session, &self.campaign.message);
        let is_complete =
            length(&template.body) >= template.min.max(1) && !template.subjects.is_empty();
        session.display().message == MessageDisplay::Open
            || !is_complete
            || session.entered.help.nudged
            || session.opened(SUBJECT)
            || session.opened(BODY)
    }

    /// A message that only the campaign may change. A page without script posts its subject all the same.
    fn fixed_message(&mut self) {
        if self.posted {
            self.out.put(html!("<input type=\"hidden\">"));
            self.out.set(Attribute::Name, SUBJECT);
            self.out.set(Attribute::Value, self.session.draft().get(SUBJECT));
            self.out.end();
        } else {
            self.out.nothing();
        }
    }
}
