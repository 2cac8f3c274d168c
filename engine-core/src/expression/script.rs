//! The contract with a JavaScript engine, for what the native evaluator leaves to one.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use super::{ExpressionError, Scope};

/// The value of an expression; `None` is JavaScript's `undefined`. A number that JSON does not know comes marked from scripts, see
/// [`not_finite`](super::not_finite).
pub type Evaluation = Result<Option<Value>, ExpressionError>;

/// Compiles JavaScript expressions. One engine serves all plans of a process.
///
/// An implementation gives scripts no host object, bounds their time, memory, stack and output, and keeps what one evaluation
/// does to globals from the next.
pub trait ScriptEngine: Send + Sync + fmt::Debug {
    /// Compiles the code between `{{` and `}}` of one chunk of a parameter. Called once per plan.
    ///
    /// # Errors
    /// When the code does not parse as one expression.
    fn compile_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError>;

    /// Compiles the code of a chunk that stands within text. Its value will be turned into text; an engine whose values are more than JSON
    /// can hold (a `Date` writes its own text) does that itself and gives a string.
    ///
    /// # Errors
    /// When the code does not parse as one expression.
    fn compile_text_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError> {
        self.compile_expression(code)
    }

    /// True when values that JSON cannot hold (`NaN`, `undefined` within an array) come out in a form of the engine's own, for tools that show
    /// values. The native evaluator then leaves such values to the engine.
    fn marks_values(&self) -> bool {
        false
    }
}

/// A compiled expression.
///
/// As n8n does, evaluation swallows plain run-time errors of JavaScript: their value is `undefined`. An [`ExpressionError`] is what fails the item.
pub trait Script: Send + Sync + fmt::Debug {
    /// Evaluates here and now, within a few milliseconds; `None` when that is not enough, and the caller shall use
    /// [`evaluate`](Self::evaluate) instead. Called on async workers: it never blocks them for longer.
    fn try_evaluate(&self, scope: &dyn Scope) -> Option<Evaluation>;

    /// Evaluates on a thread of the engine, within the engine's full limits. Dropping the future abandons the evaluation.
    fn evaluate(self: Arc<Self>, scope: Arc<dyn Scope>) -> BoxFuture<'static, Evaluation>;
}
