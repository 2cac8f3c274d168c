//! What a server does now and then so that its store stays small: removes old executions, and what nothing needs any more.
//!
//! Every process of a fleet does it; two at the same time do no harm.

use std::time::Duration;

use engine_core::model::Timestamp;
use engine_core::store::{Retention, StoreError, Stores, Upkeep};

use crate::settings::ExecutionSettings;
use crate::setup;

/// The time between two rounds.
const PAUSE: Duration = Duration::from_mins(10);
/// So many executions are removed at once, so that nobody waits for long.
const BATCH: u32 = 500;

/// Keeps the stores small for as long as it is polled.
pub(crate) async fn run(stores: Stores, retention: Option<Duration>, keep_newest: Option<u32>) {
    loop {
        match round(&stores, retention, keep_newest).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old executions were removed"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "old executions could not be removed; it is tried again later"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Future for the settings of a process.
pub(crate) fn of(stores: &Stores, settings: &ExecutionSettings) -> impl Future<Output = ()> + use<> {
    run(stores.clone(), settings.retention, settings.retention_count)
}

fn ago(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(setup::now().as_micros().saturating_sub(age))
}

/// One round; gives how many executions it removed.
async fn round(stores: &Stores, retention: Option<Duration>, keep_newest: Option<u32>) -> Result<u64, StoreError> {
    let cutoff = retention.map(ago);
    let ways = [
        cutoff.map(|cutoff| Retention { finished_before: Some(cutoff), ..Retention::default() }),
        keep_newest.map(|count| Retention { keep_newest: Some(count), ..Retention::default() }),
    ];
    let mut removed = 0;
    for way in ways.iter().flatten() {
        loop {
            let batch = stores.query.prune(way, BATCH).await?;
            removed += batch;
            if batch < u64::from(BATCH) {
                break;
            }
        }
    }
    stores.upkeep.upkeep(&Upkeep { drop_before: cutoff, ..Upkeep::default() }).await?;
    Ok(removed)
}
