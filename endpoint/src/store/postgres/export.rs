//! Exports: the actions of a campaign as they were at one moment, in the order of their arrival.

use async_trait::async_trait;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Postgres, Row, Transaction};

use super::connect::query;
use super::fault::Fault;
use super::rows;
use crate::store::{DamagedRow, Export, ExportRow, ExportedAction, StoreError};

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// An export that reads within one transaction, which sees one snapshot: a later one would miss actions that arrived
/// before others and were committed after them.
pub(super) struct PgExport {
    place: String,
    campaign: String,
    transaction: Transaction<'static, Postgres>,
    /// The last row that was read.
    last: (i64, String),
    /// How many were read.
    read: i64,
}

impl PgExport {
    pub(super) async fn begin(
        place: String,
        readers: &PgPool,
        campaign: String,
    ) -> Result<Self, Fault> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        let mut transaction = readers.begin_with(begin).await?;
        // The snapshot is taken by the first statement, not by BEGIN.
        query("SELECT 1 FROM campaign_count LIMIT 1").execute(&mut *transaction).await?;
        let last = (i64::MIN, String::new());
        Ok(PgExport { place, campaign, transaction, last, read: 0 })
    }

    async fn page(&mut self) -> Result<Vec<ExportRow>, sqlx::Error> {
        let rows = query(
            "SELECT jti, received_at, digest_known, state, status, jws, claims, action_digest, receipt
             FROM action
             WHERE campaign = $1 AND (received_at, jti) > ($2, $3) AND state = 'stored'
             ORDER BY received_at, jti LIMIT $4",
        );
        let rows = rows.bind(&self.campaign).bind(self.last.0).bind(&self.last.1).bind(PAGE);
        let rows = rows.fetch_all(&mut *self.transaction).await?;
        if let Some(row) = rows.last() {
            self.last = (row.try_get("received_at")?, row.try_get("jti")?);
        }
        let first = self.read + 1;
        self.read += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let exported = |(id, row)| self::exported(id, row).map_err(|_| DamagedRow(id));
        Ok((first..).zip(&rows).map(exported).collect())
    }
}

fn exported(id: i64, row: &PgRow) -> Result<ExportedAction, sqlx::Error> {
    Ok(ExportedAction {
        id,
        received_at: row.try_get("received_at")?,
        version_known: row.try_get("digest_known")?,
        stored: rows::stored(row)?.ok_or(sqlx::Error::RowNotFound)?,
    })
}

#[async_trait]
impl Export for PgExport {
    async fn next(&mut self) -> Result<Vec<ExportRow>, StoreError> {
        let page = self.page().await;
        page.map_err(|error| Fault::from(error).of(&self.place))
    }
}
