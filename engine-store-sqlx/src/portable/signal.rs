//! Signals.

use engine_core::model::ExecutionId;
use engine_core::state::ExecutionStatus;
use engine_core::store::{Ending, PendingSignal, Signal, SignalKind, SignalOutcome, StoreError, WorkerId};
use sqlx::query;
use uuid::Uuid;

use super::load::{execution_id, pending_signal};
use super::{Row, SqlStore, Tx};
use crate::code::{self, state};
use crate::row::{get, readable, text};

impl SqlStore {
    pub(super) async fn send_signal(&self, signal: &Signal) -> Result<SignalOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let outcome = match send(&mut tx, signal).await {
            Ok(outcome) => outcome,
            Err(error) => return tx.refuse(error).await,
        };
        tx.commit().await?;
        Ok(outcome)
    }

    pub(super) async fn pending_signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError> {
        let pending = "SELECT s.* FROM active a JOIN signals s ON s.execution = a.id AND NOT s.handled \
                       WHERE a.state = 1 AND a.worker = $1 AND a.signals > 0 ORDER BY s.number";
        let rows = self.read(query(pending).bind(worker.as_uuid())).await?;
        self.readable_signals(&rows).await
    }

    /// The signals of these rows. Those that cannot be read count as handled from now on: nobody can act on them, and they must not keep their executions awake.
    pub(super) async fn readable_signals(&self, rows: &[Row]) -> Result<Vec<PendingSignal>, StoreError> {
        let signals = readable(rows, pending_signal)?;
        if signals.len() < rows.len() {
            for row in rows.iter().filter(|row| pending_signal(row).is_err()) {
                self.drop_signal(row).await?;
            }
        }
        Ok(signals)
    }

    async fn drop_signal(&self, row: &Row) -> Result<(), StoreError> {
        let (number, execution) = (get::<i64, _>(row, "number")?, get::<Uuid, _>(row, "execution")?);
        let mut tx = self.begin().await?;
        let held = concat!("SELECT state FROM active WHERE id = $1", lock!());
        tx.first(query(held).bind(execution)).await?;
        if tx
            .change(
                query("UPDATE signals SET handled = true, payload = NULL WHERE execution = $1 AND number = $2 AND NOT handled")
                    .bind(execution)
                    .bind(number),
            )
            .await?
            == 1
        {
            tx.change(query("UPDATE active SET signals = signals - 1 WHERE id = $1 AND signals > 0").bind(execution)).await?;
        }
        tx.commit().await
    }
}

async fn send(tx: &mut Tx, signal: &Signal) -> Result<SignalOutcome, StoreError> {
    let id = signal.execution.as_uuid();
    let held = concat!("SELECT state FROM active WHERE id = $1", lock!());
    let Some(row) = tx.first(query(held).bind(id)).await? else {
        let ended = tx.first(query("SELECT status FROM executions WHERE id = $1").bind(id)).await?;
        return ended.map(|_| SignalOutcome::Ended).ok_or_else(|| StoreError::not_found("execution", signal.execution.to_string()));
    };
    let repeated = query("SELECT number FROM signals WHERE execution = $1 AND request = $2").bind(id).bind(signal.request.as_str());
    if tx.first(repeated).await?.is_some() {
        return Ok(SignalOutcome::Repeated);
    }
    if let SignalKind::Wake { token, .. } = &signal.kind {
        let take = query("UPDATE resume_points SET taken = true WHERE execution = $1 AND token = $2 AND NOT taken").bind(id).bind(token.as_str());
        if tx.change(take).await? == 0 {
            return Ok(SignalOutcome::NotWaiting);
        }
    }
    let standing = get(&row, "state")?;
    if signal.kind == SignalKind::Cancel {
        for (descendant, standing) in descendants(tx, signal.execution).await? {
            let sent =
                query("SELECT number FROM signals WHERE execution = $1 AND request = $2").bind(descendant.as_uuid()).bind(signal.request.as_str());
            if tx.first(sent).await?.is_none() {
                take_effect(tx, &Signal { execution: descendant, ..signal.clone() }, standing).await?;
            }
        }
    }
    take_effect(tx, signal, standing).await
}

/// The executions that this one called, and those that they called, with their states; all of them locked.
async fn descendants(tx: &mut Tx, id: ExecutionId) -> Result<Vec<(ExecutionId, i16)>, StoreError> {
    let mut found: Vec<(ExecutionId, i16)> = Vec::new();
    let mut parents = vec![id.as_uuid()];
    while let Some(parent) = parents.pop() {
        let children = concat!("SELECT id, state FROM active WHERE parent = $1 ORDER BY id", lock!());
        for row in tx.all(query(children).bind(parent)).await? {
            found.push((execution_id(&row, "id")?, get(&row, "state")?));
            parents.push(get::<Uuid, _>(&row, "id")?);
        }
    }
    Ok(found)
}

async fn take_effect(tx: &mut Tx, signal: &Signal, standing: i16) -> Result<SignalOutcome, StoreError> {
    let id = signal.execution;
    let pending = standing == state::LEASED || matches!(signal.kind, SignalKind::Wake { .. });
    if signal.kind == SignalKind::Cancel && !pending {
        let ending = Ending::new(ExecutionStatus::Canceled, tx.now().await?);
        tx.end_active(id, &ending).await?;
        return Ok(SignalOutcome::Done);
    }
    note(tx, signal, pending).await?;
    let change = match (standing, &signal.kind) {
        (state::LEASED, _) => return Ok(SignalOutcome::Sent),
        (state::WAITING, SignalKind::Wake { .. }) => "UPDATE active SET state = 0, due = NULL WHERE id = $1",
        (state::READY | state::WAITING, SignalKind::Pause) => "UPDATE active SET state = 3 WHERE id = $1",
        // What is not due yet waits on; a resumed execution must not go on too early.
        (state::PAUSED, SignalKind::Resume) => {
            concat!(
                "UPDATE active SET state = CASE WHEN due > ",
                now!(),
                " AND signals = 0 THEN 2 ELSE 0 END, due = CASE WHEN due > ",
                now!(),
                " AND signals = 0 THEN due END WHERE id = $1"
            )
        }
        _ => return Ok(SignalOutcome::Done),
    };
    tx.change(query(change).bind(id.as_uuid())).await?;
    Ok(SignalOutcome::Done)
}

/// Remembers a signal; one that is pending is counted until a commit has handled it.
async fn note(tx: &mut Tx, signal: &Signal, pending: bool) -> Result<(), StoreError> {
    let id = signal.execution.as_uuid();
    let (token, payload) = match &signal.kind {
        SignalKind::Wake { token, payload } => (Some(token.as_str()), Some(text(payload)?)),
        _ => (None, None),
    };
    let insert = "INSERT INTO signals (execution, request, kind, token, payload, handled) VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = query(insert).bind(id).bind(signal.request.as_str()).bind(code::of_signal(&signal.kind)?).bind(token).bind(payload).bind(!pending);
    tx.change(insert).await?;
    let count = "UPDATE active SET signals = signals + $2, extras = true WHERE id = $1";
    tx.change(query(count).bind(id).bind(i32::from(pending))).await?;
    Ok(())
}
