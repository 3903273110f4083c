//! Actions as a store receives and returns them.

use standwith::answer::Status;

use super::lifecycle::State;

/// A validated action to be stored.
#[derive(Clone, Debug)]
pub struct NewAction {
    /// The campaign's id.
    pub campaign: String,
    /// The action's identity within the campaign.
    pub jti: String,
    /// When it arrived: seconds since 1970.
    pub received_at: i64,
    /// The status that is answered.
    pub status: Status,
    /// The submitted text.
    pub content: Content,
    /// The version of the campaign file that it names.
    pub campaign_digest: String,
    /// Whether that version was ever served here.
    pub digest_known: bool,
    /// Whether it counts; a test never does.
    pub counts: bool,
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
    /// The signed receipt.
    pub receipt: String,
}

/// The submitted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A signed action: the compact JWS.
    Signed(String),
    /// Bare claims, from the hosted form.
    Bare(String),
}

impl Content {
    /// The name of the assurance: `signed` or `none`.
    pub fn assurance(&self) -> &'static str {
        match self {
            Content::Signed(_) => "signed",
            Content::Bare(_) => "none",
        }
    }
}

impl Content {
    /// The columns `jws` and `claims`, one of which is null.
    pub(super) fn columns(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Content::Signed(jws) => (Some(jws), None),
            Content::Bare(claims) => (None, Some(claims)),
        }
    }
}

/// A stored action.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAction {
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
    /// The status that was answered.
    pub status: Status,
    /// The receipt, byte for byte as it was signed.
    pub receipt: String,
    /// The submitted text.
    pub content: Content,
}

/// The result of an insertion.
#[derive(Clone, Debug, PartialEq)]
pub enum Inserted {
    /// The action is stored now.
    New {
        /// How many actions count in its campaign, including it.
        count: i64,
    },
    /// An action with this identity was stored before: the same one, or another.
    Existing {
        /// The action that is stored under the identity.
        stored: Box<StoredAction>,
        /// How many actions count in its campaign.
        count: i64,
    },
    /// The identity was withdrawn, and no action is stored under it again.
    Withdrawn,
}

/// The result of a transition for one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transitioned {
    /// The state before.
    pub from: State,
    /// The state after; `None` if the transition was not allowed, so that nothing changed.
    pub to: Option<State>,
}

/// An action as it is exported.
#[derive(Clone, Debug)]
pub struct ExportedAction {
    /// Its place in the order of arrival.
    pub id: i64,
    /// When it arrived: seconds since 1970.
    pub received_at: i64,
    /// Whether the version of the campaign file that it names was ever served here.
    pub version_known: bool,
    /// The action.
    pub stored: StoredAction,
}

/// A row that can't be read, by its place in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedRow(pub i64);

/// A row of an export.
pub type ExportRow = Result<ExportedAction, DamagedRow>;
