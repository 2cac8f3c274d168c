//! The loop itself.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, poll_fn};
use futures::stream::{FuturesUnordered, StreamExt};

use super::attempt::{Attempted, Given, attempt, is_simple, panicked, poll_once};
use super::prepare::{Prepared, prepare};
use super::shared::Shared;
use super::{Control, ExecutionError, ExecutionResult, Journal, JournalEntry, JournalError, Outcome, Parked, Signal};
use crate::execution::{ExecutionData, NodeRun, RunRecord, RunStatus, Runs, View};
use crate::model::{Batch, NodeId, Timestamp};
use crate::node::{NodeContext, NodeError, NodeMemory, Wait};
use crate::observer::ExecutionEvent;
use crate::plan::Plan;
use crate::state::{Activation, Command, Event, ExecutionState, ExecutionStatus, Raw, Timing, finish, record};

/// How an execution is driven.
#[derive(Clone, Debug, Default)]
pub struct DriverOptions {
    /// By which it is paused, resumed and cancelled.
    pub control: Arc<Control>,
    /// Where it is written down.
    pub journal: Option<Arc<dyn Journal>>,
    /// When a waiting execution is put aside.
    pub parking: Parking,
}

/// When a waiting execution is put aside instead of being kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parking {
    /// Never.
    #[default]
    Stay,
    /// When nothing can happen for this long, or not before somebody calls.
    After(Duration),
}

/// Drives one execution to its end, or to where it is put aside.
#[derive(Debug)]
pub struct Driver {
    execution: Arc<ExecutionData>,
    options: DriverOptions,
}

impl Driver {
    /// A driver for an execution.
    pub fn new(execution: Arc<ExecutionData>, options: DriverOptions) -> Self {
        Self { execution, options }
    }

    /// Begins at a node and drives on.
    ///
    /// # Errors
    /// When the journal cannot be written; whoever holds the execution now, or takes it over later, goes on from what was written.
    pub async fn start(self, node: u32, items: Batch) -> Result<Outcome, JournalError> {
        self.drive(|driving| {
            let at = driving.now;
            driving.journal(|| JournalEntry::Started { node, items: items.clone(), at });
            driving.apply(Event::Start { node, items });
        })
        .await
    }

    /// Applies what was written down, in its order, and drives on from there. Nodes whose run was not written down run again.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn resume(self, entries: Vec<JournalEntry>) -> Result<Outcome, JournalError> {
        self.drive(|driving| driving.replay(entries)).await
    }

    /// What came of an execution so far, from what was written down. Runs nothing.
    pub fn look(self, entries: Vec<JournalEntry>, status: ExecutionStatus) -> ExecutionResult {
        let shared = Shared::new(&self.execution, None);
        let mut driving = Driving::new(&shared, &self.options);
        driving.replay(entries);
        driving.result(status)
    }

    async fn drive(self, begin: impl FnOnce(&mut Driving<'_>)) -> Result<Outcome, JournalError> {
        let Self { execution, options } = self;
        let shared = Shared::new(&execution, options.journal.as_deref());
        let mut driving = Driving::new(&shared, &options);
        shared.observe(ExecutionEvent::Started { at: driving.now });
        begin(&mut driving);
        let outcome = poll_fn(|context| driving.poll(context)).await?;
        if let Some(journal) = shared.journal {
            journal.settle(&outcome).await?;
        }
        let (Outcome::Ended(result) | Outcome::Parked(Parked { result, .. })) = &outcome;
        let error = result.error.as_ref().map(|error| serde_json::json!(error));
        shared.observe(ExecutionEvent::Ended { status: result.status, error: error.as_ref(), at: execution.runtime().now() });
        Ok(outcome)
    }
}

/// Something that was waited for.
enum Landed {
    /// The tries of a run are over.
    Ran(Arc<NodeRun>, Result<Attempted, JournalError>),
    /// The time of a wait has come.
    Elapsed(u32),
    /// The execution's time is up.
    TimeUp,
}

/// A node that waits.
pub(super) struct Pending {
    pub(super) activation: Activation,
    pub(super) started: Timestamp,
    pub(super) wait: Wait,
    pub(super) elapsed: bool,
}

/// After so many nodes without a pause others get their turn.
const YIELD_EVERY: u32 = 128;

