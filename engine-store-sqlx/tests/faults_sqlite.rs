//! What the store on SQLite does when others use its file, or there is no room.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine_core::state::ExecutionStatus;
use engine_core::store::{Chunk, Commit, Ending, Retention, StartExecution, StoreError, Stores, Then};
use engine_core::testing::store::{World, chunk};
use engine_store_sqlx::{SqliteOptions, SqliteStore};
use futures::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::time::{Instant, timeout};

const SOON: Duration = Duration::from_secs(20);

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

async fn open(options: SqliteOptions) -> World {
    World::new(Stores::of(&Arc::new(SqliteStore::open(options).await.unwrap())))
}

/// Another process that writes to the file, and takes its time.
async fn intruder(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    connection.execute("BEGIN IMMEDIATE").await.unwrap();
    connection
}

/// Breaks when a write fails because another process writes for a while.
#[test]
fn inv_18_writes_wait_for_another_writer() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.sqlite");
        let world = open(SqliteOptions::new(&path)).await;
        let worker = world.worker().await;
        let lease = world.driven(worker).await;
        let mut other = intruder(&path).await;
        let mut writes = Box::pin(join_all((0..20).map(|_| world.stores.executions.start(world.execution("w")))));
        let read = async { world.load(lease.execution).await };
        tokio::select! {
            biased;
            _ = &mut writes => panic!("two wrote at the same time"),
            loaded = read => assert_eq!(loaded.journal.len(), 1, "readers never wait"),
        }
        other.execute("COMMIT").await.unwrap();
        assert!(timeout(SOON, writes).await.expect("the writes never come through").iter().all(Result::is_ok));
    });
}

/// Breaks when each of many writes waits for the other process in turn, so that the last one is answered after an hour.
#[test]
fn inv_18_a_locked_file_refuses_all_at_once() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.sqlite");
        let world = open(SqliteOptions::new(&path).statement_timeout(Duration::from_millis(300))).await;
        let mut other = intruder(&path).await;
        let before = Instant::now();
        let refused = join_all((0..100).map(|_| world.stores.executions.start(world.execution("w")))).await;
        assert!(refused.iter().all(|start| matches!(start, Err(StoreError::Unavailable(_)))), "{refused:?}");
        assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
        other.execute("ROLLBACK").await.unwrap();
        let healed = async { while world.stores.executions.start(world.execution("w")).await.is_err() {} };
        timeout(SOON, healed).await.expect("the store stays locked out");
    });
}

/// Breaks when a full disk is told as something else, loses what was there, or is for ever.
#[test]
fn inv_19_a_full_disk_refuses_cleanly() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.sqlite");
        let world = open(SqliteOptions::new(&path).most_bytes(2 << 20)).await;
        let worker = world.worker().await;
        let lease = world.driven(worker).await;
        let large = || StartExecution { records: Chunk { bytes: Bytes::from(vec![7; 100_000]), ..chunk(0, "") }, ..world.execution("w") };
        let mut kept = Vec::new();
        loop {
            let starts: Vec<_> = (0..4).map(|_| large()).collect();
            let ids: Vec<_> = starts.iter().map(|start| start.header.id).collect();
            let answers = join_all(starts.into_iter().map(|start| world.stores.executions.start(start))).await;
            kept.extend(ids.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(id, _)| *id));
            let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
            assert!(refused.iter().all(|error| matches!(error, StoreError::Full(_)) && error.is_transient()), "{refused:?}");
            if !refused.is_empty() {
                break;
            }
            assert!(kept.len() < 100, "ten megabytes fit into two");
        }
        assert!(kept.len() >= 4);
        let stored = world.stores.executions.load(&kept).await.unwrap();
        assert_eq!(stored.len(), kept.len());
        assert!(stored.iter().all(|stored| stored.journal[0].bytes.len() == 100_000), "what was acknowledged is whole");

        // Room is made, and service returns.
        for claimed in world.claim(worker, 100).await {
            let ending = Ending { keep: engine_core::store::Keep::Nothing, ..Ending::new(ExecutionStatus::Success, world.past().await) };
            world.commit(Commit::only(claimed.lease, Then::Finish(Box::new(ending)))).await.unwrap();
        }
        world.stores.query.prune(&Retention::default(), 100).await.unwrap();
        world.start(large()).await;
        world.commit(Commit::append(lease, chunk(1, "x"))).await.unwrap();
    });
}
