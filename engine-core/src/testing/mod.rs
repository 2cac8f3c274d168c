//! For tests: a seeded simulator with virtual time, small nodes, workflows written in a few lines, a store that fails by a seed, and the conformance suite of stores. Feature `testing`.

mod faulty;
mod graph;
mod nodes;
mod simulator;
pub mod store;

pub use faulty::{Faults, FaultyStore};
pub use graph::graph;
pub use nodes::{Behaviour, Ledger, TestNode, test_nodes};
pub use simulator::Simulator;
