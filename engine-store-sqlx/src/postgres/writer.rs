//! Group commit on Postgres: one statement, one transaction, one round trip for a whole group.

use std::collections::HashMap;
use std::time::Duration;

use engine_core::model::ExecutionId;
use engine_core::store::{Commit, Committed, Epoch, Lease, Start, StartExecution, StoreError, Then, WorkerId};
use sqlx::query;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{Row, SqlStore, Statement};
use crate::code::{self, state};
use crate::error::again;
use crate::group::{Answer, Answered, Flush, Group, Job, submit};
use crate::row::{get, signed, text};
use crate::session::Session;

/// Starts and commits of a whole group.
///
/// Each commit joins the row of its execution under its own epoch and locks it; whoever lost the lease finds no row, now or after having waited for the lock, and
/// nothing of that commit is written. All that follows takes its rows from those that were held. Rows are looked up one by one (LATERAL): a join of both lists might
/// compare each commit with each lease.
const GROUP: &str = "
WITH starting AS MATERIALIZED (
    SELECT s.*, CASE
        WHEN s.due > (SELECT now_micros()) THEN 2
        WHEN s.claimant IS NOT NULL AND EXISTS (SELECT FROM workers w WHERE w.id = s.claimant AND w.expires > (SELECT now_micros()))
            AND NOT EXISTS (SELECT FROM limits l WHERE (l.kind = 0 AND l.name = s.tenant) OR (l.kind = 1 AND l.name = s.workflow) OR (l.kind = 2 AND l.name = s.key))
        THEN 1
        ELSE 0 END AS state
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int4[], $5::int2[], $6::uuid[], $7::uuid[], $8::int2[], $9::text[], $10::int8[], $11::uuid[], $12::bytea[])
        AS s(id, tenant, workflow, version, mode, parent, retry_of, priority, key, due, claimant, records)
    WHERE NOT EXISTS (SELECT FROM active a WHERE a.id = s.id) AND NOT EXISTS (SELECT FROM executions e WHERE e.id = s.id)
), started AS (
    INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, created, started)
    SELECT id, tenant, workflow, version, mode, parent, retry_of, priority, key, state, CASE WHEN state = 2 THEN due END,
        CASE WHEN state = 1 THEN claimant END, CASE WHEN state = 1 THEN 1 ELSE 0 END, CASE WHEN state = 1 THEN 1 ELSE 0 END,
        (SELECT now_micros()), CASE WHEN state = 1 THEN (SELECT now_micros()) END
    FROM starting
    ON CONFLICT (id) DO NOTHING
    RETURNING id, state
), first_chunks AS (
    INSERT INTO journal (execution, seq, records) SELECT id, 0, records FROM starting ON CONFLICT (execution, seq) DO NOTHING
), held AS MATERIALIZED (
    SELECT c.*, a.*
    FROM unnest($13::uuid[], $14::uuid[], $15::int4[], $16::int4[], $17::bytea[], $18::int2[], $19::int8[], $20::int2[], $21::text[], $22::text[], $23::int8[])
        AS c(id, worker, epoch, seq, records, fate, due, status, error, last_node, finished)
    CROSS JOIN LATERAL (
        SELECT l.tenant, l.workflow, l.version, l.mode, l.parent, l.retry_of, l.created, l.started, l.signals, l.extras FROM active l
        WHERE l.id = c.id AND l.epoch = c.epoch AND l.worker = c.worker AND l.state = 1 FOR NO KEY UPDATE
    ) a
), appended AS (
    INSERT INTO journal (execution, seq, records) SELECT id, seq, records FROM held WHERE records IS NOT NULL ON CONFLICT (execution, seq) DO NOTHING
), history AS (
    INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch)
    SELECT id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch FROM held WHERE fate = 1
    ON CONFLICT (id) DO NOTHING
), ended AS (
    DELETE FROM active WHERE id IN (SELECT id FROM held WHERE fate = 1)
), ended_signals AS (
    DELETE FROM signals WHERE execution IN (SELECT id FROM held WHERE fate = 1 AND extras)
), ended_points AS (
    DELETE FROM resume_points WHERE execution IN (SELECT id FROM held WHERE fate = 1 AND extras)
), moved AS (
    UPDATE active a SET
        worker = NULL,
        state = CASE WHEN h.fate = 4 OR a.signals > 0 THEN 0 ELSE h.fate END,
        due = CASE WHEN h.fate = 2 AND a.signals = 0 THEN h.due END,
        claims = CASE WHEN h.fate <> 4 THEN 0 WHEN a.claims > 0 THEN a.claims - 1 ELSE 0 END
    FROM held h WHERE a.id = h.id AND h.fate >= 2
)
SELECT id, signals AS number FROM held UNION ALL SELECT id, state FROM started";

