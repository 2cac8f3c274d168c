//! No call reads a table from end to end, or walks along an index through rows that it does not need: Postgres counts what each call touches, on tables with
//! hundreds of thousands of rows. That sees the plans that are really used, also the generic ones that prepared statements come to after some runs.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::sync::Arc;

use engine_core::store::Stores;
use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::{PgConnection, Row, query, raw_sql};
use support::hot::{Call, DRIVING, LOOKING};
use support::proxy::Proxy;
use support::{Schema, connect, run, url};

/// A call is made so often over one connection: from the sixth on, Postgres may choose a plan that does not know the arguments.
const TIMES: u32 = 8;

/// Rows for one call. Reading a table from end to end takes at least eight times as many.
const MOST: i64 = 2500;

/// 200,000 executions have ended, 60,000 wait or are ready; keys, sessions, schedules and audit entries by the ten thousand.
const FILL: &str = "
INSERT INTO executions (id, tenant, workflow, version, mode, status, created, started, finished, last_node, epoch)
SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 1000000 + n), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid,
    't', 'workflow ' || n % 100, 1, 1, CASE WHEN n % 40 = 7 THEN 5 ELSE 4 END, n, n, n, '\"n\"', 1
FROM generate_series(1, 200000) n;
INSERT INTO active (id, tenant, workflow, version, mode, priority, state, due, epoch, claims, created, started)
SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 1000000 + n), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '9' || lpad(to_hex(n), 15, '0'))::uuid,
    't', 'workflow ' || n % 20, 1, 1, 0, CASE WHEN n % 2 = 0 THEN 0 ELSE 2 END, CASE WHEN n % 2 = 1 THEN 4102444800000000 + n END, 1, 0, n, n
FROM generate_series(1, 60000) n;
INSERT INTO custom_entries (execution, key, value) SELECT gen_random_uuid(), '\"order\"', '\"' || n || ' x\"' FROM generate_series(1, 20000) n;
INSERT INTO idempotency_keys (tenant, key, fingerprint, execution, expires) SELECT 't', n::text, '', gen_random_uuid(), CASE WHEN n % 10 = 0 THEN n ELSE 4102444800000000 END FROM generate_series(1, 20000) n;
INSERT INTO sessions (id, user_id, token_hash, previous_hash, created, expires, attributes)
SELECT gen_random_uuid(), gen_random_uuid(), decode(md5(n::text), 'hex'), decode(md5('p' || n), 'hex'), 0, CASE WHEN n % 10 = 0 THEN n ELSE 4102444800000000 END, '{}' FROM generate_series(1, 20000) n;
INSERT INTO schedules (workflow, node, rule, tenant, version, spec, time_zone, next) SELECT 'workflow ' || n, '\"s\"', 0, 't', 1, '{}', 'UTC', 4102444800000000 FROM generate_series(1, 20000) n;
INSERT INTO audit_log (id, tenant, at, actor, action, target, details) SELECT gen_random_uuid(), 't', 0, '', '', '', '{}' FROM generate_series(1, 20000) n;
ANALYZE;
";

async fn inside(schema: &Schema) -> PgConnection {
    let mut connection = connect().await;
    query("SELECT set_config('search_path', $1, false)").bind(&schema.0).execute(&mut connection).await.unwrap();
    connection
}

/// How often large tables were read from end to end, and how many rows were touched in any way.
async fn touched(connection: &mut PgConnection) -> (i64, i64) {
    raw_sql("SELECT pg_stat_clear_snapshot()").execute(&mut *connection).await.unwrap();
    let counts = "SELECT coalesce(sum(seq_scan) FILTER (WHERE n_live_tup > 1000), 0)::int8, coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int8 \
                  FROM pg_stat_all_tables WHERE schemaname = current_schema()";
    let row = query(counts).fetch_one(connection).await.unwrap();
    (row.get(0), row.get(1))
}

/// What a call costs, made over one connection of a store of its own: backends report what they have touched when they end, at the latest.
async fn cost(schema: &Schema, proxy: &Proxy, watcher: &mut PgConnection, (_, call): &Call) -> (i64, i64) {
    let before = touched(watcher).await;
    let store = PostgresStore::open(PostgresOptions::new(&proxy.url).schema(&schema.0).connections(2).writers(1)).await.unwrap();
    for _ in 0..TIMES {
        call(Stores::of(&Arc::new(store.clone()))).await;
    }
    store.close().await;
    drop(store);
    let living = "SELECT count(*) FROM pg_stat_activity WHERE client_port = ANY($1)";
    while query(living).bind(proxy.ports()).fetch_one(&mut *watcher).await.unwrap().get::<i64, _>(0) > 0 {}
    let after = touched(watcher).await;
    (after.0 - before.0, (after.1 - before.1) / i64::from(TIMES))
}

/// Breaks when a condition cannot use its index: a volatile function, a parameter that may be NULL, a column that comes too late in the index.
#[test]
fn no_call_touches_more_than_it_needs() {
    run(async {
        let schema = Schema::new();
        schema.open().await.close().await;
        let mut watcher = inside(&schema).await;
        raw_sql(FILL).execute(&mut watcher).await.unwrap();
        let proxy = Proxy::before(&url()).await;
        let mut wasteful = Vec::new();
        for call in DRIVING.iter().chain(LOOKING) {
            let (scans, rows) = cost(&schema, &proxy, &mut watcher, call).await;
            if scans > 0 || rows > MOST {
                wasteful.push(format!("{}: {scans} large tables read from end to end, {rows} rows a call", call.0));
            }
        }
        assert!(wasteful.is_empty(), "{}", wasteful.join("\n"));
    });
}
