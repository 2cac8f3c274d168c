//! Item linking: which item of an earlier node an item was made from. The rules are n8n's (SEMANTICS 9.3), over exact positions
//! (node, run, output, index) instead of stamps on the items.

use std::collections::HashSet;

use super::{NodeRun, Part, RunRecord};
use crate::expression::{ExpressionError, ExpressionErrorKind};
use crate::model::{ExecutionOrder, Item, Link};
use crate::plan::Plan;

/// Where an item lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    node: u32,
    run: u32,
    output: u16,
    item: u32,
}

/// The item of `target` from which the item at `index` of the run's input was made.
///
/// `None` where the links end at a node that has no input for them, such as a trigger: n8n trips over that in JavaScript, so that the whole
/// expression is undefined. In the native order it is an error.
pub(super) fn ancestor_item(run: &NodeRun, target: u32, index: usize) -> Result<Option<Item>, ExpressionError> {
    let plan = &run.execution.plan;
    let name = &plan.node(target).spec.name;
    if !is_ancestor(plan, target, run.activation.node) {
        let message = format!("No path back to referenced node: there is no connection back to the node '{name}'");
        return Err(ExpressionError::new(ExpressionErrorKind::NoPath, message));
    }
    if run.execution.log.runs(target) == 0 && run.execution.pinned(target).is_none() {
        return Err(ExpressionError::new(ExpressionErrorKind::NotExecuted, format!("Node '{name}' hasn't been executed")));
    }
    let start = place_in(&run.activation.parts, usize::from(run.view.main), u32::try_from(index).unwrap_or(u32::MAX));
    let Some(start) = start else { return Err(no_info(name)) };
    let mut search = Search { run, target, visited: HashSet::new(), found: Vec::new(), failure: None };
    search.go(start);
    search.answer(name)
}

struct Search<'a> {
    run: &'a NodeRun,
    target: u32,
    visited: HashSet<Place>,
    found: Vec<Place>,
    failure: Option<Failure>,
}

/// Why a way back led nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The way ends: an item or an output is not there, or an input brought nothing.
    NoWay,
    /// An item does not say what it was made of.
    NoLinks,
    /// All links of an item name inputs that its node does not have, or the item itself is not there.
    DeadEnd,
}

impl Search<'_> {
    /// Follows all links back from a place. Iterative: a long loop makes long chains.
    fn go(&mut self, start: Place) {
        let mut pending = vec![start];
        while let Some(place) = pending.pop() {
            if !self.visited.insert(place) {
                continue;
            }
            if place.node == self.target {
                self.found.push(place);
                continue;
            }
            self.step(place, &mut pending);
        }
    }

    fn step(&mut self, place: Place, pending: &mut Vec<Place>) {
        let log = &self.run.execution.log;
        log.look(place.node, place.run, |record| self.follow(record, place, pending)).unwrap_or_else(|| self.fail(Failure::NoWay));
    }

    fn follow(&mut self, record: &RunRecord, place: Place, pending: &mut Vec<Place>) {
        let Some(output) = record.outputs.get(usize::from(place.output)) else {
            return self.fail(Failure::NoWay);
        };
        if place.item as usize >= output.items.len() {
            return self.fail(Failure::DeadEnd);
        }
        let paired = output.paired(place.item as usize);
        if paired.links().is_empty() {
            return self.fail(Failure::NoLinks);
        }
        // What starts an execution has no input to lead to.
        let inputs = if record.parts.is_empty() { 0 } else { record.inputs };
        let leads = |link: &&Link| link.source.is_some() || link.input < inputs;
        if !paired.links().iter().any(|link| leads(&link)) {
            return self.fail(Failure::DeadEnd);
        }
        // The first link is followed first: what fails there is what is told.
        for link in paired.links().iter().filter(leads).rev() {
            match self.source_of(record, link) {
                Some(place) => pending.push(place),
                None => self.fail(Failure::NoWay),
            }
        }
    }

    fn source_of(&self, record: &RunRecord, link: &Link) -> Option<Place> {
        match &link.source {
            Some(source) => {
                Some(Place { node: self.run.execution.plan.find(&source.node)?, run: source.run, output: source.output, item: link.item })
            }
            None => place_in(&record.parts, usize::from(link.input), link.item),
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    fn answer(self, name: &str) -> Result<Option<Item>, ExpressionError> {
        let native = self.run.execution.plan.order() == ExecutionOrder::Parallel;
        let log = &self.run.execution.log;
        let mut items = self.found.iter().filter_map(|place| {
            let item = |record: &RunRecord| record.outputs.get(usize::from(place.output))?.items.get(place.item as usize).cloned();
            log.look(place.node, place.run, item).flatten()
        });
        let Some(item) = items.next() else {
            if self.failure == Some(Failure::DeadEnd) && self.found.is_empty() && !native {
                return Ok(None);
            }
            return Err(match self.failure {
                Some(Failure::NoLinks) => no_info(name),
                _ if self.found.is_empty() => {
                    ExpressionError::new(ExpressionErrorKind::NoPath, format!("Branch not found: no item of this run comes from the node '{name}'"))
                }
                _ => ExpressionError::new(ExpressionErrorKind::OutOfRange, format!("Paired item data for node '{name}' is unavailable")),
            });
        };
        if items.next().is_some() {
            let message =
                format!("Multiple matches found: several items of the node '{name}' led to this one; use .first(), .last() or .all()[index]");
            return Err(ExpressionError::new(ExpressionErrorKind::SeveralMatches, message));
        }
        Ok(Some(item))
    }
}

fn no_info(name: &str) -> ExpressionError {
    let message = format!("Paired item data for the node '{name}' is unavailable: a node on the way does not say which items it made its own from");
    ExpressionError::new(ExpressionErrorKind::NoPairedItem, message)
}

/// Where the item at `index` of an input lies.
fn place_in(parts: &[Part], input: usize, index: u32) -> Option<Place> {
    let mut index = index;
    for part in parts.iter().filter(|part| usize::from(part.input) == input) {
        if index < part.items {
            return Some(Place { node: part.node, run: part.run, output: part.output, item: index });
        }
        index -= part.items;
    }
    None
}

/// Whether a path of connections leads from `ancestor` to `node`.
fn is_ancestor(plan: &Plan, ancestor: u32, node: u32) -> bool {
    back_from(plan, node, |incoming| incoming.node == ancestor).is_some()
}

/// The output of `source` by which `node` is reached on the shortest path.
pub(super) fn connected_output(plan: &Plan, source: u32, node: u32) -> Option<usize> {
    back_from(plan, node, |incoming| incoming.node == source).map(|incoming| usize::from(incoming.output))
}

/// Walks connections backwards from `node`, breadth first, until one satisfies `found`.
fn back_from(plan: &Plan, node: u32, found: impl Fn(&crate::plan::Incoming) -> bool) -> Option<crate::plan::Incoming> {
    let mut seen = HashSet::from([node]);
    let mut level = vec![node];
    while !level.is_empty() {
        let mut next = Vec::new();
        for incoming in level.iter().flat_map(|&node| plan.edges().incoming(node)) {
            if found(incoming) {
                return Some(*incoming);
            }
            if seen.insert(incoming.node) {
                next.push(incoming.node);
            }
        }
        level = next;
    }
    None
}
