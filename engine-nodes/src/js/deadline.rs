//! When a script must stop: looked at by QuickJS every few thousand steps.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The deadline of whatever runs in a realm, and a way to stop it sooner. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Deadline(Arc<State>);

#[derive(Debug)]
struct State {
    start: Instant,
    /// In nanoseconds from `start`.
    end: AtomicU64,
    passed: AtomicBool,
    /// Set by whoever asked and does not wait any more. Each job brings its own, so that none is lost between two jobs.
    cancelled: Mutex<Arc<AtomicBool>>,
}

impl Deadline {
    pub(super) fn new() -> Self {
        Self(Arc::new(State { start: Instant::now(), end: AtomicU64::new(u64::MAX), passed: AtomicBool::new(false), cancelled: Mutex::default() }))
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Sets the deadline `time` from now.
    pub(super) fn begin(&self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.passed.store(false, Ordering::Relaxed);
        self.0.end.store(self.elapsed().saturating_add(time), Ordering::Relaxed);
    }

    /// What runs from now on stops at the next look once this is set.
    pub(super) fn follow(&self, cancelled: &Arc<AtomicBool>) {
        *self.cancelled() = Arc::clone(cancelled);
    }

    fn cancelled(&self) -> MutexGuard<'_, Arc<AtomicBool>> {
        self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The look that QuickJS takes: whether to stop now.
    pub(super) fn look(&self) -> bool {
        let stop = self.cancelled().load(Ordering::Relaxed) || self.elapsed() >= self.0.end.load(Ordering::Relaxed);
        if stop {
            self.0.passed.store(true, Ordering::Relaxed);
        }
        stop
    }

    /// Whether a look since the last beginning said to stop.
    pub(super) fn passed(&self) -> bool {
        self.0.passed.load(Ordering::Relaxed)
    }
}
