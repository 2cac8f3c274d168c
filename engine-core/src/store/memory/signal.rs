//! Signals in memory.

use super::state::{Standing, State, Taken};
use crate::model::{ExecutionId, Timestamp};
use crate::state::ExecutionStatus;
use crate::store::{Ending, Signal, SignalKind, SignalOutcome, StoreError};

impl State {
    pub(super) fn signal(&mut self, signal: &Signal, now: Timestamp) -> Result<SignalOutcome, StoreError> {
        let id = signal.execution;
        if self.ended.contains_key(&id) {
            return Ok(SignalOutcome::Ended);
        }
        let Some(active) = self.active.get_mut(&id) else { return Err(StoreError::not_found("execution", id.to_string())) };
        if active.requests.contains(&signal.request) {
            return Ok(SignalOutcome::Repeated);
        }
        if let SignalKind::Wake { token, .. } = &signal.kind {
            let open = active.points.iter_mut().find(|(point, taken)| point.token == *token && *taken == Taken::No);
            let Some((_, taken)) = open else { return Ok(SignalOutcome::NotWaiting) };
            *taken = Taken::Yes;
        }
        active.requests.insert(signal.request.clone());
        if signal.kind == SignalKind::Cancel {
            for child in self.descendants(id) {
                self.cancel_child(child, signal, now);
            }
        }
        Ok(self.take_effect(signal, now))
    }

    fn take_effect(&mut self, signal: &Signal, now: Timestamp) -> SignalOutcome {
        let id = signal.execution;
        let number = self.next_signal();
        let Some(active) = self.active.get_mut(&id) else { return SignalOutcome::Ended };
        match (active.standing, &signal.kind) {
            (Standing::Leased(_), kind) => {
                active.signals.insert(number, (signal.request.clone(), kind.clone()));
                return SignalOutcome::Sent;
            }
            (_, SignalKind::Cancel) => self.end(id, Ending::new(ExecutionStatus::Canceled, now)),
            (standing, SignalKind::Wake { .. }) => {
                active.signals.insert(number, (signal.request.clone(), signal.kind.clone()));
                if standing == Standing::Waiting {
                    self.place(id, Standing::Ready, None);
                }
            }
            (Standing::Ready, SignalKind::Pause) => self.place(id, Standing::Paused, None),
            (Standing::Waiting, SignalKind::Pause) => self.pause_waiting(id),
            (Standing::Paused, SignalKind::Resume) => self.resume(id, now),
            (_, SignalKind::Pause | SignalKind::Resume) => {}
        }
        SignalOutcome::Done
    }

    /// Pauses and remembers when it was due: a resumed execution must not go on too early.
    fn pause_waiting(&mut self, id: ExecutionId) {
        let due = self.active.get(&id).and_then(|active| active.due);
        self.place(id, Standing::Paused, due);
    }

    fn resume(&mut self, id: ExecutionId, now: Timestamp) {
        let Some(active) = self.active.get(&id) else { return };
        let due = active.due.filter(|due| *due > now && active.signals.is_empty());
        self.place(id, if due.is_some() { Standing::Waiting } else { Standing::Ready }, due);
    }

    fn cancel_child(&mut self, child: ExecutionId, signal: &Signal, now: Timestamp) {
        let Some(active) = self.active.get_mut(&child) else { return };
        if active.requests.insert(signal.request.clone()) {
            self.take_effect(&Signal { execution: child, ..signal.clone() }, now);
        }
    }

    /// The executions that this one called, and those that they called, as far as they have not ended.
    fn descendants(&self, id: ExecutionId) -> Vec<ExecutionId> {
        let mut found = vec![id];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(self.active.values().filter(|active| active.header.parent == Some(parent)).map(|active| active.header.id));
            next += 1;
        }
        found.split_off(1)
    }
}
