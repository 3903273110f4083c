//! The dirty set: the facets of a session that an event changed.

use crate::campaign::Campaign;
use crate::check::consent_of;
use crate::draft::{BODY, PUBLIC, SUBJECT, TARGETS};
use crate::targeting::depends_on;

/// Facets of a session, as a set: what an event may have changed, or what a part of the form shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dirty(u16);

impl Dirty {
    /// None.
    pub const NOTHING: Self = Self(0);
    /// Everything: another screen.
    pub const SCREEN: Self = Self(1);
    /// How many have sent.
    pub const COUNT: Self = Self(1 << 1);
    /// What has to be mended.
    pub const MISTAKES: Self = Self(1 << 2);
    /// Who writes.
    pub const DETAILS: Self = Self(1 << 3);
    /// Who is written to.
    pub const TARGETS: Self = Self(1 << 4);
    /// What is written.
    pub const MESSAGE: Self = Self(1 << 5);
    /// What is agreed to.
    pub const CONSENTS: Self = Self(1 << 6);
    /// How far the message is on its way, and what went wrong.
    pub const PROGRESS: Self = Self(1 << 7);
    /// What became of passing it on.
    pub const SHARED: Self = Self(1 << 8);

    /// These and those.
    #[must_use]
    pub const fn and(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether any of those is among these.
    pub const fn touch(self, those: Self) -> bool {
        self.0 & those.0 != 0
    }

    /// The facets that a control's value belongs to.
    pub(super) fn of(name: &str, campaign: &Campaign) -> Self {
        match name {
            TARGETS => Self::TARGETS,
            SUBJECT | BODY => Self::MESSAGE,
            PUBLIC => Self::CONSENTS,
            _ if consent_of(campaign, name).is_some() => Self::CONSENTS,
            _ if depends_on(campaign, name) => Self::DETAILS.and(Self::TARGETS),
            _ => Self::DETAILS,
        }
    }
}
