//! Rows of actions: writing and reading them.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use standwith::answer::Status;

use crate::store::StoredAction;
use crate::store::lifecycle::{State, count_change};
use crate::store::{Content, DamagedRow, ExportRow, ExportedAction, Inserted, NewAction, NewJob};

/// Inserts an action and its jobs, unless its identity is used. The caller fills in the counts of the result.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    action: &NewAction,
    jobs: &[NewJob],
) -> Result<Inserted, sqlx::Error> {
    if !insert_row(connection, action).await? {
        let stored = get(connection, &action.campaign, &action.jti).await?;
        return Ok(match stored {
            Some(stored) => Inserted::Existing { stored: Box::new(stored), count: 0 },
            None => Inserted::Withdrawn,
        });
    }
    if action.counts {
        let change = count_change(State::Unknown, State::Stored);
        change_count(connection, &action.campaign, change).await?;
    }
    for job in jobs {
        let insert = "INSERT INTO job (kind, campaign, jti, not_before) VALUES (?, ?, ?, ?)";
        let insert = sqlx::query(insert).bind(job.kind.0).bind(&action.campaign);
        insert.bind(&action.jti).bind(job.not_before).execute(&mut *connection).await?;
    }
    Ok(Inserted::New { count: 0 })
}

/// Inserts the row of an action. Returns false if its identity is used.
async fn insert_row(
    connection: &mut SqliteConnection,
    action: &NewAction,
) -> Result<bool, sqlx::Error> {
    let (jws, claims) = match &action.content {
        Content::Signed(jws) => (Some(jws), None),
        Content::Bare(claims) => (None, Some(claims)),
    };
    let row = sqlx::query(
        "INSERT INTO action (campaign, jti, received_at, status, assurance, campaign_digest,
                             digest_known, jws, claims, action_digest, receipt, counted)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
         WHERE NOT EXISTS (SELECT 1 FROM withdrawal WHERE campaign = ?1 AND jti = ?2)
         ON CONFLICT DO NOTHING RETURNING id",
    );
    let row = row
        .bind(&action.campaign)
        .bind(&action.jti)
        .bind(action.received_at)
        .bind(action.status.word())
        .bind(action.content.assurance())
        .bind(&action.campaign_digest)
        .bind(action.digest_known)
        .bind(jws)
        .bind(claims)
        .bind(&action.action_digest)
        .bind(&action.receipt)
        .bind(action.counts);
    Ok(row.fetch_optional(&mut *connection).await?.is_some())
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
