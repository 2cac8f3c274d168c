//! Trying a credential out: whether that which it is for still takes it. Nodes bring the testers of the types that they use
//! ([`NodeRegistry::register_tester`](crate::node::NodeRegistry::register_tester)); whoever edits credentials asks them.

use std::fmt;

use async_trait::async_trait;

use super::Credential;
use crate::model::Timestamp;

/// What is to be tried out.
#[derive(Clone, Copy, Debug)]
pub struct CredentialTrial<'a> {
    /// The credential type, such as `httpBasicAuth`.
    pub kind: &'a str,
    /// The credential.
    pub credential: &'a Credential,
    /// Where it is tried out, for types that are not for one place.
    pub url: Option<&'a str>,
    /// The time, for what is signed with it.
    pub now: Timestamp,
}

/// What came of it. The texts are shown to people who may use the credential but not read it: they hold no field of it, and nothing that the other side wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialVerdict {
    /// It was taken.
    Works(String),
    /// It was not taken, or whether it is could not be told.
    Fails(String),
    /// Credentials of this type cannot be tried out.
    Unsupported(String),
    /// It can be tried out at a URL only, and there was none, or none that could be used.
    NeedsUrl(String),
}

/// Tries credentials out.
#[async_trait]
pub trait CredentialTester: Send + Sync + fmt::Debug + 'static {
    /// Tries a credential out, with at most a few requests that change nothing where they arrive.
    ///
    /// It reaches what nodes may reach and nothing else, sends the credential to no host that it is not bound to, and gives a verdict within half a minute.
    /// Dropping the future breaks the trial off.
    async fn try_out(&self, trial: CredentialTrial<'_>) -> CredentialVerdict;
}
