//! The webhooks of a plan.

use std::sync::Arc;

use axum::http::Method;
use engine_core::execution::ExecutionMode;
use engine_core::form::Form;
use engine_core::model::{Json, WorkflowId};
use engine_core::node::{Activation, WebhookSpec};
use engine_core::plan::PlanNode;
use engine_core::worker::PinnedPlan;
use serde_json::Value;

use super::HookOptions;
use super::options::Stage;
use crate::service::{ActivationError, ServedWebhook};

/// A webhook of an active workflow.
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) workflow: WorkflowId,
    pub(crate) pinned: PinnedPlan,
    /// Number of the trigger within the plan.
    pub(crate) node: u32,
    pub(crate) methods: Vec<Method>,
    /// Whether each method has an output of its own.
    pub(crate) output_per_method: bool,
    /// Path below `/webhook/`, with its parameters as written.
    pub(crate) path: String,
    pub(crate) options: HookOptions,
    /// Whether nodes of the workflow ask for the address under which the execution is resumed.
    pub(crate) wants_resume_url: bool,
    /// The page that is filled in, where a person is asked.
    pub(crate) form: Option<Box<Form>>,
    /// Whether the workflow may ask for more pages.
    pub(crate) asks_again: bool,
}

impl Hook {
    /// What is told of it.
    pub(crate) fn served(&self) -> ServedWebhook {
        let node = self.pinned.plan.nodes().get(self.node as usize).map(|node| node.spec.name.to_string()).unwrap_or_default();
        ServedWebhook { methods: self.methods.iter().map(ToString::to_string).collect(), path: format!("{}{}", self.prefix(), self.path), node }
    }

    /// The same, served for one call.
    pub(super) fn rehearsed(mut self) -> Self {
        self.options.stage = Stage::Rehearsal;
        self
    }

    /// How its executions are started.
    pub(super) fn mode(&self) -> ExecutionMode {
        match self.options.stage {
            Stage::Rehearsal => ExecutionMode::Manual,
            Stage::Production => ExecutionMode::Webhook,
        }
    }

    /// What stands before its path.
    pub(super) fn prefix(&self) -> &'static str {
        match (self.options.stage, &self.form) {
            (Stage::Rehearsal, None) => "/webhook-test/",
            (Stage::Rehearsal, Some(_)) => "/form-test/",
            (Stage::Production, None) => "/webhook/",
            (Stage::Production, Some(_)) => "/form/",
        }
    }

    /// The paths under which it is found. One with parameters is also found below its id, as in n8n.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = vec![self.path.clone()];
        let id = self.pinned.plan.nodes().get(self.node as usize).and_then(|node| node.spec.webhook_id.clone());
        if let Some(id) = id.filter(|_| self.path.split('/').any(|segment| segment.starts_with(':'))) {
            paths.push(format!("{id}/{}", self.path));
        }
        paths
    }
}

/// The webhooks of a plan.
///
/// # Errors
/// When one asks for what cannot be served.
pub(crate) fn hooks(pinned: &PinnedPlan) -> Result<Vec<Arc<Hook>>, ActivationError> {
    let plan = &pinned.plan;
    let wants_resume_url = plan.nodes().iter().any(|node| names_resume_url(&node.spec.source));
    let asks_again = plan.nodes().iter().any(asks);
    let mut hooks = Vec::new();
    for (index, node) in plan.triggers() {
        for activation in node.activations() {
            let Activation::Webhook(spec) = activation else { continue };
            let (methods, options) = read(node, spec)?;
            hooks.push(Arc::new(Hook {
                workflow: pinned.workflow.clone(),
                pinned: pinned.clone(),
                node: index,
                methods,
                output_per_method: spec.output_per_method,
                path: spec.path.trim_matches('/').to_owned(),
                options,
                wants_resume_url,
                form: spec.form.clone(),
                asks_again,
            }));
        }
    }
    Ok(hooks)
}

/// Whether a node asks a person for something.
fn asks(node: &PlanNode) -> bool {
    let kind = node.spec.kind.as_str();
    let waits_for_form = || matches!(kind, "wait" | "n8n-nodes-base.wait") && node.spec.source.get("resume").is_some_and(|resume| resume == "form");
    !node.is_disabled() && (matches!(kind, "form" | "n8n-nodes-base.form") || waits_for_form())
}

fn read(node: &PlanNode, spec: &WebhookSpec) -> Result<(Vec<Method>, HookOptions), ActivationError> {
    let refuse = |message: String| ActivationError::Option { node: node.spec.name.to_string(), message };
    let methods = spec.methods.iter().map(|method| method.parse::<Method>());
    let methods = methods.collect::<Result<Vec<_>, _>>().map_err(|_| refuse(format!("{:?} holds a method that HTTP does not know", spec.methods)))?;
    let options = HookOptions::of(spec).map_err(|error| refuse(error.to_string()))?;
    Ok((methods, options))
}

fn names_resume_url(parameters: &Json) -> bool {
    parameters.values().any(holds_resume_url)
}

fn holds_resume_url(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("resumeUrl") || text.contains("resumeFormUrl"),
        Value::Array(values) => values.iter().any(holds_resume_url),
        Value::Object(fields) => names_resume_url(fields),
        _ => false,
    }
}
