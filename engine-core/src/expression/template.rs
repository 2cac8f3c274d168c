//! Templates: the text of a parameter, compiled. The plan makes one for each parameter that holds an expression; running nodes evaluate it
//! for each item.

use std::sync::Arc;

use serde_json::Value;

use super::native::{Native, Outcome, Refusal};
use super::split::{Piece, split};
use super::{Evaluation, ExpressionError, ExpressionErrorKind, Scope, Script, ScriptEngine, js, not_finite};

/// A parameter whose text began with `=`, compiled.
///
/// One chunk of code with no text around it gives its own value; everything else gives a text, in which null, undefined and NaN are empty.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Arc<[Part]>,
    /// The template is one chunk and nothing else.
    typed: bool,
    reads: Reads,
}

/// What a template reads, as far as that is known without evaluating it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Its value may differ from item to item.
    pub item: bool,
    /// It reads other things than the item at hand and its index: other items, other nodes, facts of the execution, the clock.
    pub elsewhere: bool,
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    Native(Chunk),
    Script(Scripts),
}

/// A chunk that an engine compiled: as part of a text or as the whole value, and where both may be asked for, as a value too.
#[derive(Debug)]
struct Scripts {
    main: Arc<dyn Script>,
    value: Option<Arc<dyn Script>>,
}

impl Scripts {
    fn value(&self) -> &Arc<dyn Script> {
        self.value.as_ref().unwrap_or(&self.main)
    }
}

/// A chunk that the native evaluator handles.
#[derive(Debug)]
struct Chunk {
    native: Native,
    /// What is asked when the native evaluator gives up.
    script: Option<Scripts>,
    /// Values that JSON cannot hold are for the script.
    exact: bool,
}

