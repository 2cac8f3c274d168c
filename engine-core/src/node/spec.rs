//! A node of a workflow, ready to be compiled by its type.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Parameter, Typed};
use crate::credential::CredentialRef;
use crate::model::{Json, NodeId, NodeKind, NodeVersion};
use crate::problem::{Problem, ProblemCode};

/// What to do when a node fails and has no more tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnError {
    /// The execution fails.
    #[default]
    #[serde(rename = "stopWorkflow")]
    Stop,
    /// The node's input leaves its regular output.
    #[serde(rename = "continueRegularOutput")]
    ContinueRegular,
    /// Failed items leave an additional output, the last one.
    #[serde(rename = "continueErrorOutput")]
    ContinueError,
}

/// A node as its type compiles it: defaults filled in, expressions parsed.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// Stable id within the workflow.
    pub id: NodeId,
    /// Name, unique within the workflow.
    pub name: Arc<str>,
    /// The type under which the workflow knows it.
    pub kind: NodeKind,
    /// The type's version.
    pub version: NodeVersion,
    /// The compiled parameters.
    pub parameters: Parameter,
    /// The parameters with defaults, expressions as written.
    pub source: Arc<Json>,
    /// What to do when it fails.
    pub on_error: OnError,
    /// Credentials by type.
    pub credentials: BTreeMap<String, CredentialRef>,
    /// n8n's webhook id, where it has one.
    pub webhook_id: Option<Arc<str>>,
}

impl NodeSpec {
    /// All parameters as one type.
    ///
    /// # Errors
    /// When they are constant and do not fit.
    pub fn typed<T: serde::de::DeserializeOwned>(&self) -> Result<Typed<T>, Vec<Problem>> {
        Typed::new(self.parameters.clone()).map_err(|problem| vec![problem])
    }

    /// The part of the parameters under a dotted path as a type; an absent part reads as null.
    ///
    /// # Errors
    /// When it is constant and does not fit.
    pub fn typed_at<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Typed<T>, Vec<Problem>> {
        let pointer = pointer(path);
        Typed::new(self.parameter(path)).map_err(|problem| vec![problem.below(&pointer)])
    }

    /// The part of the parameters under a dotted path; an absent part is null.
    pub fn parameter(&self, path: &str) -> Parameter {
        self.parameters.get(path).unwrap_or(Parameter::Constant(Value::Null))
    }

    /// The constant value under a dotted path; `None` where it is absent or an expression.
    pub fn constant(&self, path: &str) -> Option<Value> {
        self.parameters.get(path).and_then(|part| part.constant().cloned())
    }

    /// The constant text under a dotted path; empty where it is absent, an expression or no text.
    pub fn text(&self, path: &str) -> String {
        match self.constant(path) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// Whether the constant under a dotted path is `true`.
    pub fn flag(&self, path: &str) -> bool {
        self.constant(path) == Some(Value::Bool(true))
    }

    /// A problem with the parameter under a dotted path.
    pub fn invalid(&self, path: &str, message: impl Into<String>) -> Problem {
        let pointer = pointer(path);
        Problem::new(ProblemCode::InvalidParameter, message).at(pointer)
    }

    /// Says that this engine does not do what the parameter asks for.
    pub fn unsupported(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem { code: ProblemCode::Unsupported, ..self.invalid(path, message) }
    }
}

/// The JSON pointer of a dotted path.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}
