//! What the runs of nodes share with the loop: the execution, its journal, and the gate that a pause closes.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use futures::future::poll_fn;

use super::Journal;
use crate::execution::ExecutionData;
use crate::observer::ExecutionEvent;

/// What the runs of nodes share with the loop.
pub(super) struct Shared<'a> {
    pub(super) execution: &'a Arc<ExecutionData>,
    pub(super) journal: Option<&'a dyn Journal>,
    observes: bool,
    paused: AtomicBool,
    gate: Mutex<Vec<Waker>>,
    gated: AtomicUsize,
}

impl<'a> Shared<'a> {
    pub(super) fn new(execution: &'a Arc<ExecutionData>, journal: Option<&'a dyn Journal>) -> Self {
        let observes = execution.services.observer.wants_nodes();
        Self { execution, journal, observes, paused: AtomicBool::new(false), gate: Mutex::default(), gated: AtomicUsize::new(0) }
    }

    #[inline]
    pub(super) fn observe(&self, event: ExecutionEvent<'_>) {
        if self.observes {
            self.tell(event);
        }
    }

    /// A broken observer must not break the execution.
    #[cold]
    fn tell(&self, event: ExecutionEvent<'_>) {
        let observer = &self.execution.services.observer;
        drop(std::panic::catch_unwind(AssertUnwindSafe(|| observer.observe(self.execution, event))));
    }

    /// Completes when the execution is not paused.
    pub(super) async fn gate(&self) {
        if !self.is_paused() {
            return;
        }
        let _gated = Gated::new(&self.gated);
        poll_fn(|context| {
            if !self.paused.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            self.gate.lock().unwrap_or_else(PoisonError::into_inner).push(context.waker().clone());
            if self.paused.load(Ordering::Acquire) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// How many runs wait for the end of a pause before they begin, or try again.
    pub(super) fn gated(&self) -> usize {
        self.gated.load(Ordering::Acquire)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
        if !paused {
            self.gate.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(Waker::wake);
        }
    }
}

/// Counts a run as long as it waits for the end of a pause.
struct Gated<'a>(&'a AtomicUsize);

impl<'a> Gated<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Gated<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
