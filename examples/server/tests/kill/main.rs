//! Real processes that are killed, stopped in the middle and asked to end while clients call: nothing that was acknowledged is lost, nothing that was recorded is repeated.
//!
//! `ENGINE_KILL_ROUNDS` says how often a process is disturbed by chance (three times where nothing is said), `ENGINE_KILL_SEED` repeats a run. Both are printed.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]
#![expect(dead_code, reason = "what the tests of the commands need of the process is more")]

mod chance;
mod drain;
mod fencing;
mod home;
mod ledger;
mod outage;
#[path = "../commands/outside.rs"]
mod outside;
mod poison;
#[path = "../../../../engine-store-sqlx/tests/support/proxy.rs"]
mod proxy;
#[path = "../commands/schema.rs"]
mod schema;
#[path = "../commands/server.rs"]
mod server;
