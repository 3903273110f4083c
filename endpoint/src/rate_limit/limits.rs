//! The limits and their subjects.

use super::Difficulty;

/// The rates above which posts are over the limit, and the proof that is then required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Posts a minute from one network, a /24 of IPv4 or a /48 of IPv6; a quarter of it from a /64. 0 = unlimited.
    pub network: u32,
    /// Posts a minute from all networks. 0 = unlimited.
    pub all: u32,
    /// The difficulty of a proof.
    pub difficulty: Difficulty,
}

impl Default for Limits {
    fn default() -> Self {
        // A cheap phone with a derivation per millisecond needs a second.
        let difficulty = Difficulty { iterations: 1000, tries: 1024 };
        Limits { network: 120, all: 12_000, difficulty }
    }
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Limits { network: 0, all: 0, ..Limits::default() }
    }

    /// Hosted forms a minute from all networks: a page costs more than an answer.
    pub(super) fn forms(&self) -> u32 {
        self.all.div_ceil(4)
    }
}

/// The kind of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An action, from a program that can provide a proof.
    Action,
    /// The hosted form, from a browser that can't. It has its own buckets, so that a flood of actions does not exhaust
    /// them.
    Form,
}

/// The purpose of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A post without a proof.
    Bare,
    /// A post with a proof that was used before: its first answer may have been lost.
    Used,
}
