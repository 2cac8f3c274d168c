//! Streams of frames, and how they are written as server-sent events.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use engine_core::model::{Timestamp, WorkflowId};
use engine_core::runtime::Runtime;
use futures::future::{BoxFuture, Either, select};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};

use super::event::Event;
use crate::access::{Identity, authenticate};
use crate::api::may_see;
use crate::service::Inner;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    /// This happened.
    Event(Arc<Event>),
    /// So many events were lost: the reader was too slow.
    Lagged(u64),
    /// Nothing happened, and the caller may still listen.
    Heartbeat,
}

pub(super) type Frames = BoxStream<'static, Frame>;

/// How often something is sent, if only to say that nothing happened.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// For so long events are told without asking whether the caller may still listen.
pub(super) const CHECK: Duration = Duration::from_secs(2);
/// After how many milliseconds a client comes back.
const RETRY: u32 = 2000;

impl Frame {
    /// The frame as a message of its own.
    pub(super) fn to_json(&self) -> Option<Value> {
        match self {
            Self::Event(event) => Some(event.to_json()),
            Self::Lagged(lost) => Some(lagged(*lost)),
            Self::Heartbeat => None,
        }
    }

    /// The frame as a server-sent event.
    fn to_sse(&self) -> Bytes {
        match self {
            Self::Heartbeat => Bytes::from_static(b": heartbeat\n\n"),
            Self::Lagged(lost) => format!("event: engine.stream.lagged\ndata: {}\n\n", lagged(*lost)).into(),
            Self::Event(event) => {
                let id = event.id.as_ref().map(|id| format!("id: {id}\n")).unwrap_or_default();
                format!("{id}event: {}\ndata: {}\n\n", event.kind.name(), event.to_json()).into()
            }
        }
    }
}

fn lagged(lost: u64) -> Value {
    json!({"specversion": "1.0", "id": format!("lagged-{lost}"), "type": "engine.stream.lagged", "source": "/api/v1/events", "data": {"lost": lost}})
}

/// A stream as the body of an answer.
pub(super) fn sse(frames: Frames) -> impl futures::Stream<Item = Result<Bytes, std::convert::Infallible>> + Send + 'static {
    let begin = stream::iter([Bytes::from(format!("retry: {RETRY}\n\n"))]);
    begin.chain(frames.map(|frame| frame.to_sse())).map(Ok)
}

/// Who listens. Asked again at every heartbeat, and now and then between events: signing out ends a stream, and so does losing sight of its workflow.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) service: Arc<Inner>,
    pub(super) headers: HeaderMap,
    pub(super) address: Option<std::net::IpAddr>,
    /// The one workflow whose events are told; `None` where the stream itself asks what may be told to whom.
    pub(super) workflow: Option<WorkflowId>,
}

impl Listener {
    /// Who it is by now; none for somebody who may not listen any more.
    pub(super) async fn identity(&self) -> Option<Identity> {
        authenticate(&self.service, &self.headers, self.address).await.ok()
    }

    async fn may_stay(&self) -> bool {
        let Some(workflow) = &self.workflow else { return true };
        let Some(identity) = self.identity().await else { return false };
        may_see(&self.service, &identity, workflow.as_str()).await
    }
}

/// The same stream with heartbeats, for as long as the listener may listen.
pub(super) fn kept_alive(frames: Frames, listener: Listener) -> Frames {
    let runtime = Arc::clone(listener.service.engine.runtime());
    let kept = Kept { beat: runtime.sleep(HEARTBEAT), checked: runtime.now(), frames, listener, runtime };
    stream::unfold(kept, |mut kept| async move { kept.next().await.map(|frame| (frame, kept)) }).boxed()
}

/// A stream that is kept alive.
struct Kept {
    frames: Frames,
    listener: Listener,
    runtime: Arc<dyn Runtime>,
    beat: BoxFuture<'static, ()>,
    /// When the listener was asked last.
    checked: Timestamp,
}

impl Kept {
    async fn next(&mut self) -> Option<Frame> {
        let frame = match select(self.frames.next(), &mut self.beat).await {
            Either::Left((frame, _)) => frame?,
            Either::Right(((), _)) => {
                self.beat = self.runtime.sleep(HEARTBEAT);
                Frame::Heartbeat
            }
        };
        let now = self.runtime.now();
        if matches!(frame, Frame::Heartbeat) || now.since(self.checked) >= CHECK {
            self.checked = now;
            return self.listener.may_stay().await.then_some(frame);
        }
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use engine_core::model::ExecutionId;

    use super::super::event::Kind;
    use super::*;

    /// A line break in what a node wrote would be an event of its own.
    #[test]
    fn inv_34_a_line_of_a_node_cannot_begin_another_event() {
        let event = Event {
            kind: Kind::NodeLogged,
            id: Some("1".to_owned()),
            execution: ExecutionId::new(uuid::Uuid::nil()),
            workflow: "a\nb".into(),
            at: Timestamp::EPOCH,
            data: json!({"message": "x\n\nid: 7\r\nevent: engine.execution.ended\u{0}"}),
        };
        let text = String::from_utf8(Frame::Event(Arc::new(event)).to_sse().to_vec()).expect("UTF-8");
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.starts_with("id: 1\nevent: engine.node.logged\ndata: {") && text.ends_with("}\n\n"), "{text}");
    }
}
