//! `bench flood`: thousands of bad requests and a few good ones, against the release endpoint. Measures how many good
//! ones are accepted, the endpoint's memory, and whether anything of the bad ones is stored.
//!
//! Each client has a network of its own, set by `X-Forwarded-For`, so limits by network never help: the worst case.
//! Good clients solve the proofs of work that they are asked for, as the form does.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use aws_lc_rs::rand::fill;
use clap::Args;
use serde_json::{Value, json};
use standwith::action::Claims;
use standwith::envelope::{compact, encode};
use standwith::shape;
use standwith_endpoint::clock;
use standwith_endpoint::rate_limit::{MEMORY, solve};
use standwith_endpoint::signature::digest;
use standwith_endpoint::store::{SqliteStore, Store};
use standwith_testkit::process::{EndpointProcess, Launch};
use standwith_testkit::signer::{Signer, fresh_jti};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::figures::{Aim, judge, quantile};
use crate::http;

/// The campaign's id.
const CAMPAIGN: &str = "flood";
/// The wording of the consent in each action.
const WORDING: &str = "Pass my message on.";
/// A marker in all bad requests, which must not be found anywhere afterwards.
const MARK: &str = "CAST-THE-BAD-AWAY";
/// Number of connections that the bad requests share, as they would behind a proxy.
const CONNECTIONS: usize = 48;
/// Maximum number of attempts of a good client, as in the form.
const TRIES: u32 = 6;
/// Time limit of one attempt.
const PATIENCE: Duration = Duration::from_secs(10);

/// Options of `bench flood`.
#[derive(Args)]
pub(crate) struct Options {
    /// How long the flood lasts, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Bad requests a second
    #[arg(long, default_value_t = 5000)]
    bad: u32,
    /// Good ones a second
    #[arg(long, default_value_t = 50)]
    good: u32,
    /// Derivations that a proof takes on average. The endpoint's default is 1024; this machine cannot do the work of
    /// fifty phones a second beside the flood
    #[arg(long, default_value_t = 16)]
    proof_tries: u32,
    /// Memory that the endpoint may use in addition during the flood, in MiB
    #[arg(long, default_value_t = 256.0)]
    memory: f64,
}

/// The results.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Good actions sent, and those accepted.
    good: u64,
    taken: Vec<String>,
    /// Seconds until each was accepted.
    times: Vec<f64>,
    /// Reasons why the others were not, and how often.
    lost: BTreeMap<String, u64>,
    /// Bad requests sent, by kind.
    sent: BTreeMap<&'static str, u64>,
    /// Their answers by status; 0 stands for no answer.
    answers: BTreeMap<u16, u64>,
    /// Duration in seconds.
    took: f64,
}

