//! Errors of a store.

/// An error of a store. Its text is for the operator; code uses its predicates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct StoreError {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Busy,
    Failing,
    Gone,
    Other,
}

impl StoreError {
    /// More actions wait to be written than the queue holds, or the store is shutting down.
    pub(crate) fn busy() -> Self {
        StoreError { kind: Kind::Busy, text: "write queue full, or shutting down".to_owned() }
    }

    /// The last commit failed; it is tried again.
    pub(crate) fn failing() -> Self {
        StoreError { kind: Kind::Failing, text: "the last commit failed".to_owned() }
    }

    /// The database is not the one that was opened.
    pub(super) fn gone(text: String) -> Self {
        StoreError { kind: Kind::Gone, text }
    }

    /// Any other error: only the operator can do something about it.
    pub(super) fn other(text: String) -> Self {
        StoreError { kind: Kind::Other, text }
    }

    /// Whether a retry may succeed in a moment: the queue is full, or the store is shutting down.
    pub fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }

    /// Whether commits fail at the moment. The store logged the reason when it began.
    pub fn is_failing(&self) -> bool {
        self.kind == Kind::Failing
    }

    /// Whether the database was removed, replaced or overwritten while it was open: nothing can be stored any more. The
    /// store logged it when it noticed.
    pub fn is_gone(&self) -> bool {
        self.kind == Kind::Gone
    }
}
