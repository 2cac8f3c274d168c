//! The engine on tokio.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::future::{BoxFuture, FutureExt};
use tokio::runtime::Handle;

use super::{Runtime, splitmix};
use crate::model::Timestamp;

/// Runs the engine on a tokio runtime that the program already has.
#[derive(Debug)]
pub struct TokioRuntime {
    handle: Handle,
    random: AtomicU64,
}

impl TokioRuntime {
    /// The runtime that this code is running on.
    ///
    /// # Panics
    /// When called outside a tokio runtime, as [`Handle::current`] does.
    pub fn current() -> Self {
        Self::new(Handle::current())
    }

    /// The runtime behind `handle`.
    pub fn new(handle: Handle) -> Self {
        Self { handle, random: AtomicU64::new(RandomState::new().hash_one(0u8)) }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the edge where the engine's contract meets tokio")]
impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.handle.spawn(task));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let _context = self.handle.enter();
        tokio::time::sleep(duration).boxed()
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(self.handle.spawn_blocking(work));
    }

    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.after(since_epoch)
    }

    fn random(&self) -> u64 {
        splitmix(self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed))
    }
}
