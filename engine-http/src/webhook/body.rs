//! Reading bodies: never more than the limit of one request, and never more than the budget of all.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::failure::Failure;
use crate::budget::{Full, Share};

impl From<Full> for Failure {
    fn from(full: Full) -> Self {
        match full {
            Full::Now => Self::busy(),
            Full::Ever(room) => {
                let message = format!("request entity too large: once it is read it takes {room} bytes, more than all bodies together may");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
            }
        }
    }
}

/// A body that arrives more slowly than this is not waited for, in bytes a second.
const SLOWEST: u64 = 16 * 1024;

/// How long a body may take to arrive.
pub(super) fn patience(headers: &HeaderMap, limit: usize, least: Duration) -> Duration {
    let most = announced(headers).unwrap_or(limit as u64).min(limit as u64);
    least + Duration::from_secs(most / SLOWEST)
}

pub(super) fn too_slow() -> Failure {
    Failure::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")
}

/// The length that the request announces.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses a request that announces too much, before a byte of it is read.
pub(super) fn check_length(headers: &HeaderMap, limit: usize) -> Result<(), Failure> {
    match announced(headers) {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

pub(super) fn too_large(limit: usize) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("request entity too large: at most {limit} bytes are taken"))
}

/// Bytes as text. What is none grows to three times its length: room is taken for that.
pub(super) fn text<'b>(bytes: &'b [u8], share: &mut Share) -> Result<Cow<'b, str>, Full> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => share.take_room(bytes.len() * 2).map(|()| String::from_utf8_lossy(bytes)),
    }
}

/// Reads a body to its end.
pub(super) async fn read(headers: &HeaderMap, mut body: Body, limit: usize, share: &mut Share) -> Result<Bytes, Failure> {
    check_length(headers, limit)?;
    let mut first = Bytes::new();
    let mut all: Option<BytesMut> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "the request body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        if share.bytes() + data.len() > limit {
            return Err(too_large(limit));
        }
        share.take(data.len())?;
        match &mut all {
            Some(all) => all.extend_from_slice(&data),
            None if first.is_empty() => first = data,
            None => {
                let mut joined = BytesMut::with_capacity(first.len() + data.len());
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                all = Some(joined);
            }
        }
    }
    Ok(all.map_or(first, BytesMut::freeze))
}
