//! Signatures over the ids of waiting executions: whoever has the address may resume it, nobody can guess it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine_core::model::ExecutionId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs and checks with HMAC-SHA256.
pub(crate) struct Signer {
    mac: Hmac<Sha256>,
}

impl Signer {
    /// With this key, or one that is made now and dies with the process.
    pub(crate) fn new(key: Option<&[u8]>) -> Self {
        let mut fresh = [0; 32];
        let key = key.unwrap_or_else(|| {
            getrandom::fill(&mut fresh).unwrap_or_else(|error| panic!("the operating system gives no randomness: {error}"));
            &fresh
        });
        let mac = Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        Self { mac }
    }

    /// The signature of an execution's address.
    pub(crate) fn sign(&self, id: ExecutionId) -> String {
        URL_SAFE_NO_PAD.encode(self.mac_of(id).finalize().into_bytes())
    }

    /// Whether `signature` was made for this execution. Takes the same time whatever is wrong.
    pub(crate) fn accepts(&self, id: ExecutionId, signature: &str) -> bool {
        URL_SAFE_NO_PAD.decode(signature).is_ok_and(|signature| self.mac_of(id).verify_slice(&signature).is_ok())
    }

    fn mac_of(&self, id: ExecutionId) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"resume:");
        mac.update(id.as_uuid().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_signature_is_accepted() {
        let id = |number| ExecutionId::new(uuid::Uuid::from_u128(number));
        let signer = Signer::new(Some(&[7; 32]));
        let signature = signer.sign(id(1));
        assert!(signer.accepts(id(1), &signature));
        assert!(!signer.accepts(id(2), &signature), "of another execution");
        assert!(!Signer::new(None).accepts(id(1), &signature), "under another key");
        assert!(!signer.accepts(id(1), signature.split_at(20).0), "cut short");
        assert!(!signer.accepts(id(1), ""));
    }
}
