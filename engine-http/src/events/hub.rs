//! The hub: hears of everything that this process runs, and passes it on to those who listen.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_core::execution::ExecutionData;
use engine_core::model::ExecutionId;
use engine_core::observer::{ExecutionEvent, Observer};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::event::{Event, Kind};

/// Passes on what happens in executions. Give it to the engine as its observer and to [`Config::events`](crate::Config::events). Cheap to clone; all clones are the
/// same hub.
///
/// Where nobody listens, an event costs one atomic load. Each listener has room for so many events; one that does not keep up loses some and is told how many. The
/// engine never waits.
#[derive(Clone)]
pub struct EventHub {
    shared: Arc<Shared>,
}

struct Shared {
    /// How many listen. Read before anything else is done.
    listening: AtomicUsize,
    listeners: Mutex<Listeners>,
    dropped: AtomicU64,
    room: usize,
    most: usize,
}

#[derive(Default)]
struct Listeners {
    all: Vec<Listener>,
    next: u64,
    closed: bool,
}

struct Listener {
    number: u64,
    wants: Wants,
    sender: Sender<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

/// Which events somebody listens to.
#[derive(Clone, Debug)]
pub(crate) enum Wants {
    /// All of one execution.
    Execution(ExecutionId),
    /// Those of these kinds, whatever the execution.
    Kinds(Arc<[Kind]>),
}

/// No room for one more listener, or the hub is closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowded;

/// What a listener hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// This happened.
    Event(Arc<Event>),
    /// So many events were lost here.
    Lagged(u64),
    /// The hub was closed.
    Closed,
}

/// Somebody who listens, until this is dropped.
pub(crate) struct Subscription {
    shared: Arc<Shared>,
    number: u64,
    receiver: Receiver<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

impl EventHub {
    /// A hub for at most 256 listeners, each with room for 1024 events.
    pub fn new() -> Self {
        Self::with_room(1024, 256)
    }

    /// A hub for at most `most` listeners, each with room for `room` events.
    pub fn with_room(room: usize, most: usize) -> Self {
        let shared = Shared { listening: AtomicUsize::new(0), listeners: Mutex::default(), dropped: AtomicU64::new(0), room: room.max(1), most };
        Self { shared: Arc::new(shared) }
    }

    /// Ends all streams, and takes no more listeners: streams would keep connections open for ever otherwise.
    pub fn close(&self) {
        let mut listeners = self.shared.lock();
        listeners.closed = true;
        listeners.all.clear();
        self.shared.listening.store(0, Ordering::Relaxed);
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.shared.listening.load(Ordering::Relaxed)
    }

    /// How many events were lost because a listener did not keep up.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn listen(&self, wants: Wants) -> Result<Subscription, Crowded> {
        let mut listeners = self.shared.lock();
        if listeners.closed || listeners.all.len() >= self.shared.most {
            return Err(Crowded);
        }
        let (sender, receiver) = channel(self.shared.room);
        let missed: Arc<AtomicU64> = Arc::default();
        let number = listeners.next;
        listeners.next += 1;
        listeners.all.push(Listener { number, wants, sender, missed: Arc::clone(&missed) });
        self.shared.listening.store(listeners.all.len(), Ordering::Relaxed);
        drop(listeners);
        Ok(Subscription { shared: Arc::clone(&self.shared), number, receiver, missed })
    }
}

impl Default for EventHub {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, execution: &ExecutionData, event: &ExecutionEvent<'_>) {
        let Some(kind) = Kind::of(event) else { return };
        let listeners = self.lock();
        let mut made: Option<Arc<Event>> = None;
        for listener in listeners.all.iter().filter(|listener| listener.wants.takes(execution.id(), kind)) {
            let event = made.get_or_insert_with(|| Arc::new(Event::live(execution, event, kind)));
            if !listener.pass(event) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Wants {
    fn takes(&self, execution: ExecutionId, kind: Kind) -> bool {
        match self {
            Self::Execution(own) => *own == execution,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }
}

impl Listener {
    /// Hands an event over; false when there is no room. Whoever has missed one misses all that follow until it was told, so that losses are one gap.
    fn pass(&self, event: &Arc<Event>) -> bool {
        let lost = self.missed.load(Ordering::Acquire) > 0 || matches!(self.sender.try_send(Arc::clone(event)), Err(TrySendError::Full(_)));
        if lost {
            self.missed.fetch_add(1, Ordering::AcqRel);
        }
        !lost
    }
}

impl Subscription {
    /// The next event. May be dropped and called again without losing any.
    pub(crate) async fn next(&mut self) -> Heard {
        match self.receiver.try_recv() {
            Ok(event) => return Heard::Event(event),
            Err(TryRecvError::Disconnected) => return Heard::Closed,
            Err(TryRecvError::Empty) => {}
        }
        match self.missed.swap(0, Ordering::AcqRel) {
            0 => self.receiver.recv().await.map_or(Heard::Closed, Heard::Event),
            missed => Heard::Lagged(missed),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = self.shared.lock();
        listeners.all.retain(|listener| listener.number != self.number);
        self.shared.listening.store(listeners.all.len(), Ordering::Relaxed);
    }
}

impl Observer for EventHub {
    fn observe(&self, execution: &ExecutionData, event: ExecutionEvent<'_>) {
        if self.shared.listening.load(Ordering::Relaxed) > 0 {
            self.shared.publish(execution, &event);
        }
    }
}

impl fmt::Debug for EventHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHub").field("listeners", &self.listeners()).field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;
    use serde_json::Value;

    use super::*;

    /// Breaks when an event comes through a gap that nobody was told of yet: it would stand before the news of those that were lost earlier.
    #[tokio::test]
    async fn inv_23_what_is_lost_is_one_gap_and_its_place_is_told() {
        let hub = EventHub::with_room(2, 1);
        let mut subscription = hub.listen(Wants::Kinds(Kind::ALL.into())).expect("there is room");
        assert!(hub.listen(Wants::Kinds(Kind::ALL.into())).is_err(), "for one only");
        let pass = |number: i64| {
            let event = Event {
                kind: Kind::NodeLogged,
                id: None,
                execution: ExecutionId::new(uuid::Uuid::nil()),
                workflow: "w".into(),
                at: Timestamp::from_micros(number),
                data: Value::Null,
            };
            hub.shared.lock().all[0].pass(&Arc::new(event))
        };
        let number = |heard| match heard {
            Heard::Event(event) => event.at.as_micros(),
            Heard::Lagged(lost) => -i64::try_from(lost).expect("few"),
            Heard::Closed => 0,
        };
        assert_eq!([pass(1), pass(2), pass(3)], [true, true, false]);
        assert_eq!(number(subscription.next().await), 1);
        assert!(!pass(4), "there is room again, and the gap is not told yet");
        assert_eq!([number(subscription.next().await), number(subscription.next().await)], [2, -2]);
        assert!(pass(5));
        assert_eq!(number(subscription.next().await), 5);
        hub.close();
        assert_eq!((number(subscription.next().await), hub.listeners()), (0, 0));
        drop(subscription);
        assert!(hub.listen(Wants::Kinds(Kind::ALL.into())).is_err(), "it is closed");
    }
}
