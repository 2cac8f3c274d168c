//! Operations on stores, made by chance, with answers that can be compared.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, Json, Timestamp};
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    Chunk, Claim, Claimed, Commit, EndedExecution, Ending, Epoch, ExecutionFilter, ExecutionHeader, ExecutionSummary, Heartbeat, IdempotencyKey,
    Keep, Lease, LimitScope, PageRequest, PendingSignal, RequestId, Rescue, ResumePoint, Retention, Signal, SignalKind, Start, StartExecution,
    StoreError, StoredExecution, Stores, TenantId, Then, VersionNumber, WorkerId,
};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::json;
use uuid::Uuid;

/// Names are few, so that operations meet.
const TENANTS: [&str; 3] = ["", "a", "b"];
const WORKFLOWS: [&str; 2] = ["v", "w"];
const KEYS: [&str; 2] = ["k", "l"];
const EXECUTIONS: u8 = 12;
const WORKERS: u8 = 3;

const PAST: Timestamp = Timestamp::from_micros(1_000_000);
/// The year 2100.
const FUTURE: Timestamp = Timestamp::from_micros(4_102_444_800_000_000);

#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Never,
    Past,
    Future,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Continue,
    Finish(Keep, ExecutionStatus),
    Wait(When),
    Pause,
    Release,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    Cancel,
    Pause,
    Resume,
    Wake(u8),
}

/// One call of a store.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Start {
        id: u8,
        tenant: &'static str,
        key: Option<&'static str>,
        priority: i16,
        due: When,
        worker: Option<u8>,
        idempotency: Option<(u8, u8)>,
        parent: Option<u8>,
    },
    Record {
        id: u8,
        keep: Keep,
    },
    Claim {
        worker: u8,
        limit: u32,
    },
    /// By the last lease that is known of the execution; `stale` names an epoch before that.
    Commit {
        id: u8,
        seq: u32,
        stale: bool,
        handle: bool,
        open: Option<u8>,
        close: Option<u8>,
        next: Next,
    },
    Load {
        id: u8,
    },
    Signal {
        id: u8,
        request: u8,
        ask: Ask,
    },
    Signals {
        worker: u8,
    },
    Beat {
        worker: u8,
        lives: bool,
    },
    Leave {
        worker: u8,
    },
    WakeDue,
    NextDue,
    Rescue {
        max_claims: u32,
    },
    SetLimit {
        scope: LimitScope,
        limit: Option<u32>,
    },
    List {
        filter: ExecutionFilter,
        limit: u32,
    },
    ResumePoint {
        id: u8,
        token: u8,
    },
    Delete {
        id: u8,
        tenant: &'static str,
    },
    Prune {
        aged: bool,
        keep: Option<u32>,
        workflow: Option<&'static str>,
    },
}

/// What a store answered: as text without what may differ, and the leases that were given.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    leases: Vec<Lease>,
}

/// The last lease of each execution.
#[derive(Default)]
pub(crate) struct Leases(BTreeMap<ExecutionId, Lease>);

impl Leases {
    pub(crate) fn learn(&mut self, answer: &Answer) {
        self.0.extend(answer.leases.iter().map(|lease| (lease.execution, *lease)));
    }
}

/// All workers live.
pub(crate) fn beats() -> Vec<Operation> {
    (0..WORKERS).map(|worker| Operation::Beat { worker, lives: true }).collect()
}

pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    let id = || 0..EXECUTIONS;
    let worker = || 0..WORKERS;
    let tenant = || select(TENANTS.as_slice());
    let when = || select([When::Never, When::Past, When::Future].as_slice());
    let start = (
        id(),
        tenant(),
        option::of(select(KEYS.as_slice())),
        -1..2i16,
        when(),
        option::of(worker()),
        option::weighted(0.2, (0..2u8, 0..2u8)),
        option::weighted(0.3, id()),
    )
        .prop_map(|(id, tenant, key, priority, due, worker, idempotency, parent)| Operation::Start {
            id,
            tenant,
            key,
            priority,
            due,
            worker,
            idempotency,
            parent,
        });
    let commit = (id(), 1..4u32, prop::bool::weighted(0.2), any::<bool>(), option::weighted(0.2, 0..2u8), option::weighted(0.2, 0..2u8), next())
        .prop_map(|(id, seq, stale, handle, open, close, next)| Operation::Commit { id, seq, stale, handle, open, close, next });
    let ask = Union::new([Just(Ask::Cancel).boxed(), Just(Ask::Pause).boxed(), Just(Ask::Resume).boxed(), (0..2u8).prop_map(Ask::Wake).boxed()]);
    let signal = (id(), 0..3u8, ask).prop_map(|(id, request, ask)| Operation::Signal { id, request, ask });
    let prune = (any::<bool>(), option::of(0..3u32), option::of(select(WORKFLOWS.as_slice()))).prop_map(|(aged, keep, workflow)| Operation::Prune {
        aged,
        keep,
        workflow,
    });
    Union::new_weighted(vec![
        (6, start.boxed()),
        (1, (id(), keep()).prop_map(|(id, keep)| Operation::Record { id, keep }).boxed()),
        (4, (worker(), 0..5u32).prop_map(|(worker, limit)| Operation::Claim { worker, limit }).boxed()),
        (8, commit.boxed()),
        (2, id().prop_map(|id| Operation::Load { id }).boxed()),
        (4, signal.boxed()),
        (1, worker().prop_map(|worker| Operation::Signals { worker }).boxed()),
        (3, (worker(), prop::bool::weighted(0.8)).prop_map(|(worker, lives)| Operation::Beat { worker, lives }).boxed()),
        (1, worker().prop_map(|worker| Operation::Leave { worker }).boxed()),
        (1, Just(Operation::WakeDue).boxed()),
        (1, Just(Operation::NextDue).boxed()),
        (1, (1..4u32).prop_map(|max_claims| Operation::Rescue { max_claims }).boxed()),
        (1, (scope(), option::of(0..3u32)).prop_map(|(scope, limit)| Operation::SetLimit { scope, limit }).boxed()),
        (2, (filter(), 1..5u32).prop_map(|(filter, limit)| Operation::List { filter, limit }).boxed()),
        (1, (id(), 0..2u8).prop_map(|(id, token)| Operation::ResumePoint { id, token }).boxed()),
        (1, (id(), tenant()).prop_map(|(id, tenant)| Operation::Delete { id, tenant }).boxed()),
        (1, prune.boxed()),
    ])
}

fn keep() -> impl Strategy<Value = Keep> {
    select([Keep::Everything, Keep::FinalState, Keep::Nothing].as_slice())
}

fn next() -> impl Strategy<Value = Next> {
    let finals = select([ExecutionStatus::Success, ExecutionStatus::Error, ExecutionStatus::Canceled].as_slice());
    Union::new_weighted(vec![
        (4, Just(Next::Continue).boxed()),
        (2, (keep(), finals).prop_map(|(keep, status)| Next::Finish(keep, status)).boxed()),
        (2, select([When::Never, When::Past, When::Future].as_slice()).prop_map(Next::Wait).boxed()),
        (1, Just(Next::Pause).boxed()),
        (1, Just(Next::Release).boxed()),
    ])
}

fn scope() -> impl Strategy<Value = LimitScope> {
    Union::new([
        select(TENANTS.as_slice()).prop_map(|name| LimitScope::Tenant(name.into())).boxed(),
        select(WORKFLOWS.as_slice()).prop_map(|name| LimitScope::Workflow(name.into())).boxed(),
        select(KEYS.as_slice()).prop_map(|name| LimitScope::Key(name.to_owned())).boxed(),
    ])
}

fn filter() -> impl Strategy<Value = ExecutionFilter> {
    let statuses = select(
        [
            vec![],
            vec![ExecutionStatus::New],
            vec![ExecutionStatus::Running, ExecutionStatus::Success],
            vec![ExecutionStatus::Waiting, ExecutionStatus::Paused, ExecutionStatus::Error, ExecutionStatus::Canceled],
            vec![ExecutionStatus::Crashed],
        ]
        .to_vec(),
    );
    let names = (option::of(select(TENANTS.as_slice())), option::of(select(WORKFLOWS.as_slice())));
    (names, statuses, option::weighted(0.2, 0..EXECUTIONS), prop::bool::weighted(0.2)).prop_map(|((tenant, workflow), statuses, parent, custom)| {
        ExecutionFilter {
            tenant: tenant.map(TenantId::from),
            workflow: workflow.map(Into::into),
            statuses,
            parent: parent.map(execution),
            custom: custom.then(|| ("k".to_owned(), "v".to_owned())),
            ..ExecutionFilter::default()
        }
    })
}

