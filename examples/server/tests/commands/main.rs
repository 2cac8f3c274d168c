//! The commands as processes, each in a folder of its own.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod backups;
mod fleet;
mod keys;
mod outside;
mod redis;
mod serve;
mod server;
mod users;
mod workflows;
