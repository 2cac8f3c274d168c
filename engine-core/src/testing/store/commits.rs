//! Writing under a lease.

use futures::future::join_all;
use serde_json::json;

use super::{World, chunk, texts};
use crate::model::Json;
use crate::state::ExecutionStatus;
use crate::store::{Commit, Ending, Keep, Lease, ResumePoint, SignalKind, SignalOutcome, StartExecution, StoreError, Then};

/// Breaks when chunks are lost, reordered, changed or doubled.
pub async fn a_journal_is_read_as_it_was_written(world: World) {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    let every_byte = (0..=255).collect::<Vec<u8>>();
    for seq in 1..=12 {
        let bytes = if seq == 3 { every_byte.clone().into() } else { format!("{seq}").into() };
        world.commit(Commit::append(lease, crate::store::Chunk { bytes, ..chunk(seq, "") })).await.unwrap();
    }
    world.commit(Commit::append(lease, chunk(5, "another"))).await.unwrap();
    let stored = world.load(lease.execution).await;
    assert_eq!(stored.journal[3].bytes, every_byte);
    let seqs: Vec<_> = stored.journal.iter().map(|chunk| chunk.seq).collect();
    assert_eq!(seqs, (0..=12).collect::<Vec<_>>());
    assert_eq!(texts(&stored)[5], "5 5");
    world.then(lease, Then::Finish(Box::new(world.ending(ExecutionStatus::Success).await))).await;
    assert_eq!(world.load(lease.execution).await.journal, stored.journal);
}

/// Every way to write under a lease.
async fn writes(world: &World, lease: Lease) -> Vec<Commit> {
    let ending = world.ending(ExecutionStatus::Success).await;
    let thens = [Then::Continue, Then::Finish(Box::new(ending)), Then::Wait { due: None }, Then::Pause, Then::Release];
    let plain: Vec<_> = thens.into_iter().map(|then| Commit::only(lease, then).with_chunk(chunk(1, "stale"))).collect();
    let point = ResumePoint { token: "stale".into(), node: "n".into(), run: 0, options: json!(null) };
    let laden = plain.clone().into_iter().map(|commit| Commit { opened: vec![point.clone()], ..commit });
    plain.iter().cloned().chain(laden).collect()
}

/// Breaks when the epoch, or the worker, is not part of the condition of a write.
pub async fn inv_05_fencing(world: World) {
    let (first, second) = (world.worker().await, world.worker().await);
    let stale = world.driven(first).await;
    world.lose(first).await;
    assert_eq!(world.rescue(9).await.released, [stale.execution]);
    for write in writes(&world, stale).await {
        assert!(matches!(world.commit(write.clone()).await, Err(StoreError::Fenced(_))), "after the rescue: {write:?}");
    }
    let taken = world.claim(second, 1).await[0].lease;
    for write in writes(&world, stale).await {
        assert!(matches!(world.commit(write.clone()).await, Err(StoreError::Fenced(_))), "after another claim: {write:?}");
    }
    let forged = Lease { epoch: taken.epoch, ..stale };
    for write in writes(&world, forged).await {
        assert!(matches!(world.commit(write.clone()).await, Err(StoreError::Fenced(_))), "with another's epoch: {write:?}");
    }
    let stored = world.load(stale.execution).await;
    assert_eq!((stored.summary.status, texts(&stored)), (ExecutionStatus::Running, vec!["0 first".to_owned()]));
    // The worker is the same, and has the execution again: only the epoch tells the old lease from the new one.
    world.lose(second).await;
    world.rescue(9).await;
    world.beat(second, super::LONG).await;
    let again = world.claim(second, 1).await[0].lease;
    assert_eq!((again.worker, again.execution), (taken.worker, taken.execution));
    for write in writes(&world, taken).await {
        assert!(matches!(world.commit(write.clone()).await, Err(StoreError::Fenced(_))), "under the lease before: {write:?}");
    }
    assert_eq!(world.stores.query.resume_point(stale.execution, &"stale".into()).await.unwrap(), None);
    world.commit(Commit::append(again, chunk(1, "fresh"))).await.unwrap();
    assert_eq!(texts(&world.load(stale.execution).await), ["0 first", "1 fresh"]);
}

