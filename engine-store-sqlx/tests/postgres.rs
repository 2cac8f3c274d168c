//! The store on Postgres keeps every promise.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::sync::Arc;

use engine_core::store::Stores;
use engine_core::testing::store::Test;
use support::Schema;

fn on_postgres(test: Test) {
    let schema = Schema::new();
    support::run(async {
        let store = schema.open().await;
        test(Stores::of(&Arc::new(store.clone()))).await;
        store.close().await;
    });
}

engine_core::store_conformance!(on_postgres);
