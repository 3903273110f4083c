//! Jobs and their leases. Workers poll: a notification would lock the whole server at each commit, and poolers pass
//! none on.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::connect::query;
use crate::store::{Job, JobKind, JobOutcome};

/// Claims due jobs of these kinds until `lease_until`. Rows that another worker is claiming are passed over.
pub(super) async fn claim(
    connection: &mut PgConnection,
    kinds: &[JobKind],
    most: u32,
    now: i64,
    lease_until: i64,
) -> Result<Vec<Job>, sqlx::Error> {
    let rows = query(
        "UPDATE job SET attempts = attempts + 1, lease_until = $1
         WHERE id IN (
             SELECT id FROM job
             WHERE kind = ANY($2::TEXT[]) AND died_at IS NULL
                 AND not_before <= $3 AND (lease_until IS NULL OR lease_until <= $3)
             ORDER BY not_before, id LIMIT $4
             FOR UPDATE SKIP LOCKED
         )
         RETURNING id, kind, campaign, jti, not_before, attempts",
    );
    let names: Vec<&str> = kinds.iter().map(|kind| kind.0).collect();
    let rows = rows.bind(lease_until).bind(names).bind(now).bind(i64::from(most));
    let mut claimed = Vec::new();
    for row in rows.fetch_all(connection).await? {
        if let Some(job) = job(&row, kinds)? {
            claimed.push((row.try_get::<i64, _>("not_before")?, job));
        }
    }
    // RETURNING guarantees no order.
    claimed.sort_by_key(|(not_before, job)| (*not_before, job.id));
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

fn job(row: &PgRow, kinds: &[JobKind]) -> Result<Option<Job>, sqlx::Error> {
    let name: &str = row.try_get("kind")?;
    let Some(kind) = kinds.iter().find(|kind| kind.0 == name) else { return Ok(None) };
    Ok(Some(Job {
        id: row.try_get("id")?,
        kind: *kind,
        campaign: row.try_get("campaign")?,
        jti: row.try_get("jti")?,
        attempt: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
    }))
}

/// Ends an attempt. Returns false if its claim is no longer valid.
pub(super) async fn finish(
    connection: &mut PgConnection,
    job: &Job,
    outcome: JobOutcome,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let (sql, failure) = match outcome {
        JobOutcome::Done => {
            ("DELETE FROM job WHERE id = $1 AND attempts = $2 AND lease_until IS NOT NULL", None)
        }
        JobOutcome::Retry { at, error } => (
            "UPDATE job SET not_before = $3, lease_until = NULL, last_error = $4
             WHERE id = $1 AND attempts = $2 AND lease_until IS NOT NULL",
            Some((at, error)),
        ),
        JobOutcome::Dead { error } => (
            "UPDATE job SET died_at = $3, lease_until = NULL, last_error = $4
             WHERE id = $1 AND attempts = $2 AND lease_until IS NOT NULL",
            Some((now, error)),
        ),
    };
    let finish = query(sql).bind(job.id).bind(i64::from(job.attempt));
    let finish = match failure {
        Some((time, error)) => finish.bind(time).bind(error),
        None => finish,
    };
    Ok(finish.execute(connection).await?.rows_affected() > 0)
}
