//! What is counted of the endpoint's own work, for Prometheus. Labels are routes, statuses and
//! campaigns: nothing that a supporter typed, and nothing that a stranger can make up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The upper bounds of the histogram of commits.
const BATCHES: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// What becomes of posts over the limits: asked for a proof, let through with one, their proof refused, let through
/// because their action is kept already, told to come again later. And of those that fill in what nobody sees.
const RATE_LIMITED: [&str; 6] =
    ["challenged", "proved", "unproved", "repeated", "sent_away", "robot"];

/// The counters. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    actions: Mutex<BTreeMap<(String, &'static str), u64>>,
    rate_limited: Mutex<BTreeMap<&'static str, u64>>,
    commits: Mutex<Commits>,
    queue: AtomicUsize,
    campaigns: AtomicUsize,
    faulty_files: AtomicUsize,
}

#[derive(Debug, Default)]
struct Commits {
    /// How many commits had at most so many actions, by the bounds of [`BATCHES`].
    at_most: [u64; BATCHES.len()],
    all: u64,
    actions: u64,
}

impl Metrics {
    /// A request to this route was answered with this status.
    pub fn answered(&self, route: &str, status: u16) {
        *lock(&self.0.requests).entry((route.to_owned(), status)).or_default() += 1;
    }

    /// An action for this campaign came to this end: a status or a refusal's code.
    pub fn validated(&self, campaign: &str, outcome: &'static str) {
        *lock(&self.0.actions).entry((campaign.to_owned(), outcome)).or_default() += 1;
    }

    /// A post over the limit, or one of a robot, came to this end.
    pub fn rate_limited(&self, outcome: &'static str) {
        *lock(&self.0.rate_limited).entry(outcome).or_default() += 1;
    }

    /// So many actions were committed together.
    pub fn committed(&self, actions: usize) {
        let mut commits = lock(&self.0.commits);
        for (bound, count) in BATCHES.iter().zip(&mut commits.at_most) {
            *count += u64::from(actions <= *bound);
        }
        commits.all += 1;
        commits.actions += actions as u64;
    }

    /// So many actions wait to be written.
    pub fn set_queue(&self, waiting: usize) {
        self.0.queue.store(waiting, Ordering::Relaxed);
    }

    /// So many campaigns are served, and so many campaign files have faults.
    pub fn set_campaigns(&self, served: usize, faulty: usize) {
        self.0.campaigns.store(served, Ordering::Relaxed);
        self.0.faulty_files.store(faulty, Ordering::Relaxed);
    }

    /// All of them in the text format of Prometheus, version 0.0.4.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        out.push_str("# HELP standwith_requests_total Requests by route and status.\n");
        out.push_str("# TYPE standwith_requests_total counter\n");
        for ((route, status), count) in &*lock(&self.0.requests) {
            writeln!(
                out,
                "standwith_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            )?;
        }
        out.push_str("# HELP standwith_actions_total Actions by campaign and outcome.\n");
        out.push_str("# TYPE standwith_actions_total counter\n");
        for ((campaign, outcome), count) in &*lock(&self.0.actions) {
            writeln!(
                out,
                "standwith_actions_total{{campaign=\"{campaign}\",status=\"{outcome}\"}} {count}"
            )?;
        }
        let rate_limited = lock(&self.0.rate_limited).clone();
        for (name, help) in [
            ("standwith_rate_limit_total", "Posts over the limits, and bots, by outcome."),
            ("standwith_brake_total", "Former name of standwith_rate_limit_total."),
        ] {
            writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter")?;
            for outcome in RATE_LIMITED {
                let count = rate_limited.get(outcome).copied().unwrap_or_default();
                writeln!(out, "{name}{{outcome=\"{outcome}\"}} {count}")?;
            }
        }
        out.push_str("# HELP standwith_commit_actions Actions in one commit.\n");
        out.push_str("# TYPE standwith_commit_actions histogram\n");
        let commits = lock(&self.0.commits);
        for (bound, count) in BATCHES.iter().zip(commits.at_most) {
            writeln!(out, "standwith_commit_actions_bucket{{le=\"{bound}\"}} {count}")?;
        }
        let Commits { all, actions, .. } = *commits;
        writeln!(out, "standwith_commit_actions_bucket{{le=\"+Inf\"}} {all}")?;
        writeln!(out, "standwith_commit_actions_sum {actions}")?;
        writeln!(out, "standwith_commit_actions_count {all}")?;
        for (name, help, value) in [
            ("standwith_campaigns", "Campaigns served.", &self.0.campaigns),
            (
                "standwith_campaign_files_faulty",
                "Campaign files rejected for faults.",
                &self.0.faulty_files,
            ),
        ] {
            let value = value.load(Ordering::Relaxed);
            writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}")?;
        }
        out.push_str("# HELP standwith_queue_actions Actions waiting to be committed.\n");
        out.push_str("# TYPE standwith_queue_actions gauge\n");
        writeln!(out, "standwith_queue_actions {}", self.0.queue.load(Ordering::Relaxed))
    }
}

/// A poisoned lock guards numbers only, which are as good as before.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