/// Floods a fresh endpoint; returns whether it passed.
pub(crate) async fn measure(options: &Options) -> Result<bool> {
    let program = std::env::var_os("STANDWITH_BIN");
    let program = program.map_or_else(|| PathBuf::from("target/release/standwith"), PathBuf::from);
    let dir = tempfile::tempdir()?;
    prepare(dir.path())?;
    let server = Server::start(&program, dir.path(), options.proof_tries).await?;
    let (before, used) = (server.process.peak_memory()?, server.process.processor_time()?);
    let flood = Flood::new(server.at, dir.path(), options.bad, options.good)?;
    let found = flood.run(options.seconds).await?;
    let (most, used) = (server.process.peak_memory()?, server.process.processor_time()? - used);
    let limiter = rate_limited(server.metrics).await?;
    let log = server.stop().await?;
    let mut kept = kept(dir.path()).await?;
    let marked = marked(dir.path())?;

    println!("bad requests, {} a second wanted, for {} seconds", options.bad, options.seconds);
    for (kind, sent) in &found.sent {
        println!("  {kind:<44}{sent:>9}{:>9.0} a second", *sent as f64 / found.took);
    }
    let sent: u64 = found.sent.values().sum();
    println!("  {:<44}{sent:>9}{:>9.0} a second", "together", sent as f64 / found.took);
    println!("answers to them");
    for (status, count) in &found.answers {
        let status = if *status == 0 { "none, cut off".to_owned() } else { status.to_string() };
        println!("  {status:<44}{count:>9}");
    }
    println!("posts over the limits, by what became of them\n{limiter}");
    println!("good requests");
    println!("  {:<44}{:>9}", "sent", found.good);
    println!("  {:<44}{:>9}", "taken", found.taken.len());
    for (why, count) in &found.lost {
        println!("  {why:<44}{count:>9}");
    }
    for (what, part) in
        [("half were taken within, seconds", 0.5), ("99 of 100", 0.99), ("all", 1.0)]
    {
        println!("  {what:<44}{:>9.2}", quantile(&found.times, part).unwrap_or_default());
    }
    println!("the endpoint");
    println!("  {:<44}{before:>9.1}", "memory before, MiB");
    println!("  {:<44}{most:>9.1}", "memory at most, MiB");
    let tables = 2.0 * MEMORY as f64 / (1024.0 * 1024.0);
    println!("  {:<44}{tables:>9.1}", "of which networks and used proofs are known, MiB");
    println!("  {:<44}{:>9.2}", "processors used, of those that it shares", used / found.took);
    println!("  {:<44}{:>9.1}", "log, KiB", log as f64 / 1024.0);
    println!("  (a proof took {} derivations here, 1024 is usual)", options.proof_tries);

    kept.sort();
    let mut taken = found.taken.clone();
    taken.sort();
    let lost = 100.0 - 100.0 * taken.len() as f64 / found.good as f64;
    let unknown = kept.iter().filter(|jti| taken.binary_search(jti).is_err()).count();
    let missing = taken.iter().filter(|jti| kept.binary_search(jti).is_err()).count();
    let short = 100.0 - 100.0 * sent as f64 / (f64::from(options.bad) * found.took);
    Ok(judge(&[
        Aim::at_most(1.0, "good ones that were not taken, percent", Some(lost), 2),
        Aim::at_most(
            0.0,
            "actions that are kept and are none of the good",
            Some(unknown as f64),
            0,
        ),
        Aim::at_most(0.0, "good ones that were taken and are not kept", Some(missing as f64), 0),
        Aim::at_most(0.0, "files that hold anything of the bad", Some(marked as f64), 0),
        Aim::at_most(options.memory, "memory taken on for it, MiB", Some(most - before), 1),
        Aim::at_most(2.0, "bad ones that could not be sent in time, percent", Some(short), 1),
    ]))
}

/// The endpoint's process.
struct Server {
    process: EndpointProcess,
    at: SocketAddr,
    metrics: SocketAddr,
    log: PathBuf,
}

impl Server {
    async fn start(program: &Path, dir: &Path, tries: u32) -> Result<Self> {
        let launch = Launch::new(std::path::absolute(program)?, dir)
            .with(["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:flood.sqlite"])
            .with(["--trust-forwarded", "127.0.0.1", "--proof-tries", &tries.to_string()])
            .with(["--metrics-listen", "127.0.0.1:0"]);
        let process = launch.start_async().await?;
        let (at, metrics) = (process.address()?, process.metrics_address()?);
        Ok(Server { process, at, metrics, log: launch.path("log") })
    }

    /// Stops it as an operator does; returns the length of its log.
    async fn stop(mut self) -> Result<u64> {
        self.process.signal("TERM")?;
        let ended = tokio::task::spawn_blocking(move || self.process.wait());
        let status = timeout(Duration::from_secs(30), ended).await???;
        ensure!(status.success(), "the endpoint ended badly: {}", fs::read_to_string(&self.log)?);
        Ok(fs::metadata(&self.log)?.len())
    }
}

