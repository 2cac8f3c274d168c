//! The engine: compiles expressions, and evaluates them here or there.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine_core::expression::{Evaluation, ExpressionError, ExpressionErrorKind, Scope, Script, ScriptEngine};
use futures::channel::oneshot;
use futures::future::BoxFuture;

use super::code::{self, CodeError, CodeOutcome, CodeProgram, CodeRealm, CodeRun};
use super::failure::Failure;
use super::host::with_scope;
use super::limits::JsLimits;
use super::prelude::Purpose;
use super::realm::{Bounds, Realm};
use super::script::{JsScript, Program};
use super::syntax::{Problem, assigned_globals, rewrite_expression};
use super::threads::{ScriptThread, Threads, Waiting};

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
    idle_code: Mutex<Vec<CodeRealm>>,
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
        Self(Arc::new(Shared { limits, marked, next_program: AtomicU64::new(0), idle: Mutex::default(), idle_code: Mutex::default(), threads }))
    }

    /// The limits.
    pub fn limits(&self) -> &JsLimits {
        &self.0.limits
    }

    /// How many scripts were abandoned with their threads because they did not stop when they were told to.
    pub fn abandoned_scripts(&self) -> u64 {
        self.0.threads.abandoned()
    }

    /// Compiles the code of a Code node: the body of an asynchronous function.
    ///
    /// # Errors
    /// When it does not parse; the error names the line.
    pub fn compile_code(&self, code: &str) -> Result<Arc<CodeProgram>, CodeError> {
        let program = CodeProgram::new(code, assigned_globals(code).unwrap_or_default());
        let realm = self.code_realm().map_or_else(|| self.new_code_realm(), Ok).map_err(|error| CodeError::limit(error.message()))?;
        realm.compile(&program, self.0.limits.time)?;
        self.keep_code_realm(realm);
        Ok(Arc::new(program))
    }

    /// Runs a program on the threads of the engine. Dropping the future abandons the run.
    ///
    /// # Errors
    /// When it meets a limit. Errors of the code itself are part of the outcome.
    pub async fn run_code(&self, program: Arc<CodeProgram>, run: CodeRun) -> Result<CodeOutcome, CodeError> {
        code::run(self.clone(), program, run).await
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

    pub(super) fn code_bounds(&self) -> Bounds {
        Bounds { time: self.0.limits.code_time, ..self.full_bounds() }
    }

    /// A realm for code that was used before.
    pub(super) fn code_realm(&self) -> Option<CodeRealm> {
        self.0.idle_code.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn new_code_realm(&self) -> Result<CodeRealm, ExpressionError> {
        Realm::new(Purpose::Code, &self.code_bounds())
    }

    pub(super) fn keep_code_realm(&self, realm: CodeRealm) {
        let mut idle = self.0.idle_code.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.0.limits.threads {
            idle.push(realm);
        }
    }

    /// Runs a step of code on a thread.
    pub(super) fn step<T: Send + 'static>(&self, time: Duration, work: impl FnOnce(&mut ScriptThread) -> T + Send + 'static) -> Waiting<T> {
        self.0.threads.submit(time, work)
    }

    /// Done after a time.
    pub(super) fn sleep(&self, time: Duration) -> oneshot::Receiver<()> {
        self.0.threads.sleep(time)
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
