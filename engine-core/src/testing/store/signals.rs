//! Cancel, pause, resume, wake.

use serde_json::{Value, json};

use super::{World, chunk};
use crate::model::ExecutionId;
use crate::state::ExecutionStatus;
use crate::store::{Commit, Lease, RequestId, ResumePoint, Signal, SignalKind, SignalOutcome, StartExecution, StoreError, Then};

fn point(token: &str) -> ResumePoint {
    ResumePoint { token: token.into(), node: "wait".into(), run: 0, options: json!({ "method": "POST" }) }
}

fn wake(token: &str, payload: Value) -> SignalKind {
    SignalKind::Wake { token: token.into(), payload }
}

/// Parks an execution that waits under a token.
async fn waits_for(world: &World, lease: Lease, token: &str) {
    let commit = Commit { opened: vec![point(token)], ..Commit::only(lease, Then::Wait { due: None }) };
    world.commit(commit).await.unwrap();
}

/// Breaks when a paused execution is claimed, however it came to be paused.
pub async fn inv_10_paused_means_nothing_starts(world: World) {
    let worker = world.worker().await;
    let ready = world.start(world.execution("w")).await;
    assert_eq!(world.signal(ready, SignalKind::Pause).await, SignalOutcome::Done);
    let waiting = world.driven(worker).await;
    world.then(waiting, Then::Wait { due: None }).await;
    assert_eq!(world.signal(waiting.execution, SignalKind::Pause).await, SignalOutcome::Done);
    let driven = world.driven(worker).await;
    assert_eq!(world.signal(driven.execution, SignalKind::Pause).await, SignalOutcome::Sent);
    let pending = world.stores.executions.signals(worker).await.unwrap();
    assert_eq!(pending.iter().map(|signal| (signal.execution, &signal.kind)).collect::<Vec<_>>(), [(driven.execution, &SignalKind::Pause)]);
    world.commit(Commit { handled: vec![pending[0].id], ..Commit::only(driven, Then::Pause) }).await.unwrap();
    let all = [ready, waiting.execution, driven.execution];
    for id in all {
        assert_eq!(world.status(id).await, ExecutionStatus::Paused);
    }
    world.wake_due().await;
    world.rescue(1).await;
    assert!(world.claim(worker, 10).await.is_empty());
    for id in all {
        assert_eq!(world.signal(id, SignalKind::Resume).await, SignalOutcome::Done);
    }
    let mut claimed = world.claim_ids(worker, 10).await;
    claimed.sort();
    assert_eq!(claimed, all);
}

/// Breaks when a repeated request counts again.
pub async fn inv_10_pause_is_idempotent_by_request(world: World) {
    let id = world.start(world.execution("w")).await;
    let send = |request: &str, kind: SignalKind| world.stores.executions.signal(Signal { execution: id, request: RequestId::from(request), kind });
    assert_eq!(send("a", SignalKind::Pause).await.unwrap(), SignalOutcome::Done);
    assert_eq!(send("b", SignalKind::Resume).await.unwrap(), SignalOutcome::Done);
    assert_eq!(send("a", SignalKind::Pause).await.unwrap(), SignalOutcome::Repeated);
    assert_eq!(world.status(id).await, ExecutionStatus::New);
    let worker = world.worker().await;
    let lease = world.claim(worker, 1).await[0].lease;
    assert_eq!(send("a", SignalKind::Pause).await.unwrap(), SignalOutcome::Repeated);
    assert!(!world.commit(Commit::append(lease, chunk(1, "x"))).await.unwrap().signalled);
}

/// Breaks when pausing leaves the timer running, or resuming forgets or hurries it.
pub async fn inv_10_a_paused_timer_does_not_fire(world: World) {
    let worker = world.worker().await;
    let (past, future) = (world.past().await, world.future().await);
    for (due, after_resume) in [(past, 1), (future, 0)] {
        let lease = world.driven(worker).await;
        world.then(lease, Then::Wait { due: Some(due) }).await;
        world.signal(lease.execution, SignalKind::Pause).await;
        assert_eq!(world.wake_due().await, 0);
        assert!(world.claim(worker, 10).await.is_empty());
        world.signal(lease.execution, SignalKind::Resume).await;
        world.wake_due().await;
        assert_eq!(world.claim(worker, 10).await.len(), after_resume, "due {due}");
    }
    assert_eq!(world.stores.executions.next_due().await.unwrap(), Some(future));
}

