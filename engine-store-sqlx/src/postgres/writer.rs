//! Group commit on Postgres: one statement, one transaction, one round trip for a whole group.

use std::collections::HashMap;
use std::time::Duration;

use engine_core::model::{ExecutionId, Timestamp};
use engine_core::store::{
    Commit, Committed, EndedExecution, Ending, Epoch, ExecutionHeader, Lease, Start, StartExecution, StoreError, Then, WorkerId,
};
use sqlx::query;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::parts::{PARTS, Part, Parts};
use super::{SqlStore, Statement};
use crate::code::{self, state};
use crate::error::again;
use crate::group::{Answer, Answered, Job};
use crate::row::{get, signed, text};

/// The state of a waiting execution has the number of the fate that led to it, and so has a paused one's: the statement relies on it.
mod fate {
    use crate::code::state;

    pub(super) const WAIT: i16 = state::WAITING;
    pub(super) const PAUSE: i16 = state::PAUSED;
    pub(super) const RELEASE: i16 = 4;
}

const _: () = assert!(fate::WAIT == 2 && fate::PAUSE == 3);

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl SqlStore {
    /// Makes jobs durable, all in one transaction; answers each, in their order. Fails none because of another.
    pub(super) async fn flush(&self, jobs: &[Job]) -> Vec<Answered> {
        let written = self.patiently(|| self.write_group(jobs)).await;
        let mut answers = Vec::with_capacity(jobs.len());
        match written {
            Ok(numbers) => {
                for job in jobs {
                    answers.push(match numbers.get(&job.execution()) {
                        Some(number) => Ok(answer(job, *number)),
                        None => self.write_one(job).await,
                    });
                }
            }
            Err(error) if error.is_transient() => answers.extend(jobs.iter().map(|_| Err(again(&error)))),
            // Something about one of them, often that it is a repetition: the others must not suffer.
            Err(_) => {
                for job in jobs {
                    answers.push(self.write_one(job).await);
                }
            }
        }
        answers
    }

    /// Runs the statement; gives a number for each execution that was held or started.
    async fn write_group(&self, jobs: &[Job]) -> Result<HashMap<ExecutionId, i32>, StoreError> {
        let statement = bind(jobs)?;
        let mut writing = self.core.writers.take().await?;
        let rows = writing.session().all(statement).await?;
        self.core.writers.keep(writing);
        let mut written = HashMap::with_capacity(jobs.len());
        for row in &rows {
            let ids = get::<Option<Vec<Uuid>>, _>(row, "ids")?.unwrap_or_default();
            let numbers = get::<Option<Vec<i32>>, _>(row, "numbers")?.unwrap_or_default();
            written.extend(ids.into_iter().map(ExecutionId::new).zip(numbers));
        }
        Ok(written)
    }

    /// Makes a write of journals; tries again for a while, as long as the database cannot be reached. Repeating a write is harmless.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, StoreError>> + Send>(&self, write: impl Fn() -> F + Send) -> Result<T, StoreError> {
        let until = Instant::now() + self.core.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            match write().await {
                Err(StoreError::Unavailable(_)) if Instant::now() + pause < until => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                written => return written,
            }
        }
    }
}

/// What the statement's number for a job means.
fn answer(job: &Job, number: i32) -> Answer {
    match job {
        Job::Start(start) => {
            let lease = start.claim_for.filter(|_| number == i32::from(state::LEASED));
            Answer::Started(Start::Created { lease: lease.map(|worker| Lease { execution: start.header.id, worker, epoch: Epoch(1) }) })
        }
        Job::Commit(commit) => Answer::Committed(Committed { execution: commit.lease.execution, signalled: number > 0 }),
        Job::Record(_) => Answer::Recorded,
    }
}

/// The jobs of a group by their kinds.
#[derive(Default)]
struct Sorted<'a> {
    starts: Vec<&'a StartExecution>,
    records: Vec<&'a EndedExecution>,
    continued: Vec<&'a Commit>,
    moved: Vec<(&'a Commit, i16, Option<Timestamp>)>,
    finished: Vec<(&'a Commit, &'a Ending)>,
}

impl<'a> Sorted<'a> {
    fn new(jobs: &'a [Job]) -> Self {
        let mut sorted = Self::default();
        for job in jobs {
            match job {
                Job::Start(start) => sorted.starts.push(start),
                Job::Record(ended) => sorted.records.push(ended),
                Job::Commit(commit) => match &commit.then {
                    Then::Continue => sorted.continued.push(commit),
                    Then::Finish(ending) => sorted.finished.push((commit, ending)),
                    Then::Wait { due } => sorted.moved.push((commit, fate::WAIT, *due)),
                    Then::Pause => sorted.moved.push((commit, fate::PAUSE, None)),
                    Then::Release => sorted.moved.push((commit, fate::RELEASE, None)),
                },
            }
        }
        // Rows are locked in the order of their ids here and wherever several are, so that nobody waits in a circle.
        sorted.continued.sort_unstable_by_key(|commit| commit.lease.execution);
        sorted.moved.sort_unstable_by_key(|(commit, ..)| commit.lease.execution);
        sorted.finished.sort_unstable_by_key(|(commit, _)| commit.lease.execution);
        sorted
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::Start => !self.starts.is_empty(),
            Part::Record => !self.records.is_empty(),
            Part::Continue => !self.continued.is_empty(),
            Part::Move => !self.moved.is_empty(),
            Part::Finish => !self.finished.is_empty(),
        }
    }
}

