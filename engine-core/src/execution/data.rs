//! What all nodes of one execution share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Reply, Responder, RunLog, RunRecord};
use crate::blob::BlobStore;
use crate::credential::CredentialProvider;
use crate::expression::{ExecutionFacts, ExpressionError, ExpressionErrorKind};
use crate::form::Form;
use crate::model::{Batch, Binary, ExecutionId, Item, Json, Workflow, WorkflowId};
use crate::node::{Activation, NodeError, NodeMemory};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::runtime::Runtime;

/// How an execution was started. n8n's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ExecutionMode {
    /// By a person who tries the workflow: pinned data counts, static data is not stored.
    #[default]
    Manual,
    /// By a trigger other than a webhook.
    Trigger,
    /// By a webhook.
    Webhook,
    /// Again, after a failure.
    Retry,
    /// Because another workflow failed.
    Error,
    /// By a node of another workflow.
    Integrated,
    /// From a command line.
    Cli,
}

impl ExecutionMode {
    /// n8n's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Trigger => "trigger",
            Self::Webhook => "webhook",
            Self::Retry => "retry",
            Self::Error => "error",
            Self::Integrated => "integrated",
            Self::Cli => "cli",
        }
    }

    /// Whether pinned data stands in for nodes.
    pub const fn uses_pinned_data(self) -> bool {
        matches!(self, Self::Manual)
    }
}

/// How important a line of an execution's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For whoever mends the workflow.
    Debug,
    /// Worth knowing.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

/// What the engine lends to every execution.
#[derive(Clone, Debug)]
pub struct Services {
    /// Clock, timers, threads.
    pub runtime: Arc<dyn Runtime>,
    /// Binary data.
    pub blobs: Arc<dyn BlobStore>,
    /// Secrets.
    pub credentials: Arc<dyn CredentialProvider>,
    /// Runs other workflows.
    pub caller: Arc<dyn WorkflowCaller>,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
    /// `$vars`.
    pub variables: Arc<Json>,
    /// Time zone of workflows that name none.
    pub time_zone: Arc<str>,
}

/// Runs a workflow for a node of another.
#[async_trait]
pub trait WorkflowCaller: Send + Sync + fmt::Debug {
    /// Runs it, and gives what each output of its last node gave; nothing when nobody waits for it.
    ///
    /// # Errors
    /// When there is no such workflow, it does not allow this caller, or it fails.
    async fn call(&self, parent: &ExecutionData, call: CallWorkflow) -> Result<Vec<Batch>, NodeError>;
}

/// A call of another workflow.
#[derive(Clone, Debug)]
pub struct CallWorkflow {
    /// Which one.
    pub workflow: WorkflowReference,
    /// What its trigger gives.
    pub items: Batch,
    /// Whether the caller waits for its end.
    pub wait: bool,
    /// The same text whenever the caller makes this call again, after a crash for example; different for all other calls. A caller that keeps called
    /// executions finds the earlier one by it.
    pub key: Option<String>,
}

/// Which workflow is called.
#[derive(Clone, Debug)]
pub enum WorkflowReference {
    /// One that the engine knows.
    Id(WorkflowId),
    /// One that the caller brings.
    Inline(Arc<Workflow>),
}

/// One execution: its identity, its runs, and what its nodes share.
pub struct ExecutionData {
    pub(crate) id: ExecutionId,
    pub(crate) mode: ExecutionMode,
    pub(crate) plan: Arc<Plan>,
    pub(crate) log: RunLog,
    pub(crate) services: Arc<Services>,
    pub(crate) facts: ExecutionFacts,
    pub(crate) depth: u32,
    cancelled: AtomicBool,
    responder: Mutex<Option<Arc<dyn Responder>>>,
    custom: Mutex<Json>,
    static_data: Mutex<StaticData>,
    memories: OnceLock<Memories>,
}

/// A place for each node; made when the first node remembers something.
type Memories = Box<[OnceLock<Box<Mutex<NodeMemory>>>]>;

/// The workflow's static data, and whether the execution changed it.
#[derive(Debug, Default)]
pub(crate) struct StaticData {
    pub(crate) data: Json,
    pub(crate) changed: bool,
}

/// What an execution is made of.
#[derive(Debug)]
pub(crate) struct NewExecution {
    pub(crate) id: ExecutionId,
    pub(crate) mode: ExecutionMode,
    pub(crate) plan: Arc<Plan>,
    pub(crate) services: Arc<Services>,
    pub(crate) responder: Option<Arc<dyn Responder>>,
    pub(crate) static_data: Json,
    pub(crate) depth: u32,
    pub(crate) resume_url: Option<Arc<str>>,
}

