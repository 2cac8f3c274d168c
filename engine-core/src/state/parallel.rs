//! The native order: a node runs when all connections into it have delivered or closed; independent branches run at the same time.
//!
//! Each connection closes once: when the run of its source has ended, when its source was skipped, or, if it leaves a loop, when the loop has ended.
//! A node whose connections are all closed is settled: it runs if an item came in, and is skipped otherwise, which closes its own connections in turn.
//! So a dead branch settles everything behind it, and nothing can wait for ever.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::execution::{Activation, Inputs, Part, Parts, RecordedOutput, Runs};
use crate::model::Batch;
use crate::node::RequiredInputs;
use crate::plan::{Closes, Incoming, Plan, Reach, Target};

#[derive(Debug, Default)]
pub(super) struct ParallelFrontier {
    start: u32,
    /// Without loops each node is settled once, and its connections close when it is.
    loops: bool,
    /// For each node, how many connections into it are open.
    open: Vec<u32>,
    waiting: Waiting,
    /// What runs that have ended were made of.
    #[expect(clippy::vec_box, reason = "the boxes are what is used again")]
    used: Vec<Box<Activation>>,
    /// For each loop, how many connections back to its header are open in this round.
    rounds: Vec<u32>,
    ready: VecDeque<Ready>,
    /// Nodes that were settled without items; their connections are closed without recursion.
    skipped: Vec<u32>,
    /// Loop nodes within a loop that has begun a new round.
    forgotten: Vec<u32>,
}

/// A node that can run.
#[derive(Debug)]
enum Ready {
    /// With what has come along the connections into it; put together when it runs, for thousands may be ready at once.
    Settled(u32),
    /// With what has been put together for it.
    Joined(Box<Activation>),
}

#[derive(Clone, Debug)]
struct Delivery {
    place: u16,
    part: Part,
    items: Batch,
}

/// What has come in for nodes that wait for more, where there are loops. Lists are used again: once the first joins are done, others allocate nothing.
#[derive(Debug, Default)]
struct Waiting {
    /// For each node, its list, where something has come in.
    by_node: Vec<Option<u32>>,
    lists: Vec<Vec<Delivery>>,
    free: Vec<u32>,
}

impl Waiting {
    fn push(&mut self, node: u32, delivery: Delivery) {
        let Some(list) = self.by_node.get_mut(node as usize) else { return };
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

    /// Shows what has come in for a node, and forgets it.
    fn take(&mut self, node: u32, look: impl FnOnce(&mut [Delivery])) {
        let list = self.by_node.get_mut(node as usize).and_then(Option::take);
        if let Some(index) = list
            && let Some(deliveries) = self.lists.get_mut(index as usize)
        {
            look(deliveries);
            deliveries.clear();
            self.free.push(index);
        }
    }
}

/// What a frontier looks things up in.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) plan: &'a Plan,
    pub(super) runs: &'a Runs,
}

impl<'a> Known<'a> {
    fn outputs(self, node: u32, run: Option<u32>) -> &'a [RecordedOutput] {
        run.and_then(|run| self.runs.get(node, run)).map_or(&[], |record| &record.outputs)
    }

    /// What has come along a connection, in a plan without loops.
    fn came(self, incoming: Incoming) -> Option<(&'a Batch, Part)> {
        let output = self.runs.get(incoming.node, 0)?.outputs.get(usize::from(incoming.output))?;
        let Incoming { node, output: port, input } = incoming;
        (!output.items.is_empty()).then(|| (&output.items, Part { input, output: port, node, run: 0, items: count(&output.items) }))
    }
}

impl ParallelFrontier {
    pub(super) fn start(&mut self, plan: &Plan, node: u32, items: Batch) {
        let reach = plan.reach(node);
        self.start = node;
        self.loops = !reach.rules.is_empty();
        self.open = reach.need.to_vec();
        self.waiting.by_node = vec![None; if self.loops { plan.len() } else { 0 }];
        self.rounds = vec![0; reach.back.len()];
        self.ready.push_back(Ready::Joined(Activation::with_input(node, items, Parts::new())));
    }

    /// Whether a node may run more than once.
    pub(super) fn has_loops(&self) -> bool {
        self.loops
    }

    pub(super) fn next(&mut self, known: Known<'_>) -> Option<Box<Activation>> {
        match self.ready.pop_front()? {
            Ready::Joined(activation) => Some(activation),
            Ready::Settled(node) => {
                let mut activation = self.blank(node);
                gather(known, node, &mut activation);
                Some(activation)
            }
        }
    }

    /// The loop nodes whose memory of the last round is of no use any more.
    pub(super) fn take_forgotten(&mut self) -> impl Iterator<Item = u32> {
        self.forgotten.drain(..)
    }

