//! What goes wrong in Crypto, with the names and codes that version 2 puts into items.

use engine_core::model::Item;
use engine_core::node::{NodeError, error_item};
use serde_json::{Value, json};

/// An error as Node.js describes it: a message, the class of the error, often a code.
#[derive(Debug)]
pub(super) struct Failure {
    class: &'static str,
    code: Option<&'static str>,
    error: NodeError,
}

impl Failure {
    pub(super) fn new(class: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code: Some(code), error: NodeError::fatal(message) }
    }

    /// A value of the wrong type for an argument.
    pub(super) fn wrong_type(argument: &str, wanted: &str, value: Option<&Value>) -> Self {
        let message = format!("The \"{argument}\" argument must be of type {wanted}. Received {}", received(value));
        Self::new("TypeError", "ERR_INVALID_ARG_TYPE", message)
    }

    /// A value that `Buffer.from` does not take.
    pub(super) fn no_bytes(value: Option<&Value>) -> Self {
        let wanted = "string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object";
        Self::new("TypeError", "ERR_INVALID_ARG_TYPE", format!("The first argument must be of type {wanted}. Received {}", received(value)))
    }

    pub(super) fn invalid_digest(name: &str) -> Self {
        Self::new("TypeError", "ERR_CRYPTO_INVALID_DIGEST", format!("Invalid digest: {name}"))
    }

    /// A longer explanation.
    pub(super) fn because(mut self, description: impl Into<String>) -> Self {
        self.error = self.error.with_description(description);
        self
    }

    pub(super) fn into_error(self) -> NodeError {
        self.error
    }

    /// The item that stands for the one that failed; version 1 has only the message in it.
    pub(super) fn into_item(self, old: bool) -> Item {
        let item = error_item(&self.error);
        if old {
            return item;
        }
        let mut error = json!({"message": self.error.message(), "name": self.class});
        if let Some(code) = self.code {
            error["code"] = code.into();
        }
        item.with_json([("error".to_owned(), error)].into_iter().collect())
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        Self { class: "NodeOperationError", code: None, error }
    }
}

/// A value as messages of Node.js name it.
fn received(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(flag)) => format!("type boolean ({flag})"),
        Some(Value::Number(number)) => format!("type number ({number})"),
        Some(Value::String(text)) => format!("type string ('{text}')"),
        Some(Value::Array(_)) => "an instance of Array".to_owned(),
        Some(Value::Object(_)) => "an instance of Object".to_owned(),
    }
}
