//! Which web pages may call. A browser says from where it calls; other programs say nothing, and are let through.
//!
//! On a server without sign-in every page that its user visits could call it: pages of other origins are refused, and so are names that were made to point at it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Config;
use crate::edge::ALWAYS;
use crate::problem::ApiError;
use crate::service::Inner;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, x-api-key, x-n8n-api-key, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("etag, location, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id");

/// Stands before the routes of the API.
pub(super) async fn enter(State(service): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    let config = &service.config;
    let origin = request.headers().get(header::ORIGIN).cloned();
    let listed = origin.filter(|origin| config.origins.iter().any(|allowed| allowed.trim_end_matches('/').as_bytes() == origin.as_bytes()));
    if let Some(origin) = &listed
        && request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        allow(headers, origin);
        return response;
    }
    // Whoever looks after the server may call it by the name that it has inside.
    let is_open = ALWAYS.contains(&request.uri().path()) && request.method() == Method::GET;
    if config.sign_in.is_none()
        && listed.is_none()
        && !is_open
        && let Err(error) = check(request.headers(), config)
    {
        return error.into_response();
    }
    let mut response = next.run(request).await;
    if let Some(origin) = &listed {
        allow(response.headers_mut(), origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Whether a request to a server without sign-in comes from its own pages, or from no page at all.
fn check(headers: &HeaderMap, config: &Config) -> Result<(), ApiError> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let own = config.public_url.as_deref().and_then(authority);
    let host = text(header::HOST);
    if host.is_some_and(|host| !is_here(host) && own != Some(host)) {
        let detail = "nobody has to sign in here, so the server is called by its address, as localhost, or by its configured name";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-host", detail));
    }
    let is_own = |origin: &str| authority(origin).is_some_and(|authority| Some(authority) == host || Some(authority) == own);
    if text(header::ORIGIN).is_some_and(|origin| !is_own(origin)) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-origin", "pages of other origins may not call this server"));
    }
    Ok(())
}

/// Host and port of an address.
fn authority(url: &str) -> Option<&str> {
    url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest))
}

/// An address, or a name that cannot be made to point elsewhere.
fn is_here(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let name = bracketed.unwrap_or_else(|| host.rsplit_once(':').map_or(host, |(name, _)| name));
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(host: &str, origin: Option<&str>) -> Option<&'static str> {
        let mut headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
        headers.extend(origin.map(|origin| (header::ORIGIN, origin.parse().expect("a value"))));
        check(&headers, &Config::default().public_url("https://flows.example.com")).err().map(|error| error.code())
    }

    #[test]
    fn pages_of_others_and_borrowed_names_are_kept_out() {
        for host in ["127.0.0.1:5678", "localhost:5678", "LOCALHOST", "[::1]:5678", "a.localhost", "10.1.2.3", "flows.example.com"] {
            assert_eq!(verdict(host, None), None, "{host}");
        }
        for host in ["rebound.example", "localhost.evil.example:5678", "127.0.0.1.nip.io", "", "flows.example.com:1"] {
            assert_eq!(verdict(host, None), Some("foreign-host"), "{host}");
        }
        assert_eq!(verdict("127.0.0.1:5678", Some("http://127.0.0.1:5678")), None);
        assert_eq!(verdict("127.0.0.1:5678", Some("https://flows.example.com")), None, "behind a proxy");
        for origin in ["http://evil.example", "http://127.0.0.1:80", "null", "http://127.0.0.1:5678.evil.example"] {
            assert_eq!(verdict("127.0.0.1:5678", Some(origin)), Some("foreign-origin"), "{origin}");
        }
    }
}
