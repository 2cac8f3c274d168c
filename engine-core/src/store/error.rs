//! Why a store did not do what it was asked.

use crate::model::ExecutionId;

/// What went wrong inside a back end; kept as the source of a [`StoreError`].
pub type BackendError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The lease is no longer held: another worker may drive the execution, or it has ended. Nothing was written.
    #[error("execution {0} is no longer leased at this epoch")]
    Fenced(ExecutionId),
    /// There is no such thing.
    #[error("no {what} {id:?}")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The same key came with another content, a name is taken, or the thing was changed since it was read. Nothing was written.
    #[error("{what} {id:?} is in conflict: {reason}")]
    Conflict {
        /// What kind of thing.
        what: &'static str,
        /// Its id or key.
        id: String,
        /// Why.
        reason: &'static str,
    },
    /// What is stored cannot be read. The engine sets the execution aside and goes on with others.
    #[error("{what} {id:?} is stored in a form that cannot be read: {reason}")]
    Corrupt {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// The request itself makes no sense.
    #[error("{0}")]
    Invalid(&'static str),
    /// No room: the disk is full, or a limit is reached. Nothing was written.
    #[error("the store has no room")]
    Full(#[source] BackendError),
    /// The store cannot be reached, or did not answer in time. What was asked may have happened or not; asking again is safe.
    #[error("the store cannot be reached")]
    Unavailable(#[source] BackendError),
    /// The back end failed in a way that asking again will not mend.
    #[error("the store failed")]
    Backend(#[source] BackendError),
}

impl StoreError {
    /// Nothing has this id.
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    /// A conflict about a thing.
    pub fn conflict(what: &'static str, id: impl Into<String>, reason: &'static str) -> Self {
        Self::Conflict { what, id: id.into(), reason }
    }

    /// A stored thing that cannot be read.
    pub fn corrupt(what: &'static str, id: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt { what, id: id.into(), reason: reason.into() }
    }

    /// Whether asking again later makes sense.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full(_))
    }
}
