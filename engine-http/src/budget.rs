//! How many bytes of bodies may be in memory at the same time, over all requests.
//!
//! JSON takes much more room once it is read than while it is text. [`Share::take_parsed`] takes that room before it is used, and the text is given back when nobody needs
//! it any more. A share goes with what it was taken for: from the request to the execution that it starts, for as long as that is held here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(any(feature = "api", feature = "webhooks"))]
use crate::room;

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

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The budget is used up.
    Now,
    /// So many bytes are needed by one request alone, more than all requests together may have.
    Ever(usize),
}

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
            return Err(Full::Now);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Takes the room that a JSON text needs once it is read; that of the text itself is taken already.
    #[cfg(any(feature = "api", feature = "webhooks"))]
    pub(crate) fn take_parsed(&mut self, json: &[u8]) -> Result<(), Full> {
        self.take_room(room::of_json(json))
    }

    /// Takes the room that something needs beside what was taken already.
    #[cfg(any(feature = "api", feature = "webhooks"))]
    pub(crate) fn take_room(&mut self, room: usize) -> Result<(), Full> {
        let alone = self.bytes.saturating_add(room);
        if alone > self.budget.limit { Err(Full::Ever(alone)) } else { self.take(room) }
    }

    /// Gives so many bytes back.
    #[cfg(any(feature = "api", feature = "webhooks"))]
    pub(crate) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether more than half of the budget is used.
    pub(crate) fn is_scarce(&self) -> bool {
        self.budget.used.load(Ordering::Relaxed) > self.budget.limit / 2
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

    #[test]
    fn inv_23_what_is_given_back_can_be_taken_once() {
        let budget = Budget::new(100);
        let (mut one, mut two) = (budget.share(), budget.share());
        one.take(60).expect("there is room");
        assert!(two.is_scarce());
        one.give_back(50);
        two.take(90).expect("there is room");
        one.give_back(50);
        assert_eq!((one.bytes(), two.take(11)), (0, Err(Full::Now)), "nobody gives back more than was taken");
        drop(one);
        two.take(10).expect("there is room");
    }

    #[test]
    fn inv_23_what_never_fits_is_told_from_what_does_not_fit_now() {
        let (four, five) = (room::of_json(b"[0,0,0,0]"), room::of_json(b"[0,0,0,0,0]"));
        let budget = Budget::new(four);
        let (mut one, mut two) = (budget.share(), budget.share());
        one.take_parsed(b"[0,0,0,0]").expect("there is room");
        assert_eq!(two.take_parsed(b"[0]"), Err(Full::Now));
        assert_eq!(two.take_parsed(b"[0,0,0,0,0]"), Err(Full::Ever(five)));
    }
}
