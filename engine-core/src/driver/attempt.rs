//! One run of a node: its tries, each with a deadline, and its panics caught.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};

use super::shared::Shared;
use super::{JournalEntry, JournalError};
use crate::execution::NodeRun;
use crate::node::{Node, NodeContext, NodeError, NodeOutput, Wait};
use crate::observer::ExecutionEvent;
use crate::plan::PlanNode;
use crate::schema::Effect;
use crate::state::{Raw, RetryDecision, after_error, after_success};

/// What the tries of a run came to, and how many there were.
pub(super) type Attempted = (Given, u32);

/// What a node gave.
pub(super) enum Given {
    /// Items, nothing or an error.
    Raw(Raw),
    /// The execution waits.
    Wait(Box<Wait>),
}

impl From<Result<NodeOutput, NodeError>> for Given {
    fn from(result: Result<NodeOutput, NodeError>) -> Self {
        Self::Raw(match result {
            Ok(NodeOutput::One(items)) => Raw::One(items),
            Ok(NodeOutput::Items(batches)) => Raw::Items(batches),
            Ok(NodeOutput::Nothing) => Raw::Nothing,
            Ok(NodeOutput::Wait(wait)) => return Self::Wait(wait),
            Err(error) => Raw::Error(error),
        })
    }
}

/// Polls a node once where it stands. A panic is an error of the node.
pub(super) fn poll_once(
    future: &mut Pin<Box<dyn Future<Output = Result<NodeOutput, NodeError>> + Send + '_>>,
    context: &mut Context<'_>,
) -> Poll<Given> {
    match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context).map(Given::from))) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Given::Raw(Raw::Error(panicked(&*panic)))),
    }
}

/// The error of a node that panicked.
pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> NodeError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    NodeError::fatal(format!("the node panicked: {}", text.unwrap_or("no message"))).with_code("panic")
}

/// Whether a node can be polled without more ado: one try, no deadline, nothing that has to be durable first.
pub(super) fn is_simple(node: &PlanNode, shared: &Shared<'_>) -> bool {
    node.is_plain && (shared.journal.is_none() || node.effect() == Effect::Pure)
}

/// All tries of a run.
///
/// # Errors
/// When the journal cannot be written: then the execution is no longer ours.
pub(super) async fn attempt(shared: &Shared<'_>, node: &dyn Node, run: Arc<NodeRun>) -> Result<Attempted, JournalError> {
    let plan_node = run.plan_node();
    let order = shared.execution.plan().order();
    let policy = plan_node.retry();
    for attempt in 0.. {
        shared.gate().await;
        if let (Some(journal), true) = (shared.journal, plan_node.effect() != Effect::Pure || plan_node.at_most_once) {
            if plan_node.at_most_once && attempt == 0 {
                journal.append(shared.execution, JournalEntry::NodeStarted { node: run.activation.node, run: run.activation.run });
            }
            journal.commit().await?;
            // A pause may have come with the answer.
            shared.gate().await;
        }
        let this = if attempt == 0 { Arc::clone(&run) } else { Arc::new(run.again(attempt)) };
        let result = one(shared, node, this, plan_node.timeout()).await;
        let jitter = shared.execution.runtime().random();
        let decision = match &result {
            Ok(output) => after_success(policy, order, attempt, output),
            Err(error) => after_error(policy, order, (attempt, jitter), error),
        };
        let RetryDecision::Again(pause) = decision else { return Ok((result.into(), attempt + 1)) };
        if let Err(error) = &result {
            shared.observe(ExecutionEvent::NodeRetried { node: &plan_node.spec.name, attempt, error: &error.to_json() });
        }
        shared.execution.runtime().sleep(pause).await;
    }
    Ok((Given::Raw(Raw::Error(NodeError::fatal("the node was tried too often"))), u32::MAX))
}

async fn one(shared: &Shared<'_>, node: &dyn Node, run: Arc<NodeRun>, timeout: Option<Duration>) -> Result<NodeOutput, NodeError> {
    let future = AssertUnwindSafe(node.run(NodeContext::new(run))).catch_unwind();
    let settled = |caught: Result<_, Box<dyn std::any::Any + Send>>| caught.unwrap_or_else(|panic| Err(panicked(&*panic)));
    let Some(timeout) = timeout else { return settled(future.await) };
    let deadline: BoxFuture<'static, ()> = shared.execution.runtime().sleep(timeout);
    match select(Box::pin(future), deadline).await {
        Either::Left((caught, _)) => settled(caught),
        Either::Right(((), _)) => {
            Err(NodeError::new(format!("the node took longer than {} seconds", timeout.as_secs_f64())).with_code("node-timeout"))
        }
    }
}
