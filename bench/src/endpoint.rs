//! `bench endpoint`: how many actions a second the release endpoint verifies and stores, beside the two limits that it
//! can't pass: verifying the same signatures, and inserting the same rows in batches.
//!
//! The driver and, for PostgreSQL, the database run beside it on the same processors, so all figures are those of a
//! machine that does everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sqlx::{Connection, QueryBuilder};
use standwith::envelope;
use standwith_endpoint::clock;
use standwith_endpoint::signature::{digest, is_unaltered};
use standwith_testkit::postgres::Postgres;
use standwith_testkit::process::{EndpointProcess, Launch, peak_memory, processor_time};
use standwith_testkit::signer::{Signer, fresh_jti};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::figures::quantile;
use crate::http::exchange;

/// The wording of the consent in each action.
const WORDING: &str = "Pass my message on.";
/// Rows in a transaction of bare inserts, and in one of their statements on SQLite.
const BATCH: usize = 128;
const CHUNK: usize = 32;
/// Posts a second beside readers, and over how many connections.
const POSTS: u64 = 500;
const PACED: u64 = 16;
/// Connections that ask for the count.
const READERS: u64 = 20;
/// How many actions are signed before they are sent.
const SOME: usize = 50_000;
/// Connections that insert into PostgreSQL.
const INSERTERS: usize = 3;

/// Options of `bench endpoint`.
#[derive(Args)]
pub(crate) struct Options {
    /// Databases
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<Database>,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_value = "1,64,512")]
    connections: Vec<usize>,
    /// Numbers of campaigns that the actions are for
    #[arg(long, value_delimiter = ',', default_value = "1,100")]
    campaigns: Vec<usize>,
    /// Seconds for each figure
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Instead: how long posts take beside this many requests a second for the count
    #[arg(long, value_name = "A_SECOND", conflicts_with = "scale")]
    counts: Option<u64>,
    /// Instead: start, memory and export with this many actions, and 500 campaigns
    #[arg(long, value_name = "ACTIONS")]
    scale: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// Measures, and prints the results as a table.
pub(crate) async fn measure(options: &Options) -> Result<bool> {
    let program = std::env::var_os("STANDWITH_BIN");
    let program = program.map_or_else(|| PathBuf::from("target/release/standwith"), PathBuf::from);
    let program = std::path::absolute(program)?;
    let span = Duration::from_secs(options.seconds);
    for database in &options.databases {
        let name = database.to_possible_value().context("no name")?.get_name().to_owned();
        if let Some(rate) = options.counts {
            let scene = Scene::new(&program, *database, 1).await?;
            scene.beside_readers(&name, rate, span).await?;
            continue;
        }
        if let Some(actions) = options.scale {
            let mut scene = Scene::new(&program, *database, 500).await?;
            // All in one campaign, whose export is the longest.
            scene.used = 1;
            scene.scale(&name, actions).await?;
            continue;
        }
        println!("\n{name}: actions a second, milliseconds until the answer, processor time each");
        println!(
            "{:>12}{:>10}{:>10}{:>8}{:>8}{:>8}{:>8}{:>8}{:>10}{:>8}",
            "connections",
            "campaigns",
            "a second",
            "p50",
            "p99",
            "us",
            "driver",
            "MiB",
            "limit",
            "share"
        );
        for campaigns in &options.campaigns {
            let scene = Scene::new(&program, *database, *campaigns).await?;
            let verified = scene.verify(span).await?;
            let inserted = scene.insert(span).await?;
            eprintln!(
                "{name}, {campaigns} campaigns: verification alone {verified:.0}, bare inserts {inserted:.0}"
            );
            let limit = verified.min(inserted);
            for connections in &options.connections {
                let found = scene.run(*connections, span).await?;
                println!(
                    "{connections:>12}{campaigns:>10}{:>10.0}{:>8.1}{:>8.1}{:>8.0}{:>8.0}{:>8.0}{limit:>10.0}{:>7.0}%",
                    found.rate,
                    found.p50,
                    found.p99,
                    found.processor,
                    found.driver,
                    found.memory,
                    100.0 * found.rate / limit
                );
            }
            println!(
                "{:>12}{campaigns:>10}  verification alone {verified:.0}, bare inserts {inserted:.0}",
                ""
            );
        }
    }
    Ok(true)
}

