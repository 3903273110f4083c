//! Transitions of stored actions: state, count and jobs change in one transaction.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::connect::query;
use super::rows::{STORED, WITHDRAWN};
use crate::store::Transitioned;
use crate::store::lifecycle::{State, Transition, count_change, next};

/// Applies a transition to an identity, inside the caller's transaction, and returns with it the change of the count.
/// The caller changes the count once, at the end: its row is the last one that is locked.
pub(super) async fn apply(
    connection: &mut PgConnection,
    campaign: &str,
    jti: &str,
    transition: Transition,
    now: i64,
) -> Result<(Transitioned, i64), sqlx::Error> {
    let allowed = |from| next(from, transition).filter(|_| transition != Transition::Insert);
    // An identity without a row can't be locked: the key decides who comes first.
    if allowed(State::Unknown) == Some(State::Withdrawn)
        && insert(connection, campaign, jti, now).await?
    {
        return Ok((Transitioned { from: State::Unknown, to: Some(State::Withdrawn) }, 0));
    }
    let (from, is_counted) = state(connection, campaign, jti).await?;
    let Some(to) = allowed(from) else { return Ok((Transitioned { from, to: None }, 0)) };
    if to == State::Withdrawn {
        withdraw(connection, campaign, jti, now).await?;
    }
    let change = if is_counted { count_change(from, to) } else { 0 };
    Ok((Transitioned { from, to: Some(to) }, change))
}

/// Inserts a withdrawn identity. Returns false if it has a row.
async fn insert(
    connection: &mut PgConnection,
    campaign: &str,
    jti: &str,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let insert = query(
        "INSERT INTO action (campaign, jti, state, received_at, counted)
         VALUES ($1, $2, 'withdrawn', $3, FALSE) ON CONFLICT (campaign, jti) DO NOTHING",
    );
    let done = insert.bind(campaign).bind(jti).bind(now).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// The state of an identity, and whether its action is part of the count. The row stays locked.
async fn state(
    connection: &mut PgConnection,
    campaign: &str,
    jti: &str,
) -> Result<(State, bool), sqlx::Error> {
    let row =
        query("SELECT state, counted FROM action WHERE campaign = $1 AND jti = $2 FOR UPDATE");
    let row = row.bind(campaign).bind(jti).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok((State::Unknown, false)) };
    let state = match row.try_get("state")? {
        STORED => State::Stored,
        WITHDRAWN => State::Withdrawn,
        other => {
            let source = format!("a state that this program does not know: {other}").into();
            return Err(sqlx::Error::ColumnDecode { index: "state".to_owned(), source });
        }
    };
    Ok((state, row.try_get("counted")?))
}

/// Deletes an action and its jobs; its identity stays.
async fn withdraw(
    connection: &mut PgConnection,
    campaign: &str,
    jti: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    let update = query(
        "UPDATE action SET state = 'withdrawn', received_at = $3, counted = FALSE, status = NULL,
                campaign_digest = NULL, digest_known = NULL, jws = NULL, claims = NULL,
                action_digest = NULL, receipt = NULL
         WHERE campaign = $1 AND jti = $2",
    );
    update.bind(campaign).bind(jti).bind(now).execute(&mut *connection).await?;
    let jobs = query("DELETE FROM job WHERE campaign = $1 AND jti = $2");
    jobs.bind(campaign).bind(jti).execute(connection).await.map(drop)
}
