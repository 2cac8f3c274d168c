//! From records of the journal to what the driver takes in again.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::encode::Recorded;
use crate::driver::{ExecutionError, JournalEntry};
use crate::execution::{Lineage, Part, RecordedOutput, RunRecord};
use crate::model::{Batch, Json, NodeId};
use crate::node::Wait;
use crate::plan::Plan;
use crate::store::record::{Memory, Output, Record, RecordError, Run};

/// A journal, read back.
#[derive(Debug, Default)]
pub(super) struct Journaled {
    pub(super) entries: Vec<JournalEntry>,
    pub(super) recorded: Recorded,
    pub(super) depth: u32,
    pub(super) options: Json,
    /// Nodes that wait, and what for.
    pub(super) waits: Vec<(NodeId, Wait)>,
}

/// Reads records. Outputs that lie in the blob store must have been brought back before.
///
/// # Errors
/// When they name nodes that the plan does not have, or do not fit together.
pub(super) fn decode(plan: &Plan, records: Vec<Record>) -> Result<Journaled, RecordError> {
    let plan = &Index((0..).zip(plan.nodes()).map(|(index, node)| (&node.spec.id, index)).collect());
    let mut journaled = Journaled::default();
    let mut waited = None;
    for record in records {
        match record {
            Record::Started(started) => {
                let node = started.node.as_ref().map_or(Ok(0), |node| index(plan, node))?;
                let items = started.items.and_then(|outputs| outputs.into_iter().next()).map_or(Ok(Batch::EMPTY), batch)?;
                journaled.depth = started.depth;
                journaled.options = started.options;
                journaled.entries.push(JournalEntry::Started { node, items, at: started.at });
            }
            Record::NodeStarted(begun) => {
                let node = index(plan, &begun.node)?;
                journaled.entries.push(JournalEntry::NodeStarted { node, run: begun.run });
            }
            Record::NodeRun(run) => journaled.run(plan, *run, &mut waited)?,
            Record::Nothing(nothing) => {
                let node = index(plan, &nothing.node)?;
                journaled.remember(node, nothing.memory)?;
                journaled.entries.push(JournalEntry::Nothing { node });
            }
            Record::Shared(shared) => {
                if let Some(data) = &shared.static_data {
                    journaled.recorded.static_data = Some(data.clone());
                }
                if let Some(custom) = &shared.custom {
                    journaled.recorded.custom.clone_from(custom);
                }
                journaled.entries.push(JournalEntry::Shared { static_data: shared.static_data, custom: shared.custom });
            }
            Record::Waiting(waiting) => {
                let crate::store::record::Waiting { mut run, wait } = *waiting;
                let node = index(plan, &run.node)?;
                journaled.remember(node, run.memory.take())?;
                journaled.waits.push((run.node.clone(), wait.clone()));
                let number = run.run;
                let record = record_of(plan, run)?;
                journaled.entries.push(JournalEntry::Waiting { node, run: number, record, wait });
            }
            Record::WaitOver(over) => {
                journaled.waits.retain(|(node, _)| *node != over.node);
                waited = Some(over.node);
            }
            Record::Signalled(_) => {}
            Record::Finished(finished) => {
                let error = finished.error.and_then(|error| serde_json::from_value::<ExecutionError>((*error).clone()).ok());
                journaled.entries.push(JournalEntry::Ended { status: finished.status, error, at: finished.at });
            }
        }
    }
    Ok(journaled)
}

impl Journaled {
    fn run(&mut self, plan: &Index<'_>, mut run: Run, waited: &mut Option<NodeId>) -> Result<(), RecordError> {
        let node = index(plan, &run.node)?;
        self.remember(node, run.memory.take())?;
        let over = waited.take_if(|waited| *waited == run.node).is_some();
        let number = run.run;
        let record = record_of(plan, run)?;
        self.entries.push(if over { JournalEntry::WaitOver { node, record } } else { JournalEntry::Run { node, run: number, record } });
        Ok(())
    }

    fn remember(&mut self, node: u32, memory: Option<Memory>) -> Result<(), RecordError> {
        let Some(change) = memory else { return Ok(()) };
        let before = self.recorded.memories.entry(node).or_default();
        let now = change.apply(before).ok_or_else(|| RecordError::Corrupt("a change of what a node remembers does not fit".to_owned()))?;
        before.clone_from(&now);
        self.entries.push(JournalEntry::Remembered { node, memory: now });
        Ok(())
    }
}

/// The numbers of a plan's nodes by their ids.
struct Index<'p>(HashMap<&'p NodeId, u32>);

fn index(plan: &Index<'_>, node: &NodeId) -> Result<u32, RecordError> {
    plan.0.get(node).copied().ok_or_else(|| RecordError::Corrupt(format!("the workflow has no node with the id {node:?}")))
}

fn batch(output: Output) -> Result<Batch, RecordError> {
    match output {
        Output::Items(items) | Output::Linked { items, .. } => Ok(items),
        Output::Input(_) => Ok(Batch::EMPTY),
        Output::Stored { blob, .. } => Err(RecordError::Corrupt(format!("the items in blob {blob} were not brought back"))),
    }
}

fn record_of(plan: &Index<'_>, run: Run) -> Result<RunRecord, RecordError> {
    let part = |source: &crate::store::record::Source| {
        Ok(Part { input: source.input, output: source.output, node: index(plan, &source.node)?, run: source.run, items: source.items })
    };
    let output = |output: Output| {
        let lineage = match &output {
            Output::Items(_) => Lineage::Own,
            Output::Linked { lineage, .. } | Output::Stored { lineage, .. } => *lineage,
            Output::Input(input) => Lineage::Passed(*input),
        };
        Ok(RecordedOutput { items: batch(output)?, lineage })
    };
    Ok(RunRecord {
        status: run.status,
        parts: run.sources.iter().map(part).collect::<Result<_, RecordError>>()?,
        inputs: run.inputs,
        outputs: run.outputs.into_iter().map(output).collect::<Result<SmallVec<_>, RecordError>>()?,
        error: run.error,
        order: run.order,
        tries: run.tries,
        started: run.started,
        finished: run.finished,
    })
}
