//! What a node is given when it runs: its items, its scope for expressions, and the services of the engine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, MutexGuard};

use serde_json::Value;

use super::{NodeError, OnError};
use crate::blob::{BlobStore, ByteStream};
use crate::credential::{Credential, CredentialRequest};
use crate::execution::{CallWorkflow, ExecutionMode, LogLevel, NodeRun, Reply};
use crate::expression::Facts;
use crate::form::Form;
use crate::model::{Batch, Binary, BinaryContent, ExecutionId, Item, ItemSource, Json, NodeVersion, Timestamp};
use crate::runtime::Runtime;

pub use crate::execution::NodeScope;

/// One run of a node, as the node sees it.
pub struct NodeContext {
    run: Arc<NodeRun>,
}

/// What a node remembers between its runs within one execution.
#[derive(Clone, Debug, Default)]
pub struct NodeMemory {
    /// Seen by expressions as `$('Node').context`.
    pub context: Json,
    /// Lists of items, by a name that the node chooses. Not seen by expressions.
    pub items: BTreeMap<Cow<'static, str>, Vec<Item>>,
}

impl NodeContext {
    pub(crate) fn new(run: Arc<NodeRun>) -> Self {
        Self { run }
    }

    /// The items to work on: those of the first input that has any. Empty for a trigger.
    #[inline]
    pub fn items(&self) -> &Batch {
        self.run.main_input()
    }

    /// The items of one input; empty when nothing came in there.
    #[inline]
    pub fn input(&self, input: usize) -> &Batch {
        self.run.input(input)
    }

    /// How many inputs are connected.
    pub fn input_count(&self) -> usize {
        self.run.input_count()
    }

