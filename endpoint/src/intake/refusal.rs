//! The reasons why an action is not accepted.

use standwith::envelope::EnvelopeFault;
use standwith::shape::ConfigFault;

use crate::campaigns::in_words;
use crate::store::StoreError;
use crate::workers::WorkFailed;

/// The reason why an action is not accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// There is no such campaign.
    CampaignUnknown,
    /// It does not have the format that the protocol requires: what is wrong, and where.
    Malformed(String),
    /// The signature does not match the key in the JWS header.
    SignatureInvalid,
    /// It is meant for another endpoint; holds the expected `aud`.
    AudienceMismatch(String),
    /// It was signed too long ago or too far in the future, by the endpoint's clock.
    IatOutOfWindow {
        /// Seconds since 1970.
        now: i64,
    },
    /// Validation failed: names of fields and codes.
    Rules(Vec<(String, String)>),
    /// Another action has this identity.
    ReplayMismatch,
    /// The action was withdrawn.
    Withdrawn,
    /// The campaign accepts no action now; holds the reason.
    Closed(String),
    /// The body is longer than [`LONGEST_BODY`](super::LONGEST_BODY).
    TooLarge,
    /// It can't be stored at the moment. It may be sent again.
    Busy,
}

impl Refusal {
    /// The code of the protocol.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::CampaignUnknown => "campaign_unknown",
            Refusal::Malformed(_) => "malformed",
            Refusal::SignatureInvalid => "signature_invalid",
            Refusal::AudienceMismatch(_) => "audience_mismatch",
            Refusal::IatOutOfWindow { .. } => "iat_out_of_window",
            Refusal::Rules(_) => "rules",
            Refusal::ReplayMismatch => "replay_mismatch",
            Refusal::Withdrawn => "withdrawn",
            Refusal::Closed(_) => "closed",
            Refusal::TooLarge => "too_large",
            Refusal::Busy => "busy",
        }
    }

    /// A malformed part of the body.
    pub(super) fn malformed(place: &str, problem: &str) -> Self {
        Refusal::Malformed(format!("{place} {problem}"))
    }
}

impl From<WorkFailed> for Refusal {
    fn from(_: WorkFailed) -> Self {
        Refusal::Busy
    }
}

impl From<StoreError> for Refusal {
    /// The supporter may send it again; the log has the reason.
    fn from(error: StoreError) -> Self {
        // The store logged it when the failure began.
        if error.is_failing() || error.is_gone() {
            tracing::debug!(%error, "action rejected: store unavailable");
        } else {
            tracing::warn!(%error, "action rejected: store unavailable");
        }
        Refusal::Busy
    }
}

impl From<EnvelopeFault> for Refusal {
    fn from(fault: EnvelopeFault) -> Self {
        let malformed = Refusal::malformed;
        match fault {
            EnvelopeFault::NotCompact => malformed(
                "the JWS",
                "is not three parts of unpadded base64url with dots between them",
            ),
            EnvelopeFault::Signature => {
                malformed("the JWS", "has a signature that is not 64 bytes long")
            }
            EnvelopeFault::Header(faults) => malformed("the JWS header:", &listed(&faults)),
            EnvelopeFault::Payload(faults) => malformed("the claims:", &listed(&faults)),
        }
    }
}

/// The first few faults.
pub(super) fn listed(faults: &[ConfigFault]) -> String {
    let first: Vec<String> = faults.iter().take(5).map(in_words).collect();
    first.join(". ")
}
