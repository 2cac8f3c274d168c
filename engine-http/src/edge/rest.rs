//! The rest of a body that a handler leaves unread.
//!
//! A caller who is answered in the middle of what it sends must get the answer: a connection that is closed while bytes arrive is reset, and the answer may be lost with
//! it. So what is left is read and dropped beside the answer, up to a bound; the connection is closed, or goes on, after that.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use engine_core::runtime::Runtime;
use futures::StreamExt;
use futures::future::{FutureExt, select};
use http_body::{Frame, SizeHint};

/// So many bytes of a rest are read.
const MOST: u64 = 1 << 20;
/// A rest is read for so long.
const PATIENCE: Duration = Duration::from_millis(500);

/// The body of a request. When it is dropped before its end, the rest is read.
pub(super) struct Watched {
    body: Body,
    runtime: Arc<dyn Runtime>,
    /// The caller sends nothing before it is asked to.
    asks_first: bool,
    ended: bool,
    left: Left,
}

/// Whether so much was left of a body that its connection can serve no other request.
#[derive(Clone, Default)]
pub(super) struct Left(Arc<AtomicBool>);

impl Watched {
    /// Watches over a body, where there is one.
    pub(super) fn over(body: Body, headers: &HeaderMap, runtime: &Arc<dyn Runtime>) -> (Body, Left) {
        let left = Left::default();
        if body.is_end_stream() {
            return (body, left);
        }
        let asks_first = headers.contains_key(header::EXPECT);
        let watched = Self { body, runtime: Arc::clone(runtime), asks_first, ended: false, left: left.clone() };
        (Body::new(watched), left)
    }
}

impl Left {
    /// Tells the caller to send nothing more over this connection, where too much of its request is left.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if self.0.load(Ordering::Acquire) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asks_first = false;
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.ended |= matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        let is_much = self.body.size_hint().exact().is_none_or(|rest| rest > MOST);
        self.left.0.store(is_much || self.asks_first, Ordering::Release);
        // Reading would ask for what the caller keeps back.
        if !self.asks_first {
            let body = std::mem::take(&mut self.body);
            let patience = self.runtime.sleep(PATIENCE);
            self.runtime.spawn(async move { drop(select(read(body).boxed(), patience).await) }.boxed());
        }
    }
}

/// Reads a body to its end or its bound, and drops it.
async fn read(body: Body) {
    let mut data = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = data.next().await {
        read += chunk.len() as u64;
        if read > MOST {
            return;
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}
