//! The events of one execution: first what is stored, then what happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use engine_core::driver::ExecutionResult;
use engine_core::model::{ExecutionId, Timestamp, WorkflowId};
use engine_core::store::Wakeup;
use futures::future::{BoxFuture, Either, FutureExt, select};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};

use super::event::{END, Event, Kind, of_run};
use super::hub::{Heard, Subscription};
use super::journal::{Reading, load};
use super::wire::{Frame, Frames};
use crate::service::Inner;

/// The longest that a change in another process goes unseen.
const POLL: Duration = Duration::from_secs(1);
/// Reading a journal takes at most one part in so many of the time.
const SHARE: u32 = 10;
/// So many starts of nodes are remembered until they are read.
const MOST_TOLD: usize = 256;

/// Follows an execution of the store.
struct Follower {
    service: Arc<Inner>,
    id: ExecutionId,
    after: Option<u64>,
    reading: Reading,
    queue: VecDeque<Frame>,
    live: Option<Subscription>,
    wakeups: BoxStream<'static, Wakeup>,
    /// When the journal is read again.
    poll: BoxFuture<'static, ()>,
    /// Not before this time.
    rest: Timestamp,
    /// Starts of nodes that were told before they were recorded.
    told: VecDeque<Value>,
}

/// The frames of an execution of the store, those after `after`.
pub(super) fn stored(service: Arc<Inner>, id: ExecutionId, after: Option<u64>, live: Option<Subscription>) -> Frames {
    let wakeups = service.stores.executions.wakeups();
    let follower = Follower {
        poll: futures::future::ready(()).boxed(),
        rest: Timestamp::EPOCH,
        service,
        id,
        after,
        reading: Reading::default(),
        queue: VecDeque::new(),
        live,
        wakeups,
        told: VecDeque::new(),
    };
    stream::unfold(follower, |mut follower| async move { follower.next().await.map(|frame| (frame, follower)) }).boxed()
}

impl Follower {
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.queue.pop_front() {
                return Some(frame);
            }
            if self.reading.ended {
                return None;
            }
            match self.wait().await {
                Woken::Read => self.read().await,
                Woken::Tell(frame) => return Some(frame),
                Woken::Closed => return None,
            }
        }
    }

    /// Until there may be something to read, or something to tell at once.
    async fn wait(&mut self) -> Woken {
        let live = async {
            match &mut self.live {
                Some(live) => live.next().await,
                None => std::future::pending().await,
            }
        };
        let hint = select(Box::pin(live), self.wakeups.next());
        let now = self.service.engine.runtime().now();
        match select(hint, &mut self.poll).await {
            Either::Left((Either::Left((Heard::Event(event), _)), _)) if is_fleeting(event.kind) => {
                // Not recorded yet, or never: a stream does not go on after it.
                if event.kind == Kind::NodeStarted {
                    self.told.push_back(event.data.clone());
                    self.told.truncate(MOST_TOLD);
                }
                Woken::Tell(Frame::Event(Arc::new(Event { id: None, ..(*event).clone() })))
            }
            Either::Left((Either::Left((Heard::Lagged(lost), _)), _)) => Woken::Tell(Frame::Lagged(lost)),
            Either::Left((Either::Left((Heard::Closed, _)), _)) => Woken::Closed,
            Either::Left((Either::Right((None, _)), _)) => {
                self.wakeups = stream::pending().boxed();
                Woken::Read
            }
            // However often it is hinted at: reading takes a part of the time only.
            Either::Left(_) if now < self.rest => {
                self.poll = self.service.engine.runtime().sleep(self.rest.since(now));
                Woken::Read
            }
            _ => Woken::Read,
        }
    }

    async fn read(&mut self) {
        let runtime = Arc::clone(self.service.engine.runtime());
        let began = runtime.now();
        if began < self.rest {
            return;
        }
        match load(&self.service.stores, self.id).await {
            Some(stored) => {
                let events = self.reading.next(&self.service.stores, &stored, self.after).await;
                for event in events {
                    let told = (event.kind == Kind::NodeStarted).then(|| self.told.iter().position(|told| *told == event.data)).flatten();
                    match told {
                        Some(index) => drop(self.told.remove(index)),
                        None => self.queue.push_back(Frame::Event(Arc::new(event))),
                    }
                }
            }
            // Removed meanwhile.
            None => self.reading.ended = true,
        }
        let ended = runtime.now();
        let pause = ended.since(began).saturating_mul(SHARE).max(Duration::from_millis(20));
        self.rest = ended.after(pause);
        self.poll = runtime.sleep(pause.max(POLL));
    }
}

enum Woken {
    Read,
    Tell(Frame),
    Closed,
}

/// What no journal holds.
fn is_fleeting(kind: Kind) -> bool {
    matches!(kind, Kind::NodeStarted | Kind::NodeRetried | Kind::NodeLogged)
}

/// The frames of an execution that runs in this process and is not stored.
pub(super) fn unstored(live: Subscription) -> Frames {
    stream::unfold(Some(live), |live| async move {
        let mut live = live?;
        match live.next().await {
            Heard::Event(event) => {
                let go_on = (event.kind != Kind::Ended).then_some(live);
                Some((Frame::Event(event), go_on))
            }
            Heard::Lagged(lost) => Some((Frame::Lagged(lost), Some(live))),
            Heard::Closed => None,
        }
    })
    .boxed()
}

/// The frames of an execution that ended in this process and was not stored, those after `after`.
pub(super) fn ended(result: &ExecutionResult, (started, finished): (Timestamp, Timestamp), after: Option<u64>) -> Frames {
    let execution = result.execution();
    let plan = execution.plan();
    let workflow = plan.workflow();
    let workflow = workflow.id.clone().unwrap_or_else(|| WorkflowId::from(workflow.name.as_str()));
    let event = |kind, id: String, at, data| Event { kind, id: Some(id), execution: execution.id(), workflow: workflow.clone(), at, data };
    let mut runs = Vec::new();
    for (index, node) in (0..).zip(plan.nodes()) {
        for (number, record) in execution.log().all(index).into_iter().enumerate() {
            runs.push((
                record.order,
                event(Kind::NodeFinished, (record.order + 1).to_string(), record.finished, of_run(&node.spec.name, number, &record)),
            ));
        }
    }
    runs.sort_unstable_by_key(|(order, _)| *order);
    let runs = runs.into_iter().filter(|(order, _)| after.is_none_or(|after| u64::from(*order) + 1 > after)).map(|(_, event)| event);
    let first = after.is_none().then(|| event(Kind::Started, "0".to_owned(), started, json!({"mode": execution.mode()})));
    let last = event(Kind::Ended, END.to_owned(), finished, json!({"status": result.status(), "error": result.error()}));
    let all: Vec<Event> = first.into_iter().chain(runs).chain([last]).collect();
    stream::iter(all.into_iter().map(|event| Frame::Event(Arc::new(event)))).boxed()
}
