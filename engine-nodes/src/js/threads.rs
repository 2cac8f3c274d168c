//! Threads for scripts, and a watch over them.
//!
//! A script that does not stop when it is interrupted (QuickJS looks for interrupts between steps, not inside all of its own loops) is abandoned:
//! its caller gets an answer, another thread takes the place of its own, and that one ends when the script does.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use engine_core::expression::ExpressionError;
use futures::channel::oneshot;

use super::deadline::Deadline;
use super::limits::JsLimits;
use super::prelude::Purpose;
use super::realm::{Bounds, Realm};

/// The threads of an engine. They are started when they are needed, and end with it.
pub(super) struct Threads {
    shared: Arc<Shared>,
}

struct Shared {
    limits: JsLimits,
    state: Mutex<State>,
    /// Told when there is a job.
    jobs: Condvar,
    /// Told when there is an alarm that is due sooner than those before.
    alarms: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Threads that are there, and what they run.
    threads: HashMap<u64, Option<Running>>,
    idle: usize,
    next_number: u64,
    abandoned: u64,
    /// Threads that were abandoned and still run.
    stuck: usize,
    alarms: BinaryHeap<Alarm>,
    watching: bool,
    closed: bool,
}

/// Work for a thread.
struct Job {
    time: Duration,
    control: Arc<Control>,
    work: Box<dyn FnOnce(&mut ScriptThread) + Send>,
}

/// What a thread runs.
struct Running {
    number: u64,
    control: Arc<Control>,
}

/// What the caller and the watch have of a job.
struct Control {
    cancelled: Arc<AtomicBool>,
    /// Answers the caller that nothing will come any more.
    give_up: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

/// Something to do at a time: look after a job, or wake somebody.
struct Alarm {
    at: Instant,
    kind: AlarmKind,
}

enum AlarmKind {
    Overstay { thread: u64, job: u64 },
    Wake(oneshot::Sender<()>),
}

/// The thread that a job runs on.
pub(super) struct ScriptThread {
    realm: Option<Realm>,
    control: Option<Arc<Control>>,
}

/// A job that is waited for. Dropping it abandons the job.
pub(super) struct Waiting<T> {
    answer: oneshot::Receiver<T>,
    control: Arc<Control>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Threads {
    pub(super) fn new(limits: JsLimits) -> Self {
        Self { shared: Arc::new(Shared { limits, state: Mutex::default(), jobs: Condvar::new(), alarms: Condvar::new() }) }
    }

    /// How many jobs were abandoned with their threads.
    pub(super) fn abandoned(&self) -> u64 {
        lock(&self.shared.state).abandoned
    }

    /// Whether so many abandoned scripts still run that no more should be risked.
    pub(super) fn is_overrun(&self) -> bool {
        lock(&self.shared.state).stuck >= self.shared.limits.abandoned
    }

    /// Runs work that should be done after `time`. The answer is `None` when it was abandoned.
    pub(super) fn submit<T: Send + 'static>(&self, time: Duration, work: impl FnOnce(&mut ScriptThread) -> T + Send + 'static) -> Waiting<T> {
        let (sender, answer) = oneshot::channel();
        let sender = Arc::new(Mutex::new(Some(sender)));
        let give_up_sender = Arc::clone(&sender);
        let give_up = move || drop(lock(&give_up_sender).take());
        let control = Arc::new(Control { cancelled: Arc::default(), give_up: Mutex::new(Some(Box::new(give_up))) });
        let work = Box::new(move |thread: &mut ScriptThread| {
            let done = work(thread);
            let receiver = lock(&sender).take();
            // Nobody waits any more when the job was abandoned.
            receiver.and_then(|sender| sender.send(done).ok());
        });
        self.push(Job { time, control: Arc::clone(&control), work });
        Waiting { answer, control }
    }

    fn push(&self, job: Job) {
        let mut state = lock(&self.shared.state);
        state.queue.push_back(job);
        if state.idle < state.queue.len() && state.threads.len() < self.shared.limits.threads.max(1) {
            Shared::start_thread(&self.shared, &mut state);
        }
        drop(state);
        self.shared.jobs.notify_one();
    }

    /// Done after a time.
    pub(super) fn sleep(&self, time: Duration) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = lock(&self.shared.state);
        Shared::set_alarm(&self.shared, &mut state, Alarm { at: Instant::now() + time, kind: AlarmKind::Wake(sender) });
        receiver
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("abandoned", &self.abandoned()).finish_non_exhaustive()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        lock(&self.shared.state).closed = true;
        self.shared.jobs.notify_all();
        self.shared.alarms.notify_all();
    }
}

