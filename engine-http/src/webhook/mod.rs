//! Webhooks: requests that start executions of active workflows, and requests that resume waiting ones.
//!
//! [`table`] finds the [`hook`], [`options`] holds what its node asks for, [`guard`] decides who may call, [`item`] and [`body`] make the item that the trigger
//! gives, [`start`] runs the workflow and waits as the response mode says, [`answer`] writes the response. [`page`] serves what people fill in instead.

mod answer;
mod auth;
mod body;
mod cors;
mod delivery;
mod failure;
mod form;
mod guard;
mod hook;
mod item;
#[cfg(feature = "jwt")]
mod jwt;
mod options;
mod page;
mod parked;
mod query;
#[cfg(feature = "api")]
mod rehearsal;
mod signature;
mod start;
mod table;
mod waiting;

pub(crate) use hook::{Hook, hooks};
pub(crate) use options::HookOptions;
pub(crate) use table::RouteTable;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use axum::routing::any;

use crate::service::Inner;
use delivery::Delivery;
use failure::Failure;

/// The part of the router that serves webhooks.
pub(crate) fn routes() -> Router<Arc<Inner>> {
    let router = Router::new()
        .route("/webhook/{*path}", any(production))
        .route("/form/{*path}", any(form_page))
        .route("/form-waiting/{id}", any(page::later))
        .route("/form-waiting/{id}/{*suffix}", any(page::later_at))
        .route("/webhook-waiting/{id}", any(waiting::resume))
        .route("/webhook-waiting/{id}/{*suffix}", any(waiting::resume_at));
    #[cfg(feature = "api")]
    let router = router.route("/webhook-test/{*path}", any(rehearsal)).route("/form-test/{*path}", any(rehearsal));
    router
}

async fn production(State(service): State<Arc<Inner>>, request: Request) -> Response {
    serve(&service, "/webhook/", request).await
}

/// Forms have addresses of their own, as in n8n; they are found among the webhooks as well.
async fn form_page(State(service): State<Arc<Inner>>, request: Request) -> Response {
    serve(&service, "/form/", request).await
}

async fn serve(service: &Arc<Inner>, prefix: &str, request: Request) -> Response {
    let origin = cors::Origin::of(request.headers());
    let table = service.table.load();
    let Some(path) = request.uri().path().strip_prefix(prefix) else { return Failure::unknown(request.method(), "").into_response() };
    let is_here = |found: &table::Found<'_>| prefix != "/form/" || found.hook(&Method::POST).is_some_and(|(hook, _)| hook.form.is_some());
    let Some(found) = table.find(path).filter(is_here) else { return absent(prefix, Failure::unknown(request.method(), path), request.headers()) };
    if request.method() == Method::OPTIONS && found.hook(&Method::OPTIONS).is_none() {
        return cors::preflight(&found, &origin);
    }
    // A form is looked at with HEAD as well; a webhook takes the methods that its author chose.
    let looks = prefix == "/form/" && request.method() == Method::HEAD;
    let Some((hook, output)) = found.hook(if looks { &Method::GET } else { request.method() }) else {
        return Failure::method(request.method(), &found.methods()).into_response();
    };
    let (hook, params) = (Arc::clone(hook), found.params(hook));
    drop(table);
    #[cfg(feature = "rate-limit")]
    if let Some(refused) = too_many(service, crate::address::counted(request.headers(), request.extensions(), &service.config)).await {
        return refused;
    }
    answer(service, &hook, start::Call { request, params, output }).await
}

/// Nothing is served there. What lies at the address of a form is a page, unless the caller asks for JSON.
fn absent(prefix: &str, failure: Failure, headers: &HeaderMap) -> Response {
    let accepts = |kind: &str| headers.get_all(header::ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok()).any(|kinds| kinds.contains(kind));
    let is_page = prefix.starts_with("/form") && (accepts("text/html") || !accepts("json"));
    if is_page { page::absent() } else { failure.into_response() }
}

/// A call of a webhook that is tried out.
#[cfg(feature = "api")]
async fn rehearsal(State(service): State<Arc<Inner>>, request: Request) -> Response {
    // Before the store is asked.
    #[cfg(feature = "rate-limit")]
    if let Some(refused) = too_many(&service, crate::address::counted(request.headers(), request.extensions(), &service.config)).await {
        return refused;
    }
    let path = request.uri().path();
    let prefix = if path.starts_with("/form-test/") { "/form-test/" } else { "/webhook-test/" };
    let path = path.strip_prefix(prefix).unwrap_or_default().to_owned();
    let looks = prefix == "/form-test/" && request.method() == Method::HEAD;
    let method = if looks { Method::GET } else { request.method().clone() };
    match service.take_rehearsal(&path, &method).await {
        Ok(meant) => answer(&service, &meant.hook, start::Call { request, params: meant.params, output: meant.output }).await,
        Err(rehearsal::Unmeant::Unknown) => absent(prefix, Failure::not_open(&path), request.headers()),
        Err(rehearsal::Unmeant::Method(methods)) => Failure::method(&method, &methods).into_response(),
        Err(rehearsal::Unmeant::Store(error)) => Failure::of_store(&error).into_response(),
    }
}

async fn answer(service: &Arc<Inner>, hook: &Arc<Hook>, mut call: start::Call) -> Response {
    let origin = cors::Origin::of(call.request.headers());
    if let Some(form) = &hook.form {
        return page::first(service, hook, form, call).await;
    }
    let delivery = hook.options.signature.is_some().then(|| Delivery::to(service, hook));
    if let Some(delivery) = &delivery {
        call.request.extensions_mut().insert(delivery.clone());
    }
    let result = start::serve(service, hook, call).await;
    let mut response = result.unwrap_or_else(Failure::into_response);
    if let Some(delivery) = delivery {
        delivery.settle(response.status()).await;
    }
    cors::allow(&mut response, &hook.options, &origin);
    response
}

/// The answer to a caller who calls too often.
#[cfg(feature = "rate-limit")]
async fn too_many(service: &Inner, address: Option<std::net::IpAddr>) -> Option<Response> {
    use crate::limit::{Scope, Subject};

    let numbers = &service.edge.numbers;
    let verdict = service.edge.limiter.check(Scope::Webhooks, Subject::address(address?), &numbers.fallbacks).await?;
    verdict.wait?;
    numbers.refused(verdict.scope.counted());
    let mut response = Failure::too_many().into_response();
    verdict.write(response.headers_mut());
    Some(response)
}
