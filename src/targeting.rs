//! Which targets a supporter's message goes to: all, those that the supporter chooses, those for where
//! the supporter lives, or a few drawn at random. Form, check and endpoint all ask [`offered`].

use crate::campaign::{Campaign, Target, TargetingMode, is_like_country};
use crate::draft::{Draft, TARGETS};
use crate::postcode;
use crate::rng::splitmix64;

/// Those whom a supporter may write to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer<'a> {
    /// Who they are, in the campaign's order.
    pub targets: Vec<&'a Target>,
    /// The fewest and the most of them that the supporter has to choose; `None` where the message goes
    /// to all of them.
    pub choice: Option<(u32, u32)>,
    /// The field that has to be filled in before anybody can be offered.
    pub waits: Option<&'static str>,
    /// Whether they are those for supporters for whom there is nobody else.
    pub fallback: bool,
}

impl Offer<'_> {
    /// Whether the target of this id is among them.
    pub fn includes(&self, id: &str) -> bool {
        self.targets.iter().any(|target| target.id.0 == id)
    }
}

/// Whom somebody who has entered this may write to. Where targets are drawn at random, these are those
/// that the draft's seed draws: a form shows them, and only the form knows. Who validates a draft that
/// names them looks at [`limits`].
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
            // Of so few there is nothing to choose.
            let chooses = targeting.least.is_some() || targeting.most.is_some();
            if chooses && offer.targets.len() as u32 > least {
                offer.choice = Some((least, most));
            }
        }
    }
    offer
}

/// Whom somebody may have written to of whom only this is legible: where country and postcode decide and are
/// sealed, anybody, and never more than could be chosen.
pub fn possible<'a>(campaign: &'a Campaign, draft: &Draft) -> Offer<'a> {
    let mut offer = offered(campaign, draft);
    if offer.waits.take().is_some() {
        let ((least, most), targeting) = (limits(campaign), &campaign.targeting);
        let chooses = targeting.least.is_some() || targeting.most.is_some();
        offer.targets.extend(&campaign.targets);
        // Of fewer than `least`, all were written to.
        offer.choice = Some((u32::from(chooses), most.max(least)));
    }
    offer
}

/// The fewest and the most targets of a message, as far as the campaign says it.
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

/// Whether it hangs on this field whom somebody may write to.
pub fn depends_on(campaign: &Campaign, name: &str) -> bool {
    let by_country = || campaign.targets.iter().any(|t| !t.filter.countries.is_empty());
    match (campaign.targeting.mode, name) {
        (TargetingMode::Country, "country") | (TargetingMode::Postcode, "postal_code") => true,
        (TargetingMode::Postcode, "country") => by_country(),
        _ => false,
    }
}

/// Whether a target is for people there. One without a filter is for all.
fn is_for(target: &Target, country: &str, postcode: &str) -> bool {
    let filter = &target.filter;
    let begins = |beginning: &String| postcode.starts_with(&postcode::plain(beginning));
    (filter.countries.is_empty() || filter.countries.iter().any(|known| known.0 == country))
        && (filter.postcodes.is_empty() || filter.postcodes.iter().any(begins))
}

/// So many of the targets, each as likely as any other, and the same for the same seed. They stay in
/// their order (Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S).
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

/// Those to whom a draft's message goes, once its targets are found.
pub(crate) fn recipients<'a>(campaign: &'a Campaign, draft: &Draft) -> Vec<&'a Target> {
    let all = campaign.targeting.mode == TargetingMode::All;
    let goes = |target: &&Target| all || draft.has(TARGETS, target.id.as_str());
    campaign.targets.iter().filter(goes).collect()
}

impl Draft {
    /// Names the targets that the message goes to, where they are found and not typed.
    pub(crate) fn aim(&mut self, campaign: &Campaign) {
        if matches!(campaign.targeting.mode, TargetingMode::All | TargetingMode::Choose) {
            return;
        }
        let offer = offered(campaign, self);
        for target in &campaign.targets {
            let id = target.id.as_str();
            // What was chosen for another country is not chosen any more.
            let goes = offer.includes(id) && (offer.choice.is_none() || self.has(TARGETS, id));
            self.tick(TARGETS, id, goes);
        }
    }
}
