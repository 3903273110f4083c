//! The plan for an accepted action: its status, whether it counts, and the jobs for it. Pure.

use standwith::action::{Claims, DeliveryClaim};
use standwith::answer::Status;

use crate::store::NewJob;

/// Status, count and jobs of an accepted action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The status that is answered.
    pub(super) status: Status,
    /// Whether it is part of the public count.
    pub(super) counts: bool,
    /// The jobs that are stored with it; none yet.
    pub(super) jobs: Vec<NewJob>,
}

/// Makes the plan for an action, by whether it is signed and by its claims.
pub(super) fn plan(is_signed: bool, claims: &Claims) -> Plan {
    Plan { status: status(is_signed, claims), counts: !claims.test, jobs: Vec::new() }
}

/// The status of an accepted action.
pub(crate) fn status(is_signed: bool, claims: &Claims) -> Status {
    let mailed = claims.delivery == Some(DeliveryClaim::MailApp);
    match is_signed && !claims.test && !mailed {
        true => Status::Accepted,
        false => Status::Recorded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signed_action_that_is_delivered_here_is_accepted_and_only_a_test_does_not_count() {
        let (accepted, recorded) = (Status::Accepted, Status::Recorded);
        for (is_signed, test, delivery, status) in [
            (true, false, None, accepted),
            (false, false, None, recorded),
            (true, true, None, recorded),
            (true, false, Some(DeliveryClaim::MailApp), recorded),
            (false, true, Some(DeliveryClaim::MailApp), recorded),
        ] {
            let claims = Claims { test, delivery, ..Claims::default() };
            let expected = Plan { status, counts: !test, jobs: Vec::new() };
            assert_eq!(plan(is_signed, &claims), expected);
        }
    }
}
