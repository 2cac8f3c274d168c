//! Credentials at rest: encrypted, with the id of the key that opens them. This trait never sees a secret in the clear.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError, TenantId};
use crate::model::{Json, Timestamp, text_id};

text_id! {
    /// Names a credential.
    CredentialId
}

/// A secret as it is stored: sealed with AES-256-GCM, the credential's id as associated data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// Which key it was sealed with.
    pub key_id: String,
    /// 12 bytes, used once.
    pub nonce: [u8; 12],
    /// The sealed bytes, with their tag.
    pub ciphertext: Vec<u8>,
}

/// A credential as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCredential {
    /// Its id.
    pub id: CredentialId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its name; several may have the same.
    pub name: String,
    /// Its type, such as `httpBasicAuth`.
    pub kind: String,
    /// What is not secret: hosts to which it is bound, with whom it is shared.
    pub attributes: Json,
    /// The secret.
    pub secret: SealedSecret,
    /// Number of changes, from 1 on.
    pub revision: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// Keeps credentials.
#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// Stores a credential. Its `revision` is the one that was read, 0 for a new one; the stored one is one higher. `created` and `updated` are set by the store.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was changed since, or the id is taken.
    async fn save_credential(&self, credential: StoredCredential) -> Result<StoredCredential, StoreError>;

    /// One credential, whoever owns it: the caller checks who may use it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    async fn stored_credential(&self, id: &CredentialId) -> Result<StoredCredential, StoreError>;

    /// A tenant's credentials of this type and name, the oldest first.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn credentials_named(&self, tenant: &TenantId, kind: &str, name: &str) -> Result<Vec<StoredCredential>, StoreError>;

    /// A tenant's credentials in the order of their ids.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn credentials(&self, tenant: &TenantId, page: PageRequest<CredentialId>) -> Result<Page<StoredCredential, CredentialId>, StoreError>;

    /// Removes a credential.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none.
    async fn delete_credential(&self, tenant: &TenantId, id: &CredentialId) -> Result<(), StoreError>;

    /// Credentials sealed with any other key than this one, at most `limit`: those that a rotation still has to seal anew.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn credentials_not_under(&self, key_id: &str, limit: u32) -> Result<Vec<StoredCredential>, StoreError>;

    /// Replaces the sealed form of a secret that stays the same, if it still has this revision; neither revision nor `updated` changes. False when it was changed meanwhile.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn reseal_credential(&self, id: &CredentialId, revision: u32, secret: SealedSecret) -> Result<bool, StoreError>;
}
