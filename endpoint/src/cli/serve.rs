//! `standwith serve`: the endpoint.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tracing::Level;

use super::key_file;
use crate::address::PublicUrl;
use crate::campaigns::Campaigns;
use crate::characters::escaped;
use crate::http::listen::Bounds;
use crate::http::{self, Endpoint, HostedForms, Pictures, WidgetFiles, listen};
use crate::intake::Intake;
use crate::keys::Keyring;
use crate::metrics::Metrics;
use crate::rate_limit::{
    Block, Difficulty, ForwardedHeader, Limits, ProofOfWork, Proxies, RateLimiter,
};
use crate::store::{Store, with_ending};
use crate::workers::Workers;

/// How often the campaign files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How often clearing the log is tried where others read the database.
const CLEARING: Duration = Duration::from_secs(60);

/// Where metrics are by default: the port that Prometheus has for exporters of this kind.
const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// How many open files are for the database, campaigns and the widget. All others are for connections.
const OWN_FILES: usize = 256;

#[derive(Args)]
pub(super) struct Options {
    /// Folder of campaign files; changed files are reloaded
    #[arg(long, value_name = "DIR", default_value = "campaigns")]
    campaigns: PathBuf,
    /// Refuse to start if any campaign file is invalid; without it, the valid ones are served
    #[arg(long)]
    strict: bool,
    /// Database of actions
    #[arg(long, value_name = "URL", default_value = "sqlite:standwith.sqlite")]
    database: String,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder of the widget's files [default: dist, if it exists]
    #[arg(long, value_name = "DIR")]
    widgets: Option<PathBuf>,
    /// Key file; created if missing and the database has no actions [default: beside the database, ending in .keys.json]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Create a new key file although the database holds actions; their receipts can no longer be verified with the keys
    /// of this endpoint
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
    #[arg(long, value_name = "SECONDS", default_value_t = 75)]
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

/// Serves until it is told to stop; false when the campaign files have faults.
pub(super) async fn serve(options: Options) -> anyhow::Result<bool> {
    start_log(options.log, options.log_level);
    let connections = connections();
    // From here on it no longer ends the process.
    let hangup = signal(SignalKind::hangup())?;
    // Before any file is made: where the address is taken, nothing is left behind.
    let listener = listen_on(options.listen, "").await?;
    let at = listener.local_addr()?;
    let private = match options.metrics_listen {
        Some(at) => Some(listen_on(at, " for metrics").await?),
        None => None,
    };
    anyhow::ensure!(
        options.campaigns.is_dir(),
        "{}: there is no such folder of campaign files",
        options.campaigns.display()
    );
    let metrics = Metrics::default();
    let store = Store::open(&options.database, metrics.clone()).await?;
    warn_of_readers(store.file());
    let addresses = addresses(options.public_url.clone(), at);
    let reserved = http::reserved_ids(&addresses);
    let campaigns = Campaigns::open_without(&options.campaigns, reserved, &store).await?;
    let faults = campaigns.faults();
    if options.strict && !faults.is_empty() {
        store.close().await;
        writeln!(io::stderr(), "{}", faults.join("\n"))?;
        return Ok(false);
    }
    for fault in faults {
        tracing::error!(%fault, "campaign file rejected");
    }
    let keys = options.keys.clone().unwrap_or_else(|| key_file(store.file()));
    let actions = store.actions().await?;
    if let Err(refused) = expect_keys(&keys, actions, options.new_keys) {
        store.close().await;
        return Err(refused);
    }
    let keys = Keyring::open_or_make(&keys)?;
    let limiter = limiter(&options, &keys, metrics.clone())?;
    let hosted = HostedForms::new(&keys.secret("tokens of hosted forms")?);
    let endpoint = Arc::new(Endpoint {
        intake: Intake { store, campaigns, keys, addresses, metrics, workers: Workers::default() },
        limiter,
        pictures: Pictures::new(options.campaigns.clone()),
        hosted,
        widgets: options.widgets.clone().or_else(built_widgets).map(WidgetFiles::new),
    });
    log_start(&endpoint, actions, &options.trust_forwarded);
    // Whoever reads that it listens may stop it.
    let mut signals = Signals::new()?;
    // For the one who started it; that nobody reads it is no reason not to serve.
    let _ = writeln!(io::stdout(), "StandWith listens on http://{at}/");
    let private = match private {
        Some(listener) => Some(listener),
        None => listen_by_default().await,
    };
    if let Some(at) = private.as_ref().and_then(|listener| listener.local_addr().ok()) {
        let _ = writeln!(io::stdout(), "Metrics are on http://{at}/metrics");
    }

    if endpoint.intake.store.has_old_log() {
        tokio::spawn(clear_log(endpoint.clone()));
    }
    let stop = Arc::new(Notify::new());
    let probing = tokio::spawn(probe(endpoint.clone()));
    let looking = tokio::spawn(look_after(endpoint.clone(), stop.clone(), hangup));
    let stopped = async {
        tokio::select! {
            () = signals.next() => tracing::info!("shutting down: no new connections are accepted"),
            () = stop.notified() => {}
        }
        // Who can't wait says so twice.
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
    };
    let proxies = Proxies { trusted: options.trust_forwarded, header: options.forwarded_header };
    let idle = Duration::from_secs(options.idle_timeout);
    let bounds = Bounds { proxies, idle, connections, ..Bounds::default() };
    let private = private.map(|listener| {
        let bounds = Bounds { connections: 64, ..Bounds::default() };
        let router = http::metrics_router(endpoint.clone());
        tokio::spawn(listen::serve(listener, router, bounds, std::future::pending()))
    });
    listen::serve(listener, http::router(endpoint.clone()), bounds, stopped).await;
    if let Some(private) = private {
        private.abort();
    }
    let well = endpoint.intake.store.is_writing();
    looking.abort();
    probing.abort();
    endpoint.intake.store.close().await;
    anyhow::ensure!(well, "the database failed");
    tracing::info!("shutdown complete: all accepted actions are committed");
    Ok(true)
}

/// Warns where other users may read or write the database, or its log: they hold personal data.
fn warn_of_readers(database: &Path) {
    for file in [database.to_owned(), with_ending(database, "-wal")] {
        let mode = fs::metadata(&file).map_or(0, |about| about.permissions().mode());
        if mode & 0o077 != 0 {
            let file = escaped(&file.display().to_string());
            tracing::warn!(
                file,
                "database: other users may read or write the file; set its mode to 0600"
            );
        }
    }
}

/// Fails where the key file is missing though there are actions, unless new keys are wanted: a new key would replace the
/// one that signed their receipts without a word.
fn expect_keys(keys: &Path, actions: i64, new_keys: bool) -> anyhow::Result<()> {
    if actions == 0 || keys.exists() {
        return Ok(());
    }
    let file = escaped(&keys.display().to_string());
    tracing::error!(
        file,
        actions,
        "key file missing: with new keys, the receipts of these actions can no longer be verified"
    );
    anyhow::ensure!(
        new_keys,
        "the key file {file} is missing, and the database holds {actions} actions, whose receipts it signed: restore \
         the file, or name it with --keys. With --new-keys, a new one is created, and those receipts can no longer be \
         verified"
    );
    Ok(())
}

/// One line with what is served from where: an operator sees in it what was not meant so.
fn log_start(endpoint: &Endpoint, actions: i64, trusted: &[Block]) {
    let Endpoint { intake: Intake { store, campaigns, addresses, .. }, widgets, .. } = endpoint;
    let (all, urls) = (campaigns.all(), addresses.iter().map(PublicUrl::as_str));
    let ids: Vec<&str> = all.iter().map(|version| version.campaign().id.as_str()).collect();
    let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
    let widgets = match widgets.as_ref().map(WidgetFiles::folder) {
        Some(folder) if folder.join("standwith.js").is_file() => folder.display().to_string(),
        Some(folder) => format!("missing: no standwith.js in {}", folder.display()),
        None => "missing: set --widgets".to_owned(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        campaigns = all.len(),
        ids = ids.join(" "),
        database = escaped(&store.file().display().to_string()),
        database_created = store.is_new(),
        actions,
        public_urls = urls.collect::<Vec<_>>().join(" "),
        widgets = escaped(&widgets),
        trusted_proxies = if trusted.is_empty() { "none".to_owned() } else { trusted.join(" ") },
        "started"
    );
}

/// Clears the log that could not be cleared when the database was opened: it may hold bytes of actions that were
/// withdrawn. Tries again while others read.
async fn clear_log(endpoint: Arc<Endpoint>) {
    let mut ticks = tokio::time::interval(CLEARING);
    ticks.tick().await;
    loop {
        match endpoint.intake.store.clear_log().await {
            Ok(true) => return,
            Ok(false) => tracing::warn!(
                "database: the log can't be cleared while another process reads; it may hold withdrawn actions"
            ),
            Err(error) => return tracing::warn!(%error, "database: clearing the log failed"),
        }
        ticks.tick().await;
    }
}

/// Tries now and then whether anything can be committed, whatever the reading of campaign files waits for.
async fn probe(endpoint: Arc<Endpoint>) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        endpoint.intake.store.probe();
        endpoint.hosted.purge();
    }
}

