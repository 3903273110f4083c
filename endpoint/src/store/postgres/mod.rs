//! The store on PostgreSQL, for any number of endpoints on one database.
//!
//! A few connections write actions, each in a task of its own (see [`writing`]); others read, and perform rare writes.
//! No session holds anything between two transactions, so a pooler may stand between. The schema is made by
//! `standwith migrate`; here it is only checked.

mod connect;
mod export;
mod fault;
mod jobs;
mod rows;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod tests;
mod transitions;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, sleep, timeout};

use self::connect::{
    ALONE, ATTEMPT, Open, READ, SNAPSHOT, begin, options, query, sign_of_life, value,
};
use self::export::PgExport;
use self::fault::{Fault, Remedy, remedy};
use self::writing::Writing;
use super::writer::Writer;
use super::{
    Access, Export, Inserted, Job, JobKind, JobOutcome, Migrated, Miscount, NewAction, NewJob,
    Settings, Store, StoreError, StoredAction, Synchronised, Transition, Transitioned,
};
use crate::clock::Clock;

/// How many connections write.
const WRITERS: i16 = 3;
/// How many slots the count of a campaign has.
const SLOTS: i16 = 16;
/// How long a transaction is repeated that meets another one, or a server that is away for a moment.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it may take to go through all actions, or to remove old rows.
const LONG: Duration = Duration::from_secs(3600);
/// How long closing the connections that read may take.
const CLOSING: Duration = Duration::from_secs(5);
/// The first pause between two tries; each one is twice as long as the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// A PostgreSQL database.
#[derive(Debug)]
pub struct PgStore {
    place: String,
    readers: PgPool,
    writer: Option<Writer>,
    clock: Arc<dyn Clock>,
    synchronised: Synchronised,
    /// The slot of rare writes in the counts.
    slot: i16,
}

impl PgStore {
    /// Opens the database at this address. Its schema must be that of this program.
    ///
    /// # Errors
    /// The address is malformed, the database can't be reached, its schema is another one, or its settings lose data.
    pub async fn open(url: &str, access: Access, settings: Settings) -> Result<Self, StoreError> {
        let options = options(url).map_err(|fault| fault.of(""))?;
        let place = connect::place(&options);
        Self::open_with(options, place.clone(), access, settings)
            .await
            .map_err(|fault| fault.of(&place))
    }

    async fn open_with(
        options: PgConnectOptions,
        place: String,
        access: Access,
        settings: Settings,
    ) -> Result<Self, Fault> {
        connect::patiently(|| Self::check(&options, access)).await?;
        let Settings { synchronised, metrics, clock } = settings;
        // A number of this process: instances that start at once have others.
        let slot = fastrand::i16(0..SLOTS);
        let writer = match access {
            Access::Read => None,
            Access::Create | Access::Existing => {
                connect::warn_of_plain_text(&options);
                let writing = |n: i16| Writing {
                    connection: None,
                    options: options.clone(),
                    synchronised,
                    slot: (slot + n) % SLOTS,
                    place: place.clone(),
                };
                Some(Writer::start((0..WRITERS).map(writing).collect(), metrics))
            }
        };
        let readers = connect::readers(&options);
        Ok(PgStore { place, readers, writer, clock, synchronised, slot })
    }

