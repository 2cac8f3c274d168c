//! A compiled expression.

use std::fmt;
use std::sync::Arc;

use engine_core::expression::{Evaluation, Scope, Script};
use futures::future::BoxFuture;
use serde_json::Value;

use super::engine::JsEngine;

/// An expression as QuickJS compiles it. Each realm compiles it once.
#[derive(Debug)]
pub(super) struct Program {
    id: u64,
    source: String,
    /// The value is turned into text.
    text: bool,
    /// It must not run on the caller's thread.
    wild: bool,
}

impl Program {
    pub(super) fn new(id: u64, code: &str, text: bool, wild: bool) -> Self {
        let source = format!(
            "(function(__e_scope,__e_x,__e_k,__e_t,__e_o,__e_m,__e_l){{return function(){{const __e_s=new __e_scope();return (\n{code}\n)}}}})"
        );
        Self { id, source, text, wild }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn is_wild(&self) -> bool {
        self.wild
    }

    pub(super) fn is_text(&self) -> bool {
        self.text
    }

    /// The value when the expression threw what n8n swallows.
    pub(super) fn when_undefined(&self) -> Option<Value> {
        self.text.then(|| Value::String(String::new()))
    }
}

/// An expression of a plan.
pub(super) struct JsScript {
    program: Arc<Program>,
    engine: JsEngine,
}

impl JsScript {
    pub(super) fn new(program: Program, engine: JsEngine) -> Self {
        Self { program: Arc::new(program), engine }
    }
}

impl fmt::Debug for JsScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsScript").field("source", &self.program.source).finish_non_exhaustive()
    }
}

impl Script for JsScript {
    fn try_evaluate(&self, scope: &dyn Scope) -> Option<Evaluation> {
        if self.program.wild { None } else { self.engine.evaluate_here(&self.program, scope) }
    }

    fn evaluate(self: Arc<Self>, scope: Arc<dyn Scope>) -> BoxFuture<'static, Evaluation> {
        self.engine.evaluate_there(Arc::clone(&self.program), scope)
    }
}
