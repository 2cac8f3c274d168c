//! What a claim chooses from.

use std::sync::PoisonError;

use engine_core::store::StoreError;
use sqlx::query;

use super::{Row, SqlStore, Tx};
use crate::row::get;

/// Executions of one lane share all their limits: tenant, workflow, concurrency key.
pub(super) type Lane = (String, String, String);

/// So many lanes are looked at in one claim; the next claim goes on after them.
const MOST_LANES: usize = 1000;

/// The transaction holds the whole database: no other claim is under way.
pub(super) async fn lock_claims(_tx: &mut Tx) -> Result<(), StoreError> {
    Ok(())
}

/// The first `limit` ready executions of each lane. Lanes are found by skipping along the index, so a long lane costs no more than a short one.
pub(super) async fn candidates(store: &SqlStore, tx: &mut Tx, limit: u32) -> Result<Vec<Row>, StoreError> {
    let begin = store.core.lane.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut rows = lanes_after(store, tx, (begin.clone(), limit)).await?;
    if rows.is_empty() && begin.is_some() {
        rows = lanes_after(store, tx, (None, limit)).await?;
    }
    Ok(rows)
}

async fn lanes_after(store: &SqlStore, tx: &mut Tx, (mut after, limit): (Option<Lane>, u32)) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for _ in 0..MOST_LANES {
        let Some(first) = next_lane(tx, after.as_ref()).await? else { return Ok(rows) };
        let Ok(lane) = lane(&first) else {
            // No text: the claim sets this row aside, and the next one gets past it.
            rows.push(first);
            return Ok(rows);
        };
        rows.append(&mut first_of(tx, &lane, limit).await?);
        after = Some(lane);
    }
    *store.core.lane.lock().unwrap_or_else(PoisonError::into_inner) = after;
    Ok(rows)
}

/// A row of the lane after this one.
async fn next_lane(tx: &mut Tx, after: Option<&Lane>) -> Result<Option<Row>, StoreError> {
    let first = "SELECT id, tenant, workflow, concurrency_key, priority, coalesce(concurrency_key, '') AS key FROM active WHERE state = 0 \
                 ORDER BY tenant, workflow, coalesce(concurrency_key, '') LIMIT 1";
    // The next key, else the next workflow, else the next tenant: each is one step along the index, which comparing all three at once is not.
    let next = "SELECT * FROM (SELECT id, tenant, workflow, concurrency_key, priority, coalesce(concurrency_key, '') AS key FROM active \
                WHERE state = 0 AND tenant = $1 AND workflow = $2 AND coalesce(concurrency_key, '') > $3 ORDER BY coalesce(concurrency_key, '') LIMIT 1) \
                UNION ALL SELECT * FROM (SELECT id, tenant, workflow, concurrency_key, priority, coalesce(concurrency_key, '') AS key FROM active \
                WHERE state = 0 AND tenant = $1 AND workflow > $2 ORDER BY workflow, coalesce(concurrency_key, '') LIMIT 1) \
                UNION ALL SELECT * FROM (SELECT id, tenant, workflow, concurrency_key, priority, coalesce(concurrency_key, '') AS key FROM active \
                WHERE state = 0 AND tenant > $1 ORDER BY tenant, workflow, coalesce(concurrency_key, '') LIMIT 1) LIMIT 1";
    let statement = match after {
        None => query(first),
        Some((tenant, workflow, key)) => query(next).bind(tenant.clone()).bind(workflow.clone()).bind(key.clone()),
    };
    tx.first(statement).await
}

fn lane(row: &Row) -> Result<Lane, StoreError> {
    Ok((get(row, "tenant")?, get(row, "workflow")?, get(row, "key")?))
}

async fn first_of(tx: &mut Tx, (tenant, workflow, key): &Lane, limit: u32) -> Result<Vec<Row>, StoreError> {
    let first = "SELECT id, tenant, workflow, concurrency_key, priority FROM active \
                 WHERE state = 0 AND tenant = $1 AND workflow = $2 AND coalesce(concurrency_key, '') = $3 ORDER BY priority DESC, id LIMIT $4";
    tx.all(query(first).bind(tenant.clone()).bind(workflow.clone()).bind(key.clone()).bind(i64::from(limit))).await
}
