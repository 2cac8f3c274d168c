//! A value of an item as a file: text as it is, or base64 of bytes, or JSON.

use engine_core::expression::js;
use engine_core::node::NodeError;
use serde_json::Value;

use super::binary::Description;
use super::charset::{Charset, Mark, from_base64};

/// How a value becomes a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoded {
    /// Its character set.
    pub(super) charset: Charset,
    /// Whether it begins with a byte order mark.
    pub(super) mark: Mark,
    /// Whether JSON is indented.
    pub(super) pretty: bool,
}

impl Encoded {
    /// The bytes of a value. Objects and lists become JSON, and the description says so.
    pub(super) fn bytes(self, value: &Value, description: &mut Description) -> Vec<u8> {
        let text = match value {
            Value::Null | Value::Array(_) | Value::Object(_) => {
                "application/json".clone_into(&mut description.media_type);
                if self.pretty { js::stringify_pretty(value, 2) } else { js::stringify(value) }
            }
            plain if js::truthy(plain) => js::to_string(plain).into_owned(),
            _ => String::new(),
        };
        self.charset.encode(&text, self.mark)
    }
}

/// The bytes that a value stands for in base64.
pub(super) fn decoded(value: &Value) -> Result<Vec<u8>, NodeError> {
    match value {
        Value::String(text) => Ok(from_base64(text)),
        other => Err(NodeError::fatal(format!("a base64 text is needed, not {}", js::stringify(other)))),
    }
}