/// What becomes of an execution after a commit.
mod fate {
    pub(super) const CONTINUE: i16 = 0;
    pub(super) const FINISH: i16 = 1;
    pub(super) const WAIT: i16 = 2;
    pub(super) const PAUSE: i16 = 3;
    pub(super) const RELEASE: i16 = 4;
}

/// The state of a waiting execution has the number of the fate that led to it, and so has a paused one's: the statement relies on it.
const _: () = assert!(fate::WAIT == state::WAITING && fate::PAUSE == state::PAUSED && fate::RELEASE == 4 && fate::FINISH == 1);

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl SqlStore {
    pub(super) async fn start_grouped(&self, start: StartExecution) -> Result<Start, StoreError> {
        match submit(self, Job::Start(start)).await? {
            Answer::Started(start) => Ok(start),
            Answer::Committed(_) => Err(StoreError::Invalid("a start was answered as a commit")),
        }
    }

    pub(super) async fn commit_grouped(&self, commit: Commit) -> Result<Committed, StoreError> {
        match submit(self, Job::Commit(commit)).await? {
            Answer::Committed(committed) => Ok(committed),
            Answer::Started(_) => Err(StoreError::Invalid("a commit was answered as a start")),
        }
    }

    /// Runs the statement; gives a number for each execution that was held or started.
    async fn write_group(&self, jobs: &[Job]) -> Result<HashMap<ExecutionId, i32>, StoreError> {
        let statement = bind(jobs)?;
        let mut session = Session::open(&self.core.writers, self.core.limit).await?;
        let rows = session.all(statement).await?;
        session.done();
        rows.iter().map(number).collect()
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

    /// Answers what the group statement found no row for: it is a repetition, or fenced off; and answers one by one when a group fails as a whole.
    async fn write_one(&self, job: &Job) -> Answered {
        match job {
            Job::Start(start) => self.start_one(start).await.map(Answer::Started),
            Job::Commit(commit) => self.commit_one(commit).await.map(Answer::Committed),
        }
    }
}

impl Flush for SqlStore {
    fn group(&self) -> &Group {
        &self.core.group
    }

    async fn flush(&self, jobs: &[Job]) -> Vec<Answered> {
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
            Err(error) if jobs.len() == 1 => answers.push(Err(error)),
            Err(error) if error.is_transient() => answers.extend(jobs.iter().map(|_| Err(again(&error)))),
            // Something about one of them: the others must not suffer.
            Err(_) => {
                for job in jobs {
                    answers.push(self.write_one(job).await);
                }
            }
        }
        answers
    }
}

fn number(row: &Row) -> Result<(ExecutionId, i32), StoreError> {
    Ok((ExecutionId::new(get::<Uuid, _>(row, "id")?), get(row, "number")?))
}

fn answer(job: &Job, number: i32) -> Answer {
    match job {
        Job::Start(start) => {
            let lease = start.claim_for.filter(|_| number == i32::from(state::LEASED));
            Answer::Started(Start::Created { lease: lease.map(|worker| Lease { execution: start.header.id, worker, epoch: Epoch(1) }) })
        }
        Job::Commit(commit) => Answer::Committed(Committed { execution: commit.lease.execution, signalled: number > 0 }),
    }
}

