//! What nodes do: counted by node type, and told to `tracing`.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use engine_core::execution::{ExecutionData, RunStatus};
use engine_core::model::NodeKind;
use engine_core::observer::{ExecutionEvent, Observer};

use super::Histogram;

/// Counts runs of nodes by type, and tells `tracing` of executions. Give it to the engine as an observer and to
/// [`Config::telemetry`](crate::Config::telemetry). Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub struct Telemetry {
    kinds: Arc<RwLock<HashMap<NodeKind, Arc<Numbers>>>>,
    ended: Arc<[AtomicU64; ENDS.len()]>,
}

/// How executions end, for those who count them.
pub(crate) const ENDS: [&str; 3] = ["success", "error", "canceled"];

#[derive(Debug, Default)]
struct Numbers {
    /// In the order of [`STATUSES`].
    runs: [AtomicU64; STATUSES.len()],
    retries: AtomicU64,
    took: Histogram,
}

const STATUSES: [(RunStatus, &str); 5] = [
    (RunStatus::Success, "success"),
    (RunStatus::Error, "error"),
    (RunStatus::Waiting, "waiting"),
    (RunStatus::Skipped, "skipped"),
    (RunStatus::Canceled, "canceled"),
];

impl Telemetry {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn numbers(&self, execution: &ExecutionData, node: &str) -> Option<Arc<Numbers>> {
        let plan = execution.plan();
        let kind = &plan.nodes().get(plan.find(node)? as usize)?.spec.kind;
        if let Some(known) = self.kinds.read().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return Some(Arc::clone(known));
        }
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(kinds.entry(kind.clone()).or_default()))
    }

    /// How many executions ended here, in the order of [`ENDS`], whoever started them.
    pub(crate) fn ended(&self) -> [u64; ENDS.len()] {
        std::array::from_fn(|end| self.ended.get(end).map_or(0, |count| count.load(Ordering::Relaxed)))
    }

    /// Writes what was counted.
    pub(super) fn write(&self, text: &mut String) -> fmt::Result {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<(&NodeKind, &Arc<Numbers>)> = kinds.iter().collect();
        sorted.sort_unstable_by_key(|(kind, _)| *kind);
        text.write_str("# HELP engine_node_runs_total Runs of nodes.\n# TYPE engine_node_runs_total counter\n")?;
        for (kind, numbers) in &sorted {
            for ((_, status), count) in STATUSES.iter().zip(&numbers.runs) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    writeln!(text, "engine_node_runs_total{{node_type={:?},status=\"{status}\"}} {count}", kind.as_str())?;
                }
            }
        }
        text.write_str("# HELP engine_node_retries_total Tries of nodes that failed and were repeated.\n# TYPE engine_node_retries_total counter\n")?;
        for (kind, numbers) in &sorted {
            writeln!(text, "engine_node_retries_total{{node_type={:?}}} {}", kind.as_str(), numbers.retries.load(Ordering::Relaxed))?;
        }
        text.write_str("# HELP engine_node_seconds How long runs of nodes took.\n# TYPE engine_node_seconds histogram\n")?;
        for (kind, numbers) in &sorted {
            numbers.took.write(text, "engine_node_seconds", &format!("node_type={:?},", kind.as_str()))?;
        }
        Ok(())
    }
}

impl Observer for Telemetry {
    fn observe(&self, execution: &ExecutionData, event: ExecutionEvent<'_>) {
        match event {
            ExecutionEvent::NodeFinished { node, record, .. } => {
                let Some(numbers) = self.numbers(execution, node) else { return };
                let status = STATUSES.iter().position(|(status, _)| *status == record.status);
                if let Some(count) = status.and_then(|status| numbers.runs.get(status)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                numbers.took.add(record.finished.since(record.started));
            }
            ExecutionEvent::NodeRetried { node, attempt, .. } => {
                tracing::debug!(execution_id = %execution.id(), node = %node, attempt, "a node is tried again");
                if let Some(numbers) = self.numbers(execution, node) {
                    numbers.retries.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Why it failed may hold what nodes worked on: it is read from the execution, by those who may.
            ExecutionEvent::Ended { status, .. } => {
                let end = ENDS.iter().position(|end| *end == status.as_str()).or_else(|| ENDS.iter().position(|end| *end == "error"));
                if let Some(count) = end.and_then(|end| self.ended.get(end)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                let workflow_id = execution.workflow_id().map(tracing::field::display);
                tracing::debug!(execution_id = %execution.id(), workflow_id, mode = execution.mode().as_str(), status = status.as_str(), "execution");
            }
            _ => {}
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}
