//! Credentials at rest: sealed with AES-256-GCM under a key with a name, opened only for the node that uses them.

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialError, CredentialProvider, CredentialRef, CredentialRequest};
use engine_core::model::Json;
use engine_core::store::{CredentialId, SealedSecret, StoreError, StoredCredential, Stores, TenantId};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::sharing::is_shared;

/// Keys that seal secrets. The first one seals; all of them open, so that a key can be replaced while the server runs.
#[derive(Clone)]
pub struct SealingKeys {
    keys: Arc<[(String, Aes256Gcm)]>,
}

impl SealingKeys {
    /// Keys of 32 bytes, each with its name.
    pub fn new(keys: impl IntoIterator<Item = (String, [u8; 32])>) -> Self {
        Self { keys: keys.into_iter().map(|(name, key)| (name, Aes256Gcm::new(&key.into()))).collect() }
    }

    /// Seals a secret for the credential with this id; `None` without a key.
    pub fn seal(&self, id: &CredentialId, secret: &Value) -> Option<SealedSecret> {
        self.seal_text(id, &Zeroizing::new(serde_json::to_vec(secret).ok()?))
    }

    fn seal_text(&self, id: &CredentialId, text: &[u8]) -> Option<SealedSecret> {
        let (key_id, key) = self.keys.first()?;
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).ok()?;
        let ciphertext = key.encrypt(&Nonce::from(nonce), Payload { msg: text, aad: id.as_str().as_bytes() }).ok()?;
        Some(SealedSecret { key_id: key_id.clone(), nonce, ciphertext })
    }

    /// Names of the keys, the one that seals first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// Seals a secret anew, with the first key; `None` when none of the keys opens it.
    pub fn reseal(&self, id: &CredentialId, sealed: &SealedSecret) -> Option<SealedSecret> {
        self.seal_text(id, &self.open_text(id, sealed)?)
    }

    /// Opens a secret; `None` when it was sealed with another key, for another credential, or was changed.
    fn open(&self, id: &CredentialId, sealed: &SealedSecret) -> Option<Json> {
        serde_json::from_slice(&self.open_text(id, sealed)?).ok()
    }

    /// A stored credential as nodes get it; `None` when none of the keys opens it.
    pub(crate) fn credential(&self, stored: &StoredCredential) -> Option<Credential> {
        let credential = Credential::new(self.open(&stored.id, &stored.secret)?);
        Some(match stored.attributes.get("allowedHosts").and_then(Value::as_array) {
            Some(hosts) => credential.bound_to(hosts.iter().filter_map(|host| host.as_str().map(str::to_owned))),
            None => credential,
        })
    }

    fn open_text(&self, id: &CredentialId, sealed: &SealedSecret) -> Option<Zeroizing<Vec<u8>>> {
        let (_, key) = self.keys.iter().find(|(name, _)| *name == sealed.key_id)?;
        let payload = Payload { msg: &sealed.ciphertext, aad: id.as_str().as_bytes() };
        key.decrypt(&Nonce::from(sealed.nonce), payload).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeys({})", self.keys.len())
    }
}

/// Gives nodes the credentials of a store: those that the owner of the workflow may use, and no others.
#[derive(Debug)]
pub struct StoredCredentials {
    stores: Stores,
    keys: SealingKeys,
}

impl StoredCredentials {
    /// Credentials of these stores, opened with these keys.
    pub fn new(stores: Stores, keys: SealingKeys) -> Self {
        Self { stores, keys }
    }

    async fn find(&self, request: CredentialRequest<'_>) -> Option<StoredCredential> {
        let tenant = TenantId::default();
        let labels = self.stores.workflows.workflow(&tenant, request.workflow?).await.ok()?.labels;
        let owner = labels.get("owner").and_then(Value::as_str)?;
        meant(&self.stores, (&tenant, owner), (request.kind, request.reference)).await.ok().flatten()
    }
}

/// The credential that a node of somebody's workflow means; `None` where there is none that this user may use.
pub(crate) async fn meant(
    stores: &Stores,
    (tenant, owner): (&TenantId, &str),
    (kind, reference): (&str, &CredentialRef),
) -> Result<Option<StoredCredential>, StoreError> {
    let may_use = |credential: &StoredCredential| credential.tenant == *tenant && credential.kind == kind && is_shared(&credential.attributes, owner);
    match &reference.id {
        Some(id) => match stores.credentials.stored_credential(&CredentialId::from(id.as_str())).await {
            Ok(credential) => Ok(Some(credential).filter(may_use)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        },
        None => Ok(stores.credentials.credentials_named(tenant, kind, &reference.name).await?.into_iter().find(may_use)),
    }
}

#[async_trait]
impl CredentialProvider for StoredCredentials {
    async fn credential(&self, request: CredentialRequest<'_>) -> Result<Credential, CredentialError> {
        let absent = || CredentialError::NotFound { kind: request.kind.to_owned(), name: request.reference.name.clone() };
        let stored = self.find(request).await.ok_or_else(absent)?;
        let closed = || CredentialError::Unavailable("it was sealed with a key that this server does not have".to_owned());
        self.keys.credential(&stored).ok_or_else(closed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let (one, two) = (("one".to_owned(), [1; 32]), ("two".to_owned(), [2; 32]));
        let (here, there) = (CredentialId::from("here"), CredentialId::from("there"));
        let keys = SealingKeys::new([one.clone()]);
        let sealed = keys.seal(&here, &json!({"password": "canary"})).expect("sealed");
        assert!(!String::from_utf8_lossy(&sealed.ciphertext).contains("canary"));
        assert_eq!(keys.open(&here, &sealed).expect("opened")["password"], "canary");
        assert!(keys.open(&there, &sealed).is_none(), "moved to another credential");
        assert!(SealingKeys::new([two.clone()]).open(&here, &sealed).is_none(), "without its key");
        assert!(SealingKeys::new([two, one]).open(&here, &sealed).is_some(), "while the key is being replaced");
        let both = SealingKeys::new([("two".to_owned(), [2; 32]), ("one".to_owned(), [1; 32])]);
        let anew = both.reseal(&here, &sealed).expect("sealed anew");
        assert_eq!((anew.key_id.as_str(), both.names().collect::<Vec<_>>()), ("two", vec!["two", "one"]));
        assert_eq!(SealingKeys::new([("two".to_owned(), [2; 32])]).open(&here, &anew).expect("opened with the new key alone")["password"], "canary");
        let mut changed = sealed;
        changed.ciphertext[0] ^= 1;
        assert!(keys.open(&here, &changed).is_none(), "changed");
    }
}
