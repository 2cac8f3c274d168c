//! Group commit: starts, commits and records of all executions of the process are gathered, and one transaction makes a whole group of them durable.
//!
//! There is no timer. While a group is on its way to the disk, the next one gathers; it leaves when there is room for it. A write that finds nobody on the way leaves at once.
//! Nobody is answered before the commit that holds their write has returned.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine_core::model::ExecutionId;
use engine_core::store::{Commit, Committed, EndedExecution, Start, StartExecution, StoreError};
use tokio::sync::oneshot;

/// Something to be made durable.
#[derive(Debug)]
pub(crate) enum Job {
    Start(StartExecution),
    Commit(Commit),
    Record(EndedExecution),
}

impl Job {
    pub(crate) fn execution(&self) -> ExecutionId {
        match self {
            Self::Start(start) => start.header.id,
            Self::Commit(commit) => commit.lease.execution,
            Self::Record(ended) => ended.header.id,
        }
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Start(start) => start.records.bytes.len(),
            Self::Commit(commit) => commit.chunk.as_ref().map_or(0, |chunk| chunk.bytes.len()),
            Self::Record(ended) => ended.records.as_ref().map_or(0, |chunk| chunk.bytes.len()),
        }
    }
}

/// What became of a job.
#[derive(Debug)]
pub(crate) enum Answer {
    Started(Start),
    Committed(Committed),
    Recorded,
}

pub(crate) type Answered = Result<Answer, StoreError>;

/// Makes jobs durable, all in one transaction; answers each, in their order. Fails none because of another.
pub(crate) trait Flush: Clone + Send + Sync + 'static {
    fn flush(&self, jobs: &[Job]) -> impl Future<Output = Vec<Answered>> + Send;
    fn group(&self) -> &Group;
}

/// At most so many jobs in one transaction.
pub(crate) const LARGEST_GROUP: usize = 1024;

/// A group waits for others so many turns of the runtime at most: some tens of microseconds.
const MOST_TURNS: u32 = 100;

/// About so many bytes in one transaction.
pub(crate) const LARGEST_SIZE: usize = 4 << 20;

/// What waits to be written, and what is on its way.
#[derive(Debug)]
pub(crate) struct Group {
    /// So many connections: one group at a time leaves over each.
    lanes: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Job, oneshot::Sender<Answered>)>,
    flying: usize,
    /// The last group held more than one: whoever comes now is not alone.
    crowded: bool,
}

impl Group {
    pub(crate) fn new(lanes: usize) -> Self {
        Self { lanes, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a group. Those who were answered together soon come again together: the first of them does not leave alone, but lets all that can run now bring what they
    /// have.
    async fn gather(&self) -> Vec<(Job, oneshot::Sender<Answered>)> {
        let mut before = 0;
        for _ in 0..MOST_TURNS {
            let waiting = self.queue().waiting.len();
            if waiting == before {
                break;
            }
            before = waiting;
            tokio::task::yield_now().await;
        }
        let mut queue = self.queue();
        let group = queue.take_group();
        queue.crowded = group.len() > 1;
        group
    }

    fn enter(&self, job: Job) -> Entered {
        let mut queue = self.queue();
        if queue.waiting.is_empty() && !queue.crowded && queue.flying < self.lanes {
            queue.flying += 1;
            return Entered::Direct(Box::new(job));
        }
        let (sender, receiver) = oneshot::channel();
        queue.waiting.push_back((job, sender));
        Entered::Queued(receiver)
    }

    /// Whether a group leaves now.
    fn departs(&self) -> bool {
        let mut queue = self.queue();
        let departs = !queue.waiting.is_empty() && queue.flying < self.lanes;
        queue.flying += usize::from(departs);
        departs
    }
}

impl Queue {
    /// A group never holds two jobs of one execution: the second stays for the next one, so that the order is kept.
    fn take_group(&mut self) -> Vec<(Job, oneshot::Sender<Answered>)> {
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
            if group.len() >= LARGEST_GROUP || size >= LARGEST_SIZE {
                break;
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        group
    }
}

/// Makes a job durable, alone or together with others.
pub(crate) async fn submit<F: Flush>(flush: &F, job: Job) -> Answered {
    match flush.group().enter(job) {
        Entered::Direct(job) => {
            let landing = Landing(flush.clone());
            // Boxed, so that those who only wait for an answer stay small.
            let answer = Box::pin(flush.flush(std::slice::from_ref(&job))).await.pop();
            drop(landing);
            answer.unwrap_or_else(|| Err(lost()))
        }
        Entered::Queued(answer) => {
            dispatch(flush);
            answer.await.unwrap_or_else(|_| Err(lost()))
        }
    }
}

pub(crate) fn lost() -> StoreError {
    StoreError::Unavailable("the writer ended before the write was made".into())
}

/// How a job gets to the disk.
enum Entered {
    /// At once, by whoever brought it.
    Direct(Box<Job>),
    /// With others; the answer comes this way.
    Queued(oneshot::Receiver<Answered>),
}

/// Lets a group go, if one waits and there is room for it.
fn dispatch<F: Flush>(flush: &F) {
    if !flush.group().departs() {
        return;
    }
    let flush = flush.clone();
    tokio::spawn(async move {
        let landing = Landing(flush.clone());
        let (jobs, senders): (Vec<_>, Vec<_>) = flush.group().gather().await.into_iter().unzip();
        let answers = if jobs.is_empty() { Vec::new() } else { flush.flush(&jobs).await };
        drop(landing);
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Whoever asked may have stopped waiting.
            drop(sender.send(answer));
        }
    });
}

/// Makes room for the next, however this one ends.
struct Landing<F: Flush>(F);

impl<F: Flush> Drop for Landing<F> {
    fn drop(&mut self) {
        {
            let mut queue = self.0.group().queue();
            queue.flying = queue.flying.saturating_sub(1);
        }
        dispatch(&self.0);
    }
}
