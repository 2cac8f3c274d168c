//! Group commit: starts, commits and records of all executions of the process are gathered, and one transaction makes a whole group of them durable.
//!
//! There is no timer. While one group is on its way to the disk, the next one gathers; it leaves when the first has landed. On `SQLite`, those who were answered together
//! soon come again together: the first of them does not leave alone, but lets all that can run now bring what they have. When little is going on, nothing is gathered and each
//! write leaves at once over a connection of its own: below about sixteen writes in flight that is faster. Nobody is answered before the commit that holds their
//! write has returned.

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

    fn size(&self) -> usize {
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

/// When to gather.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// So many connections.
    pub(crate) lanes: usize,
    /// When more than this many wait, they are gathered.
    pub(crate) group_above: usize,
    /// Whether a group waits for those who were in the last one. It makes groups as large as they can be; without it, those who were answered prepare their next write
    /// while the others' is made, which is faster where the database works on other processors.
    pub(crate) waits: bool,
}

/// At most so many jobs in one transaction.
const LARGEST_GROUP: usize = 1024;

/// A group waits for those who were in the last one so many turns of the runtime at most: some tens of microseconds, and only after a large group.
const MOST_TURNS: u32 = 100;

/// About so many bytes in one transaction.
const LARGEST_SIZE: usize = 4 << 20;

/// What waits to be written, and what is on its way.
#[derive(Debug)]
pub(crate) struct Group {
    policy: Policy,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Job, oneshot::Sender<Answered>)>,
    flying: usize,
    /// A group is being gathered or is on its way.
    grouped: bool,
    /// The last group was a large one: whoever comes now is not alone.
    crowded: bool,
    /// So many were in it, and are likely to come again.
    last: usize,
}

/// What leaves next.
enum Departure {
    /// One job over a connection of its own.
    One(Box<(Job, oneshot::Sender<Answered>)>),
    /// Whatever waits when its time has come.
    Group,
}

impl Group {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everybody who can run now bring what they have, then takes a group.
    async fn gather(&self) -> Vec<(Job, oneshot::Sender<Answered>)> {
        // Those who came during the last group's flight, and those who were in it. Without the latter, two halves take turns for ever.
        let expected = {
            let queue = self.queue();
            let again = if queue.crowded && self.policy.waits { queue.last } else { 0 };
            (queue.waiting.len() + again).min(LARGEST_GROUP)
        };
        for _ in 0..MOST_TURNS {
            if self.queue().waiting.len() >= expected {
                break;
            }
            tokio::task::yield_now().await;
        }
        let mut queue = self.queue();
        let group = queue.take_group();
        queue.last = group.len();
        queue.crowded = group.len() > self.policy.group_above;
        group
    }

    fn enter(&self, job: Job) -> Entered {
        let mut queue = self.queue();
        if queue.waiting.is_empty() && !queue.grouped && !queue.crowded && queue.flying < self.policy.lanes {
            queue.flying += 1;
            return Entered::Direct(Box::new(job));
        }
        let (sender, receiver) = oneshot::channel();
        queue.waiting.push_back((job, sender));
        Entered::Queued(receiver)
    }
}

impl Queue {
    /// What leaves next, if anything may.
    fn next(&mut self, policy: Policy) -> Option<Departure> {
        if self.grouped || self.waiting.is_empty() {
            return None;
        }
        if self.crowded || self.waiting.len() > policy.group_above {
            if self.flying > 0 {
                return None;
            }
            self.grouped = true;
            self.flying = 1;
            return Some(Departure::Group);
        }
        if self.flying >= policy.lanes {
            return None;
        }
        self.flying += 1;
        self.waiting.pop_front().map(|first| Departure::One(Box::new(first)))
    }

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

fn lost() -> StoreError {
    StoreError::Unavailable("the writer ended before the write was made".into())
}

/// How a job gets to the disk.
enum Entered {
    /// At once, by whoever brought it.
    Direct(Box<Job>),
    /// With others; the answer comes this way.
    Queued(oneshot::Receiver<Answered>),
}

/// Lets go what may leave.
fn dispatch<F: Flush>(flush: &F) {
    let group = flush.group();
    loop {
        let Some(departure) = group.queue().next(group.policy) else { return };
        let flush = flush.clone();
        tokio::spawn(async move {
            let landing = Landing(flush.clone());
            let jobs = match departure {
                Departure::One(job) => vec![*job],
                Departure::Group => flush.group().gather().await,
            };
            let (jobs, senders): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
            let answers = if jobs.is_empty() { Vec::new() } else { flush.flush(&jobs).await };
            drop(landing);
            for (sender, answer) in senders.into_iter().zip(answers) {
                // Whoever asked may have stopped waiting.
                drop(sender.send(answer));
            }
        });
    }
}

/// Makes room for the next, however this one ends.
struct Landing<F: Flush>(F);

impl<F: Flush> Drop for Landing<F> {
    fn drop(&mut self) {
        {
            let mut queue = self.0.group().queue();
            queue.flying = queue.flying.saturating_sub(1);
            if queue.flying == 0 {
                queue.grouped = false;
            }
        }
        dispatch(&self.0);
    }
}