fn execution(number: u8) -> ExecutionId {
    ExecutionId::new(uuid::Builder::from_unix_timestamp_millis(1_790_000_000_000 + u64::from(number), &[7; 10]).into_uuid())
}

fn worker(number: u8) -> WorkerId {
    WorkerId::new(Uuid::from_u128(u128::from(number) + 1))
}

fn time(when: When) -> Option<Timestamp> {
    match when {
        When::Never => None,
        When::Past => Some(PAST),
        When::Future => Some(FUTURE),
    }
}

fn header(id: u8, tenant: &str, parent: Option<u8>) -> ExecutionHeader {
    ExecutionHeader {
        id: execution(id),
        tenant: tenant.into(),
        workflow: WORKFLOWS[usize::from(id) % WORKFLOWS.len()].into(),
        version: VersionNumber(u32::from(id)),
        mode: ExecutionMode::Trigger,
        // Callers are older than those whom they call.
        parent: parent.filter(|parent| *parent < id).map(execution),
        retry_of: None,
    }
}

fn ending(keep: Keep, status: ExecutionStatus) -> Ending {
    let custom = Json::from_iter([("k".to_owned(), json!("v"))]);
    Ending { keep, custom, last_node: Some("n".into()), ..Ending::new(status, PAST) }
}

fn chunk(seq: u32) -> Chunk {
    Chunk { seq, bytes: Bytes::from(format!("chunk {seq}")), blobs: Vec::new() }
}