/// Whether the text may be JSON: it begins as an object or list does, or holds nothing but code and blanks.
fn looks_like_json(pieces: &[Piece<'_>]) -> bool {
    let blank = |piece: &Piece<'_>| matches!(piece, Piece::Code(_)) || matches!(piece, Piece::Text(text) if text.trim().is_empty());
    match pieces.first() {
        Some(Piece::Text(text)) if text.trim_start().trim_start_matches('=').starts_with(['{', '[']) => true,
        _ => pieces.iter().all(blank),
    }
}

/// What became of a part: it is evaluated, or its script is to be waited for.
enum Progress<'a, T> {
    Done(T),
    Wait(&'a Arc<dyn Script>),
}

impl Template {
    /// Compiles the text of a parameter, without its leading `=`. Chunks that the native evaluator does not handle are compiled by `engine`.
    ///
    /// # Errors
    /// When a chunk is no expression, reaches for something forbidden, or needs an engine and there is none.
    pub fn compile(source: &str, engine: Option<&dyn ScriptEngine>) -> Result<Self, ExpressionError> {
        Self::compile_with(source, engine, true)
    }

    /// Compiles the text of a parameter with every chunk left to the script engine, to compare it with the native evaluator.
    ///
    /// # Errors
    /// When a chunk is no expression, or reaches for something forbidden.
    pub fn compile_scripted(source: &str, engine: &dyn ScriptEngine) -> Result<Self, ExpressionError> {
        Self::compile_with(source, Some(engine), false)
    }

    fn compile_with(source: &str, engine: Option<&dyn ScriptEngine>, native: bool) -> Result<Self, ExpressionError> {
        let pieces = split(source);
        let typed = matches!(pieces.as_slice(), [Piece::Code(_)]);
        let json = looks_like_json(&pieces);
        let compiler = Compiler { typed, json, engine, native };
        let parts: Arc<[Part]> = pieces.into_iter().map(|piece| compiler.part(piece)).collect::<Result<_, _>>()?;
        let reads = parts.iter().fold(Reads::default(), |all, part| all.and(part.reads()));
        Ok(Self { parts, typed, reads })
    }

    /// The value for the item that `scope` is about; `None` is `undefined`. What is native is answered at the first poll, and so are short
    /// scripts; others may take until the limits of their engine. Dropping the future abandons the evaluation.
    ///
    /// # Errors
    /// When n8n would fail the item. Run-time errors of plain JavaScript give `undefined` instead.
    pub async fn evaluate(&self, scope: &dyn Scope) -> Evaluation {
        self.evaluate_exactly(scope).await.map(as_json)
    }

    /// Like [`evaluate`](Self::evaluate), but a number that JSON does not know comes as a mark instead of null, see [`not_finite`].
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub async fn evaluate_exactly(&self, scope: &dyn Scope) -> Evaluation {
        if let (true, [part]) = (self.typed, &*self.parts) {
            return match part.value(scope) {
                Progress::Done(value) => value,
                Progress::Wait(script) => Arc::clone(script).evaluate(scope.detach()).await,
            };
        }
        let mut text = String::new();
        for part in &*self.parts {
            match part.write(scope, &mut text)? {
                Progress::Done(()) => {}
                Progress::Wait(script) => push(Arc::clone(script).evaluate(scope.detach()).await?, &mut text),
            }
        }
        Ok(Some(Value::String(text)))
    }

    /// The text of JSON into which values are put as JSON: an object or list is written out, where [`evaluate`](Self::evaluate) would write
    /// `[object Object]`. Only for templates that begin with a brace or bracket, or are code and blanks; of others
    /// the values of scripts come as texts.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub async fn evaluate_json_text(&self, scope: &dyn Scope) -> Result<String, ExpressionError> {
        let mut text = String::new();
        for part in &*self.parts {
            if let Part::Text(plain) = part {
                text.push_str(plain);
                continue;
            }
            let value = match part.value(scope) {
                Progress::Done(value) => value?,
                Progress::Wait(script) => Arc::clone(script).evaluate(scope.detach()).await?,
            };
            match value {
                None => text.push_str("undefined"),
                Some(value) if not_finite::marked(&value).is_some() => {
                    text.push_str(&not_finite::marked(&value).map(js::number_to_string).unwrap_or_default());
                }
                Some(value @ (Value::Array(_) | Value::Object(_))) => text.push_str(&js::stringify(&value)),
                Some(value) => text.push_str(&js::to_string(&value)),
            }
        }
        Ok(text)
    }

    /// True when the template is one chunk with no text around it, so that its value keeps its type.
    pub const fn is_typed(&self) -> bool {
        self.typed
    }

    /// The value, when it can be had without waiting; otherwise `None`, and the caller uses [`evaluate`](Self::evaluate). A template that
    /// [is native](Self::is_native) gives one for all but the rarest values.
    pub fn evaluate_now(&self, scope: &dyn Scope) -> Option<Evaluation> {
        if let (true, [part]) = (self.typed, &*self.parts) {
            return match part.value(scope) {
                Progress::Done(value) => Some(value.map(as_json)),
                Progress::Wait(_) => None,
            };
        }
        let mut text = String::new();
        for part in &*self.parts {
            match part.write(scope, &mut text) {
                Ok(Progress::Done(())) => {}
                Ok(Progress::Wait(_)) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(Some(Value::String(text))))
    }

    /// True when the native evaluator handles every chunk. Where it meets a value that it cannot represent (half of a surrogate pair), the
    /// script engine is asked all the same.
    pub fn is_native(&self) -> bool {
        self.parts.iter().all(|part| !matches!(part, Part::Script(_)))
    }

    /// What the template reads. Of scripts nothing is known: they are said to read everything.
    pub const fn reads(&self) -> Reads {
        self.reads
    }
}

impl Reads {
    const fn and(self, other: Self) -> Self {
        Self { item: self.item || other.item, elsewhere: self.elsewhere || other.elsewhere }
    }
}

impl Part {
    fn value(&self, scope: &dyn Scope) -> Progress<'_, Evaluation> {
        match self {
            Self::Text(text) => Progress::Done(Ok(Some(Value::String(text.to_string())))),
            Self::Script(scripts) => script_value(scripts.value(), scope),
            Self::Native(chunk) => match chunk.native.value(scope, chunk.exact) {
                Outcome::Done(value) => Progress::Done(value),
                Outcome::GaveUp => match &chunk.script {
                    Some(scripts) => script_value(scripts.value(), scope),
                    None => Progress::Done(Err(no_engine("a value that only a script can hold"))),
                },
            },
        }
    }

    /// Appends the value as text.
    fn write(&self, scope: &dyn Scope, out: &mut String) -> Result<Progress<'_, ()>, ExpressionError> {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Script(scripts) => return script_text(&scripts.main, scope, out),
            Self::Native(chunk) => match (chunk.native.write(scope, out), &chunk.script) {
                (Outcome::Done(written), _) => written?,
                (Outcome::GaveUp, Some(scripts)) => return script_text(&scripts.main, scope, out),
                (Outcome::GaveUp, None) => return Err(no_engine("a value that only a script can hold")),
            },
        }
        Ok(Progress::Done(()))
    }

    fn reads(&self) -> Reads {
        match self {
            Self::Text(_) => Reads::default(),
            Self::Native(chunk) => chunk.native.reads(),
            Self::Script(_) => Reads { item: true, elsewhere: true },
        }
    }
}

