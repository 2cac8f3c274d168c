//! Passwords: hashed with Argon2id; hashes of bcrypt are accepted for accounts that were imported.
//!
//! Hashing takes memory and time on purpose, so only a few run at once, on threads for blocking work.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::problem::{ApiError, Detail};

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Checked when there is no such user, so that the time does not tell.
    nobody: Arc<OnceLock<String>>,
}

/// How many are hashed at the same time.
const AT_ONCE: usize = 4;

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody: Arc::default() }
    }

    /// The hash of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.blocking(move || hash(&password)).await?.ok_or_else(ApiError::internal)
    }

    /// Whether a password belongs to a hash. Without a hash it takes as long, and does not.
    pub(crate) async fn check(&self, password: String, stored: Option<String>) -> Result<bool, ApiError> {
        let nobody = Arc::clone(&self.nobody);
        self.blocking(move || {
            if let Some(stored) = stored {
                return matches(&password, &stored);
            }
            matches(&password, nobody.get_or_init(|| hash(&super::new_secret()).unwrap_or_default()));
            false
        })
        .await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| ApiError::internal())?;
        // The work goes on when its caller goes away, and so does its turn.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal())
    }
}

/// The hash of a password, on this thread.
pub(super) fn hash(password: &str) -> Option<String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

fn matches(password: &str, stored: &str) -> bool {
    if stored.starts_with("$2") {
        return bcrypt::non_truncating_verify(password, stored).unwrap_or(false);
    }
    PasswordHash::new(stored).is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
}

/// Whether a password may be chosen (NIST SP 800-63B: length counts, not kinds of characters).
pub(crate) fn check_new(password: &str, email: &str) -> Result<(), ApiError> {
    let length = password.chars().count();
    let problem = if length < 10 {
        "a password has at least 10 characters"
    } else if length > 256 {
        "a password has at most 256 characters"
    } else if password.eq_ignore_ascii_case(email) {
        "a password is not the e-mail address"
    } else {
        return Ok(());
    };
    let detail = Detail { pointer: "/password".to_owned(), message: problem.to_owned(), code: None };
    Err(ApiError::invalid("the password cannot be taken").with_errors(vec![detail]))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::future::{FutureExt, poll_immediate};

    use super::*;

    /// Breaks when a turn ends with the request: callers who hang up at once would have any number of passwords hashed at the same time.
    #[tokio::test]
    async fn inv_23_whoever_hangs_up_gives_no_turn_back_before_the_work_is_done() {
        let passwords = Passwords::new();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Arc::new(std::sync::Mutex::new(ended));
        for _ in 0..AT_ONCE {
            let ended = Arc::clone(&ended);
            let work = move || ended.lock().is_ok_and(|ended| ended.recv().is_err());
            let mut hung_up = passwords.blocking(work).boxed();
            assert!(poll_immediate(&mut hung_up).await.is_none());
        }
        assert_eq!(passwords.turns.available_permits(), 0, "all are still at work");
        drop(end);
        assert!(passwords.blocking(|| true).await.expect("a turn"));
    }
}
