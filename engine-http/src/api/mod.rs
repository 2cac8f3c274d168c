//! The REST API under `/api/v1`. [`table`] holds the routes as data; each names its permission.

mod audit;
mod credentials;
mod documents;
mod executions;
mod input;
mod openapi;
mod output;
mod repeat;
mod routes;
mod sign_in;
mod system;
mod table;
mod users;
mod workflows;

pub(crate) use users::address;

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::any;

use crate::problem::ApiError;
use crate::service::Inner;

/// The part of the router that serves the API.
pub(crate) fn routes(service: &Arc<Inner>) -> Router<Arc<Inner>> {
    let router = table::router(routes::all(), service);
    router.route("/api/{*rest}", any(|uri: axum::http::Uri| async move { ApiError::not_found("resource", uri.path()).into_response() }))
}
