//! Runs a program: steps on the threads of the engine, and the host's work between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_core::expression::{ExpressionError, ExpressionErrorKind};
use engine_core::model::{Binary, Json};
use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use rquickjs::{Ctx, Function, Object, TypedArray, Value as JsValue};
use serde_json::Value;

use super::state::RunScope;
use super::{CodeError, CodeMode, CodeOutcome, CodeProgram, CodeRun, HostError, Operation, RunState, ScriptHost, StaticData};
use crate::js::data::{self, OutputError, Outward, to_script};
use crate::js::deadline::Deadline;
use crate::js::engine::JsEngine;
use crate::js::failure::{Failure, failure_of};
use crate::js::host::with_run;
use crate::js::kit::{Kit, kind_of};
use crate::js::realm::{Bounds, Realm, sloppy};
use crate::js::threads::ScriptThread;

/// A realm for code.
pub(in crate::js) type CodeRealm = Realm;

/// What the host did: its number, and what came of it.
type Delivery = (u32, Result<Answer, HostError>);

enum Answer {
    Nothing,
    Value(Value),
    Bytes(Bytes),
    Binary(Binary),
}

/// What a step came to.
enum Step {
    /// The program is done.
    Done(Vec<Result<Option<Value>, CodeError>>, StaticData<Option<Json>>),
    /// It waits for the host.
    Waits,
}

/// Everything that goes from step to step.
struct Session {
    program: Arc<CodeProgram>,
    mode: CodeMode,
    legacy: bool,
    continues: bool,
    most_items: usize,
    scope: RunScope,
    state: Arc<RunState>,
    bounds: Bounds,
    begun: bool,
}

/// Runs a program to its end.
pub(in crate::js) async fn run(engine: JsEngine, program: Arc<CodeProgram>, run: CodeRun) -> Result<CodeOutcome, CodeError> {
    let bounds = engine.code_bounds();
    let until = Instant::now() + bounds.time;
    let state = Arc::new(RunState::new(run.static_data));
    let scope = RunScope { scope: run.scope, state: Arc::clone(&state) };
    let mut session = Session {
        program,
        mode: run.mode,
        legacy: run.legacy,
        continues: run.continues_on_error,
        most_items: run.most_items,
        scope,
        state: Arc::clone(&state),
        bounds,
        begun: false,
    };
    let mut realm = engine.code_realm();
    let mut work: FuturesUnordered<BoxFuture<'static, Delivery>> = FuturesUnordered::new();
    let mut deliveries = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let stepped = engine.step(left, step_job(engine.clone(), session, realm, deliveries, left)).await;
        let Some((back, used, outcome)) = stepped else { return Err(CodeError::limit("the code could not be stopped in time, and was abandoned")) };
        (session, realm) = (back, used);
        if let Step::Done(values, static_data) = outcome? {
            let (logs, binaries) = state.finish();
            if let Some(realm) = realm {
                engine.keep_code_realm(realm);
            }
            return Ok(CodeOutcome { values, logs, static_data, binaries });
        }
        work.extend(state.take_begun().into_iter().map(|(number, operation)| perform(&engine, Arc::clone(&run.host), number, operation)));
        deliveries = wait(&engine, &mut work, until).await?;
    }
}

/// Waits for the first work that is done, and takes all that is.
async fn wait(engine: &JsEngine, work: &mut FuturesUnordered<BoxFuture<'static, Delivery>>, until: Instant) -> Result<Vec<Delivery>, CodeError> {
    let time_up = engine.sleep(until.saturating_duration_since(Instant::now()));
    let first = match select(work.next(), time_up).await {
        Either::Left((Some(first), _)) => first,
        Either::Left((None, _)) => return Err(CodeError::new("the code waits for something that never happens")),
        Either::Right(_) => return Err(CodeError::limit("the code ran longer than its time limit")),
    };
    let mut done = vec![first];
    while let Some(Some(next)) = futures::FutureExt::now_or_never(work.next()) {
        done.push(next);
    }
    Ok(done)
}

