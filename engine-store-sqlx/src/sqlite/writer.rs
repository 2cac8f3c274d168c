//! Group commit on `SQLite`: one transaction of statements that write many rows each.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use engine_core::model::ExecutionId;
use engine_core::store::{
    Chunk, Commit, Committed, EndedExecution, Ending, Epoch, ExecutionHeader, Lease, Start, StartExecution, StoreError, Then, WorkerId,
};
use sqlx::query;
use uuid::Uuid;

use super::{Row, SqlStore, Statement, Tx, ids};
use crate::code::{self, state};
use crate::error::again;
use crate::group::{Answer, Answered, Flush, Group, Job};
use crate::row::{get, signed, text, unsigned};

/// A statement that writes many rows. It is prepared for 128, 64, ... 2 and 1 of them: each statement is a message to the thread that has the file, and its answer.
struct Rows {
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    sized: OnceLock<[(usize, String); 8]>,
}

impl Rows {
    const fn new(head: &'static str, row: &'static str, tail: &'static str) -> Self {
        Self { head, row, tail, sized: OnceLock::new() }
    }

    /// From the largest on.
    fn sized(&self) -> &[(usize, String); 8] {
        let sql = |rows: usize| [self.head, &vec![self.row; rows].join(","), self.tail].concat();
        self.sized.get_or_init(|| [128, 64, 32, 16, 8, 4, 2, 1].map(|rows| (rows, sql(rows))))
    }
}

static INSERT_CHUNKS: Rows =
    Rows::new("INSERT INTO journal (execution, seq, records) VALUES ", "(?,?,?)", " ON CONFLICT (execution, seq) DO NOTHING");

static INSERT_ACTIVE: Rows = Rows::new(
    "INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, created, started) VALUES ",
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    " ON CONFLICT (id) DO NOTHING",
);

/// What is active becomes history, with how it ended.
static END_ACTIVE: Rows = Rows::new(
    "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch) \
     SELECT a.id, a.tenant, a.workflow, a.version, a.mode, a.parent, a.retry_of, e.column2, a.created, a.started, e.column3, e.column4, e.column5, a.epoch FROM (VALUES ",
    "(?,?,?,?,?)",
    ") e CROSS JOIN active a ON a.id = e.column1 WHERE true ON CONFLICT (id) DO NOTHING",
);

static INSERT_ENDED: Rows = Rows::new(
    "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch) VALUES ",
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    " ON CONFLICT (id) DO NOTHING",
);

/// What a group of starts has to know: the time, whether limits are set, which executions are there already, and which workers live.
const BEFORE_STARTS: &str = concat!(
    "SELECT 0 AS kind, NULL AS id, ",
    now!(),
    " AS now, EXISTS (SELECT 1 FROM limits) AS limited UNION ALL SELECT 1, id, 0, 0 FROM active WHERE id ",
    among!("$1"),
    " UNION ALL SELECT 1, id, 0, 0 FROM executions WHERE id ",
    among!("$1"),
    " UNION ALL SELECT 2, id, 0, 0 FROM workers WHERE id ",
    among!("$2"),
    " AND expires > ",
    now!()
);

impl SqlStore {
    /// Writes a whole group; leaves out the answers of those that it has not written, because they are repetitions or fenced off.
    async fn write_group(&self, jobs: &[Job]) -> Result<HashMap<ExecutionId, Answer>, StoreError> {
        let starts: Vec<_> = jobs.iter().filter_map(|job| if let Job::Start(start) = job { Some(start) } else { None }).collect();
        let commits: Vec<_> = jobs.iter().filter_map(|job| if let Job::Commit(commit) = job { Some(commit) } else { None }).collect();
        let records: Vec<_> = jobs.iter().filter_map(|job| if let Job::Record(ended) = job { Some(ended) } else { None }).collect();
        let mut tx = self.begin().await?;
        let mut answers = HashMap::with_capacity(jobs.len());
        tx.write_starts(&starts, &mut answers).await?;
        tx.write_records(&records, &mut answers).await?;
        tx.write_commits(&commits, &mut answers).await?;
        tx.commit().await?;
        Ok(answers)
    }

