//! Answers to the HTTP request that started an execution.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::model::Binary;

/// An answer to an HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Headers in order. Names and values are checked where the answer is written.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: ReplyBody,
}

/// The body of a [`Reply`].
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// None.
    Empty,
    /// JSON; `application/json` unless a header says otherwise.
    Json(Value),
    /// Text or bytes as they are.
    Bytes(Bytes),
    /// A file of an item.
    Binary(Binary),
}

impl Reply {
    /// 200 with JSON.
    pub fn json(value: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: ReplyBody::Json(value) }
    }

    /// An answer with this status and no body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Empty }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Carries answers to whoever asked. Called at most once for an execution.
pub trait Responder: Send + Sync + fmt::Debug {
    /// Sends the answer. Does not block; a caller who has gone is no error.
    fn respond(&self, reply: Reply);
}
