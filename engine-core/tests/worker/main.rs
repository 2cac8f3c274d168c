//! The worker keeps its promises, on simulated time: crashes at every call of the store, lost workers, signals, timers, called workflows.

#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod basics;
mod calls;
mod crashes;
mod mortal;
mod signals;
mod world;
