//! Routes as data: method, path, permission, what goes in and what comes out, and the handler. The router, its guards and the `OpenAPI` document are made from one table.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
#[cfg(feature = "rate-limit")]
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::repeat;
use crate::access::{Identity, Permission, authenticate};
use crate::address;
#[cfg(feature = "rate-limit")]
use crate::limit::{Scope, Subject};
use crate::problem::ApiError;
use crate::service::Inner;

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// A route of the API.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) summary: &'static str,
    pub(crate) query: Option<MakeSchema>,
    pub(crate) body: Option<MakeSchema>,
    pub(crate) is_body_required: bool,
    /// What is answered.
    pub(crate) answer: Option<MakeSchema>,
    pub(crate) status: u16,
    pub(crate) versions: Versions,
    /// Whether it may take longer than others: it waits for an execution, or is a stream.
    pub(crate) is_long: bool,
    /// Whether a repeated request with the same `Idempotency-Key` has one effect.
    pub(crate) repeatable: bool,
    handler: MethodRouter<Arc<Inner>>,
}

/// What a route has to do with versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    /// Nothing.
    None,
    /// The answer carries one, as `ETag`.
    Told,
    /// A change names the one that it was made on, with `If-Match`, and the answer carries the next one.
    Asked,
}

impl Route {
    fn new<H, T>(filter: (MethodFilter, Method), path: &'static str, (permission, summary): (Permission, &'static str), handler: H) -> Self
    where
        H: Handler<T, Arc<Inner>>,
        T: 'static,
    {
        let (filter, method) = filter;
        let (query, body, answer) = (None, None, None);
        let (versions, is_body_required, is_long, repeatable) = (Versions::None, false, false, false);
        let handler = on(filter, handler);
        Self { method, path, permission, summary, query, body, is_body_required, answer, status: 200, versions, is_long, repeatable, handler }
    }

    /// The query parameters.
    pub(crate) fn query<Q: JsonSchema>(mut self) -> Self {
        self.query = Some(SchemaGenerator::subschema_for::<Q>);
        self
    }

    /// The body, which may be left out.
    pub(crate) fn maybe<B: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<B>);
        self
    }

    /// The body.
    pub(crate) fn body<B: JsonSchema>(mut self) -> Self {
        self.is_body_required = true;
        self.maybe::<B>()
    }

    /// The body of the answer.
    pub(crate) fn gives<A: JsonSchema>(mut self) -> Self {
        self.answer = Some(SchemaGenerator::subschema_for::<A>);
        self
    }

    /// The answer carries the version, as `ETag`.
    pub(crate) fn tagged(mut self) -> Self {
        self.versions = Versions::Told;
        self
    }

    /// A change names the version that it was made on, with `If-Match`.
    pub(crate) fn conditional(mut self) -> Self {
        self.versions = Versions::Asked;
        self
    }

    /// It may take as long as it takes.
    pub(crate) fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    /// The status of success, where it is not 200.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Something new is made: 201, its version, and once only under an `Idempotency-Key`.
    pub(crate) fn made(self) -> Self {
        self.status(201).tagged().repeatable()
    }

    /// Takes an `Idempotency-Key`.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

macro_rules! verbs {
    ($($name:ident = $method:ident;)*) => {
        $(
            #[doc = concat!("A route for ", stringify!($method), ".")]
            pub(super) fn $name<H, T>(path: &'static str, permission: Permission, summary: &'static str, handler: H) -> Route
            where
                H: Handler<T, Arc<Inner>>,
                T: 'static,
            {
                Route::new((MethodFilter::$method, Method::$method), path, (permission, summary), handler)
            }
        )*
    };
}

verbs! {
    get = GET;
    post = POST;
    put = PUT;
    patch = PATCH;
    delete = DELETE;
}

/// The router of a table.
pub(super) fn router(table: Vec<Route>, service: &Arc<Inner>) -> Router<Arc<Inner>> {
    let mut router = Router::new();
    for route in table {
        let guard = Guard {
            service: Arc::clone(service),
            permission: route.permission,
            repeatable: route.repeatable,
            is_long: route.is_long,
            signs_in: route.permission == Permission::Public && route.method == Method::POST,
        };
        let handler = route.handler.layer(middleware::from_fn_with_state(guard, enter));
        router = router.route(route.path, handler);
    }
    router
}

