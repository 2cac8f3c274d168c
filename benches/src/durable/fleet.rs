//! Workers of one Postgres: two beside one, where the nodes wait and not the database; and one with others beside it that have nothing to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine_core::store::Stores;
use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnection;
use sqlx::query_scalar;
use tokio::time::sleep;

use super::engine::{Engined, Shape};
use super::load::{Path, drive, median};
use super::{Failure, url};
use crate::measure::say;
use crate::schema::Schema;

/// Executions that lie in the queue when the workers begin.
const QUEUED: u32 = 1000;
/// So many a worker drives at a time.
const CONCURRENCY: u32 = 100;
/// Workers that have nothing to do.
const IDLE: usize = 8;
const IN_FLIGHT: usize = 64;
/// How long a worker may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints the rates of each round, and the medians of both ratios.
pub(crate) async fn run(rounds: usize) -> Result<(), Failure> {
    say(&format!("durable, Postgres: a fleet; {CONCURRENCY} executions a worker, each with a node that waits for a second"));
    let schema = Schema::new("engine_bench_fleet").await?;
    let (mut pairs, mut idlers) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (one, two) = (empty(&schema, 1).await?, empty(&schema, 2).await?);
        say(&format!("  from the queue: one worker {one:.0}/s, two {two:.0}/s ({:.2})", two / one));
        pairs.push(two / one);
        let (alone, beside) = beside_idle(&schema).await?;
        say(&format!("  {IN_FLIGHT} in flight, five steps: alone {alone:.0}/s, beside {IDLE} idle workers {beside:.0}/s ({:.2})", beside / alone));
        idlers.push(beside / alone);
    }
    say(&format!("  in the median of {rounds} rounds: two workers {:.2} of one, beside idle ones {:.2}", median(pairs), median(idlers)));
    schema.drop().await
}

async fn open(schema: &Schema) -> Result<PostgresStore, Failure> {
    Ok(PostgresStore::open(PostgresOptions::new(url()).schema(schema.name()).connections(4)).await?)
}

async fn worker(store: &PostgresStore, shape: Shape) -> Result<Engined, Failure> {
    Engined::new(Stores::of(&Arc::new(store.clone())), shape, CONCURRENCY).await
}

/// How many executions so many workers take from the queue and end in a second.
async fn empty(schema: &Schema, workers: usize) -> Result<f64, Failure> {
    let store = open(schema).await?;
    let starter = worker(&store, Shape::Slow).await?;
    for _ in 0..QUEUED {
        starter.queue().await?;
    }
    let mut connection = schema.connect().await?;
    let (mut fleet, begun) = (Vec::new(), Instant::now());
    for _ in 0..workers {
        let store = open(schema).await?;
        let worker = worker(&store, Shape::Slow).await?;
        worker.run();
        fleet.push((worker, store));
    }
    while left(&mut connection).await? > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let took = begun.elapsed();
    for (worker, store) in fleet {
        worker.drain(PATIENCE).await;
        store.close().await;
    }
    store.close().await;
    Ok(f64::from(QUEUED) / took.as_secs_f64())
}

async fn left(connection: &mut PgConnection) -> Result<i64, Failure> {
    Ok(query_scalar("SELECT count(*) FROM active").fetch_one(connection).await?)
}

/// The rate of one worker alone, and beside others.
async fn beside_idle(schema: &Schema) -> Result<(f64, f64), Failure> {
    let store = open(schema).await?;
    let busy = worker(&store, Shape::Effects).await?;
    busy.run();
    let path: Arc<dyn Path> = Arc::new(busy);
    drive(&path, IN_FLIGHT).await?;
    let alone = drive(&path, IN_FLIGHT).await?;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let store = open(schema).await?;
        let worker = worker(&store, Shape::Effects).await?;
        worker.run();
        idle.push((worker, store));
    }
    let beside = drive(&path, IN_FLIGHT).await?;
    for (worker, store) in idle {
        worker.drain(PATIENCE).await;
        store.close().await;
    }
    drop(path);
    store.close().await;
    Ok((alone, beside))
}
