//! Selection of a message's targets: all, by the supporter, by country or postcode, or at random. Form, validation and
//! endpoint all use [`offered`].

use crate::campaign::{Campaign, Target, TargetingMode, is_like_country};
use crate::draft::{Draft, TARGETS};
use crate::postcode;
use crate::rng::splitmix64;

/// The targets that a supporter may write to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer<'a> {
    /// The targets, in the campaign's order.
    pub targets: Vec<&'a Target>,
    /// Minimum and maximum number for the supporter to choose; `None` if the message goes to all of them.
    pub choice: Option<(u32, u32)>,
    /// The field that must be filled in before targets can be selected.
    pub waits: Option<&'static str>,
    /// Whether these are the campaign's fallback targets, because no other matches.
    pub fallback: bool,
}

impl Offer<'_> {
    /// Whether the target with this id is among them.
    pub fn includes(&self, id: &str) -> bool {
        self.targets.iter().any(|target| target.id.0 == id)
    }
}

/// The targets for this draft. Random targets are picked by the draft's seed, which only the form knows; a validator of
/// claims checks their number against [`limits`] instead.
pub fn offered<'a>(campaign: &'a Campaign, draft: &Draft) -> Offer<'a> {
    let (targets, targeting) = (&campaign.targets, &campaign.targeting);
    let (least, most) = limits(campaign);
    let mut offer = Offer::default();
    match targeting.mode {
        TargetingMode::All => offer.targets.extend(targets),
        TargetingMode::Choose => {
            offer.targets.extend(targets);
            offer.choice = Some((least, most));
        }
        TargetingMode::Random => offer.targets = drawn(targets, most, draft.seed()),
        TargetingMode::Country | TargetingMode::Postcode => {
            let country = draft.get("country").trim();
            let postcode = postcode::plain(draft.get("postal_code"));
            for (name, known) in
                [("country", is_like_country(country)), ("postal_code", !postcode.is_empty())]
            {
                if !known && depends_on(campaign, name) {
                    offer.waits = Some(name);
                    return offer;
                }
            }
            offer.targets.extend(targets.iter().filter(|t| is_for(t, country, &postcode)));
            if offer.targets.is_empty() {
                let named = |target: &&Target| targeting.fallback.contains(&target.id);
                offer.targets.extend(targets.iter().filter(named));
                offer.fallback = !offer.targets.is_empty();
            }
            // If at most `least` match, there is no choice.
            let chooses = targeting.least.is_some() || targeting.most.is_some();
            if chooses && offer.targets.len() as u32 > least {
                offer.choice = Some((least, most));
            }
        }
    }
    offer
}

/// The targets that a partly sealed draft may have: all of them if they depend on a sealed country or postcode.
pub fn possible<'a>(campaign: &'a Campaign, draft: &Draft) -> Offer<'a> {
    let mut offer = offered(campaign, draft);
    if offer.waits.take().is_some() {
        let ((least, most), targeting) = (limits(campaign), &campaign.targeting);
        let chooses = targeting.least.is_some() || targeting.most.is_some();
        offer.targets.extend(&campaign.targets);
        // If fewer than `least` match, the message goes to all of them.
        offer.choice = Some((u32::from(chooses), most.max(least)));
    }
    offer
}

/// Minimum and maximum number of targets of a message, by the campaign alone.
pub fn limits(campaign: &Campaign) -> (u32, u32) {
    let targeting = &campaign.targeting;
    let all = campaign.targets.len() as u32;
    let some = all.max(1);
    match targeting.mode {
        TargetingMode::Random => {
            let count = targeting.most.unwrap_or(1).clamp(1, some);
            (count, count)
        }
        _ => (targeting.least.unwrap_or(1).clamp(1, some), targeting.most.unwrap_or(all)),
    }
}

/// Whether the targets depend on this field.
pub fn depends_on(campaign: &Campaign, name: &str) -> bool {
    let by_country = || campaign.targets.iter().any(|t| !t.filter.countries.is_empty());
    match (campaign.targeting.mode, name) {
        (TargetingMode::Country, "country") | (TargetingMode::Postcode, "postal_code") => true,
        (TargetingMode::Postcode, "country") => by_country(),
        _ => false,
    }
}

/// Whether a target's filter matches. An empty filter matches everyone.
fn is_for(target: &Target, country: &str, postcode: &str) -> bool {
    let filter = &target.filter;
    let begins = |beginning: &String| postcode.starts_with(&postcode::plain(beginning));
    (filter.countries.is_empty() || filter.countries.iter().any(|known| known.0 == country))
        && (filter.postcodes.is_empty() || filter.postcodes.iter().any(begins))
}

/// Random sample of `count` targets, uniform, in order, and determined by the seed (selection sampling: Knuth, The Art
/// of Computer Programming, volume 2, algorithm 3.4.2 S).
fn drawn(targets: &[Target], count: u32, seed: u64) -> Vec<&Target> {
    let (mut state, mut wanted) = (seed, u64::from(count));
    let mut drawn = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let left = (targets.len() - index) as u64;
        if splitmix64(state) % left < wanted {
            drawn.push(target);
            wanted -= 1;
        }
    }
    drawn
}

/// The targets of a draft whose targets have been selected.
pub(crate) fn recipients<'a>(campaign: &'a Campaign, draft: &Draft) -> Vec<&'a Target> {
    let all = campaign.targeting.mode == TargetingMode::All;
    let goes = |target: &&Target| all || draft.has(TARGETS, target.id.as_str());
    campaign.targets.iter().filter(goes).collect()
}

impl Draft {
    /// Sets the draft's targets, unless they are all targets or the supporter's own choice.
    pub(crate) fn aim(&mut self, campaign: &Campaign) {
        if matches!(campaign.targeting.mode, TargetingMode::All | TargetingMode::Choose) {
            return;
        }
        let offer = offered(campaign, self);
        for target in &campaign.targets {
            let id = target.id.as_str();
            // A choice that no longer matches, for example after a change of country, is dropped.
            let goes = offer.includes(id) && (offer.choice.is_none() || self.has(TARGETS, id));
            self.tick(TARGETS, id, goes);
        }
    }
}
