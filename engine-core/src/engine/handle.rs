//! An execution that runs in the background.

use std::fmt;
use std::sync::Arc;

use futures::channel::oneshot;

use crate::driver::{Control, ExecutionResult, Signal};
use crate::model::{Batch, ExecutionId, NodeId};

/// Watches and controls an execution that runs in the background. Dropping it leaves the execution alone.
pub struct ExecutionHandle {
    id: ExecutionId,
    control: Arc<Control>,
    done: oneshot::Receiver<ExecutionResult>,
}

impl ExecutionHandle {
    pub(super) fn new(id: ExecutionId, control: Arc<Control>) -> (Self, impl FnOnce(ExecutionResult) + Send) {
        let (sender, done) = oneshot::channel();
        // Nobody may be listening any more.
        (Self { id, control, done }, move |result| drop(sender.send(result)))
    }

    /// The execution's id.
    pub fn id(&self) -> ExecutionId {
        self.id
    }

    /// Starts nothing more until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.control.send(Signal::Pause);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.control.send(Signal::Resume);
    }

    /// Stops it for good; running nodes are dropped.
    pub fn cancel(&self) {
        self.control.send(Signal::Cancel);
    }

    /// Hands a waiting node what it waited for.
    pub fn deliver(&self, node: NodeId, items: impl Into<Batch>) {
        self.control.send(Signal::Deliver { node, items: items.into() });
    }

    /// Waits for the end; `None` when the runtime went away first.
    pub async fn wait(self) -> Option<ExecutionResult> {
        self.done.await.ok()
    }
}

impl fmt::Debug for ExecutionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
