//! What a called workflow gives: the items of its last node, each linked to the items that it was called with.

use super::ExecutionResult;
use crate::execution::{RecordedOutput, RunRecord};
use crate::model::{Batch, Item, Paired};

impl ExecutionResult {
    /// What a workflow gives that was called by another: what its last node gave, on each output. If a node's parameter `returnOutput` is
    /// `allRuns`, as a start node for calls may have it, it is what that node gave in all its runs.
    ///
    /// Items are linked to those that the workflow was called with, as far as the way back can be followed.
    pub fn called_outputs(&self) -> Vec<Batch> {
        let Some(last) = self.last else { return Vec::new() };
        let all = self.execution.plan.nodes().iter().any(|node| node.spec.text("returnOutput") == "allRuns");
        let runs = if all { self.execution.log.all(last) } else { self.execution.log.last(last).into_iter().collect() };
        let outputs = runs.iter().map(|run| run.outputs.len()).max().unwrap_or(0);
        let of_run = |run: &RunRecord, output: usize| run.outputs.get(output).map(|given| self.linked_to_start(run, given)).unwrap_or_default();
        (0..outputs).map(|output| runs.iter().flat_map(|run| of_run(run, output)).collect()).collect()
    }

    fn linked_to_start(&self, run: &RunRecord, given: &RecordedOutput) -> Vec<Item> {
        let linked = |(index, item): (usize, &Item)| item.clone().paired_with(self.way_back(run, (given.paired(index), index)));
        given.items.iter().enumerate().map(linked).collect()
    }

    /// The links of an item, followed back to the start node. n8n goes from run to run by the first input of each, and takes the number of an
    /// input for that of an output; where that leads nowhere, the item keeps its own links.
    fn way_back(&self, run: &RunRecord, (own, index): (Paired, usize)) -> Paired {
        let mut paired = own.clone();
        let mut part = first_part(run);
        while let Some(from) = part {
            let (output, item) = match &paired {
                Paired::One(link) => (usize::from(link.input), link.item as usize),
                Paired::Many(_) | Paired::Unknown => (0, index),
            };
            let step = |before: &RunRecord| {
                let given = before.outputs.get(output).filter(|given| item < given.items.len());
                (given.map_or(Paired::Unknown, |given| given.paired(item)), first_part(before))
            };
            let Some(found) = self.execution.log.look(from.node, from.run, step) else { return own };
            (paired, part) = found;
        }
        if paired.links().is_empty() { own } else { paired }
    }
}

/// Where the items of a run's first input came from.
fn first_part(run: &RunRecord) -> Option<crate::execution::Part> {
    run.parts.iter().find(|part| part.input == 0).copied()
}