/// What a run found.
struct Found {
    rate: f64,
    /// Milliseconds.
    p50: f64,
    p99: f64,
    /// Microseconds of the endpoint's processor time for each action.
    processor: f64,
    /// The same of the driver.
    driver: f64,
    /// Peak of its memory, in MiB.
    memory: f64,
}

/// An endpoint, its database, and actions for it.
struct Scene {
    process: EndpointProcess,
    launch: Launch,
    url: String,
    database: Where,
    campaigns: Vec<(String, String)>,
    /// How many of the campaigns get actions.
    used: usize,
    dir: tempfile::TempDir,
}

enum Where {
    Sqlite,
    Postgres { server: Postgres, name: String },
}

impl Scene {
    async fn new(program: &Path, database: Database, campaigns: usize) -> Result<Self> {
        let dir = tempfile::tempdir_in("target")?;
        fs::create_dir(dir.path().join("campaigns"))?;
        let mut all = Vec::new();
        for n in 0..campaigns {
            let id = format!("campaign-{n}");
            let file = campaign(&id).to_string();
            fs::write(dir.path().join(format!("campaigns/{id}.json")), &file)?;
            all.push((id, digest(file.as_bytes())));
        }
        let (database, url) = match database {
            Database::Sqlite => (Where::Sqlite, "sqlite:bench.sqlite".to_owned()),
            Database::Postgres => {
                let server = tokio::task::spawn_blocking(|| Postgres::start(&[])).await??;
                let name = server.create_database()?;
                let url = server.socket_url(&name);
                let migrate = ["migrate", "--database", &url];
                let migrated = Launch::new(program, dir.path()).run(migrate).await?;
                ensure!(migrated.status.success(), "standwith migrate failed");
                (Where::Postgres { server, name }, url)
            }
        };
        let launch = Launch::new(program, dir.path())
            .with(["serve", "--listen", "127.0.0.1:0", "--database", &url])
            .with(["--posts-from-network", "0", "--posts-from-all", "0", "--log-level", "error"])
            .with(["--metrics-listen", "127.0.0.1:0", "--widgets", "."]);
        let process = launch.start_async().await?;
        Ok(Scene { process, launch, url, database, campaigns: all, used: campaigns, dir })
    }

    /// Signs this many new actions, on all processors.
    async fn actions(&self, number: usize) -> Result<Vec<(String, String)>> {
        let at = self.process.address()?;
        let threads = std::thread::available_parallelism()?.get();
        let mut signing = JoinSet::new();
        for thread in 0..threads {
            let campaigns: Vec<_> = self.campaigns.iter().take(self.used).cloned().collect();
            signing.spawn_blocking(move || {
                let signer = Signer::new()?;
                let mine = (thread..number).step_by(threads);
                mine.map(|n| {
                    let (id, digest) = &campaigns[n % campaigns.len()];
                    let aud = format!("http://{at}/campaigns/{id}/actions");
                    let claims = claims(id, digest, &aud, &fresh_jti()?).to_string();
                    let claims = standwith::shape::read(&claims)
                        .map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
                    Ok((id.clone(), signer.sign(&claims)?))
                })
                .collect::<Result<Vec<_>>>()
            });
        }
        let mut all = Vec::new();
        while let Some(signed) = signing.join_next().await {
            all.extend(signed??);
        }
        Ok(all)
    }

