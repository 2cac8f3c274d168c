//! Webhooks that are tried out: `/webhook-test/...` serves the newest saved version of a workflow for one call, for a short time after somebody asked for it.
//!
//! What is open lies in the store, so that the call may come to any process: a document for each time that somebody asked. Its name is new each time, so that it can be
//! removed once, by the call that uses it up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use engine_core::model::{Json, Timestamp, WorkflowId};
use engine_core::store::{Document, PageRequest, StoreError, TenantId, VersionNumber};
use engine_core::worker::PinnedPlan;
use serde::{Deserialize, Serialize};

use super::{Hook, RouteTable, hooks};
use crate::service::{ActivationError, Inner, ServedWebhook};

/// For how long they are open, by the store's clock.
const OPEN: Duration = Duration::from_mins(2);

/// Where they lie. A call names no tenant, so those of all tenants lie together.
const COLLECTION: &str = "test-webhook";

/// Documents are read so many at a time.
const PAGE: u32 = 250;

/// What is stored of those who asked.
#[derive(Serialize, Deserialize)]
struct Asked {
    tenant: String,
    workflow: WorkflowId,
    version: u32,
}

/// The webhooks of a workflow that are open.
struct Open {
    /// The document.
    id: String,
    hooks: Vec<Arc<Hook>>,
}

/// What was opened.
pub(crate) struct Opened {
    pub(crate) webhooks: Vec<ServedWebhook>,
    pub(crate) until: Timestamp,
}

/// A webhook that a call meant.
pub(super) struct Meant {
    pub(super) hook: Arc<Hook>,
    pub(super) output: usize,
    pub(super) params: Json,
}

/// Why none was meant.
pub(super) enum Unmeant {
    Unknown,
    Method(Vec<Method>),
    Store(StoreError),
}

impl From<StoreError> for Unmeant {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Inner {
    /// Opens the webhooks of a workflow, in place of those that were open; none when it has none.
    ///
    /// # Errors
    /// When another workflow has one of them open, the options of one cannot be served, or the store fails.
    pub(crate) async fn open_rehearsal(&self, pinned: &PinnedPlan) -> Result<Result<Opened, ActivationError>, StoreError> {
        let own = match rehearsed(pinned) {
            Ok(own) => own,
            Err(error) => return Ok(Err(error)),
        };
        let webhooks: Vec<ServedWebhook> = own.iter().map(|hook| hook.served()).collect();
        if webhooks.is_empty() {
            return Ok(Ok(Opened { webhooks, until: Timestamp::EPOCH }));
        }
        let asked = Asked { tenant: pinned.tenant.to_string(), workflow: pinned.workflow.clone(), version: pinned.version.0 };
        let document = Document {
            tenant: TenantId::default(),
            collection: COLLECTION.to_owned(),
            id: self.executions.new_id().to_string(),
            body: serde_json::to_value(&asked).map_err(|error| StoreError::Backend(error.into()))?,
            revision: 0,
            created: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
        };
        let saved = self.stores.documents.save_document(document).await?;
        // Looked at only then: of two who open the same at the same time, one sees the other.
        let mut open = self.rehearsals().await?;
        open.remove(&pinned.workflow);
        let mut table = RouteTable::of_the_first(open.values().flat_map(|open| &open.hooks));
        if let Err(taken) = own.iter().try_for_each(|hook| table.add(hook)) {
            self.remove_rehearsal(&saved.id).await?;
            return Ok(Err(taken));
        }
        self.close_rehearsals(|other, id| *other == pinned.workflow && id != saved.id).await?;
        Ok(Ok(Opened { webhooks, until: saved.created.after(OPEN) }))
    }

    /// Closes the webhooks of a workflow.
    pub(crate) async fn close_rehearsal(&self, workflow: &WorkflowId) -> Result<(), StoreError> {
        self.close_rehearsals(|other, _| other == workflow).await
    }

    /// The webhook that a call means. It is closed then, with all others of its workflow; a form stays open, for it has to be seen before it is sent.
    pub(super) async fn take_rehearsal(&self, path: &str, method: &Method) -> Result<Meant, Unmeant> {
        let open = self.rehearsals().await?;
        let table = RouteTable::of_the_first(open.values().flat_map(|open| &open.hooks));
        let found = table.find(path).ok_or(Unmeant::Unknown)?;
        let (hook, output) = found.hook(method).ok_or_else(|| Unmeant::Method(found.methods()))?;
        let (hook, params) = (Arc::clone(hook), found.params(hook));
        let opened = open.get(&hook.workflow).ok_or(Unmeant::Unknown)?;
        // Whoever removes it has it: another call may have come at the same time.
        let is_ours = hook.form.is_some() || self.remove_rehearsal(&opened.id).await?;
        if is_ours { Ok(Meant { hook, output, params }) } else { Err(Unmeant::Unknown) }
    }

    /// What is open now, of each workflow what was opened last.
    async fn rehearsals(&self) -> Result<BTreeMap<WorkflowId, Open>, StoreError> {
        let mut open = BTreeMap::new();
        for (id, asked) in self.asked_rehearsals().await? {
            let tenant = TenantId::from(asked.tenant.as_str());
            let pinned = match self.stored_plan(&tenant, &asked.workflow, VersionNumber(asked.version)).await {
                Ok(Ok(pinned)) => pinned,
                // It was deleted, or cannot run here.
                Ok(Err(_)) | Err(StoreError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            if let Ok(hooks) = rehearsed(&pinned) {
                // Names grow with time.
                open.insert(asked.workflow, Open { id, hooks });
            }
        }
        Ok(open)
    }

    /// What somebody asked for, the oldest first. What is over is removed.
    async fn asked_rehearsals(&self) -> Result<Vec<(String, Asked)>, StoreError> {
        let now = self.engine.runtime().now();
        let mut asked = Vec::new();
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = self.stores.documents.documents(&TenantId::default(), COLLECTION, page).await?;
            for document in found.items {
                match serde_json::from_value(document.body) {
                    Ok(one) if now < document.created.after(OPEN) => asked.push((document.id, one)),
                    _ => drop(self.remove_rehearsal(&document.id).await?),
                }
            }
            match found.next {
                Some(next) => page = PageRequest::after(next, PAGE),
                None => return Ok(asked),
            }
        }
    }

    async fn close_rehearsals(&self, which: impl Fn(&WorkflowId, &str) -> bool) -> Result<(), StoreError> {
        for (id, asked) in self.asked_rehearsals().await? {
            if which(&asked.workflow, &id) {
                self.remove_rehearsal(&id).await?;
            }
        }
        Ok(())
    }

    async fn remove_rehearsal(&self, id: &str) -> Result<bool, StoreError> {
        self.stores.documents.delete_document(&TenantId::default(), COLLECTION, id).await
    }
}

fn rehearsed(pinned: &PinnedPlan) -> Result<Vec<Arc<Hook>>, ActivationError> {
    Ok(hooks(pinned)?.into_iter().filter_map(Arc::into_inner).map(|hook| Arc::new(hook.rehearsed())).collect())
}