    /// Waiting for another process that writes is up to `SQLite` itself: a write that fails after that is not tried again.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, StoreError>> + Send>(&self, write: impl Fn() -> F + Send) -> Result<T, StoreError> {
        write().await
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

/// A commit whose lease is held.
struct Held<'a> {
    commit: &'a Commit,
    signalled: bool,
    extras: bool,
}

/// What is there before a group of starts.
#[derive(Default)]
struct Known {
    /// Microseconds since 1970.
    now: i64,
    limited: bool,
    executions: HashSet<Uuid>,
    /// Those that live.
    workers: HashSet<Uuid>,
}

impl Tx {
    /// Writes as many rows as possible with each statement.
    async fn many<T>(
        &mut self,
        statements: &'static Rows,
        mut rows: &[T],
        bind: impl Fn(Statement<'static>, &T) -> Result<Statement<'static>, StoreError>,
    ) -> Result<(), StoreError> {
        for (size, sql) in statements.sized() {
            while let Some((now, later)) = rows.split_at_checked(*size) {
                let mut statement = query(sql.as_str());
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
        let Known { now, limited, executions, workers } = self.known(starts).await?;
        let new: Vec<_> = starts
            .iter()
            // Where limits are set, starts are checked one by one.
            .filter(|start| !(executions.contains(&start.header.id.as_uuid()) || limited && start.claim_for.is_some()))
            .map(|start| {
                let due = start.due.map(engine_core::model::Timestamp::as_micros).filter(|due| *due > now);
                let worker = start.claim_for.map(WorkerId::as_uuid).filter(|worker| due.is_none() && workers.contains(worker));
                (*start, due, worker)
            })
            .collect();
        self.many(&INSERT_ACTIVE, &new, |statement, (start, due, worker)| Ok(bind_start(statement, start, (*due, *worker, now)))).await?;
        self.many(&INSERT_CHUNKS, &new, |statement, (start, _, _)| {
            Ok(statement.bind(start.header.id.as_uuid()).bind(0).bind(start.records.bytes.to_vec()))
        })
        .await?;
        answers.extend(new.iter().map(|(start, _, worker)| {
            let lease = worker.map(|worker| Lease { execution: start.header.id, worker: WorkerId::new(worker), epoch: Epoch(1) });
            (start.header.id, Answer::Started(Start::Created { lease }))
        }));
        Ok(())
    }

    /// Adds executions that have ended to the history. One that was started is left out: it is not recorded again.
    async fn write_records(&mut self, records: &[&EndedExecution], answers: &mut HashMap<ExecutionId, Answer>) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let wanted = ids(records.iter().map(|ended| ended.header.id.as_uuid()));
        let started = query(concat!("SELECT id FROM active WHERE id ", among!("$1"))).bind(wanted);
        let started: Result<HashSet<Uuid>, _> = self.all(started).await?.iter().map(|row| get(row, "id")).collect();
        let started = started?;
        let new: Vec<_> = records.iter().filter(|ended| !started.contains(&ended.header.id.as_uuid())).collect();
        self.many(&INSERT_ENDED, &new, |statement, ended| bind_record(statement, ended)).await?;
        let chunks: Vec<_> = new.iter().filter_map(|ended| ended.records.as_ref().map(|chunk| (ended.header.id, chunk))).collect();
        self.write_chunks(&chunks).await?;
        answers.extend(new.iter().map(|ended| (ended.header.id, Answer::Recorded)));
        Ok(())
    }

    async fn write_chunks(&mut self, chunks: &[(ExecutionId, &Chunk)]) -> Result<(), StoreError> {
        self.many(&INSERT_CHUNKS, chunks, |statement, (id, chunk)| {
            Ok(statement.bind(id.as_uuid()).bind(signed(chunk.seq)).bind(chunk.bytes.to_vec()))
        })
        .await
    }

    async fn known(&mut self, starts: &[&StartExecution]) -> Result<Known, StoreError> {
        let claimants: HashSet<_> = starts.iter().filter_map(|start| start.claim_for.map(WorkerId::as_uuid)).collect();
        let statement = query(BEFORE_STARTS).bind(ids(starts.iter().map(|start| start.header.id.as_uuid()))).bind(ids(claimants.into_iter()));
        let mut known = Known::default();
        for row in &self.all(statement).await? {
            match get::<i32, _>(row, "kind")? {
                0 => (known.now, known.limited) = (get(row, "now")?, get(row, "limited")?),
                1 => drop(known.executions.insert(get(row, "id")?)),
                _ => drop(known.workers.insert(get(row, "id")?)),
            }
        }
        Ok(known)
    }

    async fn write_commits(&mut self, commits: &[&Commit], answers: &mut HashMap<ExecutionId, Answer>) -> Result<(), StoreError> {
        let held = self.hold(commits).await?;
        let chunks: Vec<_> = held.iter().filter_map(|held| held.commit.chunk.as_ref().map(|chunk| (held.commit.lease.execution, chunk))).collect();
        self.write_chunks(&chunks).await?;
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
        let leased = concat!("SELECT id, epoch, worker, signals, extras FROM active WHERE state = 1 AND id ", among!("$1"));
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
                held.push(Held { commit, signalled: get::<i32, _>(&row, "signals")? > 0, extras: get(&row, "extras")? });
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
        self.many(&END_ACTIVE, &ending, |statement, (held, ending)| bind_end(statement, held.commit.lease.execution, ending)).await?;
        let gone = ids(ending.iter().map(|(held, _)| held.commit.lease.execution.as_uuid()));
        self.change(query(concat!("DELETE FROM active WHERE id ", among!("$1"))).bind(gone)).await?;
        for (held, _) in ending {
            if held.extras {
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

/// What never changes of an execution.
fn bind_header(statement: Statement<'static>, header: &ExecutionHeader) -> Statement<'static> {
    statement
        .bind(header.id.as_uuid())
        .bind(header.tenant.to_string())
        .bind(header.workflow.to_string())
        .bind(signed(header.version.0))
        .bind(code::of_mode(header.mode))
        .bind(header.parent.map(|parent| parent.as_uuid()))
        .bind(header.retry_of.map(|retried| retried.as_uuid()))
}

fn bind_start(statement: Statement<'static>, start: &StartExecution, (due, worker, now): (Option<i64>, Option<Uuid>, i64)) -> Statement<'static> {
    let standing = match (due, worker) {
        (Some(_), _) => state::WAITING,
        (None, Some(_)) => state::LEASED,
        (None, None) => state::READY,
    };
    let first = i32::from(worker.is_some());
    bind_header(statement, &start.header)
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

fn bind_record(statement: Statement<'static>, ended: &EndedExecution) -> Result<Statement<'static>, StoreError> {
    let began = ended.started.as_micros();
    let statement = bind_header(statement, &ended.header).bind(code::of_status(ended.ending.status)).bind(began).bind(began);
    Ok(bind_ending(statement, &ended.ending)?.bind(0))
}

fn bind_end(statement: Statement<'static>, id: ExecutionId, ending: &Ending) -> Result<Statement<'static>, StoreError> {
    bind_ending(statement.bind(id.as_uuid()).bind(code::of_status(ending.status)), ending)
}

/// When it ended, with which error, in which node.
fn bind_ending(statement: Statement<'static>, ending: &Ending) -> Result<Statement<'static>, StoreError> {
    let error = ending.error.as_ref().map(text).transpose()?;
    let last_node = ending.last_node.as_ref().map(text).transpose()?;
    Ok(statement.bind(ending.finished.as_micros()).bind(error).bind(last_node))
}
