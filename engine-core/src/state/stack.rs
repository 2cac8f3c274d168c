//! n8n's orders: one node at a time, from a stack.
//!
//! v1 goes depth first in canvas order; v0 goes breadth first, and gives an empty item to branches for which a node waits. A node with several
//! connected inputs waits until each has brought items, or until nothing else is left to run (SEMANTICS 7). Waiting entries are numbered
//! without gaps in time, so that none overwrites another, which n8n 2.41 lets happen.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::execution::{Activation, Inputs, Part, Parts, Runs};
use crate::model::{Batch, ExecutionOrder, Item, Json};
use crate::node::RequiredInputs;
use crate::plan::{Incoming, Plan, Target};

#[derive(Debug)]
pub(super) struct StackFrontier {
    order: ExecutionOrder,
    stack: VecDeque<Entry>,
    /// Nodes that wait for more inputs, in the order in which they began to.
    waiting: Vec<(u32, Waiting)>,
}

type Entry = Box<Activation>;

/// The waiting entries of a node: each a set of inputs, some of which have come.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    entries: BTreeMap<u64, Vec<Slot>>,
}

#[derive(Clone, Debug, Default)]
enum Slot {
    #[default]
    Missing,
    Came(Batch, Part),
}

impl StackFrontier {
    pub(super) fn new(order: ExecutionOrder) -> Self {
        Self { order, stack: VecDeque::new(), waiting: Vec::new() }
    }

    pub(super) fn start(&mut self, node: u32, items: Batch) {
        self.stack.push_back(Activation::with_input(node, items, Parts::new()));
    }

    /// The next node to run. When the stack is empty, one node that waits for inputs which will never come may run without them.
    pub(super) fn next(&mut self, plan: &Plan) -> Option<Entry> {
        if self.stack.is_empty() {
            self.dispatch_waiting(plan);
        }
        self.stack.pop_front()
    }

    /// A run has ended: its children are queued.
    pub(super) fn finished(&mut self, plan: &Plan, (node, run): (u32, u32), log: &Runs) {
        let outputs = log.get(node, run).map_or(&[][..], |record| &record.outputs);
        for target in plan.edges().outgoing(node) {
            let Some(output) = outputs.get(usize::from(target.output)) else { continue };
            let forced = self.order == ExecutionOrder::V0 && target.input > 0;
            if output.items.is_empty() && !forced {
                continue;
            }
            let items = u32::try_from(output.items.len()).unwrap_or(u32::MAX);
            let part = Part { input: target.input, output: target.output, node, run, items };
            self.enqueue(plan, target, (output.items.clone(), part), log);
        }
    }

