//! Hints that looking again may be worth it: within the process by channels, between processes by LISTEN and NOTIFY.
//!
//! A hint is never part of a write's transaction: NOTIFY takes a lock at commit that all of the database's sessions share. Hints are gathered
//! and sent by a task of their own, at most once in [`PAUSE`] each. Losing them all costs time, never work.

use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use engine_core::store::Wakeup;
use futures::future::{Either, select};
use futures::stream::BoxStream;
use sqlx::postgres::PgListener;
use sqlx::{PgPool, query};
use tokio::sync::Notify;

use super::{Core, SqlStore};
use crate::local::Listeners;
use crate::session::{Session, within};

const PAUSE: Duration = Duration::from_millis(50);
const RECONNECT: Duration = Duration::from_secs(1);
/// After so long without a hint, the connection is tried.
const SILENCE: Duration = Duration::from_secs(30);
const KINDS: [(Wakeup, &str); 3] = [(Wakeup::Ready, "ready"), (Wakeup::Signalled, "signalled"), (Wakeup::Ended, "ended")];

/// Hints of one store.
pub(super) struct Wakeups {
    channel: String,
    listeners: Listeners,
    pending: AtomicU8,
    changed: Arc<Notify>,
    closed: Arc<Notify>,
}

impl Wakeups {
    pub(super) fn new(schema: &str) -> Self {
        Self {
            channel: format!("engine_wakeups_{schema}"),
            listeners: Listeners::default(),
            pending: AtomicU8::new(0),
            changed: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// Starts the tasks that send and receive; they end with the store.
    pub(super) fn run(core: &Arc<Core>) {
        tokio::spawn(send(Arc::downgrade(core), Arc::clone(&core.wakeups.changed)));
        tokio::spawn(receive(Arc::downgrade(core), Arc::clone(&core.wakeups.closed)));
    }
}

impl SqlStore {
    pub(super) fn tell(&self, wakeup: Wakeup) {
        let wakeups = &self.core.wakeups;
        wakeups.listeners.tell(wakeup);
        if let Some(kind) = KINDS.iter().position(|(kind, _)| *kind == wakeup)
            && wakeups.pending.fetch_or(1 << kind, Ordering::AcqRel) == 0
        {
            wakeups.changed.notify_one();
        }
    }

    pub(super) fn listen(&self) -> BoxStream<'static, Wakeup> {
        self.core.wakeups.listeners.listen()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.wakeups.changed.notify_one();
        self.wakeups.closed.notify_one();
    }
}

async fn send(core: Weak<Core>, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        let Some(core) = core.upgrade() else { return };
        let pending = core.wakeups.pending.swap(0, Ordering::AcqRel);
        for (_, name) in KINDS.iter().enumerate().filter(|(kind, _)| pending & (1 << kind) != 0).map(|(_, kind)| kind) {
            // A hint that cannot be sent is lost; polling makes up for it.
            if let Ok(mut session) = Session::open(&core.pool, core.limit).await {
                let notify = query("SELECT pg_notify($1, $2)").bind(&core.wakeups.channel).bind(*name);
                if session.change(notify).await.is_ok() {
                    session.done();
                }
            }
        }
        drop(core);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn receive(core: Weak<Core>, closed: Arc<Notify>) {
    while let Some((pool, channel)) = core.upgrade().map(|core| (core.pool.clone(), core.wakeups.channel.clone())) {
        let listening = listen(&core, (pool, channel));
        if let Either::Right(_) = select(pin!(listening), pin!(closed.notified())).await {
            return;
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Hands on what other processes tell, until the connection breaks.
async fn listen(core: &Weak<Core>, (pool, channel): (PgPool, String)) -> Option<()> {
    let limit = core.upgrade()?.limit;
    let mut listener = within(limit, PgListener::connect_with(&pool)).await.ok()?;
    within(limit, listener.listen(&channel)).await.ok()?;
    drop(pool);
    // Whatever was told before the connection was there has been missed.
    for (wakeup, _) in KINDS {
        core.upgrade()?.wakeups.listeners.tell(wakeup);
    }
    loop {
        let Ok(notification) = tokio::time::timeout(SILENCE, listener.recv()).await else {
            // Nothing to tell, or nobody there any more: a connection that swallows everything says nothing either.
            within(limit, query("SELECT 1").execute(&mut listener)).await.ok()?;
            continue;
        };
        let notification = notification.ok()?;
        let core = core.upgrade()?;
        for (wakeup, _) in KINDS.iter().filter(|(_, name)| *name == notification.payload()) {
            core.wakeups.listeners.tell(*wakeup);
        }
    }
}