fn bind(jobs: &[Job]) -> Result<Statement<'static>, StoreError> {
    let starts: Vec<_> = jobs.iter().filter_map(|job| if let Job::Start(start) = job { Some(start) } else { None }).collect();
    let mut commits: Vec<_> = jobs.iter().filter_map(|job| if let Job::Commit(commit) = job { Some(commit) } else { None }).collect();
    // Rows are locked in the order of their ids here and wherever several are, so that nobody waits in a circle.
    commits.sort_unstable_by_key(|commit| commit.lease.execution);
    bind_commits(bind_starts(query(GROUP), &starts), &commits)
}

fn bind_starts(statement: Statement<'static>, starts: &[&StartExecution]) -> Statement<'static> {
    fn column<T>(starts: &[&StartExecution], of: impl Fn(&StartExecution) -> T) -> Vec<T> {
        starts.iter().map(|start| of(start)).collect()
    }
    statement
        .bind(column(starts, |start| start.header.id.as_uuid()))
        .bind(column(starts, |start| start.header.tenant.to_string()))
        .bind(column(starts, |start| start.header.workflow.to_string()))
        .bind(column(starts, |start| signed(start.header.version.0)))
        .bind(column(starts, |start| code::of_mode(start.header.mode)))
        .bind(column(starts, |start| start.header.parent.map(|parent| parent.as_uuid())))
        .bind(column(starts, |start| start.header.retry_of.map(|retried| retried.as_uuid())))
        .bind(column(starts, |start| start.priority))
        .bind(column(starts, |start| start.concurrency_key.clone()))
        .bind(column(starts, |start| start.due.map(engine_core::model::Timestamp::as_micros)))
        .bind(column(starts, |start| start.claim_for.map(WorkerId::as_uuid)))
        .bind(column(starts, |start| start.records.bytes.to_vec()))
}

fn bind_commits(statement: Statement<'static>, commits: &[&Commit]) -> Result<Statement<'static>, StoreError> {
    fn column<T>(commits: &[&Commit], of: impl Fn(&Commit) -> T) -> Vec<T> {
        commits.iter().map(|commit| of(commit)).collect()
    }
    fn ending<T>(commits: &[&Commit], of: impl Fn(&engine_core::store::Ending) -> T) -> Vec<Option<T>> {
        column(commits, |commit| if let Then::Finish(ending) = &commit.then { Some(of(ending)) } else { None })
    }
    let errors: Result<Vec<_>, _> =
        ending(commits, |ending| ending.error.as_ref().map(text).transpose()).into_iter().map(Option::transpose).collect();
    let nodes: Result<Vec<_>, _> =
        ending(commits, |ending| ending.last_node.as_ref().map(text).transpose()).into_iter().map(Option::transpose).collect();
    Ok(statement
        .bind(column(commits, |commit| commit.lease.execution.as_uuid()))
        .bind(column(commits, |commit| commit.lease.worker.as_uuid()))
        .bind(column(commits, |commit| signed(commit.lease.epoch.0)))
        .bind(column(commits, |commit| commit.chunk.as_ref().map(|chunk| signed(chunk.seq))))
        .bind(column(commits, |commit| commit.chunk.as_ref().map(|chunk| chunk.bytes.to_vec())))
        .bind(column(commits, |commit| fate_of(&commit.then)))
        .bind(column(commits, |commit| if let Then::Wait { due } = commit.then { due.map(engine_core::model::Timestamp::as_micros) } else { None }))
        .bind(ending(commits, |ending| code::of_status(ending.status)))
        .bind(errors?.into_iter().map(Option::flatten).collect::<Vec<_>>())
        .bind(nodes?.into_iter().map(Option::flatten).collect::<Vec<_>>())
        .bind(ending(commits, |ending| ending.finished.as_micros())))
}

fn fate_of(then: &Then) -> i16 {
    match then {
        Then::Continue => fate::CONTINUE,
        Then::Finish(_) => fate::FINISH,
        Then::Wait { .. } => fate::WAIT,
        Then::Pause => fate::PAUSE,
        Then::Release => fate::RELEASE,
    }
}
