//! The conformance suite of stores: one test for each promise.
//!
//! A back end calls [`store_conformance!`](crate::store_conformance) with a function that makes an empty store, runs one test on it, and removes what is left:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! mod tests {
//!     use std::sync::Arc;
//!
//!     use engine_core::runtime::TokioRuntime;
//!     use engine_core::store::{MemoryStore, Stores};
//!     use engine_core::testing::store::Test;
//!
//!     fn on_memory(test: Test) {
//!         let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//!         tokio.block_on(async {
//!             let store = Arc::new(MemoryStore::new(Arc::new(TokioRuntime::current())));
//!             test(Stores::of(&store)).await;
//!         });
//!     }
//!
//!     engine_core::store_conformance!(on_memory);
//! }
//! ```
//!
//! The tests need no clock of their own: what must be late is given a due time in the past, what must be lost a lease of no length.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "these are tests, though they are compiled as a library: they panic to fail")]

pub mod accounts;
pub mod claims;
pub mod commits;
pub mod queries;
pub mod schedules;
pub mod signals;
pub mod starts;
pub mod things;
pub mod workflows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::execution::ExecutionMode;
use crate::model::{ExecutionId, Timestamp, WorkflowId};
use crate::state::ExecutionStatus;
use crate::store::{
    ActivateWorkflow, Chunk, Claim, Claimed, Commit, Committed, Ending, ExecutionHeader, Heartbeat, IdempotencyKey, Lease, RequestId, Rescue,
    Rescued, Signal, SignalKind, SignalOutcome, Start, StartExecution, StoreError, StoredExecution, StoredSchedule, StoredWebhook, StoredWorkflow,
    Stores, TenantId, Then, VersionNumber, WorkerId,
};

/// One test of the suite, to be run on an empty store.
pub type Test = fn(Stores) -> BoxFuture<'static, ()>;

/// Makes a `#[test]` for each promise of the store contracts, run by the given function: see [`testing::store`](crate::testing::store).
#[macro_export]
macro_rules! store_conformance {
    ($run:path) => {
        $crate::store_conformance! { @each $run;
            starts::inv_01_an_acknowledged_start_is_there, starts::inv_02_one_key_gives_one_execution, starts::a_key_is_forgotten_when_it_expires,
            starts::a_start_repeated_under_its_id_changes_nothing, starts::a_direct_start_is_leased_to_the_starter,
            starts::a_start_that_is_due_later_waits, starts::an_ended_execution_can_be_recorded_as_a_whole,
            claims::no_two_claims_get_the_same_execution, claims::higher_priority_goes_first_then_the_older, claims::inv_22_tenants_take_turns,
            claims::inv_21_limits_are_never_exceeded_and_never_leak, claims::a_direct_start_respects_limits, claims::only_living_workers_claim,
            claims::inv_08_a_lost_workers_executions_are_rescued, claims::inv_08_a_poisonous_execution_is_given_up, claims::claims_are_forgotten_when_an_execution_gets_on, claims::rescue_goes_page_by_page,
            claims::a_worker_that_leaves_hands_back_without_spending_a_claim, claims::inv_06_the_epoch_only_grows,
            commits::a_journal_is_read_as_it_was_written, commits::inv_05_fencing, commits::inv_09_a_final_state_is_final,
            commits::a_commit_whose_answer_was_lost_may_be_repeated, commits::inv_14_timers_are_never_early, commits::a_wait_without_end_needs_a_signal,
            commits::a_release_does_not_spend_a_claim, commits::parking_forgets_earlier_claims, commits::less_is_kept_where_less_is_asked_for,
            commits::static_data_is_stored_with_the_end, commits::many_commits_at_once_are_each_answered,
            signals::inv_10_paused_means_nothing_starts, signals::inv_10_pause_is_idempotent_by_request, signals::inv_10_a_paused_timer_does_not_fire,
            signals::inv_11_cancel_ends_what_nobody_drives, signals::inv_11_cancel_reaches_the_driver, signals::inv_11_cancel_reaches_descendants,
            signals::a_wait_is_over_once, signals::a_signal_before_parking_is_not_missed, signals::what_wakes_a_paused_execution_is_kept,
            signals::handled_signals_are_gone, signals::signals_need_an_execution,
            queries::executions_are_listed_newest_first, queries::filters_let_through_what_they_say, queries::inv_27_tenants_do_not_see_each_other,
            queries::only_ended_executions_are_deleted, queries::inv_35_pruning_removes_only_what_is_final_and_unneeded,
            schedules::inv_15_a_slot_fires_once, schedules::due_schedules_come_in_order, schedules::replaced_schedules_keep_their_place,
            workflows::versions_never_change, workflows::a_stale_writer_is_refused, workflows::inv_13_a_deleted_workflow_keeps_the_versions_in_use,
            workflows::activation_names_a_version, workflows::workflows_are_listed_by_id, workflows::webhooks_belong_to_one_node,
            workflows::activation_is_one_write, workflows::whoever_sees_the_change_sees_all_of_it,
            accounts::users_are_found_by_id_and_address, accounts::failed_logins_lock, accounts::sessions_rotate_and_end, accounts::api_keys_are_found_by_hash,
            accounts::the_audit_log_is_read_newest_first,
            things::documents_have_revisions, things::requests_are_answered_once, things::credentials_have_revisions_and_can_be_resealed,
            things::blobs_come_back, things::inv_35_blobs_live_as_long_as_what_names_them, things::inv_33_hostile_texts_are_only_texts,
        }
    };
    (@each $run:path; $($module:ident :: $name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                $run(|stores| ::std::boxed::Box::pin($crate::testing::store::$module::$name($crate::testing::store::World::new(stores))));
            }
        )*
    };
}

