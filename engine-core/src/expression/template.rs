//! Templates: the text of a parameter, compiled. The plan makes one for each parameter that holds an expression; running nodes evaluate it
//! for each item.

use std::sync::Arc;

use serde_json::Value;

use super::split::{Piece, split};
use super::{Evaluation, ExpressionError, ExpressionErrorKind, Scope, Script, ScriptEngine, js};

/// A parameter whose text began with `=`, compiled.
///
/// One chunk of code with no text around it gives its own value; everything else gives a text, in which null, undefined and NaN are empty.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
    typed: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Text(Box<str>),
    Script(Arc<dyn Script>),
}

impl Template {
    /// Compiles the text of a parameter, without its leading `=`. Chunks that the native evaluator does not handle are compiled by `engine`.
    ///
    /// # Errors
    /// When a chunk is no expression, or needs an engine and there is none.
    pub fn compile(source: &str, engine: Option<&dyn ScriptEngine>) -> Result<Self, ExpressionError> {
        let pieces = split(source);
        let typed = matches!(pieces.as_slice(), [Piece::Code(_)]);
        let parts = pieces.into_iter().map(|piece| Part::compile(piece, typed, engine)).collect::<Result<_, _>>()?;
        Ok(Self { parts, typed })
    }

    /// The value for the item that `scope` is about; `None` is `undefined`. Chunks that only a script can evaluate may take until the limits
    /// of the engine; everything else is answered at the first poll. Dropping the future abandons the evaluation.
    ///
    /// # Errors
    /// When n8n would fail the item. Run-time errors of plain JavaScript give `undefined` instead.
    pub async fn evaluate(&self, scope: &dyn Scope) -> Evaluation {
        let mut text = String::new();
        for part in &self.parts {
            let value = match part {
                Part::Text(plain) => {
                    text.push_str(plain);
                    continue;
                }
                Part::Script(script) => match script.try_evaluate(scope) {
                    Some(done) => done?,
                    None => Arc::clone(script).evaluate(scope.detach()).await?,
                },
            };
            if self.typed {
                return Ok(value);
            }
            push(value.as_ref(), &mut text);
        }
        Ok(Some(Value::String(text)))
    }

    /// The value, when it can be had without waiting; otherwise `None`, and the caller uses [`evaluate`](Self::evaluate). A template
    /// that [is native](Self::is_native) always gives one.
    pub fn evaluate_now(&self, scope: &dyn Scope) -> Option<Evaluation> {
        let mut text = String::new();
        for part in &self.parts {
            let value = match part {
                Part::Text(plain) => {
                    text.push_str(plain);
                    continue;
                }
                Part::Script(script) => script.try_evaluate(scope)?,
            };
            match value {
                Err(error) => return Some(Err(error)),
                Ok(value) if self.typed => return Some(Ok(value)),
                Ok(value) => push(value.as_ref(), &mut text),
            }
        }
        Some(Ok(Some(Value::String(text))))
    }

    /// True when no chunk was given to a script engine.
    pub fn is_native(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }
}

impl Part {
    fn compile(piece: Piece<'_>, typed: bool, engine: Option<&dyn ScriptEngine>) -> Result<Self, ExpressionError> {
        match piece {
            Piece::Text(text) => Ok(Self::Text(text.into())),
            Piece::Code(code) => {
                if js::trim(&code).is_empty() {
                    return Err(ExpressionError::new(ExpressionErrorKind::Syntax, "invalid syntax: nothing between the braces"));
                }
                let engine =
                    engine.ok_or_else(|| ExpressionError::new(ExpressionErrorKind::NeedsScriptEngine, "the expression needs a script engine"))?;
                let script = if typed { engine.compile_expression(&code) } else { engine.compile_text_expression(&code) }?;
                Ok(Self::Script(script))
            }
        }
    }
}

fn push(value: Option<&Value>, text: &mut String) {
    match value {
        None | Some(Value::Null) => {}
        Some(value) => text.push_str(&js::to_string(value)),
    }
}
