//! Callers who show a JSON Web Token. The credential says which algorithm and which key; what the token says about either is not believed.

use axum::http::HeaderMap;
use engine_core::credential::Credential;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::auth::scheme;
use super::failure::Failure;

/// The token's claims, if it is good.
pub(super) fn check(credential: &Credential, headers: &HeaderMap) -> Result<Value, Failure> {
    let token = scheme(headers, "bearer").ok_or_else(|| Failure::unauthorized("Bearer realm=\"Webhook\""))?;
    let algorithm: Algorithm = match credential.text("algorithm") {
        "" => Algorithm::HS256,
        name => name.parse().map_err(|_| Failure::forbidden())?,
    };
    let key = key(credential, algorithm).ok_or_else(Failure::forbidden)?;
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_nbf = true;
    decode::<Value>(token, &key, &validation).map(|token| token.claims).map_err(|_| Failure::forbidden())
}

fn key(credential: &Credential, algorithm: Algorithm) -> Option<DecodingKey> {
    let secret = credential.text("secret");
    let pem = credential.text("publicKey").replace("\\n", "\n");
    let pem = pem.as_bytes();
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => (!secret.is_empty()).then(|| DecodingKey::from_secret(secret.as_bytes())),
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem).ok(),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem).ok(),
        _ => DecodingKey::from_rsa_pem(pem).ok(),
    }
}
