//! From an activation to a run: which items the node sees, and whether it runs at all (SEMANTICS 5.1).

use crate::execution::{ExecutionData, Inputs, View};
use crate::model::{Batch, ExecutionOrder, Link};
use crate::node::NodeError;
use crate::plan::PlanNode;
use crate::state::{Activation, Raw};

/// What to do with an activation.
pub(super) enum Prepared {
    /// The result is there without running the node.
    Done(Raw),
    /// The node runs, and sees this.
    Run(View),
}

/// Decides what the node sees.
pub(super) fn prepare(execution: &ExecutionData, activation: &Activation) -> Prepared {
    let node = execution.plan.node(activation.node);
    if node.disabled {
        return Prepared::Done(match activation.inputs.first() {
            Some(Some(items)) => Raw::One(items.clone()),
            _ => Raw::Nothing,
        });
    }
    if let (Some(pinned), true) = (node.pinned(), execution.mode.uses_pinned_data()) {
        return Prepared::Done(Raw::One(pinned.clone()));
    }
    let main = main_input(node, execution.plan.order(), activation);
    let Some(main) = main.or_else(|| runs_without_items(node, execution.plan.order()).then_some(0)) else {
        return Prepared::Done(Raw::Nothing);
    };
    if node.node.is_none() {
        let message = format!("the node type {} cannot run here", node.spec.kind);
        return Prepared::Done(Raw::Error(NodeError::fatal(message).with_code("unknown-node-type")));
    }
    let cut = node
        .execute_once
        .then(|| Box::new((0..).zip(&activation.inputs).map(|(input, items)| items.as_ref().map(|items| first_item(items, input))).collect()));
    Prepared::Run(View { main: u16::try_from(main).unwrap_or(0), cut })
}

/// The input that the node works on: the first one with items; in n8n's v0 always the first, except for one that has no source while a loop feeds another.
fn main_input(node: &PlanNode, order: ExecutionOrder, activation: &Activation) -> Option<usize> {
    let has_items = |inputs: &Inputs, input: usize| inputs.get(input).and_then(Option::as_ref).is_some_and(|items| !items.is_empty());
    if order == ExecutionOrder::V0 && !node.is_loop {
        return has_items(&activation.inputs, 0).then_some(0);
    }
    (0..activation.inputs.len()).find(|&input| has_items(&activation.inputs, input))
}

/// Triggers have no input; in the native order a loop node runs at the end of each round, and a node that always gives data runs whatever came.
fn runs_without_items(node: &PlanNode, order: ExecutionOrder) -> bool {
    node.is_trigger || (order == ExecutionOrder::Parallel && (node.is_loop || node.always_output_data))
}

/// The first item alone, for `executeOnce`. A node that passes it on passes on what is no longer its whole input, so the item says itself where it comes
/// from: not what its maker made it from.
fn first_item(items: &Batch, input: usize) -> Batch {
    items.iter().take(1).map(|item| item.clone().paired_with(Link::on(input, 0))).collect()
}
