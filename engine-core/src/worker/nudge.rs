//! Waking somebody who waits: a loop before its time, an execution that is to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::future::poll_fn;
use futures::task::AtomicWaker;

/// Tells one who waits that looking again may be worth it. Several nudges before it looks are one.
#[derive(Debug, Default)]
pub(super) struct Nudge {
    given: AtomicBool,
    waker: AtomicWaker,
}

impl Nudge {
    pub(super) fn give(&self) {
        self.given.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Completes when a nudge was given since the last time.
    pub(super) async fn taken(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            if self.given.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
