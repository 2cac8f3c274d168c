//! Small things that are kept by name: static data, documents, answers to repeated requests.

use async_trait::async_trait;
use serde_json::Value;

use super::{Page, PageRequest, StoreError, TenantId};
use crate::model::{Json, Timestamp, WorkflowId};

/// Keeps the static data of workflows: `{"global": {...}, "node:<name>": {...}}`.
#[async_trait]
pub trait StaticDataStore: Send + Sync {
    /// The static data of a workflow; empty when nothing was stored.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn static_data(&self, workflow: &WorkflowId) -> Result<Json, StoreError>;

    /// Replaces it. Executions store theirs with their [`Ending`](super::Ending).
    ///
    /// # Errors
    /// When the store cannot write.
    async fn set_static_data(&self, workflow: &WorkflowId, data: Json) -> Result<(), StoreError>;
}

/// Keeps JSON documents by collection and id: templates, variables, tags, settings.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// A document, where there is one.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<Option<Document>, StoreError>;

    /// Stores a document. Its `revision` is the one that was read, 0 for a new one; the stored one is one higher. `created` and `updated` are set by the store.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was changed since.
    async fn save_document(&self, document: Document) -> Result<Document, StoreError>;

    /// A collection in the order of ids.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn documents(&self, tenant: &TenantId, collection: &str, page: PageRequest<String>) -> Result<Page<Document, String>, StoreError>;

    /// Removes a document; false when there was none.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn delete_document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<bool, StoreError>;
}

/// A JSON document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Who owns it.
    pub tenant: TenantId,
    /// The collection.
    pub collection: String,
    /// Its id within the collection.
    pub id: String,
    /// The document.
    pub body: Value,
    /// Number of changes, from 1 on.
    pub revision: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// Keeps answers to requests that carry an idempotency key, so that a repeated request gets the same answer.
#[async_trait]
pub trait RequestStore: Send + Sync {
    /// Begins a request under its key, or tells what became of an earlier one. A begun request that was not answered by `expires` counts as if it had never been.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key came with another fingerprint.
    async fn begin_request(&self, request: IdempotentRequest) -> Result<RequestState, StoreError>;

    /// Stores the answer to a request that was begun, until `expires`.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn answer_request(&self, request: IdempotentRequest, answer: Value) -> Result<(), StoreError>;

    /// Forgets a request that was begun and had no effect.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn abandon_request(&self, tenant: &TenantId, key: &str) -> Result<(), StoreError>;

    /// Removes what has expired, of this and of other things that are kept for a time: idempotency keys, sessions. Gives how many.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError>;
}

/// A request that carries an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// Who sends it.
    pub tenant: TenantId,
    /// The key.
    pub key: String,
    /// Digest of the request.
    pub fingerprint: [u8; 32],
    /// Until when it is remembered, by the store's clock.
    pub expires: Timestamp,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestState {
    /// It is new: the caller does the work, then answers.
    New,
    /// Another one with the same key is being worked on.
    InFlight,
    /// It was answered.
    Answered(Value),
}
