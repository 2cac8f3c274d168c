//! Firing schedules: each slot starts one execution, whichever worker is first.

use std::time::Duration;

use super::Worker;
use crate::execution::ExecutionMode;
use crate::model::{Batch, Timestamp};
use crate::runtime::new_execution_id;
use crate::schedule::{self, Due};
use crate::store::record::{self, Output, Record};
use crate::store::{ExecutionHeader, Fired, StartExecution, StoreError, StoredSchedule};

/// So many schedules are looked at in one call.
const PAGE: u32 = 100;

impl Worker {
    /// Fires what is due. Gives how long to wait until looking again.
    pub(super) async fn fire_due(&self) -> Result<Duration, StoreError> {
        loop {
            let due = self.stores().schedules.due_schedules(PAGE).await?;
            let full = due.len() == PAGE as usize;
            for schedule in due {
                self.fire(&schedule).await?;
            }
            if !full {
                return Ok(self.options().poll);
            }
        }
    }

    async fn fire(&self, schedule: &StoredSchedule) -> Result<(), StoreError> {
        let now = self.engine().runtime().now();
        // A schedule that cannot be read any more is passed over, and is not looked at again until its workflow is activated anew.
        let unreadable = Due { next: None, ..Due::default() };
        let due = schedule::due(schedule, now).unwrap_or(unreadable);
        for slot in &due.fire {
            let start = self.start_of(schedule, slot.start_at, now)?;
            self.pass_slot(schedule, (slot.at, slot.next), Some(start)).await?;
        }
        if due.fire.is_empty() {
            let newest = due.passed.map(|passed| passed.newest).or(schedule.next).unwrap_or(now);
            self.pass_slot(schedule, (newest, due.next), None).await?;
        }
        Ok(())
    }

    async fn pass_slot(
        &self,
        schedule: &StoredSchedule,
        (slot, next): (Timestamp, Option<Timestamp>),
        start: Option<StartExecution>,
    ) -> Result<(), StoreError> {
        self.stores().schedules.fire(Fired { schedule: schedule.id.clone(), slot, next, start }).await?;
        self.inner.nudges.claims.give();
        Ok(())
    }

    /// The execution that a slot starts: at the trigger, which finds out the time by itself.
    fn start_of(&self, schedule: &StoredSchedule, at: Timestamp, now: Timestamp) -> Result<StartExecution, StoreError> {
        let header = ExecutionHeader {
            id: new_execution_id(&**self.engine().runtime()),
            tenant: schedule.tenant.clone(),
            workflow: schedule.id.workflow.clone(),
            version: schedule.version,
            mode: ExecutionMode::Trigger,
            parent: None,
            retry_of: None,
        };
        let started = record::Started {
            node: Some(schedule.id.node.clone()),
            items: Some(vec![Output::Items(Batch::EMPTY)]),
            at: now,
            ..record::Started::default()
        };
        let encoded = record::encode(&[Record::Started(started)]).map_err(|error| StoreError::Backend(error.into()))?;
        let start = StartExecution { records: encoded.at(0), ..StartExecution::new(header, bytes::Bytes::new()) };
        Ok(if at > now { start.not_before(at) } else { start })
    }
}
