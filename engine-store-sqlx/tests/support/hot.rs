//! What a running engine asks of its store all the time, to be watched on tables with many rows: each call may touch only what it needs.

use std::time::Duration;

use bytes::Bytes;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, Timestamp};
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    Chunk, Claim, Commit, Ending, ExecutionFilter, ExecutionHeader, Heartbeat, IdempotencyKey, Lease, PageRequest, Rescue, Retention, Signal,
    SignalKind, Start, StartExecution, Stores, TenantId, Then, VersionNumber, WorkerId,
};
use futures::future::BoxFuture;
use uuid::Uuid;

/// A call, and what it is called.
pub(crate) type Call = (&'static str, fn(Stores) -> BoxFuture<'static, ()>);

/// The year 2100.
const FUTURE: Timestamp = Timestamp::from_micros(4_102_444_800_000_000);
/// What the tables are filled with lies in these hundred workflows.
const WORKFLOW: &str = "workflow 7";

fn start() -> StartExecution {
    let header = ExecutionHeader {
        id: ExecutionId::new(Uuid::now_v7()),
        tenant: TenantId::from("t"),
        workflow: WORKFLOW.into(),
        version: VersionNumber(1),
        mode: ExecutionMode::Trigger,
        parent: None,
        retry_of: None,
    };
    StartExecution::new(header, Bytes::from_static(b"first"))
}

async fn worker(stores: &Stores) -> WorkerId {
    let worker = WorkerId::new(Uuid::now_v7());
    let beat = Heartbeat { worker, name: "w".to_owned(), lease_time: Duration::from_hours(1) };
    stores.executions.heartbeat(beat).await.unwrap();
    worker
}

async fn driven(stores: &Stores) -> Lease {
    let worker = worker(stores).await;
    match stores.executions.start(start().claimed_by(worker)).await.unwrap() {
        Start::Created { lease: Some(lease) } => lease,
        other => panic!("{other:?}"),
    }
}

fn chunk(seq: u32) -> Chunk {
    Chunk { seq, bytes: Bytes::from_static(b"more"), blobs: Vec::new() }
}

/// The second page too: cursors must go along the index as well.
async fn list(stores: &Stores, filter: ExecutionFilter) {
    let page = stores.query.executions(&filter, PageRequest::first(20)).await.unwrap();
    if let Some(next) = page.next {
        stores.query.executions(&filter, PageRequest::after(next, 20)).await.unwrap();
    }
}

fn all() -> ExecutionFilter {
    ExecutionFilter::default()
}

macro_rules! call {
    ($name:literal, |$stores:ident| $work:expr) => {
        ($name, |$stores| {
            Box::pin(async move {
                $work;
            })
        })
    };
}

/// The calls that drive executions.
pub(crate) const DRIVING: &[Call] = &[
    call!("start", |stores| stores.executions.start(start()).await.unwrap()),
    call!("start under a key", |stores| {
        let key = IdempotencyKey { key: Uuid::now_v7().to_string(), fingerprint: [1; 32], expires: FUTURE };
        stores.executions.start(start().with_key(key)).await.unwrap();
    }),
    call!("claim", |stores| {
        let worker = worker(&stores).await;
        let claimed = stores.executions.claim(Claim { worker, limit: 10 }).await.unwrap();
        assert_eq!(claimed.len(), 10);
        stores.executions.leave(worker).await.unwrap();
    }),
    call!("commit and finish", |stores| {
        let lease = driven(&stores).await;
        stores.executions.commit(Commit::append(lease, chunk(1))).await.unwrap();
        let ending = Ending::new(ExecutionStatus::Success, FUTURE);
        stores.executions.commit(Commit::only(lease, Then::Finish(Box::new(ending))).with_chunk(chunk(2))).await.unwrap();
    }),
    call!("load", |stores| {
        let lease = driven(&stores).await;
        assert_eq!(stores.executions.load(&[lease.execution]).await.unwrap().len(), 1);
    }),
    call!("wait", |stores| {
        let lease = driven(&stores).await;
        stores.executions.commit(Commit::only(lease, Then::Wait { due: Some(Timestamp::from_micros(1)) })).await.unwrap();
    }),
    call!("wake_due", |stores| stores.executions.wake_due(100).await.unwrap()),
    call!("next_due", |stores| stores.executions.next_due().await.unwrap()),
    call!("rescue", |stores| stores.executions.rescue(Rescue { max_claims: 3, limit: 100 }).await.unwrap()),
    call!("signal and signals", |stores| {
        let lease = driven(&stores).await;
        let signal = Signal { execution: lease.execution, request: "r".into(), kind: SignalKind::Pause };
        stores.executions.signal(signal).await.unwrap();
        assert_eq!(stores.executions.signals(lease.worker).await.unwrap().len(), 1);
    }),
    call!("cancel", |stores| {
        let start = start();
        let signal = Signal { execution: start.header.id, request: "r".into(), kind: SignalKind::Cancel };
        stores.executions.start(start).await.unwrap();
        stores.executions.signal(signal).await.unwrap();
    }),
    call!("due_schedules", |stores| stores.schedules.due_schedules(100).await.unwrap()),
];

