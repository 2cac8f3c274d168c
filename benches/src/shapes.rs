//! Graphs that are measured: for each node, the nodes whose output it takes.

use engine_core::Workflow;
use engine_core::model::{Connection, NodeDefinition};

/// A graph: the sources of each node. Node 0 is the only one without.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) sources: Vec<Vec<usize>>,
}

/// One after the other.
pub(crate) fn chain(nodes: usize) -> Shape {
    Shape { name: "chain", sources: (0..nodes).map(|node| if node == 0 { Vec::new() } else { vec![node - 1] }).collect() }
}

/// All after the first.
pub(crate) fn fan_out(nodes: usize) -> Shape {
    Shape { name: "fan-out", sources: (0..=nodes).map(|node| if node == 0 { Vec::new() } else { vec![0] }).collect() }
}

/// Layers in which each node takes the output of two of the layer before.
pub(crate) fn layers(layers: usize, width: usize) -> Shape {
    let mut sources = vec![Vec::new()];
    for layer in 0..layers {
        for place in 0..width {
            let above = |place: usize| 1 + (layer - 1) * width + place % width;
            sources.push(if layer == 0 { vec![0] } else { vec![above(place), above(place + 1)] });
        }
    }
    Shape { name: "layers", sources }
}

impl Shape {
    /// The same graph as targets of each node.
    pub(crate) fn targets(&self) -> Vec<Vec<usize>> {
        let mut targets = vec![Vec::new(); self.sources.len()];
        for (node, sources) in self.sources.iter().enumerate() {
            for &source in sources {
                if let Some(targets) = targets.get_mut(source) {
                    targets.push(node);
                }
            }
        }
        targets
    }

    /// The same graph as a workflow of nodes that hand the items of their first input on.
    pub(crate) fn workflow(&self) -> Workflow {
        let mut builder = Workflow::builder(self.name);
        for (node, sources) in self.sources.iter().enumerate() {
            builder = builder.define(NodeDefinition::new(format!("N{node}"), if node == 0 { "trigger" } else { "pass" }));
            for (input, source) in sources.iter().enumerate() {
                builder = builder.connection(Connection::new(format!("N{source}"), format!("N{node}")).into_input(input));
            }
        }
        builder.build()
    }
}
