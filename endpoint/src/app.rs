//! The state of a running endpoint: the parts that requests and background tasks share.

use std::sync::Arc;

use aws_lc_rs::error::Unspecified;

use crate::campaigns::Campaigns;
use crate::clock::Clock;
use crate::config::Config;
use crate::counts::Counts;
use crate::hosted_forms::HostedForms;
use crate::intake::Intake;
use crate::keys::Keyring;
use crate::metrics::Metrics;
use crate::rate_limit::{ProofOfWork, RateLimiter};
use crate::static_files::StaticFiles;
use crate::store::Store;
use crate::workers::Workers;

/// The largest picture that is served, in bytes: every picture that was requested stays in memory.
const LARGEST_PICTURE: u64 = 5 * 1024 * 1024;

/// The parts whose opening can fail or wait; they are opened before the state is put together.
#[derive(Debug)]
pub struct Parts {
    /// Where actions are stored.
    pub store: Arc<dyn Store>,
    /// The campaigns that are served.
    pub campaigns: Arc<Campaigns>,
    /// The keys that sign receipts.
    pub keys: Keyring,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
    /// The counters, which the store shares.
    pub metrics: Metrics,
    /// The threads for CPU-bound work, which the campaigns share.
    pub workers: Workers,
}

/// The state of a running endpoint.
#[derive(Debug)]
pub struct AppState {
    /// The settings.
    pub config: Config,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
    /// Where actions are stored.
    pub store: Arc<dyn Store>,
    /// The counts of campaigns, in memory.
    pub counts: Arc<Counts>,
    /// The campaigns that are served.
    pub campaigns: Arc<Campaigns>,
    /// The keys that sign receipts.
    pub keys: Arc<Keyring>,
    /// The counters.
    pub metrics: Metrics,
    /// The threads for CPU-bound work.
    pub workers: Workers,
    /// The limits on posts.
    pub limiter: RateLimiter,
    /// The path from a request body to a stored action.
    pub intake: Intake,
    /// The tokens and one-time pages of hosted forms.
    pub hosted: HostedForms,
    /// The pictures beside the campaign files.
    pub pictures: StaticFiles,
    /// The widget's files, if they are served here.
    pub widgets: Option<StaticFiles>,
}

impl AppState {
    /// Puts the state together. Its secrets are derived from the keys, so that endpoints that share keys accept each
    /// other's forms and challenges.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(config: Config, parts: Parts) -> Result<Self, Unspecified> {
        let Parts { store, campaigns, keys, clock, metrics, workers } = parts;
        let challenge = ProofOfWork::new(
            &keys.secret("challenges of the proof of work")?,
            config.limits.difficulty,
        );
        let limiter = RateLimiter::new(
            config.limits,
            config.proxies.clone(),
            Arc::new(challenge),
            metrics.clone(),
        )?;
        let hosted = HostedForms::new(&keys.secret("tokens of hosted forms")?);
        let keys = Arc::new(keys);
        let counts = Arc::new(Counts::new(store.clone()));
        let intake = Intake {
            store: store.clone(),
            counts: counts.clone(),
            campaigns: campaigns.clone(),
            keys: keys.clone(),
            addresses: config.addresses.clone(),
            metrics: metrics.clone(),
        };
        let pictures = StaticFiles::up_to(LARGEST_PICTURE, config.campaigns.clone());
        let widgets = config.widgets.clone().map(StaticFiles::new);
        Ok(AppState {
            config,
            clock,
            store,
            counts,
            campaigns,
            keys,
            metrics,
            workers,
            limiter,
            intake,
            hosted,
            pictures,
            widgets,
        })
    }
}
