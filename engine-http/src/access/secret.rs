//! Secrets that this server makes, and the digests under which it keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 random bits as text.
///
/// # Panics
/// When the operating system gives no randomness: nothing may be signed then.
pub(crate) fn new_secret() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("the operating system gives no randomness: {error}"));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a secret of 256 random bits: there is nothing to guess, so no slow hash is needed.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
