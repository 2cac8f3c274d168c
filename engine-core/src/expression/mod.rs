//! Expressions: parameters that hold `={{ ... }}`.
//!
//! A parameter is parsed once per plan into a template. Paths, literals, operators, conditionals and template text are evaluated here, in Rust;
//! all else is compiled by a [`ScriptEngine`]. Values are data: what an expression gives is never evaluated again.

mod error;
mod extended;
mod fixed;
pub mod js;
mod native;
pub mod not_finite;
mod scope;
mod script;
mod split;
mod template;

pub use error::{ExpressionError, ExpressionErrorKind};
pub use extended::ExtendedScope;
pub use fixed::FixedScope;
pub use scope::{ExecutionFacts, Facts, NodeFacts, NodeItems, OtherNode, Scope, WorkflowFacts};
pub use script::{Evaluation, Script, ScriptEngine};
pub use template::{Reads, Template};
