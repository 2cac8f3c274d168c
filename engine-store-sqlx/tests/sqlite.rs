//! The store on SQLite keeps every promise.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

use std::sync::Arc;

use engine_core::store::Stores;
use engine_core::testing::store::Test;
use engine_store_sqlx::{SqliteOptions, SqliteStore};

fn on_sqlite(test: Test) {
    let directory = tempfile::tempdir().unwrap();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(async {
        let store = SqliteStore::open(SqliteOptions::new(directory.path().join("engine.sqlite"))).await.unwrap();
        test(Stores::of(&Arc::new(store.clone()))).await;
        store.close().await;
    });
}

engine_core::store_conformance!(on_sqlite);
