//! A store that fails now and then, by a seed: for simulations of whatever drives executions.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};

use crate::model::{ExecutionId, Timestamp};
use crate::runtime::{Runtime, splitmix};
use crate::store::{
    Beat, Claim, Claimed, Commit, Committed, EndedExecution, Heartbeat, Lease, LimitScope, PendingSignal, Rescue, Rescued, Signal, SignalOutcome,
    Start, StartExecution, Store, StoreError, StoredExecution, Wakeup, WorkerId,
};

/// How often what goes wrong. All numbers are of 1,000 calls (or hints); none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// So many calls fail before they reach the store: nothing was done.
    pub before: u16,
    /// So many calls fail after the store has done what they asked for: the answer is lost.
    pub after: u16,
    /// So many calls are delayed, one half of them before the store sees them, the other half with their answer.
    pub delayed: u16,
    /// A delay takes so long at most.
    pub longest_delay: Duration,
    /// So many hints are lost.
    pub lost_hints: u16,
    /// So many hints come twice.
    pub doubled_hints: u16,
}

impl Faults {
    /// A bad day: one call in ten fails, half of those after the store did its work, one in ten is late by up to a second, and hints come as they like.
    pub const fn frequent() -> Self {
        Self { before: 50, after: 50, delayed: 100, longest_delay: Duration::from_secs(1), lost_hints: 300, doubled_hints: 300 }
    }

    /// The store cannot be reached at all.
    pub const fn outage() -> Self {
        Self { before: 1000, lost_hints: 1000, ..Self::none() }
    }

    /// Nothing goes wrong.
    pub const fn none() -> Self {
        Self { before: 0, after: 0, delayed: 0, longest_delay: Duration::ZERO, lost_hints: 0, doubled_hints: 0 }
    }
}

/// A store around another one that fails with [`StoreError::Unavailable`], is slow, and loses or doubles hints, as often as its [`Faults`] say.
///
/// The seed decides which calls: the same calls in the same order under the same seed meet the same faults. Time passes on the given runtime, so with a
/// [`Simulator`](super::Simulator) delays cost nothing.
///
/// ```
/// use std::sync::Arc;
/// use engine_core::store::{MemoryStore, Store};
/// use engine_core::testing::{Faults, FaultyStore, Simulator};
///
/// let simulator = Simulator::new(7);
/// let memory = Arc::new(MemoryStore::new(Arc::new(simulator.clone())));
/// let store = FaultyStore::new(memory, Arc::new(simulator.clone()), 7);
/// simulator.block_on(async {
///     assert!(store.next_due().await.is_ok());
///     store.set_faults(Faults::outage());
///     assert!(store.next_due().await.unwrap_err().is_transient());
/// });
/// ```
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    runtime: Arc<dyn Runtime>,
    dice: Arc<Mutex<Dice>>,
}

struct Dice {
    seed: u64,
    thrown: u64,
    faults: Faults,
    failed: u64,
}

/// What happens to one call.
struct Fate {
    fails: Option<When>,
    delay: Option<(When, Duration)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

impl FaultyStore {
    /// Around this store; nothing goes wrong until [`set_faults`](Self::set_faults) says so.
    pub fn new(inner: Arc<dyn Store>, runtime: Arc<dyn Runtime>, seed: u64) -> Self {
        let dice = Dice { seed, thrown: 0, faults: Faults::none(), failed: 0 };
        Self { inner, runtime, dice: Arc::new(Mutex::new(dice)) }
    }

    /// From now on so much goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.dice).faults = faults;
    }

    /// How many calls have failed because of this store: a simulation in which none did has shown nothing.
    pub fn failed(&self) -> u64 {
        lock(&self.dice).failed
    }

