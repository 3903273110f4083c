//! View of the message and its preview.

use super::Viewer;
use super::field::Control;
use crate::campaign::Target;
use crate::check::length;
use crate::draft::{BODY, Draft, SUBJECT};
use crate::markup::{Tag, html};
use crate::message::{self, name_for};
use crate::targeting::recipients;
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn message(&mut self) {
        let (session, template) = (self.session, &self.campaign.message);
        let fixed = !template.editable;
        let sent = session.entered.draft.composed(self.campaign);
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
        let mut differs = !frame.is_empty();
        for (context, about) in [(&mut subject, ""), (&mut body, &frame)] {
            let written = [session.entered.draft.get(context.name), about].concat();
            if message::fill(&written, &Draft::default(), &[], u32::MAX) != written {
                differs = true;
                if !fixed {
                    context.hint = Some((Key::PlaceholderHint, 0));
                }
            }
        }
        self.section(Key::YourMessage);
        self.filled(&subject, &Control::Line { kind: "text", inputmode: "", fixed });
        // Head and foot are readable around the body.
        self.leaf_if(Tag::P, "letter", &template.head);
        self.filled(&body, &Control::Lines { rows: "12", fixed });
        self.leaf_if(Tag::P, "letter", &template.foot);
        self.out.end();
        if differs {
            self.preview(&sent, &to)
        } else {
            self.out.nothing()
        }
        self.out.end();
    }

    pub(super) fn preview(&mut self, sent: &Draft, to: &[&Target]) {
        self.out.put(html!("<details class=\"preview\"><summary>"));
        self.say(Key::Preview);
        self.out.end();
        for target in to {
            let heading = self.locale.say_with(Key::MessageFor, &[("name", &target.name)]);
            self.leaf(Tag::H3, "", &heading);
            self.letter(sent, [&name_for(SUBJECT, target), &name_for(BODY, target)]);
        }
        if to.is_empty() {
            self.letter(sent, [SUBJECT, BODY]);
        }
        self.out.end();
    }

    pub(super) fn letter(&mut self, sent: &Draft, [subject, body]: [&str; 2]) {
        self.leaf(Tag::P, "subject", sent.get(subject));
        self.leaf(Tag::P, "letter", sent.get(body));
    }
}