/// The calls of those who look at executions, and of upkeep.
pub(crate) const LOOKING: &[Call] = &[
    call!("list", |stores| list(&stores, all()).await),
    call!("list of a tenant", |stores| list(&stores, ExecutionFilter { tenant: Some("t".into()), ..all() }).await),
    call!("list of a workflow", |stores| list(&stores, ExecutionFilter { workflow: Some(WORKFLOW.into()), ..all() }).await),
    call!("list of a tenant's workflow", |stores| {
        list(&stores, ExecutionFilter { tenant: Some("t".into()), workflow: Some(WORKFLOW.into()), ..all() }).await;
    }),
    call!("list of a workflow that never ran", |stores| {
        list(&stores, ExecutionFilter { tenant: Some("t".into()), workflow: Some("none".into()), ..all() }).await;
    }),
    call!("list of failures", |stores| list(&stores, ExecutionFilter { statuses: vec![ExecutionStatus::Error], ..all() }).await),
    call!("list of a workflow's failures", |stores| {
        let filter = ExecutionFilter { tenant: Some("t".into()), workflow: Some(WORKFLOW.into()), ..all() };
        list(&stores, ExecutionFilter { statuses: vec![ExecutionStatus::Error, ExecutionStatus::Crashed], ..filter }).await;
    }),
    call!("list of what was given up", |stores| {
        list(&stores, ExecutionFilter { tenant: Some("t".into()), statuses: vec![ExecutionStatus::Crashed], ..all() }).await;
    }),
    call!("list of what waits", |stores| list(&stores, ExecutionFilter { statuses: vec![ExecutionStatus::Waiting], ..all() }).await),
    call!("list of children", |stores| {
        let parent = Some(ExecutionId::new(Uuid::from_u128(1)));
        list(&stores, ExecutionFilter { tenant: Some("t".into()), parent, ..all() }).await;
    }),
    call!("list by searchable data", |stores| {
        let custom = Some(("order".to_owned(), "4711".to_owned()));
        list(&stores, ExecutionFilter { tenant: Some("t".into()), custom, ..all() }).await;
    }),
    call!("count of a workflow's failures", |stores| {
        let filter = ExecutionFilter { workflow: Some(WORKFLOW.into()), statuses: vec![ExecutionStatus::Crashed], ..all() };
        stores.query.count(&filter).await.unwrap();
    }),
    call!("one execution", |stores| stores.query.execution(&"t".into(), ExecutionId::new(Uuid::from_u128(1))).await.unwrap_err()),
    call!("a resume point", |stores| stores.query.resume_point(ExecutionId::new(Uuid::from_u128(1)), &"t".into()).await.unwrap()),
    call!("prune, nothing to do", |stores| {
        let retention = Retention { finished_before: Some(Timestamp::from_micros(0)), ..Retention::default() };
        assert_eq!(stores.query.prune(&retention, 100).await.unwrap(), 0);
    }),
    call!("prune of a workflow, nothing to do", |stores| {
        let retention = Retention { finished_before: Some(Timestamp::from_micros(0)), workflow: Some(WORKFLOW.into()), ..Retention::default() };
        assert_eq!(stores.query.prune(&retention, 100).await.unwrap(), 0);
    }),
    call!("prune", |stores| {
        let retention = Retention { finished_before: Some(FUTURE), statuses: vec![ExecutionStatus::Error], ..Retention::default() };
        assert_eq!(stores.query.prune(&retention, 10).await.unwrap(), 10);
    }),
    call!("prune beyond the newest", |stores| {
        let retention = Retention { keep_newest: Some(20), workflow: Some(WORKFLOW.into()), ..Retention::default() };
        assert_eq!(stores.query.prune(&retention, 10).await.unwrap(), 10);
    }),
    call!("expired keys", |stores| stores.requests.remove_expired(100).await.unwrap()),
    call!("prune of the audit log", |stores| assert_eq!(stores.audit.prune_audit_log(FUTURE, 10).await.unwrap(), 10)),
    call!("a session by its token", |stores| stores.accounts.session_by_token(b"none").await.unwrap()),
    call!("the audit log", |stores| stores.audit.audit_log(&"t".into(), PageRequest::first(20)).await.unwrap()),
];
