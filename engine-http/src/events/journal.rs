//! Events out of a stored journal. The id of an event is the number of its record, so that a stream can go on from there, in any process.

use std::collections::HashMap;

use engine_core::model::{ExecutionId, NodeId};
use engine_core::store::record::{self, Output, Record, Run};
use engine_core::store::{ExecutionSummary, StoredExecution, Stores};
use serde_json::{Value, json};

use super::event::{END, Event, Kind};

/// How far a journal was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Chunks that were read.
    chunks: u32,
    /// Records that were read, which is the id of the next event.
    records: u64,
    names: Option<HashMap<NodeId, String>>,
    pub(super) ended: bool,
}

impl Reading {
    /// The events of what was written since the last time, those after `after` only.
    pub(super) async fn next(&mut self, stores: &Stores, found: &StoredExecution, after: Option<u64>) -> Vec<Event> {
        let summary = &found.summary;
        let mut events = Vec::new();
        let read = self.chunks;
        for chunk in found.journal.iter().filter(|chunk| chunk.seq >= read) {
            self.chunks = chunk.seq + 1;
            // A journal that cannot be read gives no events; the execution's own end says why.
            for record in record::decode(&chunk.bytes).unwrap_or_default() {
                let number = self.records;
                self.records += 1;
                if after.is_none_or(|after| number > after) {
                    events.extend(self.event(stores, summary, (number, &record)).await);
                }
                self.ended |= matches!(record, Record::Finished(_));
            }
        }
        if summary.status.is_final() && !self.ended {
            // Given up, or nothing of its journal was kept.
            self.ended = true;
            events.push(ending(summary));
        }
        events
    }

    async fn event(&mut self, stores: &Stores, summary: &ExecutionSummary, (number, record): (u64, &Record)) -> Option<Event> {
        if self.names.is_none() {
            self.names = Some(names(stores, summary, record).await);
        }
        let node = |id: &NodeId| self.names.as_ref().and_then(|names| names.get(id)).map_or_else(|| id.to_string(), Clone::clone);
        let (kind, at, data) = match record {
            Record::Started(started) => (Kind::Started, started.at, json!({"mode": summary.header.mode})),
            Record::NodeStarted(one) => (Kind::NodeStarted, one.at, json!({"node": node(&one.node), "run": one.run, "attempt": one.attempt})),
            Record::NodeRun(run) => (Kind::NodeFinished, run.finished, of_run(&node(&run.node), run)),
            Record::Waiting(waiting) => (Kind::NodeWaiting, waiting.run.finished, of_run(&node(&waiting.run.node), &waiting.run)),
            Record::WaitOver(over) => (Kind::NodeResumed, over.at, json!({"node": node(&over.node), "run": over.run})),
            Record::Signalled(signalled) => (Kind::Signalled, signalled.at, json!({"signal": signalled.kind})),
            Record::Finished(finished) => (Kind::Ended, finished.at, json!({"status": finished.status, "error": finished.error})),
            _ => return None,
        };
        let id = if kind == Kind::Ended { END.to_owned() } else { number.to_string() };
        Some(Event { kind, id: Some(id), execution: summary.header.id, workflow: summary.header.workflow.clone(), at, data })
    }
}

/// The end of an execution, out of what is listed of it.
pub(super) fn ending(summary: &ExecutionSummary) -> Event {
    let header = &summary.header;
    let data = json!({"status": summary.status, "error": summary.error});
    let at = summary.finished.unwrap_or(summary.created);
    Event { kind: Kind::Ended, id: Some(END.to_owned()), execution: header.id, workflow: header.workflow.clone(), at, data }
}

/// An execution of a store, where it is there.
pub(super) async fn load(stores: &Stores, id: ExecutionId) -> Option<StoredExecution> {
    stores.executions.load(&[id]).await.ok()?.into_iter().next()
}

/// The names of the nodes, by their ids: journals name nodes by id only.
async fn names(stores: &Stores, summary: &ExecutionSummary, first: &Record) -> HashMap<NodeId, String> {
    let own = match first {
        Record::Started(started) => started.workflow.as_deref().cloned(),
        _ => None,
    };
    let definition = if own.is_some() {
        own
    } else {
        let header = &summary.header;
        stores.workflows.workflow_version(&header.workflow, header.version).await.ok().and_then(|version| version.definition)
    };
    let nodes = definition.as_ref().and_then(|definition| definition["nodes"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let named = |node: &Value| Some((NodeId::from(node["id"].as_str()?), node["name"].as_str()?.to_owned()));
    nodes.iter().filter_map(named).collect()
}

fn of_run(node: &str, run: &Run) -> Value {
    let items: Vec<Option<usize>> = run.outputs.iter().map(|output| count(run, output)).collect();
    let micros = run.finished.since(run.started).as_micros();
    json!({"node": node, "run": run.run, "status": run.status, "items": items, "tries": run.tries, "micros": u64::try_from(micros).ok(), "error": run.error})
}

/// How many items an output gave. One that passed an input on gave what came in there.
fn count(run: &Run, output: &Output) -> Option<usize> {
    match output {
        Output::Items(items) | Output::Linked { items, .. } => Some(items.len()),
        Output::Stored { items, .. } => usize::try_from(*items).ok(),
        Output::Input(input) => Some(run.sources.iter().filter(|source| source.input == *input).map(|source| source.items as usize).sum()),
    }
}
