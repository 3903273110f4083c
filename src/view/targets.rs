//! View of the targets.

use super::Viewer;
use crate::campaign::{Picture, Target, TargetingMode, TargetsDisplay};
use crate::draft::TARGETS;
use crate::find::find;
use crate::markup::{Attribute, Tag, html};
use crate::targeting::{Offer, offered};
use crate::text::Key;

impl Viewer<'_> {
    /// Whether the supporter has to choose first, or the campaign wants every target to be seen.
    pub(super) fn asks_for_targets(&self) -> bool {
        let chooses = self.campaign.targeting.mode == TargetingMode::Choose;
        let is_open = self.session.display().targets == TargetsDisplay::Open;
        is_open || chooses && !self.campaign.preselects()
    }

    pub(super) fn targets(&mut self) {
        let offer = offered(self.campaign, self.session.draft());
        // The question is the heading.
        self.out.begin(Tag::Section);
        self.out.nothing();
        self.out.begin(Tag::Div);
        let is_short = !self.asks_for_targets() && !offer.targets.is_empty();
        if is_short && offer.choice.is_none() {
            self.leaf(Tag::P, "to", &self.names_of(&offer.targets));
        } else if is_short && self.campaign.preselects() {
            self.out.put(html!("<details class=\"to\">"));
            self.set_if(self.session.opened(TARGETS), Attribute::Open, "");
            self.out.begin(Tag::Summary);
            let is_chosen =
                |target: &&Target| self.session.draft().has(TARGETS, target.id.as_str());
            let chosen: Vec<_> = offer.targets.iter().copied().filter(is_chosen).collect();
            self.out.text(&self.names_of(&chosen));
            self.out.end();
            self.offer(offer);
            self.out.end();
        } else {
            self.offer(offer);
        }
        self.out.put(html!("</div></section>"));
    }

    /// Targets in one line.
    fn names_of(&self, targets: &[&Target]) -> String {
        if targets.is_empty() {
            return self.words(Key::Targets).to_owned();
        }
        let list = self.join(Key::ListJoin, targets.iter().map(|target| target.name.clone()));
        self.locale.say_with(Key::TargetsTo, &[("list", &list)])
    }

    /// The targets that are offered, to be seen or chosen one by one.
    fn offer(&mut self, offer: Offer<'_>) {
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
        self.out.put(html!("</fieldset></div>"));
    }

    /// The picture, unless supporters may be at risk and it is on another host, which would learn who opens the form.
    pub(super) fn shown<'p>(&self, picture: Option<&'p Picture>) -> Option<&'p Picture> {
        let is_near = |url: &str| find(url, ":").is_none() && !url.starts_with("//");
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
        self.join(Key::OfficeJoin, context.cloned())
    }
}
