//! The statement of a group, put together from parts: one for each kind of job that is in the group.
//!
//! A part that is not needed is not free: each names tables that have to be opened and locked, and a commit alone, the most frequent of all, needs one of them.
//! No part asks for conflicts (`ON CONFLICT` makes an insertion nearly twice as dear). Whoever repeats a write meets its own rows, the statement fails as a whole, and
//! its jobs are carried out one by one, with all checks.

use std::sync::OnceLock;

/// A kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A start.
    Start,
    /// The record of an execution that has ended.
    Record,
    /// A commit after which the execution goes on.
    Continue,
    /// A commit after which it is put aside.
    Move,
    /// A commit with which it ends.
    Finish,
}

/// All of them, in the order in which their arguments are bound and their answers come.
pub(super) const PARTS: [Part; 5] = [Part::Start, Part::Record, Part::Continue, Part::Move, Part::Finish];

/// Which parts a statement has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts(u8);

impl Parts {
    pub(super) fn add(&mut self, part: Part) {
        self.0 |= 1 << part as u8;
    }

    pub(super) fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u8) != 0
    }

    /// The statement. Each of its rows has the ids of those executions of one part that were written, and a number for each.
    pub(super) fn statement(self) -> &'static str {
        static STATEMENTS: [OnceLock<String>; 32] = [const { OnceLock::new() }; 32];
        let make = || {
            let parts = || PARTS.into_iter().filter(|part| self.has(*part)).map(Part::sql);
            let with: Vec<_> = parts().map(|(with, _)| with).collect();
            let answers: Vec<_> = parts().map(|(_, answer)| answer).collect();
            numbered(&["WITH ", &with.join(", "), " ", &answers.join(" UNION ALL ")].concat())
        };
        STATEMENTS.get(usize::from(self.0)).map_or("SELECT", |statement| statement.get_or_init(make))
    }
}

/// The same with `$1`, `$2`, ... for each `?`.
fn numbered(sql: &str) -> String {
    let mut pieces = sql.split('?');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.zip(1..).fold(first, |sql, (piece, number)| format!("{sql}${number}{piece}"))
}

impl Part {
    /// What it does, and what it answers.
    fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Start => (START, "SELECT array_agg(id) AS ids, array_agg(state) AS numbers FROM starting"),
            Self::Record => (RECORD, "SELECT array_agg(id) AS ids, array_agg(0) AS numbers FROM recording"),
            Self::Continue => (CONTINUE, "SELECT array_agg(id) AS ids, array_agg(signals) AS numbers FROM held"),
            Self::Move => (MOVE, "SELECT array_agg(id) AS ids, array_agg(signals) AS numbers FROM moving"),
            Self::Finish => (FINISH, "SELECT array_agg(id) AS ids, array_agg(signals) AS numbers FROM ending"),
        }
    }
}

/// The execution is claimed at once by a worker that lives, unless a limit concerns it.
const START: &str = "
clock AS MATERIALIZED (SELECT now_micros() AS now
), starting AS MATERIALIZED (
    SELECT s.*, CASE
        WHEN s.due > (SELECT now FROM clock) THEN 2
        WHEN EXISTS (SELECT FROM workers w WHERE w.id = s.claimant AND w.expires > (SELECT now FROM clock))
            AND (NOT EXISTS (SELECT FROM limits) OR NOT EXISTS (SELECT FROM limits l
                WHERE (l.kind = 0 AND l.name = s.tenant) OR (l.kind = 1 AND l.name = s.workflow) OR (l.kind = 2 AND l.name = s.key)))
        THEN 1
        ELSE 0 END AS state
    FROM unnest(?::uuid[], ?::text[], ?::text[], ?::int4[], ?::int2[], ?::uuid[], ?::uuid[], ?::int2[], ?::text[], ?::int8[], ?::uuid[], ?::bytea[])
        AS s(id, tenant, workflow, version, mode, parent, retry_of, priority, key, due, claimant, records)
    WHERE NOT EXISTS (SELECT FROM executions e WHERE e.id = s.id)
), started AS (
    INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, created, started)
    SELECT id, tenant, workflow, version, mode, parent, retry_of, priority, key, state, CASE WHEN state = 2 THEN due END,
        CASE WHEN state = 1 THEN claimant END, CASE WHEN state = 1 THEN 1 ELSE 0 END, CASE WHEN state = 1 THEN 1 ELSE 0 END,
        (SELECT now FROM clock), CASE WHEN state = 1 THEN (SELECT now FROM clock) END
    FROM starting
), first_chunks AS (
    INSERT INTO journal (execution, seq, records) SELECT id, 0, records FROM starting
)";

