//! The life of an action: its states, and the one table of transitions between them.
//!
//! A store applies a transition, the change of the campaign's count and the deletion of open jobs in one transaction.
//! The state `Unknown` has no row; `Stored` has a row of the action; `Withdrawn` has a tombstone, which stays for ever.

/// The state of an identity (`campaign`, `jti`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No action has had the identity yet.
    Unknown,
    /// An action with the identity is stored.
    Stored,
    /// The action was deleted at the supporter's request; its identity stays used.
    Withdrawn,
}

impl State {
    /// All states.
    pub const ALL: [State; 3] = [State::Unknown, State::Stored, State::Withdrawn];

    /// Whether an action in this state is part of the public count, if it is no test.
    pub fn is_counted(self) -> bool {
        self == State::Stored
    }
}

/// An event in the life of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// An action is inserted. Only [`Store::insert`](super::Store::insert) does this: it needs the action.
    Insert,
    /// The supporter withdraws an action.
    Withdraw,
    /// The supporter withdraws an action that may arrive later: a device may still hold it.
    Note,
}

impl Transition {
    /// All transitions.
    pub const ALL: [Transition; 3] = [Transition::Insert, Transition::Withdraw, Transition::Note];
}

/// All transitions that are allowed: from, transition, to. Any other leaves the state unchanged.
const ALLOWED: [(State, Transition, State); 4] = [
    (State::Unknown, Transition::Insert, State::Stored),
    (State::Unknown, Transition::Note, State::Withdrawn),
    (State::Stored, Transition::Withdraw, State::Withdrawn),
    (State::Stored, Transition::Note, State::Withdrawn),
];

/// Returns the state after a transition; `None` if it is not allowed.
pub fn next(state: State, transition: Transition) -> Option<State> {
    let mut allowed = ALLOWED.iter();
    let found = allowed.find(|(from, what, _)| (*from, *what) == (state, transition));
    found.map(|(_, _, to)| *to)
}

/// Returns by how much a transition changes the count of a campaign, for an action that is no test.
pub fn count_change(from: State, to: State) -> i64 {
    i64::from(to.is_counted()) - i64::from(from.is_counted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_transition_is_decided() {
        use State::{Stored, Unknown, Withdrawn};
        let decided = State::ALL.map(|state| Transition::ALL.map(|what| next(state, what)));
        assert_eq!(
            decided,
            [
                // Insert, withdraw, note.
                [Some(Stored), None, Some(Withdrawn)],
                [None, Some(Withdrawn), Some(Withdrawn)],
                [None, None, None],
            ],
            "{Unknown:?}, {Stored:?}, {Withdrawn:?}"
        );
    }

    #[test]
    fn no_pair_is_in_the_table_twice() {
        for (at, (from, what, _)) in ALLOWED.iter().enumerate() {
            let same = |(f, w, _): &&(State, Transition, State)| (f, w) == (from, what);
            assert_eq!(ALLOWED.iter().position(|entry| same(&entry)), Some(at));
        }
    }

    #[test]
    fn a_path_from_unknown_to_withdrawn_leaves_the_count_as_it_was() {
        let stored = count_change(State::Unknown, State::Stored);
        let withdrawn = count_change(State::Stored, State::Withdrawn);
        assert_eq!((stored, withdrawn), (1, -1));
        assert_eq!(count_change(State::Unknown, State::Withdrawn), 0);
    }
}