impl ExecutionData {
    pub(crate) fn new(new: NewExecution) -> Self {
        let nodes = new.plan.len();
        let mode = if new.mode == ExecutionMode::Manual { "test" } else { "production" };
        // n8n's two addresses differ in this one segment.
        let resume_form_url = new.resume_url.as_deref().map(|url| url.replacen("/webhook-waiting/", "/form-waiting/", 1).into());
        let facts = ExecutionFacts { id: new.id.to_string().into(), mode: mode.into(), resume_url: new.resume_url, resume_form_url };
        Self {
            id: new.id,
            mode: new.mode,
            plan: new.plan,
            log: RunLog::new(nodes),
            services: new.services,
            facts,
            depth: new.depth,
            cancelled: AtomicBool::new(false),
            responder: Mutex::new(new.responder),
            custom: Mutex::default(),
            static_data: Mutex::new(StaticData { data: new.static_data, changed: false }),
            memories: OnceLock::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> ExecutionId {
        self.id
    }

    /// How it was started.
    pub fn mode(&self) -> ExecutionMode {
        self.mode
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The form whose sending started it; `None` where nobody filled one in.
    pub fn form(&self) -> Option<&Form> {
        self.first_form().map(|(_, form)| form)
    }

    /// The item that the sending of that form gave.
    pub fn form_item(&self) -> Option<Item> {
        let (node, _) = self.first_form()?;
        self.log.last(node)?.outputs.first()?.items.first().cloned()
    }

    fn first_form(&self) -> Option<(u32, &Form)> {
        let nodes = (0..).zip(self.plan.nodes());
        let mut forms = nodes.filter_map(|(index, node)| Some((index, node.activations().iter().find_map(Activation::form)?)));
        forms.find(|(index, _)| self.log.runs(*index) > 0)
    }

    /// A file by its name: of the items that came out last of all nodes that gave one of that name.
    pub fn file(&self, name: &str) -> Option<Binary> {
        let of = |record: &RunRecord| {
            let items = record.outputs.iter().flat_map(|output| output.items.as_slice());
            items.filter_map(Item::binary).find_map(|files| files.get(name).cloned())
        };
        let runs = (0..self.plan.len()).flat_map(|node| self.log.all(u32::try_from(node).unwrap_or(u32::MAX)));
        runs.filter_map(|record| Some((record.order, of(&record)?))).max_by_key(|(order, _)| *order).map(|(_, file)| file)
    }

    /// What ran so far.
    pub fn log(&self) -> &RunLog {
        &self.log
    }

    /// How many executions called each other to get here; 0 for one that nobody called.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The workflow's id, where it has one.
    pub fn workflow_id(&self) -> Option<&WorkflowId> {
        self.plan.workflow().id.as_ref()
    }

    /// Whether it is being cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn set_cancelled(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// The runtime.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.services.runtime
    }

    /// The store for binary data.
    pub fn blobs(&self) -> &Arc<dyn BlobStore> {
        &self.services.blobs
    }

    /// The secrets.
    pub fn credentials(&self) -> &Arc<dyn CredentialProvider> {
        &self.services.credentials
    }

    /// Answers the request that started the execution; false when it was answered already or there was none.
    pub fn respond(&self, reply: Reply) -> bool {
        let responder = lock(&self.responder).take();
        responder.inspect(|responder| responder.respond(reply)).is_some()
    }

    /// Says who is answered from now on; nothing changes where nobody is named.
    pub(crate) fn replace_responder(&self, responder: Option<Arc<dyn Responder>>) {
        if responder.is_some() {
            *lock(&self.responder) = responder;
        }
    }

    /// The searchable data that nodes set so far.
    pub fn custom_data(&self) -> Json {
        lock(&self.custom).clone()
    }

    /// The items that are pinned to a node, where they count.
    pub(crate) fn pinned(&self, node: u32) -> Option<&Batch> {
        self.mode.uses_pinned_data().then(|| self.plan.node(node).pinned()).flatten()
    }

    /// Sets an entry of the searchable data: at most 10 entries, keys of 50 and texts of 512 characters, as in n8n.
    ///
    /// # Errors
    /// When the key is empty or a limit is passed.
    pub fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        let refuse = |message: String| Err(ExpressionError::new(ExpressionErrorKind::Limit, message));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if key.is_empty() || key.chars().count() > 50 || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return refuse(format!("custom data key {key:?} must have 1 to 50 letters, digits or underscores"));
        }
        if text.chars().count() > 512 {
            return refuse(format!("custom data value for {key:?} is longer than 512 characters"));
        }
        let mut custom = lock(&self.custom);
        if custom.len() >= 10 && !custom.contains_key(key) {
            return refuse("custom data holds at most 10 entries".to_owned());
        }
        custom.insert(key.to_owned(), Value::String(text));
        Ok(())
    }

    /// Takes over what was written down.
    pub(crate) fn restore(&self, static_data: Option<Json>, custom: Option<Json>) {
        if let Some(data) = static_data {
            *lock(&self.static_data) = StaticData { data, changed: true };
        }
        if let Some(custom_data) = custom {
            *lock(&self.custom) = custom_data;
        }
    }

    pub(crate) fn static_data(&self) -> MutexGuard<'_, StaticData> {
        lock(&self.static_data)
    }

    /// What a node remembers between its runs.
    pub(crate) fn memory(&self, node: u32) -> MutexGuard<'_, NodeMemory> {
        let memories = self.memories.get_or_init(|| (0..self.plan.len()).map(|_| OnceLock::new()).collect());
        lock(memories[node as usize].get_or_init(Box::default))
    }

    /// What a node remembers, where it ever remembered anything.
    pub fn remembered(&self, node: u32) -> Option<NodeMemory> {
        self.memories.get()?.get(node as usize)?.get().map(|memory| lock(memory).clone())
    }

    /// The workflow's static data, where the execution changed it.
    pub(crate) fn changed_static_data(&self) -> Option<Json> {
        let data = lock(&self.static_data);
        data.changed.then(|| data.data.clone())
    }

    /// Whether nodes set searchable data.
    pub(crate) fn has_custom_data(&self) -> bool {
        !lock(&self.custom).is_empty()
    }

    /// What expressions see of a node's memory.
    pub(crate) fn memory_context(&self, node: u32) -> Json {
        self.memories.get().and_then(|memories| memories.get(node as usize)?.get()).map_or_else(Json::new, |memory| lock(memory).context.clone())
    }
}

impl fmt::Debug for ExecutionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionData").field("id", &self.id).field("mode", &self.mode).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
