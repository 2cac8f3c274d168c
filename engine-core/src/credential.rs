//! Credentials: secrets that nodes use and nobody sees.

mod trial;

pub use trial::{CredentialTester, CredentialTrial, CredentialVerdict};

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::WorkflowId;

/// How a node names a credential: by id, or by its name in old exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRef {
    /// The credential's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The credential's name.
    #[serde(default)]
    pub name: String,
}

/// Who asks for which credential.
#[derive(Clone, Copy, Debug)]
pub struct CredentialRequest<'a> {
    /// The credential type, such as `httpBasicAuth`.
    pub kind: &'a str,
    /// The credential that the node names.
    pub reference: &'a CredentialRef,
    /// The workflow on whose behalf it is used.
    pub workflow: Option<&'a WorkflowId>,
    /// The node that uses it.
    pub node: &'a str,
}

/// Looks credentials up. Decides who may use which: a request that is not entitled gets [`CredentialError::NotFound`], like one for nothing.
#[async_trait]
pub trait CredentialProvider: Send + Sync + fmt::Debug {
    /// The secret data of a credential.
    ///
    /// # Errors
    /// When there is none that the asker may use, or it cannot be read now.
    async fn credential(&self, request: CredentialRequest<'_>) -> Result<Credential, CredentialError>;
}

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// None that the asker may use.
    #[error("no credential {name:?} of type {kind:?} that this workflow may use")]
    NotFound {
        /// The credential type.
        kind: String,
        /// The credential's name.
        name: String,
    },
    /// It cannot be read now.
    #[error("the credential could not be read: {0}")]
    Unavailable(String),
}

/// The fields of a credential. Does not print its values; they are overwritten when it is dropped.
#[derive(Clone, Default)]
pub struct Credential {
    fields: BTreeMap<String, SecretValue>,
    allowed_hosts: Option<Vec<String>>,
}

impl Credential {
    /// A credential with these fields, as n8n stores them: an object.
    pub fn new(fields: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| (name, SecretValue(value))).collect(), allowed_hosts: None }
    }

    /// The same credential, bound to these hosts: it is sent to no other. `*.example.com` means any host below.
    #[must_use]
    pub fn bound_to(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.allowed_hosts = Some(hosts.into_iter().collect());
        self
    }

    /// A field, as JSON.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(|secret| &secret.0)
    }

    /// A text field; empty when it is absent or no text.
    pub fn text(&self, name: &str) -> &str {
        self.field(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the credential may be sent to `host`.
    pub fn may_be_sent_to(&self, host: &str) -> bool {
        let Some(allowed) = &self.allowed_hosts else { return true };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        allowed.iter().map(|pattern| pattern.to_ascii_lowercase()).any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => host.strip_suffix(parent).is_some_and(|head| head.len() > 1 && head.ends_with('.')),
            None => pattern == host,
        })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} fields)", self.fields.len())
    }
}

#[derive(Clone)]
struct SecretValue(Value);

impl Drop for SecretValue {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites the texts within a value before their memory is given back.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => zeroize::Zeroize::zeroize(text),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Has no credentials.
#[derive(Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl CredentialProvider for NoCredentials {
    async fn credential(&self, request: CredentialRequest<'_>) -> Result<Credential, CredentialError> {
        Err(CredentialError::NotFound { kind: request.kind.to_owned(), name: request.reference.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_credential_knows_its_hosts() {
        let check = |pattern: &str, host: &str, expect: bool| {
            assert_eq!(Credential::default().bound_to([pattern.to_owned()]).may_be_sent_to(host), expect, "{pattern} {host}");
        };
        check("a.example", "a.example", true);
        check("A.Example", "a.EXAMPLE.", true);
        check("a.example", "b.a.example", false);
        check("a.example", "a.example.evil", false);
        check("*.a.example", "b.a.example", true);
        check("*.A.example", "c.b.a.example", true);
        check("*.a.example", "a.example.a.example", true);
        check("*.a.example", "a.example", false);
        check("*.a.example", "xa.example", false);
        assert!(Credential::default().may_be_sent_to("anywhere.example"));
        assert!(!Credential::default().bound_to([]).may_be_sent_to("anywhere.example"));
    }
}
