//! Why a node failed, and whether trying again makes sense.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// An error of a node. Any error turns into one by `?` and is then retried by the node's policy;
/// [`OrFatal::or_fatal`] and [`OrFatal::or_retry_after`] say otherwise.
///
/// ```
/// use engine_core::node::{NodeError, OrFatal};
///
/// fn read(text: &str) -> Result<u32, NodeError> {
///     // A text that is no number will not become one by trying again.
///     Ok(text.parse::<u32>().or_fatal()?)
/// }
/// assert!(!read("x").unwrap_err().is_retryable());
/// ```
pub struct NodeError {
    inner: Box<Inner>,
}

struct Inner {
    message: String,
    description: Option<String>,
    code: Option<String>,
    details: Option<Value>,
    item: Option<usize>,
    retry: Retry,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// When a failed node may run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// As the node's policy says.
    ByPolicy,
    /// Not at all.
    Never,
    /// Not before this time has passed, if the policy allows another try.
    After(Duration),
}

impl NodeError {
    /// An error with this message, retried by policy.
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { inner: Box::new(Inner { message, description: None, code: None, details: None, item: None, retry: Retry::ByPolicy, source: None }) }
    }

    /// An error that trying again does not mend.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(message).never_retried()
    }

    /// Adds a longer explanation, or a way out.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.inner.description = Some(description.into());
        self
    }

    /// Adds a stable code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.inner.code = Some(code.into());
        self
    }

    /// Adds structured details, such as the status and body of a response.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.inner.details = Some(details);
        self
    }

    /// Says which item it is about.
    #[must_use]
    pub fn on_item(mut self, index: usize) -> Self {
        self.inner.item.get_or_insert(index);
        self
    }

    /// Says that trying again is of no use.
    #[must_use]
    pub fn never_retried(mut self) -> Self {
        self.inner.retry = Retry::Never;
        self
    }

    /// Says that trying again is of no use before `wait` has passed.
    #[must_use]
    pub fn retried_after(mut self, wait: Duration) -> Self {
        self.inner.retry = Retry::After(wait);
        self
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The longer explanation.
    pub fn description(&self) -> Option<&str> {
        self.inner.description.as_deref()
    }

    /// The stable code.
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// The structured details.
    pub fn details(&self) -> Option<&Value> {
        self.inner.details.as_ref()
    }

    /// The item that it is about.
    pub fn item(&self) -> Option<usize> {
        self.inner.item
    }

    /// The error that it was made of, where there is one.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }

    /// When the node may run again.
    pub fn retry(&self) -> Retry {
        self.inner.retry
    }

    /// Whether the node may run again.
    pub fn is_retryable(&self) -> bool {
        self.inner.retry != Retry::Never
    }

    /// What is stored and shown: `{message, description?, code?, item?, details?}`.
    pub fn to_json(&self) -> Value {
        let mut json = json!({ "message": self.inner.message });
        let optional = [
            ("description", self.inner.description.clone().map(Value::from)),
            ("code", self.inner.code.clone().map(Value::from)),
            ("item", self.inner.item.map(Value::from)),
            ("details", self.inner.details.clone()),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                json[key] = value;
            }
        }
        json
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeError")
            .field("message", &self.inner.message)
            .field("code", &self.inner.code)
            .field("item", &self.inner.item)
            .field("retry", &self.inner.retry)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for NodeError {
    fn from(error: E) -> Self {
        let mut converted = Self::new(error.to_string());
        converted.inner.source = Some(Box::new(error));
        converted
    }
}

/// Says of a result's error when the node may run again. Sealed; implemented for every result whose error becomes a [`NodeError`].
pub trait OrFatal<T>: sealed::Sealed {
    /// The error is not retried.
    ///
    /// # Errors
    /// When the result is an error.
    fn or_fatal(self) -> Result<T, NodeError>;

    /// The error is retried, but not before `wait` has passed.
    ///
    /// # Errors
    /// When the result is an error.
    fn or_retry_after(self, wait: Duration) -> Result<T, NodeError>;
}

mod sealed {
    pub trait Sealed {}
    impl<T, E> Sealed for Result<T, E> {}
}

impl<T, E: Into<NodeError>> OrFatal<T> for Result<T, E> {
    fn or_fatal(self) -> Result<T, NodeError> {
        self.map_err(|error| error.into().never_retried())
    }

    fn or_retry_after(self, wait: Duration) -> Result<T, NodeError> {
        self.map_err(|error| error.into().retried_after(wait))
    }
}
