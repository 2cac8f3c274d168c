//! A response, read as it comes in and never further than the limit.

use std::time::Duration;

use bytes::Bytes;
use engine_core::blob::ByteStream;
use engine_core::model::Json;
use futures::stream::{self, StreamExt, TryStreamExt};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::HttpError;

/// A response whose body has not been read yet.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    pub(super) inner: reqwest::Response,
    /// The longest pause between two parts of the body.
    pub(super) pause: Duration,
    /// When it has to be over.
    pub(super) deadline: Instant,
}

impl HttpResponse {
    /// The header's value, where it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it comes in, decompressed. An [`HttpError`] travels within the stream's errors.
    pub fn stream(self, limit: u64) -> ByteStream {
        let (pause, deadline) = (self.pause, self.deadline);
        if self.inner.content_length().is_some_and(|length| length > limit) {
            return stream::iter([Err(std::io::Error::other(HttpError::TooLarge { limit }))]).boxed();
        }
        let read = move |mut response: reqwest::Response, so_far: u64| async move {
            let by = deadline.min(Instant::now() + pause);
            let chunk = match tokio::time::timeout_at(by, response.chunk()).await {
                Err(_) => return Err(HttpError::Timeout { after: pause }),
                Ok(chunk) => chunk.map_err(|error| HttpError::from_transport(&error, pause))?,
            };
            let Some(chunk) = chunk else { return Ok(None) };
            let so_far = so_far + chunk.len() as u64;
            if so_far > limit { Err(HttpError::TooLarge { limit }) } else { Ok(Some((chunk, (response, so_far)))) }
        };
        stream::try_unfold((self.inner, 0), move |(response, so_far)| read(response, so_far)).map_err(std::io::Error::other).boxed()
    }

    /// The whole body in memory, decompressed.
    ///
    /// # Errors
    /// When the body is larger than `limit`, takes too long or breaks off.
    pub async fn bytes(self, limit: u64) -> Result<Bytes, HttpError> {
        let mut stream = self.stream(limit);
        let mut first = stream.try_next().await.map_err(|error| HttpError::from_stream(&error))?.unwrap_or_default();
        let mut all: Option<Vec<u8>> = None;
        while let Some(chunk) = stream.try_next().await.map_err(|error| HttpError::from_stream(&error))? {
            all.get_or_insert_with(|| std::mem::take(&mut first).to_vec()).extend_from_slice(&chunk);
        }
        Ok(all.map_or(first, Bytes::from))
    }
}

/// Headers as Node.js shows them: one text for each name, a list only for cookies.
pub(crate) fn headers_to_json(headers: &HeaderMap) -> Value {
    let mut json = Json::new();
    for name in headers.keys() {
        let texts = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let value = if name == SET_COOKIE { texts.collect::<Vec<_>>().into() } else { texts.collect::<Vec<_>>().join(", ").into() };
        json.insert(name.as_str().to_owned(), value);
    }
    Value::Object(json)
}