/// Breaks when anything still writes to what has ended.
pub async fn inv_09_a_final_state_is_final(world: World) {
    let worker = world.worker().await;
    for status in [ExecutionStatus::Success, ExecutionStatus::Error, ExecutionStatus::Canceled] {
        let lease = world.driven(worker).await;
        let id = lease.execution;
        let custom = Json::from_iter([("k".to_owned(), json!("v\u{0}'\""))]);
        let ending = Ending { last_node: Some("n".into()), custom, ..world.ending(status).await.with_error(json!({ "message": "\u{0} no" })) };
        world.commit(Commit::only(lease, Then::Finish(Box::new(ending.clone()))).with_chunk(chunk(1, "end"))).await.unwrap();
        let stored = world.load(id).await;
        assert_eq!((stored.summary.status, &stored.summary.error, &stored.summary.custom), (status, &ending.error, &ending.custom));
        assert_eq!((stored.summary.finished, &stored.summary.last_node), (Some(ending.finished), &ending.last_node));
        for write in writes(&world, lease).await.into_iter().filter(|write| !matches!(write.then, Then::Finish(_))) {
            assert!(matches!(world.commit(write.clone()).await, Err(StoreError::Fenced(_))), "{write:?}");
        }
        let other = Ending { status: ExecutionStatus::Crashed, ..ending };
        drop(world.commit(Commit::only(lease, Then::Finish(Box::new(other)))).await);
        for kind in [SignalKind::Cancel, SignalKind::Pause, SignalKind::Resume] {
            assert_eq!(world.signal(id, kind).await, SignalOutcome::Ended);
        }
        world.rescue(1).await;
        world.wake_due().await;
        assert!(world.claim(worker, 10).await.is_empty());
        assert_eq!(world.load(id).await, stored);
    }
}

/// Breaks when repeating a write after a cut connection fails the execution, or writes twice.
pub async fn a_commit_whose_answer_was_lost_may_be_repeated(world: World) {
    let worker = world.worker().await;
    let past = world.past().await;
    let ending = world.ending(ExecutionStatus::Success).await;
    for then in [Then::Continue, Then::Wait { due: Some(past) }, Then::Wait { due: None }, Then::Pause, Then::Release, Then::Finish(Box::new(ending))]
    {
        let lease = world.driven(worker).await;
        let commit = Commit::only(lease, then.clone()).with_chunk(chunk(1, "once"));
        let first = world.commit(commit.clone()).await.unwrap();
        assert_eq!(world.commit(commit).await.unwrap(), first, "{then:?}");
        assert_eq!(texts(&world.load(lease.execution).await), ["0 first", "1 once"]);
        world.signal(lease.execution, SignalKind::Cancel).await;
        world.claim(worker, 10).await;
    }
}

/// Breaks when a timer fires before its time, or is lost.
pub async fn inv_14_timers_are_never_early(world: World) {
    let worker = world.worker().await;
    let (past, future) = (world.past().await, world.future().await);
    let due = world.driven(worker).await;
    world.then(due, Then::Wait { due: Some(past) }).await;
    let later = world.driven(worker).await;
    world.then(later, Then::Wait { due: Some(future) }).await;
    assert_eq!(world.status(later.execution).await, ExecutionStatus::Waiting);
    assert!(world.claim(worker, 10).await.is_empty());
    assert_eq!(world.stores.executions.next_due().await.unwrap(), Some(past));
    assert_eq!(world.wake_due().await, 1);
    assert_eq!(world.wake_due().await, 0);
    assert_eq!(world.claim_ids(worker, 10).await, [due.execution]);
    assert_eq!(world.stores.executions.next_due().await.unwrap(), Some(future));
    assert_eq!(world.load(later.execution).await.summary.due, Some(future));

    for _ in 0..5 {
        let lease = world.driven(worker).await;
        world.then(lease, Then::Wait { due: Some(past) }).await;
    }
    let store = &world.stores.executions;
    assert_eq!([store.wake_due(3).await.unwrap(), store.wake_due(3).await.unwrap(), store.wake_due(3).await.unwrap()], [3, 2, 0]);
}

/// Breaks when a wait without a time is woken by one.
pub async fn a_wait_without_end_needs_a_signal(world: World) {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    world.then(lease, Then::Wait { due: None }).await;
    assert_eq!(world.wake_due().await, 0);
    assert!(world.claim(worker, 10).await.is_empty());
    assert_eq!(world.stores.executions.next_due().await.unwrap(), None);
}

/// Breaks when handing back counts like dying.
pub async fn a_release_does_not_spend_a_claim(world: World) {
    let worker = world.worker().await;
    let mut lease = world.driven(worker).await;
    for _ in 0..5 {
        world.then(lease, Then::Release).await;
        let claimed = world.claim(worker, 1).await;
        assert_eq!(claimed[0].claims, 1);
        lease = claimed[0].lease;
    }
}

