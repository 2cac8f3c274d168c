//! Trying out credentials that hold keys: something is signed with them and checked.

use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialTester, CredentialTrial, CredentialVerdict};
use engine_core::node::NodeError;

use super::key::{KeyError, Kind, PrivateKey, PublicKey, SIGNING_DIGESTS};
use super::{jwt, totp};

/// Tries out keys of one type of credential.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyTester {
    /// `crypto`: secrets, keys, or both.
    Crypto,
    /// `jwtAuth`.
    Jwt,
    /// `totpApi`.
    Totp,
}

#[async_trait]
impl CredentialTester for KeyTester {
    async fn try_out(&self, trial: CredentialTrial<'_>) -> CredentialVerdict {
        let tried = match self {
            Self::Crypto => crypto(trial.credential),
            Self::Jwt => jwt::try_out(trial.credential).map(str::to_owned),
            Self::Totp => totp::try_out(trial.credential, trial.now).map(|()| "a password can be made".to_owned()),
        };
        match tried {
            Ok(message) => CredentialVerdict::Works(message),
            Err(error) => CredentialVerdict::Fails(told(&error)),
        }
    }
}

/// The longer text says what is wrong with a key. Neither holds anything of it.
fn told(error: &NodeError) -> String {
    match error.description() {
        Some(description) => format!("{}: {description}", error.message()),
        None => error.message().to_owned(),
    }
}

fn crypto(credential: &Credential) -> Result<String, NodeError> {
    let mut told = Vec::new();
    if !(credential.text("hmacSecret").is_empty() && credential.text("encryptionPassphrase").is_empty()) {
        told.push("there is a secret");
    }
    told.extend(signs(credential.text("signPrivateKey"))?);
    told.extend(encrypts(credential.text("encryptionPublicKey"), credential.text("encryptionPrivateKey"))?);
    if told.is_empty() { Err(NodeError::fatal("there is neither a secret nor a key in it")) } else { Ok(told.join(", ")) }
}

fn signs(key: &str) -> Result<Option<&'static str>, NodeError> {
    if key.is_empty() {
        return Ok(None);
    }
    let key = PrivateKey::read(key).map_err(|error| unusable("private", error))?;
    if !SIGNING_DIGESTS.iter().any(|digest| key.sign(digest, b"trial").is_ok()) {
        return Err(NodeError::fatal("nothing can be signed with the private key"));
    }
    Ok(Some("the private key signs"))
}

fn encrypts(public: &str, private: &str) -> Result<Option<&'static str>, NodeError> {
    let sealed = if public.is_empty() {
        None
    } else {
        let key = PublicKey::read(public).map_err(|error| unusable("encryption public", error))?;
        Some(key.encrypt(b"trial").map_err(|error| unusable("encryption public", error))?)
    };
    if private.is_empty() {
        return Ok(sealed.map(|_| "the public key encrypts"));
    }
    let key = PrivateKey::read(private).map_err(|error| unusable("encryption private", error))?;
    match sealed.map(|sealed| key.decrypt(&sealed)) {
        None if key.kind() == Kind::Rsa => Ok(Some("there is a private key to decrypt with")),
        None => Err(unusable("encryption private", KeyError::Mismatch)),
        Some(Ok(plain)) if plain == b"trial" => Ok(Some("the keys encrypt and decrypt")),
        Some(_) => Err(NodeError::fatal("the encryption public key is not the one of the private key")),
    }
}

