//! Transitions of stored actions: state, count and jobs change in one transaction.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::rows::change_count;
use crate::store::Transitioned;
use crate::store::lifecycle::{State, Transition, count_change, next};

/// Applies a transition to an identity, inside the caller's transaction.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    campaign: &str,
    jti: &str,
    transition: Transition,
    now: i64,
) -> Result<Transitioned, sqlx::Error> {
    let (from, is_counted) = state(connection, campaign, jti).await?;
    let to = next(from, transition).filter(|_| transition != Transition::Insert);
    let Some(to) = to else { return Ok(Transitioned { from, to: None }) };
    if to == State::Withdrawn {
        delete(connection, campaign, jti).await?;
        let insert = "INSERT INTO withdrawal (campaign, jti, withdrawn_at) VALUES (?, ?, ?)";
        let insert = sqlx::query(insert).bind(campaign).bind(jti).bind(now);
        insert.execute(&mut *connection).await?;
    }
    if is_counted {
        change_count(connection, campaign, count_change(from, to)).await?;
    }
    Ok(Transitioned { from, to: Some(to) })
}

/// The state of an identity, and whether its action is part of the count.
async fn state(
    connection: &mut SqliteConnection,
    campaign: &str,
    jti: &str,
) -> Result<(State, bool), sqlx::Error> {
    let row = sqlx::query(
        "SELECT (SELECT counted FROM action WHERE campaign = ?1 AND jti = ?2) AS counted,
                EXISTS (SELECT 1 FROM withdrawal WHERE campaign = ?1 AND jti = ?2) AS withdrawn",
    );
    let row = row.bind(campaign).bind(jti).fetch_one(connection).await?;
    let counted: Option<bool> = row.try_get("counted")?;
    Ok(match (counted, row.try_get("withdrawn")?) {
        (Some(counted), _) => (State::Stored, counted),
        (None, true) => (State::Withdrawn, false),
        (None, false) => (State::Unknown, false),
    })
}

/// Deletes an action and its jobs.
async fn delete(
    connection: &mut SqliteConnection,
    campaign: &str,
    jti: &str,
) -> Result<(), sqlx::Error> {
    for delete in [
        "DELETE FROM action WHERE campaign = ? AND jti = ?",
        "DELETE FROM job WHERE campaign = ? AND jti = ?",
    ] {
        sqlx::query(delete).bind(campaign).bind(jti).execute(&mut *connection).await?;
    }
    Ok(())
}