    fn enqueue(&mut self, plan: &Plan, target: &Target, (items, part): (Batch, Part), log: &Runs) {
        let inputs = plan.edges().inputs(target.node);
        if inputs <= 1 {
            return self.push(Activation::with_input(target.node, items, Parts::from_iter([part])));
        }
        let begins = !self.waiting.iter().any(|(waiting, _)| *waiting == target.node);
        let index = self.waiting_index(target.node);
        let Some((_, waiting)) = self.waiting.get_mut(index) else { return };
        let input = usize::from(target.input);
        let open = |slots: &Vec<Slot>| matches!(slots.get(input), Some(Slot::Missing));
        let number = waiting.entries.iter().find(|(_, slots)| open(slots)).map(|(number, _)| *number);
        let number = number.unwrap_or_else(|| {
            waiting.next += 1;
            waiting.next
        });
        let slots = waiting.entries.entry(number).or_insert_with(|| vec![Slot::Missing; inputs]);
        if let Some(slot) = slots.get_mut(input) {
            *slot = Slot::Came(items, part);
        }
        if slots.iter().all(|slot| matches!(slot, Slot::Came(..))) {
            let slots = waiting.entries.remove(&number).unwrap_or_default();
            self.forget_if_done(index);
            self.push(entry(target.node, slots));
        } else if self.order == ExecutionOrder::V0 && begins {
            self.force_parents(plan, part, target.node, log);
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.order == ExecutionOrder::V1 { self.stack.push_front(entry) } else { self.stack.push_back(entry) }
    }

    fn waiting_index(&mut self, node: u32) -> usize {
        if let Some(index) = self.waiting.iter().position(|(waiting, _)| *waiting == node) {
            return index;
        }
        self.waiting.push((node, Waiting::default()));
        self.waiting.len() - 1
    }

    fn forget_if_done(&mut self, index: usize) {
        if self.waiting.get(index).is_some_and(|(_, waiting)| waiting.entries.is_empty()) {
            self.waiting.remove(index);
        }
    }

    /// Puts one waiting node on the stack that may run with what it has.
    fn dispatch_waiting(&mut self, plan: &Plan) {
        let mut index = 0;
        while let Some((node, waiting)) = self.waiting.get(index) {
            let node = *node;
            let releasable = waiting.entries.first_key_value().filter(|(_, slots)| self.may_run(plan, node, slots)).map(|(number, _)| *number);
            let Some(number) = releasable else {
                index += 1;
                continue;
            };
            let slots = self.waiting.get_mut(index).and_then(|(_, waiting)| waiting.entries.remove(&number)).unwrap_or_default();
            let has_items = slots.iter().any(|slot| matches!(slot, Slot::Came(items, _) if !items.is_empty()));
            self.forget_if_done(index);
            if has_items {
                self.stack.push_back(entry(node, slots));
                return;
            }
            index = 0;
        }
    }

    fn may_run(&self, plan: &Plan, node: u32, slots: &[Slot]) -> bool {
        let came = |input: usize| matches!(slots.get(input), Some(Slot::Came(..)));
        let with_items = slots.iter().filter(|slot| matches!(slot, Slot::Came(items, _) if !items.is_empty())).count();
        let allowed = match plan.node(node).required() {
            _ if self.order == ExecutionOrder::V0 => true,
            RequiredInputs::These(inputs) => inputs.len() < slots.len() && inputs.iter().all(|&input| came(input)),
            RequiredInputs::AtLeast(least) => *least < slots.len() && with_items >= *least,
        };
        allowed && !self.waits_for_another(plan, node)
    }

    /// Whether a node further up waits as well. Two that wait for each other on a cycle do not count: one of them has to go first.
    fn waits_for_another(&self, plan: &Plan, node: u32) -> bool {
        let above = ancestors(plan, node);
        let others = self.waiting.iter().map(|(waiting, _)| *waiting).filter(|waiting| *waiting != node);
        others.filter(|waiting| above.contains(waiting)).any(|waiting| !ancestors(plan, waiting).contains(&node))
    }

    /// v0: when a node begins to wait, other parents that would not run by themselves are given an empty item, which counts as come from whatever made the
    /// node wait.
    fn force_parents(&mut self, plan: &Plan, part: Part, waiting: u32, log: &Runs) {
        let from = part.node;
        let children: HashSet<u32> = plan.edges().outgoing(from).iter().map(|target| target.node).collect();
        for parent in plan.edges().incoming(waiting).iter().map(|incoming| incoming.node).filter(|&parent| parent != from) {
            let queued: HashSet<u32> = self.stack.iter().map(|entry| entry.node).collect();
            let fed = !first_input_is_empty(plan, parent, log);
            if queued.contains(&parent) || log.count(parent) > 0 || fed {
                continue;
            }
            let Some(start) = farthest_idle(plan, parent, log, |node| queued.contains(&node) || (node != parent && children.contains(&node))) else {
                continue;
            };
            let in_vain = part.items == 0 && ancestors(plan, start).contains(&from);
            if !in_vain && first_input_is_empty(plan, start, log) {
                let empty = Batch::from(vec![Item::new(Json::new())]);
                let source = Part { input: 0, items: 1, ..part };
                self.stack.push_back(Activation::with_input(start, empty, Parts::from_slice(&[source])));
            }
        }
    }
}

/// The farthest ancestor of a node (or itself) that has not run, walking up until one that has; `None` when one on the way is taken care of.
fn farthest_idle(plan: &Plan, node: u32, log: &Runs, cared_for: impl Fn(u32) -> bool) -> Option<u32> {
    let mut farthest = node;
    for node in nearest_first(plan, node) {
        if cared_for(node) {
            return None;
        }
        if log.count(node) > 0 {
            break;
        }
        farthest = node;
    }
    Some(farthest)
}

/// Whether nothing has come from the connections into the first input.
fn first_input_is_empty(plan: &Plan, node: u32, log: &Runs) -> bool {
    let brought = |incoming: &Incoming| {
        log.get(incoming.node, 0).is_some_and(|run| run.outputs.get(usize::from(incoming.output)).is_some_and(|output| !output.items.is_empty()))
    };
    !plan.edges().incoming(node).iter().take_while(|incoming| incoming.input == 0).any(brought)
}

fn nearest_first(plan: &Plan, node: u32) -> Vec<u32> {
    let mut order = vec![node];
    let mut seen = HashSet::from([node]);
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        order.extend(plan.edges().incoming(at).iter().map(|incoming| incoming.node).filter(|&parent| seen.insert(parent)));
    }
    order
}

fn ancestors(plan: &Plan, node: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        pending.extend(plan.edges().incoming(node).iter().map(|incoming| incoming.node).filter(|&parent| found.insert(parent)));
    }
    found
}

#[expect(clippy::unnecessary_box_returns, reason = "queues hold boxes, and what is boxed is used again")]
fn entry(node: u32, slots: Vec<Slot>) -> Entry {
    let mut inputs = Inputs::with_capacity(slots.len());
    let mut parts = Parts::new();
    for slot in slots {
        match slot {
            Slot::Missing => inputs.push(Some(Batch::EMPTY)),
            Slot::Came(items, part) => {
                inputs.push(Some(items));
                parts.push(part);
            }
        }
    }
    Activation::of(node, inputs, parts)
}
