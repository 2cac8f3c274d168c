//! Routes as data: method, path, permission, what goes in and what comes out, and the handler. The router, its guards and the `OpenAPI` document are made from one table.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::repeat;
use crate::access::{Identity, Permission, authenticate};
use crate::address;
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
    pub(crate) status: u16,
    /// Whether a repeated request with the same `Idempotency-Key` has one effect.
    pub(crate) repeatable: bool,
    handler: MethodRouter<Arc<Inner>>,
}

impl Route {
    fn new<H, T>(filter: (MethodFilter, Method), path: &'static str, (permission, summary): (Permission, &'static str), handler: H) -> Self
    where
        H: Handler<T, Arc<Inner>>,
        T: 'static,
    {
        let (filter, method) = filter;
        Self { method, path, permission, summary, query: None, body: None, status: 200, repeatable: false, handler: on(filter, handler) }
    }

    /// The query parameters.
    pub(crate) fn query<Q: JsonSchema>(mut self) -> Self {
        self.query = Some(SchemaGenerator::subschema_for::<Q>);
        self
    }

    /// The body.
    pub(crate) fn body<B: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<B>);
        self
    }

    /// The status of success, where it is not 200.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
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
        let guard = Guard { service: Arc::clone(service), permission: route.permission, repeatable: route.repeatable };
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
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands before every handler: names the request, lets the caller in or not, and answers repeated requests.
async fn enter(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = request_id(&guard.service, &parts);
    let mut response = match admit(&guard, &parts).await {
        Ok(identity) => {
            let may_repeat = guard.repeatable.then(|| identity.clone());
            parts.extensions.insert(identity);
            let request = Request::from_parts(parts, body);
            match may_repeat {
                Some(identity) => repeat::once(&guard.service, &identity, request, next).await,
                None => next.run(request).await,
            }
        }
        Err(error) => error.of_request(&id).into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

async fn admit(guard: &Guard, parts: &Parts) -> Result<Identity, ApiError> {
    let address = address::of(&parts.headers, &parts.extensions, &guard.service.config);
    match authenticate(&guard.service, &parts.headers, address).await {
        Ok(identity) if identity.may(guard.permission) => Ok(identity),
        Ok(_) => Err(ApiError::forbidden(guard.permission.scope())),
        Err(_) if guard.permission == Permission::Public => Ok(Identity::nobody()),
        Err(error) => Err(error),
    }
}

/// The caller's own id of the request, where it is one that can be written to a log, or a new one.
fn request_id(service: &Inner, parts: &Parts) -> String {
    let own = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let own = own.filter(|id| !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)));
    own.map_or_else(|| service.executions.new_id().to_string(), str::to_owned)
}
