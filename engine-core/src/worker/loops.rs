//! What a worker does by itself until it ends: heartbeats, claims, signals, timers, schedules, rescue, tidying up.
//!
//! Each loop looks by itself now and then; hints of the store only make it look earlier. A store that cannot be reached is asked again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::{FutureExt, join, join4, select};
use futures::stream::{StreamExt, iter};

use super::nudge::Nudge;
use super::{Worker, lock};
use crate::store::{Heartbeat, Rescue, StoreError, Upkeep, Wakeup};

/// So many timers are woken, executions rescued or removed in one call.
const PAGE: u32 = 500;

/// So many leases are asked for at the same time.
const ASKED: usize = 16;

impl Worker {
    /// Drives what can be claimed until the worker is drained. One call for each worker; spawn it beside whatever else the process does.
    pub async fn run(&self) {
        let work = join(
            join4(self.heartbeats(), self.claims(), self.signals(), self.timers()),
            join4(self.schedules(), self.rescues(), self.upkeeps(), self.hints()),
        );
        let stopped = self.inner.stopped.clone();
        select(Box::pin(work), stopped).await;
    }

    /// Ends in good order: claims nothing more, lets what runs go on for at most `patience`, hands everything back, and leaves. Gives how many executions were cut
    /// off in the middle of a node; they are run again elsewhere.
    pub async fn drain(&self, patience: Duration) -> usize {
        self.inner.draining.store(true, Ordering::Release);
        for session in self.sessions() {
            session.hand_back();
        }
        let runtime = self.engine().runtime();
        let begun = runtime.now();
        while self.driving() > 0 && runtime.now().since(begun) < patience {
            runtime.sleep(Duration::from_millis(20)).await;
        }
        let left = self.sessions();
        for session in &left {
            session.abort();
        }
        let deadline = runtime.now().after(Duration::from_secs(5));
        while self.driving() > 0 && runtime.now() < deadline {
            runtime.sleep(Duration::from_millis(20)).await;
        }
        drop(self.stores().executions.leave(self.id()).await);
        drop(lock(&self.inner.stop).take());
        left.len()
    }

    /// Whether it is ending.
    pub fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    /// Waits for a nudge, but no longer than this.
    async fn pause(&self, nudge: &Nudge, longest: Duration) {
        select(nudge.taken().boxed(), self.engine().runtime().sleep(longest)).await;
    }

    async fn heartbeats(&self) {
        let period = self.options().lease_time / 3;
        loop {
            let beat = self.beat().await;
            let pause = if beat.is_ok() { period } else { period.min(Duration::from_secs(1)) };
            self.engine().runtime().sleep(pause).await;
        }
    }

    /// Makes sure that the store knows this worker.
    pub(super) async fn introduce(&self) -> Result<(), StoreError> {
        let mut known = self.inner.known.lock().await;
        if !*known {
            self.beat().await?;
            *known = true;
        }
        Ok(())
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let clock = &self.inner.clock;
        let asked = clock.own();
        let beat = Heartbeat { worker: self.id(), name: self.options().name.clone(), lease_time: self.options().lease_time };
        let answer = self.stores().executions.heartbeat(beat).await?;
        clock.set(asked, answer.now);
        if answer.was_lost && self.driving() > 0 {
            let worker = self.clone();
            self.engine().runtime().spawn(async move { worker.let_go_of_what_was_taken().await }.boxed());
        }
        Ok(())
    }

    /// Stops driving what others were given while the store took this worker for lost. What was not taken yet stays its own.
    async fn let_go_of_what_was_taken(&self) {
        let taken = iter(self.sessions()).map(async |session| session.abort_if_taken().await).buffer_unordered(ASKED);
        let taken = taken.filter(|taken| std::future::ready(*taken)).count().await;
        if let Some(tell) = &self.options().on_lost {
            tell(taken);
        }
    }

    async fn timers(&self) {
        loop {
            let pause = self.wake_due().await.unwrap_or(self.options().poll);
            self.pause(&self.inner.nudges.timers, pause).await;
        }
    }

    /// Wakes what is due; gives how long nothing else is.
    async fn wake_due(&self) -> Result<Duration, StoreError> {
        let store = &self.stores().executions;
        let poll = self.options().poll;
        let Some(due) = store.next_due().await? else { return Ok(poll) };
        let now = self.engine().runtime().now();
        if due > now {
            return Ok(due.since(now).min(poll));
        }
        while store.wake_due(PAGE).await? == PAGE {}
        self.inner.nudges.claims.give();
        Ok(Duration::from_millis(5).min(poll))
    }

    async fn rescues(&self) {
        loop {
            self.engine().runtime().sleep(self.options().lease_time / 2).await;
            let rescue = Rescue { max_claims: self.options().max_claims, limit: PAGE };
            while let Ok(rescued) = self.stores().executions.rescue(rescue).await {
                rescued.given_up.iter().for_each(|id| self.tell(*id));
                if rescued.len() < PAGE as usize {
                    break;
                }
            }
        }
    }

    async fn upkeeps(&self) {
        loop {
            self.engine().runtime().sleep(self.options().upkeep).await;
            // What cannot be tidied up now can be the next time.
            drop(self.tidy_up().await);
        }
    }

    /// Removes what the retention lets go, what has expired, and what nothing names any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn tidy_up(&self) -> Result<(), StoreError> {
        let retention = self.options().retention.as_ref().map(|retain| retain.at(self.engine().runtime().now()));
        if let Some(retention) = &retention {
            while self.stores().query.prune(retention, PAGE).await? >= u64::from(PAGE) {}
        }
        while self.stores().requests.remove_expired(PAGE).await? >= u64::from(PAGE) {}
        let drop_before = retention.and_then(|retention| retention.finished_before);
        self.stores().upkeep.upkeep(&Upkeep { drop_before, ..Upkeep::default() }).await?;
        Ok(())
    }

    async fn hints(&self) {
        let mut wakeups = self.stores().executions.wakeups();
        while let Some(wakeup) = wakeups.next().await {
            match wakeup {
                Wakeup::Ready => {
                    self.inner.nudges.claims.give();
                    self.inner.nudges.timers.give();
                }
                Wakeup::Signalled => self.inner.nudges.signals.give(),
                Wakeup::Ended => self.tell_all(),
            }
        }
        futures::future::pending::<()>().await;
    }

    pub(super) async fn claims(&self) {
        loop {
            let claimed = if self.is_draining() { Ok(0) } else { self.claim().await };
            match claimed {
                Ok(0) => self.pause(&self.inner.nudges.claims, self.options().poll).await,
                Ok(_) => {}
                Err(StoreError::NotFound { .. }) => self.come_back().await,
                Err(_) => self.engine().runtime().sleep(self.options().poll).await,
            }
        }
    }

    /// The store takes this worker for lost, or was never told of it: it says that it lives.
    async fn come_back(&self) {
        if self.beat().await.is_err() {
            self.engine().runtime().sleep(self.options().poll).await;
        }
    }

    pub(super) async fn signals(&self) {
        loop {
            drop(self.take_signals().await);
            self.pause(&self.inner.nudges.signals, self.options().poll).await;
        }
    }

    pub(super) async fn schedules(&self) {
        loop {
            let pause = if self.is_draining() { None } else { self.fire_due().await.ok() };
            self.pause(&self.inner.nudges.schedules, pause.unwrap_or(self.options().poll)).await;
        }
    }
}
