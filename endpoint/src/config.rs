//! The settings of an endpoint: one value, made from the command line and its defaults.
//!
//! `standwith serve` makes it from its flags; a test fills in what it needs and takes the defaults for the rest.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::address::PublicUrl;
use crate::rate_limit::{Limits, Proxies};

/// The settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of campaign files.
    pub campaigns: PathBuf,
    /// Whether the endpoint refuses to start if a campaign file is invalid.
    pub is_strict: bool,
    /// The address of the database.
    pub database: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to serve metrics; `None` is [`METRICS`], if it is free.
    pub metrics_listen: Option<SocketAddr>,
    /// The folder of the widget's files; `None` if they are not served.
    pub widgets: Option<PathBuf>,
    /// The key file; `None` is the one beside the database.
    pub keys: Option<PathBuf>,
    /// Whether a new key file may be created although the database holds actions.
    pub creates_new_keys: bool,
    /// The URLs by which browsers reach the endpoint. The first one is the issuer of receipts.
    pub addresses: Vec<PublicUrl>,
    /// The limits on posts.
    pub limits: Limits,
    /// The proxies whose forwarded header is trusted.
    pub proxies: Proxies,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
}

/// The default address of metrics: the port that Prometheus assigns to exporters of this kind.
pub const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
/// The default address to listen on.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The default folder of campaign files.
pub const CAMPAIGNS: &str = "campaigns";
/// The default database.
pub const DATABASE: &str = "sqlite:standwith.sqlite";
/// The default number of seconds that a connection may be idle.
pub const IDLE_SECONDS: u64 = 75;
/// The folder that holds the widget's files after a build.
const BUILT_WIDGETS: &str = "dist";

impl Default for Config {
    fn default() -> Self {
        Config {
            campaigns: CAMPAIGNS.into(),
            is_strict: false,
            database: DATABASE.to_owned(),
            listen: LISTEN,
            metrics_listen: None,
            widgets: None,
            keys: None,
            creates_new_keys: false,
            addresses: PublicUrl::local(LISTEN.port()),
            limits: Limits::default(),
            proxies: Proxies::default(),
            idle_timeout: Duration::from_secs(IDLE_SECONDS),
        }
    }
}

/// The folder of the widget's files if none is named: the build's output, if it exists.
pub fn built_widgets() -> Option<PathBuf> {
    let built = Path::new(BUILT_WIDGETS);
    built.is_dir().then(|| built.to_owned())
}
