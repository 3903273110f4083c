//! Rules for targets and targeting.

use super::Lint;
use super::pointer::nearest_to;
use crate::campaign::{Campaign, Country, Filter, Id, TargetingMode};
use crate::check::is_email;
use crate::country;
use crate::postcode;
use crate::targeting::{depends_on, limits};

impl Lint<'_> {
    pub(super) fn targets(&mut self, campaign: &Campaign) {
        let targets = &campaign.targets;
        let count = targets.len() as u32;
        if targets.is_empty() {
            self.fault("/targets", "no target", "name at least one target");
            return;
        }
        self.distinct("/targets", "/id", targets.iter().map(|target| target.id.as_str()));
        for (index, target) in targets.iter().enumerate() {
            self.filled(&format!("/targets/{index}/name"), &target.name);
            if !target.email.is_empty() && !is_email(&target.email) {
                self.fault(
                    &format!("/targets/{index}/email"),
                    "no e-mail address",
                    "write it like name@example.org, or leave the key out",
                );
            }
        }
        for (index, target) in targets.iter().enumerate() {
            self.picture(&format!("/targets/{index}/picture/url"), target.picture.as_ref());
            self.countries(&format!("/targets/{index}/country"), target.country.as_ref());
        }
        let targeting = &campaign.targeting;
        let (least, most) = (targeting.least.unwrap_or(1), targeting.most.unwrap_or(count));
        if targeting.mode == TargetingMode::Random {
            if targeting.least.is_some() {
                self.fault(
                    "/targeting/least",
                    "supporters do not choose where targets are picked at random",
                    "leave the key out, and let `most` say how many are drawn",
                );
            }
            if most == 0 {
                self.fault("/targeting/most", "a message without a target", "make it 1 or more");
            } else if most > count {
                self.fault(
                    "/targeting/most",
                    &format!("{most} of {count} targets cannot be picked"),
                    "lower it, or name more targets",
                );
            }
        } else if least == 0 {
            self.fault("/targeting/least", "a message without a target", "make it 1 or more");
        } else if least > count {
            self.fault(
                "/targeting/least",
                &format!("{least} of {} targets cannot be chosen", targets.len()),
                "lower it, or name more targets",
            );
        } else if least > most {
            self.fault("/targeting/most", "`most` is less than `least`", "raise it");
        }
        self.filters(campaign);
    }

    /// Reports unknown country codes: a single one at this pointer, or those of a list.
    pub(super) fn countries<'a>(
        &mut self,
        at: &str,
        countries: impl IntoIterator<Item = &'a Country>,
    ) {
        for (index, country) in countries.into_iter().enumerate() {
            if !country::is_known(country.as_str()) {
                self.fault(
                    &format!("{at}/{index}"),
                    &format!("ISO 3166-1 has no country {}", country.as_str()),
                    "write its two letters, like \"KH\", or \"GB\" for the United Kingdom",
                );
            }
        }
    }

    /// Rules for targeting by country or postcode.
    pub(super) fn filters(&mut self, campaign: &Campaign) {
        let (targets, targeting) = (&campaign.targets, &campaign.targeting);
        let mode = targeting.mode;
        let known: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
        let fallback = targeting.fallback.iter().map(Id::as_str);
        self.named("/targeting/fallback", "", fallback, &known, "");
        let filters = matches!(mode, TargetingMode::Country | TargetingMode::Postcode);
        if !filters && !targeting.fallback.is_empty() {
            self.fault(
                "/targeting/fallback",
                "every supporter has a target",
                "leave the key out, or make `mode` \"country\" or \"postcode\"",
            );
        }
        let (mut countries, mut postcodes) = (false, false);
        for (index, target) in targets.iter().enumerate() {
            let (at, filter) = (format!("/targets/{index}/filter"), &target.filter);
            if !filters && nearest_to(self.json, &at).1 {
                self.fault(
                    &at,
                    "a filter without effect",
                    "leave the key out, or make `mode` \"country\" or \"postcode\"",
                );
                continue;
            }
            countries |= !filter.countries.is_empty();
            postcodes |= !filter.postcodes.is_empty();
            self.filter(mode, &at, filter);
        }
        let (found, example) = match mode {
            TargetingMode::Country => (countries, "{\"countries\": [\"KH\"]}"),
            _ => (postcodes, "{\"postcodes\": [\"75\"]}"),
        };
        if filters && !found {
            self.fault(
                "/targeting/mode",
                &format!("no target is for some and not for others by {}", mode.word()),
                &format!("give targets a `filter` like {example}"),
            );
        }
        for name in ["country", "postal_code"] {
            let asked = campaign.field(name).is_some_and(|field| field.required);
            if depends_on(campaign, name) && !asked {
                self.fault(
                    "/targeting/mode",
                    &format!("the targets hang on `{name}`, which is not required"),
                    &format!("put {{\"id\": \"{name}\", \"required\": true}} into `fields`"),
                );
            }
        }
    }

    /// Rules for the filter of one target.
    fn filter(&mut self, mode: TargetingMode, at: &str, filter: &Filter) {
        if mode == TargetingMode::Country && !filter.postcodes.is_empty() {
            self.fault(
                &format!("{at}/postcodes"),
                "postcodes without effect",
                "leave the key out, or make `mode` \"postcode\"",
            );
        }
        self.countries(&format!("{at}/countries"), &filter.countries);
        let codes = filter.countries.iter().map(Country::as_str);
        self.distinct(&format!("{at}/countries"), "", codes);
        self.distinct(&format!("{at}/postcodes"), "", filter.postcodes.iter().map(|p| &**p));
        for (number, beginning) in filter.postcodes.iter().enumerate() {
            if postcode::plain(beginning).is_empty() {
                self.fault(
                    &format!("{at}/postcodes/{number}"),
                    "no letter and no digit",
                    "write how the postcodes begin, like \"SW1A\" or \"75\"",
                );
            }
        }
    }
}

/// Maximum number of targets of one action.
pub(super) fn message_count(campaign: &Campaign) -> u32 {
    let all = campaign.targets.len() as u32;
    match campaign.targeting.mode {
        TargetingMode::All => all,
        _ => limits(campaign).1.min(all),
    }
}
