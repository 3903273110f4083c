//! Jobs and their leases. Each statement is a transaction of its own, so no two workers claim the same job.

use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use standwith::json::Writer;

use crate::store::{Job, JobKind, JobOutcome};

/// Claims due jobs of these kinds until `lease_until`.
pub(super) async fn claim(
    database: &SqlitePool,
    kinds: &[JobKind],
    most: u32,
    now: i64,
    lease_until: i64,
) -> Result<Vec<Job>, sqlx::Error> {
    let rows = sqlx::query(
        "UPDATE job SET attempts = attempts + 1, lease_until = ?1
         WHERE id IN (
             SELECT id FROM job
             WHERE kind IN (SELECT value FROM json_each(?2)) AND died_at IS NULL
                 AND not_before <= ?3 AND (lease_until IS NULL OR lease_until <= ?3)
             ORDER BY not_before, id LIMIT ?4
         )
         RETURNING id, kind, campaign, jti, not_before, attempts",
    );
    let rows = rows.bind(lease_until).bind(list(kinds)).bind(now).bind(most);
    let mut claimed = Vec::new();
    for row in rows.fetch_all(database).await? {
        if let Some(job) = job(&row, kinds)? {
            claimed.push((row.try_get::<i64, _>("not_before")?, job));
        }
    }
    // RETURNING guarantees no order.
    claimed.sort_by_key(|(not_before, job)| (*not_before, job.id));
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

fn job(row: &SqliteRow, kinds: &[JobKind]) -> Result<Option<Job>, sqlx::Error> {
    let name: &str = row.try_get("kind")?;
    let Some(kind) = kinds.iter().find(|kind| kind.0 == name) else { return Ok(None) };
    Ok(Some(Job {
        id: row.try_get("id")?,
        kind: *kind,
        campaign: row.try_get("campaign")?,
        jti: row.try_get("jti")?,
        attempt: row.try_get("attempts")?,
    }))
}

/// Ends an attempt. Returns false if its claim is no longer valid.
pub(super) async fn finish(
    database: &SqlitePool,
    job: &Job,
    outcome: JobOutcome,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let finish = match outcome {
        JobOutcome::Done => {
            sqlx::query("DELETE FROM job WHERE id = ? AND attempts = ? AND lease_until IS NOT NULL")
        }
        JobOutcome::Retry { at, error } => sqlx::query(
            "UPDATE job SET not_before = ?, lease_until = NULL, last_error = ?
             WHERE id = ? AND attempts = ? AND lease_until IS NOT NULL",
        )
        .bind(at)
        .bind(error),
        JobOutcome::Dead { error } => sqlx::query(
            "UPDATE job SET died_at = ?, lease_until = NULL, last_error = ?
             WHERE id = ? AND attempts = ? AND lease_until IS NOT NULL",
        )
        .bind(now)
        .bind(error),
    };
    let done = finish.bind(job.id).bind(job.attempt).execute(database).await?;
    Ok(done.rows_affected() > 0)
}

/// The names of kinds as a JSON array.
fn list(kinds: &[JobKind]) -> String {
    let mut out = Writer::default();
    out.list(|out| {
        for kind in kinds {
            out.text(kind.0);
        }
    });
    out.finish()
}
