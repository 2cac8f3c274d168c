//! The REST API under `/api/v1`.

mod executions;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::service::Inner;

/// The part of the router that serves the API.
pub(crate) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/api/v1/workflows/{id}/executions", post(executions::start))
        .route("/api/v1/executions", get(executions::list))
        .route("/api/v1/executions/{id}", get(executions::show).delete(executions::delete))
        .route("/api/v1/executions/{id}/cancel", post(executions::cancel))
}
