//! Events: input to the session.

use super::ShareResult;
use crate::answer::Outcome;
use crate::campaign::Campaign;
use crate::envelope::PublicKey;
use crate::outbox::OutboxEntry;

/// An event: input by the supporter, or a result from the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A control has a new value.
    Entered {
        /// The control's name.
        name: String,
        /// Its whole value.
        value: String,
    },
    /// The button that sends was pressed before this code ran, so on a form without a suggested country.
    PressedEarly,
    /// A box was ticked or cleared.
    Ticked {
        /// The control's name.
        name: String,
        /// The box's value.
        value: String,
        /// Whether it is ticked now.
        ticked: bool,
    },
    /// The supporter pressed the submit button.
    Submitted {
        /// Seconds since 1970.
        now: i64,
    },
    /// Whether the page allows the submission.
    Allowed(bool),
    /// Key, identity and digests are ready.
    Prepared(SigningInputs),
    /// Result of encryption.
    Sealed {
        /// Number of the attempt.
        attempt: u32,
        /// The compact JWE; `None` after a failure.
        sealed: Option<String>,
    },
    /// Result of a proof of work.
    Proved {
        /// Number of the attempt.
        attempt: u32,
        /// The proof.
        proof: Option<String>,
    },
    /// The message was signed.
    Signed {
        /// Number of the attempt.
        attempt: u32,
        /// r and s, 32 bytes each, in base64url.
        signature: String,
    },
    /// Key or digests could not be made.
    NotPrepared,
    /// Signing failed.
    NotSigned {
        /// Number of the attempt.
        attempt: u32,
    },
    /// The requested delay is over.
    Due {
        /// Number of the attempt.
        attempt: u32,
    },
    /// The request for the message ended.
    Answered {
        /// Number of the attempt.
        attempt: u32,
        /// The response; `None` without one.
        reply: Option<Reply>,
    },
    /// The response body with the count; empty if there was none.
    Counted(String),
    /// The count should be fetched again.
    CountDue,
    /// The supporter shares by this channel.
    Shared(String),
    /// Result of copying to the clipboard.
    Copied(ShareResult),
    /// The supporter pressed the button with this action.
    Acted(String),
    /// The requested time: seconds since 1970.
    Time(i64),
    /// The browser has a share dialog.
    CanShare,
    /// Empty the form for the next person.
    Reset,
    /// The control with this name lost the focus.
    Left(String),
    /// The page may be closed at any moment.
    Hidden,
    /// The page is being left; the browser may restore it from its cache.
    Gone,
    /// The draft stored in the tab.
    Restored(String),
    /// Values from a link: names and values.
    Prefilled(Vec<(String, String)>),
    /// The form differs from its first paint.
    Repainted {
        /// Whether the first paint was this form's own, and only its content differs: through a draft, a link, test
        /// mode or random targets.
        own: bool,
        /// Whether the submit button was pressed on it. That press is discarded.
        pressed: bool,
    },
    /// The campaign in the requested language.
    Spoken(Box<Campaign>),
    /// The requested language could not be loaded.
    NotSpoken,
    /// Whether the outbox stored the entry; `false` also if it could not be read.
    Stored(bool),
    /// The outbox entries of this campaign.
    Found {
        /// All entries.
        kept: Vec<OutboxEntry>,
        /// Whether an entry had expired.
        expired: bool,
        /// The entries that this tab has claimed and sends now.
        mine: Vec<OutboxEntry>,
    },
    /// Result of a proof of work for an outbox entry.
    EntryProved {
        /// The entry.
        entry: OutboxEntry,
        /// The proof.
        proof: Option<String>,
    },
    /// The request for an outbox entry ended.
    Drained {
        /// The entry.
        kept: OutboxEntry,
        /// Whether it was sent with a proof of work.
        proved: bool,
        /// Its outcome.
        outcome: Outcome,
    },
}

/// Inputs for signing that need randomness or cryptography.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningInputs {
    /// The action's identity: 128 random bits, in base64url.
    pub jti: String,
    /// The fresh public key.
    pub key: PublicKey,
    /// SHA-256 of each wording that [`Effect::Prepare`](super::Effect::Prepare) named, in base64url.
    pub digests: Vec<String>,
}

/// An HTTP response.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<u32>,
}
