//! Executions that survive the process: a worker on an SQLite file. Run it twice, or kill it in between: what was started goes on.

use std::sync::Arc;
use std::time::Duration;

use engine_core::runtime::TokioRuntime;
use engine_core::store::Stores;
use engine_core::worker::{Launch, PinnedPlan, Worker, WorkerOptions};
use engine_core::{Engine, Start, Workflow};
use engine_store_sqlx::{SqliteOptions, SqliteStore};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let stores = Stores::of(&Arc::new(SqliteStore::open(SqliteOptions::new(folder.join("durable.sqlite"))).await?));
    let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build();
    let worker = Worker::new(&engine, stores, WorkerOptions::default());
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run().await } // claims, timers, schedules, rescue
    });

    let workflow = Workflow::from_json(include_str!("../../embed/src/greet.json"))?;
    let plan = PinnedPlan::unsaved(worker.engine().compile(workflow)?);
    let started = worker.start(Launch::new(plan, Start::with_items([json!({"name": "Ada"})]))).await?; // on the disk from here on
    worker.ended(started.id).await?;
    let result = worker.read(started.id).await?.result.ok_or("nothing was kept")?;
    eprintln!("{}: {}", started.id, result.items("Greet")[0].json()["greeting"]);
    assert_eq!(result.items("Greet")[0].json()["greeting"], "Hello Ada, you are number 1");

    worker.drain(Duration::from_secs(30)).await;
    Ok(running.await?)
}
