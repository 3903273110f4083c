//! Variants for A/B tests: each form picks one at random, and its claims name it.

use crate::campaign::{Campaign, Variant};
use crate::rng::splitmix64;

impl Campaign {
    /// The variant that this seed picks, with a probability by weight. It is independent of the targets that the same
    /// seed picks.
    pub fn drawn(&self, seed: u64) -> Option<&Variant> {
        let total: u64 = self.variants.iter().map(|variant| u64::from(variant.weight)).sum();
        let mut left = splitmix64(!seed).checked_rem(total)?;
        self.variants.iter().find(|variant| {
            let weight = u64::from(variant.weight);
            let is_it = left < weight;
            left = left.wrapping_sub(weight);
            is_it
        })
    }

    /// Replaces the campaign's texts by those of the variant that this seed picks, and removes all variants. Returns
    /// the variant's id.
    pub fn vary(&mut self, seed: u64) -> Option<String> {
        let variant = self.drawn(seed)?.clone();
        self.variants.clear();
        let id = variant.id.0.clone();
        self.lay_over(variant);
        Some(id)
    }

    /// The campaign with the texts of the variant with this id, if there is one.
    pub fn in_variant(&self, id: &str) -> Option<Campaign> {
        let variant = self.variants.iter().find(|variant| variant.id.0 == id)?.clone();
        let mut campaign = self.clone();
        campaign.variants.clear();
        campaign.lay_over(variant);
        Some(campaign)
    }

    fn lay_over(&mut self, variant: Variant) {
        let (own, other) = (&mut self.message, variant.message);
        for (text, other) in [
            (&mut self.title, variant.title),
            (&mut self.story, variant.story),
            (&mut own.head, other.head),
            (&mut own.body, other.body),
            (&mut own.foot, other.foot),
        ] {
            if !other.is_empty() {
                *text = other;
            }
        }
        if !other.subjects.is_empty() {
            own.subjects = other.subjects;
        }
    }
}
