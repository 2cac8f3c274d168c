//! The events of all executions that a caller may see: those of this process as they happen, those of others as they show in the store.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use engine_core::model::{ExecutionId, Timestamp, WorkflowId};
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, ExecutionSummary, PageRequest, TenantId, Wakeup};
use futures::future::{BoxFuture, Either, FutureExt, select};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::json;

use super::event::{Event, Kind};
use super::hub::{Heard, Subscription};
use super::journal::ending;
use super::wire::{CHECK, Frame, Frames, Listener};
use crate::access::Identity;
use crate::api::may_see;
use crate::service::Inner;

/// How often the store is looked at.
const POLL: Duration = Duration::from_secs(2);
/// So many of the newest executions are looked at each time, and so many that have not ended.
const WINDOW: u32 = 250;
/// A stream that goes on looks back over so many executions.
const LOOK_BACK: u32 = 1000;
/// So many executions are remembered.
const MEMORY: usize = 4096;

/// Where a stream goes on: the time of an event and its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor(Timestamp, ExecutionId);

impl Cursor {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('-')?;
        Some(Self(Timestamp::from_micros(micros.parse().ok()?), ExecutionId::parse(id).ok()?))
    }

    fn of(event: &Event) -> String {
        format!("{}-{}", event.at.as_micros(), event.execution)
    }
}

/// Who listens to what.
pub(super) struct Asked {
    pub(super) listener: Listener,
    /// Who that was when it was asked last.
    pub(super) identity: Identity,
    pub(super) kinds: Arc<[Kind]>,
    pub(super) after: Option<Cursor>,
}

struct Overview {
    service: Arc<Inner>,
    asked: Asked,
    live: Option<Subscription>,
    wakeups: BoxStream<'static, Wakeup>,
    poll: BoxFuture<'static, ()>,
    queue: VecDeque<Frame>,
    known: Known,
    /// Which workflows the caller may see.
    visible: HashMap<WorkflowId, bool>,
    /// When it was asked last who the caller is.
    checked: Timestamp,
    first: bool,
}

/// How executions stood when they were last told of.
#[derive(Default)]
struct Known {
    statuses: HashMap<ExecutionId, ExecutionStatus>,
    order: BTreeSet<ExecutionId>,
}

impl Known {
    /// Notes how an execution stands; false when that was known. One that ended stays so.
    fn note(&mut self, id: ExecutionId, status: ExecutionStatus) -> bool {
        let status = if status == ExecutionStatus::New { ExecutionStatus::Running } else { status };
        let before = self.statuses.get(&id).copied();
        if before == Some(status) || before.is_some_and(ExecutionStatus::is_final) {
            return false;
        }
        self.statuses.insert(id, status);
        self.order.insert(id);
        if self.order.len() > MEMORY
            && let Some(oldest) = self.order.pop_first()
        {
            self.statuses.remove(&oldest);
        }
        true
    }

    fn open(&self) -> impl Iterator<Item = ExecutionId> {
        self.order.iter().rev().copied().filter(|id| self.statuses.get(id).is_some_and(|status| !status.is_final()))
    }
}

/// The frames of all executions that a caller may see.
pub(super) fn overview(service: Arc<Inner>, asked: Asked, live: Option<Subscription>) -> Frames {
    let wakeups = service.stores.executions.wakeups();
    let overview = Overview {
        checked: service.engine.runtime().now(),
        service,
        asked,
        live,
        wakeups,
        poll: futures::future::ready(()).boxed(),
        queue: VecDeque::new(),
        known: Known::default(),
        visible: HashMap::new(),
        first: true,
    };
    stream::unfold(overview, |mut overview| async move { overview.next().await.map(|frame| (frame, overview)) }).boxed()
}

enum Woken {
    Look,
    Heard(Heard),
    Again,
}

impl Overview {
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.queue.pop_front() {
                return Some(frame);
            }
            // What is there is looked at before anything is told: what happened before is no news.
            let woken = if self.first { Woken::Look } else { self.wait().await };
            if !matches!(woken, Woken::Again) && !self.is_still_there().await {
                return None;
            }
            match woken {
                Woken::Look => self.look().await,
                Woken::Heard(Heard::Event(event)) => self.hear(&event).await,
                Woken::Heard(Heard::Lagged(lost)) => return Some(Frame::Lagged(lost)),
                Woken::Heard(Heard::Closed) => return None,
                Woken::Again => {}
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let live = async {
            match &mut self.live {
                Some(live) => live.next().await,
                None => std::future::pending().await,
            }
        };
        let hint = select(Box::pin(live), self.wakeups.next());
        match select(hint, &mut self.poll).await {
            Either::Left((Either::Left((heard, _)), _)) => Woken::Heard(heard),
            Either::Left((Either::Right((Some(Wakeup::Ended), _)), _)) => {
                self.poll = self.service.engine.runtime().sleep(Duration::from_millis(100));
                Woken::Again
            }
            Either::Left((Either::Right((None, _)), _)) => {
                self.wakeups = stream::pending().boxed();
                Woken::Again
            }
            Either::Left(_) => Woken::Again,
            Either::Right(_) => Woken::Look,
        }
    }

    /// Asks again who the caller is and what that one may see, where that was asked a while ago. False for one who may not listen any more.
    async fn is_still_there(&mut self) -> bool {
        let now = self.service.engine.runtime().now();
        if now.since(self.checked) < CHECK {
            return true;
        }
        self.checked = now;
        self.visible.clear();
        let identity = self.asked.listener.identity().await;
        let is_there = identity.is_some();
        self.asked.identity = identity.unwrap_or_else(Identity::nobody);
        is_there
    }

