//! Webhooks: requests that start executions of active workflows, and requests that resume waiting ones.
//!
//! [`table`] finds the [`hook`], [`options`] holds what its node asks for, [`guard`] decides who may call, [`item`] and [`body`] make the item that the trigger
//! gives, [`start`] runs the workflow and waits as the response mode says, [`answer`] writes the response.

mod answer;
mod auth;
mod body;
mod cors;
mod failure;
mod form;
mod guard;
mod hook;
mod item;
#[cfg(feature = "jwt")]
mod jwt;
mod options;
mod query;
mod start;
mod table;
mod waiting;

pub(crate) use body::Budget;
pub(crate) use hook::{Hook, hooks};
pub(crate) use options::HookOptions;
pub(crate) use table::RouteTable;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::any;

use crate::service::Inner;
use failure::Failure;

/// The part of the router that serves webhooks.
pub(crate) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/webhook/{*path}", any(production))
        .route("/webhook-waiting/{id}", any(waiting::resume))
        .route("/webhook-waiting/{id}/{*suffix}", any(waiting::resume_at))
}

async fn production(State(service): State<Arc<Inner>>, request: Request) -> Response {
    let origin = cors::Origin::of(request.headers());
    let table = service.table.load();
    let Some(path) = request.uri().path().strip_prefix("/webhook/") else { return Failure::unknown("").into_response() };
    let Some(found) = table.find(path) else { return Failure::unknown(path).into_response() };
    if request.method() == Method::OPTIONS && found.hook(&Method::OPTIONS).is_none() {
        return cors::preflight(&found, &origin);
    }
    let Some((hook, output)) = found.hook(request.method()) else {
        return Failure::method(request.method(), &found.methods()).into_response();
    };
    let (hook, params) = (Arc::clone(hook), found.params(hook));
    drop(table);
    let result = start::serve(&service, &hook, start::Call { request, params, output }).await;
    let mut response = result.unwrap_or_else(Failure::into_response);
    cors::allow(&mut response, &hook.options, &origin);
    response
}
