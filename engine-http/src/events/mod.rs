//! Live events: what happens in one execution, or in all that a caller may see, as server-sent events or over a WebSocket.
//!
//! [`hub`] hears of what this process runs. [`journal`] reads what is stored, so that a stream that was cut goes on where it stopped, and follows executions that
//! another process runs. [`follow`] and [`overview`] put the two together, [`wire`] and [`serve`] send them.

mod event;
mod follow;
mod hub;
mod journal;
mod overview;
mod serve;
mod wire;

pub use hub::EventHub;
pub(crate) use serve::{OverviewQuery, all, one};