    async fn sees(&mut self, workflow: &WorkflowId) -> bool {
        if let Some(known) = self.visible.get(workflow) {
            return *known;
        }
        let sees = may_see(&self.service, &self.asked.identity, workflow.as_str()).await;
        self.visible.insert(workflow.clone(), sees);
        sees
    }

    async fn hear(&mut self, event: &Arc<Event>) {
        let status = match event.kind {
            Kind::Started => Some(ExecutionStatus::Running),
            Kind::Waiting => Some(ExecutionStatus::Waiting),
            Kind::Paused => Some(ExecutionStatus::Paused),
            Kind::Ended => Some(ExecutionStatus::Success),
            _ => None,
        };
        let is_news = status.is_none_or(|status| self.known.note(event.execution, status));
        if is_news && self.sees(&event.workflow).await {
            self.tell((**event).clone(), status.is_some());
        }
    }

    /// An event about a whole execution can be gone on after.
    fn tell(&mut self, mut event: Event, is_recorded: bool) {
        if self.asked.kinds.contains(&event.kind) {
            event.id = is_recorded.then(|| Cursor::of(&event));
            self.queue.push_back(Frame::Event(Arc::new(event)));
        }
    }

    /// Looks at the store for what other processes did.
    async fn look(&mut self) {
        self.poll = self.service.engine.runtime().sleep(POLL);
        let mut found = {
            let (service, tenant) = (Arc::clone(&self.service), self.asked.identity.tenant.clone());
            match (self.first, self.asked.after) {
                (false, _) => newest(&service, &tenant, WINDOW).await,
                (true, after) => everything(&service, &tenant, if after.is_some() { LOOK_BACK } else { WINDOW }).await,
            }
        };
        let seen: BTreeSet<ExecutionId> = found.iter().map(|summary| summary.header.id).collect();
        let open: Vec<ExecutionId> = self.known.open().filter(|id| !seen.contains(id)).take(WINDOW as usize).collect();
        for id in open {
            found.extend(self.service.stores.query.execution(&self.asked.identity.tenant, id).await.ok());
        }
        found.sort_unstable_by_key(|summary| (summary.finished.unwrap_or(summary.created), summary.header.id));
        let silent = self.first && self.asked.after.is_none();
        self.first = false;
        for summary in found {
            self.compare(&summary, silent).await;
        }
    }

    /// Tells what is new about an execution.
    async fn compare(&mut self, summary: &ExecutionSummary, silent: bool) {
        let header = &summary.header;
        let is_known = self.known.statuses.contains_key(&header.id);
        if !self.known.note(header.id, summary.status) || silent || !self.sees(&header.workflow).await {
            return;
        }
        let kind = Kind::of_status(summary.status);
        let event = |kind, at, data| Event { kind, id: None, execution: header.id, workflow: header.workflow.clone(), at, data };
        let mut events = Vec::new();
        if !is_known {
            events.push(event(Kind::Started, summary.started.unwrap_or(summary.created), json!({"mode": header.mode})));
        }
        match kind {
            Kind::Ended => events.push(ending(summary)),
            Kind::Started => {}
            other => events.push(event(other, self.service.engine.runtime().now(), json!({"status": summary.status, "due": summary.due}))),
        }
        for event in events {
            if self.asked.after.is_none_or(|after| after < Cursor(event.at, event.execution)) {
                self.tell(event, true);
            }
        }
    }
}

async fn newest(service: &Inner, tenant: &TenantId, limit: u32) -> Vec<ExecutionSummary> {
    let filter = ExecutionFilter { tenant: Some(tenant.clone()), ..ExecutionFilter::default() };
    let page = service.stores.query.executions(&filter, PageRequest::first(limit)).await;
    page.map(|page| page.items).unwrap_or_default()
}

/// What is there when a stream begins, with what has not ended however old it is.
async fn everything(service: &Inner, tenant: &TenantId, limit: u32) -> Vec<ExecutionSummary> {
    let mut found = newest(service, tenant, limit).await;
    let statuses = vec![ExecutionStatus::New, ExecutionStatus::Running, ExecutionStatus::Waiting, ExecutionStatus::Paused];
    let filter = ExecutionFilter { tenant: Some(tenant.clone()), statuses, ..ExecutionFilter::default() };
    if let Ok(open) = service.stores.query.executions(&filter, PageRequest::first(LOOK_BACK)).await {
        let seen: BTreeSet<ExecutionId> = found.iter().map(|summary| summary.header.id).collect();
        found.extend(open.items.into_iter().filter(|summary| !seen.contains(&summary.header.id)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let text = "1700000000000000-018f0000-0000-7000-8000-000000000000";
        let Cursor(at, id) = Cursor::parse(text).expect("a cursor");
        assert_eq!((at.as_micros(), id.to_string()), (1_700_000_000_000_000, "018f0000-0000-7000-8000-000000000000".to_owned()));
        for bad in ["", "x", "1-x", "-", "99999999999999999999-018f0000-0000-7000-8000-000000000000"] {
            assert!(Cursor::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_end_is_told_once() {
        let mut known = Known::default();
        let id = ExecutionId::new(uuid::Uuid::from_u128(1));
        assert!(known.note(id, ExecutionStatus::New));
        assert!(!known.note(id, ExecutionStatus::Running), "told already");
        assert!(known.note(id, ExecutionStatus::Waiting));
        assert!(known.note(id, ExecutionStatus::Error));
        assert!(!known.note(id, ExecutionStatus::Success), "it ended before");
    }
}