    /// Verifications a second, on all processors.
    async fn verify(&self, span: Duration) -> Result<f64> {
        let actions = Arc::new(self.actions(5_000).await?);
        let until = Instant::now() + span;
        let mut threads = JoinSet::new();
        for _ in 0..std::thread::available_parallelism()?.get() {
            let actions = actions.clone();
            threads.spawn_blocking(move || {
                let mut count = 0_u64;
                'all: loop {
                    for (_, jws) in &*actions {
                        if Instant::now() >= until {
                            break 'all;
                        }
                        let action = envelope::open_action(jws).ok();
                        ensure!(action.is_some_and(|action| is_unaltered(&action)), "not verified");
                        count += 1;
                    }
                }
                Ok(count)
            });
        }
        let mut sum = 0;
        while let Some(count) = threads.join_next().await {
            sum += count??;
        }
        Ok(sum as f64 / span.as_secs_f64())
    }

    /// Rows a second that are inserted in durable batches, without an endpoint.
    async fn insert(&self, span: Duration) -> Result<f64> {
        let sample = self.actions(BATCH).await?;
        let until = Instant::now() + span;
        let begun = Instant::now();
        let sum = match &self.database {
            Where::Sqlite => {
                let file = self.dir.path().join("bare.sqlite");
                into_sqlite(&file, &sample, until).await?
            }
            Where::Postgres { server, name } => {
                server.sql(name, &format!("CREATE TABLE bare {COLUMNS_OF_BARE}"))?;
                let url = server.socket_url(name);
                let mut inserting = JoinSet::new();
                for n in 0..INSERTERS {
                    let (url, sample) = (url.clone(), sample.clone());
                    inserting.spawn(async move { into_postgres(&url, n, &sample, until).await });
                }
                let mut sum = 0;
                while let Some(count) = inserting.join_next().await {
                    sum += count??;
                }
                sum
            }
        };
        Ok(sum as f64 / begun.elapsed().as_secs_f64())
    }

    /// Posts actions over this many connections.
    async fn run(&self, connections: usize, span: Duration) -> Result<Found> {
        // As many as the fastest run needs.
        let wanted =
            usize::try_from(span.as_secs())? * if connections == 1 { 2_000 } else { 20_000 };
        let at = self.process.address()?;
        let actions = self.actions(wanted).await?;
        let requests: Vec<Bytes> = actions.iter().map(|(id, jws)| request(id, jws)).collect();
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        let used = (self.process.processor_time()?, processor_time(std::process::id())?);
        let begun = Instant::now();
        let until = begun + span;
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            let (requests, next) = (requests.clone(), next.clone());
            clients.spawn(async move {
                let mut stream = BufReader::new(TcpStream::connect(at).await?);
                stream.get_ref().set_nodelay(true)?;
                let mut times = Vec::new();
                while Instant::now() < until {
                    let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    let begun = Instant::now();
                    let (status, _) = exchange(&mut stream, request).await?;
                    ensure!(status == 201, "an action was answered by {status}");
                    times.push(begun.elapsed().as_secs_f64() * 1000.0);
                }
                Ok(times)
            });
        }
        let mut times = Vec::new();
        while let Some(client) = clients.join_next().await {
            times.extend(client??);
        }
        let took = begun.elapsed().as_secs_f64();
        let endpoint = self.process.processor_time()? - used.0;
        let driver = processor_time(std::process::id())? - used.1;
        let each = |seconds: f64| seconds / times.len() as f64 * 1e6;
        let at = |part| quantile(&times, part).context("nothing was measured");
        let found = Found {
            rate: times.len() as f64 / took,
            p50: at(0.5)?,
            p99: at(0.99)?,
            processor: each(endpoint),
            driver: each(driver),
            memory: self.process.peak_memory()?,
        };
        // The next run begins when the disk is quiet.
        sleep(Duration::from_secs(1)).await;
        Ok(found)
    }
}

impl Scene {
    /// Posts at a steady pace, alone and beside readers of the count; prints how long posts take.
    async fn beside_readers(&self, name: &str, rate: u64, span: Duration) -> Result<()> {
        println!("\n{name}: {POSTS} posts a second, milliseconds until the answer");
        for readers in [0, rate] {
            let actions = self.actions(usize::try_from(POSTS * span.as_secs())?).await?;
            let at = self.process.address()?;
            let until = Instant::now() + span;
            let (reading, read) = (self.readers(readers, until)?, Arc::new(AtomicUsize::new(0)));
            let mut clients = JoinSet::new();
            let counted = read.clone();
            clients.spawn(async move {
                counted.fetch_add(reading.join_all().await.iter().sum(), Ordering::Relaxed);
                Ok(Vec::new())
            });
            let pace = Duration::from_secs(PACED) / u32::try_from(POSTS)?;
            let actions = Arc::new(actions);
            for client in 0..usize::try_from(PACED)? {
                let actions = actions.clone();
                clients.spawn(async move {
                    let mut stream = BufReader::new(TcpStream::connect(at).await?);
                    stream.get_ref().set_nodelay(true)?;
                    let (mut times, mut ticks) = (Vec::new(), tokio::time::interval(pace));
                    for (id, jws) in actions.iter().skip(client).step_by(PACED as usize) {
                        ticks.tick().await;
                        if Instant::now() >= until {
                            break;
                        }
                        let begun = Instant::now();
                        let (status, _) = exchange(&mut stream, &request(id, jws)).await?;
                        ensure!(status == 201, "an action was answered by {status}");
                        times.push(begun.elapsed().as_secs_f64() * 1000.0);
                    }
                    anyhow::Ok(times)
                });
            }
            let mut times = Vec::new();
            while let Some(client) = clients.join_next().await {
                times.extend(client??);
            }
            let at = |part| quantile(&times, part).context("nothing was measured");
            println!(
                "{:>10} counts a second: p50 {:.2}, p99 {:.2}, {} posts",
                read.load(Ordering::Relaxed) as u64 / span.as_secs(),
                at(0.5)?,
                at(0.99)?,
                times.len()
            );
        }
        Ok(())
    }

