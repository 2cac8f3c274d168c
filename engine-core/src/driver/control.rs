//! Pausing, resuming and cancelling an execution from outside, and telling it that what it waited for has come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::future::poll_fn;
use futures::task::AtomicWaker;

use crate::execution::Responder;
use crate::model::{Batch, NodeId};
use crate::node::Wait;

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
    mail: Mutex<Mail>,
    waker: AtomicWaker,
    waits: Mutex<Vec<(NodeId, Wait)>>,
    responder: Mutex<Option<Arc<dyn Responder>>>,
}

/// What was sent and not taken yet, and who waits until it is taken.
#[derive(Debug, Default)]
struct Mail {
    signals: VecDeque<Signal>,
    waiting: Vec<Waker>,
}

impl Control {
    /// Sends a signal.
    pub fn send(&self, signal: Signal) {
        lock(&self.mail).signals.push_back(signal);
        self.waker.wake();
    }

    /// The nodes that wait now, and what for.
    pub fn waits(&self) -> Vec<(NodeId, Wait)> {
        lock(&self.waits).clone()
    }

    /// Hands a waiting node what it waited for, with somebody who is answered from then on instead of whoever started the execution. False when it does not
    /// wait, or was handed it before.
    pub fn deliver(&self, node: NodeId, items: Batch, responder: Option<Arc<dyn Responder>>) -> bool {
        let mut waits = lock(&self.waits);
        let Some(index) = waits.iter().position(|(waiting, wait)| *waiting == node && wait.resume.is_some()) else { return false };
        waits.remove(index);
        drop(waits);
        if let Some(responder) = responder {
            *lock(&self.responder) = Some(responder);
        }
        self.send(Signal::Deliver { node, items });
        true
    }

    /// Hands a node what it waits for, when it does; somebody who is named is answered from then on.
    pub(crate) fn hand(&self, node: NodeId, items: Batch, responder: Option<Arc<dyn Responder>>) {
        lock(&self.waits).retain(|(waiting, _)| *waiting != node);
        if responder.is_some() {
            *lock(&self.responder) = responder;
        }
        self.send(Signal::Deliver { node, items });
    }

    pub(super) fn waiting(&self, node: NodeId, wait: Wait) {
        lock(&self.waits).push((node, wait));
    }

    pub(super) fn waited(&self, node: &NodeId) {
        lock(&self.waits).retain(|(waiting, _)| waiting != node);
    }

    pub(super) fn take_responder(&self) -> Option<Arc<dyn Responder>> {
        lock(&self.responder).take()
    }

    pub(super) fn try_take(&self) -> Option<Signal> {
        let mut mail = lock(&self.mail);
        let signal = mail.signals.pop_front();
        if signal.is_none() {
            mail.waiting.drain(..).for_each(Waker::wake);
        }
        signal
    }

    /// How many signals were sent and not taken yet.
    pub(crate) fn unread(&self) -> usize {
        lock(&self.mail).signals.len()
    }

    /// Completes when the driver has taken all signals that were sent, and has done what they ask for.
    pub(crate) async fn settled(&self) {
        poll_fn(|context| {
            let mut mail = lock(&self.mail);
            if mail.signals.is_empty() {
                return Poll::Ready(());
            }
            mail.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(super) fn poll_take(&self, context: &mut Context<'_>) -> Poll<Signal> {
        self.waker.register(context.waker());
        self.try_take().map_or(Poll::Pending, Poll::Ready)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
