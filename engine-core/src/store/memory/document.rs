//! Documents, answers to repeated requests, and sealed credentials in memory.

use async_trait::async_trait;
use serde_json::Value;

use super::MemoryStore;
use super::state::UsedRequest;
use crate::store::{
    CredentialId, CredentialStore, Document, DocumentStore, IdempotentRequest, Page, PageRequest, RequestState, RequestStore, SealedSecret,
    StoreError, StoredCredential, TenantId,
};

#[async_trait]
impl DocumentStore for MemoryStore {
    async fn document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<Option<Document>, StoreError> {
        Ok(self.state().documents.get(&(tenant.clone(), collection.to_owned(), id.to_owned())).cloned())
    }

    async fn save_document(&self, mut document: Document) -> Result<Document, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let key = (document.tenant.clone(), document.collection.clone(), document.id.clone());
        let before = state.documents.get(&key);
        if before.map_or(0, |before| before.revision) != document.revision {
            return Err(StoreError::conflict("document", document.id, "it was changed meanwhile"));
        }
        document.created = before.map_or(now, |before| before.created);
        document.updated = now;
        document.revision += 1;
        state.documents.insert(key, document.clone());
        Ok(document)
    }

    async fn documents(&self, tenant: &TenantId, collection: &str, page: PageRequest<String>) -> Result<Page<Document, String>, StoreError> {
        let state = self.state();
        let own = state.documents.values().filter(|document| document.tenant == *tenant && document.collection == collection);
        let after = own.filter(|document| page.after.as_ref().is_none_or(|after| document.id > *after));
        let items = after.take(page.limit as usize + 1).cloned().collect();
        Ok(Page::of(items, page.limit, |document: &Document| document.id.clone()))
    }

    async fn delete_document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<bool, StoreError> {
        Ok(self.state().documents.remove(&(tenant.clone(), collection.to_owned(), id.to_owned())).is_some())
    }
}

#[async_trait]
impl RequestStore for MemoryStore {
    async fn begin_request(&self, request: IdempotentRequest) -> Result<RequestState, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let key = (request.tenant.clone(), request.key.clone());
        match state.requests.get(&key).filter(|used| used.request.expires > now) {
            Some(used) if used.request.fingerprint != request.fingerprint => {
                Err(StoreError::conflict("idempotency key", request.key, "it was used for another request"))
            }
            Some(used) => Ok(used.answer.clone().map_or(RequestState::InFlight, RequestState::Answered)),
            None => {
                state.requests.insert(key, UsedRequest { request, answer: None });
                Ok(RequestState::New)
            }
        }
    }

    async fn answer_request(&self, request: IdempotentRequest, answer: Value) -> Result<(), StoreError> {
        let key = (request.tenant.clone(), request.key.clone());
        self.state().requests.insert(key, UsedRequest { request, answer: Some(answer) });
        Ok(())
    }

    async fn abandon_request(&self, tenant: &TenantId, key: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = (tenant.clone(), key.to_owned());
        if state.requests.get(&key).is_some_and(|used| used.answer.is_none()) {
            state.requests.remove(&key);
        }
        Ok(())
    }

    async fn remove_expired(&self, _limit: u32) -> Result<u64, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let before = state.requests.len() + state.keys.len() + state.sessions.len();
        state.requests.retain(|_, used| used.request.expires > now);
        state.keys.retain(|_, used| used.expires > now);
        state.sessions.retain(|_, session| session.expires > now);
        let after = state.requests.len() + state.keys.len() + state.sessions.len();
        Ok((before - after) as u64)
    }
}

#[async_trait]
impl CredentialStore for MemoryStore {
    async fn save_credential(&self, mut credential: StoredCredential) -> Result<StoredCredential, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let before = state.credentials.get(&credential.id);
        let is_own = before.is_none_or(|before| before.tenant == credential.tenant);
        if !is_own || before.map_or(0, |before| before.revision) != credential.revision {
            return Err(StoreError::conflict("credential", credential.id.to_string(), "it was changed meanwhile, or the id is taken"));
        }
        credential.created = before.map_or(now, |before| before.created);
        credential.updated = now;
        credential.revision += 1;
        state.credentials.insert(credential.id.clone(), credential.clone());
        Ok(credential)
    }

    async fn stored_credential(&self, id: &CredentialId) -> Result<StoredCredential, StoreError> {
        self.state().credentials.get(id).cloned().ok_or_else(|| StoreError::not_found("credential", id.to_string()))
    }

    async fn credentials_named(&self, tenant: &TenantId, kind: &str, name: &str) -> Result<Vec<StoredCredential>, StoreError> {
        let state = self.state();
        let own = state.credentials.values().filter(|credential| credential.tenant == *tenant && credential.kind == kind && credential.name == name);
        let mut found: Vec<_> = own.cloned().collect();
        found.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(found)
    }

    async fn credentials(&self, tenant: &TenantId, page: PageRequest<CredentialId>) -> Result<Page<StoredCredential, CredentialId>, StoreError> {
        let state = self.state();
        let own = state.credentials.values().filter(|credential| credential.tenant == *tenant);
        let after = own.filter(|credential| page.after.as_ref().is_none_or(|after| credential.id > *after));
        let items = after.take(page.limit as usize + 1).cloned().collect();
        Ok(Page::of(items, page.limit, |credential: &StoredCredential| credential.id.clone()))
    }

    async fn delete_credential(&self, tenant: &TenantId, id: &CredentialId) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.credentials.get(id).is_none_or(|credential| credential.tenant != *tenant) {
            return Err(StoreError::not_found("credential", id.to_string()));
        }
        state.credentials.remove(id);
        Ok(())
    }

    async fn credentials_not_under(&self, key_id: &str, limit: u32) -> Result<Vec<StoredCredential>, StoreError> {
        let state = self.state();
        Ok(state.credentials.values().filter(|credential| credential.secret.key_id != key_id).take(limit as usize).cloned().collect())
    }

    async fn reseal_credential(&self, id: &CredentialId, revision: u32, secret: SealedSecret) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(credential) = state.credentials.get_mut(id).filter(|credential| credential.revision == revision) else { return Ok(false) };
        credential.secret = secret;
        Ok(true)
    }
}
