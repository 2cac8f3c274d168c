//! Opening the webhooks of a workflow for one call, to try them out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::model::WorkflowId;
use serde_json::{Value, json};

use super::input::{Caller, Place};
use super::{audit, output, workflows};
use crate::problem::ApiError;
use crate::service::{Inner, ServedWebhook};

/// Opens the webhooks of the newest saved version under `/webhook-test/`. The call runs in manual mode.
pub(super) async fn open(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = workflows::changeable(&service, &identity, &id).await?;
    let pinned = service.stored_plan(&stored.tenant, &stored.id, stored.version).await??;
    let opened = service.open_rehearsal(&pinned).await??;
    if opened.webhooks.is_empty() {
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "no-webhook", "the workflow has no webhook that could be called"));
    }
    audit::note(&service, &identity, "workflow.test-webhook", &id).await?;
    let show = |hook: &ServedWebhook| json!({"methods": hook.methods, "path": hook.path, "node": hook.node});
    let webhooks: Vec<Value> = opened.webhooks.iter().map(show).collect();
    Ok(output::ok(&json!({"webhooks": webhooks, "version": stored.version, "expiresAt": opened.until})))
}

/// Closes them again.
pub(super) async fn close(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    workflows::changeable(&service, &identity, &id).await?;
    service.close_rehearsal(&WorkflowId::from(id.as_str())).await?;
    Ok(output::done())
}
