//! The limits, and what they apply to.

use super::Difficulty;

/// From when on posts are over the limit, and what they have to prove then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Posts a minute from one network, a /24 of IPv4 or a /48 of IPv6; of a /64 a quarter of it. 0 is no limit.
    pub network: u32,
    /// Posts a minute from everywhere. 0 is no limit.
    pub all: u32,
    /// What a proof costs.
    pub difficulty: Difficulty,
}

impl Default for Limits {
    fn default() -> Self {
        // A cheap phone that derives in a millisecond needs a second.
        let difficulty = Difficulty { iterations: 1000, tries: 1024 };
        Limits { network: 120, all: 12_000, difficulty }
    }
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Limits { network: 0, all: 0, ..Limits::default() }
    }

    /// Hosted forms a minute from everywhere: a page costs more than an answer.
    pub(super) fn forms(&self) -> u32 {
        self.all.div_ceil(4)
    }
}

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An action, by a program that can prove something.
    Action,
    /// The hosted form, by a browser that can't. It has buckets of its own, so that a flood of actions does not
    /// take its place.
    Form,
}

/// What a lookup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A post without a proof.
    Bare,
    /// A post with a proof that has been used: it may be one whose answer was lost.
    Used,
}
