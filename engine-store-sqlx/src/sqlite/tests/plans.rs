//! No call reads a table from end to end: `SQLite` counts the instructions that it runs for each call, on tables with tens of thousands of rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine_core::store::Stores;
use rusqlite::Connection;
use sqlx::{SqlitePool, raw_sql};

use self::hot::{Call, DRIVING, LOOKING};
use super::super::writer::Writer;
use super::super::{SqliteOptions, SqliteStore};

#[path = "../../../tests/support/hot.rs"]
mod hot;

/// 60,000 executions have ended, 40,000 wait or are ready.
const FILL: &str = "
PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 60000)
INSERT INTO executions (id, tenant, workflow, version, mode, status, created, started, finished, last_node, epoch)
SELECT unhex(printf('%012x7%03x8%015x', 1700000000000 + n, n % 4096, n)), 't', 'workflow ' || (n % 100), 1, 1, CASE WHEN n % 40 = 7 THEN 5 ELSE 4 END, n, n, n, '\"n\"', 1 FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40000)
INSERT INTO active (id, tenant, workflow, version, mode, priority, state, due, epoch, claims, created, started)
SELECT unhex(printf('%012x7%03x9%015x', 1700000000000 + n, n % 4096, n)), 't', 'workflow ' || (n % 20), 1, 1, 0, CASE WHEN n % 2 = 0 THEN 0 ELSE 2 END,
    CASE WHEN n % 2 = 1 THEN 4102444800000000 + n END, 1, 0, n, n FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
INSERT INTO custom_entries (execution, key, value) SELECT randomblob(16), '\"order\"', '\"' || n || ' x\"' FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
INSERT INTO idempotency_keys (tenant, key, fingerprint, execution, expires) SELECT 't', n, x'', randomblob(16), 4102444800000000 FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
INSERT INTO sessions (id, user_id, token_hash, previous_hash, created, expires, attributes)
SELECT randomblob(16), randomblob(16), randomblob(16), randomblob(16), 0, 4102444800000000, '{}' FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
INSERT INTO schedules (workflow, node, rule, tenant, version, spec, time_zone, next) SELECT 'workflow ' || n, '\"s\"', 0, 't', 1, '{}', 'UTC', 4102444800000000 FROM s;
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
INSERT INTO audit_log (id, tenant, at, actor, action, target, details) SELECT randomblob(16), 't', 0, '', '', '', '{}' FROM s;
COMMIT;
";

/// Instructions are counted in lots of so many.
const LOT: i32 = 100;

/// Reading one of the large tables, or an index, from end to end takes at least five instructions for each of 20,000 rows.
const MOST: u64 = 100_000;

async fn count(pool: &SqlitePool, counter: &Arc<AtomicU64>) {
    let mut connection = pool.acquire().await.unwrap();
    let counter = Arc::clone(counter);
    connection.lock_handle().await.unwrap().set_progress_handler(LOT, move || {
        counter.fetch_add(u64::from(LOT.unsigned_abs()), Ordering::Relaxed);
        true
    });
}

/// A connection for groups whose instructions are counted.
fn counting(options: &SqliteOptions, counter: &Arc<AtomicU64>) -> Connection {
    let connection = options.connect_directly().unwrap();
    let counter = Arc::clone(counter);
    let count = move || {
        counter.fetch_add(u64::from(LOT.unsigned_abs()), Ordering::Relaxed);
        false
    };
    connection.progress_handler(LOT, Some(count)).unwrap();
    connection
}

async fn cost(store: &SqliteStore, counter: &AtomicU64, (_, call): &Call) -> u64 {
    let before = counter.load(Ordering::Relaxed);
    call(Stores::of(&Arc::new(store.clone()))).await;
    counter.load(Ordering::Relaxed) - before
}

/// Breaks when a condition cannot use its index: a parameter that may be NULL, a column that comes too late in the index, an index that the planner likes better.
#[tokio::test]
async fn no_call_reads_more_than_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(directory.path().join("engine.sqlite")).readers(1);
    let store = SqliteStore::open(options.clone()).await.unwrap();
    raw_sql(FILL).execute(&store.core.writer).await.unwrap();
    let counter = Arc::new(AtomicU64::new(0));
    count(&store.core.writer, &counter).await;
    count(&store.core.readers, &counter).await;
    let mut core = Arc::into_inner(store.core).unwrap();
    core.group = Writer::start(counting(&options, &counter), Arc::clone(&core.turn)).unwrap();
    let store = SqliteStore { core: Arc::new(core) };
    let mut wasteful = Vec::new();
    for call in DRIVING.iter().chain(LOOKING) {
        let instructions = cost(&store, &counter, call).await;
        if instructions > MOST {
            wasteful.push(format!("{}: {instructions} instructions", call.0));
        }
    }
    assert!(wasteful.is_empty(), "{}", wasteful.join("\n"));
    assert!(counter.load(Ordering::Relaxed) > 0, "nothing was counted");
}
