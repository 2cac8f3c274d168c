//! What code may have done by the node that it runs in.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use engine_core::execution::LogLevel;
use engine_core::expression::Scope;
use engine_core::model::Binary;
use engine_core::node::{NodeContext, NodeError, StaticDataKind};
use futures::TryStreamExt;
#[cfg(feature = "http")]
use serde_json::Value;

use super::ScriptNodes;
use crate::js::{CodeError, CodeMode, CodeOutcome, CodeProgram, CodeRun, HostError, LogSeverity, ScriptHost, StaticData};

/// The largest file that code gets as a buffer.
const MAX_BUFFER: usize = 32 << 20;

/// The host of a node's run.
struct NodeHost {
    context: Arc<NodeContext>,
    #[cfg(feature = "http")]
    nodes: ScriptNodes,
}

fn refused(error: &NodeError) -> HostError {
    HostError::new(error.message())
}

#[async_trait]
impl ScriptHost for NodeHost {
    #[cfg(feature = "http")]
    async fn http_request(&self, options: Value, legacy: bool) -> Result<Value, HostError> {
        let Some(client) = &self.nodes.client else { return Err(HostError::new("requests are not available to this code")) };
        super::requests::send(client, &options, legacy).await
    }

    async fn read_binary(&self, binary: Binary) -> Result<Bytes, HostError> {
        if binary.size > MAX_BUFFER as u64 {
            return Err(HostError::new("the file is too large for a buffer"));
        }
        let mut stream = self.context.read_binary(&binary).await.map_err(|error| refused(&error))?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = stream.try_next().await.map_err(|error| HostError::new(error.to_string()))? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    async fn write_binary(&self, bytes: Bytes, file_name: Option<String>, mime_type: Option<String>) -> Result<Binary, HostError> {
        let mime_type = mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        let binary = self.context.write_binary(bytes, &mime_type).await.map_err(|error| refused(&error))?;
        Ok(match file_name {
            Some(name) => binary.with_file_name(name),
            None => binary,
        })
    }
}

/// How a node runs its program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) mode: CodeMode,
    pub(super) legacy: bool,
}

/// Runs a program for a node: its log and its static data are taken care of, its values are left to the node.
pub(super) async fn run(
    nodes: &ScriptNodes,
    program: &Arc<CodeProgram>,
    manner: Manner,
    context: &Arc<NodeContext>,
) -> Result<CodeOutcome, CodeError> {
    let host = NodeHost {
        context: Arc::clone(context),
        #[cfg(feature = "http")]
        nodes: nodes.clone(),
    };
    let run = CodeRun {
        scope: context.scope(0).detach(),
        mode: manner.mode,
        legacy: manner.legacy,
        continues_on_error: context.continues_on_error(),
        most_items: context.items().len(),
        static_data: StaticData { global: context.static_data(StaticDataKind::Global), node: context.static_data(StaticDataKind::Node) },
        host: Arc::new(host),
    };
    let mut outcome = nodes.engine.run_code(Arc::clone(program), run).await?;
    for line in outcome.logs.drain(..) {
        let level = match line.level {
            LogSeverity::Debug => LogLevel::Debug,
            LogSeverity::Info => LogLevel::Info,
            LogSeverity::Warn => LogLevel::Warn,
            LogSeverity::Error => LogLevel::Error,
        };
        context.log(level, line.text);
    }
    if let Some(global) = outcome.static_data.global.take() {
        context.set_static_data(StaticDataKind::Global, global);
    }
    if let Some(node) = outcome.static_data.node.take() {
        context.set_static_data(StaticDataKind::Node, node);
    }
    Ok(outcome)
}

/// The error of a node whose code failed. Trying code again is of no use, unless it is its time or a request that failed; nobody can tell.
pub(super) fn node_error(error: &CodeError, item: Option<usize>) -> NodeError {
    let place = match (error.line, item) {
        (Some(line), _) => format!(" [line {line}]"),
        (None, Some(item)) => format!(" [item {item}]"),
        (None, None) => String::new(),
    };
    let mut made = NodeError::new(format!("{}{place}", error.message));
    if let Some(kind) = error.kind {
        made = made.with_code(kind.code());
    }
    if let Some(description) = &error.description {
        made = made.with_description(description);
    }
    match item {
        Some(item) => made.on_item(item),
        None => made,
    }
}
