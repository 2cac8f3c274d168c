//! The native order: a node runs when all connections into it have delivered or closed; independent branches run at the same time.
//!
//! Each connection closes once: when the run of its source has ended, when its source was skipped, or, if it leaves a loop, when the loop has ended.
//! A node whose connections are all closed is settled: it runs if an item came in, and is skipped otherwise, which closes its own connections in turn.
//! So a dead branch settles everything behind it, and nothing can wait for ever.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::execution::{Inputs, Part, Parts, RecordedOutput};
use crate::model::Batch;
use crate::node::RequiredInputs;
use crate::plan::{Closes, Plan, PlanNode, Reach};

#[derive(Debug, Default)]
pub(super) struct ParallelFrontier {
    start: u32,
    nodes: Vec<Inbox>,
    /// For each loop, how many connections back to its header are open in this round.
    rounds: Vec<u32>,
    ready: VecDeque<(u32, Inputs, Parts)>,
    /// Nodes that were settled without items; their connections are closed without recursion.
    skipped: Vec<u32>,
    /// Loop nodes within a loop that has begun a new round.
    forgotten: Vec<u32>,
}

/// What has come in for a node.
#[derive(Clone, Debug, Default)]
struct Inbox {
    open: u32,
    deliveries: SmallVec<[Delivery; 1]>,
}

#[derive(Clone, Debug)]
struct Delivery {
    place: u16,
    part: Part,
    items: Batch,
}

impl ParallelFrontier {
    pub(super) fn start(&mut self, plan: &Plan, node: u32, items: Batch) {
        let reach = plan.reach(node);
        self.start = node;
        self.nodes = reach.need.iter().map(|&open| Inbox { open, deliveries: SmallVec::new() }).collect();
        self.rounds = vec![0; reach.back.len()];
        self.ready.push_back((node, SmallVec::from_iter([Some(items)]), Parts::new()));
    }

    pub(super) fn next(&mut self) -> Option<(u32, Inputs, Parts)> {
        self.ready.pop_front()
    }

    /// The loop nodes whose memory of the last round is of no use any more.
    pub(super) fn take_forgotten(&mut self) -> impl Iterator<Item = u32> {
        self.forgotten.drain(..)
    }

    /// A run has ended: its items are delivered, its connections close.
    pub(super) fn finished(&mut self, plan: &Plan, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        let reach = plan.reach(self.start);
        if reach.rules.is_empty() {
            self.finished_plain(plan, (node, run), outputs);
        } else {
            self.finished_looping(plan, reach, (node, run), outputs);
        }
        while let Some(node) = self.skipped.pop() {
            if reach.rules.is_empty() {
                self.finished_plain(plan, (node, 0), &[]);
            } else {
                self.finished_looping(plan, reach, (node, 0), &[]);
            }
        }
    }

    fn finished_plain(&mut self, plan: &Plan, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        for target in &plan.node(node).outgoing {
            self.deliver(target, (node, run), outputs);
            self.close(plan, Closes::Node(target.node));
        }
    }

    fn finished_looping(&mut self, plan: &Plan, reach: &Reach, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        let headed = plan.loops().headed.get(&node).copied();
        let has_items = |output: u16| outputs.get(usize::from(output)).is_some_and(|output| !output.items.is_empty());
        let goes_on = headed
            .is_some_and(|index| plan.node(node).outgoing.iter().any(|target| has_items(target.output) && plan.loops().holds(index, target.node)));
        if let (Some(index), true) = (headed, goes_on) {
            self.begin_round(plan, reach, index);
        }
        let rules = reach.rules.get(node as usize).map_or(&[][..], |rules| rules);
        for (target, rule) in plan.node(node).outgoing.iter().zip(rules) {
            self.deliver(target, (node, run), outputs);
            let within = headed.is_some_and(|index| plan.loops().holds(index, target.node));
            if rule.until.is_none() && (!within || goes_on) {
                self.close(plan, rule.closes);
            }
        }
        if let (Some(index), false) = (headed, goes_on) {
            for &closes in reach.deferred.get(index as usize).into_iter().flatten() {
                self.close(plan, closes);
            }
        }
    }

