//! What an execution that starts at one trigger can reach, and which connections each node waits for.
//!
//! Computed once for each start node of a plan. Without loops a node simply waits for all connections from nodes that are reached. With loops:
//! a connection that leaves a loop is open until the loop has ended; one that enters a loop from outside holds up its header; one that
//! leads back to the header is waited for in each round.

use super::{LoopForest, Plan};

/// The part of a plan that one start node reaches.
#[derive(Debug)]
pub(crate) struct Reach {
    /// For each node, how many connections close before it is settled.
    pub(crate) need: Box<[u32]>,
    /// For each loop, how many connections lead back.
    pub(crate) back: Box<[u32]>,
    /// For each loop, what its end closes.
    pub(crate) deferred: Box<[Vec<Closes>]>,
    /// For each node, the rule of each of its outgoing connections; empty in a plan without loops, where all are plain.
    pub(crate) rules: Box<[Box<[Rule]>]>,
}

/// What a connection counts towards when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closes {
    /// The settling of a node.
    Node(u32),
    /// The round of a loop.
    Round(u32),
}

/// When a connection closes, and what that counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The loop whose end closes it; without one, its source's run does.
    pub(crate) until: Option<u32>,
    /// What it counts towards.
    pub(crate) closes: Closes,
}

impl Reach {
    /// Walks the plan from a start node.
    pub(super) fn from(plan: &Plan, start: u32) -> Self {
        let reached = reached(plan, start);
        let loops = &plan.loops;
        let mut need = vec![0; plan.len()];
        let mut back = vec![0; loops.loops.len()];
        let mut deferred = vec![Vec::new(); loops.loops.len()];
        let mut rules = vec![Box::default(); if loops.loops.is_empty() { 0 } else { plan.len() }];
        for source in (0..plan.len()).filter(|&node| reached[node]) {
            let number = u32::try_from(source).unwrap_or(u32::MAX);
            let rule_of = |target: &super::Target| rule(loops, number, target.node);
            let node_rules: Box<[Rule]> = plan.edges.outgoing(number).iter().map(rule_of).collect();
            for rule in &node_rules {
                match rule.closes {
                    Closes::Node(node) => need[node as usize] += 1,
                    Closes::Round(index) => back[index as usize] += 1,
                }
                if let Some(index) = rule.until {
                    deferred[index as usize].push(rule.closes);
                }
            }
            if let Some(place) = rules.get_mut(source) {
                *place = node_rules;
            }
        }
        Self { need: need.into(), back: back.into(), deferred: deferred.into(), rules: rules.into() }
    }
}

fn reached(plan: &Plan, start: u32) -> Vec<bool> {
    let mut reached = vec![false; plan.len()];
    let mut pending = vec![start];
    while let Some(node) = pending.pop() {
        if !std::mem::replace(&mut reached[node as usize], true) {
            pending.extend(plan.edges.outgoing(node).iter().map(|target| target.node));
        }
    }
    reached
}

fn rule(loops: &LoopForest, source: u32, target: u32) -> Rule {
    if loops.loops.is_empty() {
        return Rule { until: None, closes: Closes::Node(target) };
    }
    let until = loops.left_by(source, target);
    let closes = match loops.closed_by(source, target) {
        Some(index) => Closes::Round(index),
        None => Closes::Node(gate(loops, source, target)),
    };
    Rule { until, closes }
}

/// The node that waits for a connection: the header of the outermost loop that it enters, or else its target.
fn gate(loops: &LoopForest, source: u32, target: u32) -> u32 {
    let mut gate = target;
    let mut next = loops.innermost.get(&target).copied();
    while let Some(index) = next {
        let Some(each) = loops.loops.get(index as usize) else { break };
        if loops.holds(index, source) {
            break;
        }
        gate = each.header;
        next = each.parent;
    }
    gate
}
