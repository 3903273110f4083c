//! Rows of actions: writing and reading them. A batch takes the same few statements, however large it is.

use std::collections::HashSet;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use standwith::answer::Status;

use super::connect::{query, value};
use crate::store::batch::{CountChanges, counted, firsts};
use crate::store::lifecycle::{State, count_change};
use crate::store::writer::Insertion;
use crate::store::{Content, Inserted, Miscount, StoredAction};

/// The names of the states in the database.
pub(super) const STORED: &str = "stored";
pub(super) const WITHDRAWN: &str = "withdrawn";

/// Inserts actions and their jobs, but none whose identity is used. Every result has the count after the whole batch.
/// Rows are sorted: two instances that write the same ones never wait for each other in a circle.
pub(super) async fn insert(
    connection: &mut PgConnection,
    insertions: &[Insertion],
    slot: i16,
) -> Result<Vec<Inserted>, sqlx::Error> {
    let mut new = insert_rows(connection, &firsts(insertions)).await?;
    let (mut results, mut counts) = (Vec::with_capacity(insertions.len()), CountChanges::default());
    let (mut jobs, mut others) = (Jobs::default(), Vec::new());
    for (at, Insertion { action, jobs: planned }) in insertions.iter().enumerate() {
        counts.mention(&action.campaign);
        // The first of several with the same identity is the new one.
        if !new.remove(&(action.campaign.clone(), action.jti.clone())) {
            others.push(at);
            results.push(Inserted::Withdrawn);
            continue;
        }
        if action.counts {
            counts.change(&action.campaign, count_change(State::Unknown, State::Stored));
        }
        for job in planned {
            jobs.add(job.kind.0, &action.campaign, &action.jti, job.not_before);
        }
        results.push(Inserted::New { count: 0 });
    }
    let mut stored = existing(connection, insertions, &others).await?;
    for at in others {
        let Insertion { action, .. } = &insertions[at];
        let identity = (action.campaign.as_str(), action.jti.as_str());
        let known = stored.iter_mut().find(|(campaign, jti, _)| (&**campaign, &**jti) == identity);
        // It was there a moment ago.
        let (.., known) = known.ok_or(sqlx::Error::RowNotFound)?;
        if let Some(stored) = known {
            results[at] = Inserted::Existing { stored: Box::new(stored.clone()), count: 0 };
        }
    }
    jobs.insert(connection).await?;
    let now = count(connection, &counts, slot).await?;
    let now = now.iter().map(|(campaign, count)| (campaign.as_str(), *count)).collect();
    counted(insertions, &mut results, &now);
    Ok(results)
}

/// Inserts the rows whose identity is not used, and returns campaign and jti of each.
async fn insert_rows(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
) -> Result<HashSet<(String, String)>, sqlx::Error> {
    let all = || insertions.iter().map(|insertion| &insertion.action);
    let insert = query(
        "INSERT INTO action (campaign, jti, state, received_at, counted, status, campaign_digest,
                             digest_known, jws, claims, action_digest, receipt)
         SELECT campaign, jti, 'stored', received_at, counted, status, campaign_digest,
                digest_known, jws, claims, action_digest, receipt
         FROM UNNEST($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::BOOLEAN[], $5::TEXT[], $6::TEXT[],
                     $7::BOOLEAN[], $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::TEXT[])
              AS new (campaign, jti, received_at, counted, status, campaign_digest,
                      digest_known, jws, claims, action_digest, receipt)
         ORDER BY campaign, jti
         ON CONFLICT (campaign, jti) DO NOTHING
         RETURNING campaign, jti",
    );
    let rows = insert
        .bind(all().map(|action| &*action.campaign).collect::<Vec<_>>())
        .bind(all().map(|action| &*action.jti).collect::<Vec<_>>())
        .bind(all().map(|action| action.received_at).collect::<Vec<_>>())
        .bind(all().map(|action| action.counts).collect::<Vec<_>>())
        .bind(all().map(|action| action.status.word()).collect::<Vec<_>>())
        .bind(all().map(|action| &*action.campaign_digest).collect::<Vec<_>>())
        .bind(all().map(|action| action.digest_known).collect::<Vec<_>>())
        .bind(all().map(|action| action.content.columns().0).collect::<Vec<_>>())
        .bind(all().map(|action| action.content.columns().1).collect::<Vec<_>>())
        .bind(all().map(|action| &*action.action_digest).collect::<Vec<_>>())
        .bind(all().map(|action| &*action.receipt).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// A row whose identity was used: campaign, jti, and the action unless it is withdrawn.
type Existing = (String, String, Option<StoredAction>);

/// The rows of these insertions, whose identities are used. A statement of its own: one statement does not see what
/// another transaction committed while it waited for it.
async fn existing(
    connection: &mut PgConnection,
    insertions: &[Insertion],
    which: &[usize],
) -> Result<Vec<Existing>, sqlx::Error> {
    if which.is_empty() {
        return Ok(Vec::new());
    }
    let all = || which.iter().map(|at| &insertions[*at].action);
    let rows = query(
        "SELECT campaign, jti, state, status, jws, claims, action_digest, receipt FROM action
         WHERE (campaign, jti) IN (SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[]))",
    )
    .bind(all().map(|action| &*action.campaign).collect::<Vec<_>>())
    .bind(all().map(|action| &*action.jti).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, stored(row)?))).collect()
}

