//! A realm: a QuickJS runtime with one context, the prelude, and the expressions compiled in it.
//!
//! A realm serves one evaluation at a time. All that scripts share within it is frozen, so that one leaves nothing for the next.

use std::time::Duration;

use engine_core::expression::{Evaluation, ExpressionError, ExpressionErrorKind, not_finite};
use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Runtime, Value as JsValue};
use serde_json::Value;

use super::code::{CodeError, CodeProgram, line_of};
use super::data::{OutputError, Outward, text_of};
use super::deadline::Deadline;
use super::failure::{Failure, failure_of};
use super::kit::Kit;
use super::prelude::{self, Purpose};
use super::script::Program;

/// More compiled expressions than this are forgotten and compiled anew.
const MAX_FUNCTIONS: usize = 4096;

/// A place for scripts to run in.
pub(super) struct Realm {
    context: Context,
    deadline: Deadline,
}

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realm").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// How an evaluation is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    pub(super) memory: usize,
    pub(super) stack: usize,
    pub(super) output: usize,
    pub(super) marked: bool,
}

impl Realm {
    /// A new realm for expressions or for Code nodes.
    pub(super) fn new(purpose: Purpose, bounds: &Bounds) -> Result<Self, ExpressionError> {
        let failed = |reason: String| ExpressionError::new(ExpressionErrorKind::Limit, format!("no script engine could be set up: {reason}"));
        let build = || -> rquickjs::Result<Self> {
            let runtime = Runtime::new()?;
            runtime.set_memory_limit(bounds.memory);
            runtime.set_max_stack_size(bounds.stack);
            runtime.set_gc_threshold(4 << 20);
            let deadline = Deadline::new();
            let looked_at = deadline.clone();
            runtime.set_interrupt_handler(Some(Box::new(move || looked_at.look())));
            let context = Context::full(&runtime)?;
            Ok(Self { context, deadline })
        };
        let realm = build().map_err(|error| failed(error.to_string()))?;
        realm.context.with(|ctx| prelude::install(&ctx, purpose).catch(&ctx).map_err(|error| failed(error.to_string())))?;
        Ok(realm)
    }

    /// Runs a step in the context.
    pub(super) fn with<T>(&self, step: impl FnOnce(&Ctx<'_>) -> T) -> T {
        self.context.with(|ctx| step(&ctx))
    }

    /// True when something of a run is left over: promises that still have to be told.
    pub(super) fn is_busy(&self) -> bool {
        self.context.runtime().is_job_pending()
    }

    /// The deadline of what runs here.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Compiles the code of a Code node, to see whether it parses.
    pub(super) fn compile(&self, program: &CodeProgram, time: Duration) -> Result<(), CodeError> {
        self.deadline.begin(time);
        self.context.with(|ctx| {
            let compiled = ctx.eval_with_options::<JsValue<'_>, _>(program.source.as_str(), sloppy("code"));
            let Err(_) = compiled else { return Ok(()) };
            let thrown = ctx.catch();
            let Some(error) = thrown.as_object() else { return Err(CodeError::new("the code does not parse")) };
            let stack: String = error.get("stack").unwrap_or_default();
            let message: String = error.get("message").unwrap_or_default();
            Err(CodeError { line: line_of(&stack), ..CodeError::new(format!("SyntaxError: {message}")) })
        })
    }

    /// Compiles without evaluating, within `time`.
    pub(super) fn check(&self, program: &Program, time: Duration) -> Result<(), ExpressionError> {
        // Otherwise the deadline of the evaluation before would stop the compilation.
        self.deadline.begin(time);
        self.context.with(|ctx| match compiled(&ctx, program) {
            Ok(_) => Ok(()),
            Err(error) => Err(match failure_of(&ctx, error, &self.deadline) {
                Failure::Script(message) => ExpressionError::new(ExpressionErrorKind::Syntax, format!("invalid syntax: {message}")),
                other => other.into_error(),
            }),
        })
    }

    /// Evaluates an expression in the scope that is at hand on this thread.
    ///
    /// # Errors
    /// When a limit stopped it; errors of the expression itself are part of the evaluation.
    pub(super) fn evaluate(&self, program: &Program, bounds: &Bounds) -> Result<Evaluation, Failure> {
        self.deadline.begin(bounds.time);
        self.context.with(|ctx| {
            let outcome = match evaluate_in(&ctx, program, bounds) {
                Ok(value) => Ok(Ok(value)),
                Err(Outcome::Failed(error)) => Ok(Err(error)),
                Err(Outcome::Thrown(error)) => match failure_of(&ctx, error, &self.deadline) {
                    Failure::Script(_) => Ok(Ok(program.when_undefined())),
                    Failure::Expression(error) => Ok(Err(error)),
                    limit => Err(limit),
                },
            };
            // Promises that the expression left behind must not go on in the next one.
            while !self.deadline.look() && ctx.execute_pending_job() {}
            outcome
        })
    }
}

enum Outcome {
    Failed(ExpressionError),
    Thrown(rquickjs::Error),
}

impl From<rquickjs::Error> for Outcome {
    fn from(error: rquickjs::Error) -> Self {
        Self::Thrown(error)
    }
}

impl From<OutputError> for Outcome {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Limit(message) => Self::Failed(ExpressionError::new(ExpressionErrorKind::Limit, message)),
            OutputError::Thrown(error) => Self::Thrown(error),
        }
    }
}

