//! Credentials in a workflow that is changed by somebody else than its owner.
//!
//! A workflow runs with the credentials of its owner. Whoever may change it could have them sent anywhere, so a node that uses one which the editor may not use stays as
//! it is, or goes.

use engine_core::Workflow;
use engine_core::model::NodeDefinition;
use engine_core::store::StoredWorkflow;
use serde_json::Value;

use crate::access::Identity;
use crate::problem::{ApiError, Detail};
use crate::sealed::meant;
use crate::service::Inner;

/// What may change about a node that uses somebody else's credential: how it looks.
const LOOKS: [&str; 3] = ["position", "notes", "notesInFlow"];

/// Refuses a change by which a credential of the owner would be used in a way of the editor's own.
pub(super) async fn check(service: &Inner, identity: &Identity, (before, workflow): (&StoredWorkflow, &Workflow)) -> Result<(), ApiError> {
    let owner = before.labels.get("owner").and_then(Value::as_str);
    let Some(owner) = owner.filter(|owner| service.tokens.is_some() && *owner != identity.name()) else { return Ok(()) };
    let (old, new) = (before.definition.as_ref().unwrap_or(&Value::Null), workflow.to_json());
    let mut errors = Vec::new();
    for (index, node) in workflow.nodes.iter().enumerate() {
        let kept = unchanged(&new["nodes"][index], old);
        for kind in foreign(service, identity, (before, owner, node)).await?.into_iter().filter(|_| !kept) {
            let message = format!("node {:?} uses a credential that you may not use, so it stays as it is", node.name);
            errors.push(Detail { pointer: format!("/nodes/{index}/credentials/{kind}"), message, code: Some("forbidden".to_owned()) });
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::forbidden("credential:read").with_errors(errors))
}

/// The types of the credentials of a node that the owner may use, and the editor may not.
async fn foreign(
    service: &Inner,
    identity: &Identity,
    (before, owner, node): (&StoredWorkflow, &str, &NodeDefinition),
) -> Result<Vec<String>, ApiError> {
    let mut kinds = Vec::new();
    for (kind, reference) in &node.credentials {
        let credential = meant(&service.stores, (&before.tenant, owner), (kind, reference)).await?;
        if credential.is_some_and(|credential| !identity.uses(&credential.attributes)) {
            kinds.push(kind.clone());
        }
    }
    Ok(kinds)
}

/// Whether a node stands in the older version as it is, but for its looks.
fn unchanged(node: &Value, old: &Value) -> bool {
    let same = |other: &&Value| other["id"] == node["id"] && other["name"] == node["name"];
    let before = old["nodes"].as_array().into_iter().flatten().find(same);
    before.is_some_and(|before| without_looks(before) == without_looks(node))
}

fn without_looks(node: &Value) -> Value {
    let fields = node.as_object().into_iter().flatten().filter(|(name, _)| !LOOKS.contains(&name.as_str()));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}
