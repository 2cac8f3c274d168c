//! The journal of one execution, written through the store under its lease.
//!
//! Nothing is written before it has to be. An execution that begins here is recorded together with everything up to its first effect, and one that has no
//! effects at all is recorded once, when it has ended. From then on each commit carries what happened since the last one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::encode::{Preface, Recorded};
use super::inbox::Inbox;
use super::settle::Keeping;
use super::{PinnedPlan, Worker};
use crate::driver::{Journal, JournalEntry, JournalError, Outcome};
use crate::execution::ExecutionData;
use crate::store::record::{Record, RecordError, SPILL_THRESHOLD, encode, encode_spilling};
use crate::store::{Chunk, Commit, EndedExecution, Lease, ResumePoint, ResumeToken, Start, StartExecution, StoreError, Stores, Then};

/// Writes the journal of one execution.
#[derive(Debug)]
pub(super) struct StoreJournal {
    pub(super) worker: Worker,
    pub(super) pinned: PinnedPlan,
    pub(super) inbox: Arc<Inbox>,
    pub(super) keeping: Keeping,
    preface: Preface,
    buffer: Mutex<Buffer>,
    /// Workers were lost while they drove this execution, and it has not got on since.
    suspect: AtomicBool,
    writer: futures::lock::Mutex<Writer>,
}

/// What was handed over and not written yet.
#[derive(Debug, Default)]
struct Buffer {
    recorded: Recorded,
    records: Vec<Record>,
    opened: Vec<ResumePoint>,
    closed: Vec<ResumeToken>,
}

/// Whoever holds it writes.
#[derive(Debug)]
struct Writer {
    standing: Standing,
    seq: u32,
    /// A write whose answer is not known: it is made again before any other.
    doubtful: Option<Write>,
}

/// Whether the store knows the execution.
#[derive(Debug)]
pub(super) enum Standing {
    /// Not yet; this is how it will be started.
    Unwritten(Box<StartExecution>),
    /// This worker holds the lease.
    Leased(Lease),
}

/// One write.
#[derive(Clone, Debug)]
enum Write {
    Start(Box<StartExecution>),
    Commit(Box<Commit>),
    Record(Box<EndedExecution>),
}

impl StoreJournal {
    pub(super) fn new(worker: Worker, pinned: PinnedPlan, inbox: Arc<Inbox>, keeping: Keeping, standing: Standing) -> Self {
        let (buffer, preface) = (Mutex::default(), Preface::default());
        let writer = futures::lock::Mutex::new(Writer { standing, seq: 0, doubtful: None });
        Self { worker, pinned, inbox, keeping, preface, buffer, suspect: AtomicBool::new(false), writer }
    }

    /// The same, with what the first record tells beside the items.
    pub(super) fn with_preface(mut self, preface: Preface) -> Self {
        self.preface = preface;
        self
    }

    /// The same, going on behind so many chunks, with what they recorded.
    pub(super) fn after(mut self, chunks: u32, recorded: Recorded) -> Self {
        self.lock().recorded = recorded;
        self.writer.get_mut().seq = chunks;
        self
    }

    /// The same, of an execution that was claimed so many times since it last got on.
    pub(super) fn claimed(mut self, times: u32) -> Self {
        *self.suspect.get_mut() = times > 1;
        self
    }

