//! The store's clock, as a runtime: only the database decides what is due, however wrong a worker's own clock is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;

use crate::model::Timestamp;
use crate::runtime::Runtime;

/// The engine's runtime, with the store's time. How far apart the two clocks are is measured with each heartbeat.
#[derive(Debug)]
pub(super) struct StoreClock {
    inner: Arc<dyn Runtime>,
    /// Microseconds by which the store's clock is ahead.
    ahead: AtomicI64,
}

impl StoreClock {
    pub(super) fn new(inner: Arc<dyn Runtime>) -> Self {
        Self { inner, ahead: AtomicI64::new(0) }
    }

    /// Takes in what the store's clock showed at some time since `asked`, by the own clock. What is known so far stays as long as it fits: two clocks that agree
    /// are not made to differ by the time that the question took.
    pub(super) fn set(&self, asked: Timestamp, shown: Timestamp) {
        let difference = |own: Timestamp| shown.as_micros().saturating_sub(own.as_micros());
        let (most, least) = (difference(asked), difference(self.own()).min(difference(asked)));
        let ahead = self.ahead.load(Ordering::Relaxed).clamp(least, most);
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// The own clock.
    pub(super) fn own(&self) -> Timestamp {
        self.inner.now()
    }
}

impl Runtime for StoreClock {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.inner.spawn_blocking(work);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.own().as_micros().saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}
