//! The connections of a plan, by the node that they leave and by the node that they enter.

use crate::model::ExecutionOrder;

/// Where a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// The node that it leaves.
    pub(crate) node: u32,
    /// The output that it leaves.
    pub(crate) output: u16,
}

/// Puts the connections that leave a node into the order in which its children are queued.
///
/// n8n's v1 runs the top-most child first, then the left-most; children at the same place in reverse: it puts each at the front of its
/// stack, from the bottom right on (SEMANTICS 7.2). The other orders go by output and place in the list.
pub(crate) fn in_queue_order(mut targets: Vec<Target>, order: ExecutionOrder, position: impl Fn(u32) -> [f64; 2]) -> Box<[Target]> {
    targets.sort_by_key(|target| target.output);
    if order == ExecutionOrder::V1 {
        let key = |target: &Target| position(target.node);
        targets.sort_by(|a, b| {
            let ([ax, ay], [bx, by]) = (key(a), key(b));
            by.total_cmp(&ay).then(bx.total_cmp(&ax))
        });
    }
    targets.into_boxed_slice()
}