#[derive(Clone)]
struct Guard {
    service: Arc<Inner>,
    permission: Permission,
    repeatable: bool,
    is_long: bool,
    /// Whether passwords or tokens are tried out here.
    signs_in: bool,
}

/// Stands before every handler: lets the caller in or not, and answers repeated requests.
async fn enter(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut told = HeaderMap::new();
    let mut response = match admit(&guard, &parts, &mut told).await {
        Ok(identity) => run(&guard, identity, Request::from_parts(parts, body), next).await,
        Err(error) => error.into_response(),
    };
    response.headers_mut().extend(told);
    let headers = response.headers_mut();
    let prefix = address::prefix(&guard.service.config);
    if !prefix.is_empty()
        && let Some(location) = headers.get(header::LOCATION).and_then(|location| location.to_str().ok()).filter(|location| location.starts_with('/'))
        && let Ok(location) = HeaderValue::from_str(&format!("{prefix}{location}"))
    {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What one caller was told is for nobody else.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn run(guard: &Guard, identity: Identity, mut request: Request, next: Next) -> Response {
    let service = &guard.service;
    let may_repeat = guard.repeatable.then(|| identity.clone());
    request.extensions_mut().insert(identity);
    let answered = async {
        match may_repeat {
            Some(identity) => repeat::once(service, &identity, request, next).await,
            None => next.run(request).await,
        }
    };
    if guard.is_long {
        return answered.await;
    }
    // A body may take as long to arrive, and the answer as long again.
    tokio::time::timeout(service.config.request_timeout * 2, answered).await.unwrap_or_else(|_| ApiError::late().into_response())
}

#[cfg_attr(not(feature = "rate-limit"), expect(unused_variables, reason = "without limits there is nothing to tell of them"))]
async fn admit(guard: &Guard, parts: &Parts, told: &mut HeaderMap) -> Result<Identity, ApiError> {
    let address = address::of(&parts.headers, &parts.extensions, &guard.service.config);
    #[cfg(feature = "rate-limit")]
    limit_address(guard, address::counted(&parts.headers, &parts.extensions, &guard.service.config), told).await?;
    let identity = match authenticate(&guard.service, &parts.headers, address).await {
        Ok(identity) if identity.may(guard.permission) => identity,
        Ok(_) => return Err(ApiError::forbidden(guard.permission.scope())),
        Err(_) if guard.permission == Permission::Public => Identity::nobody(),
        Err(error) => return Err(error),
    };
    #[cfg(feature = "rate-limit")]
    limit_caller(guard, &identity, told).await?;
    Ok(identity)
}

#[cfg(feature = "rate-limit")]
async fn limit_address(guard: &Guard, address: Option<std::net::IpAddr>, told: &mut HeaderMap) -> Result<(), ApiError> {
    let Some(address) = address else { return Ok(()) };
    if guard.signs_in {
        limit(guard, (Scope::SignIn, Subject::address(address)), told).await?;
    }
    // Those who look after the server are no burden.
    if guard.permission == Permission::Public && !guard.signs_in {
        Ok(())
    } else {
        limit(guard, (Scope::Address, Subject::address(address)), told).await
    }
}

#[cfg(feature = "rate-limit")]
async fn limit_caller(guard: &Guard, identity: &Identity, told: &mut HeaderMap) -> Result<(), ApiError> {
    match (identity.key, identity.user) {
        (Some(key), _) => limit(guard, (Scope::Key, Subject::Id(key.as_uuid())), told).await,
        (None, Some(user)) => limit(guard, (Scope::User, Subject::Id(user.as_uuid())), told).await,
        (None, None) => Ok(()),
    }
}

#[cfg(feature = "rate-limit")]
async fn limit(guard: &Guard, (scope, subject): (Scope, Subject), told: &mut HeaderMap) -> Result<(), ApiError> {
    let numbers = &guard.service.edge.numbers;
    let Some(verdict) = guard.service.edge.limiter.check(scope, subject, &numbers.fallbacks).await else { return Ok(()) };
    verdict.write(told);
    if verdict.wait.is_none() {
        return Ok(());
    }
    numbers.refused(scope.counted());
    Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "you ask more often than you may: wait as long as Retry-After says"))
}