    /// What expressions see for the item at `index`.
    pub fn scope(&self, index: usize) -> NodeScope<'_> {
        self.run.scope(index)
    }

    /// Number of this run of the node, from 0.
    pub fn run_index(&self) -> usize {
        self.run.run_index()
    }

    /// Number of this try of the run, from 0.
    pub fn attempt(&self) -> u32 {
        self.run.attempt()
    }

    /// The same text whenever this run for this item is tried again, even after a crash; different for all others.
    pub fn idempotency_key(&self, item: usize) -> String {
        format!("{}:{}:{}:{item}", self.execution_id(), self.run.spec().id, self.run_index())
    }

    /// Name of the node.
    pub fn node_name(&self) -> &str {
        &self.run.spec().name
    }

    /// Version of the node's type.
    pub fn version(&self) -> NodeVersion {
        self.run.spec().version
    }

    /// What the workflow says should happen when the node fails.
    pub fn on_error(&self) -> OnError {
        self.run.spec().on_error
    }

    /// Whether errors of single items become items (true) or fail the node (false).
    pub fn continues_on_error(&self) -> bool {
        self.on_error() != OnError::Stop
    }

    /// How many connections lead away from an output.
    pub fn connections_from(&self, output: usize) -> usize {
        self.run.connections_from(output)
    }

    /// The parameters with defaults, expressions as written.
    pub fn parameters(&self) -> &Json {
        &self.run.spec().source
    }

    /// Id of the execution.
    pub fn execution_id(&self) -> ExecutionId {
        self.run.execution().id()
    }

    /// How the execution was started.
    pub fn mode(&self) -> ExecutionMode {
        self.run.execution().mode()
    }

    /// Facts about workflow, execution and node, as expressions see them.
    pub fn facts(&self) -> &Facts {
        self.run.facts()
    }

    /// The form whose sending started the execution; `None` where nobody filled one in.
    pub fn form(&self) -> Option<&Form> {
        self.run.execution().form()
    }

    /// The item that the sending of that form gave.
    pub fn form_item(&self) -> Option<Item> {
        self.run.execution().form_item()
    }

    /// A file by its name: of the items at hand, or else of those that came out last of all nodes that gave one of that name.
    pub fn file(&self, name: &str) -> Option<Binary> {
        let own = self.items().iter().filter_map(Item::binary).find_map(|files| files.get(name).cloned());
        own.or_else(|| self.run.execution().file(name))
    }

    /// The time at which this run began.
    pub fn now(&self) -> Timestamp {
        self.run.now()
    }

    /// Where the first connected input came from.
    pub fn previous(&self) -> Option<&ItemSource> {
        self.run.previous()
    }

    /// The source of the items of an input.
    pub fn source(&self, input: usize) -> Option<ItemSource> {
        self.run.source(input)
    }

    /// True once the execution is being cancelled; long work should end then. Awaits need not check: the future is dropped.
    pub fn is_cancelled(&self) -> bool {
        self.run.execution().is_cancelled()
    }

    /// What this node remembers between its runs. Do not hold it across an await.
    pub fn memory(&self) -> MutexGuard<'_, NodeMemory> {
        self.run.memory()
    }

    /// The runtime: clock, sleep, threads for blocking work, randomness.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        self.run.execution().runtime()
    }

    /// The store for binary data.
    pub fn blobs(&self) -> &Arc<dyn BlobStore> {
        self.run.execution().blobs()
    }

    /// Opens binary data for reading.
    ///
    /// # Errors
    /// When it is not there any more or cannot be read.
    pub async fn read_binary(&self, binary: &Binary) -> Result<ByteStream, NodeError> {
        use futures::StreamExt;
        match &binary.content {
            BinaryContent::Inline(bytes) => Ok(futures::stream::iter([Ok(bytes.clone())]).boxed()),
            BinaryContent::Stored(id) => Ok(self.blobs().get(id).await?),
        }
    }

    /// Stores bytes and describes them; a few kilobytes stay inline.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn write_binary(&self, bytes: impl Into<bytes::Bytes> + Send, mime_type: &str) -> Result<Binary, NodeError> {
        use futures::StreamExt;
        let bytes: bytes::Bytes = bytes.into();
        let mut binary = Binary::inline(bytes.clone(), mime_type);
        if bytes.len() > INLINE_LIMIT {
            let (id, _) = self.blobs().put(futures::stream::iter([Ok(bytes)]).boxed()).await?;
            binary.content = BinaryContent::Stored(id);
        }
        Ok(binary)
    }

    /// Stores bytes as they come in and describes them; a few kilobytes stay inline. An error of the stream comes back as the source of the
    /// node's error.
    ///
    /// # Errors
    /// When the stream fails or the bytes cannot be written.
    pub async fn write_binary_stream(&self, mut stream: ByteStream, mime_type: &str) -> Result<Binary, NodeError> {
        use futures::{StreamExt, TryStreamExt};
        let mut head: Vec<bytes::Bytes> = Vec::new();
        let mut size = 0;
        while size <= INLINE_LIMIT {
            let Some(chunk) = stream.try_next().await? else {
                return self.write_binary(head.concat(), mime_type).await;
            };
            size += chunk.len();
            head.push(chunk);
        }
        let all = futures::stream::iter(head.into_iter().map(Ok)).chain(stream).boxed();
        let (id, size) = self.blobs().put(all).await?;
        let mut binary = Binary::inline(bytes::Bytes::new(), mime_type);
        (binary.content, binary.size) = (BinaryContent::Stored(id), size);
        Ok(binary)
    }

    /// The credential of this type that the node names.
    ///
    /// # Errors
    /// When the node names none, or it may not use it.
    pub async fn credential(&self, kind: &str) -> Result<Credential, NodeError> {
        let spec = self.run.spec();
        let reference = spec.credentials.get(kind).ok_or_else(|| {
            NodeError::fatal(format!("this node needs a credential of type {kind:?}")).with_description("choose one under the node's credentials")
        })?;
        let execution = self.run.execution();
        let request = CredentialRequest { kind, reference, workflow: execution.workflow_id(), node: &spec.name };
        Ok(execution.credentials().credential(request).await?)
    }

    /// Answers the HTTP request that started the execution. Only the first answer counts; returns whether this was it.
    pub fn respond(&self, reply: Reply) -> bool {
        self.run.execution().respond(reply)
    }

    /// Runs another workflow; the result is what each output of its last node gave.
    ///
    /// # Errors
    /// When there is no such workflow, it does not allow this caller, or it fails.
    pub async fn call_workflow(&self, call: CallWorkflow) -> Result<Vec<Batch>, NodeError> {
        self.run.call_workflow(call).await
    }

    /// Data that outlives the execution: the node's own, or the whole workflow's.
    pub fn static_data(&self, kind: StaticDataKind) -> Json {
        self.run.static_data(kind)
    }

    /// Sets data that outlives the execution. Stored when the execution ends, unless it was started by hand.
    pub fn set_static_data(&self, kind: StaticDataKind, data: Json) {
        self.run.set_static_data(kind, data);
    }

    /// Adds an entry to the execution's searchable data.
    ///
    /// # Errors
    /// When a key or a value is too long, or there are too many.
    pub fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), NodeError> {
        Ok(self.run.execution().set_custom_data(key, value)?)
    }

    /// Writes a line to the execution's log.
    pub fn log(&self, level: LogLevel, message: impl Into<String>) {
        self.run.log(level, &message.into());
    }
}

/// Whose static data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaticDataKind {
    /// The whole workflow's.
    Global,
    /// The node's own.
    Node,
}

/// Binary data up to this size travels with its item.
const INLINE_LIMIT: usize = 16 * 1024;

impl fmt::Debug for NodeContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeContext").field("node", &self.node_name()).field("run", &self.run_index()).finish_non_exhaustive()
    }
}
