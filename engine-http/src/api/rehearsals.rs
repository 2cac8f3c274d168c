//! Opening the webhooks of a workflow for one call, to try them out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::model::WorkflowId;
use serde_json::{Value, json};

use super::input::{Caller, Place};
use super::{audit, output, workflows};
use crate::problem::ApiError;
use crate::service::{Inner, ServedWebhook};
use crate::webhook;

/// For how long they are open.
const OPEN: Duration = Duration::from_mins(2);

/// Opens the webhooks of the newest saved version under `/webhook-test/`. The call runs in manual mode.
pub(super) async fn open(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = workflows::changeable(&service, &identity, &id).await?;
    let pinned = service.stored_plan(&stored.tenant, &stored.id, stored.version).await??;
    let hooks = webhook::hooks(&pinned)?;
    if hooks.is_empty() {
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "no-webhook", "the workflow has no webhook that could be called"));
    }
    let now = service.engine.runtime().now();
    let until = now.after(OPEN);
    let served = service.edge.rehearsals.open(&stored.id, hooks, (now, until))?;
    audit::note(&service, &identity, "workflow.test-webhook", &id).await?;
    let show = |hook: &ServedWebhook| json!({"methods": hook.methods, "path": hook.path, "node": hook.node});
    Ok(output::ok(&json!({"webhooks": served.iter().map(show).collect::<Vec<Value>>(), "version": stored.version, "expiresAt": until})))
}

/// Closes them again.
pub(super) async fn close(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    workflows::changeable(&service, &identity, &id).await?;
    service.edge.rehearsals.close(&WorkflowId::from(id.as_str()), service.engine.runtime().now());
    Ok(output::done())
}
