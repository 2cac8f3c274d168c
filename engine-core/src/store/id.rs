//! Identities that only stored things have.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::text_id;

text_id! {
    /// Names a tenant: whoever owns workflows and executions. The empty name is the only tenant of an engine that has no others.
    TenantId
}

text_id! {
    /// Names the place where a waiting execution is resumed from outside; unique within its execution. The engine chooses it.
    ResumeToken
}

text_id! {
    /// Names one request to change something, so that repeating it changes nothing.
    RequestId
}

impl Default for TenantId {
    fn default() -> Self {
        Self::from("")
    }
}

/// One life of one worker process: a new one each time that it starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// Wraps a uuid.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The uuid.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Number of a saved version of a workflow, from 1 on. 0 is a workflow that was never saved: its executions carry the definition themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(pub u32);

impl VersionNumber {
    /// A workflow that was never saved.
    pub const UNSAVED: Self = Self(0);
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The fencing number of a lease. Each claim and each rescue of an execution raises it; it never falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

/// Names a signal that waits to be handled. Signals of one execution are handled in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub i64);