/// Writes the campaign into a folder.
fn prepare(dir: &Path) -> Result<()> {
    let campaign = json!({
        "id": CAMPAIGN,
        "lang": "en",
        "title": "Flooded",
        "targets": [{"id": "minister", "name": "The Minister", "email": "minister@government.invalid"}],
        "message": {"subjects": ["A request"], "body": "Please let them write."},
        "consents": [{"purpose": "delivery", "wording": WORDING, "required": true}],
    });
    fs::create_dir(dir.join("campaigns"))?;
    Ok(fs::write(file(dir), campaign.to_string())?)
}

fn file(dir: &Path) -> PathBuf {
    dir.join("campaigns").join(format!("{CAMPAIGN}.json"))
}

/// The identities of all stored actions.
async fn kept(dir: &Path) -> Result<Vec<String>> {
    let url = format!("sqlite:{}", dir.join("flood.sqlite").display());
    let store = SqliteStore::open_to_read(&url).await?;
    let (mut found, mut export) = (Vec::new(), store.export(CAMPAIGN).await?);
    loop {
        let rows = export.next().await?;
        if rows.is_empty() {
            return Ok(found);
        }
        for row in rows {
            let exported = row.map_err(|_| anyhow::anyhow!("a damaged row"))?;
            let standwith_endpoint::store::Content::Signed(jws) = exported.stored.content else {
                anyhow::bail!("an action without a signature is stored");
            };
            let action = standwith::envelope::open_action(&jws);
            found.push(action.map_err(|_| anyhow::anyhow!("no action"))?.claims.jti);
        }
    }
}

/// Number of files in the folder that contain the marker, plain or encoded as in a JWS.
fn marked(dir: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = fs::read(path)?;
            let has =
                |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
            // base64 encodes the same text in three ways, depending on its offset.
            let coded = (0..3).any(|shift| {
                let text = encode([&vec![b'.'; shift][..], MARK.as_bytes()].concat().as_slice());
                has(&text[4..text.len() - 4])
            });
            count += usize::from(has(MARK) || coded);
        }
    }
    Ok(count)
}

/// The endpoint's metrics of its rate limiter.
async fn rate_limited(at: SocketAddr) -> Result<String> {
    let request = "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let lines =
        text.lines().filter_map(|line| line.strip_prefix("standwith_brake_total{outcome=\""));
    let lines: Vec<String> = lines
        .filter_map(|line| line.split_once("\"} "))
        .map(|(outcome, count)| format!("  {outcome:<44}{count:>9}"))
        .collect();
    Ok(lines.join("\n"))
}

/// A flood, and the good clients that send meanwhile.
pub(crate) struct Flood {
    at: SocketAddr,
    digest: String,
    bad: u32,
    good: u32,
    /// Bad actions; a few suffice, because the endpoint remembers none of them.
    forged: Vec<String>,
    /// A challenge that the endpoint gave, to be sent back unsolved.
    challenge: Mutex<String>,
    found: Mutex<Found>,
    good_sent: AtomicU64,
}

/// The kinds of bad requests.
const KINDS: [&str; 5] = [
    "signed by another",
    "32 KiB and 1 byte",
    "signed by another, with a bad proof",
    "nonsense",
    "slow bodies",
];

impl Flood {
    /// Prepares bad requests to this address, for an endpoint with this folder.
    pub(crate) fn new(at: SocketAddr, dir: &Path, bad: u32, good: u32) -> Result<Arc<Self>> {
        let mut flood = Flood {
            at,
            digest: digest(&fs::read(file(dir))?),
            bad,
            good,
            forged: Vec::new(),
            challenge: Mutex::default(),
            found: Mutex::default(),
            good_sent: AtomicU64::new(0),
        };
        for _ in 0..100 {
            let (_, jws) = flood.action(MARK)?;
            let (input, _) = jws.rsplit_once('.').unwrap_or_default();
            let mut signature = [0; 64];
            fill(&mut signature)?;
            flood.forged.push(compact(input, &signature));
        }
        Ok(Arc::new(flood))
    }

