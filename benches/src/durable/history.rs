//! Whether a long history slows down what runs: the same load on a store without any, and on one with millions of executions that have ended.

use std::sync::Arc;

use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::query;

use super::load::{Path, compare};
use super::store::Driven;
use super::{Failure, url};
use crate::measure::say;
use crate::schema::Schema;

/// Ended executions, and five chunks of journal for each, made by the database: as if so many had run during the last weeks.
const EXECUTIONS: &str = "INSERT INTO executions (id, tenant, workflow, version, mode, status, created, started, finished, last_node, epoch)
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 1000 - n), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid,
        '', 'workflow ' || n % 100, 1, 1, CASE WHEN n % 50 = 0 THEN 5 ELSE 4 END, t, t, t, '\"n\"', 1
    FROM generate_series(1, $1::bigint) n, LATERAL (SELECT (extract(epoch FROM now()) * 1000000)::bigint - 1000000 - n * 1000 AS t) times";
const JOURNALS: &str =
    "INSERT INTO journal (execution, seq, records) SELECT id, seq, decode(repeat('78', 120), 'hex') FROM executions, generate_series(0, 5) seq";

/// Compares; `ENGINE_BENCH_HISTORY` says how many executions have ended, a million unless set.
pub(crate) async fn run(rounds: usize) -> Result<(), Failure> {
    let count: i64 = std::env::var("ENGINE_BENCH_HISTORY").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let (young, old) = (Schema::new("engine_bench_young").await?, Schema::new("engine_bench_old").await?);
    let mut paths = Vec::new();
    let mut opened = Vec::new();
    for schema in [&young, &old] {
        let store = PostgresStore::open(PostgresOptions::new(url()).schema(schema.name())).await?;
        let path: Arc<dyn Path> = Arc::new(Driven::new(Arc::new(store.clone())).await?);
        opened.push(store);
        paths.push(path);
    }
    let mut connection = old.connect().await?;
    query(EXECUTIONS).bind(count).execute(&mut connection).await?;
    query(JOURNALS).execute(&mut connection).await?;
    query("ANALYZE").execute(&mut connection).await?;
    query("CHECKPOINT").execute(&mut connection).await?;
    say(&format!("durable, Postgres: no history, and {count} executions with {} chunks", count * 6));
    let [young_path, old_path] = <[_; 2]>::try_from(paths).map_err(|_| "two stores were opened")?;
    for in_flight in [1, 64, 256] {
        compare(in_flight, rounds, [("none", Arc::clone(&young_path)), ("long", Arc::clone(&old_path))]).await?;
    }
    for store in opened {
        store.close().await;
    }
    young.drop().await?;
    old.drop().await
}