    /// Asks for the count this often a second, over connections of their own. Each task returns how often.
    fn readers(&self, rate: u64, until: Instant) -> Result<JoinSet<usize>> {
        let (at, mut reading) = (self.process.address()?, JoinSet::new());
        let (id, _) = self.campaigns.first().context("no campaign")?;
        let request = format!("GET /campaigns/{id}/count HTTP/1.1\r\nHost: h\r\n\r\n");
        let all = if rate == 0 { 0 } else { READERS };
        for _ in 0..all {
            let request = request.clone();
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            let each = rate / all / 100;
            reading.spawn(async move {
                let Ok(stream) = TcpStream::connect(at).await else { return 0 };
                let (mut stream, mut count) = (BufReader::new(stream), 0);
                while Instant::now() < until {
                    ticks.tick().await;
                    for _ in 0..each {
                        match exchange(&mut stream, request.as_bytes()).await {
                            Ok((200, _)) => count += 1,
                            _ => return count,
                        }
                    }
                }
                count
            });
        }
        Ok(reading)
    }

    /// Stores this many actions; then starts the endpoint again, and exports a campaign.
    async fn scale(mut self, name: &str, actions: usize) -> Result<()> {
        let mut stored = 0;
        while stored < actions {
            let some = self.actions(SOME.min(actions - stored)).await?;
            stored += some.len();
            self.post_all(some).await?;
            eprintln!("{stored} of {actions} actions are stored");
        }
        println!("\n{name}: {stored} actions, {} campaigns", self.campaigns.len());
        println!("  memory at most {:.0} MiB while they came", self.process.peak_memory()?);
        self.process.stop()?;
        let begun = Instant::now();
        self.process = self.launch.start_async().await?;
        println!("  start {:.2} s", begun.elapsed().as_secs_f64());
        println!("  memory after the start {:.0} MiB", self.process.peak_memory()?);
        let (id, _) = self.campaigns.first().context("no campaign")?;
        let export = ["export", "--campaign", id, "--format", "jsonl", "--database", &self.url];
        let launch = self.launch.clone().with_program(self.launch.program(), export);
        let launch = launch.with(["--output", "export.jsonl"]);
        let begun = Instant::now();
        let mut export = launch.spawn()?;
        let mut most: f64 = 0.0;
        while export.is_running()? {
            most = most.max(peak_memory(export.id()).unwrap_or_default());
            sleep(Duration::from_millis(2)).await;
        }
        let bytes = fs::metadata(launch.path("export.jsonl"))?.len();
        println!(
            "  export of one campaign {:.2} s, {:.1} MiB, memory at most {most:.0} MiB",
            begun.elapsed().as_secs_f64(),
            bytes as f64 / 1_048_576.0
        );
        Ok(())
    }

    /// Posts actions over many connections.
    async fn post_all(&self, actions: Vec<(String, String)>) -> Result<()> {
        let (at, actions) = (self.process.address()?, Arc::new(actions));
        let mut clients = JoinSet::new();
        for client in 0..64 {
            let actions = actions.clone();
            clients.spawn(async move {
                let mut stream = BufReader::new(TcpStream::connect(at).await?);
                for (id, jws) in actions.iter().skip(client).step_by(64) {
                    let (status, _) = exchange(&mut stream, &request(id, jws)).await?;
                    ensure!(status == 201, "an action was answered by {status}");
                }
                anyhow::Ok(())
            });
        }
        while let Some(client) = clients.join_next().await {
            client??;
        }
        Ok(())
    }
}

