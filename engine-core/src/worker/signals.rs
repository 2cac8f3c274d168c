//! Requests to executions, wherever they are.

use std::sync::Arc;

use super::{Worker, lock};
use crate::execution::Responder;
use crate::store::{Signal, SignalKind, SignalOutcome, StoreError};

impl Worker {
    /// Sends a request to an execution. It is recorded when this returns; one that is driven here sees it at once.
    ///
    /// # Errors
    /// When there is no such execution, or the store cannot write.
    pub async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError> {
        let execution = signal.execution;
        let cancels = signal.kind == SignalKind::Cancel;
        let outcome = self.stores().executions.signal(signal).await?;
        match outcome {
            SignalOutcome::Sent => {
                if let Some(session) = self.session(execution) {
                    session.inbox.fetch(self.stores()).await?;
                }
                // Executions that it called may be driven here as well.
                if cancels {
                    self.inner.nudges.signals.give();
                }
            }
            SignalOutcome::Done => {
                self.tell(execution);
                self.inner.nudges.claims.give();
                self.inner.nudges.signals.give();
            }
            SignalOutcome::Repeated | SignalOutcome::Ended | SignalOutcome::NotWaiting => {}
        }
        Ok(outcome)
    }

    /// Wakes a waiting execution, with somebody who is answered from then on when it is driven here.
    ///
    /// # Errors
    /// When there is no such execution, or the store cannot write.
    pub async fn wake(&self, signal: Signal, responder: Option<Arc<dyn Responder>>) -> Result<SignalOutcome, StoreError> {
        let execution = signal.execution;
        match (responder, self.session(execution)) {
            (Some(responder), Some(session)) => session.inbox.answer_to(Some(responder)),
            (Some(responder), None) => drop(lock(&self.inner.responders).insert(execution, responder)),
            (None, _) => {}
        }
        let outcome = self.signal(signal).await;
        if !matches!(outcome, Ok(SignalOutcome::Done | SignalOutcome::Sent)) {
            lock(&self.inner.responders).remove(&execution);
        }
        outcome
    }

    /// Hands signals of the store to the executions that are driven here.
    pub(super) async fn take_signals(&self) -> Result<(), StoreError> {
        if self.driving() == 0 {
            return Ok(());
        }
        for signal in self.stores().executions.signals(self.id()).await? {
            if let Some(session) = self.session(signal.execution) {
                session.inbox.give(signal);
            }
        }
        Ok(())
    }
}
