//! Listing and pruning.

use serde_json::json;

use super::{World, chunk};
use crate::model::{ExecutionId, Json, Timestamp};
use crate::state::ExecutionStatus;
use crate::store::{Commit, EndedExecution, Ending, ExecutionFilter, PageRequest, ResumePoint, Retention, StoreError, TenantId, Then};

/// The ids that a filter lets through, read in pages of this size.
async fn list(world: &World, filter: &ExecutionFilter, limit: u32) -> Vec<ExecutionId> {
    let mut ids = Vec::new();
    let mut page = PageRequest::first(limit);
    loop {
        let part = world.stores.query.executions(filter, page).await.unwrap();
        assert!(part.items.len() <= limit as usize);
        ids.extend(part.items.iter().map(|summary| summary.header.id));
        let Some(next) = part.next else { return ids };
        page = PageRequest::after(next, limit);
    }
}

/// Ends an execution that is driven.
async fn end(world: &World, ending: Ending) -> ExecutionId {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    world.commit(Commit::only(lease, Then::Finish(Box::new(ending))).with_chunk(chunk(1, "end"))).await.unwrap();
    lease.execution
}

/// Breaks when pages overlap, leave gaps, or the ended and the others are not merged.
pub async fn executions_are_listed_newest_first(world: World) {
    let mut ids = Vec::new();
    for index in 0..11 {
        ids.push(match index % 3 {
            0 => end(&world, world.ending(ExecutionStatus::Success).await).await,
            1 => {
                let worker = world.worker().await;
                let lease = world.driven(worker).await;
                world.then(lease, Then::Pause).await;
                lease.execution
            }
            _ => world.start(world.execution("w").not_before(world.future().await)).await,
        });
    }
    ids.reverse();
    for limit in [1, 4, 11, 100] {
        assert_eq!(list(&world, &ExecutionFilter::default(), limit).await, ids, "pages of {limit}");
    }
}

/// Breaks when a condition is ignored, or hides too much.
pub async fn filters_let_through_what_they_say(world: World) {
    let custom = Json::from_iter([("order".to_owned(), json!("4711'%_\u{0}"))]);
    let failed = end(&world, Ending { custom, ..world.ending(ExecutionStatus::Error).await }).await;
    let fine = end(&world, world.ending(ExecutionStatus::Success).await).await;
    let mut start = world.execution("other");
    start.header.parent = Some(fine);
    let child = world.start(start).await;
    let paused = world.start(world.execution("w")).await;
    world.signal(paused, crate::store::SignalKind::Pause).await;

    let created = world.load(fine).await.summary.created;
    let filter = ExecutionFilter::default;
    let entry = |value: &str| Some(("order".to_owned(), value.to_owned()));
    let cases = [
        (ExecutionFilter { workflow: Some("other".into()), ..filter() }, vec![child]),
        (ExecutionFilter { statuses: vec![ExecutionStatus::Error, ExecutionStatus::Paused], ..filter() }, vec![paused, failed]),
        (ExecutionFilter { statuses: vec![ExecutionStatus::New], ..filter() }, vec![child]),
        (ExecutionFilter { statuses: vec![ExecutionStatus::Success], workflow: Some("w".into()), ..filter() }, vec![fine]),
        (ExecutionFilter { statuses: vec![ExecutionStatus::Running], ..filter() }, vec![]),
        (ExecutionFilter { parent: Some(fine), ..filter() }, vec![child]),
        (ExecutionFilter { custom: entry("4711'%_\u{0}"), ..filter() }, vec![failed]),
        (ExecutionFilter { custom: entry("4711"), ..filter() }, vec![]),
        (ExecutionFilter { created_before: Some(created), ..filter() }, vec![failed]),
        (ExecutionFilter { created_from: Some(created), ..filter() }, vec![paused, child, fine]),
        (ExecutionFilter { tenant: Some(TenantId::default()), ..filter() }, vec![paused, child, fine, failed]),
    ];
    for (filter, expect) in cases {
        assert_eq!(list(&world, &filter, 2).await, expect, "{filter:?}");
        let counts = world.stores.query.count(&filter).await.unwrap();
        assert_eq!(counts.values().sum::<u64>(), expect.len() as u64, "{filter:?}: {counts:?}");
    }
    let counts = world.stores.query.count(&filter()).await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("error", 1), ("new", 1), ("paused", 1), ("success", 1)]);
}

