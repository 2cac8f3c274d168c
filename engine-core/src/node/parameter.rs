//! Parameters, compiled once per plan: constants stay JSON, expressions become templates.

use std::marker::PhantomData;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::NodeError;
use crate::expression::{ExpressionError, ExpressionErrorKind, Scope, ScriptEngine, Template};
use crate::model::Json;
use crate::problem::{Problem, ProblemCode, pointer_key};

/// A parameter value: constant, or with expressions somewhere in it.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// No expression anywhere in it.
    Constant(Value),
    /// A text that began with `=`.
    Expression(Arc<Template>),
    /// A text that began with `=` and does not compile: it fails when it is evaluated, as in n8n.
    Invalid(ExpressionError),
    /// A list with an expression in it.
    List(Vec<Parameter>),
    /// An object with an expression in it.
    Object(Vec<(String, Parameter)>),
}

impl Parameter {
    /// Compiles a JSON value. All expressions that do not compile are reported, with their JSON pointer below `path`.
    pub fn compile(value: &Value, path: Path<'_>, compiler: &mut ParameterCompiler<'_>) -> Self {
        match value {
            Value::String(text) => match text.strip_prefix('=') {
                Some(source) => compiler.expression(source, path),
                None => Self::Constant(value.clone()),
            },
            Value::Array(values) if holds_expression(value) => {
                Self::List(values.iter().enumerate().map(|(index, value)| Self::compile(value, Path::Index(&path, index), compiler)).collect())
            }
            Value::Object(fields) if holds_expression(value) => {
                Self::Object(fields.iter().map(|(key, value)| (key.clone(), Self::compile(value, Path::Key(&path, key), compiler))).collect())
            }
            _ => Self::Constant(value.clone()),
        }
    }

    /// True when it holds no expression.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The value, where it is constant.
    pub fn constant(&self) -> Option<&Value> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The part under a dotted path such as `rules.values`; numbers are list indexes. `None` where there is none.
    pub fn get(&self, path: &str) -> Option<Self> {
        let mut part = self.clone();
        for key in path.split('.').filter(|key| !key.is_empty()) {
            part = part.child(key)?;
        }
        Some(part)
    }

    /// The entries of an object, constant or not; empty for anything else.
    pub fn entries(&self) -> Vec<(String, Self)> {
        match self {
            Self::Object(parts) => parts.clone(),
            Self::Constant(Value::Object(fields)) => fields.iter().map(|(key, value)| (key.clone(), Self::Constant(value.clone()))).collect(),
            _ => Vec::new(),
        }
    }

    /// The elements of a list, constant or not; empty for anything else.
    pub fn elements(&self) -> Vec<Self> {
        match self {
            Self::List(parts) => parts.clone(),
            Self::Constant(Value::Array(values)) => values.iter().cloned().map(Self::Constant).collect(),
            _ => Vec::new(),
        }
    }

    fn child(&self, key: &str) -> Option<Self> {
        match self {
            Self::Constant(Value::Object(fields)) => fields.get(key).cloned().map(Self::Constant),
            Self::Constant(Value::Array(values)) => values.get(key.parse::<usize>().ok()?).cloned().map(Self::Constant),
            Self::Object(parts) => parts.iter().find(|(name, _)| name == key).map(|(_, part)| part.clone()),
            Self::List(parts) => parts.get(key.parse::<usize>().ok()?).cloned(),
            Self::Constant(_) | Self::Expression(_) | Self::Invalid(_) => None,
        }
    }

    /// The value for one item; `None` is `undefined`.
    ///
    /// # Errors
    /// When an expression in it fails.
    pub async fn resolve(&self, scope: &dyn Scope) -> Result<Option<Value>, ExpressionError> {
        match self {
            Self::Constant(value) => Ok(Some(value.clone())),
            Self::Expression(template) => template.evaluate(scope).await,
            Self::Invalid(error) => Err(error.clone()),
            Self::List(_) | Self::Object(_) => self.resolve_parts(scope).await.map(Some),
        }
    }

    /// Like [`resolve`](Self::resolve), but a number that JSON does not know comes marked instead of as null, see
    /// [`not_finite`](crate::expression::not_finite).
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub async fn resolve_exactly(&self, scope: &dyn Scope) -> Result<Option<Value>, ExpressionError> {
        match self {
            Self::Expression(template) => template.evaluate_exactly(scope).await,
            _ => self.resolve(scope).await,
        }
    }

