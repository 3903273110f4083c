//! The dirty set: the facets of a session that an event changed.

use crate::campaign::Campaign;
use crate::check::consent_of;
use crate::draft::{BODY, PUBLIC, SUBJECT, TARGETS};
use crate::targeting::depends_on;

/// Set of facets of a session: those that an event may have changed, or those that a region shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dirty(u16);

impl Dirty {
    /// The empty set.
    pub const NOTHING: Self = Self(0);
    /// Everything: another screen is shown.
    pub const SCREEN: Self = Self(1);
    /// The count.
    pub const COUNT: Self = Self(1 << 1);
    /// Field errors.
    pub const MISTAKES: Self = Self(1 << 2);
    /// The supporter's details.
    pub const DETAILS: Self = Self(1 << 3);
    /// Targets.
    pub const TARGETS: Self = Self(1 << 4);
    /// Subject and body.
    pub const MESSAGE: Self = Self(1 << 5);
    /// Consents and public naming.
    pub const CONSENTS: Self = Self(1 << 6);
    /// Progress of the submission, and notices.
    pub const PROGRESS: Self = Self(1 << 7);
    /// Sharing.
    pub const SHARED: Self = Self(1 << 8);

    /// The union of two sets.
    #[must_use]
    pub const fn and(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether two sets intersect.
    pub const fn touch(self, those: Self) -> bool {
        self.0 & those.0 != 0
    }

    /// The facets that depend on a control's value.
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
