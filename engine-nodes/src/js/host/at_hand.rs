//! The scope of the evaluation that runs on this thread.

use engine_core::expression::{ExpressionError, ExpressionErrorKind, Scope};
use engine_core::model::Binary;
use rquickjs::{Ctx, Result};
use scoped_tls_hkt::scoped_thread_local;

use crate::js::code::RunState;
use crate::js::engine::JsEngine;
use crate::js::kit::fail;

/// How deep expressions may evaluate other expressions.
const MAX_NESTING: u8 = 8;

/// What an evaluation may ask.
#[derive(Clone, Copy)]
pub(in crate::js) struct AtHand<'a> {
    pub(in crate::js) scope: &'a dyn Scope,
    /// The engine, for expressions within parameters.
    pub(in crate::js) engine: &'a JsEngine,
    /// The run of a Code node, if it is one.
    pub(in crate::js) run: Option<&'a RunState>,
    nesting: u8,
}

scoped_thread_local!(static AT_HAND: for<'a> &'a AtHand<'a>);

/// Runs a step with a scope at hand on this thread.
pub(in crate::js) fn with_scope<T>(scope: &dyn Scope, engine: &JsEngine, step: impl FnOnce() -> T) -> T {
    let nesting = if AT_HAND.is_set() { AT_HAND.with(|outer| outer.nesting + 1) } else { 0 };
    AT_HAND.set(&AtHand { scope, engine, run: None, nesting }, step)
}

/// Runs a step of a Code node's run.
pub(in crate::js) fn with_run<T>(scope: &dyn Scope, engine: &JsEngine, run: &RunState, step: impl FnOnce() -> T) -> T {
    AT_HAND.set(&AtHand { scope, engine, run: Some(run), nesting: 0 }, step)
}

/// The name under which the run of a Code node is shown a file; `None` in expressions.
pub(in crate::js) fn shown(binary: &Binary) -> Option<String> {
    if AT_HAND.is_set() { AT_HAND.with(|at_hand| at_hand.run.map(|run| run.show(binary))) } else { None }
}

/// Asks what is at hand. What the engine answers with an error is thrown.
pub(super) fn ask<T>(ctx: &Ctx<'_>, question: impl FnOnce(&AtHand<'_>) -> std::result::Result<T, ExpressionError>) -> Result<T> {
    let answer = if AT_HAND.is_set() {
        AT_HAND.with(|at_hand| {
            if at_hand.nesting > MAX_NESTING {
                return Err(ExpressionError::new(ExpressionErrorKind::Limit, "expressions refer to each other too deeply"));
            }
            question(at_hand)
        })
    } else {
        Err(ExpressionError::new(ExpressionErrorKind::Call, "the execution cannot be asked any more"))
    };
    answer.map_err(|error| fail(ctx, &error))
}

/// The same for questions that cannot fail.
pub(super) fn tell<T>(ctx: &Ctx<'_>, question: impl FnOnce(&AtHand<'_>) -> T) -> Result<T> {
    ask(ctx, |at_hand| Ok(question(at_hand)))
}
