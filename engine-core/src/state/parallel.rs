//! The native order: a node runs when all connections into it have delivered or closed; independent branches run at the same time.
//!
//! Each connection closes once: when the run of its source has ended, when its source was skipped, or, if it leaves a loop, when the loop has ended.
//! A node whose connections are all closed is settled: it runs if an item came in, and is skipped otherwise, which closes its own connections in turn.
//! So a dead branch settles everything behind it, and nothing can wait for ever.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::execution::{Activation, Inputs, Part, Parts, RecordedOutput};
use crate::model::Batch;
use crate::node::RequiredInputs;
use crate::plan::{Closes, Plan, Reach, Target};

#[derive(Debug, Default)]
pub(super) struct ParallelFrontier {
    start: u32,
    /// Without loops each node is settled once, and its connections close when it is.
    loops: bool,
    inboxes: Vec<Inbox>,
    waiting: Waiting,
    /// For each loop, how many connections back to its header are open in this round.
    rounds: Vec<u32>,
    ready: VecDeque<Box<Activation>>,
    /// Nodes that were settled without items; their connections are closed without recursion.
    skipped: Vec<u32>,
    /// Loop nodes within a loop that has begun a new round.
    forgotten: Vec<u32>,
}

/// What is known of a node that is not settled.
#[derive(Clone, Debug, Default)]
struct Inbox {
    open: u32,
    /// The list of what has come in, where something has.
    list: Option<u32>,
}

#[derive(Clone, Debug)]
struct Delivery {
    place: u16,
    part: Part,
    items: Batch,
}

/// What has come in for nodes that wait for more. Lists are used again: once the first joins are done, others allocate nothing.
#[derive(Debug, Default)]
struct Waiting {
    lists: Vec<Vec<Delivery>>,
    free: Vec<u32>,
}

impl Waiting {
    fn push(&mut self, list: &mut Option<u32>, delivery: Delivery) {
        let index = *list.get_or_insert_with(|| {
            self.free.pop().unwrap_or_else(|| {
                self.lists.push(Vec::new());
                u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX)
            })
        });
        if let Some(list) = self.lists.get_mut(index as usize) {
            list.push(delivery);
        }
    }

    fn take(&mut self, list: Option<u32>) -> Vec<Delivery> {
        list.and_then(|index| self.lists.get_mut(index as usize)).map(std::mem::take).unwrap_or_default()
    }

    /// Gives a list back that was taken.
    fn give_back(&mut self, list: Option<u32>, mut deliveries: Vec<Delivery>) {
        if let Some(index) = list
            && let Some(place) = self.lists.get_mut(index as usize)
        {
            deliveries.clear();
            *place = deliveries;
            self.free.push(index);
        }
    }
}

impl ParallelFrontier {
    pub(super) fn start(&mut self, plan: &Plan, node: u32, items: Batch) {
        let reach = plan.reach(node);
        self.start = node;
        self.loops = !reach.rules.is_empty();
        self.inboxes = reach.need.iter().map(|&open| Inbox { open, list: None }).collect();
        self.rounds = vec![0; reach.back.len()];
        self.ready.push_back(Activation::of(node, SmallVec::from_buf([Some(items)]), Parts::new()));
    }

    /// Whether a node may run more than once.
    pub(super) fn has_loops(&self) -> bool {
        self.loops
    }

    pub(super) fn next(&mut self) -> Option<Box<Activation>> {
        self.ready.pop_front()
    }

    /// The loop nodes whose memory of the last round is of no use any more.
    pub(super) fn take_forgotten(&mut self) -> impl Iterator<Item = u32> {
        self.forgotten.drain(..)
    }

    /// A run has ended: its items are delivered, its connections close.
    pub(super) fn finished(&mut self, plan: &Plan, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        self.close_all(plan, (node, run), outputs);
        while let Some(node) = self.skipped.pop() {
            self.close_all(plan, (node, 0), &[]);
        }
    }

    fn close_all(&mut self, plan: &Plan, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        if self.loops {
            return self.finished_looping(plan, plan.reach(self.start), (node, run), outputs);
        }
        for target in plan.edges().outgoing(node) {
            if !self.hand_over(plan, target, (node, run), outputs) {
                self.deliver(target, (node, run), outputs);
                self.close(plan, Closes::Node(target.node));
            }
        }
    }

    /// The short way for most connections: a node that waits for this one and no other is ready with what it brings.
    fn hand_over(&mut self, plan: &Plan, target: &Target, from: (u32, u32), outputs: &[RecordedOutput]) -> bool {
        let Some(inbox) = self.inboxes.get_mut(target.node as usize) else { return false };
        if inbox.open != 1 || inbox.list.is_some() || !plan.node(target.node).takes_one_input {
            return false;
        }
        let Some((items, part)) = brought(target, from, outputs) else { return false };
        inbox.open = 0;
        self.ready.push_back(single(target.node, items, part));
        true
    }

