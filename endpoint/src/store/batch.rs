//! What a batch of actions stores, and what it changes in the counts of campaigns.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::writer::Insertion;
use super::{Inserted, NewAction};

/// The changes by campaign, in the order of the names: transactions that lock rows in one order never wait for each
/// other in a circle.
#[derive(Debug, Default)]
pub(super) struct CountChanges<'a>(BTreeMap<&'a str, i64>);

impl<'a> CountChanges<'a> {
    /// Notes a campaign, whose count is answered even if it does not change.
    pub(super) fn mention(&mut self, campaign: &'a str) {
        self.0.entry(campaign).or_default();
    }

    /// Adds to the change of a campaign.
    pub(super) fn change(&mut self, campaign: &'a str, change: i64) {
        *self.0.entry(campaign).or_default() += change;
    }

    /// The campaigns whose count changes, and by how much.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&'a str, i64)> {
        self.0
            .iter()
            .filter(|(_, change)| **change != 0)
            .map(|(campaign, change)| (*campaign, *change))
    }

    /// All campaigns.
    pub(super) fn campaigns(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

/// The first insertion of each identity. Several in one batch may differ, in their receipts for example; one statement
/// would store any of them.
pub(super) fn firsts<'a>(insertions: &'a [Insertion]) -> Vec<&'a Insertion> {
    let mut seen = HashSet::new();
    let mut is_first = |action: &'a NewAction| seen.insert((&*action.campaign, &*action.jti));
    insertions.iter().filter(|one| is_first(&one.action)).collect()
}

/// Fills in the counts of results.
pub(super) fn counted(
    insertions: &[Insertion],
    results: &mut [Inserted],
    counts: &HashMap<&str, i64>,
) {
    for (Insertion { action, .. }, result) in insertions.iter().zip(results) {
        let now = counts.get(action.campaign.as_str()).copied().unwrap_or(0);
        match result {
            Inserted::New { count } | Inserted::Existing { count, .. } => *count = now,
            Inserted::Withdrawn => {}
        }
    }
}
