//! What the server says about itself.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine_core::store::PageRequest;
use serde_json::{Value, json};

use super::input::Caller;
use super::{openapi, output, routes, workflows};
use crate::problem::{self, ApiError};
use crate::service::Inner;
use crate::telemetry;

pub(super) async fn node_types(State(service): State<Arc<Inner>>) -> Result<Response, ApiError> {
    let schemas: Result<Vec<Value>, _> = service.engine.registry().schemas().map(serde_json::to_value).collect();
    Ok(output::page::<()>(&schemas.map_err(|_| ApiError::internal())?, None))
}

pub(super) async fn schedules(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for schedule in service.stores.schedules.schedules(None).await? {
        if workflows::visible(&service, &identity, schedule.id.workflow.as_str()).await.is_ok() {
            data.push(json!({
                "workflowId": schedule.id.workflow, "node": schedule.id.node, "rule": schedule.id.rule, "spec": schedule.spec,
                "timeZone": schedule.time_zone, "next": schedule.next, "last": schedule.last,
            }));
        }
    }
    Ok(output::page::<()>(&data, None))
}

pub(super) async fn webhooks(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for (workflow, webhook) in service.served() {
        if workflows::seen(&service, &identity, workflow.as_str()).await {
            data.push(json!({"workflowId": workflow, "methods": webhook.methods, "path": webhook.path, "node": webhook.node}));
        }
    }
    Ok(output::page::<()>(&data, None))
}

pub(super) async fn version() -> Response {
    output::ok(&json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}))
}

pub(super) async fn openapi(State(service): State<Arc<Inner>>) -> Response {
    /// Written once, without sign-in and with it: anybody may ask for it.
    static WRITTEN: [OnceLock<Bytes>; 2] = [OnceLock::new(), OnceLock::new()];
    let signs_in = service.config.sign_in.is_some();
    let text = WRITTEN[usize::from(signs_in)].get_or_init(|| openapi::document(&routes::all(), signs_in).to_string().into());
    ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response()
}

pub(super) async fn health() -> Response {
    output::ok(&json!({"status": "ok"}))
}

/// Ready is a server that can read its store and has room for executions.
pub(super) async fn ready(State(service): State<Arc<Inner>>) -> Response {
    let ask = async { service.stores.accounts.users(PageRequest::first(1)).await.is_ok() };
    let store = service.readiness.answer(|| service.engine.runtime().now(), ask).await;
    let (running, limit) = service.executions.load();
    let checks = json!({"store": store, "executions": {"running": running, "limit": limit}});
    if store && running < limit {
        return output::ok(&json!({"status": "ready", "checks": checks}));
    }
    problem::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "not ready", "checks": checks}))
}

pub(super) async fn metrics(State(service): State<Arc<Inner>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::render(&service).await).into_response()
}