    fn finished_looping(&mut self, plan: &Plan, reach: &Reach, (node, run): (u32, u32), outputs: &[RecordedOutput]) {
        let headed = plan.loops().headed.get(&node).copied();
        let has_items = |output: u16| outputs.get(usize::from(output)).is_some_and(|output| !output.items.is_empty());
        let goes_on = headed
            .is_some_and(|index| plan.edges().outgoing(node).iter().any(|target| has_items(target.output) && plan.loops().holds(index, target.node)));
        if let (Some(index), true) = (headed, goes_on) {
            self.begin_round(plan, reach, index);
        }
        let rules = reach.rules.get(node as usize).map_or(&[][..], |rules| rules);
        for (target, rule) in plan.edges().outgoing(node).iter().zip(rules) {
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
            if let (Some(inbox), Some(&need)) = (self.inboxes.get_mut(node as usize), reach.need.get(node as usize)) {
                inbox.open = need;
            }
        }
        if let (Some(round), Some(&back)) = (self.rounds.get_mut(index as usize), reach.back.get(index as usize)) {
            *round = back;
        }
    }

    fn deliver(&mut self, target: &Target, from: (u32, u32), outputs: &[RecordedOutput]) {
        if let Some((items, part)) = brought(target, from, outputs)
            && let Some(inbox) = self.inboxes.get_mut(target.node as usize)
        {
            self.waiting.push(&mut inbox.list, Delivery { place: target.place, part, items });
        }
    }

    fn close(&mut self, plan: &Plan, closes: Closes) {
        match closes {
            Closes::Node(node) => {
                let Some(inbox) = self.inboxes.get_mut(node as usize) else { return };
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
        let Some(inbox) = self.inboxes.get_mut(node as usize) else { return };
        let list = inbox.list.take();
        let mut deliveries = self.waiting.take(list);
        let plan_node = plan.node(node);
        if let ([only], true) = (deliveries.as_mut_slice(), plan_node.takes_one_input) {
            self.ready.push_back(single(node, std::mem::take(&mut only.items), only.part));
        } else if end_of_round || plan_node.always_output_data || satisfied((plan, node), &deliveries) {
            if deliveries.len() > 1 {
                deliveries.sort_by_key(|delivery| (delivery.part.input, delivery.place, delivery.part.run));
            }
            let (inputs, parts) = join(plan.edges().inputs(node), &mut deliveries);
            self.ready.push_back(Activation::of(node, inputs, parts));
        } else {
            self.skipped.push(node);
        }
        self.waiting.give_back(list, deliveries);
    }
}

/// What a run brings along a connection, if anything.
fn brought(target: &Target, (node, run): (u32, u32), outputs: &[RecordedOutput]) -> Option<(Batch, Part)> {
    let output = outputs.get(usize::from(target.output)).filter(|output| !output.items.is_empty())?;
    let items = u32::try_from(output.items.len()).unwrap_or(u32::MAX);
    Some((output.items.clone(), Part { input: target.input, output: target.output, node, run, items }))
}

/// A node with one input that is ready.
fn single(node: u32, items: Batch, part: Part) -> Box<Activation> {
    Activation::of(node, SmallVec::from_buf([Some(items)]), SmallVec::from_buf([part]))
}

fn satisfied((plan, node): (&Plan, u32), deliveries: &[Delivery]) -> bool {
    if deliveries.is_empty() {
        return false;
    }
    let brought = |input: usize| deliveries.iter().any(|delivery| usize::from(delivery.part.input) == input);
    match plan.node(node).required() {
        RequiredInputs::AtLeast(1) => true,
        RequiredInputs::AtLeast(least) => (0..plan.edges().inputs(node)).filter(|&input| brought(input)).count() >= *least,
        RequiredInputs::These(inputs) => inputs.iter().all(|&input| brought(input)),
    }
}

/// Items of each input, in the order of the connections. A batch that comes alone is passed on as it is.
fn join(inputs: usize, deliveries: &mut [Delivery]) -> (Inputs, Parts) {
    let mut joined: Inputs = SmallVec::from_elem(None, inputs.max(1));
    let parts: Parts = deliveries.iter().map(|delivery| delivery.part).collect();
    for group in deliveries.chunk_by_mut(|a, b| a.part.input == b.part.input) {
        let input = group.first().map_or(0, |delivery| usize::from(delivery.part.input));
        let items = match group {
            [only] => std::mem::take(&mut only.items),
            several => several.iter().flat_map(|delivery| delivery.items.iter().cloned()).collect(),
        };
        if let Some(slot) = joined.get_mut(input) {
            *slot = Some(items);
        }
    }
    (joined, parts)
}
