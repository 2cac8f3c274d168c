//! Loops of a plan in parallel order: which cycles there are, which loop node ends each, and how they nest.
//!
//! A cycle is allowed when it passes a loop node. That node is the *header*; the other nodes of its strongly connected component are the *body*,
//! in which loops may nest.

use std::collections::{HashMap, HashSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Edges, PlanNode};

/// The loops of a plan, outer before inner.
#[derive(Debug, Default)]
pub(crate) struct LoopForest {
    /// The loops.
    pub(crate) loops: Vec<Loop>,
    /// The innermost loop in whose body a node lies. A header lies in the body of the loop around its own.
    pub(crate) innermost: HashMap<u32, u32>,
    /// The loop that a header ends.
    pub(crate) headed: HashMap<u32, u32>,
}

/// One loop.
#[derive(Debug)]
pub(crate) struct Loop {
    /// The loop node.
    pub(crate) header: u32,
    /// The loop around it.
    pub(crate) parent: Option<u32>,
    /// The nodes within, those of inner loops included, the header not.
    pub(crate) body: HashSet<u32>,
}

impl LoopForest {
    /// Finds all loops, and one cycle for each component that no loop node ends.
    pub(super) fn find(nodes: &[PlanNode], edges: &Edges) -> (Self, Vec<Vec<u32>>) {
        let mut forest = Self::default();
        let mut cycles = Vec::new();
        let mut pending = vec![(cyclic(nodes.len(), edges), None)];
        while let Some((members, parent)) = pending.pop() {
            for component in components(edges, &members) {
                match header((nodes, edges), &component) {
                    Some(header) => pending.push(forest.add(header, &component, parent)),
                    None => cycles.push(cycle(edges, &component)),
                }
            }
        }
        cycles.sort();
        (forest, cycles)
    }

    fn add(&mut self, header: u32, component: &HashSet<u32>, parent: Option<u32>) -> (Vec<u32>, Option<u32>) {
        let index = u32::try_from(self.loops.len()).unwrap_or(u32::MAX);
        let body: HashSet<u32> = component.iter().copied().filter(|&node| node != header).collect();
        let mut members: Vec<u32> = body.iter().copied().collect();
        members.sort_unstable();
        self.innermost.extend(members.iter().map(|&node| (node, index)));
        self.headed.insert(header, index);
        self.loops.push(Loop { header, parent, body });
        (members, Some(index))
    }

    /// Whether a loop holds a node, as its header or in its body.
    pub(crate) fn holds(&self, index: u32, node: u32) -> bool {
        self.loops.get(index as usize).is_some_and(|each| each.header == node || each.body.contains(&node))
    }

    /// The outermost loop that holds `source` and not `target`: a connection between them is open until that loop has ended.
    pub(crate) fn left_by(&self, source: u32, target: u32) -> Option<u32> {
        let mut left = None;
        let mut next = self.headed.get(&source).or_else(|| self.innermost.get(&source)).copied();
        while let Some(index) = next {
            if self.holds(index, target) {
                break;
            }
            left = Some(index);
            next = self.loops.get(index as usize).and_then(|each| each.parent);
        }
        left
    }

    /// The loop that a connection closes: its target is the header, its source is the header or in the body.
    pub(crate) fn closed_by(&self, source: u32, target: u32) -> Option<u32> {
        self.headed.get(&target).copied().filter(|&index| self.holds(index, source))
    }
}

/// The nodes that lie on a cycle or behind one: what is left when nodes without open connections into them are taken away, one after the other.
/// Most plans have none, and then nothing else is looked for.
fn cyclic(nodes: usize, edges: &Edges) -> Vec<u32> {
    let all = || (0..).take(nodes);
    let mut open: Vec<usize> = all().map(|node| edges.incoming(node).len()).collect();
    let mut settled: Vec<u32> = all().filter(|&node| open[node as usize] == 0).collect();
    while let Some(node) = settled.pop() {
        for target in edges.outgoing(node) {
            open[target.node as usize] -= 1;
            if open[target.node as usize] == 0 {
                settled.push(target.node);
            }
        }
    }
    all().filter(|&node| open[node as usize] > 0).collect()
}

/// The strongly connected components with a cycle, within some of the nodes.
fn components(edges: &Edges, members: &[u32]) -> Vec<HashSet<u32>> {
    let mut graph: DiGraph<u32, ()> = DiGraph::with_capacity(members.len(), members.len());
    let indexes: HashMap<u32, NodeIndex> = members.iter().map(|&node| (node, graph.add_node(node))).collect();
    for (&node, &index) in &indexes {
        for target in edges.outgoing(node) {
            if let Some(&target) = indexes.get(&target.node) {
                graph.add_edge(index, target, ());
            }
        }
    }
    let is_cycle = |component: &Vec<NodeIndex>| component.len() > 1 || component.first().is_some_and(|&index| graph.contains_edge(index, index));
    kosaraju_scc(&graph)
        .into_iter()
        .filter(is_cycle)
        .map(|component| component.into_iter().filter_map(|index| graph.node_weight(index).copied()).collect())
        .collect()
}

/// The loop node that ends a component: one that is entered from outside, or else the first.
fn header((nodes, edges): (&[PlanNode], &Edges), component: &HashSet<u32>) -> Option<u32> {
    let mut candidates: Vec<u32> = component.iter().copied().filter(|&node| nodes[node as usize].is_loop).collect();
    candidates.sort_unstable();
    let entered = |node: &u32| edges.incoming(*node).iter().any(|incoming| !component.contains(&incoming.node));
    candidates.iter().copied().find(entered).or_else(|| candidates.first().copied())
}

/// One cycle within a component, from its first node on.
fn cycle(edges: &Edges, component: &HashSet<u32>) -> Vec<u32> {
    let Some(&start) = component.iter().min() else { return Vec::new() };
    let mut came_from: HashMap<u32, u32> = HashMap::new();
    let mut level = vec![start];
    while !level.is_empty() {
        let mut next = Vec::new();
        for node in level {
            for target in edges.outgoing(node).iter().map(|target| target.node).filter(|target| component.contains(target)) {
                if target == start {
                    return path_back(&came_from, start, node);
                }
                if let std::collections::hash_map::Entry::Vacant(entry) = came_from.entry(target) {
                    entry.insert(node);
                    next.push(target);
                }
            }
        }
        level = next;
    }
    vec![start]
}

fn path_back(came_from: &HashMap<u32, u32>, start: u32, last: u32) -> Vec<u32> {
    let mut path = vec![last];
    let mut node = last;
    while node != start {
        let Some(&previous) = came_from.get(&node) else { break };
        path.push(previous);
        node = previous;
    }
    path.reverse();
    path
}
