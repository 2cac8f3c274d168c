//! Durable execution beside its floors: workflows of five steps, each step on the disk before the next one starts.
//!
//! A floor is what somebody writes by hand who needs nothing but that: no leases, no fencing, no queue, no signals. Floor and store take turns within one run, on the
//! same database, with the same payloads and the same number of commits: a start, five steps, an end. Only ratios count; times move with the machine and its load.
//!
//! `cargo run --release -p engine-benches durable [postgres|sqlite|history|recovery|fleet] [rounds]`. Postgres is where `ENGINE_TEST_POSTGRES` points, otherwise on 127.0.0.1:5432;
//! everything lies in schemas of its own that are dropped at the end. The engine is measured twice: five nodes with effects, and forty-five more between
//! them that only compute and ride along.

mod engine;
mod fleet;
mod floor_postgres;
mod floor_sqlite;
mod history;
mod load;
mod recovery;
mod store;

use std::sync::Arc;

use engine_core::store::Stores;
use engine_store_sqlx::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};

use self::engine::Shape;
use self::load::{Path, compare};
use crate::measure::say;
use crate::schema::{Schema, url};

/// Steps of a workflow.
const STEPS: u32 = 5;
/// What a step records: about what a small item takes.
const RECORD: [u8; 120] = [b'x'; 120];

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs what the command line asks for; everything, unless it names a part.
pub(crate) fn run() {
    let part = std::env::args().nth(2);
    let rounds = std::env::args().nth(3).and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            if wanted("postgres") {
                postgres(rounds).await?;
            }
            if wanted("sqlite") {
                sqlite(rounds).await?;
            }
            if wanted("history") {
                history::run(rounds).await?;
            }
            if wanted("recovery") {
                recovery::run(rounds).await?;
            }
            if wanted("fleet") {
                fleet::run(rounds).await?;
            }
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        say(&format!("durable: {failure}"));
    }
}

async fn postgres(rounds: usize) -> Result<(), Failure> {
    say("durable, Postgres: workflows of 5 steps, 7 commits");
    let schema = Schema::new("engine_bench_floor").await?;
    let stores = Schema::new("engine_bench_store").await?;
    let store = PostgresStore::open(PostgresOptions::new(url()).schema(stores.name())).await?;
    let driven: Arc<dyn Path> = Arc::new(store::Driven::new(Arc::new(store.clone())).await?);
    let direct: Arc<dyn Path> = Arc::new(floor_postgres::Direct::open(&schema).await?);
    let all = Stores::of(&Arc::new(store.clone()));
    let (engine, mixed) = (engine::path(all.clone(), Shape::Effects).await?, engine::path(all, Shape::EffectsAndPure).await?);
    compare(1, rounds, [("a commit per step", Arc::clone(&direct)), ("store", Arc::clone(&driven))]).await?;
    compare(1, rounds, [("a commit per step", direct), ("engine", Arc::clone(&engine))]).await?;
    for in_flight in [8, 64, 256] {
        let grouped: Arc<dyn Path> = Arc::new(floor_postgres::Grouped::open(&schema).await?);
        compare(in_flight, rounds, [("group commit", Arc::clone(&grouped)), ("store", Arc::clone(&driven))]).await?;
        compare(in_flight, rounds, [("group commit", Arc::clone(&grouped)), ("engine", Arc::clone(&engine))]).await?;
        compare(in_flight, rounds, [("engine", Arc::clone(&engine)), ("engine with 45 pure nodes", Arc::clone(&mixed))]).await?;
    }
    store.close().await;
    schema.drop().await?;
    stores.drop().await
}

async fn sqlite(rounds: usize) -> Result<(), Failure> {
    say("durable, SQLite, synchronous=FULL: workflows of 5 steps, 7 commits");
    let directory = tempfile::tempdir()?;
    let store = SqliteStore::open(SqliteOptions::new(directory.path().join("store.sqlite"))).await?;
    let driven: Arc<dyn Path> = Arc::new(store::Driven::new(Arc::new(store.clone())).await?);
    let all = Stores::of(&Arc::new(store.clone()));
    let (engine, mixed) = (engine::path(all.clone(), Shape::Effects).await?, engine::path(all, Shape::EffectsAndPure).await?);
    let floor: Arc<dyn Path> = Arc::new(floor_sqlite::Grouped::open(&directory.path().join("floor.sqlite"))?);
    for in_flight in [1, 64, 256] {
        compare(in_flight, rounds, [("one writer", Arc::clone(&floor)), ("store", Arc::clone(&driven))]).await?;
        compare(in_flight, rounds, [("one writer", Arc::clone(&floor)), ("engine", Arc::clone(&engine))]).await?;
        compare(in_flight, rounds, [("engine", Arc::clone(&engine)), ("engine with 45 pure nodes", Arc::clone(&mixed))]).await?;
    }
    store.close().await;
    Ok(())
}
