//! What the store has to tell an execution that is driven here: signals, each taken once, and which of them its journal accounts for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::driver::{Control, Signal};
use crate::execution::Responder;
use crate::model::{ExecutionId, NodeId};
use crate::store::{PendingSignal, ResumeToken, SignalId, SignalKind, StoreError, Stores};

/// The signals of one execution.
#[derive(Debug)]
pub(super) struct Inbox {
    execution: ExecutionId,
    pub(super) control: Arc<Control>,
    /// Answers whoever asked in another process.
    far: Arc<dyn Responder>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Signals that were given to the driver, in order, with whether the journal accounts for them.
    given: Vec<(SignalId, Given)>,
    points: HashMap<ResumeToken, NodeId>,
    paused: bool,
    /// Who is answered when somebody resumes the execution in this process.
    responder: Option<Arc<dyn Responder>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Given {
    /// Counts when the execution is put aside or ends.
    Standing,
    /// Counts when the wait of this node is over.
    Wake(NodeId),
    /// The next write accounts for it.
    Counted,
    /// A write accounts for it.
    Done,
}

impl Inbox {
    pub(super) fn new(execution: ExecutionId, control: Arc<Control>, far: Arc<dyn Responder>) -> Self {
        Self { execution, control, far, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request to pause it has not been taken back.
    pub(super) fn is_paused(&self) -> bool {
        self.lock().paused
    }

    /// Says who is answered when a wait is resumed that this process asked for.
    pub(super) fn answer_to(&self, responder: Option<Arc<dyn Responder>>) {
        if responder.is_some() {
            self.lock().responder = responder;
        }
    }

    /// A node waits under a token from now on. The token is what the node chose, or something longer where that is taken.
    pub(super) fn open(&self, node: &NodeId, suffix: &str) -> ResumeToken {
        let mut state = self.lock();
        let mut token = ResumeToken::from(suffix.trim_matches('/'));
        if state.points.get(&token).is_some_and(|holder| holder != node) {
            token = ResumeToken::from(format!("{token}#{node}"));
        }
        state.points.insert(token.clone(), node.clone());
        token
    }

    /// The wait of a node is over.
    pub(super) fn close(&self, node: &NodeId) -> Option<ResumeToken> {
        let mut state = self.lock();
        for (_, given) in &mut state.given {
            if *given == Given::Wake(node.clone()) {
                *given = Given::Counted;
            }
        }
        let token = state.points.iter().find(|(_, holder)| *holder == node).map(|(token, _)| token.clone())?;
        state.points.remove(&token);
        Some(token)
    }

    /// Gives a signal to the driver, unless it was given before.
    pub(super) fn give(&self, signal: PendingSignal) {
        let mut state = self.lock();
        if state.given.iter().any(|(id, _)| *id == signal.id) {
            return;
        }
        let given = match signal.kind {
            SignalKind::Cancel => {
                self.control.send(Signal::Cancel);
                Given::Standing
            }
            SignalKind::Pause => {
                state.paused = true;
                self.control.send(Signal::Pause);
                Given::Standing
            }
            SignalKind::Resume => {
                state.paused = false;
                self.control.send(Signal::Resume);
                Given::Standing
            }
            SignalKind::Wake { token, payload } => match state.points.get(&token).cloned() {
                Some(node) => {
                    let items = payload.get("items").cloned().unwrap_or_default();
                    let items = crate::format::batch_from_json(items).unwrap_or_default();
                    let asked_far = || (payload["reply"] == true).then(|| Arc::clone(&self.far));
                    let responder = state.responder.take().or_else(asked_far);
                    self.control.hand(node.clone(), items, responder);
                    Given::Wake(node)
                }
                None => Given::Counted,
            },
        };
        state.given.push((signal.id, given));
    }

    /// Looks for signals in the store.
    pub(super) async fn fetch(&self, stores: &Stores) -> Result<(), StoreError> {
        for stored in stores.executions.load(&[self.execution]).await? {
            stored.signals.into_iter().for_each(|signal| self.give(signal));
        }
        Ok(())
    }

    /// Completes when the driver has taken everything that was given to it.
    pub(super) async fn settled(&self) {
        self.control.settled().await;
    }

    /// The signals that the next write accounts for: those whose wait is over, and all that the driver has taken when the execution is put aside or ends.
    pub(super) fn take_handled(&self, leaving: bool) -> Vec<SignalId> {
        let mut state = self.lock();
        let unread = self.control.unread();
        let read = state.given.len().saturating_sub(unread);
        let mut handled = Vec::new();
        for (index, (id, given)) in state.given.iter_mut().enumerate() {
            if *given == Given::Counted || leaving && index < read && *given != Given::Done {
                handled.push(*id);
                *given = Given::Done;
            }
        }
        handled
    }
}
