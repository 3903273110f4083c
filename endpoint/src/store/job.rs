//! Jobs: work for a stored action after its answer, with leases.
//!
//! A worker claims jobs for a time, the lease. If it does not finish a job within that time, another worker can claim the
//! job, so every job must be idempotent. A job holds the identity of its action and no text. Jobs of a withdrawn action
//! are deleted with it.
//!
//! No worker uses them yet: intake plans no jobs.

/// The kind of a job, by which workers choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobKind(pub &'static str);

/// A job to be stored with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The kind of the job.
    pub kind: JobKind,
    /// The earliest time at which it can be claimed: seconds since 1970.
    pub not_before: i64,
}

/// A job that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, which is never used again.
    pub id: i64,
    /// The kind of the job.
    pub kind: JobKind,
    /// The campaign of its action.
    pub campaign: String,
    /// The identity of its action within the campaign.
    pub jti: String,
    /// How often it was claimed, including this time. Number and attempt identify the claim.
    pub attempt: u32,
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// The work is done, and the job is deleted.
    Done,
    /// The work failed and should be tried again.
    Retry {
        /// The earliest time of the next attempt: seconds since 1970.
        at: i64,
        /// The reason, for the operator, without personal data.
        error: String,
    },
    /// The work failed for good. The job stays, for the operator, and is never claimed again.
    Dead {
        /// The reason, for the operator, without personal data.
        error: String,
    },
}
