//! For tests: a seeded simulator with virtual time, small nodes, and workflows written in a few lines. Feature `testing`.

mod graph;
mod nodes;
mod simulator;

pub use graph::graph;
pub use nodes::{Behaviour, Ledger, TestNode, test_nodes};
pub use simulator::Simulator;
