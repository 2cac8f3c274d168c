//! The store in memory keeps every promise.

#![cfg(all(feature = "testing", feature = "tokio"))]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

use std::sync::Arc;

use engine_core::runtime::TokioRuntime;
use engine_core::store::{MemoryStore, Stores};
use engine_core::testing::store::Test;

fn on_memory(test: Test) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let store = Arc::new(MemoryStore::new(Arc::new(TokioRuntime::current())));
        test(Stores::of(&store)).await;
    });
}

engine_core::store_conformance!(on_memory);
