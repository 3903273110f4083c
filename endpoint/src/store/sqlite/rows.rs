//! Rows of actions: writing and reading them.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use standwith::answer::Status;

use crate::store::batch::{CountChanges, counted, firsts};
use crate::store::lifecycle::{State, count_change};
use crate::store::writer::Insertion;
use crate::store::{
    Content, DamagedRow, ExportRow, ExportedAction, Inserted, Miscount, StoredAction,
};

/// How many actions one statement inserts.
const CHUNK: usize = 32;

/// Inserts actions and their jobs, but none whose identity is used. Every result has the count after the whole batch.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    insertions: &[Insertion],
) -> Result<Vec<Inserted>, sqlx::Error> {
    let mut new = HashSet::new();
    for chunk in firsts(insertions).chunks(CHUNK) {
        for row in insert_rows(connection, chunk).await? {
            new.insert((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
        }
    }
    let (mut results, mut counts) = (Vec::with_capacity(insertions.len()), CountChanges::default());
    for Insertion { action, jobs } in insertions {
        let (campaign, jti) = (&action.campaign, &action.jti);
        counts.mention(campaign);
        // The first of several with the same identity is the new one.
        if !new.remove(&(campaign.clone(), jti.clone())) {
            results.push(match get(&mut *connection, campaign, jti).await? {
                Some(stored) => Inserted::Existing { stored: Box::new(stored), count: 0 },
                None => Inserted::Withdrawn,
            });
            continue;
        }
        if action.counts {
            counts.change(campaign, count_change(State::Unknown, State::Stored));
        }
        for job in jobs {
            let insert = "INSERT INTO job (kind, campaign, jti, not_before) VALUES (?, ?, ?, ?)";
            let insert = sqlx::query(insert).bind(job.kind.0).bind(campaign);
            insert.bind(jti).bind(job.not_before).execute(&mut *connection).await?;
        }
        results.push(Inserted::New { count: 0 });
    }
    for (campaign, change) in counts.changes() {
        change_count(connection, campaign, change).await?;
    }
    let mut now = HashMap::new();
    for campaign in counts.campaigns() {
        now.insert(campaign, count(&mut *connection, campaign).await?);
    }
    counted(insertions, &mut results, &now);
    Ok(results)
}

/// Inserts the rows of actions whose identity is not used, and returns campaign and jti of each.
async fn insert_rows(
    connection: &mut SqliteConnection,
    insertions: &[&Insertion],
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO action (campaign, jti, received_at, status, assurance, campaign_digest,
                             digest_known, jws, claims, action_digest, receipt, counted)
         SELECT * FROM (",
    );
    insert.push_values(insertions, |mut row, Insertion { action, .. }| {
        let (jws, claims) = action.content.columns();
        row.push_bind(&action.campaign)
            .push_bind(&action.jti)
            .push_bind(action.received_at)
            .push_bind(action.status.word())
            .push_bind(action.content.assurance())
            .push_bind(&action.campaign_digest)
            .push_bind(action.digest_known)
            .push_bind(jws)
            .push_bind(claims)
            .push_bind(&action.action_digest)
            .push_bind(&action.receipt)
            .push_bind(action.counts);
    });
    // SQLite calls the columns of VALUES column1, column2 and so on.
    insert.push(
        ") WHERE NOT EXISTS (SELECT 1 FROM withdrawal WHERE campaign = column1 AND jti = column2)
         ON CONFLICT DO NOTHING RETURNING campaign, jti",
    );
    insert.build().fetch_all(connection).await
}

/// Adds a number to the count of a campaign.
pub(super) async fn change_count(
    connection: &mut SqliteConnection,
    campaign: &str,
    change: i64,
) -> Result<(), sqlx::Error> {
    let count = sqlx::query(
        "INSERT INTO campaign_count (campaign, count) VALUES (?1, ?2)
         ON CONFLICT (campaign) DO UPDATE SET count = count + ?2",
    );
    count.bind(campaign).bind(change).execute(connection).await.map(drop)
}

/// The count of a campaign.
pub(super) async fn count<'a>(
    connection: impl sqlx::SqliteExecutor<'a>,
    campaign: &str,
) -> Result<i64, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT count FROM campaign_count WHERE campaign = ?");
    Ok(count.bind(campaign).fetch_optional(connection).await?.unwrap_or(0))
}

/// The counts that differ from the number of actions that count.
pub(super) async fn miscounts(
    connection: &mut SqliteConnection,
) -> Result<Vec<Miscount>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT campaign, SUM(counted) AS counted, SUM(actual) AS actual
         FROM (SELECT campaign, count AS counted, 0 AS actual FROM campaign_count
               UNION ALL SELECT campaign, 0, COUNT(*) FROM action WHERE counted GROUP BY campaign)
         GROUP BY campaign HAVING SUM(counted) <> SUM(actual) ORDER BY campaign",
    );
    let miscount = |row: &SqliteRow| {
        Ok(Miscount {
            campaign: row.try_get("campaign")?,
            counted: row.try_get("counted")?,
            actual: row.try_get("actual")?,
        })
    };
    rows.fetch_all(connection).await?.iter().map(miscount).collect()
}

/// The action that is stored under an identity.
pub(super) async fn get<'a>(
    connection: impl sqlx::SqliteExecutor<'a>,
    campaign: &str,
    jti: &str,
) -> Result<Option<StoredAction>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT status, jws, claims, action_digest, receipt FROM action
         WHERE campaign = ? AND jti = ?",
    );
    let row = row.bind(campaign).bind(jti).fetch_optional(connection).await?;
    row.as_ref().map(stored).transpose()
}

/// The next rows of a campaign in the order of arrival, after this one.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    campaign: &str,
    after: i64,
    most: i64,
) -> Result<Vec<ExportRow>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, received_at, digest_known, status, jws, claims, action_digest, receipt FROM action
         WHERE campaign = ? AND id > ? ORDER BY id LIMIT ?",
    );
    let rows = rows.bind(campaign).bind(after).bind(most).fetch_all(connection).await?;
    let exported = |row: &SqliteRow| {
        let id = row.try_get("id")?;
        Ok(self::exported(id, row).map_err(|_| DamagedRow(id)))
    };
    rows.iter().map(exported).collect()
}

fn exported(id: i64, row: &SqliteRow) -> Result<ExportedAction, sqlx::Error> {
    Ok(ExportedAction {
        id,
        received_at: row.try_get("received_at")?,
        version_known: row.try_get("digest_known")?,
        stored: stored(row)?,
    })
}

/// A stored action, from a row with its five columns.
fn stored(row: &SqliteRow) -> Result<StoredAction, sqlx::Error> {
    let content = match row.try_get("jws")? {
        Some(jws) => Content::Signed(jws),
        None => Content::Bare(row.try_get("claims")?),
    };
    Ok(StoredAction {
        action_digest: row.try_get("action_digest")?,
        status: Status::of(row.try_get("status")?).unwrap_or_default(),
        receipt: row.try_get("receipt")?,
        content,
    })
}
