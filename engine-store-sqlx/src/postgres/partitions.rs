//! History by months.

use engine_core::model::Timestamp;
use engine_core::store::StoreError;
use sqlx::query;

use super::SqlStore;
use crate::row::get;

/// Changing the list of partitions locks history for a moment. When somebody uses it for long, this waits no longer than so, because all others wait behind it.
const HASTE: &str = "SELECT set_config('lock_timeout', '2000', true)";

/// So many months are made ahead.
const AHEAD: i32 = 2;

/// Makes the partitions that will be needed.
pub(super) async fn make_partitions(store: &SqlStore) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.change(query("SELECT pg_advisory_xact_lock(7115, hashtext(current_schema()))")).await?;
    tx.change(query(HASTE)).await?;
    tx.change(query("SELECT make_partitions($1)").bind(AHEAD)).await?;
    tx.commit().await
}

/// Drops the partitions that are over; gives how many months went.
pub(super) async fn drop_partitions(store: &SqlStore, cutoff: Timestamp) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    tx.change(query("SELECT pg_advisory_xact_lock(7115, hashtext(current_schema()))")).await?;
    tx.change(query(HASTE)).await?;
    let row = tx.first(query("SELECT drop_partitions($1) AS dropped").bind(cutoff.as_micros())).await?;
    let dropped: i32 = row.map_or(Ok(0), |row| get(&row, "dropped"))?;
    tx.commit().await?;
    Ok(u64::try_from(dropped).unwrap_or(0))
}