    /// Fails unless the database is fit for this access.
    async fn check(options: &PgConnectOptions, access: Access) -> Result<(), Fault> {
        let mut connection = options.connect().await?;
        connect::check_schema(&mut connection).await?;
        if access != Access::Read {
            connect::check_settings(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    /// Brings the schema of the database at this address up to date.
    ///
    /// # Errors
    /// The address is malformed, the database can't be reached or changed, or its schema is newer than this program.
    pub async fn migrate(url: &str) -> Result<Migrated, StoreError> {
        let options = options(url).map_err(|fault| fault.of(""))?;
        let migrate = async {
            let mut connection = options.connect().await?;
            connect::check_settings(&mut connection).await?;
            let (from, to) = connect::migrate(&mut connection).await?;
            connection.close().await?;
            Ok(Migrated { place: connect::place(&options), from, to })
        };
        migrate.await.map_err(|fault: Fault| fault.of(&connect::place(&options)))
    }

    /// The database's place, for messages; without a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Repeats a transaction that meets another one, or a server that is away for a moment.
    async fn repeated<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        work: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        self.repeated_within(ATTEMPT, work).await
    }

    /// The same, where an attempt may take this long.
    async fn repeated_within<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        attempt: Duration,
        work: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        let (begun, mut pause) = (Instant::now(), SHORTEST_PAUSE);
        loop {
            let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
            let error = match timeout(attempt, work()).await.unwrap_or_else(|_| Err(late())) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let again = [Remedy::Repeat, Remedy::Reconnect].contains(&remedy(&error));
            if !again || begun.elapsed() + pause >= PATIENCE {
                return Err(Fault::from(error).of(&self.place));
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause *= 2;
        }
    }
}

/// Whether a text that is looked up has a character that PostgreSQL's text can't have: it is in no row.
fn is_unfit(texts: &[&str]) -> bool {
    texts.iter().any(|text| text.contains('\0'))
}

#[async_trait]
impl Store for PgStore {
    async fn insert(&self, action: NewAction, jobs: Vec<NewJob>) -> Result<Inserted, StoreError> {
        self.writer.as_ref().ok_or_else(StoreError::busy)?.insert(action, jobs).await
    }

    async fn transition(
        &self,
        campaign: &str,
        identities: &[String],
        transition: Transition,
    ) -> Result<Vec<Transitioned>, StoreError> {
        let now = self.clock.now();
        // Rows are locked in one order, so that two of these never wait for each other in a circle.
        let mut order: Vec<usize> = (0..identities.len()).collect();
        order.sort_by_key(|at| &identities[*at]);
        let done = self.repeated_within(LONG, || async {
            let mut open = Open::begin(&self.readers, begin(self.synchronised)).await?;
            let (mut done, mut change) = (Vec::with_capacity(order.len()), 0);
            for at in &order {
                let jti = &identities[*at];
                let applied = transitions::apply(&mut open, campaign, jti, transition, now);
                let (applied, counted) = applied.await?;
                done.push((*at, applied));
                change += counted;
            }
            rows::change_count(&mut open, campaign, change, self.slot).await?;
            open.commit(done).await
        });
        let mut done = done.await?;
        done.sort_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, applied)| applied).collect())
    }

    async fn erase_deleted(&self) -> Result<bool, StoreError> {
        // VACUUM passes over a table of another role, with a warning only.
        let is_ours = self.repeated(|| async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let owner =
                "SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'action'";
            let is_ours = value::<Option<bool>>(owner).fetch_optional(&mut *open).await?;
            open.commit(is_ours.flatten() == Some(true)).await
        });
        if !is_ours.await? {
            return Ok(false);
        }
        // It can't run in a transaction. Databases of this kind without such bytes know no such statement.
        let vacuum = sqlx::raw_sql("VACUUM action").execute(&self.readers);
        Ok(timeout(LONG, vacuum).await.is_ok_and(|done| done.is_ok()))
    }

    async fn get(&self, campaign: &str, jti: &str) -> Result<Option<StoredAction>, StoreError> {
        if is_unfit(&[campaign, jti]) {
            return Ok(None);
        }
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, begin(self.synchronised)).await?;
            let found = rows::get(&mut open, campaign, jti).await?;
            if found.is_some() {
                // Its receipt may be given again: the standby must have the action, too.
                sign_of_life(&mut open, self.slot).await?;
            }
            open.commit(found).await
        })
        .await
    }

    async fn count(&self, campaign: &str) -> Result<i64, StoreError> {
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let count = rows::count_of(&mut open, campaign).await?;
            open.commit(count).await
        })
        .await
    }

    async fn recount(&self, apply: bool) -> Result<Vec<Miscount>, StoreError> {
        self.repeated_within(LONG, || async {
            let mut open = Open::begin(&self.readers, SNAPSHOT).await?;
            let found = rows::miscounts(&mut open).await?;
            for Miscount { campaign, counted, actual } in found.iter().filter(|_| apply) {
                // In a row that only this changes: of two at once, the second one finds it changed, and reads again.
                rows::change_count(&mut open, campaign, actual - counted, SLOTS).await?;
            }
            open.commit(found).await
        })
        .await
    }

    async fn total(&self) -> Result<i64, StoreError> {
        self.repeated_within(LONG, || async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let total = value("SELECT COUNT(*) FROM action WHERE state = 'stored'");
            let total = total.fetch_one(&mut *open).await?;
            open.commit(total).await
        })
        .await
    }

    async fn knows(&self, campaign: &str) -> Result<bool, StoreError> {
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let known = value(
                "SELECT EXISTS (SELECT 1 FROM campaign_version WHERE campaign = $1)
                 OR EXISTS (SELECT 1 FROM action WHERE campaign = $1)",
            );
            let known = known.bind(campaign).fetch_one(&mut *open).await?;
            open.commit(known).await
        })
        .await
    }

    async fn export(&self, campaign: &str) -> Result<Box<dyn Export>, StoreError> {
        let export = PgExport::begin(self.place.clone(), &self.readers, campaign.to_owned());
        match export.await {
            Ok(export) => Ok(Box::new(export)),
            Err(fault) => Err(fault.of(&self.place)),
        }
    }

    async fn put_version(
        &self,
        campaign: &str,
        digest: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, begin(self.synchronised)).await?;
            let insert = query(
                "INSERT INTO campaign_version (campaign, digest, first_served, bytes)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (campaign, digest) DO NOTHING",
            );
            let insert = insert.bind(campaign).bind(digest).bind(now).bind(bytes);
            insert.execute(&mut *open).await?;
            open.commit(()).await
        })
        .await
    }

    async fn version(&self, campaign: &str, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if is_unfit(&[campaign, digest]) {
            return Ok(None);
        }
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let bytes =
                value("SELECT bytes FROM campaign_version WHERE campaign = $1 AND digest = $2");
            let bytes = bytes.bind(campaign).bind(digest).fetch_optional(&mut *open).await?;
            open.commit(bytes).await
        })
        .await
    }

    async fn version_at(&self, campaign: &str, time: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, READ).await?;
            let bytes = value(
                "SELECT bytes FROM campaign_version WHERE campaign = $1 AND first_served <= $2
                 ORDER BY first_served DESC, digest LIMIT 1",
            );
            let bytes = bytes.bind(campaign).bind(time).fetch_optional(&mut *open).await?;
            open.commit(bytes).await
        })
        .await
    }

    async fn share_signing_keys(
        &self,
        ours: &[String],
        replace: bool,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.clock.now();
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, ALONE).await?;
            let known = value::<String>("SELECT kid FROM signing_key ORDER BY first_used, kid");
            let known = known.fetch_all(&mut *open).await?;
            let lacking: Vec<String> =
                known.into_iter().filter(|kid| !ours.contains(kid)).collect();
            if lacking.is_empty() || replace {
                let delete = query("DELETE FROM signing_key WHERE kid = ANY($1::TEXT[])");
                delete.bind(&lacking).execute(&mut *open).await?;
                let insert = query(
                    "INSERT INTO signing_key (kid, first_used)
                     SELECT kid, $2 FROM UNNEST($1::TEXT[]) AS new (kid) ORDER BY kid
                     ON CONFLICT (kid) DO NOTHING",
                );
                insert.bind(ours).bind(now).execute(&mut *open).await?;
            }
            open.commit(lacking).await
        })
        .await
    }

    async fn claim_jobs(
        &self,
        kinds: &[JobKind],
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.now();
        let until = now.saturating_add_unsigned(lease.as_secs());
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, begin(self.synchronised)).await?;
            let claimed = jobs::claim(&mut open, kinds, most, now, until).await?;
            open.commit(claimed).await
        })
        .await
    }

    async fn finish_job(&self, job: &Job, outcome: JobOutcome) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.repeated(|| async {
            let mut open = Open::begin(&self.readers, begin(self.synchronised)).await?;
            let done = jobs::finish(&mut open, job, outcome.clone(), now).await?;
            open.commit(done).await
        })
        .await
    }

    fn probe(&self) {
        self.writer.iter().for_each(Writer::probe);
    }

    fn is_writing(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::is_at_work)
    }

    async fn is_ready(&self) -> bool {
        let answers = async {
            let open = Open::begin(&self.readers, READ).await?;
            open.commit(()).await
        };
        let is_ready = self.writer.as_ref().is_some_and(Writer::is_ready);
        is_ready && timeout(ATTEMPT, answers).await.is_ok_and(|answer| answer.is_ok())
    }

    async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.finish().await;
        }
        let _ = timeout(CLOSING, self.readers.close()).await;
    }
}