/// The loop's state.
pub(super) struct Driving<'a> {
    pub(super) shared: &'a Shared<'a>,
    plan: &'a Plan,
    options: &'a DriverOptions,
    state: ExecutionState,
    pub(super) commands: VecDeque<Command>,
    flight: FuturesUnordered<BoxFuture<'a, Landed>>,
    pub(super) pending: Vec<Pending>,
    /// A run that has ended, to be used for the next one.
    spare: Option<Arc<NodeRun>>,
    now: Timestamp,
    pub(super) last: Option<u32>,
    pub(super) error: Option<ExecutionError>,
    failure: Option<JournalError>,
    parked: bool,
    pub(super) ended: Option<ExecutionStatus>,
    pub(super) replaying: bool,
    /// Runs of nodes that must not run twice, begun by a worker that died.
    pub(super) interrupted: Vec<(u32, u32)>,
}

impl<'a> Driving<'a> {
    fn new(shared: &'a Shared<'a>, options: &'a DriverOptions) -> Self {
        let plan: &'a Plan = &shared.execution.plan;
        let flight = FuturesUnordered::new();
        if let Some(timeout) = plan.timeout() {
            flight.push(shared.execution.runtime().sleep(timeout).map(|()| Landed::TimeUp).boxed());
        }
        Self {
            shared,
            plan,
            options,
            state: ExecutionState::new(Arc::clone(shared.execution.plan())),
            commands: VecDeque::new(),
            flight,
            pending: Vec::new(),
            spare: None,
            now: shared.execution.runtime().now(),
            last: None,
            error: None,
            failure: None,
            parked: false,
            ended: None,
            replaying: false,
            interrupted: Vec::new(),
        }
    }

    fn journal(&self, entry: impl FnOnce() -> JournalEntry) {
        if let (Some(journal), false) = (self.shared.journal, self.replaying) {
            journal.append(self.shared.execution, entry());
        }
    }

    pub(super) fn apply(&mut self, event: Event) {
        let shared = self.shared;
        self.tell(event, &shared.execution.log.write());
    }

    fn tell(&mut self, event: Event, runs: &Runs) {
        self.parked = false;
        self.state.apply(event, runs, &mut self.commands);
    }

    /// Records a run and tells the state machine of it. After the end nothing is recorded any more.
    #[expect(clippy::inline_always, reason = "a record is large: it is moved to its place at once")]
    #[inline(always)]
    pub(super) fn record(&mut self, node: u32, record: RunRecord) {
        let shared = self.shared;
        if !self.state.status().is_final() {
            let mut runs = shared.execution.log.write();
            let is_waiting = record.status == RunStatus::Waiting;
            let run = runs.push(node, record);
            self.tell(if is_waiting { Event::Waiting } else { Event::Finished { node, run } }, &runs);
        }
    }

