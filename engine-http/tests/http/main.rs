//! The service over real HTTP, on a free port of the loopback interface.

mod access;
mod answers;
mod api;
mod contract;
mod entitled;
mod events;
mod executions;
mod forms;
mod guards;
mod hostile;
mod limits;
mod recovery;
mod rehearsal;
mod repeats;
mod requests;
mod rest;
mod routing;
mod server;
mod signed;
mod trials;
mod waiting;
