//! What to do with the answer to a message, or with none: the same machine for the form's own message and for the
//! entries of the outbox. The shell only performs what comes out of it.

use crate::answer::{Acceptance, Outcome, Refusal};
use crate::retry;

/// How long to wait before an entry of the outbox is sent once more while the page is open, in milliseconds.
pub(super) const PAUSE: u32 = 60_000;

/// How a message has been tried so far, by the kind of its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The form's own message, while the supporter looks on: so many tries, and a random number for the wait.
    Watched(u32, u64),
    /// An entry of the outbox that this tab has claimed: whether a proof of work went along. One is made for each
    /// claim.
    Claimed(bool),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Nothing: the endpoint has it.
    Sent(Acceptance),
    /// Nothing with this action: the endpoint refuses it.
    Refused(Refusal),
    /// Make a proof of work for this challenge, and post once more with it.
    Prove(String),
    /// Post once more after so many milliseconds.
    Wait(u32),
    /// Leave it to the supporter: nobody answered, or the endpoint is busy, for so many seconds where it says so.
    GiveUp(Option<Option<u32>>),
}

/// Decides what to do after this outcome of an attempt.
pub fn deliver(outcome: Outcome, attempt: Attempt) -> Delivery {
    let busy = match outcome {
        Outcome::Accepted(acceptance) => return Delivery::Sent(acceptance),
        Outcome::Refused(refusal) => return Delivery::Refused(refusal),
        Outcome::Prove(challenge) if attempt.may_prove() => return Delivery::Prove(challenge),
        Outcome::Prove(_) => Some(None),
        Outcome::RetryLater(after) => Some(after),
        Outcome::Unreachable => None,
    };
    let after = busy.flatten();
    let wait = match attempt {
        Attempt::Watched(tries, random) => retry::delay(tries, random, after),
        Attempt::Claimed(_) => Some(after.unwrap_or(0).saturating_mul(1000).max(PAUSE)),
    };
    wait.map_or(Delivery::GiveUp(busy), Delivery::Wait)
}

impl Attempt {
    fn may_prove(self) -> bool {
        match self {
            Attempt::Watched(tries, _) => tries < retry::TRIES,
            Attempt::Claimed(proved) => !proved,
        }
    }
}