    /// Like [`resolve`](Self::resolve) where no script is needed; `None` where one is.
    pub fn resolve_now(&self, scope: &dyn Scope) -> Option<Result<Option<Value>, ExpressionError>> {
        match self {
            Self::Constant(value) => Some(Ok(Some(value.clone()))),
            Self::Expression(template) => template.evaluate_now(scope),
            Self::Invalid(error) => Some(Err(error.clone())),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    fn resolve_parts<'a>(&'a self, scope: &'a dyn Scope) -> BoxFuture<'a, Result<Value, ExpressionError>> {
        match self {
            Self::List(parts) => resolve_list(parts, scope).boxed(),
            Self::Object(parts) => resolve_object(parts, scope).boxed(),
            Self::Constant(_) | Self::Expression(_) | Self::Invalid(_) => {
                async move { Ok(self.resolve(scope).await?.unwrap_or(Value::Null)) }.boxed()
            }
        }
    }
}

async fn resolve_list(parts: &[Parameter], scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        values.push(part.resolve(scope).await?.unwrap_or(Value::Null));
    }
    Ok(Value::Array(values))
}

/// Keys whose value is `undefined` are left out.
async fn resolve_object(parts: &[(String, Parameter)], scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let mut fields = Json::new();
    for (key, part) in parts {
        if let Some(value) = part.resolve(scope).await? {
            fields.insert(key.clone(), value);
        }
    }
    Ok(Value::Object(fields))
}

/// Whether a text that begins with `=` is somewhere in a value.
fn holds_expression(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('='),
        Value::Array(values) => values.iter().any(holds_expression),
        Value::Object(fields) => fields.values().any(holds_expression),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Where a value lies within the parameters; becomes a text only when there is a problem.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The parameters themselves.
    Root,
    /// Under a key.
    Key(&'a Path<'a>, &'a str),
    /// At an index.
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The JSON pointer.
    pub fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => format!("{}/{}", parent.pointer(), pointer_key(key)),
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// Compiles the expressions of parameters, and collects what is wrong with them.
#[derive(Debug)]
pub struct ParameterCompiler<'a> {
    /// For what the native evaluator leaves to JavaScript.
    pub engine: Option<&'a dyn ScriptEngine>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

impl ParameterCompiler<'_> {
    fn expression(&mut self, source: &str, path: Path<'_>) -> Parameter {
        match Template::compile(source, self.engine) {
            Ok(template) => Parameter::Expression(Arc::new(template)),
            Err(error) => {
                let (code, help) = match error.kind() {
                    ExpressionErrorKind::NeedsScriptEngine => {
                        (ProblemCode::NeedsScriptEngine, "give the engine a script engine, such as `engine_nodes::js::JsEngine`")
                    }
                    _ => (ProblemCode::InvalidExpression, "an expression is one JavaScript expression between {{ and }}"),
                };
                self.problems.push(Problem::new(code, error.message()).at(path.pointer()).help(help));
                Parameter::Invalid(error)
            }
        }
    }
}

/// A parameter read as a type: deserialised once when it is constant, for each item when it holds expressions.
#[derive(Clone, Debug)]
pub struct Typed<T> {
    parameter: Parameter,
    constant: Option<Arc<T>>,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Typed<T> {
    /// Reads the parameter as `T`.
    ///
    /// # Errors
    /// When it is constant and does not fit; the problem names the path below the parameter.
    pub fn new(parameter: Parameter) -> Result<Self, Problem> {
        let constant = parameter.constant().map(|value| read(value)).transpose()?.map(Arc::new);
        Ok(Self { parameter, constant, kind: PhantomData })
    }

    /// The value for one item.
    ///
    /// # Errors
    /// When an expression fails or gives a value that does not fit.
    pub async fn at(&self, scope: &dyn Scope) -> Result<Arc<T>, NodeError> {
        if let Some(constant) = &self.constant {
            return Ok(Arc::clone(constant));
        }
        let value = self.parameter.resolve(scope).await?.unwrap_or(Value::Null);
        let typed = read(&value).map_err(|problem| NodeError::fatal(problem.to_string()).on_item(scope.item_index()))?;
        Ok(Arc::new(typed))
    }

    /// The value, where it is the same for all items.
    pub fn constant(&self) -> Option<&Arc<T>> {
        self.constant.as_ref()
    }
}

/// Deserialises a value; the problem names the path that does not fit.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path = String::new();
        for segment in error.path() {
            path.push('/');
            path.push_str(&pointer_key(&segment.to_string()));
        }
        Problem::new(ProblemCode::InvalidParameter, error.inner().to_string()).at(path)
    })
}
