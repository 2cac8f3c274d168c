//! Refresh tokens. One names its session and is signed, so that any token of a session is known again, however often it was exchanged since.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Makes and reads refresh tokens.
#[derive(Clone)]
pub(crate) struct RefreshTokens {
    mac: Hmac<Sha256>,
}

/// What refresh tokens begin with.
const PREFIX: &str = "engr_";
const NONCE: usize = 32;

impl RefreshTokens {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { mac: Hmac::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")) }
    }

    /// A new token for a session.
    ///
    /// # Panics
    /// When the operating system gives no randomness.
    pub(crate) fn issue(&self, session: Uuid) -> String {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).unwrap_or_else(|error| panic!("the operating system gives no randomness: {error}"));
        let mut bytes = Vec::with_capacity(16 + NONCE + 32);
        bytes.extend_from_slice(session.as_bytes());
        bytes.extend_from_slice(&nonce);
        let tag = self.mac_of(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The session for which a token was made here, present or past.
    pub(crate) fn session(&self, token: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (signed, tag) = bytes.split_at_checked(16 + NONCE)?;
        self.mac_of(signed).verify_slice(tag).ok()?;
        Uuid::from_slice(signed.get(..16)?).ok()
    }

    fn mac_of(&self, signed: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"refresh:");
        mac.update(signed);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_session_and_cannot_be_made_up() {
        let (ours, theirs) = (RefreshTokens::new(&[1; 32]), RefreshTokens::new(&[2; 32]));
        let session = Uuid::from_u128(7);
        let token = ours.issue(session);
        assert_eq!(ours.session(&token), Some(session));
        assert_ne!(ours.issue(session), token);
        assert_eq!(theirs.session(&token), None);
        let forged = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([session.as_bytes().as_slice(), &[0; NONCE + 32]].concat()));
        for bad in ["", PREFIX, "engr_x", "engr_!!", token.trim_start_matches(PREFIX), &forged, &format!("{token}x")] {
            assert_eq!(ours.session(bad), None, "{bad}");
        }
    }
}