impl Shared {
    fn start_thread(shared: &Arc<Self>, state: &mut State) {
        let number = state.next_number;
        state.next_number += 1;
        let mine = Arc::clone(shared);
        let stack = shared.limits.stack * 2 + (4 << 20);
        let started = std::thread::Builder::new().name("script".to_owned()).stack_size(stack).spawn(move || mine.run_thread(number));
        if started.is_ok() {
            state.threads.insert(number, None);
        }
    }

    fn run_thread(self: Arc<Self>, number: u64) {
        let mut thread = ScriptThread { realm: None, control: None };
        while let Some(job) = self.next_job(number) {
            thread.control = Some(job.control);
            // A panic of the host's is the end of the job, not of the thread.
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (job.work)(&mut thread))).is_err();
            if panicked {
                thread.realm = None;
            }
            if let Some(give_up) = thread.control.take().and_then(|control| lock(&control.give_up).take()) {
                give_up();
            }
        }
    }

    /// Waits for a job; `None` when the thread shall end.
    fn next_job(self: &Arc<Self>, thread: u64) -> Option<Job> {
        let mut state = lock(&self.state);
        let Some(running) = state.threads.get_mut(&thread) else {
            // Abandoned, and at last at its end.
            state.stuck = state.stuck.saturating_sub(1);
            return None;
        };
        *running = None;
        state.idle += 1;
        let job = loop {
            if let Some(job) = state.queue.pop_front() {
                if job.control.cancelled.load(Ordering::Relaxed) {
                    continue;
                }
                break Some(job);
            }
            if state.closed {
                break None;
            }
            state = self.jobs.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.idle -= 1;
        let Some(job) = job else {
            state.threads.remove(&thread);
            return None;
        };
        let number = state.next_number;
        state.next_number += 1;
        state.threads.insert(thread, Some(Running { number, control: Arc::clone(&job.control) }));
        let at = Instant::now() + job.time + self.limits.grace;
        Self::set_alarm(self, &mut state, Alarm { at, kind: AlarmKind::Overstay { thread, job: number } });
        Some(job)
    }

    fn set_alarm(shared: &Arc<Self>, state: &mut State, alarm: Alarm) {
        let sooner = state.alarms.peek().is_none_or(|next| alarm.at < next.at);
        state.alarms.push(alarm);
        if !state.watching {
            let watch = Arc::clone(shared);
            state.watching = std::thread::Builder::new().name("script-watch".to_owned()).spawn(move || watch.watch()).is_ok();
        } else if sooner {
            shared.alarms.notify_one();
        }
    }

    fn watch(self: Arc<Self>) {
        let mut state = lock(&self.state);
        while !state.closed || state.threads.values().any(Option::is_some) {
            let now = Instant::now();
            match state.alarms.peek().map(|alarm| alarm.at) {
                Some(at) if at <= now => {
                    if let Some(alarm) = state.alarms.pop() {
                        state = self.ring(state, alarm);
                    }
                }
                Some(at) => state = self.alarms.wait_timeout(state, at - now).unwrap_or_else(PoisonError::into_inner).0,
                None if state.closed => break,
                None => state = self.alarms.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn ring<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>, alarm: Alarm) -> MutexGuard<'a, State> {
        match alarm.kind {
            AlarmKind::Wake(sender) => {
                drop(state);
                // Whoever does not wait any more need not be woken.
                match sender.send(()) {
                    Ok(()) | Err(()) => {}
                }
                lock(&self.state)
            }
            AlarmKind::Overstay { thread, job } => {
                let overstays = matches!(state.threads.get(&thread), Some(Some(running)) if running.number == job);
                if !overstays {
                    return state;
                }
                let running = state.threads.remove(&thread).flatten();
                state.abandoned += 1;
                state.stuck += 1;
                Self::start_thread(self, &mut state);
                drop(state);
                if let Some(give_up) = running.and_then(|running| lock(&running.control.give_up).take()) {
                    give_up();
                }
                lock(&self.state)
            }
        }
    }
}

impl ScriptThread {
    /// The realm of this thread for expressions; interrupted when the caller stops waiting.
    pub(super) fn realm(&mut self, bounds: &Bounds) -> Result<&Realm, ExpressionError> {
        let realm = match self.realm.take() {
            Some(realm) => realm,
            None => Realm::new(Purpose::Expressions, bounds)?,
        };
        self.interrupt_through(realm.deadline());
        Ok(self.realm.insert(realm))
    }

    /// Lets the caller's loss of interest stop what has this deadline.
    pub(super) fn interrupt_through(&self, deadline: &Deadline) {
        if let Some(control) = &self.control {
            deadline.follow(&control.cancelled);
        }
    }

    /// Drops the realm, with what a script that met a limit may have left in it.
    pub(super) fn forget_realm(&mut self) {
        self.realm = None;
    }
}

impl<T> Future for Waiting<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(Result::ok)
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        self.control.cancelled.store(true, Ordering::Relaxed);
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    /// The soonest is the greatest, so that the heap gives it first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.cmp(&self.at)
    }
}