/// One that was started is not recorded again.
const RECORD: &str = "
recording AS MATERIALIZED (
    SELECT r.*
    FROM unnest(?::uuid[], ?::text[], ?::text[], ?::int4[], ?::int2[], ?::uuid[], ?::uuid[], ?::int2[], ?::int8[], ?::int8[], ?::text[], ?::text[], ?::bytea[])
        AS r(id, tenant, workflow, version, mode, parent, retry_of, status, started, finished, error, last_node, records)
    WHERE NOT EXISTS (SELECT FROM active a WHERE a.id = r.id)
), recorded AS (
    INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch)
    SELECT id, tenant, workflow, version, mode, parent, retry_of, status, started, started, finished, error, last_node, 0 FROM recording
), recorded_chunks AS (
    INSERT INTO journal (execution, seq, records) SELECT id, 0, records FROM recording WHERE records IS NOT NULL
)";

/// Each commit joins the row of its execution under its own epoch and locks it; whoever lost the lease finds no row, now or after having waited for the lock, and
/// nothing of that commit is written. Rows are looked up one by one (LATERAL): a join of both lists might compare each commit with each lease.
const CONTINUE: &str = "
held AS MATERIALIZED (
    SELECT c.id, c.seq, c.records, a.signals
    FROM unnest(?::uuid[], ?::uuid[], ?::int4[], ?::int4[], ?::bytea[]) AS c(id, worker, epoch, seq, records)
    CROSS JOIN LATERAL (
        SELECT l.signals FROM active l WHERE l.id = c.id AND l.epoch = c.epoch AND l.worker = c.worker AND l.state = 1 FOR NO KEY UPDATE
    ) a
), appended AS (
    INSERT INTO journal (execution, seq, records) SELECT id, seq, records FROM held WHERE records IS NOT NULL
)";

/// The state of a waiting execution has the number of the fate that led to it, and so has a paused one's.
///
/// An insertion that always meets its row is the update that looks up each row by its key, whatever the statistics say.
const MOVE: &str = "
moving AS MATERIALIZED (
    SELECT c.id, c.seq, c.records, c.fate, c.due AS until, a.*
    FROM unnest(?::uuid[], ?::uuid[], ?::int4[], ?::int4[], ?::bytea[], ?::int2[], ?::int8[]) AS c(id, worker, epoch, seq, records, fate, due)
    CROSS JOIN LATERAL (
        SELECT l.tenant, l.workflow, l.version, l.mode, l.priority, l.epoch, l.claims, l.created, l.signals FROM active l
        WHERE l.id = c.id AND l.epoch = c.epoch AND l.worker = c.worker AND l.state = 1 FOR NO KEY UPDATE
    ) a
), moved_chunks AS (
    INSERT INTO journal (execution, seq, records) SELECT id, seq, records FROM moving WHERE records IS NOT NULL
), moved AS (
    INSERT INTO active AS a (id, tenant, workflow, version, mode, priority, state, due, epoch, claims, created)
    SELECT id, tenant, workflow, version, mode, priority, fate, until, epoch, claims, created FROM moving
    ON CONFLICT (id) DO UPDATE SET
        worker = NULL,
        state = CASE WHEN excluded.state = 4 OR a.signals > 0 THEN 0 ELSE excluded.state END,
        due = CASE WHEN excluded.state = 2 AND a.signals = 0 THEN excluded.due END,
        claims = CASE WHEN excluded.state <> 4 THEN 0 WHEN a.claims > 0 THEN a.claims - 1 ELSE 0 END
)";

/// What was active becomes history.
const FINISH: &str = "
ending AS MATERIALIZED (
    SELECT c.id, c.seq, c.records, c.status, c.finished, c.error, c.last_node, a.*
    FROM unnest(?::uuid[], ?::uuid[], ?::int4[], ?::int4[], ?::bytea[], ?::int2[], ?::int8[], ?::text[], ?::text[])
        AS c(id, worker, epoch, seq, records, status, finished, error, last_node)
    CROSS JOIN LATERAL (
        SELECT l.tenant, l.workflow, l.version, l.mode, l.parent, l.retry_of, l.created, l.started, l.epoch, l.signals, l.extras FROM active l
        WHERE l.id = c.id AND l.epoch = c.epoch AND l.worker = c.worker AND l.state = 1 FOR UPDATE
    ) a
), last_chunks AS (
    INSERT INTO journal (execution, seq, records) SELECT id, seq, records FROM ending WHERE records IS NOT NULL
), history AS (
    INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch)
    SELECT id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, epoch FROM ending
), ended AS (
    DELETE FROM active WHERE id = ANY(ARRAY(SELECT id FROM ending))
), ended_signals AS (
    DELETE FROM signals WHERE execution = ANY(ARRAY(SELECT id FROM ending WHERE extras))
), ended_points AS (
    DELETE FROM resume_points WHERE execution = ANY(ARRAY(SELECT id FROM ending WHERE extras))
)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbered_through_all_parts() {
        let mut parts = Parts::default();
        parts.add(Part::Continue);
        assert!(parts.statement().contains("unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int4[], $5::bytea[]) AS c"));
        parts.add(Part::Record);
        let both = parts.statement();
        assert!(both.contains("$13::bytea[]") && both.contains("unnest($14::uuid[], $15::uuid[]") && !both.contains('?'));
        assert!(both.contains("FROM recording UNION ALL SELECT array_agg(id) AS ids, array_agg(signals) AS numbers FROM held"));
    }
}
