//! With whom something is shared, and which workflows may start which others: n8n's `callerPolicy`, by what the labels of a workflow say about its owner and those with whom it is shared.

use engine_core::model::Json;
use engine_core::store::StoredWorkflow;
use serde_json::Value;

/// Whether a workflow may start another one. Where people sign in, it must belong to somebody with whom the other one is shared, unless that one says who else may.
pub(crate) fn may_call(signs_in: bool, caller: Option<&StoredWorkflow>, target: &StoredWorkflow) -> bool {
    let settings = target.definition.as_ref().map_or(&Value::Null, |definition| &definition["settings"]);
    match settings["callerPolicy"].as_str().unwrap_or_default() {
        "none" => false,
        "any" => true,
        "workflowsFromAList" => {
            let listed = settings["callerIds"].as_str().unwrap_or_default();
            caller.is_some_and(|caller| listed.split(',').any(|id| id.trim() == caller.id.as_str()))
        }
        _ if !signs_in => true,
        _ => caller.and_then(|caller| caller.labels.get("owner")?.as_str()).is_some_and(|owner| is_shared(&target.labels, owner)),
    }
}

/// Whether something with these labels is shared with a user; with its owner it is.
pub(crate) fn is_shared(labels: &Json, user: &str) -> bool {
    labels.get("access").and_then(Value::as_array).is_some_and(|access| access.iter().any(|entry| entry == user))
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;
    use engine_core::store::{TenantId, VersionNumber};
    use serde_json::json;

    use super::*;

    fn workflow(id: &str, access: &[&str], settings: &Value) -> StoredWorkflow {
        let labels = json!({"owner": access[0], "access": access});
        StoredWorkflow {
            id: id.into(),
            tenant: TenantId::default(),
            name: id.to_owned(),
            version: VersionNumber(1),
            active: None,
            labels: labels.as_object().cloned().unwrap_or_default(),
            created: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
            definition: Some(json!({"settings": settings})),
        }
    }

    #[test]
    fn inv_27_a_workflow_is_called_by_those_whom_it_lets() {
        let eve = workflow("eve's", &["eve"], &json!({}));
        let check = |access: &[&str], settings: Value, expect: [bool; 2]| {
            let target = workflow("called", access, &settings);
            assert_eq!([may_call(true, Some(&eve), &target), may_call(true, None, &target)], expect, "{access:?} {settings}");
        };
        check(&["ada"], json!({}), [false, false]);
        check(&["ada"], json!({"callerPolicy": "workflowsFromSameOwner"}), [false, false]);
        check(&["eve"], json!({}), [true, false]);
        check(&["ada", "eve"], json!({}), [true, false]);
        check(&["ada"], json!({"callerPolicy": "any"}), [true, true]);
        check(&["eve"], json!({"callerPolicy": "none"}), [false, false]);
        check(&["ada"], json!({"callerPolicy": "workflowsFromAList", "callerIds": "x, eve's"}), [true, false]);
        check(&["eve"], json!({"callerPolicy": "workflowsFromAList", "callerIds": "x"}), [false, false]);
        let (free, closed) = (workflow("w", &["owner"], &json!({})), workflow("w", &["owner"], &json!({"callerPolicy": "none"})));
        assert_eq!([may_call(false, None, &free), may_call(false, None, &closed)], [true, false], "where nobody signs in");
    }
}
