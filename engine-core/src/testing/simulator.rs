//! A runtime with virtual time and a seed: the same seed gives the same run, and a wait of a year costs nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::task::{ArcWake, waker};

use crate::model::Timestamp;
use crate::runtime::{Runtime, splitmix};

/// A single-threaded runtime whose clock moves only when nothing else can. Tasks that are ready run in an order that the seed decides.
///
/// ```
/// use std::time::Duration;
/// use engine_core::runtime::Runtime;
/// use engine_core::testing::Simulator;
///
/// let simulator = Simulator::new(7);
/// let before = simulator.now();
/// simulator.block_on(simulator.sleep(Duration::from_secs(365 * 24 * 3600)));
/// assert_eq!(simulator.now().since(before), Duration::from_secs(365 * 24 * 3600));
/// ```
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    random: u64,
    next_task: u64,
    tasks: BTreeMap<u64, Task>,
    ready: Vec<u64>,
    timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    sleepers: BTreeMap<u64, Waker>,
    next_timer: u64,
}

/// A spawned task; `None` while it is being polled.
type Task = Option<BoxFuture<'static, ()>>;

const MAIN: u64 = 0;

impl Simulator {
    /// A runtime with this seed, at 2026-01-01T00:00:00Z.
    pub fn new(seed: u64) -> Self {
        let state = State {
            now: Timestamp::from_millis(1_767_225_600_000),
            random: seed,
            next_task: MAIN + 1,
            tasks: BTreeMap::new(),
            ready: Vec::new(),
            timers: BinaryHeap::new(),
            sleepers: BTreeMap::new(),
            next_timer: 0,
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state) }) }
    }

    /// Runs a future to its end, together with all that was spawned; moves the clock to the next timer when nothing is ready.
    ///
    /// # Panics
    /// When nothing is ready and no timer is set: the future waits for something that cannot happen.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        self.shared.lock().ready.push(MAIN);
        loop {
            let Some(task) = self.next_ready() else {
                assert!(self.advance(), "simulation: nothing is ready and no timer is set; the future waits for ever");
                continue;
            };
            let waker = waker(Arc::new(TaskWaker { task, shared: Arc::clone(&self.shared) }));
            let mut context = Context::from_waker(&waker);
            if task == MAIN {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return output;
                }
            } else {
                self.poll_task(task, &mut context);
            }
        }
    }

    fn poll_task(&self, task: u64, context: &mut Context<'_>) {
        let Some(mut future) = self.shared.lock().tasks.get_mut(&task).and_then(Option::take) else { return };
        let poll = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.as_mut().poll(context)));
        let mut state = self.shared.lock();
        if matches!(poll, Ok(Poll::Pending)) {
            state.tasks.insert(task, Some(future));
        } else {
            state.tasks.remove(&task);
        }
    }

    /// One of the ready tasks, by lot.
    fn next_ready(&self) -> Option<u64> {
        let mut state = self.shared.lock();
        if state.ready.is_empty() {
            return None;
        }
        let lot = state.draw();
        let index = usize::try_from(lot % state.ready.len() as u64).unwrap_or(0);
        Some(state.ready.swap_remove(index))
    }

    /// Moves the clock to the next timer and wakes its sleeper.
    fn advance(&self) -> bool {
        let mut state = self.shared.lock();
        let Some(Reverse((at, timer))) = state.timers.pop() else { return false };
        state.now = state.now.max(at);
        let waker = state.sleepers.remove(&timer);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl State {
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        splitmix(self.random)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runtime for Simulator {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let mut state = self.shared.lock();
        let id = state.next_task;
        state.next_task += 1;
        state.tasks.insert(id, Some(task));
        state.ready.push(id);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.shared.lock().now.after(duration);
        Sleep { until, timer: None, shared: Arc::clone(&self.shared) }.boxed()
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(async move { work() }.boxed());
    }

    fn now(&self) -> Timestamp {
        self.shared.lock().now
    }

    fn random(&self) -> u64 {
        self.shared.lock().draw()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("now", &self.now()).finish_non_exhaustive()
    }
}

struct Sleep {
    until: Timestamp,
    timer: Option<u64>,
    shared: Arc<Shared>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let timer = self.timer.unwrap_or_else(|| {
            state.next_timer += 1;
            let timer = state.next_timer;
            state.timers.push(Reverse((self.until, timer)));
            timer
        });
        self.timer = Some(timer);
        state.sleepers.insert(timer, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.shared.lock().sleepers.remove(&timer);
        }
    }
}

struct TaskWaker {
    task: u64,
    shared: Arc<Shared>,
}

impl ArcWake for TaskWaker {
    fn wake_by_ref(this: &Arc<Self>) {
        let mut state = this.shared.lock();
        if !state.ready.contains(&this.task) {
            state.ready.push(this.task);
        }
    }
}
