//! View of the targets.

use super::Viewer;
use crate::campaign::{Picture, Target};
use crate::draft::TARGETS;
use crate::find::find;
use crate::markup::{Attribute, Tag, html};
use crate::targeting::offered;
use crate::text::Key;

impl Viewer<'_> {
    pub(super) fn targets(&mut self) {
        let offer = offered(self.campaign, &self.session.entered.draft);
        // The question is the heading.
        self.out.begin(Tag::Section);
        self.out.nothing();
        self.out.begin(Tag::Div);
        let mut context = self.context(TARGETS, true);
        context.hint = Some(match (offer.choice, offer.waits) {
            (Some((least, _)), _) => (Key::TargetsChoose, least),
            (_, Some("country")) => (Key::TargetsByCountry, 0),
            (_, Some(_)) => (Key::TargetsByPostcode, 0),
            _ if offer.targets.is_empty() => (Key::TargetsNone, 0),
            _ => (Key::TargetsAll, 1),
        });
        let choose = offer.choice.is_some();
        self.group(&context);
        if !choose {
            self.out.begin(Tag::Ul);
        }
        let mut index = 0;
        let mut offered = offer.targets.into_iter().peekable();
        for target in &self.campaign.targets {
            // Each target keeps its index, whichever others are offered.
            if offered.next_if(|next| next.id == target.id).is_none() {
                self.out.nothing();
                continue;
            }
            let office = self.office(target);
            if choose {
                let picture = target.picture.as_ref();
                self.box_of(&context, index, target.id.as_str(), &target.name, &office, picture);
                index += 1;
            } else {
                self.out.begin(Tag::Li);
                self.portrait(target.picture.as_ref());
                self.out.text(&target.name);
                self.leaf_if(Tag::Span, "hint", &office);
                self.out.end();
            }
        }
        if !choose {
            self.out.end();
        }
        self.out.put(html!("</fieldset></div></div></section>"));
    }

    /// The picture, unless supporters may be at risk and it is on another host, which would learn who opens the form.
    pub(super) fn shown<'p>(&self, picture: Option<&'p Picture>) -> Option<&'p Picture> {
        let is_near = |url: &str| !url.contains(':') && !url.starts_with("//");
        picture.filter(|picture| !self.campaign.is_at_risk() || is_near(&picture.url))
    }

    /// A picture of a target, or a placeholder.
    pub(super) fn portrait(&mut self, picture: Option<&Picture>) {
        match self.shown(picture) {
            None => self.out.nothing(),
            Some(picture) => {
                self.out.put(html!("<img class=\"portrait\">"));
                self.out.set(Attribute::Src, &picture.url);
                self.out.set(Attribute::Alt, &picture.alt);
                self.out.end();
            }
        }
    }

    /// Office and organisation, unless the name contains them.
    pub(super) fn office(&self, target: &Target) -> String {
        let parts = [&target.office, &target.organisation].into_iter();
        let context = parts.filter(|part| !part.is_empty() && find(&target.name, part).is_none());
        self.join(context.cloned())
    }
}
