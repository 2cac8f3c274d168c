//! Group commit on `SQLite`: one transaction of statements that write many rows each.

use std::collections::{HashMap, HashSet};

use engine_core::model::ExecutionId;
use engine_core::store::{Commit, Committed, Ending, Epoch, Lease, Start, StartExecution, StoreError, Then, WorkerId};
use sqlx::query;
use uuid::Uuid;

use super::{Row, SqlStore, Statement, Tx, ids};
use crate::code::{self, state};
use crate::error::again;
use crate::group::{Answer, Answered, Flush, Group, Job, submit};
use crate::row::{get, signed, text, unsigned};

macro_rules! rows_16 {
    ($row:literal) => {
        concat!(
            $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row,
            ",", $row, ",", $row, ",", $row
        )
    };
}

macro_rules! rows_64 {
    ($row:literal) => {
        concat!(rows_16!($row), ",", rows_16!($row), ",", rows_16!($row), ",", rows_16!($row))
    };
}

/// One statement in the sizes in which it is prepared: for 64, 16 and 1 rows.
macro_rules! sizes {
    ($head:literal, $row:literal, $tail:literal) => {
        [(64, concat!($head, rows_64!($row), $tail)), (16, concat!($head, rows_16!($row), $tail)), (1, concat!($head, $row, $tail))]
    };
}

