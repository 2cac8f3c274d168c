//! Group commit on `SQLite`: a thread with a connection of its own writes what came during its last transaction with the next one.
//!
//! It speaks to the file without a detour: a statement for each row costs about a microsecond there, and many through the pool, where each is a message to the
//! thread of a connection, and its answer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use engine_core::store::StoreError;
use rusqlite::Connection;
use tokio::sync::{Mutex, oneshot};

use super::SqlStore;
use crate::error::again;
use crate::group::{Answer, Answered, Job, LARGEST_GROUP, LARGEST_SIZE, lost};

/// A handle on the thread that writes.
#[derive(Debug)]
pub(super) struct Writer(Sender<Message>);

enum Message {
    Job(Box<Job>, oneshot::Sender<Delivery>),
    /// The last message: what came before it is written, and the connection is closed; the sender is dropped then.
    End(oneshot::Sender<()>),
}

/// What became of a job.
enum Written {
    Answered(Answered),
    /// Nothing. It is a repetition, or fenced off, or something is wrong with it or with another one of its group: it is carried out by itself, with all checks.
    Refused(Box<Job>),
}

/// What became of a job, and what became of those that were written with it: to wake a task from outside of the runtime is a system call, so whoever is answered first
/// answers the others.
struct Delivery {
    written: Written,
    others: Answers,
}

/// Answers on their way: dropped, they arrive.
#[derive(Default)]
struct Answers(Vec<(oneshot::Sender<Delivery>, Written)>);

impl Answers {
    /// Answers one, who answers the others.
    fn deliver(mut self) {
        if let Some((sender, written)) = self.0.pop() {
            // Whoever asked may have stopped waiting; here and below. Then the others are answered from here.
            drop(sender.send(Delivery { written, others: self }));
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for (sender, written) in self.0.drain(..) {
            drop(sender.send(Delivery { written, others: Self::default() }));
        }
    }
}

impl Writer {
    /// Starts the thread; it ends with the last handle. Whoever holds `turn` may write: two connections of one process that compete for the file's lock would sleep
    /// instead of waking each other.
    pub(super) fn start(connection: Connection, turn: Arc<Mutex<()>>) -> Result<Self, StoreError> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("engine-sqlite-writer".to_owned());
        thread.spawn(move || run(connection, &turn, &receiver)).map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self(sender))
    }

    /// Ends the thread when it has written what is on its way.
    pub(super) async fn end(&self) {
        let (sender, ended) = oneshot::channel();
        if self.0.send(Message::End(sender)).is_ok() {
            // Nothing is sent: it is dropped.
            drop(ended.await);
        }
    }
}

impl SqlStore {
    /// Makes a job durable, together with what others bring.
    pub(super) async fn submit(&self, job: Job) -> Answered {
        let (sender, written) = oneshot::channel();
        self.core.group.0.send(Message::Job(Box::new(job), sender)).map_err(|_| lost())?;
        let Delivery { written, others } = written.await.map_err(|_| lost())?;
        drop(others);
        match written {
            Written::Answered(answered) => answered,
            Written::Refused(job) => self.write_one(&job).await,
        }
    }

    /// Waiting for another process that writes is up to `SQLite` itself: a write that fails after that is not tried again.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, StoreError>> + Send>(&self, write: impl Fn() -> F + Send) -> Result<T, StoreError> {
        write().await
    }
}

/// What goes into one transaction.
#[derive(Default)]
struct Gathered {
    jobs: Vec<Job>,
    senders: Vec<oneshot::Sender<Delivery>>,
    size: usize,
    end: Option<oneshot::Sender<()>>,
}

impl Gathered {
    fn add(&mut self, message: Message) {
        match message {
            Message::Job(job, sender) => {
                self.size += job.size();
                self.jobs.push(*job);
                self.senders.push(sender);
            }
            Message::End(sender) => self.end = Some(sender),
        }
    }

    fn is_full(&self) -> bool {
        self.jobs.len() >= LARGEST_GROUP || self.size >= LARGEST_SIZE || self.end.is_some()
    }

    fn take(&mut self, receiver: &Receiver<Message>) {
        while !self.is_full() {
            let Ok(message) = receiver.try_recv() else { return };
            self.add(message);
        }
    }

    /// Takes what waits. Those who were answered together soon come again together: if less waits than is likely to come, the first of them let others come, as long as
    /// others do. Half of all is enough: while it is written, the other half prepares its next writes on another processor.
    fn gather(&mut self, receiver: &Receiver<Message>, last: usize) {
        self.take(receiver);
        let enough = (last + self.jobs.len()).div_ceil(2);
        let mut before = 0;
        while self.jobs.len() > before && self.jobs.len() < enough && !self.is_full() {
            before = self.jobs.len();
            std::thread::yield_now();
            self.take(receiver);
        }
    }
}

fn run(mut connection: Connection, turn: &Mutex<()>, receiver: &Receiver<Message>) {
    // So many were in the last group.
    let mut last = 0;
    while let Ok(first) = receiver.recv() {
        let mut gathered = Gathered::default();
        gathered.add(first);
        let written = {
            let _turn = turn.blocking_lock();
            gathered.gather(receiver, last);
            last = gathered.jobs.len();
            if gathered.jobs.is_empty() { Ok(Vec::new()) } else { super::group::write(&mut connection, &gathered.jobs) }
        };
        answers(gathered.jobs, gathered.senders, written).deliver();
        if let Some(end) = gathered.end {
            drop(connection);
            drop(end);
            return;
        }
    }
}

/// What becomes of the jobs of a group.
fn answers(jobs: Vec<Job>, senders: Vec<oneshot::Sender<Delivery>>, written: Result<Vec<Option<Answer>>, StoreError>) -> Answers {
    let mut written = match written {
        Ok(written) => written.into_iter(),
        Err(error) if error.is_transient() => {
            return Answers(senders.into_iter().map(|sender| (sender, Written::Answered(Err(again(&error))))).collect());
        }
        Err(_) => Vec::new().into_iter(),
    };
    let of = |job| match written.next().flatten() {
        Some(answer) => Written::Answered(Ok(answer)),
        None => Written::Refused(Box::new(job)),
    };
    Answers(senders.into_iter().zip(jobs.into_iter().map(of)).collect())
}
