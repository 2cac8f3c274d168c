//! What code may have done for it.

use async_trait::async_trait;
use bytes::Bytes;
use engine_core::model::Binary;
use serde_json::Value;

/// Does the work that code asks for and that takes time. By default none is granted.
///
/// Futures may be dropped at any await: the run was cancelled or its time is up.
#[async_trait]
pub trait ScriptHost: Send + Sync {
    /// `helpers.httpRequest(options)`: sends a request and gives the body, or the whole response if the options say so. With `legacy`, the options
    /// are those of the library `request`, which older code uses.
    ///
    /// # Errors
    /// When requests are not granted, or the request fails; the details become properties of the error that the code sees.
    async fn http_request(&self, _options: Value, _legacy: bool) -> Result<Value, HostError> {
        Err(HostError::refused("requests"))
    }

    /// `helpers.getBinaryDataBuffer`: the bytes of a file.
    ///
    /// # Errors
    /// When files are not granted, or it cannot be read.
    async fn read_binary(&self, _binary: Binary) -> Result<Bytes, HostError> {
        Err(HostError::refused("files"))
    }

    /// `helpers.prepareBinaryData`: stores bytes as a file.
    ///
    /// # Errors
    /// When files are not granted, or they cannot be stored.
    async fn write_binary(&self, _bytes: Bytes, _file_name: Option<String>, _mime_type: Option<String>) -> Result<Binary, HostError> {
        Err(HostError::refused("files"))
    }
}

/// A host that grants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl ScriptHost for NoHost {}

/// Why the host did not do something.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// What went wrong.
    pub message: String,
    /// Properties of the error that the code sees, such as `statusCode`.
    pub details: Value,
}

impl HostError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Value::Null }
    }

    /// The same error with properties for the code to see.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    fn refused(what: &str) -> Self {
        Self::new(format!("{what} are not available to this code"))
    }
}
