//! Regions: the parts of a form that are rendered anew by themselves, each with the facets that it shows.

use crate::session::Dirty;

/// A part, which can be made anew by itself. Its number is that of the markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// How many have sent.
    Progress,
    /// All that has to be mended.
    Summary,
    /// Who is written to.
    Targets,
    /// Who writes.
    Details,
    /// What is written.
    Message,
    /// What is agreed to.
    Consents,
    /// What went wrong on the way.
    Notice,
    /// What sends.
    Button,
    /// What is told to those who don't see the button.
    Status,
    /// Ways to pass it on.
    Share,
    /// A warning of one's own authorities.
    OwnGovernment,
    /// Sending it from an own mailbox.
    Mail,
    /// How the supporter may be named in public.
    Public,
    /// Ways to the suggested text and subjects.
    Ways,
}

/// Every part, and the facets that it shows.
pub const REGIONS: [(Region, Dirty); 14] = [
    (Region::Progress, Dirty::COUNT),
    (Region::Summary, Dirty::MISTAKES),
    (Region::Targets, Dirty::TARGETS.and(Dirty::MISTAKES)),
    (Region::Details, Dirty::DETAILS.and(Dirty::MISTAKES)),
    (Region::Message, Dirty::MESSAGE.and(Dirty::DETAILS).and(Dirty::TARGETS).and(Dirty::MISTAKES)),
    (Region::Consents, Dirty::CONSENTS.and(Dirty::DETAILS).and(Dirty::MISTAKES)),
    (Region::Notice, Dirty::PROGRESS),
    (Region::Button, Dirty::PROGRESS),
    (Region::Status, Dirty::PROGRESS.and(Dirty::DETAILS)),
    (Region::Share, Dirty::SHARED),
    (Region::OwnGovernment, Dirty::DETAILS.and(Dirty::TARGETS)),
    (Region::Mail, Dirty::PROGRESS),
    (Region::Public, Dirty::CONSENTS.and(Dirty::MISTAKES)),
    (Region::Ways, Dirty::MESSAGE),
];
