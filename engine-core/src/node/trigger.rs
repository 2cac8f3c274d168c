//! How trigger nodes start executions while their workflow is active.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NodeError;
use crate::model::Batch;

/// One way in which a trigger node starts executions. Described as data, so that webhooks can be routed and schedules stored without running the node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Activation {
    /// On an HTTP request.
    Webhook(WebhookSpec),
    /// At times.
    Schedule(ScheduleSpec),
    /// When something else happens.
    Listen(Arc<dyn Listener>),
}

/// A webhook: which requests start an execution, and who answers them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSpec {
    /// HTTP methods in capitals.
    pub methods: Vec<String>,
    /// Path below `/webhook/`, without a leading slash; segments that begin with `:` are parameters.
    pub path: String,
    /// Who answers, and when.
    pub response_mode: ResponseMode,
    /// Whether each method has an output of its own, in the order of `methods`.
    #[serde(default)]
    pub output_per_method: bool,
    /// The node's parameters, for options of the HTTP side: authentication, response code, headers, body kinds.
    #[serde(default)]
    pub parameters: Value,
    /// The node's version, on which some options depend.
    pub version: f64,
}

/// Who answers a webhook's caller, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ResponseMode {
    /// At once, when the start is recorded.
    OnReceived,
    /// When the execution has ended, with what its last node gave.
    LastNode,
    /// A respond node within the workflow.
    ResponseNode,
    /// As the respond node streams.
    Streaming,
}

/// When a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleSpec {
    /// Cron expression of five or six fields (seconds first).
    pub cron: String,
    /// Fires only every n-th period, counted from the first: n8n's "every 3 days" and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Recurrence>,
}

/// "Every n hours, days, weeks, months" on top of a cron expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// The period.
    pub unit: RecurrenceUnit,
    /// How many of them.
    pub interval: u32,
}

/// The period of a [`Recurrence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecurrenceUnit {
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
}

/// Waits for events of its own kind and starts an execution for each.
#[async_trait]
pub trait Listener: Send + Sync + fmt::Debug {
    /// Listens until it is dropped or fails. Each call of [`ListenerContext::emit`] starts one execution.
    ///
    /// # Errors
    /// When listening is not possible; it is started again with a growing pause.
    async fn listen(&self, context: ListenerContext) -> Result<(), NodeError>;
}

type Emit = dyn Fn(Batch) -> futures::future::BoxFuture<'static, Result<(), NodeError>> + Send + Sync;

/// What a [`Listener`] is given.
#[derive(Clone)]
pub struct ListenerContext {
    emit: Arc<Emit>,
}

impl ListenerContext {
    /// A context that hands items to `emit`.
    pub fn new(emit: Arc<Emit>) -> Self {
        Self { emit }
    }

    /// Starts an execution with these items; returns when the start is recorded.
    ///
    /// # Errors
    /// When the start could not be recorded; the event should be kept and offered again.
    pub async fn emit(&self, items: impl Into<Batch>) -> Result<(), NodeError> {
        (self.emit)(items.into()).await
    }
}

impl fmt::Debug for ListenerContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListenerContext")
    }
}