/// Breaks when a cancelled execution is still claimed, or ends twice.
pub async fn inv_11_cancel_ends_what_nobody_drives(world: World) {
    let worker = world.worker().await;
    let due = world.future().await;
    let waiting = world.driven(worker).await;
    world.then(waiting, Then::Wait { due: Some(due) }).await;
    let paused = world.driven(worker).await;
    world.then(paused, Then::Pause).await;
    let delayed = world.start(world.execution("w").not_before(due)).await;
    let ready = world.start(world.execution("w")).await;
    for id in [waiting.execution, paused.execution, delayed, ready] {
        assert_eq!(world.signal(id, SignalKind::Cancel).await, SignalOutcome::Done);
        let summary = world.load(id).await.summary;
        assert_eq!((summary.status, summary.due), (ExecutionStatus::Canceled, None));
        assert!(summary.finished.is_some());
        assert_eq!(world.signal(id, SignalKind::Cancel).await, SignalOutcome::Ended);
    }
    assert!(world.claim(worker, 10).await.is_empty());
    assert_eq!(world.stores.executions.next_due().await.unwrap(), None);
}

/// Breaks when the driver of an execution learns of a cancel later than with the answer to its next commit, or only while it lives.
pub async fn inv_11_cancel_reaches_the_driver(world: World) {
    let (first, second) = (world.worker().await, world.worker().await);
    let lease = world.driven(first).await;
    assert!(!world.commit(Commit::append(lease, chunk(1, "x"))).await.unwrap().signalled);
    assert_eq!(world.signal(lease.execution, SignalKind::Cancel).await, SignalOutcome::Sent);
    assert!(world.commit(Commit::append(lease, chunk(2, "y"))).await.unwrap().signalled);
    let pending = world.stores.executions.signals(first).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(world.stores.executions.signals(second).await.unwrap(), []);

    world.lose(first).await;
    world.rescue(9).await;
    let claimed = world.claim(second, 1).await;
    assert!(claimed[0].signalled);
    assert_eq!(world.load(lease.execution).await.signals, pending);
    let ending = world.ending(ExecutionStatus::Canceled).await;
    let finish = Commit { handled: vec![pending[0].id], ..Commit::only(claimed[0].lease, Then::Finish(Box::new(ending))) };
    world.commit(finish).await.unwrap();
    assert_eq!(world.stores.executions.signals(second).await.unwrap(), []);
    assert_eq!(world.status(lease.execution).await, ExecutionStatus::Canceled);
}

/// Breaks when cancelling stops at the first generation, or misses descendants that are driven.
pub async fn inv_11_cancel_reaches_descendants(world: World) {
    let worker = world.worker().await;
    let child_of = |parent: ExecutionId| {
        let mut start = world.execution("w");
        start.header.parent = Some(parent);
        start
    };
    let parent = world.driven(worker).await;
    let child = world.start(child_of(parent.execution)).await;
    let driven_child = world.start(StartExecution { claim_for: Some(worker), ..child_of(parent.execution) }).await;
    let grandchild = world.start(child_of(child)).await;
    let stranger = world.start(world.execution("w")).await;
    assert_eq!(world.signal(parent.execution, SignalKind::Cancel).await, SignalOutcome::Sent);
    assert_eq!(world.status(child).await, ExecutionStatus::Canceled);
    assert_eq!(world.status(grandchild).await, ExecutionStatus::Canceled);
    assert_eq!(world.status(stranger).await, ExecutionStatus::New);
    let mut told: Vec<_> = world.stores.executions.signals(worker).await.unwrap().into_iter().map(|signal| signal.execution).collect();
    told.sort();
    assert_eq!(told, [parent.execution, driven_child]);
}

