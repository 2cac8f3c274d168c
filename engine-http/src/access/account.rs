//! Accounts that an operator makes beside the API, by the same rules.

use super::{check_new, password};
use crate::api;

/// The address and the password of an account, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewAccount {
    /// The e-mail address, in its stored form.
    pub email: String,
    /// The hash of the password.
    pub password_hash: String,
}

/// Why there is no such account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AccountError(String);

impl NewAccount {
    /// Checks both as the API does, and hashes the password: that takes memory and some tenths of a second on purpose.
    ///
    /// # Errors
    /// When one of them cannot be taken.
    pub fn new(email: &str, password: &str) -> Result<Self, AccountError> {
        let email = api::address(email).map_err(|error| AccountError(error.reason().to_owned()))?;
        check_new(password, &email).map_err(|error| AccountError(error.reason().to_owned()))?;
        let password_hash = password::hash(password).ok_or_else(|| AccountError("the password could not be hashed".to_owned()))?;
        Ok(Self { email, password_hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_those_of_the_api() {
        let account = NewAccount::new(" Ada@Example.com ", "correct horse").unwrap();
        assert_eq!(account.email, "ada@example.com");
        assert!(account.password_hash.starts_with("$argon2id$"));
        assert_eq!(NewAccount::new("ada", "correct horse").unwrap_err().to_string(), "this is no e-mail address");
        assert_eq!(NewAccount::new("ada@example.com", "short").unwrap_err().to_string(), "a password has at least 10 characters");
    }
}