/// Keeps the campaigns as their files are, at once when SIGHUP comes; stops the endpoint when nothing can be kept any
/// more.
async fn look_after(endpoint: Arc<Endpoint>, stop: Arc<Notify>, mut hangup: Signal) {
    let Intake { campaigns, store, .. } = &endpoint.intake;
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        let is_asked = tokio::select! {
            _ = ticks.tick() => false,
            Some(()) = hangup.recv() => true,
        };
        if !store.is_writing() {
            tracing::error!(
                "database: the file was removed or replaced, or overwritten by another program, or the writer ended; stopping"
            );
            return stop.notify_one();
        }
        match campaigns.refresh(store).await {
            Ok(complaints) => {
                failing = false;
                if is_asked {
                    tracing::info!(campaigns = campaigns.all().len(), "reloaded: SIGHUP");
                }
                for fault in complaints {
                    tracing::error!(%fault, "campaign file rejected: its last valid version stays");
                }
                let (served, faulty) = campaigns.tally();
                endpoint.intake.metrics.set_campaigns(served, faulty);
            }
            // Once is enough: it is tried again each second.
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, "campaign files: cannot read the folder");
            }
            Err(_) => {}
        }
    }
}

/// Returns how many connections the limit on open files allows, which is raised as far as the system lets it.
fn connections() -> usize {
    let wanted = listen::CONNECTIONS + OWN_FILES;
    let limit = match rlimit::increase_nofile_limit(u64::try_from(wanted).unwrap_or(u64::MAX)) {
        Ok(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "open files: limit (ulimit -n) unknown");
            return listen::CONNECTIONS;
        }
    };
    if limit >= wanted {
        return listen::CONNECTIONS;
    }
    // Few files are better shared than all given to connections.
    let connections = limit.saturating_sub(OWN_FILES).max(limit / 2);
    tracing::warn!(
        limit,
        wanted,
        connections,
        "open files: limit (ulimit -n) is low; fewer connections are accepted at once"
    );
    connections
}

