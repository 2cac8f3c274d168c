//! Processes that die: from one moment on, none of their tasks moves and none of their calls reaches the store.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use engine_core::model::{ExecutionId, Timestamp};
use engine_core::runtime::Runtime;
use engine_core::store::{
    Beat, Claim, Claimed, Commit, Committed, EndedExecution, Heartbeat, Lease, LimitScope, PendingSignal, Rescue, Rescued, Signal, SignalOutcome,
    Start, StartExecution, Store, StoreError, StoredExecution, Wakeup, WorkerId,
};
use futures::FutureExt;
use futures::future::{BoxFuture, poll_fn};
use futures::stream::{BoxStream, StreamExt};

/// One life of a process.
#[derive(Debug)]
pub(crate) struct Life {
    dead: AtomicBool,
    /// Calls of the store that change something, until it dies; two for each call: before and after it.
    left: AtomicI64,
}

impl Life {
    /// One that ends before or after so many calls of the store.
    pub(crate) fn of(moments: i64) -> Arc<Self> {
        Arc::new(Self { dead: AtomicBool::new(false), left: AtomicI64::new(moments) })
    }

    pub(crate) fn long() -> Arc<Self> {
        Self::of(i64::MAX)
    }

    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// One of the moments at which it may die. Does not come back when it has.
    async fn moment(&self, counts: bool) {
        if counts && self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.end();
        }
        if self.is_over() {
            futures::future::pending::<()>().await;
        }
    }
}

/// The runtime of a process that may die. What is spawned on it is not dropped when it dies: nothing of it runs any more, destructors neither.
pub(crate) struct MortalRuntime<R> {
    pub(crate) inner: R,
    pub(crate) life: Arc<Life>,
    /// By how much its clock is wrong.
    pub(crate) skew: Duration,
}

impl<R> fmt::Debug for MortalRuntime<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MortalRuntime")
    }
}

/// A future that stands still once its process is dead.
pub(crate) fn mortal<T: Send + 'static>(life: Arc<Life>, future: BoxFuture<'static, T>) -> BoxFuture<'static, Option<T>> {
    let mut future = Some(future);
    poll_fn(move |context| {
        if life.is_over() {
            std::mem::forget(future.take());
            return Poll::Ready(None);
        }
        let Some(running) = future.as_mut() else { return Poll::Ready(None) };
        match running.poll_unpin(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if life.is_over() => {
                std::mem::forget(future.take());
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    })
    .boxed()
}

impl<R: Runtime> Runtime for MortalRuntime<R> {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(mortal(Arc::clone(&self.life), task).map(drop).boxed());
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.inner.spawn_blocking(work);
    }

    fn now(&self) -> Timestamp {
        self.inner.now().after(self.skew)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

/// The store as a process sees it that may die before or after any call.
#[derive(Debug)]
pub(crate) struct MortalStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) life: Arc<Life>,
}

impl MortalStore {
    async fn call<T>(&self, counts: bool, call: impl Future<Output = T>) -> T {
        self.life.moment(counts).await;
        let answer = call.await;
        self.life.moment(counts).await;
        answer
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn start(&self, start: StartExecution) -> Result<Start, StoreError> {
        self.call(true, self.inner.start(start)).await
    }

    async fn record(&self, execution: EndedExecution) -> Result<(), StoreError> {
        self.call(true, self.inner.record(execution)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        let claimed = self.call(false, self.inner.claim(claim)).await?;
        self.life.moment(!claimed.is_empty()).await;
        Ok(claimed)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.call(true, self.inner.commit(commit)).await
    }

    async fn load(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError> {
        self.call(false, self.inner.load(executions)).await
    }

    async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError> {
        self.call(false, self.inner.signal(signal)).await
    }

    async fn signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError> {
        self.call(false, self.inner.signals(worker)).await
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, StoreError> {
        self.call(false, self.inner.heartbeat(beat)).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.call(false, self.inner.leave(worker)).await
    }

    async fn forget_claims(&self, lease: Lease) -> Result<(), StoreError> {
        self.call(false, self.inner.forget_claims(lease)).await
    }

    async fn wake_due(&self, limit: u32) -> Result<u32, StoreError> {
        self.call(false, self.inner.wake_due(limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.call(false, self.inner.next_due()).await
    }

    async fn rescue(&self, rescue: Rescue) -> Result<Rescued, StoreError> {
        self.call(false, self.inner.rescue(rescue)).await
    }

    async fn set_limit(&self, scope: LimitScope, limit: Option<u32>) -> Result<(), StoreError> {
        self.call(false, self.inner.set_limit(scope, limit)).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.inner.wakeups().boxed()
    }
}
