//! The engine: compiles expressions, and evaluates them here or there.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine_core::expression::{Evaluation, ExpressionError, ExpressionErrorKind, Scope, Script, ScriptEngine};
use futures::future::BoxFuture;

use super::failure::Failure;
use super::host::with_scope;
use super::limits::JsLimits;
use super::prelude::Purpose;
use super::realm::{Bounds, Realm};
use super::script::{JsScript, Program};
use super::syntax::{Problem, rewrite_expression};
use super::threads::Threads;

/// Realms that are kept for the next evaluation on a caller's thread.
const MAX_IDLE: usize = 16;
/// The stack of an evaluation on a caller's thread, of which nobody knows how much is left.
const INLINE_STACK: usize = 256 << 10;

/// Evaluates JavaScript expressions, and runs the code of Code nodes. Clones share realms, threads and limits.
///
/// ```
/// use engine_core::expression::Template;
/// use engine_nodes::js::JsEngine;
///
/// let engine = JsEngine::default();
/// let template = Template::compile("{{ [1, 2, 3].map(x => x * 2) }}", Some(&engine)).unwrap();
/// assert!(!template.is_native());
/// ```
#[derive(Clone)]
pub struct JsEngine(Arc<Shared>);

struct Shared {
    limits: JsLimits,
    marked: bool,
    next_program: AtomicU64,
    idle: Mutex<Vec<Realm>>,
    threads: Threads,
}

impl fmt::Debug for JsEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsEngine").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

impl Default for JsEngine {
    fn default() -> Self {
        Self::new(JsLimits::default())
    }
}

impl JsEngine {
    /// An engine with these limits.
    pub fn new(limits: JsLimits) -> Self {
        Self::build(limits, false)
    }

    /// An engine whose expressions tell what JSON cannot: `NaN` comes out as `{"$number": "NaN"}`, a date as `{"$date": ...}`, and so on. For
    /// tools that show or compare values; running workflows use [`new`](Self::new).
    pub fn with_marked_values(limits: JsLimits) -> Self {
        Self::build(limits, true)
    }

    fn build(limits: JsLimits, marked: bool) -> Self {
        let threads = Threads::new(limits.clone());
        Self(Arc::new(Shared { limits, marked, next_program: AtomicU64::new(0), idle: Mutex::new(Vec::new()), threads }))
    }

    /// The limits.
    pub fn limits(&self) -> &JsLimits {
        &self.0.limits
    }

    /// How many scripts were abandoned with their threads because they did not stop when they were told to.
    pub fn abandoned_scripts(&self) -> u64 {
        self.0.threads.abandoned()
    }

    fn compile(&self, code: &str, text: bool) -> Result<Arc<dyn Script>, ExpressionError> {
        let rewritten = rewrite_expression(code).map_err(|problem| match problem {
            Problem::Syntax(message) => ExpressionError::new(ExpressionErrorKind::Syntax, message),
            Problem::Forbidden(message) => ExpressionError::new(ExpressionErrorKind::Forbidden, message),
        })?;
        let id = self.0.next_program.fetch_add(1, Ordering::Relaxed);
        let program = Program::new(id, &rewritten.code, text, rewritten.wild);
        let realm = self.realm()?;
        realm.check(&program, self.0.limits.time)?;
        self.keep(realm);
        Ok(Arc::new(JsScript::new(program, self.clone())))
    }

    fn inline_bounds(&self) -> Bounds {
        let limits = &self.0.limits;
        Bounds { time: limits.inline_time, memory: limits.inline_memory, stack: INLINE_STACK, output: limits.output, marked: self.0.marked }
    }

    fn full_bounds(&self) -> Bounds {
        let limits = &self.0.limits;
        Bounds { time: limits.time, memory: limits.memory, stack: limits.stack, output: limits.output, marked: self.0.marked }
    }

    /// A realm for an evaluation on this thread.
    fn realm(&self) -> Result<Realm, ExpressionError> {
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Realm::new(Purpose::Expressions, &self.inline_bounds()), Ok)
    }

    fn keep(&self, realm: Realm) {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(realm);
        }
    }

    /// Evaluates on this thread; `None` when it met a limit and must be begun anew on a thread of the engine.
    pub(super) fn evaluate_here(&self, program: &Program, scope: &dyn Scope) -> Option<Evaluation> {
        let realm = match self.realm() {
            Ok(realm) => realm,
            Err(error) => return Some(Err(error)),
        };
        match with_scope(scope, self, || realm.evaluate(program, &self.inline_bounds())) {
            Ok(done) => {
                self.keep(realm);
                Some(done)
            }
            Err(_) => None,
        }
    }

    /// Evaluates on a thread of the engine, within its full limits.
    pub(super) fn evaluate_there(&self, program: Arc<Program>, scope: Arc<dyn Scope>) -> BoxFuture<'static, Evaluation> {
        if program.is_wild() && self.0.threads.is_overrun() {
            return Box::pin(std::future::ready(Err(overrun())));
        }
        let bounds = self.full_bounds();
        let engine = self.clone();
        let waiting = self.0.threads.submit(bounds.time, move |thread| {
            let realm = thread.realm(&bounds)?;
            let done = with_scope(&*scope, &engine, || realm.evaluate(&program, &bounds));
            done.unwrap_or_else(|limit| {
                if !matches!(limit, Failure::Interrupted) {
                    thread.forget_realm();
                }
                Err(limit.into_error())
            })
        });
        Box::pin(async move { waiting.await.unwrap_or_else(|| Err(Failure::Interrupted.into_error())) })
    }
}

fn overrun() -> ExpressionError {
    ExpressionError::new(
        ExpressionErrorKind::Limit,
        "scripts that could not be stopped are still running; this one might become another and is not begun",
    )
}

impl ScriptEngine for JsEngine {
    fn compile_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError> {
        self.compile(code, false)
    }

    fn compile_text_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError> {
        self.compile(code, true)
    }

    fn marks_values(&self) -> bool {
        self.0.marked
    }
}
