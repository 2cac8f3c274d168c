//! How many bytes of bodies may be in memory at the same time, over all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes of bodies are in memory, over all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// Bytes that count against the budget until this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
}

/// The budget is used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: Arc::default(), limit }
    }

    /// A share of nothing.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// A share of nothing, of the same budget.
    #[cfg(feature = "webhooks")]
    pub(crate) fn another(&self) -> Self {
        self.budget.share()
    }

    /// Takes more bytes, if there are any left.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Full> {
        let before = self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.budget.limit {
            self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// How many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wrong: counting what was refused, so that one large request keeps out small ones for which there is room.
    #[test]
    fn inv_23_what_is_refused_takes_no_room() {
        let budget = Budget::new(100);
        let (mut one, mut two) = (budget.share(), budget.share());
        one.take(60).expect("there is room");
        assert!(two.take(41).is_err());
        two.take(40).expect("there is room");
        assert!(one.take(1).is_err());
        drop(two);
        one.take(40).expect("what was given back can be taken");
        assert_eq!(one.bytes(), 100);
    }
}
