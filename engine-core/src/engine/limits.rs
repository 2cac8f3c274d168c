//! Bounds that hold for every execution of an engine, whatever its workflow says.

use std::sync::Arc;
use std::time::Duration;

use crate::model::Workflow;

/// Bounds on executions. What is not set is not bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutionLimits {
    /// How long an execution may take; also for workflows that say nothing.
    pub timeout: Option<Duration>,
    /// How many nodes of an execution may run at the same time.
    pub max_parallel_nodes: Option<usize>,
    /// How often a node may be tried in all.
    pub max_tries: Option<u32>,
    /// The longest wait between two tries.
    pub max_retry_wait: Option<Duration>,
}

impl ExecutionLimits {
    /// The workflow within the bounds. It is copied only where there are any.
    pub(super) fn bound(&self, mut workflow: Arc<Workflow>) -> Arc<Workflow> {
        if *self == Self::default() {
            return workflow;
        }
        let Workflow { settings, nodes, .. } = Arc::make_mut(&mut workflow);
        if let Some(limit) = self.timeout.map(|limit| limit.as_secs_f64()) {
            let own = settings.execution_timeout.filter(|seconds| *seconds > 0.0);
            settings.execution_timeout = Some(own.map_or(limit, |own| own.min(limit)));
        }
        if let Some(limit) = self.max_parallel_nodes {
            settings.max_parallel_nodes = Some(settings.max_parallel_nodes.unwrap_or(crate::plan::DEFAULT_PARALLEL_NODES).min(limit));
        }
        for policy in nodes.iter_mut().filter_map(|node| node.options.retry.as_mut()) {
            if let Some(limit) = self.max_tries {
                policy.max_tries = Some(policy.max_tries.filter(|tries| *tries > 0).unwrap_or(crate::state::USUAL_TRIES).min(limit));
            }
            if let Some(limit) = self.max_retry_wait.map(|limit| limit.as_secs_f64() * 1000.0) {
                policy.max_wait_ms = Some(policy.max_wait_ms.map_or(limit, |own| own.min(limit)));
            }
        }
        workflow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bounded(settings: &serde_json::Value, limits: ExecutionLimits) -> Arc<Workflow> {
        let nodes = json!([{"name": "start", "type": "manual_trigger", "retryOnFail": true, "maxTries": 9, "maxWaitBetweenTries": 90000}]);
        let text = json!({"name": "w", "nodes": nodes, "connections": [], "settings": settings}).to_string();
        limits.bound(Arc::new(Workflow::from_json(&text).unwrap()))
    }

    #[test]
    fn the_narrower_of_two_bounds_holds() {
        let limits = ExecutionLimits {
            timeout: Some(Duration::from_mins(1)),
            max_parallel_nodes: Some(4),
            max_tries: Some(2),
            max_retry_wait: Some(Duration::from_secs(5)),
        };
        let settings = |workflow: &Workflow| (workflow.settings.execution_timeout, workflow.settings.max_parallel_nodes);
        assert_eq!(settings(&bounded(&json!({}), limits)), (Some(60.0), Some(4)));
        assert_eq!(settings(&bounded(&json!({"executionTimeout": 30, "maxParallelNodes": 2}), limits)), (Some(30.0), Some(2)));
        assert_eq!(settings(&bounded(&json!({"executionTimeout": -1, "maxParallelNodes": 99}), limits)), (Some(60.0), Some(4)));
        assert_eq!(settings(&bounded(&json!({}), ExecutionLimits::default())), (None, None));
        let workflow = bounded(&json!({}), limits);
        let policy = workflow.nodes[0].options.retry.as_ref().unwrap();
        assert_eq!((policy.max_tries, policy.max_wait_ms), (Some(2), Some(5000.0)));
    }
}
