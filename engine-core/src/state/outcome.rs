//! From what a node gave to what is recorded: error outputs, links that a node left out, empty items (SEMANTICS 5.3, 6.3, 6.4, 9.2).

use std::sync::Arc;

use serde_json::{Value, json};
use smallvec::SmallVec;

use super::Activation;
use crate::execution::{Lineage, RecordedOutput, RunRecord, RunStatus};
use crate::expression::js;
use crate::model::{Batch, ExecutionOrder, Item, Json, Link, Paired, Timestamp};
use crate::node::{NodeError, OnError};
use crate::plan::PlanNode;

/// What the last try of a run gave.
#[derive(Debug)]
pub(crate) enum Raw {
    /// Items for the first output, and for no other.
    One(Batch),
    /// Items for each output.
    Items(Vec<Batch>),
    /// Nothing at all.
    Nothing,
    /// It failed.
    Error(NodeError),
}

/// Times and tries of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) tries: u32,
}

type Outputs = SmallVec<[RecordedOutput; 1]>;

impl Raw {
    /// Whether nothing is recorded: the branch ends.
    pub(crate) fn is_nothing(&self, node: &PlanNode) -> bool {
        matches!(self, Self::Nothing) && !node.always_output_data
    }
}

/// Decides what is recorded.
pub(crate) fn finish(node: &PlanNode, order: ExecutionOrder, activation: &Activation, raw: Raw, timing: Timing) -> RunRecord {
    match raw {
        // The short way for most runs.
        Raw::One(items) if node.gives_as_is() => {
            let outputs = SmallVec::from_buf([output(activation, items, true)]);
            record(activation, timing, RunStatus::Success, (outputs, None))
        }
        raw => finish_any(node, order, activation, raw, timing),
    }
}

fn finish_any(node: &PlanNode, order: ExecutionOrder, activation: &Activation, raw: Raw, timing: Timing) -> RunRecord {
    let (outputs, error) = match raw {
        Raw::One(items) => (recorded(node, order, activation, vec![items]), None),
        Raw::Items(batches) => (recorded(node, order, activation, batches), None),
        Raw::Nothing => (Outputs::new(), None),
        Raw::Error(failure) if node.spec.on_error == OnError::Stop => {
            return record(activation, timing, RunStatus::Error, (Outputs::new(), Some(&failure)));
        }
        Raw::Error(failure) => (continued(node, order, activation, &failure), Some(failure)),
    };
    let outputs = if node.always_output_data { never_empty(outputs, activation) } else { outputs };
    let status = if error.is_some() { RunStatus::Error } else { RunStatus::Success };
    record(activation, timing, status, (outputs, error.as_ref()))
}

/// What is recorded of a run.
#[expect(clippy::inline_always, reason = "a record is large: made where it is wanted, it is moved once less")]
#[inline(always)]
pub(crate) fn record(activation: &Activation, timing: Timing, status: RunStatus, (outputs, error): (Outputs, Option<&NodeError>)) -> RunRecord {
    RunRecord {
        status,
        parts: SmallVec::from_slice(&activation.parts),
        inputs: u16::try_from(activation.inputs.len()).unwrap_or(u16::MAX),
        outputs,
        error: error.map(|error| Arc::new(error.to_json())),
        order: activation.order,
        tries: timing.tries,
        started: timing.started,
        finished: timing.finished,
    }
}

/// The outputs of a run that gave items.
fn recorded(node: &PlanNode, order: ExecutionOrder, activation: &Activation, mut batches: Vec<Batch>) -> Outputs {
    if let Some(error_output) = node.error_output() {
        split_errors(order, activation, &mut batches, error_output);
    }
    let single = batches.len() == 1;
    batches.into_iter().map(|items| output(activation, items, single)).collect()
}

#[expect(clippy::inline_always, reason = "it is moved into a record at once")]
#[inline(always)]
fn output(activation: &Activation, items: Batch, single: bool) -> RecordedOutput {
    let lineage = lineage(activation, &items, single);
    // What another node gave was marked when it was recorded.
    let is_marked = matches!(lineage, Lineage::Passed(_)) && !activation.parts.is_empty();
    RecordedOutput { lineage, items: if is_marked { items } else { marked(items) } }
}

/// How items that do not say where they come from are linked.
#[inline]
fn lineage(activation: &Activation, items: &Batch, single_output: bool) -> Lineage {
    let inputs = &activation.inputs;
    if let Some(input) = inputs.iter().position(|input| input.as_ref().is_some_and(|input| !input.is_empty() && input.same(items))) {
        return Lineage::Passed(u16::try_from(input).unwrap_or(0));
    }
    let [Some(input)] = inputs.as_slice() else { return Lineage::Own };
    match input.len() {
        1 => Lineage::First,
        count if single_output && count == items.len() => Lineage::SameIndex,
        _ if single_output && items.len() == 1 => Lineage::First,
        _ => Lineage::Own,
    }
}

