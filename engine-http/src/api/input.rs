//! What handlers take in: the caller, bodies and queries whose mistakes are named by their place, cursors, conditions.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::access::Identity;
use crate::budget::{Full, Share};
use crate::problem::{self, ApiError};
use crate::service::Inner;

/// Bodies larger than this are refused.
pub(super) const MAX_BODY: usize = 16 << 20;

/// The caller, let in by the guard of the route.
pub(crate) struct Caller(pub(crate) Identity);

impl FromRequestParts<Arc<Inner>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Inner>) -> Result<Self, ApiError> {
        parts.extensions.get::<Identity>().cloned().map(Self).ok_or_else(ApiError::unauthenticated)
    }
}

/// What stands in the path. An id that is none names nothing.
pub(crate) struct Place<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Inner>> for Place<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Inner>) -> Result<Self, ApiError> {
        let absent = |_| ApiError::new(StatusCode::NOT_FOUND, "not-found", "the address names nothing that could be there");
        Path::from_request_parts(parts, service).await.map(|Path(place)| Self(place)).map_err(absent)
    }
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        match full {
            Full::Now => Self::busy(),
            Full::Ever(room) => Self::too_roomy(room),
        }
    }
}

/// A JSON body, and its share of the budget: a handler holds both until it has answered.
pub(super) struct Read<T>(pub(super) T, pub(super) Share);

impl<T: DeserializeOwned> FromRequest<Arc<Inner>> for Read<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Inner>) -> Result<Self, ApiError> {
        let (body, share) = whole(service, request).await?;
        parse(&body, share).map(|(read, share)| Self(read, share))
    }
}

/// A body that may be empty, which reads as `{}`.
pub(super) struct ReadOr<T>(pub(super) T, pub(super) Share);

impl<T: DeserializeOwned> FromRequest<Arc<Inner>> for ReadOr<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Inner>) -> Result<Self, ApiError> {
        let (body, share) = whole(service, request).await?;
        parse(if body.is_empty() { b"{}" } else { &body }, share).map(|(read, share)| Self(read, share))
    }
}

/// Reads JSON. The share of the text becomes that of what is read.
fn parse<T: DeserializeOwned>(body: &[u8], mut share: Share) -> Result<(T, Share), ApiError> {
    share.take_parsed(body)?;
    let read = problem::read(body)?;
    share.give_back(body.len());
    Ok((read, share))
}

/// A body that was read before its handler, with its share of the budget: whoever reads the request takes both.
#[derive(Clone, Debug)]
pub(super) struct Kept(Arc<Mutex<Option<(Bytes, Share)>>>);

impl Kept {
    pub(super) fn new(body: Bytes, share: Share) -> Self {
        Self(Arc::new(Mutex::new(Some((body, share)))))
    }

    fn take(&self) -> Option<(Bytes, Share)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A whole body, for as long as its share is held. What is too large is refused before it is read, where it says so, and as soon as it is passed where it does not.
pub(super) async fn whole(service: &Inner, request: Request) -> Result<(Bytes, Share), ApiError> {
    if let Some(kept) = request.extensions().get::<Kept>().and_then(Kept::take) {
        return Ok(kept);
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(ApiError::too_large(MAX_BODY));
    }
    let mut share = service.budget.share();
    let reading = gather(request.into_body(), &mut share);
    let late = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "the body did not arrive in time");
    let body = tokio::time::timeout(service.config.request_timeout, reading).await.map_err(late)??;
    Ok((body, share))
}

async fn gather(body: Body, share: &mut Share) -> Result<Bytes, ApiError> {
    let mut stream = body.into_data_stream();
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("the body could not be read"))?;
        if all.len() + chunk.len() > MAX_BODY {
            return Err(ApiError::too_large(MAX_BODY));
        }
        share.take(chunk.len())?;
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// Query parameters.
pub(crate) struct Ask<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Inner>> for Ask<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Inner>) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "invalid-query", error.body_text()))
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PageQuery {
    /// At most so many: 1 to 250, 100 where nothing is said.
    #[schemars(range(min = 1, max = 250))]
    pub(super) limit: Option<u32>,
    /// `nextCursor` of the part before.
    pub(super) cursor: Option<String>,
}

impl PageQuery {
    /// How many are asked for, and after which one.
    pub(super) fn read<C: DeserializeOwned>(&self) -> Result<(u32, Option<C>), ApiError> {
        Ok((limit(self.limit)?, self.cursor.as_deref().map(cursor).transpose()?))
    }
}

/// How many are asked for.
pub(super) fn limit(limit: Option<u32>) -> Result<u32, ApiError> {
    let limit = limit.unwrap_or(100);
    if (1..=250).contains(&limit) { Ok(limit) } else { Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid-query", "limit is 1 to 250")) }
}

/// Reads an opaque cursor.
pub(super) fn cursor<C: DeserializeOwned>(text: &str) -> Result<C, ApiError> {
    let bad = || ApiError::new(StatusCode::BAD_REQUEST, "invalid-cursor", "this is no cursor of this list");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    serde_json::from_slice(&bytes).map_err(|_| bad())
}

/// Writes an opaque cursor.
pub(super) fn to_cursor<C: serde::Serialize>(cursor: Option<&C>) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor?).ok()?))
}

/// The version that a change was made on: `If-Match: "3"`; `*` for any.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u32>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Err(ApiError::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition-required",
            "send If-Match with the ETag that you have read, or *",
        ));
    };
    if value.trim() == "*" {
        return Ok(None);
    }
    let number = value.trim().trim_matches('"').parse();
    number.map(Some).map_err(|_| ApiError::changed())
}
