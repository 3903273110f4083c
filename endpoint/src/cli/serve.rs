//! `standwith serve`: the endpoint.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tracing::Level;

use crate::address::PublicUrl;
use crate::http::{self, Endpoint, listen};
use crate::intake::Intake;
use crate::keys::Keyring;
use crate::library::{Library, LibraryFault};
use crate::metrics::Metrics;
use crate::store::Store;

/// How often the campaign files are looked at.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(super) struct Options {
    /// The folder of the campaign files; a file that changes is read anew
    #[arg(long, value_name = "DIR", default_value = "campaigns")]
    campaigns: PathBuf,
    /// Where actions are kept
    #[arg(long, value_name = "URL", default_value = "sqlite:standwith.sqlite")]
    database: String,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder of the widget's files [default: dist, if it is there]
    #[arg(long, value_name = "DIR")]
    widgets: Option<PathBuf>,
    /// The key file, made if it is missing [default: beside the database, ending in .keys.json]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The address by which browsers reach the endpoint; may be repeated. Actions are taken only if
    /// they name one of them, the first one signs receipts [default: this machine's own names]
    #[arg(long, value_name = "URL")]
    public_url: Vec<PublicUrl>,
    /// How the log is written, to the standard error
    #[arg(long, value_name = "FORMAT", default_value = "compact")]
    log: LogFormat,
    /// The least important lines that are logged: error, warn, info or debug
    #[arg(long, value_name = "LEVEL", default_value_t = Level::INFO)]
    log_level: Level,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Compact,
    /// Lines of JSON
    Json,
}

/// Serves until it is told to stop; false when the campaign files have faults.
pub(super) async fn serve(options: Options) -> anyhow::Result<bool> {
    start_log(options.log, options.log_level);
    let metrics = Metrics::default();
    let store = Store::open(&options.database, metrics.clone()).await?;
    let library = match Library::open(&options.campaigns, &store).await {
        Ok(library) => library,
        Err(fault @ LibraryFault::Faulty(_)) => {
            store.close().await;
            writeln!(io::stderr(), "{fault}")?;
            return Ok(false);
        }
        Err(fault) => return Err(fault.into()),
    };
    let keys = options.keys.clone().unwrap_or_else(|| store.file().with_extension("keys.json"));
    let keys = Keyring::open_or_make(&keys)?;
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("can't listen on {}", options.listen))?;
    let at = listener.local_addr()?;
    let endpoint = Arc::new(Endpoint {
        intake: Intake {
            store,
            library,
            keys,
            addresses: addresses(options.public_url, at),
            metrics,
        },
        widgets: options.widgets.or_else(built_widgets),
    });
    // For whoever started it; that nobody reads it is no reason not to serve.
    let _ = writeln!(io::stdout(), "StandWith listens on http://{at}/");

    let stop = Arc::new(Notify::new());
    let looking = tokio::spawn(look_after(endpoint.clone(), stop.clone()));
    let mut signals = Signals::new()?;
    let stopped = async {
        tokio::select! {
            () = signals.next() => tracing::info!("stopping: no more connections are taken"),
            () = stop.notified() => {}
        }
        // Who can't wait says so twice.
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
    };
    listen::serve(listener, http::router(endpoint.clone()), stopped).await;
    let well = endpoint.intake.store.is_well().await;
    looking.abort();
    endpoint.intake.store.close().await;
    anyhow::ensure!(well, "the database failed");
    tracing::info!("all that was taken in is on disk");
    Ok(true)
}

/// Keeps the campaigns as their files are; stops the endpoint when nothing can be kept any more.
async fn look_after(endpoint: Arc<Endpoint>, stop: Arc<Notify>) {
    let Intake { library, store, .. } = &endpoint.intake;
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        if !store.is_writing() {
            tracing::error!("the database takes no more actions");
            return stop.notify_one();
        }
        match library.refresh(store).await {
            Ok(complaints) => {
                failing = false;
                for complaint in complaints {
                    tracing::error!(%complaint, "a campaign file has a fault; its last good version stays");
                }
            }
            // Once is enough: it is tried again each second.
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, "the campaign files can't be looked at");
            }
            Err(_) => {}
        }
    }
}

fn addresses(given: Vec<PublicUrl>, at: SocketAddr) -> Vec<PublicUrl> {
    if !given.is_empty() {
        return given;
    }
    if !at.ip().is_loopback() {
        tracing::warn!("without --public-url, actions are taken from this machine only");
    }
    PublicUrl::local(at.port())
}

fn built_widgets() -> Option<PathBuf> {
    let built = Path::new("dist");
    built.is_dir().then(|| built.to_owned())
}

fn start_log(format: LogFormat, level: Level) {
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level);
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