fn script_value<'a>(script: &'a Arc<dyn Script>, scope: &dyn Scope) -> Progress<'a, Evaluation> {
    script.try_evaluate(scope).map_or(Progress::Wait(script), Progress::Done)
}

fn script_text<'a>(script: &'a Arc<dyn Script>, scope: &dyn Scope, out: &mut String) -> Result<Progress<'a, ()>, ExpressionError> {
    let Some(value) = script.try_evaluate(scope) else { return Ok(Progress::Wait(script)) };
    push(value?, out);
    Ok(Progress::Done(()))
}

fn as_json(value: Option<Value>) -> Option<Value> {
    value.map(not_finite::as_json)
}

fn push(value: Option<Value>, text: &mut String) {
    match value {
        None | Some(Value::Null) => {}
        Some(value) => text.push_str(&js::to_string(&value)),
    }
}

struct Compiler<'e> {
    typed: bool,
    /// The text looks like JSON: its chunks may be asked for as values too.
    json: bool,
    engine: Option<&'e dyn ScriptEngine>,
    /// What the native evaluator handles is left to it.
    native: bool,
}

impl Compiler<'_> {
    fn part(&self, piece: Piece<'_>) -> Result<Part, ExpressionError> {
        let code = match piece {
            Piece::Text(text) => return Ok(Part::Text(text.into())),
            Piece::Code(code) => code,
        };
        if let (false, Some(engine)) = (self.native, self.engine) {
            return self.script(engine, &code).map(Part::Script);
        }
        match (Native::parse(&code), self.engine) {
            (Ok(native), Some(engine)) if native.may_give_up() || engine.marks_values() => {
                let script = Some(self.script(engine, &code)?);
                Ok(Part::Native(Chunk { native, script, exact: engine.marks_values() }))
            }
            (Ok(native), _) => Ok(Part::Native(Chunk { native, script: None, exact: false })),
            (Err(Refusal::Forbidden(message)), _) => Err(ExpressionError::new(ExpressionErrorKind::Forbidden, message)),
            (Err(Refusal::Script(_)), Some(engine)) => self.script(engine, &code).map(Part::Script),
            (Err(Refusal::Script(what)), None) => Err(no_engine(&what)),
            (Err(Refusal::Syntax(what)), _) => Err(ExpressionError::new(ExpressionErrorKind::Syntax, format!("invalid syntax: {what}"))),
        }
    }

    fn script(&self, engine: &dyn ScriptEngine, code: &str) -> Result<Scripts, ExpressionError> {
        if self.typed {
            return Ok(Scripts { main: engine.compile_expression(code)?, value: None });
        }
        let value = if self.json { Some(engine.compile_expression(code)?) } else { None };
        Ok(Scripts { main: engine.compile_text_expression(code)?, value })
    }
}

fn no_engine(what: &str) -> ExpressionError {
    ExpressionError::new(ExpressionErrorKind::NeedsScriptEngine, format!("the expression needs a script engine, and there is none: {what}"))
}

#[cfg(test)]
mod tests;