/// Has the host do a piece of work.
fn perform(engine: &JsEngine, host: Arc<dyn ScriptHost>, number: u32, operation: Operation) -> BoxFuture<'static, Delivery> {
    match operation {
        Operation::Sleep(time) => {
            let slept = engine.sleep(time);
            Box::pin(async move {
                // The timer is gone only when the engine is.
                match slept.await {
                    Ok(()) | Err(_) => {}
                }
                (number, Ok(Answer::Nothing))
            })
        }
        Operation::Request { options, legacy } => Box::pin(async move { (number, host.http_request(options, legacy).await.map(Answer::Value)) }),
        Operation::ReadBinary(binary) => Box::pin(async move { (number, host.read_binary(binary).await.map(Answer::Bytes)) }),
        Operation::WriteBinary { bytes, file_name, mime_type } => {
            Box::pin(async move { (number, host.write_binary(bytes, file_name, mime_type).await.map(Answer::Binary)) })
        }
        Operation::Refused(message) => Box::pin(std::future::ready((number, Err(HostError::new(message))))),
    }
}

type Stepped = (Session, Option<CodeRealm>, Result<Step, CodeError>);

/// The work of one step on a thread.
fn step_job(
    engine: JsEngine,
    mut session: Session,
    realm: Option<CodeRealm>,
    deliveries: Vec<Delivery>,
    left: Duration,
) -> impl FnOnce(&mut ScriptThread) -> Stepped + Send + 'static {
    move |thread| {
        let realm = match realm.map_or_else(|| engine.new_code_realm(), Ok) {
            Ok(realm) => realm,
            Err(error) => return (session, None, Err(of_expression(&error))),
        };
        thread.interrupt_through(realm.deadline());
        realm.deadline().begin(left);
        let (scope, state) = (session.scope.clone(), Arc::clone(&session.state));
        let outcome = realm.with(|ctx| {
            with_run(&scope, &engine, &state, || {
                let done = session.step(ctx, realm.deadline(), deliveries);
                done.map_err(|problem| problem.into_error(ctx, &realm))
            })
        });
        // What a failed program left behind is thrown away with its realm.
        let keep = match &outcome {
            Ok(Step::Waits) => true,
            Ok(Step::Done(..)) => realm.with(|ctx| end_run(ctx).is_ok()) && !realm.is_busy(),
            Err(_) => false,
        };
        (session, keep.then_some(realm), outcome)
    }
}

fn end_run(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let end: Function<'_> = Kit::of(ctx)?.exports.get("endRun")?;
    end.call(())
}

enum Problem {
    Thrown(rquickjs::Error),
    Limit(String),
}

impl From<rquickjs::Error> for Problem {
    fn from(error: rquickjs::Error) -> Self {
        Self::Thrown(error)
    }
}

impl From<OutputError> for Problem {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Limit(message) => Self::Limit(message),
            OutputError::Thrown(error) => Self::Thrown(error),
        }
    }
}

impl Problem {
    fn into_error(self, ctx: &Ctx<'_>, realm: &CodeRealm) -> CodeError {
        match self {
            Self::Limit(message) => CodeError::limit(message),
            Self::Thrown(error) => match failure_of(ctx, error, realm.deadline()) {
                Failure::Script(message) => CodeError::new(message),
                limit => of_expression(&limit.into_error()),
            },
        }
    }
}

fn of_expression(error: &ExpressionError) -> CodeError {
    CodeError { kind: Some(error.kind()), ..CodeError::new(error.message()) }
}

impl Session {
    fn step(&mut self, ctx: &Ctx<'_>, deadline: &Deadline, deliveries: Vec<Delivery>) -> Result<Step, Problem> {
        let exports = Kit::of(ctx)?.exports.clone();
        if self.begun {
            let settle: Function<'_> = exports.get("settle")?;
            for (number, answer) in deliveries {
                let (done, value) = Self::delivered(ctx, answer)?;
                let _: () = settle.call((number, done, value))?;
            }
        } else {
            self.begun = true;
            self.begin(ctx, &exports)?;
        }
        while !deadline.look() && ctx.execute_pending_job() {}
        if deadline.passed() {
            return Err(Problem::Limit("the code ran longer than its time limit".to_owned()));
        }
        let result: JsValue<'_> = exports.get::<_, Function<'_>>("runResult")?.call(())?;
        let Some(result) = result.as_object() else { return Ok(Step::Waits) };
        self.finish(ctx, &exports, result)
    }

