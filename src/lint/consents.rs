//! Rules for consents.

use super::Lint;
use super::fields::is_asked;
use super::pointer::nearest_to;
use super::urls::Reach;
use crate::campaign::{Campaign, Publisher};

impl Lint<'_> {
    pub(super) fn consents(&mut self, campaign: &Campaign) {
        let consents = &campaign.consents;
        let purposes = consents.iter().map(|consent| consent.purpose.as_str());
        self.distinct("/consents", "/purpose", purposes);
        for (index, consent) in consents.iter().enumerate() {
            self.filled(&format!("/consents/{index}/wording"), &consent.wording);
            let at = format!("/consents/{index}/organisation");
            if nearest_to(self.json, &at).1 {
                self.filled(&format!("{at}/name"), &consent.organisation.name);
                let Publisher { url, privacy_url, .. } = &consent.organisation;
                self.address(&format!("{at}/url"), url, Reach::Web);
                self.address(&format!("{at}/privacy_url"), privacy_url, Reach::Web);
            }
            self.countries(&format!("/consents/{index}/countries"), &consent.countries);
            if !consent.countries.is_empty() && !is_asked(campaign, "country") {
                self.fault(
                    &format!("/consents/{index}/countries"),
                    "the form does not ask for the country on which this depends",
                    "add `country` to `fields`, or leave the key out",
                );
            }
        }
    }
}
