//! What becomes of an execution when its driver stops: what is kept of it, and what follows from its end.

use serde_json::Value;

use super::journal::StoreJournal;
use crate::driver::{ExecutionResult, JournalError, Outcome};
use crate::execution::ExecutionMode;
use crate::model::{Durability, Timestamp};
use crate::plan::Plan;
use crate::state::ExecutionStatus;
use crate::store::{Ending, Keep, Then};

/// What an execution's journal knows of it from the start.
#[derive(Debug)]
pub(super) struct Keeping {
    pub(super) mode: ExecutionMode,
    pub(super) started: Timestamp,
    /// Nothing but the end is stored.
    pub(super) only_end: bool,
    succeeded: Keep,
    failed: Keep,
}

impl Keeping {
    pub(super) fn new(plan: &Plan, mode: ExecutionMode, durability: Durability, started: Timestamp) -> Self {
        let settings = &plan.workflow().settings.extra;
        let says = |name: &str| settings.get(name).and_then(Value::as_str);
        let is_off = |name: &str| settings.get(name) == Some(&Value::Bool(false));
        let kept = |name: &str| match says(name) {
            Some("none") => Keep::Nothing,
            _ if mode == ExecutionMode::Manual && is_off("saveManualExecutions") => Keep::Nothing,
            Some("finalState") => Keep::FinalState,
            _ => Keep::Everything,
        };
        Self {
            mode,
            started,
            only_end: durability == Durability::Result,
            succeeded: kept("saveDataSuccessExecution"),
            failed: kept("saveDataErrorExecution"),
        }
    }

    fn keep(&self, status: ExecutionStatus) -> Keep {
        if status == ExecutionStatus::Success { self.succeeded } else { self.failed }
    }
}

impl StoreJournal {
    /// What becomes of the execution.
    pub(super) async fn then(&self, outcome: &Outcome) -> Result<Then, JournalError> {
        match outcome {
            Outcome::Ended(result) => {
                if result.status() == ExecutionStatus::Error {
                    self.worker.failed(&self.pinned, result).await?;
                }
                if self.keeping.keep(result.status()) != Keep::Everything {
                    // Whoever filled in its form is told less then.
                    drop(self.worker.keep_ending(result.execution()).await);
                }
                Ok(Then::Finish(Box::new(self.ending(result))))
            }
            Outcome::Parked(parked) if !parked.paused => Ok(Then::Wait { due: parked.until }),
            Outcome::Parked(_) if self.inbox.is_paused() => Ok(Then::Pause),
            // Nobody paused it but the worker, which is ending.
            Outcome::Parked(_) => Ok(Then::Release),
        }
    }

    fn ending(&self, result: &ExecutionResult) -> Ending {
        let execution = result.execution();
        let last_node = result.last_node().and_then(|name| execution.plan().find(name));
        Ending {
            error: result.error().map(|error| serde_json::json!(error)),
            last_node: last_node.map(|node| execution.plan().node(node).spec.id.clone()),
            custom: execution.custom_data(),
            static_data: execution.changed_static_data().filter(|_| self.keeping.mode != ExecutionMode::Manual),
            keep: self.keeping.keep(result.status()),
            ..Ending::new(result.status(), execution.runtime().now())
        }
    }
}
