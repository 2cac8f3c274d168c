//! Who may sign in, and what they did: users, sessions, API keys, the audit log.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Page, PageRequest, StoreError, TenantId};
use crate::model::{Json, Timestamp};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a uuid.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The uuid.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

uuid_id! {
    /// Names a user.
    UserId
}

uuid_id! {
    /// Names an API key.
    ApiKeyId
}

/// Keeps users, sessions and API keys. Stores hashes only; what they are hashes of never comes here.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id or the e-mail address is taken; addresses are compared without regard to case.
    async fn add_user(&self, user: NewUser) -> Result<User, StoreError>;

    /// A user by id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    async fn user(&self, id: UserId) -> Result<User, StoreError>;

    /// A user by e-mail address, whatever its case.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError>;

    /// Users in the order of their ids.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn users(&self, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError>;

    /// Changes a user; gives the user as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none; [`StoreError::Conflict`] when the new address is taken.
    async fn change_user(&self, id: UserId, change: UserChange) -> Result<User, StoreError>;

    /// Removes a user with all sessions and API keys.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    async fn delete_user(&self, id: UserId) -> Result<(), StoreError>;

    /// Adds a session or, when one with this id is there, replaces it.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn save_session(&self, session: Session) -> Result<(), StoreError>;

    /// A session, by the hash of its present or its previous token, unless it has expired.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn session_by_token(&self, token_hash: &[u8]) -> Result<Option<Session>, StoreError>;

    /// A session by its id, unless it has expired.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn session(&self, id: Uuid) -> Result<Option<Session>, StoreError>;

    /// Replaces the token of a session, if `expected` is still its present one; the old one becomes the previous one. False when it is not.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn rotate_session(&self, id: Uuid, expected: &[u8], token_hash: Vec<u8>, expires: Timestamp) -> Result<bool, StoreError>;

    /// A user's sessions that have not expired.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Ends a session, or all of a user's when none is named.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn end_sessions(&self, user: UserId, session: Option<Uuid>) -> Result<(), StoreError>;

    /// Adds an API key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id or the hash is taken.
    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError>;

    /// An API key by the hash of its secret, also one that has expired.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn api_key_by_hash(&self, hash: &[u8]) -> Result<Option<ApiKey>, StoreError>;

    /// A user's API keys in the order of their ids.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError>;

    /// Notes that a key was used.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError>;

    /// Removes a user's API key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the user has none with this id.
    async fn delete_api_key(&self, user: UserId, id: ApiKeyId) -> Result<(), StoreError>;
}

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// The tenant that it works for.
    pub tenant: TenantId,
    /// E-mail address.
    pub email: String,
    /// Name, for people.
    pub name: String,
    /// Role: the name that the HTTP side gives it.
    pub role: String,
    /// Hash of the password, in PHC form; none for one that cannot sign in with a password.
    pub password_hash: Option<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The tenant that it works for.
    pub tenant: TenantId,
    /// E-mail address.
    pub email: String,
    /// Name, for people.
    pub name: String,
    /// Role.
    pub role: String,
    /// Hash of the password.
    pub password_hash: Option<String>,
    /// Whether the address was confirmed.
    pub verified: bool,
    /// Whether signing in is forbidden.
    pub disabled: bool,
    /// How many times in a row signing in failed.
    pub failed_logins: u32,
    /// No sign-in before this time.
    pub locked_until: Option<Timestamp>,
    /// Entries of the HTTP side: settings, pending confirmations.
    pub attributes: Json,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// A change to a user: what is given is replaced.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Hash of the password.
    pub password_hash: Option<String>,
    /// Whether the address was confirmed.
    pub verified: Option<bool>,
    /// Whether signing in is forbidden.
    pub disabled: Option<bool>,
    /// What happened when signing in: a failure counts one up, a success sets the count to 0.
    pub login: Option<LoginResult>,
    /// Entries of the HTTP side.
    pub attributes: Option<Json>,
}

/// What happened when a user signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginResult {
    /// It went well: the count of failures is 0 again.
    Succeeded,
    /// It failed: one failure more; when it is the `limit`-th in a row, no sign-in before `until`, and the count begins anew.
    Failed {
        /// How many are allowed.
        limit: u32,
        /// Until when the user is locked then.
        until: Timestamp,
    },
}

/// A signed-in session.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// Hash of the present refresh token.
    pub token_hash: Vec<u8>,
    /// Hash of the token before: seeing it again means that one was stolen.
    pub previous_hash: Option<Vec<u8>>,
    /// When it began.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// Where it came from, for people: address, browser.
    pub attributes: Json,
}

/// An API key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose.
    pub user: UserId,
    /// Name, for people.
    pub name: String,
    /// The beginning of the key, for people.
    pub prefix: String,
    /// Hash of the key.
    pub hash: Vec<u8>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Entries of the HTTP side: allowed addresses.
    pub attributes: Json,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// Keeps what happened, for those who must answer for it. Only ever appended to.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends an entry.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// A tenant's entries, the newest first.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn audit_log(&self, tenant: &TenantId, page: PageRequest<Uuid>) -> Result<Page<AuditEntry, Uuid>, StoreError>;

    /// Removes entries older than this time, at most `limit`; gives how many.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn prune_audit_log(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its id: a `UUIDv7`.
    pub id: Uuid,
    /// Whose log it belongs to.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// Who did it: a user, a key, the engine.
    pub actor: String,
    /// What was done, such as `workflow.activate`.
    pub action: String,
    /// To what.
    pub target: String,
    /// More about it. No secrets.
    pub details: Json,
}
