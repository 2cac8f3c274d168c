//! The commands as processes, each in a folder of its own.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]
#![expect(dead_code, reason = "what the tests that kill processes need of them is more")]

mod backups;
mod fleet;
mod keys;
mod outside;
mod process;
mod redis;
mod schema;
mod serve;
mod server;
mod users;
mod workflows;