/// The rows of new jobs.
#[derive(Default)]
struct Jobs<'a> {
    ids: Vec<i64>,
    kinds: Vec<&'a str>,
    campaigns: Vec<&'a str>,
    jtis: Vec<&'a str>,
    times: Vec<i64>,
}

impl<'a> Jobs<'a> {
    fn add(&mut self, kind: &'a str, campaign: &'a str, jti: &'a str, not_before: i64) {
        self.ids.push(fastrand::i64(1..));
        self.kinds.push(kind);
        self.campaigns.push(campaign);
        self.jtis.push(jti);
        self.times.push(not_before);
    }

    async fn insert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let insert = query(
            "INSERT INTO job (id, kind, campaign, jti, not_before)
             SELECT * FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[])",
        );
        let insert = insert.bind(self.ids).bind(self.kinds).bind(self.campaigns);
        insert.bind(self.jtis).bind(self.times).execute(connection).await.map(drop)
    }
}

/// Changes the counts of campaigns, and returns the new ones.
pub(super) async fn count(
    connection: &mut PgConnection,
    counts: &CountChanges<'_>,
    slot: i16,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let (campaigns, changes): (Vec<&str>, Vec<i64>) = counts.changes().unzip();
    let unchanged: Vec<&str> = counts.campaigns().filter(|id| !campaigns.contains(id)).collect();
    let mut sums = Vec::new();
    if !campaigns.is_empty() {
        let change = query(
            "INSERT INTO campaign_count (campaign, slot, count)
             SELECT campaign, $2, change FROM UNNEST($1::TEXT[], $3::BIGINT[]) AS new (campaign, change)
             ORDER BY campaign
             ON CONFLICT (campaign, slot) DO UPDATE SET count = campaign_count.count + excluded.count
             RETURNING campaign, CAST(count + COALESCE((
                 SELECT SUM(other.count) FROM campaign_count AS other
                 WHERE other.campaign = campaign_count.campaign AND other.slot <> $2
             ), 0) AS BIGINT)",
        );
        let change = change.bind(campaigns).bind(slot).bind(changes);
        sums = change.fetch_all(&mut *connection).await?;
    }
    if !unchanged.is_empty() {
        let select = query(
            "SELECT campaign, CAST(SUM(count) AS BIGINT) FROM campaign_count
             WHERE campaign = ANY($1::TEXT[]) GROUP BY campaign",
        );
        sums.extend(select.bind(unchanged).fetch_all(&mut *connection).await?);
    }
    sums.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The action that is stored under an identity.
pub(super) async fn get(
    connection: &mut PgConnection,
    campaign: &str,
    jti: &str,
) -> Result<Option<StoredAction>, sqlx::Error> {
    let row = query(
        "SELECT state, status, jws, claims, action_digest, receipt FROM action
         WHERE campaign = $1 AND jti = $2",
    );
    let row = row.bind(campaign).bind(jti).fetch_optional(connection).await?;
    Ok(row.as_ref().map(stored).transpose()?.flatten())
}

/// The count of a campaign.
pub(super) async fn count_of(
    connection: &mut PgConnection,
    campaign: &str,
) -> Result<i64, sqlx::Error> {
    let sum = value::<i64>(
        "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM campaign_count WHERE campaign = $1",
    );
    sum.bind(campaign).fetch_one(connection).await
}

/// The counts that differ from the number of actions that count.
pub(super) async fn miscounts(connection: &mut PgConnection) -> Result<Vec<Miscount>, sqlx::Error> {
    let rows = query(
        "SELECT campaign, CAST(SUM(counted) AS BIGINT) AS counted, CAST(SUM(actual) AS BIGINT) AS actual
         FROM (SELECT campaign, count AS counted, 0 AS actual FROM campaign_count
               UNION ALL
               SELECT campaign, 0, COUNT(*) FROM action WHERE counted GROUP BY campaign) AS sums
         GROUP BY campaign HAVING SUM(counted) <> SUM(actual) ORDER BY campaign",
    );
    let miscount = |row: &PgRow| {
        Ok(Miscount {
            campaign: row.try_get("campaign")?,
            counted: row.try_get("counted")?,
            actual: row.try_get("actual")?,
        })
    };
    rows.fetch_all(connection).await?.iter().map(miscount).collect()
}

/// A stored action, from a row with its columns; `None` if it is withdrawn.
pub(super) fn stored(row: &PgRow) -> Result<Option<StoredAction>, sqlx::Error> {
    if row.try_get::<&str, _>("state")? != STORED {
        return Ok(None);
    }
    let content = match row.try_get("jws")? {
        Some(jws) => Content::Signed(jws),
        None => Content::Bare(row.try_get("claims")?),
    };
    Ok(Some(StoredAction {
        action_digest: row.try_get("action_digest")?,
        status: Status::of(row.try_get("status")?).unwrap_or_default(),
        receipt: row.try_get("receipt")?,
        content,
    }))
}

/// Adds to the count of one campaign.
pub(super) async fn change_count(
    connection: &mut PgConnection,
    campaign: &str,
    change: i64,
    slot: i16,
) -> Result<(), sqlx::Error> {
    let mut counts = CountChanges::default();
    counts.change(campaign, change);
    count(connection, &counts, slot).await.map(drop)
}
