//! Exports: the actions of a campaign as they were at one moment.

use std::path::PathBuf;

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

use super::fault::{Fault, located};
use super::rows;
use crate::store::{DamagedRow, Export, ExportRow, StoreError};

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// An export that reads within one transaction: SQLite shows it one snapshot. Other connections can write meanwhile,
/// but the log can't be emptied.
pub(super) struct SqliteExport {
    file: PathBuf,
    campaign: String,
    transaction: Transaction<'static, Sqlite>,
    last: i64,
}

impl SqliteExport {
    pub(super) async fn begin(
        file: PathBuf,
        readers: &SqlitePool,
        campaign: String,
    ) -> Result<Self, Fault> {
        let mut transaction = readers.begin().await?;
        // The snapshot is taken by the first read, not by BEGIN.
        sqlx::query("SELECT 1 FROM campaign_count").execute(&mut *transaction).await?;
        Ok(SqliteExport { file, campaign, transaction, last: i64::MIN })
    }
}

#[async_trait]
impl Export for SqliteExport {
    async fn next(&mut self) -> Result<Vec<ExportRow>, StoreError> {
        let SqliteExport { file, campaign, transaction, last } = self;
        let rows = located(file, async {
            Ok(rows::page(&mut *transaction, campaign, *last, PAGE).await?)
        });
        let rows = rows.await?;
        match rows.last() {
            Some(Ok(action)) => *last = action.id,
            Some(Err(DamagedRow(id))) => *last = *id,
            None => {}
        }
        Ok(rows)
    }
}
