//! Connecting: addresses, settings of the server, the schema, and transactions.
//!
//! Everything happens in explicit transactions with unnamed statements: a pooler such as PgBouncer may give each
//! transaction another connection to the server, which knows neither the statements nor the settings of the one before.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::query::{Query, QueryScalar};
use sqlx::{ConnectOptions, Connection, Postgres, Row};
use tokio::time::{Instant, sleep, timeout};

use super::fault::Fault;
use crate::store::Synchronised;

/// The schema, a step for each released version.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The table in which sqlx notes the steps.
const STEPS: &str = "_sqlx_migrations";
/// How long a reader may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a start waits for a server that starts or stops, and how long before it tries again.
const STARTING: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);
/// How long connecting, or an attempt, may take. A server that does not answer may be a primary that was replaced.
pub(super) const ATTEMPT: Duration = Duration::from_secs(5);
/// How many connections read.
const READERS: u32 = 8;

/// Begins a transaction that writes. A role, a database or a pooler may have said that commits need not be durable;
/// within this transaction they are. Later statements must see what other transactions have committed meanwhile. A
/// statement that waits for a lock ends at the server, too: a closed connection would not end it. The limit is not one
/// for COMMIT.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '4s'";
/// Begins a transaction whose commit is not durable when it returns.
const BEGIN_LAX: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = '4s'";
/// Begins a transaction that reads.
pub(super) const READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY";
/// Begins a transaction that reads one moment, and writes nothing that another one has changed since.
pub(super) const SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = on";
/// Begins a transaction that is as if no other one ran.
pub(super) const ALONE: &str =
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = on";

/// The parameters of an address. Others would be ignored: a mistake in `sslmode` would switch off encryption.
const PARAMETERS: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Warns if a connection over a network may not be encrypted.
pub(super) fn warn_of_plain_text(options: &PgConnectOptions) {
    let is_local = options.get_socket().is_some()
        || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host())
        || options.get_host().starts_with('/');
    let is_checked = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    if !is_local && !is_checked {
        tracing::warn!(
            "database: the connection is not protected against eavesdroppers: add ?sslmode=verify-full to the address"
        );
    }
}

/// Options of a connection to the database at this address.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Fault> {
    // The error of sqlx quotes parts of the address, which may hold a password.
    let malformed = || {
        Fault::Address(
            "expected the database's address to be postgres://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ \
             and / in a password are written as %40 and %2F"
                .to_owned(),
        )
    };
    let (_, rest) = url.split_once("://").ok_or_else(malformed)?;
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        // A name with other characters may be a part of a password.
        let shown = if name.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c)) {
            &*name
        } else {
            "…"
        };
        if !PARAMETERS.contains(&&*name) {
            return Err(Fault::Address(format!(
                "the database's address has a parameter `{shown}`, which is not known; known are {}. A question mark in \
                 a password is written as %3F",
                PARAMETERS.join(", ")
            )));
        }
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| malformed())?;
    // By default, poolers refuse a connection with this setting.
    let options = options.extra_float_digits(None).application_name("standwith");
    Ok(options.disable_statement_logging())
}

/// Tries until it succeeds, while the server starts, or breaks connections because it stops. One that does not listen
/// at all is reported at once: the address may be wrong.
pub(super) async fn patiently<F: Future<Output = Result<(), Fault>>>(
    work: impl Fn() -> F,
) -> Result<(), Fault> {
    let begun = Instant::now();
    loop {
        let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into();
        let worked = timeout(ATTEMPT, work()).await.unwrap_or_else(|_| Err(late()));
        let fault = match worked {
            Err(fault) if fault.may_pass() && begun.elapsed() < STARTING => fault,
            done => return done,
        };
        tracing::warn!(%fault, "database: not ready, trying again");
        sleep(PAUSE).await;
    }
}

/// The database's place, for messages: never its password.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let name = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{name} at {}", socket.display()),
        None => format!("{name} at {}:{}", options.get_host(), options.get_port()),
    }
}

/// The connections that read beside those that write.
pub(super) fn readers(options: &PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE);
    pool.connect_lazy_with(options.clone())
}

