//! Expressions: parameters that hold `={{ ... }}`.
//!
//! A parameter is parsed once per plan into a template. Paths, literals, operators, conditionals and template text are evaluated here, in Rust;
//! all else is compiled by a [`ScriptEngine`]. Values are data: what an expression gives is never evaluated again.

mod error;
mod scope;
mod script;

pub use error::{ExpressionError, ExpressionErrorKind};
pub use scope::{ExecutionFacts, Facts, NodeFacts, NodeItems, OtherNode, Scope, WorkflowFacts};
pub use script::{Evaluation, Script, ScriptEngine};
