//! The transaction of a group: row by row, in the order in which the jobs came.

use std::collections::HashMap;

use engine_core::model::{ExecutionId, Timestamp};
use engine_core::store::{
    Chunk, Commit, Committed, EndedExecution, Ending, Epoch, ExecutionHeader, Lease, Start, StartExecution, StoreError, Then, WorkerId,
};
use rusqlite::{Connection, OptionalExtension, Params, ToSql, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::code::{self, state};
use crate::error::from_rusqlite;
use crate::group::{Answer, Job};
use crate::row::{signed, text};

/// Writes a group in one transaction. No answer means that a job was not written, because it is a repetition or fenced off.
pub(super) fn write(connection: &mut Connection, jobs: &[Job]) -> Result<Vec<Option<Answer>>, StoreError> {
    let mut group = Group { tx: connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(from_rusqlite)?, known: None };
    let answers = jobs.iter().map(|job| group.write(job)).collect::<Result<_, _>>()?;
    group.tx.commit().map_err(from_rusqlite)?;
    Ok(answers)
}

struct Group<'c> {
    tx: Transaction<'c>,
    known: Option<Known>,
}

/// What has to be known before executions are started. It cannot change during the transaction.
struct Known {
    /// Microseconds since 1970.
    now: i64,
    /// Whether there are limits: then starts are checked one by one.
    limited: bool,
    /// Whether workers live.
    alive: HashMap<Uuid, bool>,
}

const INSERT_ACTIVE: &str = "INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, \
    created, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15) ON CONFLICT (id) DO NOTHING";

const INSERT_CHUNK: &str = "INSERT INTO journal (execution, seq, records) VALUES (?1, ?2, ?3) ON CONFLICT (execution, seq) DO NOTHING";

const INSERT_ENDED: &str = "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, 0) ON CONFLICT (id) DO NOTHING";

/// What is active becomes history, with how it ended.
const END_ACTIVE: &str = "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch) \
    SELECT id, tenant, workflow, version, mode, parent, retry_of, ?2, created, started, ?3, ?4, ?5, epoch FROM active WHERE id = ?1 ON CONFLICT (id) DO NOTHING";

/// The lease is looked up by the execution.
const HELD: &str =
    concat!("SELECT signals, extras FROM active WHERE id = ?1 AND epoch = ?2 AND ", passive!("worker"), " = ?3 AND ", passive!("state"), " = 1");

