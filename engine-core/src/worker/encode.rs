//! From what the driver hands over to records of the journal.

use std::collections::HashMap;
use std::sync::Arc;

use crate::driver::JournalEntry;
use crate::execution::{ExecutionData, RunRecord};
use crate::model::Json;
use crate::node::NodeMemory;
use crate::plan::Plan;
use crate::store::record::{Finished, Memory, NodeStarted, Nothing, Output, Record, Run, Shared, Source, Started, WaitOver, Waiting};

/// What was recorded of nodes and of what they share: what changed since then is recorded next.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) memories: HashMap<u32, NodeMemory>,
    pub(super) static_data: Option<Json>,
    pub(super) custom: Json,
}

/// What an execution that begins records beside its items.
#[derive(Clone, Debug, Default)]
pub(super) struct Preface {
    pub(super) workflow: Option<Arc<serde_json::Value>>,
    pub(super) options: Json,
}

impl Recorded {
    /// Appends the records of an entry.
    pub(super) fn encode(&mut self, execution: &ExecutionData, entry: JournalEntry, preface: &Preface, records: &mut Vec<Record>) {
        let plan = execution.plan();
        match entry {
            JournalEntry::Started { node, items, at } => records.push(Record::Started(Started {
                node: Some(plan.node(node).spec.id.clone()),
                items: Some(vec![Output::Items(items)]),
                depth: execution.depth(),
                workflow: preface.workflow.clone(),
                options: preface.options.clone(),
                at,
            })),
            JournalEntry::NodeStarted { node, run } => {
                let at = execution.runtime().now();
                records.push(Record::NodeStarted(NodeStarted { node: plan.node(node).spec.id.clone(), run, attempt: 0, at }));
            }
            JournalEntry::Run { node, run, record } => {
                self.share(execution, records);
                let memory = self.memory(execution, node);
                records.push(Record::NodeRun(Box::new(run_of(plan, (node, run), &record, memory))));
            }
            JournalEntry::Nothing { node } => {
                self.share(execution, records);
                let memory = self.memory(execution, node);
                records.push(Record::Nothing(Nothing { node: plan.node(node).spec.id.clone(), memory }));
            }
            JournalEntry::Waiting { node, run, record, wait } => {
                self.share(execution, records);
                let memory = self.memory(execution, node);
                records.push(Record::Waiting(Box::new(Waiting { run: run_of(plan, (node, run), &record, memory), wait })));
            }
            JournalEntry::WaitOver { node, record } => {
                let run = u32::try_from(execution.log().runs(node).saturating_sub(1)).unwrap_or(0);
                let id = plan.node(node).spec.id.clone();
                records.push(Record::WaitOver(WaitOver { node: id, run, payload: None, at: record.finished }));
                records.push(Record::NodeRun(Box::new(run_of(plan, (node, run), &record, None))));
            }
            JournalEntry::Ended { status, error, at } => {
                let error = error.map(|error| Arc::new(serde_json::json!(error)));
                records.push(Record::Finished(Finished { status, error, at }));
            }
            JournalEntry::Remembered { .. } | JournalEntry::Shared { .. } => {}
        }
    }

    /// What a node remembers, where that changed.
    fn memory(&mut self, execution: &ExecutionData, node: u32) -> Option<Memory> {
        let now = execution.remembered(node)?;
        let before = self.memories.entry(node).or_default();
        let change = Memory::between(before, &now);
        if change.is_some() {
            *before = now;
        }
        change
    }

    /// What all nodes share, where that changed.
    fn share(&mut self, execution: &ExecutionData, records: &mut Vec<Record>) {
        let static_data = execution.changed_static_data().filter(|data| self.static_data.as_ref() != Some(data));
        let custom = execution.has_custom_data().then(|| execution.custom_data()).filter(|custom| *custom != self.custom);
        if static_data.is_none() && custom.is_none() {
            return;
        }
        if let Some(data) = &static_data {
            self.static_data = Some(data.clone());
        }
        if let Some(custom) = &custom {
            self.custom.clone_from(custom);
        }
        records.push(Record::Shared(Box::new(Shared { static_data, custom })));
    }
}

fn run_of(plan: &Plan, (node, run): (u32, u32), record: &RunRecord, memory: Option<Memory>) -> Run {
    let source = |part: &crate::execution::Part| Source {
        input: part.input,
        node: plan.node(part.node).spec.id.clone(),
        run: part.run,
        output: part.output,
        items: part.items,
    };
    Run {
        node: plan.node(node).spec.id.clone(),
        run,
        order: record.order,
        status: record.status,
        tries: record.tries,
        inputs: record.inputs,
        sources: record.parts.iter().map(source).collect(),
        outputs: record.outputs.iter().map(|output| Output::new(output.items.clone(), output.lineage)).collect(),
        error: record.error.clone(),
        memory,
        started: record.started,
        finished: record.finished,
    }
}
