//! Who calls, and what they may do. Every route of the API names a [`Permission`]; a caller is an [`Identity`] with a [`Role`] and, for API keys, scopes.
//!
//! Without sign-in (loopback only) everybody is the one administrator.

mod account;
mod identity;
mod jwt;
mod password;
mod permission;
mod refresh;
mod secret;

pub use account::{AccountError, NewAccount};
pub use identity::SignIn;
pub(crate) use identity::{API_KEY_PREFIX, Identity, authenticate, known};
pub(crate) use jwt::Tokens;
pub(crate) use password::{Passwords, check_new};
pub(crate) use permission::{Permission, Role};
pub(crate) use refresh::RefreshTokens;
pub(crate) use secret::{digest, new_secret};