type Sizes = [(usize, &'static str); 3];

const INSERT_CHUNKS: Sizes = sizes!("INSERT INTO journal (execution, seq, records) VALUES ", "(?,?,?)", " ON CONFLICT (execution, seq) DO NOTHING");

const INSERT_ACTIVE: Sizes = sizes!(
    "INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, created, started) VALUES ",
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    " ON CONFLICT (id) DO NOTHING"
);

const INSERT_ENDED: Sizes = sizes!(
    "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch) VALUES ",
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    " ON CONFLICT (id) DO NOTHING"
);

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

    /// Writes a whole group; leaves out the answers of those that it has not written, because they are repetitions or fenced off.
    async fn write_group(&self, jobs: &[Job]) -> Result<HashMap<ExecutionId, Answer>, StoreError> {
        let starts: Vec<_> = jobs.iter().filter_map(|job| if let Job::Start(start) = job { Some(start) } else { None }).collect();
        let commits: Vec<_> = jobs.iter().filter_map(|job| if let Job::Commit(commit) = job { Some(commit) } else { None }).collect();
        let mut tx = self.begin().await?;
        let mut answers = HashMap::with_capacity(jobs.len());
        tx.write_starts(&starts, &mut answers).await?;
        tx.write_commits(&commits, &mut answers).await?;
        tx.commit().await?;
        Ok(answers)
    }

    /// Waiting for another process that writes is up to `SQLite` itself: a write that fails after that is not tried again.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, StoreError>> + Send>(&self, write: impl Fn() -> F + Send) -> Result<T, StoreError> {
        write().await
    }

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
        let mut answers = Vec::with_capacity(jobs.len());
        match self.write_group(jobs).await {
            Ok(mut written) => {
                for job in jobs {
                    answers.push(match written.remove(&job.execution()) {
                        Some(answer) => Ok(answer),
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

/// A row of `active` whose lease is held.
struct Held<'a> {
    commit: &'a Commit,
    row: Row,
    signalled: bool,
}

impl Tx {
    /// Writes as many rows as possible with each statement.
    async fn many<T>(
        &mut self,
        sizes: Sizes,
        mut rows: &[T],
        bind: impl Fn(Statement<'static>, &T) -> Result<Statement<'static>, StoreError>,
    ) -> Result<(), StoreError> {
        for (size, sql) in sizes {
            while rows.len() >= size {
                let (now, later) = rows.split_at(size);
                let mut statement = query(sql);
                for row in now {
                    statement = bind(statement, row)?;
                }
                self.change(statement).await?;
                rows = later;
            }
        }
        Ok(())
    }

    async fn write_starts(&mut self, starts: &[&StartExecution], answers: &mut HashMap<ExecutionId, Answer>) -> Result<(), StoreError> {
        if starts.is_empty() {
            return Ok(());
        }
        let wanted = || ids(starts.iter().map(|start| start.header.id.as_uuid()));
        let known = concat!("SELECT id FROM active WHERE id ", among!("$1"), " UNION ALL SELECT id FROM executions WHERE id ", among!("$1"));
        let known: Result<HashSet<Uuid>, _> = self.all(query(known).bind(wanted())).await?.iter().map(|row| get(row, "id")).collect();
        let known = known?;
        let now = self.now().await?.as_micros();
        let living = self.living_workers(starts, now).await?;
        let limits = self.first(query("SELECT kind FROM limits LIMIT 1")).await?.is_some();
        let new: Vec<_> = starts
            .iter()
            // Where limits are set, starts are checked one by one.
            .filter(|start| !(known.contains(&start.header.id.as_uuid()) || limits && start.claim_for.is_some()))
            .map(|start| {
                let due = start.due.map(engine_core::model::Timestamp::as_micros).filter(|due| *due > now);
                let worker = start.claim_for.map(WorkerId::as_uuid).filter(|worker| due.is_none() && living.contains(worker));
                (*start, due, worker)
            })
            .collect();
        self.many(INSERT_ACTIVE, &new, |statement, (start, due, worker)| Ok(bind_start(statement, start, (*due, *worker, now)))).await?;
        self.many(INSERT_CHUNKS, &new, |statement, (start, _, _)| {
            Ok(statement.bind(start.header.id.as_uuid()).bind(0).bind(start.records.bytes.to_vec()))
        })
        .await?;
        answers.extend(new.iter().map(|(start, _, worker)| {
            let lease = worker.map(|worker| Lease { execution: start.header.id, worker: WorkerId::new(worker), epoch: Epoch(1) });
            (start.header.id, Answer::Started(Start::Created { lease }))
        }));
        Ok(())
    }

    async fn living_workers(&mut self, starts: &[&StartExecution], now: i64) -> Result<HashSet<Uuid>, StoreError> {
        let claimants: HashSet<_> = starts.iter().filter_map(|start| start.claim_for.map(WorkerId::as_uuid)).collect();
        if claimants.is_empty() {
            return Ok(claimants);
        }
        let living = concat!("SELECT id FROM workers WHERE expires > $2 AND id ", among!("$1"));
        self.all(query(living).bind(ids(claimants.into_iter())).bind(now)).await?.iter().map(|row| get(row, "id")).collect()
    }

    async fn write_commits(&mut self, commits: &[&Commit], answers: &mut HashMap<ExecutionId, Answer>) -> Result<(), StoreError> {
        let held = self.hold(commits).await?;
        let chunks: Vec<_> = held.iter().filter_map(|held| held.commit.chunk.as_ref().map(|chunk| (held.commit.lease.execution, chunk))).collect();
        self.many(INSERT_CHUNKS, &chunks, |statement, (id, chunk)| {
            Ok(statement.bind(id.as_uuid()).bind(signed(chunk.seq)).bind(chunk.bytes.to_vec()))
        })
        .await?;
        self.end_held(&held).await?;
        self.move_held(&held).await?;
        answers.extend(held.iter().map(|held| {
            let execution = held.commit.lease.execution;
            (execution, Answer::Committed(Committed { execution, signalled: held.signalled }))
        }));
        Ok(())
    }

    /// The commits whose lease is held. The transaction has the write lock, so none of them can lose it before the end.
    async fn hold<'a>(&mut self, commits: &[&'a Commit]) -> Result<Vec<Held<'a>>, StoreError> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let leased = concat!("SELECT * FROM active WHERE state = 1 AND id ", among!("$1"));
        let rows = self.all(query(leased).bind(ids(commits.iter().map(|commit| commit.lease.execution.as_uuid())))).await?;
        let mut leased: HashMap<ExecutionId, Row> = HashMap::with_capacity(rows.len());
        for row in rows {
            leased.insert(ExecutionId::new(get::<Uuid, _>(&row, "id")?), row);
        }
        let mut held = Vec::with_capacity(commits.len());
        for commit in commits {
            let Some(row) = leased.remove(&commit.lease.execution) else { continue };
            let epoch = Epoch(unsigned(get(&row, "epoch")?, "epoch")?);
            if epoch == commit.lease.epoch && get::<Uuid, _>(&row, "worker")? == commit.lease.worker.as_uuid() {
                held.push(Held { commit, signalled: get::<i32, _>(&row, "signals")? > 0, row });
            }
        }
        Ok(held)
    }

    async fn end_held(&mut self, held: &[Held<'_>]) -> Result<(), StoreError> {
        let ending: Vec<_> =
            held.iter().filter_map(|held| if let Then::Finish(ending) = &held.commit.then { Some((held, &**ending)) } else { None }).collect();
        if ending.is_empty() {
            return Ok(());
        }
        self.many(INSERT_ENDED, &ending, |statement, (held, ending)| bind_ended(statement, &held.row, ending)).await?;
        let gone = ids(ending.iter().map(|(held, _)| held.commit.lease.execution.as_uuid()));
        self.change(query(concat!("DELETE FROM active WHERE id ", among!("$1"))).bind(gone)).await?;
        for (held, _) in ending {
            if get::<bool, _>(&held.row, "extras")? {
                self.forget_active(held.commit.lease.execution.as_uuid()).await?;
            }
        }
        Ok(())
    }

    async fn move_held(&mut self, held: &[Held<'_>]) -> Result<(), StoreError> {
        for Held { commit, signalled, .. } in held {
            if !matches!(commit.then, Then::Continue | Then::Finish(_)) {
                self.move_on(commit.lease.execution, &commit.then, *signalled).await?;
            }
        }
        Ok(())
    }
}

fn bind_start(statement: Statement<'static>, start: &StartExecution, (due, worker, now): (Option<i64>, Option<Uuid>, i64)) -> Statement<'static> {
    let standing = match (due, worker) {
        (Some(_), _) => state::WAITING,
        (None, Some(_)) => state::LEASED,
        (None, None) => state::READY,
    };
    let first = i32::from(worker.is_some());
    statement
        .bind(start.header.id.as_uuid())
        .bind(start.header.tenant.to_string())
        .bind(start.header.workflow.to_string())
        .bind(signed(start.header.version.0))
        .bind(code::of_mode(start.header.mode))
        .bind(start.header.parent.map(|parent| parent.as_uuid()))
        .bind(start.header.retry_of.map(|retried| retried.as_uuid()))
        .bind(start.priority)
        .bind(start.concurrency_key.clone())
        .bind(standing)
        .bind(due)
        .bind(worker)
        .bind(first)
        .bind(first)
        .bind(now)
        .bind(worker.map(|_| now))
}

fn bind_ended(statement: Statement<'static>, row: &Row, ending: &Ending) -> Result<Statement<'static>, StoreError> {
    Ok(statement
        .bind(get::<Uuid, _>(row, "id")?)
        .bind(get::<String, _>(row, "tenant")?)
        .bind(get::<String, _>(row, "workflow")?)
        .bind(get::<i32, _>(row, "version")?)
        .bind(get::<i16, _>(row, "mode")?)
        .bind(get::<Option<Uuid>, _>(row, "parent")?)
        .bind(get::<Option<Uuid>, _>(row, "retry_of")?)
        .bind(code::of_status(ending.status))
        .bind(get::<i64, _>(row, "created")?)
        .bind(get::<Option<i64>, _>(row, "started")?)
        .bind(ending.finished.as_micros())
        .bind(ending.error.as_ref().map(text).transpose()?)
        .bind(ending.last_node.as_ref().map(text).transpose()?)
        .bind(get::<i32, _>(row, "epoch")?))
}
