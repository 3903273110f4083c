//! Metrics of the endpoint's own work, for Prometheus. Labels are routes, statuses and campaigns: nothing that a
//! supporter typed, and nothing that a client can invent, so that their number is bounded.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// `Content-Type` of [`Metrics::text`].
pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Upper bounds of the histogram of commits.
const BATCHES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Outcomes of posts over the limits: a proof was required, a proof was accepted, a proof was rejected, the action was
/// stored already, a later retry was requested. The last one: the honeypot was filled in.
const RATE_LIMITED: [&str; 6] =
    ["challenged", "proved", "unproved", "repeated", "sent_away", "robot"];

/// All metrics. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    actions: Family<Action, Counter>,
    rate_limited: Family<RateLimited, Counter>,
    commits: Histogram,
    campaigns: UnsignedGauge,
    faulty_files: UnsignedGauge,
    queue: UnsignedGauge,
    ready: UnsignedGauge,
    registry: Arc<Registry>,
}

type UnsignedGauge = Gauge<u64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Action {
    campaign: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RateLimited {
    outcome: &'static str,
}

impl Default for Metrics {
    /// Registers each metric. The registry ends each help text with a period, and the name of each counter with
    /// `_total`.
    fn default() -> Self {
        let (requests, actions) = (Family::default(), Family::default());
        let rate_limited = Family::<RateLimited, Counter>::default();
        for outcome in RATE_LIMITED {
            // Each outcome exists from the start, with 0.
            drop(rate_limited.get_or_create(&RateLimited { outcome }));
        }
        let commits = Histogram::new(BATCHES);
        let [campaigns, faulty_files, queue, ready] = [(); 4].map(|()| UnsignedGauge::default());
        let mut all = Registry::with_prefix("standwith");
        all.register("requests", "Requests by route and status", Family::clone(&requests));
        all.register("actions", "Actions by campaign and outcome", Family::clone(&actions));
        let help = "Posts over the limits, and bots, by outcome";
        all.register("rate_limit", help, rate_limited.clone());
        let help = "Former name of standwith_rate_limit_total";
        all.register("brake", help, rate_limited.clone());
        all.register("commit_actions", "Actions in one commit", commits.clone());
        all.register("campaigns", "Campaigns served", campaigns.clone());
        let help = "Campaign files rejected for faults";
        all.register("campaign_files_faulty", help, faulty_files.clone());
        let help = "Whether the last commit succeeded: 1, or 0 while no action is accepted";
        all.register("ready", help, ready.clone());
        all.register("queue_actions", "Actions waiting to be committed", queue.clone());
        let registry = Arc::new(all);
        Metrics {
            requests,
            actions,
            rate_limited,
            commits,
            campaigns,
            faulty_files,
            queue,
            ready,
            registry,
        }
    }
}

impl Metrics {
    /// Counts a request to this route that was answered with this status.
    pub fn answered(&self, route: &str, status: u16) {
        self.requests.get_or_create(&Request { route: route.to_owned(), status }).inc();
    }

    /// Counts an action for this campaign with its outcome: a status or a refusal's code.
    pub fn validated(&self, campaign: &str, outcome: &'static str) {
        let labels = Action { campaign: campaign.to_owned(), status: outcome };
        self.actions.get_or_create(&labels).inc();
    }

    /// Counts a post over the limit, or one of a robot, with its outcome.
    pub fn rate_limited(&self, outcome: &'static str) {
        self.rate_limited.get_or_create(&RateLimited { outcome }).inc();
    }

    /// Counts a commit of this many actions.
    pub fn committed(&self, actions: usize) {
        self.commits.observe(actions as f64);
    }

    /// Sets whether the last commit succeeded.
    pub fn set_ready(&self, is_ready: bool) {
        self.ready.set(u64::from(is_ready));
    }

    /// Sets how many actions wait to be written.
    pub fn set_queue(&self, waiting: usize) {
        self.queue.set(waiting as u64);
    }

    /// Sets how many campaigns are served, and how many campaign files have faults.
    pub fn set_campaigns(&self, served: usize, faulty: usize) {
        self.campaigns.set(served as u64);
        self.faulty_files.set(faulty as u64);
    }

    /// Returns all of them in the text format of Prometheus, version 0.0.4 ([`CONTENT_TYPE`]).
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_names_and_labels_that_dashboards_ask_for() {
        let metrics = Metrics::default();
        metrics.answered("/campaigns/{id}/actions", 201);
        metrics.validated("free-press", "accepted");
        metrics.rate_limited("proved");
        metrics.committed(2);
        metrics.committed(200);
        metrics.set_queue(3);
        metrics.clone().set_campaigns(1, 4);
        let text = metrics.text();
        let mut lines: Vec<&str> = text.lines().collect();
        for expected in [
            "# HELP standwith_requests_total Requests by route and status.",
            "# TYPE standwith_requests_total counter",
            "standwith_requests_total{route=\"/campaigns/{id}/actions\",status=\"201\"} 1",
            "# HELP standwith_actions_total Actions by campaign and outcome.",
            "# TYPE standwith_actions_total counter",
            "standwith_actions_total{campaign=\"free-press\",status=\"accepted\"} 1",
            "# HELP standwith_rate_limit_total Posts over the limits, and bots, by outcome.",
            "# TYPE standwith_rate_limit_total counter",
            "standwith_rate_limit_total{outcome=\"challenged\"} 0",
            "standwith_rate_limit_total{outcome=\"proved\"} 1",
            "standwith_rate_limit_total{outcome=\"unproved\"} 0",
            "standwith_rate_limit_total{outcome=\"repeated\"} 0",
            "standwith_rate_limit_total{outcome=\"sent_away\"} 0",
            "standwith_rate_limit_total{outcome=\"robot\"} 0",
            "# HELP standwith_brake_total Former name of standwith_rate_limit_total.",
            "# TYPE standwith_brake_total counter",
            "standwith_brake_total{outcome=\"challenged\"} 0",
            "standwith_brake_total{outcome=\"proved\"} 1",
            "standwith_brake_total{outcome=\"unproved\"} 0",
            "standwith_brake_total{outcome=\"repeated\"} 0",
            "standwith_brake_total{outcome=\"sent_away\"} 0",
            "standwith_brake_total{outcome=\"robot\"} 0",
            "# HELP standwith_commit_actions Actions in one commit.",
            "# TYPE standwith_commit_actions histogram",
            "standwith_commit_actions_bucket{le=\"1\"} 0",
            "standwith_commit_actions_bucket{le=\"2\"} 1",
            "standwith_commit_actions_bucket{le=\"4\"} 1",
            "standwith_commit_actions_bucket{le=\"8\"} 1",
            "standwith_commit_actions_bucket{le=\"16\"} 1",
            "standwith_commit_actions_bucket{le=\"32\"} 1",
            "standwith_commit_actions_bucket{le=\"64\"} 1",
            "standwith_commit_actions_bucket{le=\"128\"} 1",
            "standwith_commit_actions_bucket{le=\"+Inf\"} 2",
            "standwith_commit_actions_sum 202.0",
            "standwith_commit_actions_count 2",
            "# HELP standwith_campaigns Campaigns served.",
            "# TYPE standwith_campaigns gauge",
            "standwith_campaigns 1",
            "# HELP standwith_campaign_files_faulty Campaign files rejected for faults.",
            "# TYPE standwith_campaign_files_faulty gauge",
            "standwith_campaign_files_faulty 4",
            "# HELP standwith_ready Whether the last commit succeeded: 1, or 0 while no action is accepted.",
            "# TYPE standwith_ready gauge",
            "standwith_ready 0",
            "# HELP standwith_queue_actions Actions waiting to be committed.",
            "# TYPE standwith_queue_actions gauge",
            "standwith_queue_actions 3",
        ] {
            let found = lines.iter().position(|line| *line == expected);
            assert!(found.map(|at| lines.remove(at)).is_some(), "{expected} is not in {text}");
        }
        assert_eq!(lines, [""; 0]);
    }
}
