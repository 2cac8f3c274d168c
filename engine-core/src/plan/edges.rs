//! The connections of a plan, by the node that they leave and by the node that they enter.

use crate::model::ExecutionOrder;

/// Where a connection leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The output that it leaves.
    pub(crate) output: u16,
    /// The node that it enters.
    pub(crate) node: u32,
    /// The input that it enters.
    pub(crate) input: u16,
    /// Its place among the connections into that input.
    pub(crate) place: u16,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// The node that it leaves.
    pub(crate) node: u32,
    /// The output that it leaves.
    pub(crate) output: u16,
    /// The input that it enters.
    pub(crate) input: u16,
}

/// A connection whose ends are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) source: u32,
    pub(super) output: u16,
    pub(super) target: u32,
    pub(super) input: u16,
}

/// All connections of a plan. Flat: what belongs to neighbouring nodes lies side by side.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    outgoing: Rows<Target>,
    incoming: Rows<Incoming>,
}

impl Edges {
    /// Sorts connections, given in the order in which they were written. `position` is a node's place on the canvas.
    pub(super) fn new(nodes: usize, edges: &[Edge], order: ExecutionOrder, position: impl Fn(u32) -> [f64; 2]) -> Self {
        let mut numbered = Rows::gather(nodes, edges.iter().zip(0..).map(|(edge, number)| (edge.target, (edge.input, number))));
        let mut places = vec![0; edges.len()];
        numbered.each_row(|row| {
            row.sort_by_key(|(input, _)| *input);
            for group in row.chunk_by(|(a, _), (b, _)| a == b) {
                for ((_, number), place) in group.iter().zip(0..) {
                    places[*number as usize] = place;
                }
            }
        });
        let incoming = |&(input, number): &(u16, u32)| {
            let Edge { source, output, .. } = edges[number as usize];
            Incoming { node: source, output, input }
        };
        let target = |(edge, &place): (&Edge, &u16)| (edge.source, Target { output: edge.output, node: edge.target, input: edge.input, place });
        let mut outgoing = Rows::gather(nodes, edges.iter().zip(&places).map(target));
        outgoing.each_row(|row| queue_order(row, order, &position));
        Self { outgoing, incoming: numbered.map(incoming) }
    }

    /// The connections that leave a node, in the order in which its children are queued.
    pub(crate) fn outgoing(&self, node: u32) -> &[Target] {
        self.outgoing.row(node)
    }

    /// The connections that enter a node, by input, in the order in which they were written.
    pub(crate) fn incoming(&self, node: u32) -> &[Incoming] {
        self.incoming.row(node)
    }

    /// How many inputs a node has: n8n counts them up to the highest connected one.
    pub(crate) fn inputs(&self, node: u32) -> usize {
        self.incoming(node).last().map_or(0, |last| usize::from(last.input) + 1)
    }
}

/// A list for each node, all in one.
#[derive(Debug, Default)]
struct Rows<T> {
    /// Where the list of each node begins, and where the last one ends.
    starts: Box<[u32]>,
    entries: Box<[T]>,
}

impl<T: Copy + Default> Rows<T> {
    /// Gathers entries by their node; those of one node keep their order.
    fn gather(nodes: usize, entries: impl Iterator<Item = (u32, T)> + Clone) -> Self {
        let mut starts = vec![0u32; nodes + 1];
        for (node, _) in entries.clone() {
            starts[node as usize + 1] += 1;
        }
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut next = starts.clone();
        let mut gathered = vec![T::default(); end as usize];
        for (node, entry) in entries {
            let place = &mut next[node as usize];
            gathered[*place as usize] = entry;
            *place += 1;
        }
        Self { starts: starts.into(), entries: gathered.into() }
    }
}

impl<T> Rows<T> {
    fn row(&self, node: u32) -> &[T] {
        let (start, end) = (self.starts[node as usize] as usize, self.starts[node as usize + 1] as usize);
        &self.entries[start..end]
    }

    /// Shows each list with more than one entry.
    fn each_row(&mut self, mut change: impl FnMut(&mut [T])) {
        for bounds in self.starts.windows(2) {
            if let &[start, end] = bounds
                && end - start > 1
            {
                change(&mut self.entries[start as usize..end as usize]);
            }
        }
    }

    fn map<U>(self, change: impl FnMut(&T) -> U) -> Rows<U> {
        Rows { starts: self.starts, entries: self.entries.iter().map(change).collect() }
    }
}

/// Puts the connections that leave a node into the order in which its children are queued.
///
/// n8n's v1 runs the top-most child first, then the left-most; children at the same place in reverse: it puts each at the front of its
/// stack, from the bottom right on (SEMANTICS 7.2). The other orders go by output and place in the list.
fn queue_order(targets: &mut [Target], order: ExecutionOrder, position: impl Fn(u32) -> [f64; 2]) {
    targets.sort_by_key(|target| target.output);
    if order == ExecutionOrder::V1 {
        targets.sort_by(|a, b| {
            let ([ax, ay], [bx, by]) = (position(a.node), position(b.node));
            by.total_cmp(&ay).then(bx.total_cmp(&ax))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(source: u32, output: u16, target: u32, input: u16) -> Edge {
        Edge { source, output, target, input }
    }

    #[test]
    fn connections_are_found_from_both_ends_in_their_orders() {
        // Node 3 takes two connections on its second input, written before the one on its first.
        let list = [edge(0, 1, 2, 0), edge(0, 0, 1, 0), edge(2, 0, 3, 1), edge(0, 0, 3, 1), edge(1, 0, 3, 0)];
        let edges = Edges::new(4, &list, ExecutionOrder::Parallel, |_| [0.0, 0.0]);
        let targets: Vec<_> = edges.outgoing(0).iter().map(|target| (target.output, target.node, target.input, target.place)).collect();
        assert_eq!(targets, [(0, 1, 0, 0), (0, 3, 1, 1), (1, 2, 0, 0)]);
        let sources: Vec<_> = edges.incoming(3).iter().map(|incoming| (incoming.input, incoming.node)).collect();
        assert_eq!(sources, [(0, 1), (1, 2), (1, 0)]);
        assert_eq!([0, 1, 2, 3].map(|node| edges.inputs(node)), [0, 1, 1, 2]);
        assert!(edges.outgoing(3).is_empty() && edges.incoming(0).is_empty());
    }
}
