//! JSON Web Tokens, signed with a credential of type `jwtAuth`.

use engine_core::credential::Credential;
use engine_core::model::Timestamp;
use engine_core::node::NodeError;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// Signs a payload. The time of signing is put into it, unless it says one itself.
///
/// # Errors
/// When the payload is no object, or the credential has no key that fits its algorithm.
pub(crate) fn sign(payload: Value, credential: &Credential, now: Timestamp) -> Result<String, NodeError> {
    let Value::Object(mut claims) = payload else { return Err(NodeError::fatal("the payload of a token must be an object")) };
    claims.entry("iat").or_insert_with(|| json!(now.as_millis() / 1000));
    let name = Some(credential.text("algorithm")).filter(|name| !name.is_empty()).unwrap_or("HS256");
    let algorithm: Algorithm = name.parse().map_err(|_| NodeError::fatal(format!("there is no signing algorithm {name:?}")))?;
    let key = key(credential, algorithm).map_err(|error| NodeError::fatal(format!("the key of the credential cannot be used: {error}")))?;
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).map_err(|error| NodeError::fatal(format!("the token cannot be signed: {error}")))
}

fn key(credential: &Credential, algorithm: Algorithm) -> jsonwebtoken::errors::Result<EncodingKey> {
    if credential.text("keyType") != "pemKey" {
        return Ok(EncodingKey::from_secret(credential.text("secret").as_bytes()));
    }
    let pem = pem_lines(credential.text("privateKey"));
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem.as_bytes()),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
    }
}

/// A key whose line ends were lost on the way through a form has them put back.
fn pem_lines(pem: &str) -> String {
    let pem = pem.trim();
    if pem.contains('\n') {
        return pem.to_owned();
    }
    let parts: Vec<&str> = pem.split("-----").map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [head, body, tail] => format!("-----{head}-----\n{}\n-----{tail}-----\n", body.split_ascii_whitespace().collect::<Vec<_>>().join("\n")),
        _ => pem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[test]
    fn a_token_says_when_and_with_what_it_was_signed() {
        let field = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let credential = Credential::new([field("keyType", "passphrase"), field("secret", "s3cret"), field("algorithm", "HS384")]);
        let token = sign(json!({"a": 1}), &credential, Timestamp::from_millis(1_700_000_000_000)).unwrap();
        let mut rules = Validation::new(Algorithm::HS384);
        rules.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_secret(b"s3cret"), &rules).unwrap().claims;
        assert_eq!(claims, json!({"a": 1, "iat": 1_700_000_000}));
        assert!(sign(json!([]), &credential, Timestamp::EPOCH).is_err());
        let unknown = Credential::new([field("algorithm", "none")]);
        assert!(sign(json!({}), &unknown, Timestamp::EPOCH).is_err());
    }

    #[test]
    fn a_key_gets_its_lines_back() {
        assert_eq!(pem_lines("-----BEGIN KEY----- QUJD REVG -----END KEY-----"), "-----BEGIN KEY-----\nQUJD\nREVG\n-----END KEY-----\n");
    }
}