fn unusable(which: &str, error: KeyError) -> NodeError {
    NodeError::fatal(format!("the {which} key cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
    use engine_core::model::Timestamp;
    use futures::executor::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::key::fixtures;

    fn tried(tester: KeyTester, fields: Value) -> (bool, String) {
        let Value::Object(fields) = fields else { panic!("an object") };
        let credential = Credential::new(fields);
        let trial = CredentialTrial { kind: "any", credential: &credential, url: None, now: Timestamp::from_millis(1_700_000_000_000) };
        match block_on(tester.try_out(trial)) {
            CredentialVerdict::Works(message) => (true, message),
            CredentialVerdict::Fails(message) => (false, message),
            other => panic!("{other:?}"),
        }
    }

    fn check(tester: KeyTester, fields: Value, (works, expect): (bool, &str)) {
        let (did, message) = tried(tester, fields);
        assert!(did == works && message.contains(expect), "{did}: {message}");
        assert!(!message.contains("canary"), "{message}");
    }

    #[test]
    fn keys_of_tokens_sign_and_check() {
        let (private, public) = fixtures::ec(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let (_, other) = fixtures::ec(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let pem = |private: &str, public: &str| json!({"keyType": "pemKey", "algorithm": "ES256", "privateKey": private, "publicKey": public});
        let checks: [(Value, (bool, &str)); 9] = [
            (json!({"keyType": "passphrase", "secret": "canary", "algorithm": "HS384"}), (true, "signed and checked")),
            (json!({"keyType": "passphrase", "secret": "", "algorithm": "HS384"}), (false, "must be provided")),
            (json!({"keyType": "passphrase", "secret": "canary", "algorithm": "none"}), (false, "proves nothing")),
            (pem(&private, &public), (true, "signed and checked")),
            (pem(&private, &other), (false, "not the one of the private key")),
            (pem(&private, ""), (true, "no key to check")),
            (pem("", &public), (true, "no key to sign")),
            (pem("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", &public), (false, "not valid key material")),
            (json!({"keyType": "pemKey", "algorithm": "RS256", "privateKey": private}), (false, "ES256")),
        ];
        for (fields, expect) in checks {
            check(KeyTester::Jwt, fields, expect);
        }
    }

    #[test]
    fn keys_of_signatures_sign() {
        let (private, _) = fixtures::rsa();
        check(KeyTester::Crypto, json!({"signPrivateKey": private}), (true, "signs"));
        check(KeyTester::Crypto, json!({"hmacSecret": "canary"}), (true, "a secret"));
        check(KeyTester::Crypto, json!({"hmacSecret": "canary", "signPrivateKey": "canary"}), (false, "not written as PEM"));
        check(KeyTester::Crypto, json!({}), (false, "neither"));
    }

    #[test]
    fn keys_of_encryption_encrypt() {
        let ((private, public), (_, other)) = (fixtures::rsa(), fixtures::rsa());
        let (curve, _) = fixtures::ec(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let keys = |public: &str, private: &str| json!({"encryptionPublicKey": public, "encryptionPrivateKey": private});
        check(KeyTester::Crypto, json!({"encryptionPassphrase": "canary"}), (true, "a secret"));
        check(KeyTester::Crypto, keys(&public, &private), (true, "encrypt and decrypt"));
        check(KeyTester::Crypto, keys(&public, ""), (true, "encrypts"));
        check(KeyTester::Crypto, keys("", &private), (true, "decrypt with"));
        check(KeyTester::Crypto, keys(&other, &private), (false, "not the one of the private key"));
        check(KeyTester::Crypto, keys("", &curve), (false, "does not fit"));
        check(KeyTester::Crypto, keys("canary", &private), (false, "not written as PEM"));
    }

    #[test]
    fn secrets_of_one_time_passwords_are_read() {
        check(KeyTester::Totp, json!({"label": "issuer:me", "secret": "JBSWY3DPEHPK3PXP"}), (true, "can be made"));
        check(KeyTester::Totp, json!({"label": "canary", "secret": "JBSWY3DPEHPK3PXP"}), (false, "Malformed label"));
        check(KeyTester::Totp, json!({"label": "issuer:me", "secret": "canary!"}), (false, "base 32"));
        check(KeyTester::Totp, json!({"label": "issuer:me", "secret": ""}), (false, "no secret"));
    }
}
