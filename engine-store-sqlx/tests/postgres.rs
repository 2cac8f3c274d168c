//! The store on Postgres keeps every promise.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::sync::Arc;

use engine_core::store::Stores;
use engine_core::testing::store::Test;
use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::{Row, query};
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

/// Breaks when an administrator who names the sessions of one service finds them under another name, or none at all.
#[test]
fn sessions_have_the_name_that_the_address_gives_them() {
    let schema = Schema::new();
    support::run(async {
        let address = [support::url(), "?application_name=".to_owned(), schema.0.clone()].concat();
        let named = PostgresStore::open(PostgresOptions::new(address).schema(schema.0.clone())).await.unwrap();
        let count = query("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1").bind(&schema.0);
        assert!(count.fetch_one(&mut support::connect().await).await.unwrap().get::<i64, _>(0) > 0);
        named.close().await;
    });
}
