//! What starts a workflow, as its plan says it.

mod schedules;
