//! Effects: what the shell is to do.

use crate::campaign::SealingKey;
use crate::outbox::OutboxEntry;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Dispatch an event on the element.
    Tell(PageEvent),
    /// Ask the page, by the cancelable event, whether the message may go.
    Ask,
    /// Make a fresh key, an identity and these texts' digests.
    Prepare(Vec<String>),
    /// Seal to a key.
    Seal {
        /// For this attempt.
        attempt: u32,
        /// What is to be sealed.
        plaintext: String,
        /// The campaign's key.
        key: SealingKey,
    },
    /// Make a proof of work.
    Prove {
        /// For this attempt.
        attempt: u32,
        /// The endpoint's challenge.
        challenge: String,
        /// The identity of the action that it is for.
        jti: String,
    },
    /// Sign with the key of the last preparation.
    Sign {
        /// For this attempt.
        attempt: u32,
        /// The text to sign.
        input: String,
    },
    /// Post to the endpoint.
    Post {
        /// For this attempt.
        attempt: u32,
        /// The address.
        url: String,
        /// The body.
        body: String,
        /// Its media type.
        content_type: &'static str,
    },
    /// Have the device keep this, and say whether it does.
    Store(OutboxEntry),
    /// Have it keep the message of this name no longer.
    Discard(String),
    /// Have it leave this one, which was claimed, to whoever comes next.
    Release(OutboxEntry),
    /// Post an outbox entry.
    PostEntry {
        /// The entry.
        entry: OutboxEntry,
        /// The proof of work to go along; empty for none.
        proof: String,
    },
    /// Make a proof of work for an outbox entry, as long as its claim lasts.
    ProveEntry {
        /// The entry.
        entry: OutboxEntry,
        /// The endpoint's challenge.
        challenge: String,
    },
    /// Look for what it keeps of this campaign, and claim what no other tab is sending.
    Drain,
    /// Say when so much time has passed.
    Wait {
        /// For this attempt.
        attempt: u32,
        /// So much: milliseconds.
        milliseconds: u32,
    },
    /// Fetch the count.
    FetchCount(String),
    /// Put this into the clipboard.
    Copy(String),
    /// Say what time it is.
    AskTime,
    /// Have the browser offer its own ways to pass this on.
    Share {
        /// What it is called.
        title: String,
        /// The text.
        text: String,
        /// The address.
        url: String,
    },
    /// Lead to this address in a while, unless the supporter does anything before.
    Lead(String),
    /// Move the keyboard's focus, after painting.
    Focus(Focus),
    /// Leave the page for this address, so that no way leads back.
    Leave(String),
    /// Have the tab keep this until it is closed.
    Keep(String),
    /// Have it keep nothing.
    Forget,
    /// Fetch the texts of this language, and read the campaign in it.
    Speak {
        /// The language (BCP 47).
        lang: String,
        /// Its place among the campaign's.
        place: u32,
    },
}

/// Where the focus goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The summary of what has to be mended.
    Summary,
    /// The notice of what went wrong.
    Notice,
    /// The heading of the thanks.
    Thanks,
    /// The receipt.
    Receipt,
    /// The heading of the mail that is offered.
    Mail,
    /// The heading of the message that is kept.
    OutboxEntry,
    /// The field of the e-mail address.
    Email,
}

/// What the page is told. No personal data, ever.
#[derive(Clone, Debug, PartialEq)]
pub enum PageEvent {
    /// The form can be used.
    Ready,
    /// The supporter began.
    Start,
    /// Something has to be mended: names and codes.
    Invalid(Vec<(String, String)>),
    /// The endpoint has it.
    Sent {
        /// The action's identity, unless somebody may be at risk: a receipt is for nobody else then.
        id: Option<String>,
        /// What the endpoint did with it.
        status: &'static str,
        /// How many there are, unless somebody may be at risk: it would say which action is theirs.
        count: Option<i64>,
    },
    /// The device keeps it.
    Queued {
        /// The action's identity.
        id: String,
    },
    /// It did not work.
    Error {
        /// Why.
        code: String,
        /// Whether trying again can help.
        retryable: bool,
    },
    /// The supporter passes it on by this channel.
    Share(String),
    /// The count is known.
    Count {
        /// How many there are.
        count: i64,
        /// How many are hoped for.
        goal: Option<u32>,
    },
}
