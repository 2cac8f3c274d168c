//! Starting executions.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use serde_json::json;

use super::encode::Preface;
use super::inbox::Inbox;
use super::journal::{Standing, StoreJournal};
use super::launch::{Driven, Launch, LaunchError, Started};
use super::reply::StoredResponder;
use super::session::{Begin, Session};
use super::settle::Keeping;
use super::{PinnedPlan, Worker};
use crate::driver::{Journal, JournalEntry, JournalError};
use crate::execution::{ExecutionData, NewExecution, Responder};
use crate::model::{Batch, Durability, ExecutionId, Json};
use crate::runtime::new_execution_id;
use crate::store::{ExecutionHeader, StartExecution, StoreError, TenantId, VersionNumber};

/// An execution that is ready to be driven, and where it begins.
struct Prepared {
    session: Arc<Session>,
    execution: Arc<ExecutionData>,
    node: u32,
    items: Batch,
    /// Dropped when it is not driven any more.
    held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Worker {
    /// Starts an execution and drives it in the calling task. Dropping the future hands it back to the queue, if anything of it was recorded.
    ///
    /// Nothing is recorded before it has to be: what has no effects is recorded once, when it has ended. When this returns, what it tells is recorded.
    ///
    /// # Errors
    /// When it cannot be started or recorded; nothing with effects has run then.
    pub async fn execute(&self, launch: Launch) -> Result<Driven, LaunchError> {
        if self.is_draining() {
            return Err(LaunchError::Ending);
        }
        if self.durability(&launch.pinned) == Durability::Memory {
            return Ok(Driven::Ended(self.engine().run(&launch.pinned.plan, launch.start).await?));
        }
        if launch.has_to_be_recorded_first() {
            let prepared = self.prepare(launch).await?;
            let entry = prepared.record().await?;
            return Ok(prepared.session.drive(self.clone(), Begin::Recorded(vec![entry])).await?);
        }
        let Prepared { session, node, items, held: _held, .. } = self.prepare(launch).await?;
        Ok(session.drive(self.clone(), Begin::Fresh(node, items)).await?)
    }

    /// Starts an execution. It is recorded when this returns, and driven in the background, here or by another worker.
    ///
    /// # Errors
    /// When it cannot be started or recorded.
    pub async fn start(&self, launch: Launch) -> Result<Started, LaunchError> {
        if self.is_draining() {
            return Err(LaunchError::Ending);
        }
        if self.durability(&launch.pinned) == Durability::Memory {
            let handle = self.engine().spawn(&launch.pinned.plan, launch.start)?;
            return Ok(Started { id: handle.id(), repeated: false });
        }
        let prepared = self.prepare(launch).await?;
        let id = prepared.execution.id();
        match prepared.record().await {
            Ok(entry) => {
                let (worker, session, held) = (self.clone(), prepared.session, prepared.held);
                let task = async move {
                    drop(session.drive(worker, Begin::Recorded(vec![entry])).await);
                    drop(held);
                };
                self.engine().runtime().spawn(task.boxed());
                Ok(Started { id, repeated: false })
            }
            Err(JournalError::Fenced) => Ok(Started { id, repeated: false }),
            Err(JournalError::Existing(id)) => Ok(Started { id, repeated: true }),
            Err(error) => Err(error.into()),
        }
    }

    /// What is stored of executions of this plan.
    pub fn durability(&self, pinned: &PinnedPlan) -> Durability {
        pinned.plan.durability().unwrap_or(self.options().durability)
    }

    async fn prepare(&self, launch: Launch) -> Result<Prepared, LaunchError> {
        self.introduce().await?;
        let Launch { pinned, start, .. } = &launch;
        let node = start.node(&pinned.plan)?;
        let runtime = self.engine().runtime();
        let id = start.id.unwrap_or_else(|| new_execution_id(&**runtime));
        let execution = Arc::new(ExecutionData::new(NewExecution {
            id,
            mode: start.mode,
            plan: Arc::clone(&pinned.plan),
            services: Arc::clone(self.engine().services()),
            responder: start.responder.clone(),
            static_data: self.static_data(pinned).await?,
            depth: start.depth,
            resume_url: start.resume_url.clone(),
        }));
        let keeping = Keeping::new(&pinned.plan, start.mode, self.durability(pinned), runtime.now());
        let inbox = Arc::new(Inbox::new(id, Arc::clone(&start.control), self.far_responder(&pinned.tenant, id)));
        let standing = Standing::Unwritten(Box::new(launch.to_be_stored(id, self)));
        let journal = StoreJournal::new(self.clone(), pinned.clone(), inbox, keeping, standing).with_preface(launch.preface());
        let session = Session::new(Arc::clone(&execution), journal);
        Ok(Prepared { session, execution, node, items: launch.start.items, held: launch.held })
    }

    /// Answers whoever asks for an execution in another process.
    pub(super) fn far_responder(&self, tenant: &TenantId, execution: ExecutionId) -> Arc<dyn Responder> {
        Arc::new(StoredResponder { worker: Arc::downgrade(&self.inner), tenant: tenant.clone(), execution })
    }

    /// The static data of a workflow, where one of its nodes may read it.
    pub(super) async fn static_data(&self, pinned: &PinnedPlan) -> Result<Json, StoreError> {
        if !pinned.plan.reads_static_data() {
            return Ok(Json::new());
        }
        let stored = self.stores().static_data.static_data(&pinned.workflow).await?;
        if !stored.is_empty() {
            return Ok(stored);
        }
        let own = pinned.plan.workflow().static_data.as_ref();
        Ok(own.and_then(|data| data.as_object().cloned()).unwrap_or_default())
    }
}

impl Prepared {
    /// Records that it was started. Gives what its driver takes in first.
    async fn record(&self) -> Result<JournalEntry, JournalError> {
        let entry = JournalEntry::Started { node: self.node, items: self.items.clone(), at: self.execution.runtime().now() };
        self.session.journal.append(&self.execution, entry.clone());
        self.session.journal.write(None).await?;
        Ok(entry)
    }
}

impl Launch {
    /// Whether only the store can say if and when it runs.
    fn has_to_be_recorded_first(&self) -> bool {
        self.idempotency.is_some() || self.due.is_some() || self.concurrency_key.is_some() || self.queued
    }

    fn to_be_stored(&self, id: ExecutionId, worker: &Worker) -> StartExecution {
        let pinned = &self.pinned;
        let header = ExecutionHeader {
            id,
            tenant: pinned.tenant.clone(),
            workflow: pinned.workflow.clone(),
            version: pinned.version,
            mode: self.start.mode,
            parent: self.parent,
            retry_of: self.retry_of,
        };
        StartExecution {
            priority: self.priority,
            concurrency_key: self.concurrency_key.clone(),
            due: self.due,
            idempotency: self.idempotency.clone(),
            claim_for: (self.due.is_none() && !self.queued).then(|| worker.id()),
            ..StartExecution::new(header, Bytes::new())
        }
    }

    fn preface(&self) -> Preface {
        let unsaved = self.pinned.version == VersionNumber::UNSAVED;
        let workflow = unsaved.then(|| Arc::new(self.pinned.plan.workflow().to_json()));
        let mut options = Json::new();
        if let Some(url) = &self.start.resume_url {
            options.insert("resumeUrl".to_owned(), json!(url));
        }
        if self.start.responder.is_some() {
            options.insert("reply".to_owned(), json!(true));
        }
        Preface { workflow, options }
    }
}

impl From<JournalError> for LaunchError {
    fn from(error: JournalError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
