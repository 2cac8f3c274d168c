//! Identities. Each is a type of its own, so that two of them cannot be swapped.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Wraps a text; any text is allowed.
            pub fn new(text: impl Into<std::sync::Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(crate) use text_id;

text_id! {
    /// Names a workflow. Stable across its versions.
    WorkflowId
}

text_id! {
    /// Names a node within its workflow, for as long as the workflow lives. Stored state names nodes by it, never by an index.
    NodeId
}

impl NodeId {
    /// The text as a shared handle.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

text_id! {
    /// The name of a node type, such as `http_request` or n8n's `n8n-nodes-base.httpRequest`.
    NodeKind
}

/// One execution of a plan: a `UUIDv7`, so that executions sort by the time at which they were started.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(Uuid);

impl ExecutionId {
    /// Wraps a uuid; the id source of the engine makes version 7 ones.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The uuid.
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }

    /// Reads the hyphenated or simple form.
    ///
    /// # Errors
    /// When the text is no uuid.
    pub fn parse(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The version of a node type: n8n writes it as a number that may have a fraction (`3.4`). Kept as hundredths, so that it compares exactly.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeVersion(u32);

impl NodeVersion {
    /// Version 1, which an absent version means.
    pub const ONE: Self = Self(100);

    /// `NodeVersion::new(3, 4)` is version 3.4.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self(major * 100 + minor * 10)
    }

    /// Reads a JSON number; `None` when it is negative, not finite or has more than two digits after the point.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
    pub fn from_f64(number: f64) -> Option<Self> {
        let hundredths = (number * 100.0).round();
        let exact = (number * 100.0 - hundredths).abs() < 1e-6;
        ((0.0..1e9).contains(&hundredths) && exact).then_some(Self(hundredths as u32))
    }

    /// The version as the number that workflow files hold.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// True when the version is at least `major.minor`.
    pub const fn at_least(self, major: u32, minor: u32) -> bool {
        self.0 >= Self::new(major, minor).0
    }
}

impl fmt::Display for NodeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

impl fmt::Debug for NodeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NodeVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) { serializer.serialize_u32(self.0 / 100) } else { serializer.serialize_f64(self.as_f64()) }
    }
}

impl<'de> Deserialize<'de> for NodeVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::from_f64(number).ok_or_else(|| serde::de::Error::custom(format!("{number} is no node version: give a number such as 1 or 3.4")))
    }
}
