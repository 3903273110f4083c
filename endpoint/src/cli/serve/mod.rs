//! `standwith serve`: the endpoint.

mod background;
mod options;

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

pub(super) use self::options::Options;
use super::key_file;
use crate::address::PublicUrl;
use crate::app::{AppState, Parts};
use crate::campaigns::Campaigns;
use crate::characters::escaped;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, METRICS};
use crate::http::listen::Bounds;
use crate::http::{self, listen};
use crate::keys::Keyring;
use crate::metrics::Metrics;
use crate::static_files::StaticFiles;
use crate::store::{self, Access, Opened, Settings, Store, with_ending};
use crate::workers::Workers;

/// The number of open files reserved for the database, campaigns and the widget. All others are for connections.
const OWN_FILES: usize = 256;

/// Serves until a signal stops it. Returns false if the campaign files have faults and the options allow none.
pub(super) async fn serve(options: Options) -> anyhow::Result<bool> {
    options.start_log();
    let connections = connections();
    // From here on SIGHUP no longer ends the process.
    let hangup = signal(SignalKind::hangup())?;
    let mut config = options.into_config();
    // Before any file is created: if the address is in use, nothing is left behind.
    let listener = listen_on(config.listen, "").await?;
    let at = listener.local_addr()?;
    let private = match config.metrics_listen {
        Some(at) => Some(listen_on(at, " for metrics").await?),
        None => None,
    };
    if config.addresses.is_empty() {
        config.addresses = own_addresses(at);
    }
    let bounds = Bounds {
        proxies: config.proxies.clone(),
        idle: config.idle_timeout,
        connections,
        ..Bounds::default()
    };
    let Some(state) = open(config).await? else { return Ok(false) };
    // A process that reads the next line may stop the endpoint at once.
    let signals = Signals::new()?;
    // Serve even if standard output is closed.
    let _ = writeln!(io::stdout(), "StandWith listens on http://{at}/");
    let private = match private {
        Some(listener) => Some(listener),
        None => listen_by_default().await,
    };
    if let Some(at) = private.as_ref().and_then(|listener| listener.local_addr().ok()) {
        let _ = writeln!(io::stdout(), "Metrics are on http://{at}/metrics");
    }
    let stop = Arc::new(Notify::new());
    let tasks = [
        tokio::spawn(background::probe(state.clone())),
        tokio::spawn(background::look_after(state.clone(), stop.clone(), hangup)),
    ];
    let private = private.map(|listener| {
        let bounds = Bounds { connections: 64, ..Bounds::default() };
        let router = http::metrics_router(state.clone());
        tokio::spawn(listen::serve(listener, router, bounds, std::future::pending()))
    });
    listen::serve(listener, http::router(state.clone()), bounds, stopped(signals, stop)).await;
    if let Some(private) = private {
        private.abort();
    }
    let well = state.store.is_writing();
    tasks.iter().for_each(|task| task.abort());
    state.store.close().await;
    anyhow::ensure!(well, "the database failed");
    tracing::info!("shutdown complete: all accepted actions are committed");
    Ok(true)
}

/// Opens database, campaigns and keys, and puts the state together; `None` if the campaign files have faults and the
/// options allow none.
async fn open(config: Config) -> anyhow::Result<Option<Arc<AppState>>> {
    anyhow::ensure!(
        config.campaigns.is_dir(),
        "{}: there is no such folder of campaign files",
        config.campaigns.display()
    );
    let (metrics, workers) = (Metrics::default(), Workers::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings =
        Settings { metrics: metrics.clone(), clock: clock.clone(), ..Settings::default() };
    let opened = store::open(&config.database, Access::Create, settings).await?;
    let store = opened.store.clone();
    opened.file.iter().for_each(|file| warn_of_readers(file));
    let reserved = http::reserved_ids(&config.addresses);
    let campaigns = Campaigns::open(&config.campaigns, reserved, store.clone(), workers.clone());
    let campaigns = Arc::new(campaigns.await?);
    let faults = campaigns.faults();
    if config.is_strict && !faults.is_empty() {
        store.close().await;
        writeln!(io::stderr(), "{}", faults.join("\n"))?;
        return Ok(None);
    }
    for fault in faults {
        tracing::error!(%fault, "campaign file rejected");
    }
    let keys = config
        .keys
        .clone()
        .unwrap_or_else(|| key_file(opened.file.as_deref().unwrap_or(Path::new("standwith"))));
    let actions = store.total().await?;
    if let Err(refused) = expect_keys(&keys, actions, config.creates_new_keys) {
        store.close().await;
        return Err(refused);
    }
    if let Err(refused) = expect_no_keys(&*store, &keys, config.creates_new_keys).await {
        store.close().await;
        return Err(refused);
    }
    let keys = Keyring::open_or_make(&keys)?;
    if let Err(refused) = share_keys(&*store, &keys, config.creates_new_keys).await {
        store.close().await;
        return Err(refused);
    }
    let parts = Parts { store, campaigns, keys, clock, metrics, workers };
    let state = Arc::new(AppState::new(config, parts)?);
    log_start(&state, &opened, actions);
    if opened.has_unerased {
        tokio::spawn(background::erase_deleted(state.clone()));
    }
    Ok(Some(state))
}

/// Returns when the endpoint should stop: on a signal, or when nothing can be stored any more. A second signal ends the
/// process at once.
async fn stopped(mut signals: Signals, stop: Arc<Notify>) {
    tokio::select! {
        () = signals.next() => tracing::info!("shutting down: no new connections are accepted"),
        () = stop.notified() => {}
    }
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(130);
    });
}

