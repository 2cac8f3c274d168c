//! Where an execution stands.

use serde::{Deserialize, Serialize};

/// Where an execution stands. n8n's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionStatus {
    /// Recorded, and not begun.
    New,
    /// Nodes run.
    Running,
    /// It waits for a time or a call.
    Waiting,
    /// Nothing starts until it is resumed.
    Paused,
    /// It ended, and every node that had to succeed did.
    Success,
    /// It failed.
    Error,
    /// It was cancelled, or its time was up.
    Canceled,
    /// It was given up: too many workers died while they drove it.
    Crashed,
}

impl ExecutionStatus {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Success => "success",
            Self::Error => "error",
            Self::Canceled => "canceled",
            Self::Crashed => "crashed",
        }
    }

    /// Whether nothing can change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Error | Self::Canceled | Self::Crashed)
    }
}