    fn begin<'js>(&self, ctx: &Ctx<'js>, exports: &Object<'js>) -> Result<(), Problem> {
        let code: Function<'js> = ctx.eval_with_options(self.program.source.as_str(), sloppy("code"))?;
        let options = Object::new(ctx.clone())?;
        options.set("each", self.mode == CodeMode::EachItem)?;
        options.set("legacy", self.legacy)?;
        options.set("continues", self.continues)?;
        options.set("most", i32::try_from(self.most_items).unwrap_or(i32::MAX))?;
        let begin: Function<'js> = exports.get("beginRun")?;
        Ok(begin.call((code, options))?)
    }

    /// What the host did, as the code sees it: whether it worked, and the value or the error.
    fn delivered<'js>(ctx: &Ctx<'js>, answer: Result<Answer, HostError>) -> Result<(bool, JsValue<'js>), Problem> {
        Ok(match answer {
            Ok(Answer::Nothing) => (true, JsValue::new_undefined(ctx.clone())),
            Ok(Answer::Value(value)) => (true, to_script(ctx, value)?),
            Ok(Answer::Bytes(bytes)) => (true, TypedArray::<u8>::new_copy(ctx.clone(), &bytes)?.into_value()),
            Ok(Answer::Binary(binary)) => (true, data::file(ctx, &binary)?.into_value()),
            Err(error) => {
                let mut details = error.details.as_object().cloned().unwrap_or_default();
                details.insert("message".to_owned(), error.message.into());
                let plain = serde_json::to_string(&details).unwrap_or_default();
                (false, ctx.json_parse(plain)?)
            }
        })
    }

    /// Reads what the program gave.
    fn finish<'js>(&self, ctx: &Ctx<'js>, exports: &Object<'js>, result: &Object<'js>) -> Result<Step, Problem> {
        let kit = Kit::of(ctx)?;
        let mut outward = Outward::new(ctx, &kit, self.bounds.output);
        let mut values = Vec::new();
        match self.mode {
            _ if result.contains_key("error")? => values.push(Err(error_of(result)?)),
            CodeMode::AllItems => values.push(Ok(outward.read(&result.get("value")?)?)),
            CodeMode::EachItem => {
                for one in result.get::<_, rquickjs::Array<'js>>("value")?.iter::<Object<'js>>() {
                    let one = one?;
                    values.push(if one.contains_key("error")? { Err(error_of(&one)?) } else { Ok(outward.read(&one.get("value")?)?) });
                }
            }
        }
        let changed: Function<'js> = exports.get("runStaticData")?;
        let mut changed = |kind: &str, before: &Json| -> Result<_, Problem> {
            let after = outward.read(&changed.call((kind,))?)?;
            Ok(after.and_then(|after| after.as_object().cloned()).filter(|after| after != before))
        };
        let before = &self.state.static_data;
        let static_data = StaticData { global: changed("global", &before.global)?, node: changed("node", &before.node)? };
        Ok(Step::Done(values, static_data))
    }
}

/// The error that code failed with.
fn error_of(result: &Object<'_>) -> Result<CodeError, Problem> {
    let error: Object<'_> = result.get("error")?;
    let text = |name: &str| error.get::<_, Option<String>>(name);
    let (message, stack) = (text("message")?.unwrap_or_default(), text("stack")?);
    let kind = text("kind")?.as_deref().and_then(kind_of);
    let limit = ["out of memory", "stack overflow", "Maximum call stack size exceeded"].contains(&message.as_str());
    Ok(CodeError {
        message,
        line: stack.as_deref().and_then(line_of),
        description: text("description")?,
        kind: if limit { Some(ExpressionErrorKind::Limit) } else { kind },
    })
}

/// The line of the code in a stack trace: the innermost that is the code's own. The code begins on the second line of its source.
pub(in crate::js) fn line_of(stack: &str) -> Option<u32> {
    let place = stack.split("code:").nth(1)?;
    let digits: String = place.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().ok()?.checked_sub(1).filter(|line| *line > 0)
}
