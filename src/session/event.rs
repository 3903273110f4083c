//! Events: what happened.

use super::ShareResult;
use crate::answer::Outcome;
use crate::campaign::Campaign;
use crate::envelope::PublicKey;
use crate::outbox::OutboxEntry;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A control has a new value.
    Entered {
        /// The control's name.
        name: String,
        /// All of its value.
        value: String,
    },
    /// A box was ticked or cleared.
    Ticked {
        /// The control's name.
        name: String,
        /// The box's value.
        value: String,
        /// Whether it is ticked now.
        ticked: bool,
    },
    /// The supporter wants to send.
    Submitted {
        /// Seconds since 1970.
        now: i64,
    },
    /// The page lets the message go, or not.
    Allowed(bool),
    /// All that signing needs is there.
    Prepared(SigningInputs),
    /// The message is sealed, or can't be.
    Sealed {
        /// Of this attempt.
        attempt: u32,
        /// The compact JWE.
        sealed: Option<String>,
    },
    /// The proof of work is made, or can't be.
    Proved {
        /// Of this attempt.
        attempt: u32,
        /// The proof.
        proof: Option<String>,
    },
    /// The key signed.
    Signed {
        /// Of this attempt.
        attempt: u32,
        /// r and s, 32 bytes each, in base64url.
        signature: String,
    },
    /// There is no key or no digest to be had.
    NotPrepared,
    /// There is no signature to be had.
    NotSigned {
        /// In this attempt.
        attempt: u32,
    },
    /// The wait that was asked for is over.
    Due {
        /// Of this attempt.
        attempt: u32,
    },
    /// The endpoint answered, or nobody did.
    Answered {
        /// To this attempt.
        attempt: u32,
        /// What came.
        reply: Option<Reply>,
    },
    /// The text of the count.
    Counted(String),
    /// The supporter passes it on by this channel.
    Shared(String),
    /// What became of copying the text.
    Copied(ShareResult),
    /// The supporter pressed the button of this name.
    Acted(String),
    /// The time that was asked for: seconds since 1970.
    Time(i64),
    /// The browser has ways of its own to pass things on.
    CanShare,
    /// Start afresh.
    Reset,
    /// The supporter has done with the control of this name.
    Left(String),
    /// The page may be gone the next moment.
    Hidden,
    /// The page is left; the browser may show it again as it is now.
    Gone,
    /// What the tab kept of this form.
    Restored(String),
    /// What a link fills in: names and values.
    Prefilled(Vec<(String, String)>),
    /// What was painted before was not this form.
    Repainted {
        /// Whether the first paint was this form's own, and only what it holds is other since: by a draft, a link, a
        /// test or targets drawn at random.
        own: bool,
        /// Whether a button that sends was pressed on it. That press is dropped.
        pressed: bool,
    },
    /// The campaign in the language that was asked for.
    Spoken(Box<Campaign>),
    /// That language can't be had.
    NotSpoken,
    /// The device keeps the message now, or can't, or can't be asked.
    Stored(bool),
    /// What the device keeps of this campaign, where it was looked for: all of it, and what this tab sends
    /// now.
    Found {
        /// All of it.
        kept: Vec<OutboxEntry>,
        /// Whether there was some that was kept for too long.
        expired: bool,
        /// What this tab has claimed, to send it now.
        mine: Vec<OutboxEntry>,
    },
    /// The proof of work for an outbox entry is made, or can't be.
    EntryProved {
        /// The entry.
        entry: OutboxEntry,
        /// The proof.
        proof: Option<String>,
    },
    /// The endpoint answered to what was kept, or nobody did.
    Drained {
        /// What was sent.
        kept: OutboxEntry,
        /// Whether a proof of work went along.
        proved: bool,
        /// What came of it.
        outcome: Outcome,
    },
}

/// What signing needs and a pure function can't make.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningInputs {
    /// The action's identity: 128 random bits, in base64url.
    pub jti: String,
    /// The public half of the fresh key.
    pub key: PublicKey,
    /// SHA-256 of each wording that [`Effect::Prepare`](super::Effect::Prepare) named, in base64url.
    pub digests: Vec<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The header Retry-After in seconds.
    pub retry_after: Option<u32>,
}
