//! The service over real HTTP, on a free port of the loopback interface.

mod access;
mod answers;
mod api;
mod executions;
mod guards;
mod requests;
mod routing;
mod server;
mod waiting;
