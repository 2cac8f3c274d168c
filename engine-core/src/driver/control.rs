//! Pausing, resuming and cancelling an execution from outside, and telling it that what it waited for has come.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

use crate::model::{Batch, NodeId};

/// A message to a running execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// Start nothing more. Nodes that run go on.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good: running nodes are dropped.
    Cancel,
    /// What a waiting node waited for has come.
    Deliver {
        /// The waiting node.
        node: NodeId,
        /// What leaves its first output.
        items: Batch,
    },
}

/// The receiving end of signals: one for each execution, shared by whoever may signal it.
///
/// Signals are taken in the order in which they were sent; sending one again does no harm.
#[derive(Debug, Default)]
pub struct Control {
    signals: Mutex<VecDeque<Signal>>,
    waker: AtomicWaker,
}

impl Control {
    /// Sends a signal.
    pub fn send(&self, signal: Signal) {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner).push_back(signal);
        self.waker.wake();
    }

    pub(super) fn try_take(&self) -> Option<Signal> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn poll_take(&self, context: &mut Context<'_>) -> Poll<Signal> {
        self.waker.register(context.waker());
        self.try_take().map_or(Poll::Pending, Poll::Ready)
    }
}
