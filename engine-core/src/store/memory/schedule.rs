//! Schedules in memory.

use async_trait::async_trait;

use super::MemoryStore;
use super::state::State;
use crate::model::WorkflowId;
use crate::store::{Fired, ScheduleStore, Start, StoreError, StoredSchedule, Wakeup};

impl State {
    /// Replaces all schedules of a workflow. One that was there with the same rule and zone keeps its `next` and `last`.
    pub(super) fn set_schedules(&mut self, workflow: &WorkflowId, schedules: Vec<StoredSchedule>) {
        let mut before = std::mem::take(&mut self.schedules);
        for mut schedule in schedules {
            if let Some(same) = before.get(&schedule.id).filter(|old| old.spec == schedule.spec && old.time_zone == schedule.time_zone) {
                schedule.next = same.next;
                schedule.last = same.last;
            }
            self.schedules.insert(schedule.id.clone(), schedule);
        }
        before.retain(|id, _| id.workflow != *workflow);
        self.schedules.append(&mut before);
    }
}

#[async_trait]
impl ScheduleStore for MemoryStore {
    async fn due_schedules(&self, limit: u32) -> Result<Vec<StoredSchedule>, StoreError> {
        let now = self.now();
        let mut due: Vec<_> = self.state().schedules.values().filter(|schedule| schedule.next.is_some_and(|next| next <= now)).cloned().collect();
        due.sort_by(|a, b| (a.next, &a.id).cmp(&(b.next, &b.id)));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn schedules(&self, workflow: Option<&WorkflowId>) -> Result<Vec<StoredSchedule>, StoreError> {
        let state = self.state();
        Ok(state.schedules.values().filter(|schedule| workflow.is_none_or(|workflow| schedule.id.workflow == *workflow)).cloned().collect())
    }

    async fn fire(&self, fired: Fired) -> Result<Option<Start>, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let Some(schedule) = state.schedules.get(&fired.schedule) else { return Ok(None) };
        if schedule.last.is_some_and(|last| fired.slot <= last) {
            return Ok(None);
        }
        let started = fired.start.map(|start| state.start(start, now)).transpose()?;
        if let Some(schedule) = state.schedules.get_mut(&fired.schedule) {
            schedule.last = Some(fired.slot);
            schedule.next = fired.next;
        }
        drop(state);
        if started.is_some() {
            self.tell(Wakeup::Ready);
        }
        Ok(started)
    }
}
