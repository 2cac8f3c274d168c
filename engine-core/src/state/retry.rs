//! Whether a failed try is followed by another, and after how long.

use std::time::Duration;

use crate::model::{Backoff, ExecutionOrder, Item, RetryPolicy};
use crate::node::{NodeError, NodeOutput, Retry};

/// What follows a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Nothing: the result stands.
    Done,
    /// Another try after this pause.
    Again(Duration),
}

/// How many tries there are where nothing is said.
pub(crate) const USUAL_TRIES: u32 = 3;

/// n8n's bounds: 2 to 5 tries, 3 where nothing is said; at most 5 seconds between them (SEMANTICS 6.1). The native order takes what it is told.
fn max_tries(policy: &RetryPolicy, order: ExecutionOrder) -> u32 {
    let tries = policy.max_tries.filter(|tries| *tries > 0).unwrap_or(USUAL_TRIES);
    if order == ExecutionOrder::Parallel { tries } else { tries.clamp(2, 5) }
}

/// After an error: `attempt` counts from 0, `jitter` is any number.
pub(crate) fn after_error(policy: Option<&RetryPolicy>, order: ExecutionOrder, (attempt, jitter): (u32, u64), error: &NodeError) -> RetryDecision {
    let Some(policy) = policy else { return RetryDecision::Done };
    if attempt + 1 >= max_tries(policy, order) {
        return RetryDecision::Done;
    }
    match error.retry() {
        // n8n retries whatever failed; only the native order knows better.
        Retry::Never if order == ExecutionOrder::Parallel => RetryDecision::Done,
        Retry::After(wait) => RetryDecision::Again(wait.max(pause(policy, order, attempt, jitter))),
        Retry::Never | Retry::ByPolicy => RetryDecision::Again(pause(policy, order, attempt, jitter)),
    }
}

/// After a success: n8n tries again when the first item of the first output looks like an error.
pub(crate) fn after_success(policy: Option<&RetryPolicy>, order: ExecutionOrder, attempt: u32, output: &NodeOutput) -> RetryDecision {
    let Some(policy) = policy else { return RetryDecision::Done };
    let first = match output {
        NodeOutput::One(items) => items.first(),
        NodeOutput::Items(outputs) => outputs.first().and_then(|items| items.first()),
        NodeOutput::Nothing | NodeOutput::Wait(_) => None,
    };
    if order == ExecutionOrder::Parallel || attempt + 1 >= max_tries(policy, order) || !first.is_some_and(has_error_key) {
        return RetryDecision::Done;
    }
    RetryDecision::Again(pause(policy, order, attempt, 0))
}

fn has_error_key(item: &Item) -> bool {
    !matches!(item.json().get("error"), None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)))
}

fn pause(policy: &RetryPolicy, order: ExecutionOrder, attempt: u32, jitter: u64) -> Duration {
    let first = policy.wait_ms.filter(|wait| *wait > 0.0).unwrap_or(1000.0);
    let longest = policy.max_wait_ms.unwrap_or(f64::from(u32::MAX));
    let wait = match policy.backoff {
        Backoff::Fixed => first,
        Backoff::Exponential => {
            #[expect(clippy::cast_precision_loss, reason = "a fraction of the jitter's range is all that is wanted")]
            let share = (jitter % 1000) as f64 / 4000.0;
            first * 2f64.powi(i32::try_from(attempt).unwrap_or(30).min(30)) * (1.0 + share)
        }
    };
    let wait = wait.min(if order == ExecutionOrder::Parallel { longest } else { longest.min(5000.0) });
    Duration::from_secs_f64(wait / 1000.0)
}
