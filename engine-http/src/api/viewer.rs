//! The viewer of the API's description: Swagger UI out of the program itself, so that it needs no network.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

use super::input::Place;
use crate::problem::ApiError;

const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'");

pub(super) async fn index() -> Redirect {
    Redirect::permanent("/api/v1/docs/index.html")
}

pub(super) async fn file(Place(name): Place<String>) -> Result<Response, ApiError> {
    let served = utoipa_swagger_ui::serve(&name, Arc::new(Config::from("../openapi.json")));
    let file = served.map_err(|_| ApiError::internal())?.ok_or_else(|| ApiError::not_found("file", &name))?;
    let mut response = file.bytes.into_owned().into_response();
    if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}