/// An item that stands for an error shows only its message.
fn marked(items: Batch) -> Batch {
    if items.iter().all(|item| item.error().is_none()) {
        return items;
    }
    let shown = |item: &Item| match item.error() {
        Some(error) if item.json().get("error").is_none() => {
            item.clone().with_json(message_of(error).map(|message| ("error".to_owned(), message)).into_iter().collect())
        }
        _ => item.clone(),
    };
    items.iter().map(shown).collect()
}

/// An error that is no object has no message, and leaves nothing behind.
fn message_of(error: &Value) -> Option<Value> {
    error.get("message").cloned()
}

/// Moves failed items to the error output, with the JSON of the item that they were made from.
fn split_errors(order: ExecutionOrder, activation: &Activation, batches: &mut Vec<Batch>, error_output: usize) {
    let is_failed = |item: &Item| item.error().is_some() || (order != ExecutionOrder::Parallel && looks_like_error(item.json()));
    batches.resize(batches.len().max(error_output), Batch::EMPTY);
    batches.truncate(error_output);
    let mut failed = Vec::new();
    for batch in batches.iter_mut().filter(|batch| batch.iter().any(is_failed)) {
        relink(activation, batch);
        let mut kept = Vec::with_capacity(batch.len());
        for (index, item) in batch.iter().enumerate() {
            if is_failed(item) {
                failed.push(with_source(order, activation, item, index));
            } else {
                kept.push(item.clone());
            }
        }
        *batch = kept.into();
    }
    batches.push(failed.into());
}

/// Items of an input that were passed on as a whole link to what their maker made them from; as items of a list that is taken apart they need links
/// of their own.
fn relink(activation: &Activation, batch: &mut Batch) {
    let passed = activation.inputs.iter().position(|input| input.as_ref().is_some_and(|input| input.same(batch)));
    if let Some(input) = passed {
        *batch = batch.iter().enumerate().map(|(index, item)| item.clone().paired_with(Link::on(input, index))).collect();
    }
}

/// n8n's rule: an `error` that is true-ish, and nothing else but `message` and `details`.
fn looks_like_error(json: &Json) -> bool {
    json.get("error").is_some_and(js::truthy) && json.keys().all(|key| matches!(key.as_str(), "error" | "message" | "details"))
}

fn with_source(order: ExecutionOrder, activation: &Activation, item: &Item, index: usize) -> Item {
    let link = match item.paired() {
        // n8n's own orders do not guess: an item without a link stays as it is.
        Paired::Unknown if order == ExecutionOrder::Parallel && activation.inputs.len() == 1 => Some(Link::new(index)),
        paired => paired.links().first().cloned(),
    };
    let source = link.as_ref().and_then(|link| activation.inputs.get(usize::from(link.input))?.as_ref()?.get(link.item as usize));
    let Some(source) = source else { return item.clone() };
    let mut json = source.json().clone();
    json.extend(item.json().iter().map(|(key, value)| (key.clone(), value.clone())));
    let moved = item.clone().with_json(json);
    if *item.paired() == Paired::Unknown { moved.paired_with(link.unwrap_or_else(|| Link::new(index))) } else { moved }
}

/// A node failed as a whole, and the execution goes on. n8n lets the input out of the regular output, even where there is an error output;
/// the native order uses the error output, and says what went wrong.
fn continued(node: &PlanNode, order: ExecutionOrder, activation: &Activation, error: &NodeError) -> Outputs {
    let input = activation.inputs.first().cloned().flatten().unwrap_or_default();
    let passed = RecordedOutput { items: input.clone(), lineage: Lineage::Passed(0) };
    match node.error_output() {
        Some(error_output) if order == ExecutionOrder::Parallel => {
            let explain = |(index, item): (usize, &Item)| {
                let mut json = item.json().clone();
                json.insert("error".to_owned(), json!(error.message()));
                item.clone().with_json(json).with_error(error.to_json()).paired_with(index)
            };
            let failed = RecordedOutput { items: input.iter().enumerate().map(explain).collect(), lineage: Lineage::Own };
            let empty = RecordedOutput { items: Batch::EMPTY, lineage: Lineage::Own };
            std::iter::repeat_n(empty, error_output).chain([failed]).collect()
        }
        _ => SmallVec::from_iter([passed]),
    }
}

/// `alwaysOutputData`: an empty first output gets one empty item that was made from all input.
fn never_empty(mut outputs: Outputs, activation: &Activation) -> Outputs {
    if outputs.first().is_some_and(|output| !output.items.is_empty()) {
        return outputs;
    }
    let links = activation
        .inputs
        .iter()
        .enumerate()
        .flat_map(|(input, items)| (0..items.as_ref().map_or(0, |items| items.len())).map(move |item| Link::on(input, item)));
    let empty = Item::new(Json::new()).paired_with(Paired::many(links));
    let output = RecordedOutput { items: Batch::from(vec![empty]), lineage: Lineage::Own };
    match outputs.first_mut() {
        Some(first) => *first = output,
        None => outputs.push(output),
    }
    outputs
}
