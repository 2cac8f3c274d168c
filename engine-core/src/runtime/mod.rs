//! What the engine needs of an async runtime: spawn, sleep, the clock, a thread for blocking work, randomness.
//!
//! The engine never calls a runtime by name; it is given one as a value. [`TokioRuntime`] comes with the feature `tokio`;
//! another one takes about ten lines (`examples/another-runtime`).

#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::model::{ExecutionId, Timestamp};

/// An async runtime as the engine sees it.
///
/// Implementations are shared by all executions of an engine. None of the methods blocks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no engine runtime",
    label = "give the engine a runtime here",
    note = "turn on engine-core's feature `tokio` and use `TokioRuntime::current()`, or implement `engine_core::runtime::Runtime` (five methods)"
)]
pub trait Runtime: Send + Sync + fmt::Debug + 'static {
    /// Runs a task to its end in the background. A panic in the task stays in the task.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Completes when `duration` has passed on this runtime's clock, not earlier. Dropping the future cancels it.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs work that blocks on a thread meant for it.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);

    /// The time now.
    fn now(&self) -> Timestamp;

    /// 64 random bits: for ids, jitter and tokens of no secrecy.
    fn random(&self) -> u64;
}

/// Makes the id of a new execution: a `UUIDv7` of the runtime's time and randomness.
pub fn new_execution_id(runtime: &dyn Runtime) -> ExecutionId {
    let millis = u64::try_from(runtime.now().as_millis()).unwrap_or(0);
    let random = (u128::from(runtime.random()) << 64 | u128::from(runtime.random())).to_be_bytes();
    let mut tail = [0; 10];
    for (to, from) in tail.iter_mut().zip(random) {
        *to = from;
    }
    ExecutionId::new(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
}

#[cfg(any(feature = "tokio", feature = "testing", test))]
/// One step of the splitmix64 generator (Steele, Lea and Flood, OOPSLA 2014): a well-spread value from any counter.
pub(crate) fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
