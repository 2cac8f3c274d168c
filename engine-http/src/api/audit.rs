//! The audit log: who changed what, and when.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine_core::model::Json;
use engine_core::store::{AuditEntry, PageRequest};
use serde_json::json;

use super::input::{Ask, Caller, PageQuery};
use super::output;
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// Notes that somebody did something. What cannot be noted is not done: callers note before they answer.
pub(super) async fn note(service: &Inner, identity: &Identity, action: &str, target: &str) -> Result<(), ApiError> {
    let entry = AuditEntry {
        id: service.executions.new_id().as_uuid(),
        tenant: identity.tenant.clone(),
        at: service.engine.runtime().now(),
        actor: identity.name(),
        action: action.to_owned(),
        target: target.to_owned(),
        details: Json::new(),
    };
    Ok(service.stores.audit.audit(entry).await?)
}

pub(super) async fn list(State(service): State<Arc<Inner>>, Caller(identity): Caller, Ask(query): Ask<PageQuery>) -> Result<Response, ApiError> {
    let (limit, after) = query.read()?;
    let page = service.stores.audit.audit_log(&identity.tenant, PageRequest { limit, after }).await?;
    let entry = |entry: AuditEntry| json!({"id": entry.id, "at": entry.at, "actor": entry.actor, "action": entry.action, "target": entry.target});
    Ok(output::page(&page.items.into_iter().map(entry).collect::<Vec<_>>(), page.next.as_ref()))
}
