//! The stores in memory, on SQLite and on Postgres give the same answers to the same operations, whatever those are.
//!
//! Operations are made by chance. When answers differ, proptest prints the shortest list of operations that shows it, with the seed that leads there again.

#![cfg(all(feature = "postgres", feature = "sqlite"))]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::sync::Arc;

use engine_core::runtime::TokioRuntime;
use engine_core::store::{MemoryStore, Stores};
use engine_store_sqlx::{PostgresStore, SqliteOptions, SqliteStore};
use proptest::collection::vec;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use sqlx::raw_sql;
use support::operations::{Leases, beats, operation};
use support::{Schema, connect};

/// The three stores, emptied before each list of operations.
struct Three {
    schema: Schema,
    postgres: PostgresStore,
}

impl Three {
    async fn empty(&self, directory: &std::path::Path) -> [(&'static str, Stores); 3] {
        let mut connection = connect().await;
        sqlx::query("SELECT set_config('search_path', $1, false)").bind(&self.schema.0).execute(&mut connection).await.unwrap();
        let empty = "DELETE FROM active; DELETE FROM executions; DELETE FROM journal; DELETE FROM custom_entries; DELETE FROM signals; \
                     DELETE FROM resume_points; DELETE FROM workers; DELETE FROM limits; DELETE FROM turns; DELETE FROM idempotency_keys; \
                     DELETE FROM static_data";
        raw_sql(empty).execute(&mut connection).await.unwrap();
        let sqlite = SqliteStore::open(SqliteOptions::new(directory.join("engine.sqlite"))).await.unwrap();
        [
            ("memory", Stores::of(&Arc::new(MemoryStore::new(Arc::new(TokioRuntime::current()))))),
            ("SQLite", Stores::of(&Arc::new(sqlite))),
            ("Postgres", Stores::of(&Arc::new(self.postgres.clone()))),
        ]
    }
}

/// Breaks when a promise is kept in another way on one of the stores, in a case that no conformance test thinks of.
#[test]
fn all_stores_answer_alike() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let schema = Schema::new();
    let postgres = runtime.block_on(schema.open());
    let three = Three { schema, postgres };
    let config = Config {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/differential.seeds"))),
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(operation(), 1..80), |operations| {
        let directory = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let stores = three.empty(directory.path()).await;
            let mut leases = Leases::default();
            // Most operations are about what is driven: workers live at first.
            for (index, operation) in beats().iter().chain(&operations).enumerate() {
                let mut answers = Vec::new();
                for (name, stores) in &stores {
                    answers.push((name, operation.run(stores, &leases).await));
                }
                let (_, expect) = &answers[0];
                for (name, answer) in &answers[1..] {
                    proptest::prop_assert_eq!(&answer.text, &expect.text, "operation {}, {:?}: {} differs from memory", index, operation, name);
                }
                leases.learn(&answers[0].1);
            }
            Ok(())
        })
    });
    runtime.block_on(three.postgres.close());
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