/// A store under test, and shorthand for what the tests do with it.
#[derive(Debug)]
pub struct World {
    /// The store.
    pub stores: Stores,
    made: AtomicU64,
}

/// Long enough to outlast any test.
const LONG: Duration = Duration::from_hours(1);

impl World {
    /// Around an empty store.
    pub fn new(stores: Stores) -> Self {
        Self { stores, made: AtomicU64::new(0) }
    }

    /// A number that was not used before.
    pub fn number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    /// A uuid that sorts after those made before.
    pub fn uuid(&self) -> Uuid {
        let millis = 1_790_000_000_000 + self.number();
        uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid()
    }

    /// The store's clock.
    pub async fn now(&self) -> Timestamp {
        let beat = Heartbeat { worker: WorkerId::new(self.uuid()), name: "clock".to_owned(), lease_time: Duration::ZERO };
        self.stores.executions.heartbeat(beat).await.unwrap().now
    }

    /// A time that is over.
    pub async fn past(&self) -> Timestamp {
        Timestamp::from_micros(self.now().await.as_micros() - 1_000_000)
    }

    /// A time that no test reaches.
    pub async fn future(&self) -> Timestamp {
        self.now().await.after(LONG)
    }

    /// A new execution of a workflow, not started yet.
    pub fn execution(&self, workflow: &str) -> StartExecution {
        let header = ExecutionHeader {
            id: ExecutionId::new(self.uuid()),
            tenant: TenantId::default(),
            workflow: workflow.into(),
            version: VersionNumber(1),
            mode: ExecutionMode::Trigger,
            parent: None,
            retry_of: None,
        };
        StartExecution::new(header, Bytes::from_static(b"first"))
    }

    /// Starts an execution.
    pub async fn start(&self, start: StartExecution) -> ExecutionId {
        let id = start.header.id;
        assert!(matches!(self.stores.executions.start(start).await.unwrap(), Start::Created { .. }));
        id
    }