    /// Runs it for this time, and waits for the good requests that are still in progress.
    pub(crate) async fn run(self: Arc<Self>, seconds: u32) -> Result<Found> {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(seconds.into());
        let mut floods = JoinSet::new();
        let (queue, bad) = mpsc::channel(512);
        let bad = Arc::new(tokio::sync::Mutex::new(bad));
        for _ in 0..CONNECTIONS {
            floods.spawn(self.clone().worker(bad.clone()));
        }
        floods.spawn(self.clone().pour(queue, until));
        let mut supporters = JoinSet::new();
        let mut ticks = interval(Duration::from_secs(1) / self.good.max(1));
        // The good clients don't wait for each other.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while ticks.tick().await < until {
            supporters.spawn(self.clone().supporter());
        }
        let took = begun.elapsed().as_secs_f64();
        while let Some(done) = supporters.join_next().await {
            done??;
        }
        floods.join_all().await;
        let mut found = std::mem::take(&mut *self.lock());
        found.good = self.good_sent.load(Ordering::Relaxed);
        found.took = took;
        Ok(found)
    }

    /// Sends bad requests at an even rate; those for which no connection is free are dropped.
    async fn pour(self: Arc<Self>, queue: mpsc::Sender<usize>, until: Instant) {
        let mut ticks = interval(Duration::from_millis(10));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut number, mut due) = (0_usize, 0.0);
        while ticks.tick().await < until {
            due += f64::from(self.bad) / 100.0;
            while due >= 1.0 {
                due -= 1.0;
                number += 1;
                // Of twenty: nine forged, five too long, three with a bad proof, one nonsense, two slow.
                let kind =
                    [0, 1, 0, 2, 0, 1, 4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 4, 1, 0, 2][number % 20];
                let sent = if kind == 4 {
                    tokio::spawn(self.clone().slow());
                    true
                } else {
                    queue.try_send(kind).is_ok()
                };
                if sent {
                    *self.lock().sent.entry(KINDS[kind]).or_default() += 1;
                }
            }
        }
    }

    /// Sends bad requests over one connection.
    async fn worker(self: Arc<Self>, queue: Arc<tokio::sync::Mutex<mpsc::Receiver<usize>>>) {
        let mut stream = None;
        loop {
            let next = queue.lock().await.recv().await;
            let Some(kind) = next else { return };
            let (query, body) = match kind {
                1 => (
                    String::new(),
                    MARK.repeat(32 * 1024 / MARK.len() + 1)[..32 * 1024 + 1].to_owned(),
                ),
                2 => (format!("?proof={}.{kind}", self.asked()), self.forgery()),
                3 => (String::new(), format!("{MARK} nonsense")),
                _ => (String::new(), self.forgery()),
            };
            let request = post(&query, &anybody(), &body);
            let answered = timeout(PATIENCE, exchange(self.at, &mut stream, request.as_bytes()));
            let (status, text) = answered.await.ok().and_then(Result::ok).unwrap_or_default();
            if status == 0 {
                stream = None;
            }
            if status == 429
                && let Some(challenge) = challenge(&text)
            {
                *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = challenge;
            }
            *self.lock().answers.entry(status).or_default() += 1;
        }
    }

    /// Sends a body at one byte per second until the endpoint answers or closes the connection, for 15 seconds at most.
    async fn slow(self: Arc<Self>) {
        let status = timeout(Duration::from_secs(15), self.trickle()).await;
        let status = status.ok().and_then(Result::ok).unwrap_or_default();
        *self.lock().answers.entry(status).or_default() += 1;
    }

    async fn trickle(&self) -> Result<u16> {
        let mut stream = TcpStream::connect(self.at).await?;
        let request = post("", &anybody(), &self.forgery());
        let head = request.find("\r\n\r\n").unwrap_or_default() + 5;
        stream.write_all(&request.as_bytes()[..head]).await?;
        let mut answer = [0; 16];
        for byte in request.as_bytes()[head..].chunks(1) {
            if let Ok(read) = timeout(Duration::from_secs(1), stream.read(&mut answer)).await {
                let text = String::from_utf8_lossy(&answer[..read?]).into_owned();
                return Ok(text.get(9..12).unwrap_or_default().parse().unwrap_or_default());
            }
            stream.write_all(byte).await?;
        }
        Ok(0)
    }

    /// Sends a good action, with a proof of work if one is required.
    async fn supporter(self: Arc<Self>) -> Result<()> {
        self.good_sent.fetch_add(1, Ordering::Relaxed);
        let (jti, jws) = self.action("Please let them write.")?;
        let (from, begun) = (anybody(), Instant::now());
        let (mut query, mut why) = (String::new(), String::new());
        for tried in 1..=TRIES {
            let request = post(&query, &from, &jws);
            let mut stream = None;
            let answered = timeout(PATIENCE, exchange(self.at, &mut stream, request.as_bytes()));
            let answered = answered.await.map_err(anyhow::Error::from).and_then(|answer| answer);
            match answered {
                Ok((200 | 201, _)) => {
                    let mut found = self.lock();
                    found.taken.push(jti);
                    found.times.push(begun.elapsed().as_secs_f64());
                    return Ok(());
                }
                Ok((429, text)) if challenge(&text).is_some() => {
                    let challenge = challenge(&text).unwrap_or_default();
                    let subject = jti.clone();
                    let solved = tokio::task::spawn_blocking(move || solve(&challenge, &subject));
                    query =
                        solved.await?.map_or_else(String::new, |proof| format!("?proof={proof}"));
                    why = "asked for another proof at the last try".to_owned();
                }
                Ok((status, _)) => {
                    why = format!("answered {status} to the end");
                    sleep(Duration::from_millis(500) * tried).await;
                }
                Err(_) => {
                    why = "never answered".to_owned();
                    sleep(Duration::from_millis(500) * tried).await;
                }
            }
        }
        *self.lock().lost.entry(why).or_default() += 1;
        Ok(())
    }

    /// The identity of a new signed action with this text, and its JWS.
    fn action(&self, body: &str) -> Result<(String, String)> {
        let jti = fresh_jti()?;
        let claims = json!({
            "jti": jti,
            "iat": clock::now(),
            "aud": format!("http://{}/campaigns/{CAMPAIGN}/actions", self.at),
            "campaign": CAMPAIGN,
            "campaign_digest": self.digest,
            "kind": "message",
            "lang": "en",
            "person": {"given_name": "Sophea", "family_name": "Chan", "email": format!("{jti}@example.org"), "country": "KH"},
            "message": {"subject": "A request", "body": body},
            "targets": ["minister"],
            "consents": [{"purpose": "delivery", "granted": true,
                          "wording_digest": digest(WORDING.as_bytes()), "lang": "en"}],
        });
        let claims = shape::read::<Claims>(&claims.to_string());
        let claims = claims.map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        let jws = Signer::new()?.sign(&claims)?;
        Ok((jti, jws))
    }

    fn forgery(&self) -> String {
        let mut lot = [0; 1];
        // If there is no randomness, the first one is used.
        let _ = fill(&mut lot);
        self.forged[usize::from(lot[0]) % self.forged.len()].clone()
    }

    fn asked(&self) -> String {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A random address, in a network that no request has come from before.
fn anybody() -> String {
    let mut bits = [0; 16];
    let _ = fill(&mut bits);
    // In 2000::/3, the range of public addresses.
    bits[0] = 0x20 | bits[0] & 0x1f;
    Ipv6Addr::from(bits).to_string()
}

fn post(query: &str, from: &str, body: &str) -> String {
    format!(
        "POST /campaigns/{CAMPAIGN}/actions{query} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n\
         X-Forwarded-For: {from}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn challenge(text: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(text).ok()?;
    Some(problem["challenge"].as_str()?.to_owned())
}

/// Sends a request over a connection, opened if there is none; returns status and body.
async fn exchange(
    at: SocketAddr,
    stream: &mut Option<BufReader<TcpStream>>,
    request: &[u8],
) -> Result<(u16, String)> {
    let mut open = match stream.take() {
        Some(open) => open,
        None => BufReader::new(TcpStream::connect(at).await?),
    };
    let answer = http::exchange(&mut open, request).await?;
    *stream = Some(open);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use standwith_endpoint::address::PublicUrl;
    use standwith_endpoint::app::{AppState, Parts};
    use standwith_endpoint::campaigns::Campaigns;
    use standwith_endpoint::clock::SystemClock;
    use standwith_endpoint::config::Config;
    use standwith_endpoint::http::{listen, router};
    use standwith_endpoint::keys::Keyring;
    use standwith_endpoint::metrics::Metrics;
    use standwith_endpoint::rate_limit::{Difficulty, Limits, Proxies};
    use standwith_endpoint::store::Settings;
    use standwith_endpoint::workers::Workers;
    use tokio::net::TcpListener;
    use tokio::sync::oneshot;

    // A short version in this process; `cargo xtask bench flood` gives the figures.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn the_good_are_taken_beside_a_flood_and_nothing_of_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path()).unwrap();
        let metrics = Metrics::default();
        let url = format!("sqlite:{}", dir.path().join("flood.sqlite").display());
        let settings = Settings { metrics: metrics.clone(), ..Settings::default() };
        let store = Arc::new(SqliteStore::open(&url, settings).await.unwrap());
        let (workers, clock) = (Workers::default(), Arc::new(SystemClock));
        let folder = dir.path().join("campaigns");
        let campaigns = Campaigns::open(&folder, &[], store.clone(), workers.clone());
        let campaigns = Arc::new(campaigns.await.unwrap());
        let keys = Keyring::open_or_make(&dir.path().join("keys.json")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        // Soon exhausted: all but the first few clients have to solve a proof of work.
        let difficulty = Difficulty { iterations: 100, tries: 4 };
        let config = Config {
            addresses: PublicUrl::local(at.port()),
            limits: Limits { all: 60, difficulty, ..Limits::default() },
            proxies: Proxies { trusted: vec!["127.0.0.1".parse().unwrap()], ..Proxies::default() },
            ..Config::default()
        };
        let parts = Parts { store, campaigns, keys, clock, metrics, workers };
        let endpoint = Arc::new(AppState::new(config, parts).unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(listen::serve(
            listener,
            router(endpoint.clone()),
            listen::Bounds::default(),
            async {
                let _ = stopped.await;
            },
        ));
        let found = Flood::new(at, dir.path(), 300, 10).unwrap().run(3).await.unwrap();
        drop(stop);
        serving.await.unwrap();
        endpoint.store.close().await;

        assert!(found.good >= 29 && found.sent.values().sum::<u64>() > 500, "{found:?}");
        assert_eq!(found.taken.len() as u64, found.good, "{:?}", found.lost);
        assert!(found.answers[&429] > 300, "{:?}", found.answers);
        let (mut kept, mut taken) = (kept(dir.path()).await.unwrap(), found.taken);
        kept.sort();
        taken.sort();
        assert_eq!(kept, taken);
        assert_eq!(marked(dir.path()).unwrap(), 0);
        // The marker is found where it is present.
        let forged = Flood::new(at, dir.path(), 1, 1).unwrap().forgery();
        fs::write(dir.path().join("forged"), forged).unwrap();
        assert_eq!(marked(dir.path()).unwrap(), 1);
    }
}
