//! View for supporters at risk: quick exit, safety advice, the warning about their own government, and the receipt on
//! request.

use super::{OWN_GOVERNMENT, RECEIPT, Viewer};
use crate::answer::Acceptance;
use crate::draft::TARGETS;
use crate::markdown;
use crate::markup::{Attribute, Tag, html};
use crate::targeting::offered;
use crate::text::Key;

/// Placeholder for the address of the hosted form in the first paint, which does not know the page.
pub(super) const UNKNOWN: &str = "hosted";

impl Viewer<'_> {
    /// The quick exit, first in the tab order. It is a link, so that it works before the code has loaded and without
    /// script.
    pub(super) fn exit(&mut self) {
        let risk = self.campaign.at_risk.0.as_ref();
        let Some(risk) = risk.filter(|risk| markdown::is_safe(&risk.exit_url)) else {
            return self.out.nothing();
        };
        self.out.put(html!(
            "<div class=\"exit\"><a class=\"next\" data-act=\"exit\" target=\"_top\" rel=\"noopener noreferrer\">"
        ));
        self.out.set(Attribute::Href, &risk.exit_url);
        self.say(Key::QuickExit);
        self.out.end();
        // A frame may be forbidden to navigate the page around it, and cannot know beforehand.
        if self.session.config.framed {
            self.sentence(Tag::P, "hint", Key::ExitFramed);
        } else {
            self.out.nothing();
        }
        self.out.end();
    }

    pub(super) fn safety(&mut self) {
        let Some(risk) = &self.campaign.at_risk.0 else { return self.out.nothing() };
        self.out.put(html!("<div class=\"safety\"><h3>"));
        self.say(Key::RiskHeading);
        self.out.put(html!("</h3><p>"));
        self.say(Key::RiskPseudonym);
        self.out.put(html!("</p><p>"));
        // Without script the browser may store the page and the input.
        self.say(if self.posted { Key::RiskHides } else { Key::RiskProtects });
        self.out.put(html!("</p>"));
        let advice = || risk.advice.iter().filter(|link| markdown::is_safe(&link.url));
        if advice().next().is_some() {
            self.out.put(html!("<div><p>"));
            self.say(Key::RiskAdvice);
            self.out.put(html!("</p><ul>"));
            for link in advice() {
                self.out.begin(Tag::Li);
                self.link("", &link.label, &link.url);
                self.out.end();
            }
            self.out.put(html!("</ul></div>"));
        } else {
            self.out.nothing();
        }
        let hosted = &self.session.config.hosted;
        if markdown::is_safe(hosted) {
            self.link("", self.words(Key::RiskHosted), hosted);
        } else if hosted == UNKNOWN {
            self.sentence(Tag::A, "", Key::RiskHosted);
        }
        self.out.end();
    }

    /// The warning beside the button. Its container is always there, so that the warning is announced when it appears.
    pub(super) fn own_government(&mut self) {
        if !self.campaign.is_at_risk() {
            return self.out.nothing();
        }
        self.out.put(html!("<div role=\"status\">"));
        self.out.set(Attribute::Id, OWN_GOVERNMENT);
        // A page without script contains the warning for everyone; its style shows it for the countries concerned.
        if self.is_own_government() || !self.session.lasting.hears {
            self.sentence(Tag::P, "notice", Key::RiskOwnGovernment);
        } else {
            self.out.nothing();
        }
        self.out.end();
    }

    fn is_own_government(&self) -> bool {
        let (campaign, draft) = (self.campaign, &self.session.entered.draft);
        let country = draft.get("country").trim();
        let offer = offered(campaign, draft);
        let written_to = offer
            .targets
            .iter()
            .filter(|target| offer.choice.is_none() || draft.has(TARGETS, target.id.as_str()));
        let known = campaign.at_risk.0.iter().flat_map(|risk| &risk.own_government);
        written_to.filter_map(|target| target.country.as_ref()).chain(known).any(|c| c.0 == country)
    }

    /// The receipt behind a button.
    pub(super) fn receipt_on_request(&mut self, acceptance: &Acceptance) {
        if self.session.lasting.hears {
            self.out.put(html!(
                "<div class=\"receipt\" part=\"receipt\"><button type=\"button\" data-act=\"show-receipt\">"
            ));
            self.say(Key::ReceiptShow);
            self.out.put(html!("</button></div>"));
        } else {
            self.out.put(html!("<details><summary>"));
            self.say(Key::ReceiptShow);
            self.out.put(html!("</summary>"));
            self.receipt(acceptance);
            self.out.end();
        }
    }

    /// Makes a requested receipt focusable.
    pub(super) fn asked_for(&mut self) {
        if self.session.is_receipt_shown() {
            self.out.set(Attribute::Id, RECEIPT);
            self.out.set(Attribute::Tabindex, "-1");
        }
    }
}
