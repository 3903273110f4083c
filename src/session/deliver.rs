//! Decision after each delivery attempt, for the form's own message and for outbox entries. The shell only performs it.

use crate::answer::{Acceptance, Outcome, Refusal};
use crate::retry;

/// Delay before an outbox entry is sent again while the page is open, in milliseconds.
pub(super) const PAUSE: u32 = 60_000;

/// The attempts so far, by kind of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The form's own message, while the supporter watches: number of tries, and a random number for the delay.
    Watched(u32, u64),
    /// An outbox entry that this tab has claimed: whether it was sent with a proof of work. One proof is made per
    /// claim.
    Claimed(bool),
}

/// The next step.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Done: the endpoint has stored the action.
    Sent(Acceptance),
    /// Done: the endpoint rejects this action.
    Refused(Refusal),
    /// Solve this challenge, then send again with the proof.
    Prove(String),
    /// Send again after so many milliseconds.
    Wait(u32),
    /// Let the supporter decide. `None`: no response. `Some`: the endpoint is busy, with the seconds to wait if known.
    GiveUp(Option<Option<u32>>),
}

/// Decides the next step after an attempt.
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
