//! Effects: instructions to the shell.

use crate::campaign::SealingKey;
use crate::outbox::OutboxEntry;

/// An instruction to the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Dispatch a page event on the element.
    Tell(PageEvent),
    /// Dispatch the cancelable `standwith:submit`, and report [`Allowed`](super::Event::Allowed).
    Ask,
    /// Make a fresh key and an identity, and digest these wordings.
    Prepare(Vec<String>),
    /// Encrypt to a key.
    Seal {
        /// For this attempt.
        attempt: u32,
        /// The text to encrypt.
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
    /// Sign with the key that was prepared last.
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
    /// Store an entry in the outbox, and report [`Stored`](super::Event::Stored).
    Store(OutboxEntry),
    /// Delete the outbox entry with this key.
    Discard(String),
    /// End the claim on an entry.
    Release(OutboxEntry),
    /// Post an outbox entry.
    PostEntry {
        /// The entry.
        entry: OutboxEntry,
        /// The proof of work; empty for none.
        proof: String,
    },
    /// Make a proof of work for an outbox entry, while its claim lasts.
    ProveEntry {
        /// The entry.
        entry: OutboxEntry,
        /// The endpoint's challenge.
        challenge: String,
    },
    /// Claim the campaign's outbox entries that no other tab has claimed, and report [`Found`](super::Event::Found).
    Drain,
    /// Report [`Due`](super::Event::Due) after a delay.
    Wait {
        /// For this attempt.
        attempt: u32,
        /// The delay.
        milliseconds: u32,
    },
    /// Fetch the count.
    FetchCount(String),
    /// Report [`CountDue`](super::Event::CountDue) after a delay, but not while the page is hidden.
    CountLater {
        /// The delay.
        milliseconds: u32,
    },
    /// Copy this to the clipboard.
    Copy(String),
    /// Report the [`Time`](super::Event::Time).
    AskTime,
    /// Open the browser's share dialog.
    Share {
        /// The title.
        title: String,
        /// The text.
        text: String,
        /// The address.
        url: String,
    },
    /// Open this address after some seconds, unless the supporter interacts before.
    Lead(String),
    /// Move the keyboard focus, after rendering.
    Focus(Focus),
    /// Replace the page by this address, so that Back does not return.
    Leave(String),
    /// Store this draft in the tab.
    Keep(String),
    /// Delete the stored draft.
    Forget,
    /// Fetch the catalogue of this language, and report the campaign in it as [`Spoken`](super::Event::Spoken).
    Speak {
        /// The language (BCP 47).
        lang: String,
        /// Its index among the campaign's languages.
        place: u32,
    },
}

/// Element that gets the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The error summary.
    Summary,
    /// The notice.
    Notice,
    /// The heading of the thanks.
    Thanks,
    /// The receipt.
    Receipt,
    /// The heading of the offered e-mail.
    Mail,
    /// The heading of the stored message.
    OutboxEntry,
    /// The field of the e-mail address.
    Email,
}

/// An event for the page. It never contains personal data.
#[derive(Clone, Debug, PartialEq)]
pub enum PageEvent {
    /// The form is ready.
    Ready,
    /// The supporter made the first input.
    Start,
    /// Validation failed: names and codes of the field errors.
    Invalid(Vec<(String, String)>),
    /// The endpoint stored the action.
    Sent {
        /// The action's identity; absent if supporters may be at risk.
        id: Option<String>,
        /// Status of the action.
        status: &'static str,
        /// The count; absent if supporters may be at risk, because it would reveal which action is theirs.
        count: Option<i64>,
    },
    /// The device stored the message.
    Queued {
        /// The action's identity.
        id: String,
    },
    /// Sending failed.
    Error {
        /// The reason.
        code: String,
        /// Whether a retry can succeed.
        retryable: bool,
    },
    /// The supporter shares by this channel.
    Share(String),
    /// The count is known.
    Count {
        /// The count.
        count: i64,
        /// The campaign's goal.
        goal: Option<u32>,
    },
}
