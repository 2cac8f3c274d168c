//! Counting in this process.

use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::{Rate, Scope, Subject, Verdict};

type Counts = RateLimiter<Subject, DashMapStateStore<Subject>, DefaultClock, StateInformationMiddleware>;

/// Counts of one limit.
pub(super) struct Local {
    counts: Counts,
    clock: DefaultClock,
    used: AtomicU32,
}

/// After so many requests, whoever has not come for a while is forgotten: there would be an entry for every address that ever called.
const FORGET_AFTER: u32 = 4096;

impl Local {
    pub(super) fn new(rate: Rate) -> Self {
        let quota = Quota::with_period(rate.interval).unwrap_or(Quota::per_second(rate.burst)).allow_burst(rate.burst);
        Self { counts: RateLimiter::dashmap(quota).with_middleware(), clock: DefaultClock::default(), used: AtomicU32::new(0) }
    }

    pub(super) fn check(&self, scope: Scope, rate: Rate, subject: Subject) -> Verdict {
        if self.used.fetch_add(1, Ordering::Relaxed) % FORGET_AFTER == FORGET_AFTER - 1 {
            self.counts.retain_recent();
        }
        let burst = rate.burst.get();
        match self.counts.check_key(&subject) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Verdict { scope, rate, remaining, reset: rate.interval * burst.saturating_sub(remaining), wait: None }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                Verdict { scope, rate, remaining: 0, reset: wait + rate.interval * (burst - 1), wait: Some(wait) }
            }
        }
    }
}
