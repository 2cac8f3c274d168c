//! An embeddable workflow engine.
//!
//! A workflow is a graph of typed nodes; lists of JSON items flow along its connections.

#![forbid(unsafe_code)]

pub mod blob;
pub mod credential;
pub mod driver;
pub mod engine;
pub mod execution;
pub mod expression;
pub mod form;
pub mod format;
pub mod model;
pub mod node;
pub mod observer;
pub mod plan;
pub mod problem;
pub mod runtime;
pub mod schedule;
pub mod schema;
pub mod state;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod worker;

pub use engine::{Engine, ExecutionLimits, Start};
pub use model::Workflow;
