//! The flags of `standwith serve`, and the settings made from them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::Level;

use crate::address::PublicUrl;
use crate::config::{CAMPAIGNS, Config, DATABASE, IDLE_SECONDS, LISTEN, built_widgets};
use crate::rate_limit::{Block, Difficulty, ForwardedHeader, Limits, Proxies};

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// File of settings in TOML, with the names of these options: `listen = "127.0.0.1:8080"`. Each is also a variable of
    /// the environment: STANDWITH_LISTEN. The command line comes first, then the environment, then the file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of campaign files; changed files are reloaded
    #[arg(long, value_name = "DIR", default_value = CAMPAIGNS)]
    campaigns: PathBuf,
    /// Refuse to start if any campaign file is invalid; without it, the valid ones are served
    #[arg(long)]
    strict: bool,
    /// Database of actions: sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE for any number of endpoints. A
    /// password is better kept in the environment variable than on the command line, which other users can read
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value_t = LISTEN)]
    listen: SocketAddr,
    /// Folder of the widget's files [default: dist, if it exists]
    #[arg(long, value_name = "DIR")]
    widgets: Option<PathBuf>,
    /// Key file; created if missing and the database has no actions [default: beside a SQLite database,
    /// ending in .keys.json; standwith.keys.json with PostgreSQL]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Accept keys other than those that signed the receipts in the database, and create the key file if it is missing;
    /// those receipts can no longer be verified with the keys of this endpoint
    #[arg(long)]
    new_keys: bool,
    /// URL by which browsers reach the endpoint; may be repeated. An action must name one of them as its audience;
    /// the first one is the issuer of receipts [default: the names of this machine]
    #[arg(long, value_name = "URL")]
    public_url: Vec<PublicUrl>,
    /// Posts per minute from one network (IPv4 /24, IPv6 /48; a quarter of it from a /64) before a proof of work is
    /// required; 0 = unlimited
    #[arg(long, value_name = "A_MINUTE", default_value_t = Limits::default().network)]
    posts_from_network: u32,
    /// Posts per minute from all networks together; 0 = unlimited. Hosted forms, which cannot prove work, have a quarter
    /// of it
    #[arg(long, value_name = "A_MINUTE", default_value_t = Limits::default().all)]
    posts_from_all: u32,
    /// Average number of key derivations in a proof of work; a cheap phone needs about a second for 1024. Under load it
    /// rises up to eightfold
    #[arg(long, value_name = "TRIES", default_value_t = Limits::default().difficulty.tries)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=16_384))]
    proof_tries: u32,
    /// Address or network (10.0.0.0/8) of a proxy whose forwarded header is trusted; may be repeated. Without it, all
    /// clients behind a proxy on this machine or in a private network share the limit for all networks
    #[arg(long, value_name = "ADDR[/PREFIX]")]
    trust_forwarded: Vec<Block>,
    /// Header in which trusted proxies pass the client's address; they must overwrite or extend it
    #[arg(long, value_name = "HEADER", default_value = "x-forwarded-for")]
    forwarded_header: ForwardedHeader,
    /// Seconds after which an idle connection is closed. A proxy in front should use a shorter timeout, otherwise some
    /// requests meet a closing connection
    #[arg(long, value_name = "SECONDS", default_value_t = IDLE_SECONDS)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    idle_timeout: u64,
    /// Address and port for /metrics (Prometheus); keep it private
    /// [default: 127.0.0.1:9464, if it is free]
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<SocketAddr>,
    /// Format of the log, which goes to standard error
    #[arg(long, value_name = "FORMAT", default_value = "compact")]
    log: LogFormat,
    /// Minimum level that is logged: error, warn, info or debug
    #[arg(long, value_name = "LEVEL", default_value_t = Level::INFO)]
    log_level: Level,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Readable lines
    Compact,
    /// One JSON object per line
    Json,
}

impl Options {
    /// Starts the log that the flags ask for.
    pub(super) fn start_log(&self) {
        let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(self.log_level);
        // It would report a line that can't be written on standard error, and panic if that fails.
        let log = log.log_internal_errors(false);
        match self.log {
            LogFormat::Compact => log.with_target(false).compact().init(),
            LogFormat::Json => log.with_target(false).json().flatten_event(true).init(),
        }
    }

    /// Returns the settings. Without `--public-url` they have no addresses yet: those depend on the port.
    pub(super) fn into_config(self) -> Config {
        let difficulty = Difficulty { tries: self.proof_tries, ..Limits::default().difficulty };
        Config {
            campaigns: self.campaigns,
            is_strict: self.strict,
            database: self.database,
            listen: self.listen,
            metrics_listen: self.metrics_listen,
            widgets: self.widgets.or_else(built_widgets),
            keys: self.keys,
            creates_new_keys: self.new_keys,
            addresses: self.public_url,
            limits: Limits {
                network: self.posts_from_network,
                all: self.posts_from_all,
                difficulty,
            },
            proxies: Proxies { trusted: self.trust_forwarded, header: self.forwarded_header },
            idle_timeout: Duration::from_secs(self.idle_timeout),
        }
    }
}
