//! Starting.

use std::collections::HashSet;

use futures::future::join_all;

use super::{World, chunk, texts};
use crate::execution::ExecutionMode;
use crate::model::ExecutionId;
use crate::state::ExecutionStatus;
use crate::store::{Commit, EndedExecution, Epoch, Keep, Start, StoreError, TenantId, Then, WorkerId};

/// Breaks when a start is answered before it is written.
pub async fn inv_01_an_acknowledged_start_is_there(world: World) {
    let mut start = world.execution("w");
    start.header.parent = Some(ExecutionId::new(world.uuid()));
    start.header.retry_of = Some(ExecutionId::new(world.uuid()));
    start.header.mode = ExecutionMode::Webhook;
    let header = start.header.clone();
    let id = world.start(start).await;
    let stored = world.load(id).await;
    assert_eq!(stored.summary.header, header);
    assert_eq!(stored.summary.status, ExecutionStatus::New);
    assert_eq!(texts(&stored), ["0 first"]);
    assert_eq!(stored.summary.started, None);
    let missing = world.stores.executions.load(&[ExecutionId::new(world.uuid()), id]).await.unwrap();
    assert_eq!(missing.len(), 1);
}

/// Breaks when the key is looked up and written in two steps, or without its tenant or fingerprint.
pub async fn inv_02_one_key_gives_one_execution(world: World) {
    let mut starts = Vec::new();
    for _ in 0..10 {
        starts.push(world.execution("w").with_key(world.key("k", 1).await));
    }
    let results = join_all(starts.into_iter().map(|start| async { (start.header.id, world.stores.executions.start(start).await.unwrap()) })).await;
    let ids: HashSet<_> = results
        .iter()
        .map(|(own, result)| match result {
            Start::Created { .. } => *own,
            Start::Existing { execution } => *execution,
        })
        .collect();
    assert_eq!(ids.len(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|(_, result)| matches!(result, Start::Created { .. })).count(), 1);

    let other_body = world.execution("w").with_key(world.key("k", 2).await);
    assert!(matches!(world.stores.executions.start(other_body).await, Err(StoreError::Conflict { .. })));
    let mut other_tenant = world.execution("w").with_key(world.key("k", 2).await);
    other_tenant.header.tenant = TenantId::from("other");
    world.start(other_tenant).await;
    let worker = world.worker().await;
    assert_eq!(world.claim(worker, 100).await.len(), 2);
}

/// Breaks when expired keys still count, or are kept for good.
pub async fn a_key_is_forgotten_when_it_expires(world: World) {
    let mut key = world.key("k", 1).await;
    key.expires = world.past().await;
    let first = world.start(world.execution("w").with_key(key.clone())).await;
    key.fingerprint = [2; 32];
    key.expires = world.future().await;
    let second = world.start(world.execution("w").with_key(key)).await;
    assert_ne!(first, second);
    let mut old = world.key("old", 1).await;
    old.expires = world.past().await;
    world.start(world.execution("w").with_key(old)).await;
    assert_eq!(world.stores.requests.remove_expired(100).await.unwrap(), 1);
    assert_eq!(world.stores.requests.remove_expired(100).await.unwrap(), 0);
}

/// Breaks when a retry after a lost answer starts again or fails.
pub async fn a_start_repeated_under_its_id_changes_nothing(world: World) {
    let worker = world.worker().await;
    let start = world.execution("w").claimed_by(worker).with_key(world.key("k", 1).await);
    let first = world.stores.executions.start(start.clone()).await.unwrap();
    assert_eq!(world.stores.executions.start(start.clone()).await.unwrap(), first);
    let Start::Created { lease: Some(lease) } = first else { panic!("{first:?}") };
    world.commit(Commit::append(lease, chunk(1, "second"))).await.unwrap();
    world.finish(lease).await;
    assert_eq!(world.stores.executions.start(start).await.unwrap(), Start::Created { lease: None });
    let stored = world.load(lease.execution).await;
    assert_eq!((stored.summary.status, texts(&stored)), (ExecutionStatus::Success, vec!["0 first".to_owned(), "1 second".to_owned()]));
    assert!(world.claim(worker, 10).await.is_empty());
}

/// Breaks when a direct start can be claimed by others, or a worker that is lost gets one.
pub async fn a_direct_start_is_leased_to_the_starter(world: World) {
    let (worker, other) = (world.worker().await, world.worker().await);
    let started = world.stores.executions.start(world.execution("w").claimed_by(worker)).await.unwrap();
    let Start::Created { lease: Some(lease) } = started else { panic!("{started:?}") };
    assert_eq!((lease.worker, lease.epoch), (worker, Epoch(1)));
    assert!(world.claim(other, 10).await.is_empty());
    assert_eq!(world.status(lease.execution).await, ExecutionStatus::Running);
    world.commit(Commit::append(lease, chunk(1, "second"))).await.unwrap();

    let unknown = world.execution("w").claimed_by(WorkerId::new(world.uuid()));
    let id = unknown.header.id;
    assert_eq!(world.stores.executions.start(unknown).await.unwrap(), Start::Created { lease: None });
    assert_eq!(world.claim_ids(other, 10).await, [id]);
}

/// Breaks when a delayed start is claimed early, or one that is due already has to wait.
pub async fn a_start_that_is_due_later_waits(world: World) {
    let worker = world.worker().await;
    let due = world.future().await;
    let later = world.start(world.execution("w").not_before(due).claimed_by(worker)).await;
    let over = world.past().await;
    let now = world.start(world.execution("w").not_before(over)).await;
    assert_eq!(world.wake_due().await, 0);
    assert_eq!(world.claim_ids(worker, 10).await, [now]);
    let stored = world.load(later).await;
    assert_eq!((stored.summary.status, stored.summary.due), (ExecutionStatus::New, Some(due)));
    assert_eq!(world.stores.executions.next_due().await.unwrap(), Some(due));
}

/// Breaks when an execution that was driven without the store is lost, doubled, or overwrites one that is there.
pub async fn an_ended_execution_can_be_recorded_as_a_whole(world: World) {
    let header = world.execution("w").header;
    let started = world.past().await;
    let mut ended = EndedExecution {
        header: header.clone(),
        records: Some(chunk(0, "all of it")),
        started,
        ending: world.ending(ExecutionStatus::Error).await.with_error(serde_json::json!({ "message": "no" })),
    };
    world.stores.executions.record(ended.clone()).await.unwrap();
    ended.ending.status = ExecutionStatus::Success;
    ended.records = Some(chunk(0, "something else"));
    world.stores.executions.record(ended.clone()).await.unwrap();
    let stored = world.load(header.id).await;
    assert_eq!((stored.summary.status, texts(&stored)), (ExecutionStatus::Error, vec!["0 all of it".to_owned()]));
    assert_eq!((stored.summary.started, stored.summary.error), (Some(started), Some(serde_json::json!({ "message": "no" }))));

    ended.header = world.execution("w").header;
    ended.ending.keep = Keep::FinalState;
    world.stores.executions.record(ended.clone()).await.unwrap();
    assert_eq!(texts(&world.load(ended.header.id).await), Vec::<String>::new());

    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    ended.header = world.load(lease.execution).await.summary.header;
    world.stores.executions.record(ended).await.unwrap();
    assert_eq!(world.status(lease.execution).await, ExecutionStatus::Running);
    world.then(lease, Then::Release).await;
}
