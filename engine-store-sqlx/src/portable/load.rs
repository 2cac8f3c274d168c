//! Reading executions.

use std::collections::HashMap;

use engine_core::model::{ExecutionId, Json, NodeId};
use engine_core::store::{
    Chunk, ExecutionHeader, ExecutionSummary, PendingSignal, RequestId, SignalId, StoreError, StoredExecution, TenantId, VersionNumber,
};
use sqlx::query;
use uuid::Uuid;

use super::{Row, SqlStore, ids};
use crate::code;
use crate::row::{get, json, time, unsigned};

impl SqlStore {
    pub(super) async fn load_executions(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError> {
        let wanted = || ids(executions.iter().map(engine_core::model::ExecutionId::as_uuid));
        let mut session = self.reader().await?;
        // Read before the history: an execution that ends in between is found in both, never in neither.
        let active = session.all(query(concat!("SELECT * FROM active WHERE id ", among!("$1"))).bind(wanted())).await?;
        let ended = session.all(query(concat!("SELECT * FROM executions WHERE id ", among!("$1"))).bind(wanted())).await?;
        let chunks = concat!("SELECT execution, seq, records FROM journal WHERE execution ", among!("$1"), " ORDER BY execution, seq");
        let chunks = session.all(query(chunks).bind(wanted())).await?;
        let signals = concat!("SELECT * FROM signals WHERE NOT handled AND execution ", among!("$1"), " ORDER BY execution, number");
        let signals = session.all(query(signals).bind(wanted())).await?;
        session.done();

        let mut found: HashMap<ExecutionId, StoredExecution> = HashMap::new();
        for row in &active {
            let summary = active_summary(row).map_err(|error| named(row, "id", error))?;
            found.insert(summary.header.id, StoredExecution { summary, journal: Vec::new(), signals: Vec::new() });
        }
        for row in &ended {
            let summary = ended_summary(row).map_err(|error| named(row, "id", error))?;
            found.insert(summary.header.id, StoredExecution { summary, journal: Vec::new(), signals: Vec::new() });
        }
        for row in &chunks {
            if let Some(execution) = found.get_mut(&execution_id(row, "execution")?) {
                execution.journal.push(chunk(row).map_err(|error| named(row, "execution", error))?);
            }
        }
        for signal in self.readable_signals(&signals).await? {
            if let Some(execution) = found.get_mut(&signal.execution).filter(|execution| !execution.summary.status.is_final()) {
                execution.signals.push(signal);
            }
        }
        Ok(executions.iter().filter_map(|id| found.remove(id)).collect())
    }
}

/// Says which execution cannot be read, so that it can be set aside and the others be read without it.
fn named(row: &Row, id: &'static str, error: StoreError) -> StoreError {
    match (error, execution_id(row, id)) {
        (StoreError::Corrupt { what, reason, .. }, Ok(id)) => StoreError::corrupt("execution", id.to_string(), format!("{what}: {reason}")),
        (error, _) => error,
    }
}

pub(super) fn execution_id(row: &Row, column: &'static str) -> Result<ExecutionId, StoreError> {
    get::<Uuid, _>(row, column).map(ExecutionId::new)
}

fn chunk(row: &Row) -> Result<Chunk, StoreError> {
    let seq = unsigned(get(row, "seq")?, "chunk")?;
    Ok(Chunk { seq, bytes: get::<Vec<u8>, _>(row, "records")?.into(), blobs: Vec::new() })
}

/// What never changes about an execution, from a row of `active` or `executions`.
pub(super) fn header(row: &Row) -> Result<ExecutionHeader, StoreError> {
    Ok(ExecutionHeader {
        id: execution_id(row, "id")?,
        tenant: TenantId::from(get::<String, _>(row, "tenant")?),
        workflow: get::<String, _>(row, "workflow")?.into(),
        version: VersionNumber(unsigned(get(row, "version")?, "version")?),
        mode: code::mode(get(row, "mode")?)?,
        parent: get::<Option<Uuid>, _>(row, "parent")?.map(ExecutionId::new),
        retry_of: get::<Option<Uuid>, _>(row, "retry_of")?.map(ExecutionId::new),
    })
}

pub(super) fn active_summary(row: &Row) -> Result<ExecutionSummary, StoreError> {
    let started = get::<Option<i64>, _>(row, "started")?;
    Ok(ExecutionSummary {
        header: header(row)?,
        status: code::active_status(get(row, "state")?, started.is_some())?,
        created: time(get(row, "created")?),
        started: started.map(time),
        finished: None,
        due: get::<Option<i64>, _>(row, "due")?.map(time),
        error: None,
        last_node: None,
        custom: Json::new(),
    })
}

pub(super) fn ended_summary(row: &Row) -> Result<ExecutionSummary, StoreError> {
    let error = get::<Option<String>, _>(row, "error")?;
    let custom = get::<Option<String>, _>(row, "custom")?;
    let last_node = get::<Option<String>, _>(row, "last_node")?;
    Ok(ExecutionSummary {
        header: header(row)?,
        status: code::status(get(row, "status")?)?,
        created: time(get(row, "created")?),
        started: get::<Option<i64>, _>(row, "started")?.map(time),
        finished: Some(time(get(row, "finished")?)),
        due: None,
        error: error.map(|error| json(&error, "error")).transpose()?,
        last_node: last_node.map(|node| json::<NodeId>(&node, "node")).transpose()?,
        custom: custom.map(|custom| json(&custom, "searchable data")).transpose()?.unwrap_or_default(),
    })
}

pub(super) fn pending_signal(row: &Row) -> Result<PendingSignal, StoreError> {
    Ok(PendingSignal {
        id: SignalId(get(row, "number")?),
        execution: execution_id(row, "execution")?,
        request: RequestId::from(get::<String, _>(row, "request")?),
        kind: code::signal(get(row, "kind")?, get(row, "token")?, get(row, "payload")?)?,
    })
}
