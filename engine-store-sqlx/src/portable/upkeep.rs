//! Work that keeps the store small.

use async_trait::async_trait;
use engine_core::store::{StoreError, Upkeep, UpkeepDone, UpkeepStore};
use sqlx::query;
use uuid::Uuid;

use super::{SqlStore, drop_partitions, make_partitions};
use crate::row::get;

/// A day, in microseconds: after so long an upload has been given up.
const UPLOAD_GRACE: i64 = 86_400_000_000;

#[async_trait]
impl UpkeepStore for SqlStore {
    async fn upkeep(&self, upkeep: &Upkeep) -> Result<UpkeepDone, StoreError> {
        make_partitions(self).await?;
        let partitions = match upkeep.drop_before {
            Some(cutoff) => drop_partitions(self, cutoff).await?,
            None => 0,
        };
        let blobs = self.remove_unused_blobs(upkeep).await?;
        self.remove_old_slots().await?;
        Ok(UpkeepDone { blobs, partitions })
    }
}

impl SqlStore {
    async fn remove_unused_blobs(&self, upkeep: &Upkeep) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?.as_micros();
        let grace = i64::try_from(upkeep.blob_grace.as_micros()).unwrap_or(i64::MAX);
        let unused = "DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE created <= $1 AND NOT EXISTS (SELECT 1 FROM blob_uses u WHERE u.blob = blobs.id) \
                      ORDER BY created LIMIT $2) AND created <= $1 RETURNING upload";
        let removed = tx.all(query(unused).bind(now.saturating_sub(grace)).bind(i64::from(upkeep.limit))).await?;
        let abandoned = query("DELETE FROM blob_uploads WHERE created <= $1 RETURNING id AS upload").bind(now.saturating_sub(UPLOAD_GRACE));
        let abandoned = tx.all(abandoned).await?;
        for row in removed.iter().chain(&abandoned) {
            tx.change(query("DELETE FROM blob_pieces WHERE upload = $1").bind(get::<Uuid, _>(row, "upload")?)).await?;
        }
        tx.commit().await?;
        Ok(removed.len() as u64)
    }

    /// Slots guard against firing twice only as long as they may be tried again; their schedule's `last` guards for ever.
    async fn remove_old_slots(&self) -> Result<(), StoreError> {
        const KEPT: i64 = 90 * 86_400_000_000;
        let old = concat!("DELETE FROM schedule_slots WHERE slot < ", now!(), " - $1");
        self.write(query(old).bind(KEPT)).await.map(drop)
    }
}