/// A campaign file.
fn campaign(id: &str) -> Value {
    json!({
        "id": id,
        "lang": "en",
        "title": "Free the press",
        "targets": [{"id": "minister", "name": "The Minister", "email": "minister@government.invalid"}],
        "message": {"subjects": ["A request"], "body": "Please let them write."},
        "consents": [{"purpose": "delivery", "wording": WORDING, "required": true}],
    })
}

/// The claims of an action of about 1,600 bytes, once it is signed.
fn claims(id: &str, digest: &str, aud: &str, jti: &str) -> Value {
    json!({
        "jti": jti,
        "aud": aud,
        "iat": clock::now(),
        "campaign": id,
        "campaign_digest": digest,
        "kind": "message",
        "lang": "en",
        "person": {
            "given_name": "Sophea",
            "family_name": "Chan",
            "email": format!("{jti}@example.org"),
            "country": "KH",
        },
        "message": {
            "subject": "A request",
            "body": "Please let them write. I ask this with respect, for all who report. ".repeat(6),
        },
        "targets": ["minister"],
        "consents": [{
            "purpose": "delivery",
            "granted": true,
            "wording_digest": standwith_endpoint::signature::digest(WORDING.as_bytes()),
            "lang": "en",
        }],
    })
}

fn request(campaign: &str, jws: &str) -> Bytes {
    let head = format!(
        "POST /campaigns/{campaign}/actions HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        jws.len()
    );
    Bytes::from([head, jws.to_owned()].concat())
}

/// The columns of an action, for both databases.
const COLUMNS_OF_BARE: &str = "(campaign TEXT NOT NULL, jti TEXT NOT NULL, received_at BIGINT NOT NULL,
    status TEXT NOT NULL, campaign_digest TEXT NOT NULL, jws TEXT NOT NULL, action_digest TEXT NOT NULL,
    receipt TEXT NOT NULL, PRIMARY KEY (campaign, jti))";

/// Inserts rows into a SQLite database until a time; returns how many.
async fn into_sqlite(file: &Path, sample: &[(String, String)], until: Instant) -> Result<u64> {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
    };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let create = format!("CREATE TABLE bare {COLUMNS_OF_BARE}");
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut connection).await?;
    let mut count = 0;
    while Instant::now() < until {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for chunk in sample.chunks(CHUNK) {
            let mut insert = QueryBuilder::new("INSERT INTO bare ");
            insert.push_values(chunk, |mut row, (campaign, jws)| {
                count += 1;
                row.push_bind(campaign)
                    .push_bind(fresh_jti().unwrap_or_default())
                    .push_bind(1_790_000_000_i64)
                    .push_bind("accepted")
                    .push_bind(RECEIPT)
                    .push_bind(jws)
                    .push_bind(RECEIPT)
                    .push_bind(jws);
            });
            insert.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    Ok(count)
}

/// Text of the length of a digest.
const RECEIPT: &str = "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o";

/// The same, into PostgreSQL.
async fn into_postgres(
    url: &str,
    number: usize,
    sample: &[(String, String)],
    until: Instant,
) -> Result<u64> {
    let mut connection = sqlx::postgres::PgConnection::connect(url).await?;
    let campaigns: Vec<String> =
        sample.iter().map(|(campaign, _)| format!("{campaign} {number}")).collect();
    let texts: Vec<&str> = sample.iter().map(|(_, jws)| jws.as_str()).collect();
    let mut count = 0;
    while Instant::now() < until {
        let jtis: Vec<String> = sample.iter().map(|_| fresh_jti()).collect::<Result<_>>()?;
        let mut transaction = connection.begin().await?;
        sqlx::query(
            "INSERT INTO bare SELECT campaign, jti, 1790000000, 'accepted', $4, jws, $4, jws
             FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[]) AS new (campaign, jti, jws)",
        )
        .bind(&campaigns)
        .bind(jtis)
        .bind(&texts)
        .bind(RECEIPT)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        count += sample.len() as u64;
    }
    Ok(count)
}
