//! Rules for campaigns that may endanger supporters.

use super::Lint;
use super::fields::is_asked;
use super::urls::{Reach, pictures_elsewhere};
use crate::campaign::{Campaign, Country, Link};

impl Lint<'_> {
    pub(super) fn at_risk(&mut self, campaign: &Campaign) {
        let Some(risk) = &campaign.at_risk.0 else { return };
        self.countries("/at_risk/own_government", &risk.own_government);
        let codes = risk.own_government.iter().map(Country::as_str);
        self.distinct("/at_risk/own_government", "", codes);
        if !risk.own_government.is_empty() && !is_asked(campaign, "country") {
            self.fault(
                "/at_risk/own_government",
                "the form does not ask for the country on which this depends",
                "add `country` to `fields`, or leave the key out",
            );
        }
        self.advice("/at_risk/advice", &risk.advice);
        self.linked("/at_risk/exit_url", &risk.exit_url);
        for pointer in pictures_elsewhere(campaign) {
            self.fault(
                &pointer,
                "a picture on another host, which would learn who opens the form",
                "put it beside the campaign file, and write its path",
            );
        }
    }

    pub(super) fn advice(&mut self, at: &str, advice: &[Link]) {
        for (index, link) in advice.iter().enumerate() {
            self.filled(&format!("{at}/{index}/label"), &link.label);
            self.linked(&format!("{at}/{index}/url"), &link.url);
        }
    }

    /// Checks that an address is present and may be linked.
    pub(super) fn linked(&mut self, pointer: &str, url: &str) {
        self.filled(pointer, url);
        if url.starts_with("http:") {
            self.fault(pointer, "an address without https", "write one like https://example.org/");
        } else {
            self.address(pointer, url, Reach::Web);
        }
    }
}