impl Group<'_> {
    fn write(&mut self, job: &Job) -> Result<Option<Answer>, StoreError> {
        match job {
            Job::Start(start) => self.start(start),
            Job::Commit(commit) => self.commit(commit),
            Job::Record(ended) => self.record(ended),
        }
    }

    /// Changes rows; gives how many.
    fn change(&self, sql: &str, arguments: impl Params) -> Result<usize, StoreError> {
        self.tx.prepare_cached(sql).and_then(|mut statement| statement.execute(arguments)).map_err(from_rusqlite)
    }

    /// Inserts a row that begins with what never changes of an execution; gives how many were inserted.
    fn insert(&self, sql: &str, header: &ExecutionHeader, rest: &[&dyn ToSql]) -> Result<usize, StoreError> {
        let ExecutionHeader { id, tenant, workflow, version, mode, parent, retry_of } = header;
        let (parent, retry_of) = (parent.map(|parent| parent.as_uuid()), retry_of.map(|retried| retried.as_uuid()));
        let first = params![id.as_uuid(), tenant.as_str(), workflow.as_str(), signed(version.0), code::of_mode(*mode), parent, retry_of];
        let insert = || {
            let mut statement = self.tx.prepare_cached(sql)?;
            for (place, value) in (1..).zip(first.iter().chain(rest)) {
                statement.raw_bind_parameter(place, value)?;
            }
            statement.raw_execute()
        };
        insert().map_err(from_rusqlite)
    }

    fn exists(&self, sql: &str, arguments: impl Params) -> Result<bool, StoreError> {
        self.tx.prepare_cached(sql).and_then(|mut statement| statement.exists(arguments)).map_err(from_rusqlite)
    }

    fn known(&mut self) -> Result<&mut Known, StoreError> {
        if let Some(known) = self.known.take() {
            return Ok(self.known.insert(known));
        }
        let ask = concat!("SELECT ", now!(), ", EXISTS (SELECT 1 FROM limits)");
        let answer = self.tx.prepare_cached(ask).and_then(|mut ask| ask.query_one([], |row| Ok((row.get(0)?, row.get(1)?))));
        let (now, limited) = answer.map_err(from_rusqlite)?;
        Ok(self.known.insert(Known { now, limited, alive: HashMap::new() }))
    }

    fn is_alive(&mut self, worker: WorkerId, now: i64) -> Result<bool, StoreError> {
        let id = worker.as_uuid();
        if let Some(alive) = self.known()?.alive.get(&id) {
            return Ok(*alive);
        }
        let alive = self.exists("SELECT 1 FROM workers WHERE id = ?1 AND expires > ?2", params![id, now])?;
        self.known()?.alive.insert(id, alive);
        Ok(alive)
    }

    fn start(&mut self, start: &StartExecution) -> Result<Option<Answer>, StoreError> {
        let Known { now, limited, .. } = *self.known()?;
        let id = start.header.id;
        if limited && start.claim_for.is_some() || self.exists("SELECT 1 FROM executions WHERE id = ?1", [id.as_uuid()])? {
            return Ok(None);
        }
        let due = start.due.map(Timestamp::as_micros).filter(|due| *due > now);
        let worker = match start.claim_for.filter(|_| due.is_none()) {
            Some(worker) if self.is_alive(worker, now)? => Some(worker),
            _ => None,
        };
        let standing = match (due, worker) {
            (Some(_), _) => state::WAITING,
            (None, Some(_)) => state::LEASED,
            (None, None) => state::READY,
        };
        let claims = i32::from(worker.is_some());
        let row = params![start.priority, start.concurrency_key, standing, due, worker.map(WorkerId::as_uuid), claims, now, worker.map(|_| now)];
        if self.insert(INSERT_ACTIVE, &start.header, row)? == 0 {
            return Ok(None);
        }
        self.append(id, &start.records)?;
        let lease = worker.map(|worker| Lease { execution: id, worker, epoch: Epoch(1) });
        Ok(Some(Answer::Started(Start::Created { lease })))
    }

    fn append(&self, execution: ExecutionId, chunk: &Chunk) -> Result<(), StoreError> {
        self.change(INSERT_CHUNK, params![execution.as_uuid(), signed(chunk.seq), &chunk.bytes[..]]).map(drop)
    }

    /// Adds an execution that has ended to the history. One that was started is not recorded again.
    fn record(&self, ended: &EndedExecution) -> Result<Option<Answer>, StoreError> {
        let EndedExecution { header, records, started, ending } = ended;
        if self.exists("SELECT 1 FROM active WHERE id = ?1", [header.id.as_uuid()])? {
            return Ok(None);
        }
        let (error, last_node) = end(ending)?;
        let row = params![code::of_status(ending.status), started.as_micros(), ending.finished.as_micros(), error, last_node];
        if self.insert(INSERT_ENDED, header, row)? == 1
            && let Some(chunk) = records
        {
            self.append(header.id, chunk)?;
        }
        Ok(Some(Answer::Recorded))
    }

    fn commit(&self, commit: &Commit) -> Result<Option<Answer>, StoreError> {
        let Commit { lease, chunk, then, .. } = commit;
        let id = lease.execution.as_uuid();
        let held = params![id, signed(lease.epoch.0), lease.worker.as_uuid()];
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? > 0, row.get::<_, bool>(1)?));
        let held = self.tx.prepare_cached(HELD).and_then(|mut ask| ask.query_one(held, row).optional());
        let Some((signalled, extras)) = held.map_err(from_rusqlite)? else { return Ok(None) };
        if let Some(chunk) = chunk {
            self.append(lease.execution, chunk)?;
        }
        match then {
            Then::Continue => {}
            Then::Finish(ending) => self.end(id, ending, extras)?,
            Then::Wait { .. } | Then::Pause if signalled => self.park(id, (state::READY, None))?,
            Then::Wait { due } => self.park(id, (state::WAITING, due.map(Timestamp::as_micros)))?,
            Then::Pause => self.park(id, (state::PAUSED, None))?,
            Then::Release => {
                let release = "UPDATE active SET state = 0, worker = NULL, claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END WHERE id = ?1";
                self.change(release, [id]).map(drop)?;
            }
        }
        Ok(Some(Answer::Committed(Committed { execution: lease.execution, signalled })))
    }

    fn end(&self, id: Uuid, ending: &Ending, extras: bool) -> Result<(), StoreError> {
        let (error, last_node) = end(ending)?;
        self.change(END_ACTIVE, params![id, code::of_status(ending.status), ending.finished.as_micros(), error, last_node])?;
        self.change("DELETE FROM active WHERE id = ?1", [id])?;
        if extras {
            self.change("DELETE FROM signals WHERE execution = ?1", [id])?;
            self.change("DELETE FROM resume_points WHERE execution = ?1", [id])?;
        }
        Ok(())
    }

    /// Puts an execution aside, in this state, until then.
    fn park(&self, id: Uuid, (standing, due): (i16, Option<i64>)) -> Result<(), StoreError> {
        let park = "UPDATE active SET state = ?2, due = ?3, worker = NULL, claims = 0 WHERE id = ?1";
        self.change(park, params![id, standing, due]).map(drop)
    }
}

/// With which error an execution ended, and in which node, as they are stored.
fn end(ending: &Ending) -> Result<(Option<String>, Option<String>), StoreError> {
    Ok((ending.error.as_ref().map(text).transpose()?, ending.last_node.as_ref().map(text).transpose()?))
}
