//! Going on with executions that were driven before: by this worker, or by one that died.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::decode::{Journaled, decode};
use super::inbox::Inbox;
use super::journal::{Standing, StoreJournal};
use super::plans::{PinnedPlan, PlanError, compile_carried};
use super::session::{Begin, Session};
use super::settle::Keeping;
use super::{Worker, lock};
use crate::driver::Control;
use crate::execution::{ExecutionData, NewExecution};
use crate::plan::Plan;
use crate::state::ExecutionStatus;
use crate::store::record::{self, Record, RecordError};
use crate::store::{Claimed, Commit, Ending, ExecutionHeader, Lease, StoreError, StoredExecution, Then, VersionNumber};

/// Why an execution cannot go on here.
enum Refusal {
    /// Never: this is how it ends.
    Ends(Box<Ending>),
    /// Not now: something cannot be reached.
    NotNow,
}

impl Worker {
    /// Drives an execution that was claimed.
    pub(super) async fn go_on(&self, claimed: Claimed, stored: Option<StoredExecution>) {
        let lease = claimed.lease;
        match self.revive(claimed, stored).await {
            Ok((session, begin)) => {
                // What it came to is recorded; nobody waits for it here.
                drop(session.drive(self.clone(), begin).await);
            }
            Err(Refusal::Ends(ending)) => self.put_back(lease, Then::Finish(ending)).await,
            Err(Refusal::NotNow) => {
                self.engine().runtime().sleep(self.options().poll).await;
                self.put_back(lease, Then::Release).await;
            }
        }
    }

    async fn put_back(&self, lease: Lease, then: Then) {
        while let Err(error) = self.stores().executions.commit(Commit::only(lease, then.clone())).await {
            if !error.is_transient() {
                return;
            }
            self.engine().runtime().sleep(self.options().poll).await;
        }
        self.tell(lease.execution);
    }

    async fn revive(&self, claimed: Claimed, stored: Option<StoredExecution>) -> Result<(Arc<Session>, Begin), Refusal> {
        let Claimed { header, lease, claims, .. } = claimed;
        let stored = stored.ok_or(Refusal::NotNow)?;
        let chunks = stored.journal.last().map_or(0, |chunk| chunk.seq + 1);
        let records = self.records(&stored).await.map_err(|error| self.unreadable(&error))?;
        let plan = self.plan_of(&header, &records).await.map_err(|error| self.no_plan(&error))?;
        let journaled = decode(&plan, records).map_err(|error| self.unreadable(&error))?;
        let pinned = PinnedPlan { plan, tenant: header.tenant.clone(), workflow: header.workflow.clone(), version: header.version };
        let static_data = self.static_data(&pinned).await.map_err(|_| Refusal::NotNow)?;
        let execution = Arc::new(self.execution_of(&header, &pinned.plan, &journaled, static_data));
        let Journaled { entries, recorded, waits, .. } = journaled;
        let inbox = Arc::new(Inbox::new(header.id, Arc::<Control>::default(), self.far_responder(&header.tenant, header.id)));
        for (node, wait) in waits {
            if let Some(resume) = &wait.resume {
                inbox.open(&node, &resume.suffix);
            }
        }
        inbox.answer_to(lock(&self.inner.responders).remove(&header.id));
        stored.signals.into_iter().for_each(|signal| inbox.give(signal));
        let keeping = Keeping::new(&pinned.plan, header.mode, self.durability(&pinned), stored.summary.created);
        let journal = StoreJournal::new(self.clone(), pinned, inbox, keeping, Standing::Leased(lease)).after(chunks, recorded).claimed(claims);
        Ok((Session::new(execution, journal), Begin::Recorded(entries)))
    }

    /// The records of a journal, with what lies in the blob store brought back.
    pub(super) async fn records(&self, stored: &StoredExecution) -> Result<Vec<Record>, RecordError> {
        let mut records = Vec::new();
        for chunk in &stored.journal {
            records.append(&mut record::decode(&chunk.bytes)?);
        }
        record::resolve(&mut records, &*self.stores().blobs).await?;
        Ok(records)
    }

    /// The plan to which an execution is pinned.
    pub(super) async fn plan_of(&self, header: &ExecutionHeader, records: &[Record]) -> Result<Arc<Plan>, PlanError> {
        if header.version != VersionNumber::UNSAVED {
            return self.plan(&header.workflow, header.version).await;
        }
        let Some(Record::Started(record::Started { workflow: Some(definition), .. })) = records.first() else {
            return Err(StoreError::corrupt("execution", header.id.to_string(), "it carries no workflow").into());
        };
        compile_carried(self.engine(), &header.workflow, definition)
    }

    /// An execution as its records describe it.
    pub(super) fn execution_of(
        &self,
        header: &ExecutionHeader,
        plan: &Arc<Plan>,
        journaled: &Journaled,
        static_data: crate::model::Json,
    ) -> ExecutionData {
        let recorded = journaled.options.get("resumeUrl").and_then(serde_json::Value::as_str).map(Arc::from);
        let resume_url = recorded.or_else(|| self.options().resume_url.as_ref().map(|url| url(header.id).into()));
        ExecutionData::new(NewExecution {
            id: header.id,
            mode: header.mode,
            plan: Arc::clone(plan),
            services: Arc::clone(self.engine().services()),
            responder: (journaled.options.get("reply") == Some(&true.into())).then(|| self.far_responder(&header.tenant, header.id)),
            static_data,
            depth: journaled.depth,
            resume_url,
        })
    }

    fn unreadable(&self, error: &RecordError) -> Refusal {
        match error {
            RecordError::Blob(crate::blob::BlobError::Io(_)) => Refusal::NotNow,
            error => Refusal::Ends(Box::new(Ending::unreadable(&error.to_string(), self.engine().runtime().now()))),
        }
    }

    fn no_plan(&self, error: &PlanError) -> Refusal {
        let now = self.engine().runtime().now();
        match error {
            PlanError::Store(error) if error.is_transient() => Refusal::NotNow,
            PlanError::Store(error) => Refusal::Ends(Box::new(Ending::unreadable(&error.to_string(), now))),
            PlanError::Invalid { .. } => {
                let error = serde_json::json!({ "message": error.to_string(), "code": "invalid-workflow" });
                Refusal::Ends(Box::new(Ending::new(ExecutionStatus::Error, now).with_error(error)))
            }
        }
    }
}

/// Counts an execution that came from the queue for as long as it is driven.
pub(super) struct Counted(Worker);

impl Counted {
    pub(super) fn new(worker: &Worker) -> Self {
        worker.inner.claimed.fetch_add(1, Ordering::AcqRel);
        Self(worker.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.inner.claimed.fetch_sub(1, Ordering::AcqRel);
        self.0.inner.nudges.claims.give();
    }
}