/// A query for any connection of a pooler: its statement has no name.
pub(super) fn query(sql: &'static str) -> Query<'static, Postgres, sqlx::postgres::PgArguments> {
    sqlx::query(sql).persistent(false)
}

/// As [`query`], for one value.
pub(super) fn value<T>(
    sql: &'static str,
) -> QueryScalar<'static, Postgres, T, sqlx::postgres::PgArguments>
where
    (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// The statement that begins a transaction that writes.
pub(super) fn begin(synchronised: Synchronised) -> &'static str {
    match synchronised {
        Synchronised::AtEachCommit => BEGIN,
        Synchronised::NowAndThen => BEGIN_LAX,
    }
}

/// A transaction on a connection of the pool. Unless it is committed, the connection is closed: after an error, or if
/// the request ended meanwhile, the server may still be working on it.
pub(super) struct Open {
    connection: PoolConnection<Postgres>,
    is_committed: bool,
}

impl Open {
    /// Begins a transaction by this statement.
    pub(super) async fn begin(pool: &PgPool, begin: &'static str) -> Result<Self, sqlx::Error> {
        let connection = pool.acquire().await?;
        let mut open = Open { connection, is_committed: false };
        sqlx::raw_sql(begin).execute(&mut *open).await?;
        Ok(open)
    }

    /// Commits it, and returns the value.
    pub(super) async fn commit<T>(mut self, value: T) -> Result<T, sqlx::Error> {
        sqlx::raw_sql("COMMIT").execute(&mut *self).await?;
        self.is_committed = true;
        Ok(value)
    }
}

impl Deref for Open {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Open {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.is_committed {
            self.connection.close_on_drop();
        }
    }
}

/// Writes a row without meaning: only a commit shows that the server accepts writes, and only one that writes waits for
/// a standby.
pub(super) async fn sign_of_life(
    connection: &mut PgConnection,
    slot: i16,
) -> Result<(), sqlx::Error> {
    let write = query(
        "INSERT INTO sign_of_life (slot, count) VALUES ($1, 1)
         ON CONFLICT (slot) DO UPDATE SET count = sign_of_life.count + 1",
    );
    write.bind(slot).execute(connection).await.map(drop)
}

/// Fails unless the server keeps what it has acknowledged, and text as it came.
pub(super) async fn check_settings(connection: &mut PgConnection) -> Result<(), Fault> {
    let mut transaction = connection.begin().await?;
    let settings = query(
        "SELECT name, setting FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'server_encoding', 'synchronous_standby_names')",
    );
    let rows = settings.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    for row in rows {
        let (name, setting): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        match (name.as_str(), setting.as_str()) {
            ("fsync", "off") => {
                return Err(Fault::Setting(
                    "the database server has `fsync = off`: a power loss would take acknowledged actions, or the whole \
                     database. Set it to on"
                        .to_owned(),
                ));
            }
            ("full_page_writes", "off") => tracing::error!(
                "database: full_page_writes is off: a power loss may damage the database, unless its file system never \
                 writes half a page (ZFS)"
            ),
            ("server_encoding", encoding) if !["UTF8", "UTF-8"].contains(&encoding) => {
                return Err(Fault::Setting(format!(
                    "the database has the encoding {encoding}, which can't hold every name: create one with UTF8"
                )));
            }
            ("synchronous_standby_names", "") => tracing::info!(
                "database: no synchronous standby; if the server is lost with its disk, so are its last actions"
            ),
            _ => {}
        }
    }
    Ok(())
}

/// The last step of the schema in the database, and the last one that this program knows.
pub(super) async fn steps(connection: &mut PgConnection) -> Result<(i64, i64), Fault> {
    let mut transaction = connection.begin().await?;
    // The table is missing in a new database.
    let exists = value::<bool>("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = $1)");
    let found = match exists.bind(STEPS).fetch_one(&mut *transaction).await? {
        true => {
            let last = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
            value::<i64>(last).fetch_one(&mut *transaction).await?
        }
        false => 0,
    };
    transaction.commit().await?;
    Ok((found, MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0)))
}

/// Fails unless the schema is the one of this program.
pub(super) async fn check_schema(connection: &mut PgConnection) -> Result<(), Fault> {
    match steps(connection).await? {
        (found, wanted) if found < wanted => Err(Fault::SchemaOld { found, wanted }),
        (found, wanted) if found > wanted => Err(Fault::SchemaNew { found, wanted }),
        _ => Ok(()),
    }
}

/// Brings the schema up to date. Returns the step before and the one after. Two at once do no harm: every step is a
/// transaction, and the second one fails.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(i64, i64), Fault> {
    let (found, wanted) = steps(connection).await?;
    if found > wanted {
        return Err(Fault::SchemaNew { found, wanted });
    }
    connection.ensure_migrations_table(STEPS).await?;
    let all = MIGRATIONS.iter().cloned().collect();
    let mut migrator = Migrator::with_migrations(all);
    // Its lock belongs to a session, which CockroachDB does not have.
    migrator.set_locking(false).run(&mut *connection).await.map_err(|error| match error {
        MigrateError::Execute(sqlx::Error::Database(error))
        | MigrateError::ExecuteMigration(sqlx::Error::Database(error), _)
            if ["23505", "42P07"].contains(&&*error.code().unwrap_or_default()) =>
        {
            Fault::Setting(
                "another `standwith migrate` ran at the same time: run it again".to_owned(),
            )
        }
        error => error.into(),
    })?;
    tune(connection).await;
    Ok((found, wanted))
}

/// Storage settings that other databases of this kind may not know: all work without them.
async fn tune(connection: &mut PgConnection) {
    for statement in [
        // Rows that change often: leave room for their next version beside them, and clear old ones early.
        "ALTER TABLE campaign_count SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)",
        "ALTER TABLE sign_of_life SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)",
        "ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.01)",
    ] {
        if let Err(error) = sqlx::raw_sql(statement).execute(&mut *connection).await {
            tracing::warn!(reason = super::fault::reason(&error), statement, "not tuned");
        }
    }
}
