//! One event, as it is sent: the JSON of `CloudEvents` 1.0.
//!
//! Events say what happened, not what was in it: how many items an output gave, never the items.

use engine_core::execution::{ExecutionData, RunRecord, RunStatus};
use engine_core::model::{ExecutionId, Timestamp, WorkflowId};
use engine_core::observer::ExecutionEvent;
use engine_core::state::ExecutionStatus;
use serde_json::{Value, json};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The type of its events.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// An execution began, or goes on.
    Started = "engine.execution.started";
    /// An execution waits.
    Waiting = "engine.execution.waiting";
    /// An execution is paused.
    Paused = "engine.execution.paused";
    /// A request to cancel, pause or resume was taken into account.
    Signalled = "engine.execution.signalled";
    /// An execution ended. Always the last one.
    Ended = "engine.execution.ended";
    /// A node began.
    NodeStarted = "engine.node.started";
    /// A run of a node ended.
    NodeFinished = "engine.node.finished";
    /// A run of a node waits.
    NodeWaiting = "engine.node.waiting";
    /// The wait of a node is over.
    NodeResumed = "engine.node.resumed";
    /// A try failed, another one follows.
    NodeRetried = "engine.node.retried";
    /// A node wrote a line.
    NodeLogged = "engine.node.logged";
}

impl Kind {
    /// Those about whole executions.
    pub(crate) const OF_EXECUTIONS: &'static [Self] = &[Self::Started, Self::Waiting, Self::Paused, Self::Ended];

    /// The kind of something that the engine tells.
    pub(super) fn of(event: &ExecutionEvent<'_>) -> Option<Self> {
        Some(match event {
            ExecutionEvent::Started { .. } => Self::Started,
            ExecutionEvent::NodeStarted { .. } => Self::NodeStarted,
            ExecutionEvent::NodeFinished { record, .. } if record.status == RunStatus::Waiting => Self::NodeWaiting,
            ExecutionEvent::NodeFinished { .. } => Self::NodeFinished,
            ExecutionEvent::NodeRetried { .. } => Self::NodeRetried,
            ExecutionEvent::Logged { .. } => Self::NodeLogged,
            ExecutionEvent::Ended { status, .. } => Self::of_status(*status),
            _ => return None,
        })
    }

    /// What it means that an execution stands so.
    pub(super) fn of_status(status: ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Waiting => Self::Waiting,
            ExecutionStatus::Paused => Self::Paused,
            status if status.is_final() => Self::Ended,
            _ => Self::Started,
        }
    }

    /// Kinds of this name: `node.finished`, `engine.node.finished`, `node.*`.
    pub(super) fn named(name: &str) -> impl Iterator<Item = Self> {
        let name = name.trim().trim_start_matches("engine.");
        let (stem, any) = name.strip_suffix('*').map_or((name, false), |stem| (stem, true));
        let fits = move |own: &str| if any { own.starts_with(stem) } else { own == stem };
        Self::ALL.iter().copied().filter(move |kind| fits(kind.name().trim_start_matches("engine.")))
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(super) kind: Kind,
    /// Where a stream goes on after it; none for what is told live before it is recorded.
    pub(super) id: Option<String>,
    pub(super) execution: ExecutionId,
    pub(super) workflow: WorkflowId,
    pub(super) at: Timestamp,
    pub(super) data: Value,
}

/// The id of the last event of an execution.
pub(super) const END: &str = "end";

impl Event {
    /// What the engine tells, as an event.
    pub(super) fn live(execution: &ExecutionData, event: &ExecutionEvent<'_>, kind: Kind) -> Self {
        let now = || execution.runtime().now();
        let (at, data) = match event {
            ExecutionEvent::Started { at } => (*at, json!({"mode": execution.mode()})),
            ExecutionEvent::NodeStarted { node, run, attempt, at } => (*at, json!({"node": node, "run": run, "attempt": attempt})),
            ExecutionEvent::NodeFinished { node, run, record } => (record.finished, of_run(node, *run, record)),
            ExecutionEvent::NodeRetried { node, attempt, error } => (now(), json!({"node": node, "attempt": attempt, "error": error})),
            ExecutionEvent::Logged { node, level, message } => (now(), json!({"node": node, "level": level, "message": message})),
            ExecutionEvent::Ended { status, error, at } => (*at, json!({"status": status, "error": error})),
            _ => (now(), Value::Null),
        };
        let id = match event {
            ExecutionEvent::NodeFinished { record, .. } => Some((u64::from(record.order) + 1).to_string()),
            ExecutionEvent::Ended { status, .. } if status.is_final() => Some(END.to_owned()),
            _ => None,
        };
        let plan = execution.plan().workflow();
        let workflow = plan.id.clone().unwrap_or_else(|| WorkflowId::from(plan.name.as_str()));
        Self { kind, id, execution: execution.id(), workflow, at, data }
    }

    /// The event as JSON (`CloudEvents` 1.0).
    pub(super) fn to_json(&self) -> Value {
        let id = self.id.as_ref().map_or_else(|| format!("live-{}", self.at.as_micros()), Clone::clone);
        json!({
            "specversion": "1.0", "id": id, "type": self.kind.name(), "source": format!("/api/v1/executions/{}", self.execution), "subject": self.workflow,
            "time": self.at, "datacontenttype": "application/json", "data": self.data,
        })
    }
}

/// What is told of a run that ended.
pub(super) fn of_run(node: &str, run: usize, record: &RunRecord) -> Value {
    let items: Vec<usize> = record.outputs.iter().map(|output| output.items.len()).collect();
    let micros = record.finished.since(record.started).as_micros();
    json!({"node": node, "run": run, "status": record.status, "items": items, "tries": record.tries, "micros": u64::try_from(micros).ok(), "error": record.error})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_name() {
        let named = |name| Kind::named(name).collect::<Vec<_>>();
        assert_eq!(named("node.finished"), [Kind::NodeFinished]);
        assert_eq!(named(" engine.execution.ended"), [Kind::Ended]);
        assert_eq!(named("node.*").len(), 6);
        assert_eq!(named("*").len(), Kind::ALL.len());
        assert_eq!(named("node"), []);
        assert_eq!(named(""), []);
    }
}