/// The statement with its arguments.
fn bind(jobs: &[Job]) -> Result<Statement<'_>, StoreError> {
    let sorted = Sorted::new(jobs);
    let mut parts = Parts::default();
    PARTS.into_iter().filter(|part| sorted.has(*part)).for_each(|part| parts.add(part));
    let mut statement = query(parts.statement());
    for part in PARTS.into_iter().filter(|part| parts.has(*part)) {
        statement = match part {
            Part::Start => bind_starts(statement, &sorted.starts),
            Part::Record => bind_records(statement, &sorted.records)?,
            Part::Continue => bind_leases(statement, &sorted.continued),
            Part::Move => bind_moves(statement, &sorted.moved),
            Part::Finish => bind_ends(statement, &sorted.finished)?,
        };
    }
    Ok(statement)
}

/// One value of each row.
fn column<'a, R, T>(rows: &[R], of: impl Fn(&R) -> T + 'a) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// What never changes of executions.
fn bind_headers<'a>(statement: Statement<'a>, headers: &[&'a ExecutionHeader]) -> Statement<'a> {
    statement
        .bind(column(headers, |header| header.id.as_uuid()))
        .bind(column(headers, |header| header.tenant.as_str()))
        .bind(column(headers, |header| header.workflow.as_str()))
        .bind(column(headers, |header| signed(header.version.0)))
        .bind(column(headers, |header| code::of_mode(header.mode)))
        .bind(column(headers, |header| header.parent.map(|parent| parent.as_uuid())))
        .bind(column(headers, |header| header.retry_of.map(|retried| retried.as_uuid())))
}

fn bind_starts<'a>(statement: Statement<'a>, starts: &[&'a StartExecution]) -> Statement<'a> {
    bind_headers(statement, &column(starts, |start| &start.header))
        .bind(column(starts, |start| start.priority))
        .bind(column(starts, |start| start.concurrency_key.as_deref()))
        .bind(column(starts, |start| start.due.map(Timestamp::as_micros)))
        .bind(column(starts, |start| start.claim_for.map(WorkerId::as_uuid)))
        .bind(column(starts, |start| &start.records.bytes[..]))
}

fn bind_records<'a>(statement: Statement<'a>, records: &[&'a EndedExecution]) -> Result<Statement<'a>, StoreError> {
    let statement = bind_headers(statement, &column(records, |ended| &ended.header));
    let endings = column(records, |ended| &ended.ending);
    let statement =
        statement.bind(column(&endings, |ending| code::of_status(ending.status))).bind(column(records, |ended| ended.started.as_micros()));
    Ok(bind_endings(statement, &endings)?.bind(column(records, |ended| ended.records.as_ref().map(|chunk| &chunk.bytes[..]))))
}

/// When executions ended, with which error, in which node.
fn bind_endings<'a>(statement: Statement<'a>, endings: &[&Ending]) -> Result<Statement<'a>, StoreError> {
    let errors: Result<Vec<_>, _> = endings.iter().map(|ending| ending.error.as_ref().map(text).transpose()).collect();
    let nodes: Result<Vec<_>, _> = endings.iter().map(|ending| ending.last_node.as_ref().map(text).transpose()).collect();
    Ok(statement.bind(column(endings, |ending| ending.finished.as_micros())).bind(errors?).bind(nodes?))
}

/// Under which lease, and with which chunk.
fn bind_leases<'a>(statement: Statement<'a>, commits: &[&'a Commit]) -> Statement<'a> {
    statement
        .bind(column(commits, |commit| commit.lease.execution.as_uuid()))
        .bind(column(commits, |commit| commit.lease.worker.as_uuid()))
        .bind(column(commits, |commit| signed(commit.lease.epoch.0)))
        .bind(column(commits, |commit| commit.chunk.as_ref().map(|chunk| signed(chunk.seq))))
        .bind(column(commits, |commit| commit.chunk.as_ref().map(|chunk| &chunk.bytes[..])))
}

fn bind_moves<'a>(statement: Statement<'a>, moves: &[(&'a Commit, i16, Option<Timestamp>)]) -> Statement<'a> {
    bind_leases(statement, &column(moves, |(commit, ..)| *commit))
        .bind(column(moves, |(_, fate, _)| *fate))
        .bind(column(moves, |(.., due)| due.map(Timestamp::as_micros)))
}

fn bind_ends<'a>(statement: Statement<'a>, ends: &[(&'a Commit, &'a Ending)]) -> Result<Statement<'a>, StoreError> {
    let endings = column(ends, |(_, ending)| *ending);
    let statement = bind_leases(statement, &column(ends, |(commit, _)| *commit)).bind(column(&endings, |ending| code::of_status(ending.status)));
    bind_endings(statement, &endings)
}
