//! Work that keeps a store small; some process of the fleet does it now and then.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::model::Timestamp;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    /// Blobs that no execution names are removed when they are older than this. Whoever stores a blob has this long to name it.
    pub blob_grace: Duration,
    /// Where history lies in pieces by time, those that ended before this time go as a whole, unless something in them still runs.
    pub drop_before: Option<Timestamp>,
    /// At most so many blobs.
    pub limit: u32,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { blob_grace: Duration::from_hours(1), drop_before: None, limit: 1000 }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepDone {
    /// How many blobs were removed.
    pub blobs: u64,
    /// How many pieces of history went as a whole.
    pub partitions: u64,
}

/// Keeps itself small.
#[async_trait]
pub trait UpkeepStore: Send + Sync {
    /// Prepares room for what comes, and removes what nothing needs. Several processes may do it at the same time.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn upkeep(&self, upkeep: &Upkeep) -> Result<UpkeepDone, StoreError>;
}