    /// Takes back what a run that has ended was made of.
    pub(super) fn reuse(&mut self, activation: Box<Activation>) {
        self.used.push(activation);
    }

    /// An activation to be filled. Its inputs may still be those of another run: the next one often takes the same items.
    #[expect(clippy::unnecessary_box_returns, reason = "queues hold boxes, and what is boxed is used again")]
    fn blank(&mut self, node: u32) -> Box<Activation> {
        let Some(mut activation) = self.used.pop() else { return Activation::of(node, Inputs::new(), Parts::new()) };
        activation.node = node;
        activation.parts.clear();
        activation
    }

    /// A run has ended, or has given nothing at all: its items are delivered, its connections close.
    pub(super) fn finished(&mut self, known: Known<'_>, node: u32, run: Option<u32>) {
        self.close_all(known, node, run);
        while let Some(node) = self.skipped.pop() {
            self.close_all(known, node, None);
        }
    }

    fn close_all(&mut self, known: Known<'_>, node: u32, run: Option<u32>) {
        if self.loops {
            return self.finished_looping(known, node, run);
        }
        for target in known.plan.edges().outgoing(node) {
            self.close(known, Closes::Node(target.node));
        }
    }

    fn finished_looping(&mut self, known: Known<'_>, node: u32, run: Option<u32>) {
        let (plan, outputs) = (known.plan, known.outputs(node, run));
        let reach = plan.reach(self.start);
        let headed = plan.loops().headed.get(&node).copied();
        let has_items = |output: u16| outputs.get(usize::from(output)).is_some_and(|output| !output.items.is_empty());
        let goes_on = headed
            .is_some_and(|index| plan.edges().outgoing(node).iter().any(|target| has_items(target.output) && plan.loops().holds(index, target.node)));
        if let (Some(index), true) = (headed, goes_on) {
            self.begin_round(plan, reach, index);
        }
        let rules = reach.rules.get(node as usize).map_or(&[][..], |rules| rules);
        for (target, rule) in plan.edges().outgoing(node).iter().zip(rules) {
            self.deliver(target, (node, run.unwrap_or(0)), outputs);
            let within = headed.is_some_and(|index| plan.loops().holds(index, target.node));
            if rule.until.is_none() && (!within || goes_on) {
                self.close(known, rule.closes);
            }
        }
        if let (Some(index), false) = (headed, goes_on) {
            for &closes in reach.deferred.get(index as usize).into_iter().flatten() {
                self.close(known, closes);
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
            if let (Some(open), Some(&need)) = (self.open.get_mut(node as usize), reach.need.get(node as usize)) {
                *open = need;
            }
        }
        if let (Some(round), Some(&back)) = (self.rounds.get_mut(index as usize), reach.back.get(index as usize)) {
            *round = back;
        }
    }

    fn deliver(&mut self, target: &Target, from: (u32, u32), outputs: &[RecordedOutput]) {
        if let Some((items, part)) = brought(target, from, outputs) {
            self.waiting.push(target.node, Delivery { place: target.place, part, items });
        }
    }

    fn close(&mut self, known: Known<'_>, closes: Closes) {
        match closes {
            Closes::Node(node) => {
                let Some(open) = self.open.get_mut(node as usize) else { return };
                *open = open.saturating_sub(1);
                if *open > 0 {
                    return;
                }
                if self.loops {
                    self.settle_looping(known, node, false);
                } else {
                    self.settle(known, node);
                }
            }
            Closes::Round(index) => {
                let Some(round) = self.rounds.get_mut(index as usize) else { return };
                *round = round.saturating_sub(1);
                if *round == 0
                    && let Some(each) = known.plan.loops().loops.get(index as usize)
                {
                    self.settle_looping(known, each.header, true);
                }
            }
        }
    }

    /// All connections into a node are closed, in a plan without loops: it runs, or it is skipped.
    fn settle(&mut self, known: Known<'_>, node: u32) {
        let plan_node = known.plan.node(node);
        let came = known.plan.edges().incoming(node).iter().filter(|incoming| known.came(**incoming).is_some());
        if plan_node.always_output_data || satisfied(plan_node.required(), came.map(|incoming| usize::from(incoming.input))) {
            self.ready.push_back(Ready::Settled(node));
        } else {
            self.skipped.push(node);
        }
    }

    /// All connections into a node are closed: it runs, or it is skipped. A loop node runs at the end of each round, whatever came back.
    fn settle_looping(&mut self, known: Known<'_>, node: u32, end_of_round: bool) {
        let mut activation = self.blank(node);
        activation.inputs.clear();
        activation.inputs.resize(known.plan.edges().inputs(node).max(1), None);
        self.waiting.take(node, |deliveries| join_delivered(deliveries, &mut activation));
        let plan_node = known.plan.node(node);
        let came = activation.inputs.iter().enumerate().filter(|(_, items)| items.is_some()).map(|(input, _)| input);
        if end_of_round || plan_node.always_output_data || satisfied(plan_node.required(), came) {
            self.ready.push_back(Ready::Joined(activation));
        } else {
            self.reuse(activation);
            self.skipped.push(node);
        }
    }
}

/// Joins what was delivered, in the order of the connections.
fn join_delivered(deliveries: &mut [Delivery], activation: &mut Activation) {
    deliveries.sort_by_key(|delivery| (delivery.part.input, delivery.place, delivery.part.run));
    activation.parts.extend(deliveries.iter().map(|delivery| delivery.part));
    for group in deliveries.chunk_by(|a, b| a.part.input == b.part.input) {
        let slot = group.first().and_then(|delivery| activation.inputs.get_mut(usize::from(delivery.part.input)));
        if let Some(slot) = slot {
            *slot = joined(group, |delivery| &delivery.items);
        }
    }
}

/// Joins what has come along the connections into a node, in their order, in a plan without loops: there a connection brings something once.
fn gather(known: Known<'_>, node: u32, activation: &mut Activation) {
    let Activation { inputs, parts, .. } = activation;
    let mut groups = known.plan.edges().incoming(node).chunk_by(|a, b| a.input == b.input).peekable();
    inputs.resize_with(known.plan.edges().inputs(node).max(1), || None);
    for (slot, input) in inputs.iter_mut().zip(0..) {
        match groups.next_if(|group| group.first().is_some_and(|incoming| incoming.input == input)) {
            None => *slot = None,
            Some([only]) => {
                let came = known.came(*only);
                if let Some((_, part)) = came {
                    parts.push(part);
                }
                match (came, &mut *slot) {
                    (Some((items, _)), Some(held)) => held.clone_from(items),
                    (came, _) => *slot = came.map(|(items, _)| items.clone()),
                }
            }
            Some(group) => {
                let came: SmallVec<[_; 4]> = group.iter().filter_map(|incoming| known.came(*incoming)).collect();
                parts.extend(came.iter().map(|(_, part)| *part));
                *slot = joined(&came, |(items, _)| items);
            }
        }
    }
}

/// Several batches as one. A batch that comes alone is passed on as it is.
fn joined<T>(batches: &[T], items: impl Fn(&T) -> &Batch) -> Option<Batch> {
    match batches {
        [] => None,
        [only] => Some(items(only).clone()),
        several => Some(several.iter().flat_map(|each| items(each).iter().cloned()).collect()),
    }
}

/// What a run brings along a connection, if anything.
fn brought(target: &Target, (node, run): (u32, u32), outputs: &[RecordedOutput]) -> Option<(Batch, Part)> {
    let output = outputs.get(usize::from(target.output)).filter(|output| !output.items.is_empty())?;
    Some((output.items.clone(), Part { input: target.input, output: target.output, node, run, items: count(&output.items) }))
}

fn count(items: &Batch) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

/// Whether the inputs that brought something, each as often as it did and in their order, are those that a node needs.
fn satisfied(required: &RequiredInputs, mut brought: impl Iterator<Item = usize> + Clone) -> bool {
    match required {
        RequiredInputs::AtLeast(0 | 1) => brought.next().is_some(),
        RequiredInputs::AtLeast(least) => {
            let mut before = None;
            brought.filter(|input| before.replace(*input) != Some(*input)).take(*least).count() == *least
        }
        RequiredInputs::These(wanted) => {
            brought.clone().next().is_some() && wanted.iter().all(|wanted| brought.clone().any(|input| input == *wanted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_counts_once_however_many_connections_bring_something() {
        let holds = |required: RequiredInputs, brought: &[usize]| satisfied(&required, brought.iter().copied());
        assert_eq!([0, 1].map(|least| holds(RequiredInputs::AtLeast(least), &[])), [false, false]);
        assert_eq!([0, 1, 2].map(|least| holds(RequiredInputs::AtLeast(least), &[1, 1])), [true, true, false]);
        assert_eq!([2, 3].map(|least| holds(RequiredInputs::AtLeast(least), &[0, 0, 2])), [true, false]);
        let these = |wanted: &[usize], brought: &[usize]| holds(RequiredInputs::These(wanted.to_vec()), brought);
        assert!(these(&[2, 0], &[0, 0, 2]) && !these(&[0, 1], &[0, 0, 2]));
        // A node that needs none in particular still needs one.
        assert!(these(&[], &[1]) && !these(&[], &[]));
    }
}
