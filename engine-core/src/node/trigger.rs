//! How trigger nodes start executions while their workflow is active.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NodeError;
use crate::form::Form;
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

impl Activation {
    /// The page that a person fills in to start an execution, where there is one.
    pub fn form(&self) -> Option<&Form> {
        match self {
            Self::Webhook(spec) => spec.form.as_deref(),
            _ => None,
        }
    }
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
    /// The page that is shown to whoever asks with GET, where a person fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Box<Form>>,
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

/// When a schedule fires. [`crate::schedule`] says what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleSpec {
    /// Cron expression of five or six fields (seconds first).
    pub cron: String,
    /// Fires only every n-th period, counted from the first: n8n's "every 3 days" and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Recurrence>,
    /// What happens to slots that a change of clock leaves out or repeats.
    #[serde(default, skip_serializing_if = "is_default")]
    pub daylight: Daylight,
    /// What happens to slots at which no worker was there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: Missed,
    /// Starts each execution up to this many milliseconds late, each slot by its own delay.
    #[serde(default, skip_serializing_if = "is_default")]
    pub jitter_millis: u32,
}

impl ScheduleSpec {
    /// Fires when the expression says so, with everything else as n8n has it.
    pub fn new(cron: impl Into<String>) -> Self {
        Self { cron: cron.into(), ..Self::default() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What happens to slots at a change of clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Daylight {
    /// Slots at local times that the clock leaves out.
    #[serde(skip_serializing_if = "is_default")]
    pub gap: Gap,
    /// Slots at local times that the clock shows twice.
    #[serde(skip_serializing_if = "is_default")]
    pub overlap: Overlap,
}

/// What happens to a slot at a local time that the clock leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Gap {
    /// It fires at the change of clock; several that are left out fire as one.
    #[default]
    Shift,
    /// It does not fire.
    Skip,
}

/// What happens to a slot at a local time that the clock shows twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Overlap {
    /// Once when the expression names hours, twice when it goes on every hour.
    #[default]
    Auto,
    /// It fires at the first.
    Once,
    /// It fires at both.
    Twice,
}

/// What happens to slots at which no worker was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Missed {
    /// They are passed over.
    #[default]
    None,
    /// One fires for all of them: the newest.
    Latest,
    /// The newest of them fire, the oldest of those first.
    All {
        /// How many at most; [`Missed::MOST`] bounds it.
        limit: u32,
    },
}

impl Missed {
    /// The most slots that are made up for at once.
    pub const MOST: u32 = 1000;
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
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
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
