//! Regions: the parts of a form that are rendered independently, each with the facets that it shows.

use crate::session::Dirty;

/// A region. Its discriminant is its number in the markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// The count and its progress bar.
    Progress,
    /// The error summary.
    Summary,
    /// The targets.
    Targets,
    /// The supporter's details.
    Details,
    /// Subject, body and preview.
    Message,
    /// The consents.
    Consents,
    /// The notice.
    Notice,
    /// The submit button.
    Button,
    /// Status messages for screen readers.
    Status,
    /// Sharing.
    Share,
    /// The warning about the supporter's own government.
    OwnGovernment,
    /// Delivery from the supporter's own mailbox.
    Mail,
    /// How the supporter may be named in public.
    Public,
    /// Buttons of the writing aids: reset, undo, another subject.
    Ways,
    /// The message as it will be sent.
    Letter,
}

/// Every region, with the facets that it shows.
pub const REGIONS: [(Region, Dirty); 15] = [
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
    (Region::Letter, Dirty::MESSAGE.and(Dirty::DETAILS).and(Dirty::TARGETS)),
];
