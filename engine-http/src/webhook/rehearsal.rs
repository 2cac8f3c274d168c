//! Webhooks that are tried out: `/webhook-test/...` serves the newest saved version of a workflow for one call, for a short time after somebody asked for it.
//!
//! Which ones are open is known to the process that was asked; behind a balancer, the call has to reach the same one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::Method;
use engine_core::model::{Json, Timestamp, WorkflowId};

use super::{Hook, RouteTable};
use crate::service::{ActivationError, ServedWebhook};

/// The webhooks that are open for one call.
#[derive(Debug, Default)]
pub(crate) struct Rehearsals(Mutex<HashMap<WorkflowId, Open>>);

#[derive(Debug)]
struct Open {
    hooks: Vec<Arc<Hook>>,
    until: Timestamp,
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
}

impl Rehearsals {
    /// Opens the webhooks of a workflow until then, in place of those that were open.
    ///
    /// # Errors
    /// When another workflow has one of them open.
    pub(crate) fn open(
        &self,
        id: &WorkflowId,
        hooks: Vec<Arc<Hook>>,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<Vec<ServedWebhook>, ActivationError> {
        let hooks: Vec<Arc<Hook>> = hooks.into_iter().filter_map(Arc::into_inner).map(|hook| Arc::new(hook.rehearsed())).collect();
        let mut open = self.lock(now);
        let others = open.iter().filter(|(other, _)| *other != id).flat_map(|(_, open)| &open.hooks);
        RouteTable::build(others.chain(&hooks))?;
        let served = hooks.iter().map(|hook| hook.served()).collect();
        open.insert(id.clone(), Open { hooks, until });
        Ok(served)
    }

    /// Closes the webhooks of a workflow; false when none was open.
    pub(crate) fn close(&self, id: &WorkflowId, now: Timestamp) -> bool {
        self.lock(now).remove(id).is_some()
    }

    /// The webhook that a call means. It is closed then, with all others of its workflow; a form stays open, for it has to be seen before it is sent.
    pub(super) fn take(&self, path: &str, method: &Method, now: Timestamp) -> Result<Meant, Unmeant> {
        let mut open = self.lock(now);
        let table = RouteTable::build(open.values().flat_map(|open| &open.hooks)).map_err(|_| Unmeant::Unknown)?;
        let found = table.find(path).ok_or(Unmeant::Unknown)?;
        let (hook, output) = found.hook(method).ok_or_else(|| Unmeant::Method(found.methods()))?;
        let (hook, params) = (Arc::clone(hook), found.params(hook));
        if hook.form.is_none() {
            open.remove(&hook.workflow);
        }
        Ok(Meant { hook, output, params })
    }

    /// Those that are open now.
    fn lock(&self, now: Timestamp) -> MutexGuard<'_, HashMap<WorkflowId, Open>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, open| now < open.until);
        open
    }
}