    /// Lets a call meet its fate.
    async fn meet<T>(&self, call: &'static str, work: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
        let Fate { fails, delay } = lock(&self.dice).fate();
        self.pause(delay, When::Before).await;
        if fails == Some(When::Before) {
            return Err(StoreError::Unavailable(format!("{call} was lost on its way (injected)").into()));
        }
        let answer = work.await;
        self.pause(delay, When::After).await;
        if fails == Some(When::After) {
            return Err(StoreError::Unavailable(format!("the answer to {call} was lost (injected)").into()));
        }
        answer
    }

    async fn pause(&self, delay: Option<(When, Duration)>, now: When) {
        if let Some((_, time)) = delay.filter(|(when, _)| *when == now) {
            self.runtime.sleep(time).await;
        }
    }
}

impl Dice {
    fn throw(&mut self) -> u64 {
        self.thrown += 1;
        splitmix(self.seed ^ splitmix(self.thrown))
    }

    /// True `of_1000` times in a thousand.
    fn is_hit(&mut self, of_1000: u16) -> bool {
        self.throw() % 1000 < u64::from(of_1000)
    }

    fn fate(&mut self) -> Fate {
        let Faults { before, after, delayed, longest_delay, .. } = self.faults;
        let lot = self.throw() % 1000;
        let fails = if lot < u64::from(before) {
            Some(When::Before)
        } else if lot < u64::from(before) + u64::from(after) {
            Some(When::After)
        } else {
            None
        };
        self.failed += u64::from(fails.is_some());
        let when = if self.throw().is_multiple_of(2) { When::Before } else { When::After };
        let longest = u64::try_from(longest_delay.as_micros()).unwrap_or(u64::MAX);
        let time = Duration::from_micros(self.throw() % longest.max(1));
        Fate { fails, delay: self.is_hit(delayed).then_some((when, time)) }
    }

    /// How often a hint arrives.
    fn copies(&mut self) -> usize {
        let Faults { lost_hints, doubled_hints, .. } = self.faults;
        if self.is_hit(lost_hints) {
            0
        } else if self.is_hit(doubled_hints) {
            2
        } else {
            1
        }
    }
}

fn lock(dice: &Mutex<Dice>) -> MutexGuard<'_, Dice> {
    dice.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for FaultyStore {
    async fn start(&self, start: StartExecution) -> Result<Start, StoreError> {
        self.meet("start", self.inner.start(start)).await
    }

    async fn record(&self, execution: EndedExecution) -> Result<(), StoreError> {
        self.meet("record", self.inner.record(execution)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        self.meet("claim", self.inner.claim(claim)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.meet("commit", self.inner.commit(commit)).await
    }

    async fn load(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError> {
        self.meet("load", self.inner.load(executions)).await
    }

    async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError> {
        self.meet("signal", self.inner.signal(signal)).await
    }

    async fn signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError> {
        self.meet("signals", self.inner.signals(worker)).await
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, StoreError> {
        self.meet("heartbeat", self.inner.heartbeat(beat)).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.meet("leave", self.inner.leave(worker)).await
    }

    async fn forget_claims(&self, lease: Lease) -> Result<(), StoreError> {
        self.meet("forget_claims", self.inner.forget_claims(lease)).await
    }

    async fn wake_due(&self, limit: u32) -> Result<u32, StoreError> {
        self.meet("wake_due", self.inner.wake_due(limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.meet("next_due", self.inner.next_due()).await
    }

    async fn rescue(&self, rescue: Rescue) -> Result<Rescued, StoreError> {
        self.meet("rescue", self.inner.rescue(rescue)).await
    }

    async fn set_limit(&self, scope: LimitScope, limit: Option<u32>) -> Result<(), StoreError> {
        self.meet("set_limit", self.inner.set_limit(scope, limit)).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        let dice = Arc::clone(&self.dice);
        self.inner.wakeups().flat_map(move |hint| stream::iter(std::iter::repeat_n(hint, lock(&dice).copies()))).boxed()
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dice = lock(&self.dice);
        write!(f, "FaultyStore(seed {}, {} calls failed, around {:?})", dice.seed, dice.failed, self.inner)
    }
}
