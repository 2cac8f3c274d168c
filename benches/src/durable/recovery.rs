//! Whether the rate comes back when the database has ended every connection: the same load before, during and after (promise 18).

use std::sync::Arc;
use std::time::Duration;

use engine_core::store::Stores;
use engine_store_sqlx::{PostgresOptions, PostgresStore};
use sqlx::query;
use tokio::time::sleep;

use super::engine::{self, Shape};
use super::load::{drive, median};
use super::{Failure, url};
use crate::measure::say;
use crate::schema::Schema;

/// Under this name the store's connections are known to the server.
const NAME: &str = "engine_bench_recovery";
const IN_FLIGHT: usize = 64;

/// Prints the rates of each round, and the median of what came back.
pub(crate) async fn run(rounds: usize) -> Result<(), Failure> {
    say(&format!("durable, Postgres: every connection ended in the middle of a turn, {IN_FLIGHT} in flight, the whole engine"));
    let schema = Schema::new(NAME).await?;
    let named = if url().contains('?') { "&" } else { "?" };
    let options = PostgresOptions::new([&url(), named, "application_name=", NAME].concat()).schema(schema.name());
    let store = PostgresStore::open(options).await?;
    let path = engine::path(Stores::of(&Arc::new(store.clone())), Shape::Effects).await?;
    let mut administrator = schema.connect().await?;
    let mut back = Vec::new();
    // The first turn warms up.
    drive(&path, IN_FLIGHT).await?;
    for _ in 0..rounds {
        let before = drive(&path, IN_FLIGHT).await?;
        let fault = async {
            sleep(Duration::from_millis(700)).await;
            let end = query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1").bind(NAME);
            end.fetch_all(&mut administrator).await.map(|ended| ended.len())
        };
        let (during, ended) = tokio::join!(drive(&path, IN_FLIGHT), fault);
        let (during, ended, after) = (during?, ended?, drive(&path, IN_FLIGHT).await?);
        say(&format!("  before {before:.0}/s, while {ended} connections ended {during:.0}/s, after {after:.0}/s ({:.2})", after / before));
        back.push(after / before);
    }
    say(&format!("  of the rate came back, in the median of {rounds} rounds: {:.2}", median(back)));
    store.close().await;
    schema.drop().await
}
