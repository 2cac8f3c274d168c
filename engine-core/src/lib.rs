//! An embeddable workflow engine.
//!
//! A workflow is a graph of typed nodes; lists of JSON items flow along its connections.

pub mod blob;
pub mod expression;
pub mod model;