async fn listen_on(at: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(at).await;
    listener.with_context(|| format!("can't listen on {at}{what}"))
}

/// Listens for metrics where nobody said where: only if the address is free.
async fn listen_by_default() -> Option<TcpListener> {
    let refused = |error: &io::Error| {
        tracing::warn!(%error, address = %METRICS, "metrics not served: set --metrics-listen");
    };
    TcpListener::bind(METRICS).await.inspect_err(refused).ok()
}

fn limiter(options: &Options, keys: &Keyring, metrics: Metrics) -> anyhow::Result<RateLimiter> {
    let difficulty = Difficulty { tries: options.proof_tries, ..Limits::default().difficulty };
    let limits =
        Limits { network: options.posts_from_network, all: options.posts_from_all, difficulty };
    let proxies =
        Proxies { trusted: options.trust_forwarded.clone(), header: options.forwarded_header };
    let secret = keys.secret("challenges of the proof of work")?;
    Ok(RateLimiter::new(limits, proxies, Arc::new(ProofOfWork::new(&secret, difficulty)), metrics)?)
}

fn addresses(given: Vec<PublicUrl>, at: SocketAddr) -> Vec<PublicUrl> {
    if !given.is_empty() {
        return given;
    }
    if !at.ip().is_loopback() {
        tracing::warn!("no --public-url: actions are accepted from this machine only");
    }
    PublicUrl::local(at.port())
}

fn built_widgets() -> Option<PathBuf> {
    let built = Path::new("dist");
    built.is_dir().then(|| built.to_owned())
}

fn start_log(format: LogFormat, level: Level) {
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level);
    // A line that can't be written would be told of on the standard error, which panics where that fails.
    let log = log.log_internal_errors(false);
    match format {
        LogFormat::Compact => log.with_target(false).compact().init(),
        LogFormat::Json => log.with_target(false).json().flatten_event(true).init(),
    }
}

/// Requests to stop, from the terminal or from whatever runs the process.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
