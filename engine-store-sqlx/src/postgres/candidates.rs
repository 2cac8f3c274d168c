//! What a claim chooses from.

use std::sync::PoisonError;

use engine_core::store::StoreError;
use sqlx::query;

use super::{Row, SqlStore, Tx};
use crate::row::get;

/// Executions of one lane share all their limits: tenant, workflow, concurrency key.
pub(super) type Lane = (String, String, String);

/// So many lanes are looked at in one claim; the next claim goes on after them.
const MOST_LANES: i64 = 1000;

/// Lets one claim at a time count and choose, in the whole fleet: so limits are never exceeded, and tenants take turns.
pub(super) async fn lock_claims(tx: &mut Tx) -> Result<(), StoreError> {
    tx.change(query("SELECT pg_advisory_xact_lock(7114, hashtext(current_schema()))")).await.map(drop)
}

/// The first `limit` ready executions of each lane. Lanes are found by skipping along the index, so a long lane costs no more than a short one.
pub(super) async fn candidates(store: &SqlStore, tx: &mut Tx, limit: u32) -> Result<Vec<Row>, StoreError> {
    let after = store.core.lane.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (tenant, workflow, key) = after.clone().unwrap_or_default();
    let ready = "WITH RECURSIVE lanes AS ( \
            (SELECT tenant, workflow, coalesce(concurrency_key, '') AS key, 1 AS place FROM active \
             WHERE state = 0 AND ($2 OR (tenant, workflow, coalesce(concurrency_key, '')) > ($3, $4, $5)) \
             ORDER BY tenant, workflow, coalesce(concurrency_key, '') LIMIT 1) \
            UNION ALL \
            SELECT next.tenant, next.workflow, next.key, lanes.place + 1 FROM lanes CROSS JOIN LATERAL ( \
                SELECT tenant, workflow, coalesce(concurrency_key, '') AS key FROM active \
                WHERE state = 0 AND (tenant, workflow, coalesce(concurrency_key, '')) > (lanes.tenant, lanes.workflow, lanes.key) \
                ORDER BY tenant, workflow, coalesce(concurrency_key, '') LIMIT 1) next \
            WHERE lanes.place < $6) \
        SELECT lanes.place, lanes.key, first.* FROM lanes CROSS JOIN LATERAL ( \
            SELECT id, tenant, workflow, concurrency_key, priority FROM active \
            WHERE state = 0 AND tenant = lanes.tenant AND workflow = lanes.workflow AND coalesce(concurrency_key, '') = lanes.key \
            ORDER BY priority DESC, id LIMIT $1) first \
        ORDER BY lanes.place";
    let ready = query(ready).bind(i64::from(limit)).bind(after.is_none()).bind(tenant).bind(workflow).bind(key);
    let rows = tx.all(ready.bind(i32::try_from(MOST_LANES).unwrap_or(i32::MAX))).await?;
    let last = match rows.last() {
        Some(row) if i64::from(get::<i32, _>(row, "place")?) >= MOST_LANES => Some((get(row, "tenant")?, get(row, "workflow")?, get(row, "key")?)),
        _ => None,
    };
    let wrapped = rows.is_empty() && after.is_some();
    *store.core.lane.lock().unwrap_or_else(PoisonError::into_inner) = last;
    if wrapped { Box::pin(candidates(store, tx, limit)).await } else { Ok(rows) }
}