/// The addresses if no `--public-url` is given: the names of this machine.
fn own_addresses(at: SocketAddr) -> Vec<PublicUrl> {
    if !at.ip().is_loopback() {
        tracing::warn!("no --public-url: actions are accepted from this machine only");
    }
    PublicUrl::local(at.port())
}

/// Warns if other users may read or write the database or its log: they hold personal data.
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

/// Fails if the key file is missing although there are actions, unless new keys are requested: a new key would silently
/// replace the one that signed their receipts.
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

/// Fails if the key file is missing although the database knows keys, unless new keys are requested.
async fn expect_no_keys(store: &dyn Store, keys: &Path, new_keys: bool) -> anyhow::Result<()> {
    if new_keys || keys.exists() {
        return Ok(());
    }
    let known = store.share_signing_keys(&[], false).await?;
    anyhow::ensure!(
        known.is_empty(),
        "the key file {} is missing, but endpoints on this database have used the key {}: copy their key file, or name \
         it with --keys. With --new-keys, a new one is created; if there are receipts, they can no longer be verified",
        escaped(&keys.display().to_string()),
        known.join(" and ")
    );
    Ok(())
}

/// Fails if receipts of the database were signed by keys that these keys lack, unless new keys are requested: another
/// endpoint on the database has other keys, or the key file is another one.
async fn share_keys(store: &dyn Store, keys: &Keyring, new_keys: bool) -> anyhow::Result<()> {
    let ours: Vec<String> = keys.names().map(str::to_owned).collect();
    let lacks = store.share_signing_keys(&ours, new_keys).await?;
    anyhow::ensure!(
        new_keys || lacks.is_empty(),
        "receipts in the database were signed by the key {}, which the key file lacks: endpoints on one database must \
         have the same key file. Name it with --keys. With --new-keys, this file's keys replace those, and earlier \
         receipts can no longer be verified",
        lacks.join(" and ")
    );
    Ok(())
}

/// Logs one line with the settings in use, so that an operator can spot wrong ones.
fn log_start(state: &AppState, opened: &Opened, actions: i64) {
    let AppState { config, campaigns, widgets, .. } = state;
    let (all, urls) = (campaigns.all(), config.addresses.iter().map(PublicUrl::as_str));
    let ids: Vec<&str> = all.iter().map(|version| version.campaign().id.as_str()).collect();
    let trusted: Vec<String> = config.proxies.trusted.iter().map(ToString::to_string).collect();
    let widgets = match widgets.as_ref().map(StaticFiles::folder) {
        Some(folder) if folder.join("standwith.js").is_file() => folder.display().to_string(),
        Some(folder) => format!("missing: no standwith.js in {}", folder.display()),
        None => "missing: set --widgets".to_owned(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        campaigns = all.len(),
        ids = ids.join(" "),
        database = escaped(&opened.place),
        database_created = opened.is_new,
        actions,
        public_urls = urls.collect::<Vec<_>>().join(" "),
        widgets = escaped(&widgets),
        trusted_proxies = if trusted.is_empty() { "none".to_owned() } else { trusted.join(" ") },
        "started"
    );
}

/// Returns how many connections the limit on open files allows, after raising that limit as far as the system permits.
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
    // If there are few files, share them instead of giving all to connections.
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

/// Listens for metrics at the default address, if it is free.
async fn listen_by_default() -> Option<TcpListener> {
    let refused = |error: &io::Error| {
        tracing::warn!(%error, address = %METRICS, "metrics not served: set --metrics-listen");
    };
    TcpListener::bind(METRICS).await.inspect_err(refused).ok()
}

/// Requests to stop, from the terminal or from the program that runs the process.
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