/// Breaks when two callers both resume one wait, or a wait that is closed can be resumed.
pub async fn a_wait_is_over_once(world: World) {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    let id = lease.execution;
    assert_eq!(world.signal(id, wake("t", json!(1))).await, SignalOutcome::NotWaiting);
    waits_for(&world, lease, "t").await;
    let open = world.stores.query.resume_point(id, &"t".into()).await.unwrap().unwrap();
    assert_eq!((open.execution.id, open.point), (id, point("t")));
    assert_eq!(world.signal(id, wake("other", json!(1))).await, SignalOutcome::NotWaiting);
    assert_eq!(world.signal(id, wake("t", json!({ "body": "\u{0}'x" }))).await, SignalOutcome::Done);
    assert_eq!(world.signal(id, wake("t", json!(2))).await, SignalOutcome::NotWaiting);
    assert_eq!(world.stores.query.resume_point(id, &"t".into()).await.unwrap(), None);

    let claimed = world.claim(worker, 1).await;
    assert!(claimed[0].signalled);
    let signals = world.load(id).await.signals;
    assert_eq!(signals.iter().map(|signal| &signal.kind).collect::<Vec<_>>(), [&wake("t", json!({ "body": "\u{0}'x" }))]);
    let lease = claimed[0].lease;
    let go_on = Commit { handled: vec![signals[0].id], closed: vec!["t".into()], opened: vec![point("u")], ..Commit::append(lease, chunk(1, "x")) };
    assert!(!world.commit(go_on).await.unwrap().signalled);
    world.commit(Commit { closed: vec!["u".into()], ..Commit::only(lease, Then::Wait { due: None }) }).await.unwrap();
    assert_eq!(world.signal(id, wake("u", json!(3))).await, SignalOutcome::NotWaiting);
    assert_eq!(world.status(id).await, ExecutionStatus::Waiting);
}

/// Breaks when what came while an execution was being parked leaves it parked.
pub async fn a_signal_before_parking_is_not_missed(world: World) {
    let worker = world.worker().await;
    for then in [Then::Wait { due: None }, Then::Pause] {
        let lease = world.driven(worker).await;
        world.commit(Commit { opened: vec![point("t")], ..Commit::append(lease, chunk(1, "x")) }).await.unwrap();
        assert_eq!(world.signal(lease.execution, wake("t", json!(1))).await, SignalOutcome::Sent);
        world.then(lease, then.clone()).await;
        assert_eq!(world.claim_ids(worker, 10).await, [lease.execution], "{then:?}");
    }
}

/// Breaks when a paused execution goes on because something came, or what came is lost.
pub async fn what_wakes_a_paused_execution_is_kept(world: World) {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    waits_for(&world, lease, "t").await;
    world.signal(lease.execution, SignalKind::Pause).await;
    assert_eq!(world.signal(lease.execution, wake("t", json!(1))).await, SignalOutcome::Done);
    assert!(world.claim(worker, 10).await.is_empty());
    assert_eq!(world.status(lease.execution).await, ExecutionStatus::Paused);
    world.signal(lease.execution, SignalKind::Resume).await;
    let claimed = world.claim(worker, 10).await;
    assert_eq!((claimed.len(), claimed[0].signalled), (1, true));
}

/// Breaks when a signal is handed out again after it was handled, or others are lost with it.
pub async fn handled_signals_are_gone(world: World) {
    let worker = world.worker().await;
    let lease = world.driven(worker).await;
    for kind in [SignalKind::Pause, SignalKind::Resume, SignalKind::Cancel] {
        world.signal(lease.execution, kind).await;
    }
    let pending = world.stores.executions.signals(worker).await.unwrap();
    let kinds: Vec<_> = pending.iter().map(|signal| signal.kind.clone()).collect();
    assert_eq!(kinds, [SignalKind::Pause, SignalKind::Resume, SignalKind::Cancel]);
    let handle = |ids: &[usize]| Commit { handled: ids.iter().map(|index| pending[*index].id).collect(), ..Commit::only(lease, Then::Continue) };
    assert!(world.commit(handle(&[0, 1])).await.unwrap().signalled);
    assert!(world.commit(handle(&[0, 1])).await.unwrap().signalled, "handled twice counts once");
    assert_eq!(world.stores.executions.signals(worker).await.unwrap(), pending[2..]);
    assert!(!world.commit(handle(&[2])).await.unwrap().signalled);
    assert_eq!(world.load(lease.execution).await.signals, []);
}

/// Breaks when a signal to nothing is taken for delivered.
pub async fn signals_need_an_execution(world: World) {
    let signal = Signal { execution: ExecutionId::new(world.uuid()), request: "r".into(), kind: SignalKind::Cancel };
    assert!(matches!(world.stores.executions.signal(signal).await, Err(StoreError::NotFound { .. })));
}
