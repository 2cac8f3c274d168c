//! Events in, commands out.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ExecutionStatus;
use super::parallel::{Known, ParallelFrontier};
use super::stack::StackFrontier;
use crate::execution::{Activation, RunRecord, RunStatus, Runs};
use crate::model::{Batch, ExecutionOrder};
use crate::plan::Plan;

/// Something that happened. What is recorded of a run lies in the log before the event tells of it.
#[derive(Clone, Debug)]
pub enum Event {
    /// The execution begins at a node, with these items as its input (or, for a trigger, its output).
    Start {
        /// Index of the node.
        node: u32,
        /// The items.
        items: Batch,
    },
    /// A run ended; where it failed, the execution has failed.
    Finished {
        /// Index of the node.
        node: u32,
        /// Number of the run.
        run: u32,
    },
    /// A run gave nothing at all; its branch ends and nothing is recorded.
    Nothing {
        /// Index of the node.
        node: u32,
    },
    /// A run waits.
    Waiting,
    /// The wait of a node's last run is over.
    WaitOver {
        /// Index of the node.
        node: u32,
        /// Number of the run.
        run: u32,
    },
    /// Nothing shall start any more until resumed.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good.
    Cancel,
}

/// Something to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Run a node.
    Run(Box<Activation>),
    /// Forget what a node remembers: the loop around it begins a new round.
    Forget(u32),
    /// Stop all running nodes.
    StopRunning,
    /// Nothing runs and nothing can start before a wait is over.
    Park,
    /// The execution has ended.
    End(ExecutionStatus),
}

/// The state of an execution.
#[derive(Debug)]
pub struct ExecutionState {
    plan: Arc<Plan>,
    frontier: Frontier,
    status: ExecutionStatus,
    paused: bool,
    running: usize,
    waiting: usize,
    limit: usize,
    order: u32,
    /// Whether the run that ended last failed and the execution went on.
    last_failed: bool,
}

#[derive(Debug)]
enum Frontier {
    Parallel(ParallelFrontier),
    Stack(StackFrontier),
}

impl ExecutionState {
    /// The state of an execution that has not begun.
    pub fn new(plan: Arc<Plan>) -> Self {
        let frontier = match plan.order() {
            ExecutionOrder::Parallel => Frontier::Parallel(ParallelFrontier::default()),
            order @ (ExecutionOrder::V1 | ExecutionOrder::V0) => Frontier::Stack(StackFrontier::new(order)),
        };
        let limit = plan.max_parallel_nodes();
        Self { plan, frontier, status: ExecutionStatus::New, paused: false, running: 0, waiting: 0, limit, order: 0, last_failed: false }
    }

    /// Where the execution stands.
    pub fn status(&self) -> ExecutionStatus {
        match self.status {
            ExecutionStatus::Running if self.paused => ExecutionStatus::Paused,
            ExecutionStatus::Running if self.running == 0 && self.waiting > 0 => ExecutionStatus::Waiting,
            status => status,
        }
    }

    /// How many runs have begun and not ended.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Takes in what happened, and appends what to do now. Events after the end change nothing.
    pub fn apply(&mut self, event: Event, runs: &Runs, commands: &mut VecDeque<Command>) {
        if self.status.is_final() {
            return;
        }
        match event {
            Event::Start { node, items } => self.start(node, items),
            Event::Finished { node, run } => {
                let record = runs.get(node, run);
                if record.is_some_and(RunRecord::is_failure) {
                    return self.end(ExecutionStatus::Error, commands);
                }
                self.running = self.running.saturating_sub(1);
                self.last_failed = record.is_some_and(|record| record.status == RunStatus::Error);
                self.deliver(node, Some(run), runs);
                self.forget(commands);
            }
            Event::Nothing { node } => {
                self.running = self.running.saturating_sub(1);
                self.last_failed = false;
                self.deliver(node, None, runs);
            }
            Event::Waiting => {
                self.running = self.running.saturating_sub(1);
                self.waiting += 1;
            }
            Event::WaitOver { node, run } => {
                self.waiting = self.waiting.saturating_sub(1);
                self.deliver(node, Some(run), runs);
            }
            Event::Pause => self.paused = true,
            Event::Resume => self.paused = false,
            Event::Cancel => return self.end(ExecutionStatus::Canceled, commands),
        }
        self.pump(runs, commands);
    }

    /// Takes back what a run that has ended was made of: another one is made of it.
    pub(crate) fn reuse(&mut self, activation: Box<Activation>) {
        if let Frontier::Parallel(frontier) = &mut self.frontier {
            frontier.reuse(activation);
        }
    }

    fn start(&mut self, node: u32, items: Batch) {
        if self.status != ExecutionStatus::New {
            return;
        }
        self.status = ExecutionStatus::Running;
        match &mut self.frontier {
            Frontier::Parallel(frontier) => frontier.start(&self.plan, node, items),
            Frontier::Stack(frontier) => frontier.start(node, items),
        }
    }

    /// A run has ended, or has given nothing at all.
    fn deliver(&mut self, node: u32, run: Option<u32>, runs: &Runs) {
        match (&mut self.frontier, run) {
            (Frontier::Parallel(frontier), run) => frontier.finished(Known { plan: &self.plan, runs }, node, run),
            (Frontier::Stack(frontier), Some(run)) => frontier.finished(&self.plan, (node, run), runs),
            (Frontier::Stack(_), None) => {}
        }
    }

    fn forget(&mut self, commands: &mut VecDeque<Command>) {
        if let Frontier::Parallel(frontier) = &mut self.frontier {
            frontier.take_forgotten().for_each(|node| commands.push_back(Command::Forget(node)));
        }
    }

    fn end(&mut self, status: ExecutionStatus, commands: &mut VecDeque<Command>) {
        self.status = status;
        if self.running > 0 {
            commands.push_back(Command::StopRunning);
        }
        commands.push_back(Command::End(status));
    }

    fn pump(&mut self, runs: &Runs, commands: &mut VecDeque<Command>) {
        if self.status != ExecutionStatus::Running || self.paused {
            return;
        }
        while self.running < self.limit {
            let Some(mut activation) = self.next(runs) else { break };
            let node = activation.node;
            activation.order = self.order;
            activation.run = match &self.frontier {
                // Without loops there is but one.
                Frontier::Parallel(frontier) if !frontier.has_loops() => 0,
                _ => u32::try_from(runs.count(node)).unwrap_or(u32::MAX),
            };
            commands.push_back(Command::Run(activation));
            self.order += 1;
            self.running += 1;
        }
        if self.running == 0 {
            if self.waiting > 0 {
                commands.push_back(Command::Park);
            } else {
                // n8n reports an execution as failed when the node that ran last did, even if it was told to go on.
                let failed = self.last_failed && matches!(self.frontier, Frontier::Stack(_));
                self.end(if failed { ExecutionStatus::Error } else { ExecutionStatus::Success }, commands);
            }
        }
    }

    fn next(&mut self, runs: &Runs) -> Option<Box<Activation>> {
        match &mut self.frontier {
            Frontier::Parallel(frontier) => frontier.next(Known { plan: &self.plan, runs }),
            // n8n's orders do one thing at a time: nothing else runs while a node waits.
            Frontier::Stack(frontier) => (self.waiting == 0).then(|| frontier.next(&self.plan)).flatten(),
        }
    }
}