    fn stores(&self) -> &Stores {
        self.worker.stores()
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the execution back, with what was handed over so far: any worker may go on with it.
    pub(super) async fn release(&self) -> Result<(), JournalError> {
        self.write(Some(Then::Release)).await
    }

    /// Whether the lease was taken away. What the store does not answer now, or what a write that is under way will tell, is left to the next write.
    pub(super) async fn is_taken(&self) -> bool {
        let Some(writer) = self.writer.try_lock() else { return false };
        let Standing::Leased(lease) = writer.standing else { return false };
        let looked = self.stores().executions.commit(Commit::only(lease, Then::Continue)).await;
        matches!(looked, Err(StoreError::Fenced(_)))
    }

    async fn is_unwritten(&self) -> bool {
        matches!(self.writer.lock().await.standing, Standing::Unwritten(_))
    }

    /// The same, if anything of it was written.
    pub(super) async fn release_if_written(&self) -> Result<(), JournalError> {
        if self.is_unwritten().await { Ok(()) } else { self.release().await }
    }

    /// Ends the execution without its last records: they cannot be stored.
    pub(super) async fn give_up(&self, ending: crate::store::Ending) -> Result<(), JournalError> {
        let mut writer = self.writer.lock().await;
        writer.doubtful = None;
        let write = match &writer.standing {
            Standing::Leased(lease) => Write::Commit(Box::new(Commit::only(*lease, Then::Finish(Box::new(ending))))),
            Standing::Unwritten(start) => {
                let header = start.header.clone();
                Write::Record(Box::new(EndedExecution { header, records: None, started: ending.finished, ending }))
            }
        };
        self.send(&mut writer, write).await
    }

    /// Writes what was handed over, and what becomes of the execution.
    pub(super) async fn write(&self, then: Option<Then>) -> Result<(), JournalError> {
        let mut writer = self.writer.lock().await;
        if let Some(doubtful) = writer.doubtful.clone() {
            self.send(&mut writer, doubtful).await?;
        }
        if let (Standing::Unwritten(start), Some(Then::Finish(ending))) = (&writer.standing, &then) {
            let header = start.header.clone();
            let records = self.chunk(0).await?;
            let started = self.keeping.started;
            let ended = EndedExecution { header, records, started, ending: (**ending).clone() };
            return self.send(&mut writer, Write::Record(Box::new(ended))).await;
        }
        if let Standing::Unwritten(start) = &writer.standing {
            let mut start = start.clone();
            start.records = self.chunk(0).await?.unwrap_or(start.records);
            self.send(&mut writer, Write::Start(start)).await?;
        }
        let Standing::Leased(lease) = writer.standing else { return Err(JournalError::Fenced) };
        let got_on = self.suspect.load(Ordering::Acquire) && self.lock().records.iter().any(gets_on);
        let chunk = self.chunk(writer.seq).await?;
        let (opened, closed) = self.points();
        let handled = self.inbox.take_handled(then.is_some());
        let idle = chunk.is_none() && opened.is_empty() && closed.is_empty() && handled.is_empty();
        let Some(then) = then.or_else(|| (!idle).then_some(Then::Continue)) else { return Ok(()) };
        let goes_on = matches!(then, Then::Continue);
        self.send(&mut writer, Write::Commit(Box::new(Commit { lease, chunk, handled, opened, closed, then }))).await?;
        if got_on && goes_on {
            self.clear(lease).await;
        }
        Ok(())
    }

    /// Clears an execution that has got on of the suspicion that its workers die of it.
    async fn clear(&self, lease: Lease) {
        if self.suspect.swap(false, Ordering::AcqRel) {
            // It costs nothing but patience later if this cannot be written.
            drop(self.stores().executions.forget_claims(lease).await);
        }
    }

    /// What was handed over, as the chunk with this number.
    async fn chunk(&self, seq: u32) -> Result<Option<Chunk>, JournalError> {
        let unavailable = |error: RecordError| JournalError::Unavailable(error.to_string());
        let large = {
            let records = &mut self.lock().records;
            if records.is_empty() {
                return Ok(None);
            }
            let encoded = encode(records).map_err(unavailable)?;
            if encoded.bytes.len() <= SPILL_THRESHOLD {
                records.clear();
                return Ok(Some(encoded.at(seq)));
            }
            records.clone()
        };
        let count = large.len();
        let encoded = encode_spilling(large, &*self.stores().blobs, SPILL_THRESHOLD).await.map_err(unavailable)?;
        self.lock().records.drain(..count);
        Ok(Some(encoded.at(seq)))
    }

    /// The places where the execution waits for somebody since the last write, and those where it does not any more.
    fn points(&self) -> (Vec<ResumePoint>, Vec<ResumeToken>) {
        let mut buffer = self.lock();
        (std::mem::take(&mut buffer.opened), std::mem::take(&mut buffer.closed))
    }

    /// Makes a write, again and again while the store cannot be reached. Until its answer is known it stays the next one to be made.
    async fn send(&self, writer: &mut Writer, write: Write) -> Result<(), JournalError> {
        let Writer { standing, seq, doubtful } = writer;
        let signalled = match doubtful.insert(write) {
            Write::Start(start) => {
                let header = start.header.id;
                match self.patiently(Some(self.worker.options().start_patience), || self.stores().executions.start((**start).clone())).await? {
                    Start::Created { lease: Some(lease) } => *standing = Standing::Leased(lease),
                    Start::Created { lease: None } => return Err(JournalError::Fenced),
                    Start::Existing { execution } if execution == header => return Err(JournalError::Fenced),
                    Start::Existing { execution } => return Err(JournalError::Existing(execution)),
                }
                *seq = 1;
                false
            }
            Write::Commit(commit) => {
                let grows = commit.chunk.is_some();
                let committed = self.patiently(None, || self.stores().executions.commit((**commit).clone())).await?;
                *seq += u32::from(grows);
                committed.signalled && matches!(commit.then, Then::Continue)
            }
            Write::Record(ended) => {
                self.patiently(Some(self.worker.options().start_patience), || self.stores().executions.record((**ended).clone())).await?;
                false
            }
        };
        *doubtful = None;
        if signalled {
            self.inbox.fetch(self.stores()).await.map_err(|error| JournalError::Unavailable(error.to_string()))?;
        }
        Ok(())
    }

    /// Asks until the store answers; with a limit where somebody waits who can be told to come again.
    async fn patiently<T, F>(&self, patience: Option<Duration>, ask: impl Fn() -> F) -> Result<T, JournalError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let runtime = self.worker.engine().runtime();
        let begun = runtime.now();
        let mut pause = Duration::from_millis(20);
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(StoreError::Fenced(_)) => return Err(JournalError::Fenced),
                Err(error) if error.is_transient() => {
                    let late = patience.is_some_and(|patience| runtime.now().since(begun) >= patience);
                    if late || patience.is_some() && matches!(error, StoreError::Full(_)) {
                        return Err(JournalError::Unavailable(error.to_string()));
                    }
                    runtime.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Err(error) => return Err(JournalError::Unavailable(error.to_string())),
            }
        }
    }
}