    /// Opens all connections within a loop again.
    fn begin_round(&mut self, plan: &Plan, reach: &Reach, index: u32) {
        let Some(each) = plan.loops().loops.get(index as usize) else { return };
        for &node in &each.body {
            if plan.loops().headed.contains_key(&node) {
                self.forgotten.push(node);
            }
            if let (Some(inbox), Some(&need)) = (self.nodes.get_mut(node as usize), reach.need.get(node as usize)) {
                inbox.open = need;
            }
        }
        if let (Some(round), Some(&back)) = (self.rounds.get_mut(index as usize), reach.back.get(index as usize)) {
            *round = back;
        }
    }

    fn deliver(&mut self, target: &crate::plan::Target, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        let Some(output) = outputs.get(usize::from(target.output)).filter(|output| !output.items.is_empty()) else { return };
        let items = u32::try_from(output.items.len()).unwrap_or(u32::MAX);
        let part = Part { input: target.input, output: target.output, node, run, items };
        if let Some(inbox) = self.nodes.get_mut(target.node as usize) {
            inbox.deliveries.push(Delivery { place: target.place, part, items: output.items.clone() });
        }
    }

    fn close(&mut self, plan: &Plan, closes: Closes) {
        match closes {
            Closes::Node(node) => {
                let Some(inbox) = self.nodes.get_mut(node as usize) else { return };
                inbox.open = inbox.open.saturating_sub(1);
                if inbox.open == 0 {
                    self.settle(plan, node, false);
                }
            }
            Closes::Round(index) => {
                let Some(round) = self.rounds.get_mut(index as usize) else { return };
                *round = round.saturating_sub(1);
                if *round == 0
                    && let Some(each) = plan.loops().loops.get(index as usize)
                {
                    self.settle(plan, each.header, true);
                }
            }
        }
    }

    /// All connections into a node are closed: it runs, or it is skipped. A loop node runs at the end of each round, whatever came back.
    fn settle(&mut self, plan: &Plan, node: u32, end_of_round: bool) {
        let Some(inbox) = self.nodes.get_mut(node as usize) else { return };
        let mut deliveries = std::mem::take(&mut inbox.deliveries);
        let plan_node = plan.node(node);
        if let ([_], true) = (deliveries.as_slice(), plan_node.takes_one_input)
            && let Some(only) = deliveries.pop()
        {
            let (mut inputs, mut parts) = (Inputs::new(), Parts::new());
            inputs.push(Some(only.items));
            parts.push(only.part);
            return self.ready.push_back((node, inputs, parts));
        }
        let runs = end_of_round || plan_node.always_output_data || satisfied(plan_node, &deliveries);
        if !runs {
            self.skipped.push(node);
            return;
        }
        if deliveries.len() > 1 {
            deliveries.sort_by_key(|delivery| (delivery.part.input, delivery.place, delivery.part.run));
        }
        let (inputs, parts) = join(plan_node.incoming.len(), &deliveries);
        self.ready.push_back((node, inputs, parts));
    }
}

fn satisfied(node: &PlanNode, deliveries: &[Delivery]) -> bool {
    if deliveries.is_empty() {
        return false;
    }
    let brought = |input: usize| deliveries.iter().any(|delivery| usize::from(delivery.part.input) == input);
    match &node.required {
        RequiredInputs::AtLeast(1) => true,
        RequiredInputs::AtLeast(least) => (0..node.incoming.len()).filter(|&input| brought(input)).count() >= *least,
        RequiredInputs::These(inputs) => inputs.iter().all(|&input| brought(input)),
    }
}

/// Items of each input, in the order of the connections. A batch that comes alone is passed on as it is.
fn join(inputs: usize, deliveries: &[Delivery]) -> (Inputs, Parts) {
    let mut joined: Inputs = SmallVec::from_elem(None, inputs.max(1));
    let parts: Parts = deliveries.iter().map(|delivery| delivery.part).collect();
    for group in deliveries.chunk_by(|a, b| a.part.input == b.part.input) {
        let items = match group {
            [only] => only.items.clone(),
            several => several.iter().flat_map(|delivery| delivery.items.iter().cloned()).collect(),
        };
        if let Some(slot) = group.first().and_then(|delivery| joined.get_mut(usize::from(delivery.part.input))) {
            *slot = Some(items);
        }
    }
    (joined, parts)
}