    /// Starts `count` executions of a workflow.
    pub async fn start_many(&self, workflow: &str, count: usize) -> Vec<ExecutionId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.start(self.execution(workflow)).await);
        }
        ids
    }

    /// A worker that lives.
    pub async fn worker(&self) -> WorkerId {
        let worker = WorkerId::new(self.uuid());
        self.beat(worker, LONG).await;
        worker
    }

    /// Says that a worker lives for so long from now.
    pub async fn beat(&self, worker: WorkerId, lease_time: Duration) -> bool {
        let beat = Heartbeat { worker, name: "worker".to_owned(), lease_time };
        self.stores.executions.heartbeat(beat).await.unwrap().was_lost
    }

    /// Lets a worker be lost.
    pub async fn lose(&self, worker: WorkerId) {
        self.beat(worker, Duration::ZERO).await;
    }

    /// Claims at most `limit` executions.
    pub async fn claim(&self, worker: WorkerId, limit: u32) -> Vec<Claimed> {
        self.stores.executions.claim(Claim { worker, limit }).await.unwrap()
    }

    /// Claims all that is ready; gives the ids.
    pub async fn claim_ids(&self, worker: WorkerId, limit: u32) -> Vec<ExecutionId> {
        self.claim(worker, limit).await.into_iter().map(|claimed| claimed.header.id).collect()
    }

    /// Starts an execution and claims it.
    pub async fn driven(&self, worker: WorkerId) -> Lease {
        let id = self.start(self.execution("w")).await;
        let claimed = self.claim(worker, 1).await;
        assert_eq!(claimed.iter().map(|claimed| claimed.header.id).collect::<Vec<_>>(), [id]);
        claimed[0].lease
    }

    /// Takes the executions of lost workers away.
    pub async fn rescue(&self, max_claims: u32) -> Rescued {
        self.stores.executions.rescue(Rescue { max_claims, limit: 1000 }).await.unwrap()
    }

    /// Commits.
    ///
    /// # Errors
    /// As the store says.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.stores.executions.commit(commit).await
    }

    /// Ends a lease in this way.
    pub async fn then(&self, lease: Lease, then: Then) -> Committed {
        self.commit(Commit::only(lease, then)).await.unwrap()
    }

    /// Ends an execution well.
    pub async fn finish(&self, lease: Lease) {
        self.then(lease, Then::Finish(Box::new(self.ending(ExecutionStatus::Success).await))).await;
    }

    /// An ending at this time.
    pub async fn ending(&self, status: ExecutionStatus) -> Ending {
        Ending::new(status, self.now().await)
    }

    /// An execution as it is stored.
    pub async fn load(&self, id: ExecutionId) -> StoredExecution {
        self.stores.executions.load(&[id]).await.unwrap().pop().unwrap_or_else(|| panic!("execution {id} is not there"))
    }

    /// Where an execution stands.
    pub async fn status(&self, id: ExecutionId) -> ExecutionStatus {
        self.load(id).await.summary.status
    }

    /// Sends a signal under a new request id.
    pub async fn signal(&self, execution: ExecutionId, kind: SignalKind) -> SignalOutcome {
        let request = RequestId::from(format!("request {}", self.number()));
        self.stores.executions.signal(Signal { execution, request, kind }).await.unwrap()
    }

    /// Makes ready what is due.
    pub async fn wake_due(&self) -> u32 {
        self.stores.executions.wake_due(1000).await.unwrap()
    }

    /// Activates version 1 of a workflow with these webhooks and schedules; one that is not there is made.
    ///
    /// # Errors
    /// As the store says.
    pub async fn activate(
        &self,
        workflow: &str,
        (webhooks, schedules): (Vec<StoredWebhook>, Vec<StoredSchedule>),
    ) -> Result<StoredWorkflow, StoreError> {
        let (tenant, id) = (TenantId::default(), WorkflowId::from(workflow));
        if self.stores.workflows.workflow(&tenant, &id).await.is_err() {
            self.stores.workflows.save_workflow(workflows::save(workflow, None, Value::Null)).await?;
        }
        let activate = ActivateWorkflow::version(tenant, id, VersionNumber(1)).webhooks(webhooks).schedules(schedules);
        self.stores.workflows.activate_workflow(activate).await
    }

    /// An idempotency key that outlasts the test.
    pub async fn key(&self, key: &str, fingerprint: u8) -> IdempotencyKey {
        IdempotencyKey { key: key.to_owned(), fingerprint: [fingerprint; 32], expires: self.future().await }
    }
}

/// A chunk of a journal.
pub fn chunk(seq: u32, text: &'static str) -> Chunk {
    Chunk { seq, bytes: Bytes::from_static(text.as_bytes()), blobs: Vec::new() }
}

/// The texts of a journal.
fn texts(execution: &StoredExecution) -> Vec<String> {
    execution.journal.iter().map(|chunk| format!("{} {}", chunk.seq, String::from_utf8_lossy(&chunk.bytes))).collect()
}