    /// Records what came of a run that waited.
    pub(super) fn record_wait(&mut self, node: u32, record: RunRecord) {
        let shared = self.shared;
        if !self.state.status().is_final() {
            let mut runs = shared.execution.log.write();
            let run = runs.replace_last(node, record);
            self.tell(Event::WaitOver { node, run }, &runs);
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Outcome, JournalError>> {
        let mut budget = YIELD_EVERY;
        self.now = self.shared.execution.runtime().now();
        loop {
            while let Some(command) = self.commands.pop_front() {
                self.carry_out(command, context);
                budget = budget.saturating_sub(1);
                if budget == 0 && self.ended.is_none() {
                    self.take_signals();
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(failure));
            }
            if let Some(status) = self.ended {
                return Poll::Ready(Ok(Outcome::Ended(self.result(status))));
            }
            if let Poll::Ready(signal) = self.options.control.poll_take(context) {
                self.signal(signal);
            } else if let Poll::Ready(Some(landed)) = self.flight.poll_next_unpin(context) {
                self.now = self.shared.execution.runtime().now();
                self.landed(landed);
            } else if let Some(parked) = self.park() {
                return Poll::Ready(Ok(Outcome::Parked(parked)));
            } else {
                return Poll::Pending;
            }
        }
    }

    fn carry_out(&mut self, command: Command, context: &mut Context<'_>) {
        match command {
            Command::Run(activation) => self.launch(activation, context),
            Command::Forget(node) => self.remember(node, NodeMemory::default()),
            Command::StopRunning => {
                self.shared.execution.set_cancelled();
                self.flight.clear();
            }
            Command::Park => self.parked = true,
            Command::End(status) => {
                if status == ExecutionStatus::Error && self.error.is_none() {
                    self.error = self.last_error();
                }
                let (error, at) = (self.error.clone(), self.now);
                self.journal(|| JournalEntry::Ended { status, error, at });
                self.ended = Some(status);
            }
        }
    }

    fn launch(&mut self, activation: Box<Activation>, context: &mut Context<'_>) {
        let node = self.plan.node(activation.node);
        let at = self.now;
        self.shared.observe(ExecutionEvent::NodeStarted { node: &node.spec.name, run: activation.run as usize, attempt: 0, at });
        if self.interrupted.contains(&(activation.node, activation.run)) {
            let error = NodeError::fatal("the worker that ran this node died, and it may run only once").with_code("interrupted");
            return self.skip(activation, Raw::Error(error));
        }
        let view = match prepare(self.shared.execution, &activation) {
            Prepared::Done(raw) => return self.skip(activation, raw),
            Prepared::Run(view) => view,
        };
        let Some(behaviour) = node.node.as_deref() else { return };
        let (shared, run) = (self.shared, self.begin(activation, view));
        if is_simple(node, shared) {
            let mut future = behaviour.run(NodeContext::new(Arc::clone(&run)));
            match poll_once(&mut future, context) {
                Poll::Ready(given) => self.ran(run, (given, 1)),
                Poll::Pending => self.flight.push(
                    AssertUnwindSafe(future)
                        .catch_unwind()
                        .map(move |caught| Landed::Ran(run, Ok((caught.unwrap_or_else(|panic| Err(panicked(&*panic))).into(), 1))))
                        .boxed(),
                ),
            }
        } else {
            let mut future = attempt(shared, behaviour, Arc::clone(&run)).map(move |attempted| Landed::Ran(run, attempted)).boxed();
            match future.poll_unpin(context) {
                Poll::Ready(landed) => self.landed(landed),
                Poll::Pending => self.flight.push(future),
            }
        }
    }

    /// A run that begins now, made of the last one if its node has let go of it.
    fn begin(&mut self, activation: Box<Activation>, view: View) -> Arc<NodeRun> {
        if let Some(mut run) = self.spare.take()
            && let Some(own) = Arc::get_mut(&mut run)
        {
            let ended = own.become_run(activation, view, self.now);
            self.state.reuse(ended);
            return run;
        }
        Arc::new(NodeRun::new(self.shared.execution, activation, view, self.now))
    }

    /// What came of an activation without running its node.
    fn skip(&mut self, activation: Box<Activation>, raw: Raw) {
        let timing = Timing { started: self.now, finished: self.now, tries: 1 };
        self.ended(&activation, raw, timing);
        self.state.reuse(activation);
    }

    pub(super) fn wait_is_over(&self, node: u32) {
        self.options.control.waited(&self.plan.node(node).spec.id);
    }

    pub(super) fn remember(&self, node: u32, memory: NodeMemory) {
        *self.shared.execution.memory(node) = memory;
    }

    fn landed(&mut self, landed: Landed) {
        match landed {
            Landed::Ran(run, Ok(attempted)) => self.ran(run, attempted),
            Landed::Ran(_, Err(failure)) => self.failure = Some(failure),
            Landed::Elapsed(order) => {
                if let Some(pending) = self.pending.iter_mut().find(|pending| pending.activation.order == order) {
                    pending.elapsed = true;
                }
                self.fire_elapsed();
            }
            Landed::TimeUp => {
                let seconds = self.plan.timeout().unwrap_or_default().as_secs_f64();
                let message = format!("the execution took longer than {seconds} seconds");
                self.error = Some(ExecutionError { message, node: None, details: serde_json::json!({"code": "execution-timeout"}) });
                self.apply(Event::Cancel);
            }
        }
    }

    /// The tries of a run are over.
    fn ran(&mut self, run: Arc<NodeRun>, (given, tries): Attempted) {
        let raw = match given {
            Given::Raw(raw) => raw,
            Given::Wait(wait) => return self.wait((Activation::clone(&run.activation), run.now), *wait, tries),
        };
        self.now = self.shared.execution.runtime().now();
        let timing = Timing { started: run.now, finished: self.now, tries };
        self.ended(&run.activation, raw, timing);
        self.spare = Some(run);
    }

    /// A run has ended, or a node was passed over: what came of it is recorded.
    fn ended(&mut self, activation: &Activation, raw: Raw, timing: Timing) {
        let (node, run) = (activation.node, activation.run);
        let plan_node = self.plan.node(node);
        if raw.is_nothing(plan_node) {
            self.journal(|| JournalEntry::Nothing { node });
            return self.apply(Event::Nothing { node });
        }
        let record = finish(plan_node, self.plan.order(), activation, raw, timing);
        self.shared.observe(ExecutionEvent::NodeFinished { node: &plan_node.spec.name, run: run as usize, record: &record });
        self.journal(|| JournalEntry::Run { node, run, record: record.clone() });
        self.last = Some(node);
        if record.is_failure() && self.error.is_none() {
            self.error = self.error_in(node, &record);
        }
        self.record(node, record);
    }

    fn wait(&mut self, (activation, started): (Activation, Timestamp), wait: Wait, tries: u32) {
        let (node, run) = (activation.node, activation.run);
        let timing = Timing { started, finished: self.now, tries };
        let record = record(&activation, timing, RunStatus::Waiting, (smallvec::SmallVec::new(), None));
        self.shared.observe(ExecutionEvent::NodeFinished { node: &self.plan.node(node).spec.name, run: run as usize, record: &record });
        self.journal(|| JournalEntry::Waiting { node, run, record: record.clone(), wait: wait.clone() });
        self.arm(&activation, &wait);
        self.pending.push(Pending { activation, started, wait, elapsed: false });
        self.last = Some(node);
        self.record(node, record);
    }

    pub(super) fn arm(&mut self, activation: &Activation, wait: &Wait) {
        self.options.control.waiting(self.plan.node(activation.node).spec.id.clone(), wait.clone());
        let order = activation.order;
        if let Some(until) = wait.until {
            let sleep = self.shared.execution.runtime().sleep(until.since(self.now));
            self.flight.push(sleep.map(move |()| Landed::Elapsed(order)).boxed());
        }
    }

    /// Ends the waits whose time has come; none while the execution is paused.
    fn fire_elapsed(&mut self) {
        while !self.shared.is_paused() {
            let Some(index) = self.pending.iter().position(|pending| pending.elapsed) else { return };
            let pending = self.pending.swap_remove(index);
            let items = pending.activation.inputs.iter().flatten().find(|items| !items.is_empty()).cloned().unwrap_or_default();
            self.wait_over(pending, items);
        }
    }

    fn wait_over(&mut self, pending: Pending, items: Batch) {
        let Pending { activation, started, .. } = pending;
        let plan_node = self.plan.node(activation.node);
        self.wait_is_over(activation.node);
        let timing = Timing { started, finished: self.now, tries: 1 };
        let node = activation.node;
        let record = finish(plan_node, self.plan.order(), &activation, Raw::One(items), timing);
        self.shared.observe(ExecutionEvent::NodeFinished { node: &plan_node.spec.name, run: activation.run as usize, record: &record });
        self.journal(|| JournalEntry::WaitOver { node, record: record.clone() });
        self.last = Some(node);
        self.record_wait(node, record);
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.options.control.try_take() {
            self.signal(signal);
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Pause => {
                self.shared.set_paused(true);
                self.apply(Event::Pause);
            }
            Signal::Resume => {
                self.shared.set_paused(false);
                self.apply(Event::Resume);
                self.fire_elapsed();
            }
            Signal::Cancel => self.apply(Event::Cancel),
            Signal::Deliver { node, items } => self.deliver(&node, items),
        }
    }

    fn deliver(&mut self, node: &NodeId, items: Batch) {
        let waiting = |pending: &Pending| self.plan.node(pending.activation.node).spec.id == *node && pending.wait.resume.is_some();
        if let Some(index) = self.pending.iter().position(waiting) {
            let pending = self.pending.swap_remove(index);
            self.shared.execution.replace_responder(self.options.control.take_responder());
            self.wait_over(pending, items);
        }
    }

    /// What is put aside, if the execution may be.
    fn park(&mut self) -> Option<Parked> {
        let Parking::After(patience) = self.options.parking else { return None };
        let paused = self.shared.is_paused();
        if paused && self.state.running() > self.shared.gated() || !paused && !self.parked {
            return None;
        }
        let until = self.pending.iter().filter_map(|pending| pending.wait.until).min();
        // Who is called from outside must be found: only what is put aside can be.
        let is_called = self.pending.iter().any(|pending| pending.wait.resume.is_some());
        if !paused && !is_called && until.is_some_and(|until| until <= self.now.after(patience)) {
            return None;
        }
        let waits = self.pending.iter().map(|pending| (Arc::clone(&self.plan.node(pending.activation.node).spec.name), pending.wait.clone()));
        let status = if paused { ExecutionStatus::Paused } else { ExecutionStatus::Waiting };
        Some(Parked { paused, until, waits: waits.collect(), result: self.result(status) })
    }

    /// The error of the run that ended last.
    fn last_error(&self) -> Option<ExecutionError> {
        let node = self.last?;
        self.error_in(node, &self.shared.execution.log.last(node)?)
    }

    fn error_in(&self, node: u32, record: &RunRecord) -> Option<ExecutionError> {
        let details = record.error.as_deref()?.clone();
        let message = details.get("message").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Some(ExecutionError { message, node: Some(self.plan.node(node).spec.name.to_string()), details })
    }

    fn result(&self, status: ExecutionStatus) -> ExecutionResult {
        ExecutionResult { execution: Arc::clone(self.shared.execution), status, error: self.error.clone(), last: self.last }
    }
}

impl fmt::Debug for Driving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driving").field("state", &self.state).finish_non_exhaustive()
    }
}