/// Breaks when an execution that waits often is taken for one that kills workers.
pub async fn parking_forgets_earlier_claims(world: World) {
    let worker = world.worker().await;
    let past = world.past().await;
    let id = world.driven(worker).await.execution;
    world.lose(worker).await;
    world.rescue(9).await;
    world.beat(worker, super::LONG).await;
    let claimed = world.claim(worker, 1).await;
    assert_eq!((claimed[0].header.id, claimed[0].claims), (id, 2));
    world.then(claimed[0].lease, Then::Wait { due: Some(past) }).await;
    world.wake_due().await;
    assert_eq!(world.claim(worker, 1).await[0].claims, 1);
}

/// Breaks when what was to go stays, or what was to stay goes.
pub async fn less_is_kept_where_less_is_asked_for(world: World) {
    let worker = world.worker().await;
    for keep in [Keep::Everything, Keep::FinalState, Keep::Nothing] {
        let lease = world.driven(worker).await;
        let ending = Ending { keep, ..world.ending(ExecutionStatus::Success).await };
        world.commit(Commit::only(lease, Then::Finish(Box::new(ending))).with_chunk(chunk(1, "end"))).await.unwrap();
        let stored = world.stores.executions.load(&[lease.execution]).await.unwrap();
        let expect = match keep {
            Keep::Everything => vec![2],
            Keep::FinalState => vec![0],
            Keep::Nothing => vec![],
        };
        assert_eq!(stored.iter().map(|stored| stored.journal.len()).collect::<Vec<_>>(), expect, "{keep:?}");
    }
}

/// Breaks when static data is stored by an execution that was fenced, or apart from its end.
pub async fn static_data_is_stored_with_the_end(world: World) {
    let (first, second) = (world.worker().await, world.worker().await);
    let data = |value: &str| Json::from_iter([("global".to_owned(), json!({ "v": value }))]);
    let stale = world.driven(first).await;
    world.lose(first).await;
    world.rescue(9).await;
    let lease = world.claim(second, 1).await[0].lease;
    let ending = world.ending(ExecutionStatus::Success).await;
    let finish = |value: &str| Then::Finish(Box::new(Ending { static_data: Some(data(value)), ..ending.clone() }));
    assert!(world.commit(Commit::only(stale, finish("stale"))).await.is_err());
    assert_eq!(world.stores.static_data.static_data(&"w".into()).await.unwrap(), Json::new());
    world.commit(Commit::only(lease, finish("fresh"))).await.unwrap();
    assert_eq!(world.stores.static_data.static_data(&"w".into()).await.unwrap(), data("fresh"));
    world.stores.static_data.set_static_data(&"w".into(), data("set")).await.unwrap();
    assert_eq!(world.stores.static_data.static_data(&"w".into()).await.unwrap(), data("set"));
}

/// Breaks when commits that are gathered into one transaction get each other's answers, or fail together.
pub async fn many_commits_at_once_are_each_answered(world: World) {
    let worker = world.worker().await;
    let started = join_all((0..120).map(|_| world.stores.executions.start(StartExecution { claim_for: Some(worker), ..world.execution("w") }))).await;
    let leases: Vec<_> = started
        .into_iter()
        .map(|start| match start.unwrap() {
            crate::store::Start::Created { lease: Some(lease) } => lease,
            other => panic!("{other:?}"),
        })
        .collect();
    world.signal(leases[7].execution, SignalKind::Pause).await;
    let ending = world.ending(ExecutionStatus::Success).await;
    let commits = leases.iter().enumerate().map(|(index, lease)| {
        let lease = if index % 10 == 3 { Lease { epoch: crate::store::Epoch(99), ..*lease } } else { *lease };
        let then = if index % 2 == 0 { Then::Finish(Box::new(ending.clone())) } else { Then::Continue };
        Commit::only(lease, then).with_chunk(chunk(1, "x"))
    });
    let answers = join_all(commits.map(|commit| world.commit(commit))).await;
    for (index, (lease, answer)) in leases.iter().zip(answers).enumerate() {
        match answer {
            Ok(committed) => assert_eq!((committed.execution, committed.signalled), (lease.execution, index == 7), "{index}"),
            Err(error) => assert!(index % 10 == 3 && matches!(error, StoreError::Fenced(id) if id == lease.execution), "{index}: {error}"),
        }
        let stored = world.load(lease.execution).await;
        let expect = match index {
            _ if index % 10 == 3 => (1, ExecutionStatus::Running),
            _ if index % 2 == 0 => (2, ExecutionStatus::Success),
            _ => (2, ExecutionStatus::Running),
        };
        assert_eq!((stored.journal.len(), stored.summary.status), expect, "{index}");
    }
}
