//! Databases for tests: each test has its own, and leaves nothing behind.

#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod hot;
pub(crate) mod operations;
pub(crate) mod proxy;
pub(crate) mod release;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::{Connection, PgConnection, query, raw_sql};

/// Where Postgres is.
pub(crate) fn url() -> String {
    std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// Runs a future on a runtime of its own.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// A connection that knows nothing of the engine.
pub(crate) async fn connect() -> PgConnection {
    let url = url();
    PgConnection::connect(&url).await.unwrap_or_else(|error| {
        panic!("these tests need Postgres at {url} (set ENGINE_TEST_POSTGRES to another one): {error}");
    })
}

/// A schema of its own, dropped at the end.
pub(crate) struct Schema(pub(crate) String);

impl Schema {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        Self(format!("engine_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::new(url()).schema(&self.0).connections(6).writers(3)
    }

    pub(crate) async fn open(&self) -> PostgresStore {
        drop(connect().await);
        PostgresStore::open(self.options()).await.unwrap()
    }

    pub(crate) async fn drop_now(&self) {
        let mut connection = connect().await;
        query("SELECT set_config('engine.schema', $1, false)").bind(&self.0).execute(&mut connection).await.unwrap();
        let drop = "DO $$ BEGIN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', current_setting('engine.schema')); END $$";
        raw_sql(drop).execute(&mut connection).await.unwrap();
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // Also after a failed test; on a thread of its own, because a runtime may be running on this one.
        let schema = Self(std::mem::take(&mut self.0));
        if !schema.0.is_empty() {
            let dropping = std::thread::spawn(move || {
                run(schema.drop_now());
                std::mem::forget(schema);
            });
            drop(dropping.join());
        }
    }
}
