//! What waits to be written, and what is on its way: a group leaves over each connection that is there for it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine_core::model::ExecutionId;
use tokio::sync::oneshot;

use super::SqlStore;
use crate::group::{Answered, Job, LARGEST_GROUP, LARGEST_SIZE, lost};

impl Job {
    pub(super) fn execution(&self) -> ExecutionId {
        match self {
            Self::Start(start) => start.header.id,
            Self::Commit(commit) => commit.lease.execution,
            Self::Record(ended) => ended.header.id,
        }
    }
}

/// A group waits for others so many turns of the runtime at most: some tens of microseconds.
const MOST_TURNS: u32 = 100;

/// It does not wait any longer when nobody came for so many turns.
const QUIET_TURNS: u32 = 2;

type Waiting = (Job, oneshot::Sender<Answered>);

/// What waits to be written, and what is on its way.
#[derive(Debug)]
pub(super) struct Group {
    /// So many connections: one group at a time leaves over each.
    lanes: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// So many lanes are taken.
    taken: usize,
    /// A group gathers: only one does at a time.
    gathering: bool,
    /// So many jobs are on their way.
    flying: usize,
    /// The last group held more than one: whoever comes now is not alone.
    crowded: bool,
}

impl Group {
    pub(super) fn new(lanes: usize) -> Self {
        Self { lanes, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a group. Those who were answered together soon come again together: the first of them does not leave alone, but lets all that can run now bring what they
    /// have. Each lane gets its share of all that is under way: while one group is written, those of another prepare their next writes.
    async fn gather(&self) -> Vec<Waiting> {
        let (mut before, mut quiet) = (0, 0);
        for _ in 0..MOST_TURNS {
            let waiting = self.queue().waiting.len();
            quiet = if waiting == before { quiet + 1 } else { 0 };
            if quiet == QUIET_TURNS {
                break;
            }
            before = waiting;
            tokio::task::yield_now().await;
        }
        let mut queue = self.queue();
        let share = (queue.waiting.len() + queue.flying).div_ceil(self.lanes);
        let group = queue.take_group(share);
        queue.gathering = false;
        queue.flying += group.len();
        queue.crowded = group.len() > 1;
        group
    }

    fn enter(&self, job: Job) -> Entered {
        let mut queue = self.queue();
        if queue.waiting.is_empty() && !queue.crowded && queue.taken < self.lanes {
            queue.taken += 1;
            queue.flying += 1;
            return Entered::Direct(Box::new(job));
        }
        let (sender, receiver) = oneshot::channel();
        queue.waiting.push_back((job, sender));
        Entered::Queued(receiver)
    }

    /// Whether a group is to be gathered now.
    fn departs(&self) -> bool {
        let mut queue = self.queue();
        let departs = !queue.waiting.is_empty() && !queue.gathering && queue.taken < self.lanes;
        queue.taken += usize::from(departs);
        queue.gathering |= departs;
        departs
    }
}

impl Queue {
    /// A group never holds two jobs of one execution: the second stays for the next one, so that the order is kept.
    fn take_group(&mut self, most: usize) -> Vec<Waiting> {
        let mut group = Vec::new();
        let mut later = VecDeque::new();
        let mut executions = HashSet::new();
        let mut size = 0;
        while let Some((job, answer)) = self.waiting.pop_front() {
            if executions.insert(job.execution()) {
                size += job.size();
                group.push((job, answer));
            } else {
                later.push_back((job, answer));
            }
            if group.len() >= most.min(LARGEST_GROUP) || size >= LARGEST_SIZE {
                break;
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        group
    }
}

/// How a job gets to the disk.
enum Entered {
    /// At once, by whoever brought it.
    Direct(Box<Job>),
    /// With others; the answer comes this way.
    Queued(oneshot::Receiver<Answered>),
}

impl SqlStore {
    /// Makes a job durable, alone or together with what others bring.
    pub(super) async fn submit(&self, job: Job) -> Answered {
        match self.core.group.enter(job) {
            Entered::Direct(job) => {
                let landing = Landing { store: self.clone(), jobs: Some(1) };
                // Boxed, so that those who only wait for an answer stay small.
                let answer = Box::pin(self.flush(std::slice::from_ref(&job))).await.pop();
                drop(landing);
                answer.unwrap_or_else(|| Err(lost()))
            }
            Entered::Queued(answer) => {
                self.dispatch();
                answer.await.unwrap_or_else(|_| Err(lost()))
            }
        }
    }

    /// Lets a group go, if one waits and there is room for it.
    fn dispatch(&self) {
        if !self.core.group.departs() {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            let mut landing = Landing { store: store.clone(), jobs: None };
            let (jobs, senders): (Vec<_>, Vec<_>) = store.core.group.gather().await.into_iter().unzip();
            landing.jobs = Some(jobs.len());
            // What is left waits for the next lane.
            store.dispatch();
            let answers = if jobs.is_empty() { Vec::new() } else { store.flush(&jobs).await };
            for (sender, answer) in senders.into_iter().zip(answers) {
                // Whoever asked may have stopped waiting.
                drop(sender.send(answer));
            }
            // Only now: those who were answered are among the next to leave.
            drop(landing);
        });
    }
}

/// A lane that is taken. It is free for the next group, however this one ends.
struct Landing {
    store: SqlStore,
    /// So many are on their way; not known as long as the group gathers.
    jobs: Option<usize>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        {
            let mut queue = self.store.core.group.queue();
            queue.taken = queue.taken.saturating_sub(1);
            match self.jobs {
                Some(jobs) => queue.flying = queue.flying.saturating_sub(jobs),
                None => queue.gathering = false,
            }
        }
        self.store.dispatch();
    }
}
