//! Users, sessions, API keys and the audit log in memory.

use async_trait::async_trait;
use uuid::Uuid;

use super::MemoryStore;
use super::state::State;
use crate::model::{Json, Timestamp};
use crate::store::{
    AccountStore, ApiKey, ApiKeyId, AuditEntry, AuditStore, LoginResult, NewUser, Page, PageRequest, Session, StoreError, TenantId, User, UserChange,
    UserId,
};

#[async_trait]
impl AccountStore for MemoryStore {
    async fn add_user(&self, user: NewUser) -> Result<User, StoreError> {
        let now = self.now();
        let mut state = self.state();
        if state.users.contains_key(&user.id) || state.email_is_taken(&user.email, user.id) {
            return Err(StoreError::conflict("user", user.email, "the address is taken"));
        }
        let NewUser { id, tenant, email, name, role, password_hash } = user;
        let user = User {
            id,
            tenant,
            email,
            name,
            role,
            password_hash,
            verified: false,
            disabled: false,
            failed_logins: 0,
            locked_until: None,
            attributes: Json::new(),
            created: now,
            updated: now,
        };
        state.users.insert(id, user.clone());
        Ok(user)
    }

    async fn user(&self, id: UserId) -> Result<User, StoreError> {
        self.state().users.get(&id).cloned().ok_or_else(|| StoreError::not_found("user", id.to_string()))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let wanted = email.to_lowercase();
        Ok(self.state().users.values().find(|user| user.email.to_lowercase() == wanted).cloned())
    }

    async fn users(&self, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError> {
        let state = self.state();
        let after = state.users.values().filter(|user| page.after.is_none_or(|after| user.id > after));
        Ok(Page::of(after.take(page.limit as usize + 1).cloned().collect(), page.limit, |user: &User| user.id))
    }

    async fn change_user(&self, id: UserId, change: UserChange) -> Result<User, StoreError> {
        let now = self.now();
        let mut state = self.state();
        if let Some(email) = change.email.as_ref().filter(|email| state.email_is_taken(email, id)) {
            return Err(StoreError::conflict("user", email, "the address is taken"));
        }
        let user = state.users.get_mut(&id).ok_or_else(|| StoreError::not_found("user", id.to_string()))?;
        change.apply(user);
        user.updated = now;
        Ok(user.clone())
    }

    async fn delete_user(&self, id: UserId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.users.remove(&id).ok_or_else(|| StoreError::not_found("user", id.to_string()))?;
        state.sessions.retain(|_, session| session.user != id);
        state.api_keys.retain(|_, key| key.user != id);
        Ok(())
    }

    async fn save_session(&self, session: Session) -> Result<(), StoreError> {
        self.state().sessions.insert(session.id, session);
        Ok(())
    }

    async fn session_by_token(&self, token_hash: &[u8]) -> Result<Option<Session>, StoreError> {
        let now = self.now();
        let is_token = |session: &&Session| session.token_hash == token_hash || session.previous_hash.as_deref() == Some(token_hash);
        Ok(self.state().sessions.values().filter(|session| session.expires > now).find(is_token).cloned())
    }

    async fn session(&self, id: Uuid) -> Result<Option<Session>, StoreError> {
        let now = self.now();
        Ok(self.state().sessions.get(&id).filter(|session| session.expires > now).cloned())
    }

    async fn rotate_session(&self, id: Uuid, expected: &[u8], token_hash: Vec<u8>, expires: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(session) = state.sessions.get_mut(&id).filter(|session| session.token_hash == expected) else { return Ok(false) };
        session.previous_hash = Some(std::mem::replace(&mut session.token_hash, token_hash));
        session.expires = expires;
        Ok(true)
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let now = self.now();
        Ok(self.state().sessions.values().filter(|session| session.user == user && session.expires > now).cloned().collect())
    }

    async fn end_sessions(&self, user: UserId, session: Option<Uuid>) -> Result<(), StoreError> {
        self.state().sessions.retain(|id, own| own.user != user || session.is_some_and(|session| session != *id));
        Ok(())
    }

    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.api_keys.values().any(|other| other.id == key.id || other.hash == key.hash) {
            return Err(StoreError::conflict("api key", key.id.to_string(), "the id or the key is taken"));
        }
        state.api_keys.insert(key.id, key);
        Ok(())
    }

    async fn api_key_by_hash(&self, hash: &[u8]) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.state().api_keys.values().find(|key| key.hash == hash).cloned())
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self.state().api_keys.values().filter(|key| key.user == user).cloned().collect())
    }

    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(key) = self.state().api_keys.get_mut(&id) {
            key.used = Some(at);
        }
        Ok(())
    }

    async fn delete_api_key(&self, user: UserId, id: ApiKeyId) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.api_keys.get(&id).is_none_or(|key| key.user != user) {
            return Err(StoreError::not_found("api key", id.to_string()));
        }
        state.api_keys.remove(&id);
        Ok(())
    }
}

impl State {
    fn email_is_taken(&self, email: &str, by_other_than: UserId) -> bool {
        let wanted = email.to_lowercase();
        self.users.values().any(|user| user.id != by_other_than && user.email.to_lowercase() == wanted)
    }
}

impl UserChange {
    /// Changes a user accordingly.
    pub fn apply(self, user: &mut User) {
        let Self { email, name, role, password_hash, verified, disabled, login, attributes } = self;
        let replace = |to: &mut String, from: Option<String>| from.into_iter().for_each(|text| *to = text);
        replace(&mut user.email, email);
        replace(&mut user.name, name);
        replace(&mut user.role, role);
        user.password_hash = password_hash.or(user.password_hash.take());
        user.verified = verified.unwrap_or(user.verified);
        user.disabled = disabled.unwrap_or(user.disabled);
        if let Some(attributes) = attributes {
            user.attributes = attributes;
        }
        match login {
            None => {}
            Some(LoginResult::Succeeded) => (user.failed_logins, user.locked_until) = (0, None),
            Some(LoginResult::Failed { limit, .. }) if user.failed_logins + 1 < limit => user.failed_logins += 1,
            Some(LoginResult::Failed { until, .. }) => (user.failed_logins, user.locked_until) = (0, Some(until)),
        }
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.state().audit.entry(entry.id).or_insert(entry);
        Ok(())
    }

    async fn audit_log(&self, tenant: &TenantId, page: PageRequest<Uuid>) -> Result<Page<AuditEntry, Uuid>, StoreError> {
        let state = self.state();
        let own = state.audit.values().rev().filter(|entry| entry.tenant == *tenant);
        let after = own.filter(|entry| page.after.is_none_or(|after| entry.id < after));
        Ok(Page::of(after.take(page.limit as usize + 1).cloned().collect(), page.limit, |entry: &AuditEntry| entry.id))
    }

    async fn prune_audit_log(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.state();
        let old: Vec<_> = state.audit.values().filter(|entry| entry.at < before).take(limit as usize).map(|entry| entry.id).collect();
        for id in &old {
            state.audit.remove(id);
        }
        Ok(old.len() as u64)
    }
}