/// An error without its words.
fn kind(error: &StoreError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

fn told<T>(answer: Result<T, StoreError>, tell: impl FnOnce(T) -> Answer) -> Answer {
    match answer {
        Ok(answer) => tell(answer),
        Err(error) => Answer { text: kind(&error), leases: Vec::new() },
    }
}

fn plain(answer: impl std::fmt::Debug) -> Answer {
    Answer { text: format!("{answer:?}"), leases: Vec::new() }
}

fn signals(signals: &[PendingSignal]) -> String {
    format!("{:?}", signals.iter().map(|signal| (signal.execution, &signal.request, &signal.kind)).collect::<Vec<_>>())
}

fn summary(summary: &ExecutionSummary) -> String {
    let ExecutionSummary { header, status, created: _, started, finished, due, error, last_node, custom } = summary;
    // The clocks of the stores differ, and so do the words of endings that they make themselves.
    let times = (started.is_some(), finished.is_some(), due);
    format!("{header:?} {status:?} {times:?} {} {last_node:?} {custom:?}", error.is_some())
}

fn stored(stored: &StoredExecution) -> String {
    format!("{} {:?} {}", summary(&stored.summary), stored.journal, signals(&stored.signals))
}

fn claimed(claimed: Vec<Claimed>) -> Answer {
    Answer { text: format!("{claimed:?}"), leases: claimed.into_iter().map(|claimed| claimed.lease).collect() }
}

fn started(start: &Start) -> Answer {
    let leases = if let Start::Created { lease: Some(lease) } = start { vec![*lease] } else { Vec::new() };
    Answer { text: format!("{start:?}"), leases }
}

impl Operation {
    /// Calls a store.
    pub(crate) async fn run(&self, stores: &Stores, leases: &Leases) -> Answer {
        let store = &stores.executions;
        match self {
            Self::Start { .. } => told(store.start(self.start()).await, |start| started(&start)),
            Self::Record { id, keep } => {
                let execution = EndedExecution {
                    header: header(*id, "", None),
                    records: Some(chunk(0)),
                    started: PAST,
                    ending: ending(*keep, ExecutionStatus::Success),
                };
                told(store.record(execution).await, plain)
            }
            Self::Claim { worker: number, limit } => told(store.claim(Claim { worker: worker(*number), limit: *limit }).await, claimed),
            Self::Commit { .. } => self.commit(stores, leases).await,
            Self::Load { id } => told(store.load(&[execution(*id)]).await, |found| plain(found.iter().map(stored).collect::<Vec<_>>())),
            Self::Signal { id, request, ask } => {
                let signal = Signal { execution: execution(*id), request: RequestId::from(request.to_string()), kind: ask.kind() };
                told(store.signal(signal).await, plain)
            }
            Self::Signals { worker: number } => told(store.signals(worker(*number)).await, |found| plain(signals(&found))),
            Self::Beat { worker: number, lives } => {
                let lease_time = if *lives { Duration::from_hours(1) } else { Duration::ZERO };
                let beat = Heartbeat { worker: worker(*number), name: "w".to_owned(), lease_time };
                told(store.heartbeat(beat).await, |beat| plain(beat.was_lost))
            }
            Self::Leave { worker: number } => told(store.leave(worker(*number)).await, plain),
            Self::WakeDue => told(store.wake_due(1000).await, plain),
            Self::NextDue => told(store.next_due().await, plain),
            Self::Rescue { max_claims } => told(store.rescue(Rescue { max_claims: *max_claims, limit: 1000 }).await, plain),
            Self::SetLimit { scope, limit } => told(store.set_limit(scope.clone(), *limit).await, plain),
            _ => self.look(stores).await,
        }
    }

    /// The operations of those who look at executions and remove them.
    async fn look(&self, stores: &Stores) -> Answer {
        match self {
            Self::List { filter, limit } => {
                let mut listed = Vec::new();
                let mut page = PageRequest::first(*limit);
                loop {
                    let part = stores.query.executions(filter, page).await.unwrap();
                    listed.push(part.items.iter().map(summary).collect::<Vec<_>>());
                    let Some(next) = part.next else { break };
                    page = PageRequest::after(next, *limit);
                }
                plain((listed, stores.query.count(filter).await.unwrap()))
            }
            Self::ResumePoint { id, token } => told(stores.query.resume_point(execution(*id), &name(*token).into()).await, plain),
            Self::Delete { id, tenant } => told(stores.query.delete_execution(&TenantId::from(*tenant), execution(*id)).await, plain),
            Self::Prune { aged, keep, workflow } => {
                let retention = Retention {
                    finished_before: aged.then_some(FUTURE),
                    keep_newest: *keep,
                    workflow: workflow.map(Into::into),
                    statuses: Vec::new(),
                };
                told(stores.query.prune(&retention, 1000).await, plain)
            }
            other => panic!("{other:?} is carried out elsewhere"),
        }
    }

    fn start(&self) -> StartExecution {
        let Self::Start { id, tenant, key, priority, due, worker: claimant, idempotency, parent } = self else { panic!("{self:?} starts nothing") };
        StartExecution {
            priority: *priority,
            concurrency_key: key.map(str::to_owned),
            due: time(*due),
            claim_for: claimant.map(worker),
            idempotency: idempotency.map(|(key, print)| IdempotencyKey { key: key.to_string(), fingerprint: [print; 32], expires: FUTURE }),
            ..StartExecution::new(header(*id, tenant, *parent), Bytes::from_static(b"first"))
        }
    }

    async fn commit(&self, stores: &Stores, leases: &Leases) -> Answer {
        let Self::Commit { id, seq, stale, handle, open, close, next } = self else { panic!("{self:?} commits nothing") };
        let Some(lease) = leases.0.get(&execution(*id)) else { return plain("no lease") };
        let lease = Lease { epoch: if *stale { Epoch(lease.epoch.0.saturating_sub(1)) } else { lease.epoch }, ..*lease };
        // Signals have numbers of their own in each store.
        let pending = stores.executions.load(&[lease.execution]).await.unwrap().pop().map(|stored| stored.signals).unwrap_or_default();
        let commit = Commit {
            lease,
            chunk: Some(chunk(*seq)),
            handled: pending.iter().filter(|_| *handle).map(|signal| signal.id).collect(),
            opened: open
                .iter()
                .map(|token| ResumePoint { token: name(*token).into(), node: "n".into(), run: u32::from(*token), options: json!({}) })
                .collect(),
            closed: close.iter().filter(|token| Some(**token) != *open).map(|token| name(*token).into()).collect(),
            then: next.then(),
        };
        told(stores.executions.commit(commit).await, plain)
    }
}

fn name(token: u8) -> String {
    format!("token {token}")
}

impl Ask {
    fn kind(self) -> SignalKind {
        match self {
            Self::Cancel => SignalKind::Cancel,
            Self::Pause => SignalKind::Pause,
            Self::Resume => SignalKind::Resume,
            Self::Wake(token) => SignalKind::Wake { token: name(token).into(), payload: json!(token) },
        }
    }
}

impl Next {
    fn then(self) -> Then {
        match self {
            Self::Continue => Then::Continue,
            Self::Finish(keep, status) => Then::Finish(Box::new(ending(keep, status))),
            Self::Wait(when) => Then::Wait { due: time(when) },
            Self::Pause => Then::Pause,
            Self::Release => Then::Release,
        }
    }
}