/// Whether an execution with this record is further than before. One whose workers die of a node records again and again that the node began.
fn gets_on(record: &Record) -> bool {
    matches!(record, Record::NodeRun(_) | Record::Waiting(_) | Record::WaitOver(_))
}

#[async_trait]
impl Journal for StoreJournal {
    fn append(&self, execution: &ExecutionData, entry: JournalEntry) {
        let plan = execution.plan();
        let mut buffer = self.lock();
        let Buffer { recorded, records, opened, closed } = &mut *buffer;
        match &entry {
            JournalEntry::Waiting { node, run, wait, .. } => {
                if let Some(resume) = &wait.resume {
                    let node = plan.node(*node).spec.id.clone();
                    let token = self.inbox.open(&node, &resume.suffix);
                    let options = serde_json::json!({ "suffix": resume.suffix, "options": resume.options });
                    opened.push(ResumePoint { token, node, run: *run, options });
                }
            }
            JournalEntry::WaitOver { node, .. } => {
                if let Some(token) = self.inbox.close(&plan.node(*node).spec.id) {
                    opened.retain(|point| point.token != token);
                    closed.push(token);
                }
            }
            _ => {}
        }
        recorded.encode(execution, entry, &self.preface, records);
    }

    async fn commit(&self) -> Result<(), JournalError> {
        if self.keeping.only_end && self.is_unwritten().await {
            return Ok(());
        }
        self.write(None).await?;
        // A signal that came with the answer is taken into account before anything else starts.
        self.inbox.settled().await;
        Ok(())
    }

    async fn settle(&self, outcome: &Outcome) -> Result<(), JournalError> {
        let then = self.then(outcome).await?;
        self.write(Some(then)).await
    }
}
