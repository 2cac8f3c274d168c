//! The commands as processes, each in a folder of its own.

mod backups;
mod fleet;
mod keys;
mod serve;
mod server;
mod users;
mod workflows;