/// Breaks when a tenant is not part of the condition.
pub async fn inv_27_tenants_do_not_see_each_other(world: World) {
    let mine = end(&world, world.ending(ExecutionStatus::Success).await).await;
    let other = TenantId::from("other");
    let query = &world.stores.query;
    assert!(matches!(query.execution(&other, mine).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(query.delete_execution(&other, mine).await, Err(StoreError::NotFound { .. })));
    assert_eq!(list(&world, &ExecutionFilter { tenant: Some(other.clone()), ..ExecutionFilter::default() }, 10).await, []);
    assert_eq!(query.execution(&TenantId::default(), mine).await.unwrap().header.id, mine);
    let active = world.start(world.execution("w")).await;
    assert!(matches!(query.execution(&other, active).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(query.delete_execution(&other, active).await, Err(StoreError::NotFound { .. })));
}

/// Breaks when something that runs can be deleted, or parts of what is deleted stay.
pub async fn only_ended_executions_are_deleted(world: World) {
    let mine = TenantId::default();
    let ended = end(&world, world.ending(ExecutionStatus::Success).await).await;
    let active = world.start(world.execution("w")).await;
    let query = &world.stores.query;
    assert!(matches!(query.delete_execution(&mine, active).await, Err(StoreError::Conflict { .. })));
    query.delete_execution(&mine, ended).await.unwrap();
    assert!(world.stores.executions.load(&[ended]).await.unwrap().is_empty());
    assert!(matches!(query.delete_execution(&mine, ended).await, Err(StoreError::NotFound { .. })));
    assert_eq!(list(&world, &ExecutionFilter::default(), 10).await, [active]);
}

/// Breaks when pruning takes what runs, waits or is paused, what is still needed, or what is too young.
pub async fn inv_35_pruning_removes_only_what_is_final_and_unneeded(world: World) {
    let worker = world.worker().await;
    let at = |micros: i64| Timestamp::from_micros(micros);
    let mut ended = Vec::new();
    for micros in 1..=5 {
        ended.push(end(&world, Ending::new(ExecutionStatus::Success, at(micros))).await);
    }
    let mut child = world.execution("w");
    child.header.parent = Some(ended[1]);
    let child = world.start(child).await;
    let waiting = world.claim(worker, 1).await[0].lease;
    let open = ResumePoint { token: "t".into(), node: "n".into(), run: 0, options: json!(null) };
    world.commit(Commit { opened: vec![open], ..Commit::only(waiting, Then::Wait { due: None }) }).await.unwrap();
    let paused = world.driven(worker).await;
    world.then(paused, Then::Pause).await;
    let ready = world.start(world.execution("w")).await;

    let world = &world;
    let prune = |retention: Retention, limit| async move { world.stores.query.prune(&retention, limit).await.unwrap() };
    assert_eq!(prune(Retention::default(), 100).await, 0);
    let older = Retention { finished_before: Some(at(4)), ..Retention::default() };
    assert_eq!(prune(Retention { workflow: Some("other".into()), ..older.clone() }, 100).await, 0);
    assert_eq!(prune(Retention { statuses: vec![ExecutionStatus::Error], ..older.clone() }, 100).await, 0);
    assert_eq!(prune(older.clone(), 1).await, 1);
    assert_eq!(prune(older, 100).await, 1);
    let rest = [ready, paused.execution, child, ended[4], ended[3], ended[1]];
    assert_eq!(list(world, &ExecutionFilter::default(), 100).await, rest);
    assert_eq!(prune(Retention { keep_newest: Some(1), ..Retention::default() }, 100).await, 1);
    let rest = [ready, paused.execution, child, ended[4], ended[1]];
    assert_eq!(list(world, &ExecutionFilter::default(), 100).await, rest);
    assert_eq!(waiting.execution, child);
    assert_eq!(world.load(child).await.journal.len(), 1);

    let other = EndedExecution {
        header: world.execution("w2").header,
        records: Some(chunk(0, "x")),
        started: at(1),
        ending: Ending::new(ExecutionStatus::Error, at(2)),
    };
    world.stores.executions.record(other).await.unwrap();
    assert_eq!(prune(Retention { keep_newest: Some(1), ..Retention::default() }, 100).await, 0, "the newest of each workflow stays");
}
