//! The REST API under `/api/v1`. [`table`] holds the routes as data; each names its permission.

mod answers;
mod audit;
mod credentials;
mod difference;
mod documents;
mod entitled;
mod executions;
mod input;
mod openapi;
mod origin;
mod output;
mod readiness;
mod recovery;
#[cfg(feature = "webhooks")]
mod rehearsals;
mod repeat;
mod routes;
mod sign_in;
mod system;
mod table;
mod trials;
mod users;
#[cfg(feature = "swagger-ui")]
mod viewer;
mod workflows;

pub(crate) use readiness::Readiness;
pub(crate) use users::address;

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::any;
use axum::{extract::Request, middleware};

#[cfg(feature = "events")]
pub(crate) use input::{Ask, Caller, Place};
#[cfg(feature = "events")]
pub(crate) use workflows::seen as may_see;

use crate::problem::ApiError;
use crate::service::Inner;

/// The part of the router that serves the API.
pub(crate) fn routes(service: &Arc<Inner>) -> Router<Arc<Inner>> {
    let absent = |request: Request| async move { ApiError::not_found("resource", request.uri().path()).into_response() };
    let wrong = |request: Request| async move { ApiError::method(request.method()).into_response() };
    let router = table::router(routes::all(), service).route("/api/{*rest}", any(absent)).method_not_allowed_fallback(wrong);
    #[cfg(feature = "swagger-ui")]
    let router = router.route("/api/v1/docs/", axum::routing::get(viewer::index));
    router.layer(middleware::from_fn_with_state(Arc::clone(service), origin::enter))
}