fn evaluate_in(ctx: &Ctx<'_>, program: &Program, bounds: &Bounds) -> Result<Option<Value>, Outcome> {
    let value: JsValue<'_> = compiled(ctx, program)?.call(())?;
    if program.is_text() {
        return text_result(ctx, &value, bounds).map(Some);
    }
    if value.is_function() {
        return Err(Outcome::Failed(ExpressionError::new(ExpressionErrorKind::Call, uncalled(&value))));
    }
    if let Some(number) = value.as_number().filter(|number| !number.is_finite() && !bounds.marked) {
        return Ok(Some(not_finite::mark(number)));
    }
    let kit = Kit::of(ctx)?;
    Ok(Outward::new(ctx, &kit, bounds.output).marked(bounds.marked).read(&value)?)
}

/// The text that a chunk adds to the text around it.
fn text_result<'js>(ctx: &Ctx<'js>, value: &JsValue<'js>, bounds: &Bounds) -> Result<Value, Outcome> {
    if value.is_null() || value.is_undefined() || value.as_number().is_some_and(f64::is_nan) {
        return Ok(Value::String(String::new()));
    }
    let rquickjs::Coerced(text) = value.get::<rquickjs::Coerced<rquickjs::String<'js>>>()?;
    let text = text_of(ctx, &text)?;
    if text.len() > bounds.output {
        return Err(Outcome::Failed(ExpressionError::new(ExpressionErrorKind::Limit, "the result is too large")));
    }
    Ok(Value::String(text))
}

fn uncalled(value: &JsValue<'_>) -> &'static str {
    let name: Option<String> = value.as_object().and_then(|function| function.get("name").ok());
    match name.as_deref() {
        Some("DateTime") => "this is a DateTime, please access its methods",
        _ => "this is a function, please add ()",
    }
}

/// The function of an expression in this realm.
fn compiled<'js>(ctx: &Ctx<'js>, program: &Program) -> rquickjs::Result<Function<'js>> {
    let kit = Kit::of(ctx)?;
    if let Some(function) = kit.functions.borrow().get(&program.id()) {
        return Ok(function.clone());
    }
    let outer: Function<'js> = ctx.eval_with_options(program.source(), sloppy("expression"))?;
    let mut helpers = rquickjs::function::Args::new(ctx.clone(), kit.helpers.len());
    for helper in kit.helpers.iter::<JsValue<'js>>() {
        helpers.push_arg(helper?)?;
    }
    let function: Function<'js> = outer.call_arg(helpers)?;
    let mut functions = kit.functions.borrow_mut();
    if functions.len() >= MAX_FUNCTIONS {
        functions.clear();
    }
    functions.insert(program.id(), function.clone());
    Ok(function)
}

/// Options to compile as scripts, not as modules, and without strict mode.
pub(super) fn sloppy(name: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    options
}
