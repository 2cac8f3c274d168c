//! Tokens as text: writing one, taking one apart, checking one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine_core::expression::js;
use engine_core::model::Json;
use engine_core::node::NodeError;
use serde_json::{Value, json};

use super::algorithm::Method;

/// What a token is signed with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    /// The algorithm's name, such as `RS256`.
    pub(super) algorithm: &'a str,
    /// A secret, or a key as PEM.
    pub(super) material: &'a str,
}

impl Key<'_> {
    /// Signs a message.
    pub(super) fn sign(self, message: &[u8]) -> Result<Vec<u8>, NodeError> {
        Method::named(self.algorithm)?.sign(self.algorithm, self.material, message)
    }

    /// Whether the signature is that of the message. Fails when the key cannot be used for that.
    pub(super) fn verifies(self, message: &[u8], signature: &[u8]) -> Result<bool, NodeError> {
        Method::named(self.algorithm)?.verifies(self.algorithm, self.material, (message, signature))
    }
}

/// Signs a payload at a time in seconds. The header's own fields come after the usual ones and win over the key's id, never over the algorithm.
pub(super) fn sign(mut payload: Json, (kid, header): (Option<String>, Json), key: Key<'_>, now: i64) -> Result<String, NodeError> {
    Method::named(key.algorithm)?;
    for name in ["iat", "exp", "nbf"] {
        if payload.get(name).is_some_and(|value| !value.is_number()) {
            return Err(NodeError::fatal(format!("\"{name}\" should be a number of seconds")));
        }
    }
    if !payload.get("iat").is_some_and(js::truthy) {
        payload.insert("iat".to_owned(), json!(now));
    }
    let mut head = Json::from_iter([("alg".to_owned(), json!(key.algorithm)), ("typ".to_owned(), json!("JWT"))]);
    head.extend(kid.map(|kid| ("kid".to_owned(), json!(kid))));
    head.extend(header.into_iter().filter(|(name, _)| name != "alg"));
    let encoded = |json: Json| URL_SAFE_NO_PAD.encode(js::stringify(&Value::Object(json)));
    let message = format!("{}.{}", encoded(head), encoded(payload));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The parts of a token.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    header: Json,
    payload: Value,
    message: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes a token apart without checking it; `None` when it is none.
    pub(super) fn read(token: &'a str) -> Result<Option<Self>, NodeError> {
        let Some((message, signature)) = token.rsplit_once('.') else { return Ok(None) };
        let Some((head, body)) = message.split_once('.') else { return Ok(None) };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if head.is_empty() || body.is_empty() || ![head, body, signature].into_iter().all(plain) {
            return Ok(None);
        }
        let Ok(Value::Object(header)) = serde_json::from_slice(&bytes_of(head)) else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes_of(body)).into_owned();
        let parsed = serde_json::from_str(&text);
        let payload = match parsed {
            Ok(payload @ (Value::Object(_) | Value::Array(_))) => payload,
            Ok(payload) if header.get("typ").is_some_and(|kind| kind == "JWT") => payload,
            Err(_) if header.get("typ").is_some_and(|kind| kind == "JWT") => {
                return Err(NodeError::fatal("the payload of the token is not valid JSON"));
            }
            _ => Value::String(text),
        };
        Ok(Some(Self { header, payload, message, signature }))
    }

    /// What the node gives: the payload alone, or all parts.
    pub(super) fn into_json(self, complete: bool) -> Json {
        let mut json = Json::new();
        if complete {
            json.insert("header".to_owned(), Value::Object(self.header));
        }
        json.insert("payload".to_owned(), self.payload);
        if complete {
            json.insert("signature".to_owned(), json!(self.signature));
        }
        json
    }

    /// Checks the signature with the one algorithm that is allowed, then the times.
    pub(super) fn verify(&self, key: Key<'_>, times: Times) -> Result<(), NodeError> {
        // An unsigned token proves nothing, whoever asks for it.
        if self.signature.is_empty() {
            return Err(NodeError::fatal("jwt signature is required"));
        }
        if self.header.get("alg").and_then(Value::as_str) != Some(key.algorithm) {
            return Err(NodeError::fatal("invalid algorithm"));
        }
        if !key.verifies(self.message.as_bytes(), &bytes_of(self.signature))? {
            return Err(NodeError::fatal("The JWT token can't be verified")
                .with_description("Be sure that the provided JWT token is correctly encoded and matches the selected credentials"));
        }
        times.check(&self.payload)
    }
}

/// Bytes written in base 64 for URLs; what is no such text gives none.
fn bytes_of(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap_or_default()
}

/// When a token is checked, and how strictly.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    /// Seconds since 1970.
    pub(super) now: f64,
    /// By how many seconds clocks may differ.
    pub(super) tolerance: f64,
    pub(super) ignore_expiration: bool,
    pub(super) ignore_not_before: bool,
}

impl Times {
    fn check(self, payload: &Value) -> Result<(), NodeError> {
        let time = |name: &str| match payload.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| NodeError::fatal(format!("invalid {name} value"))),
        };
        if !self.ignore_not_before && time("nbf")?.is_some_and(|start| start > self.now + self.tolerance) {
            return Err(NodeError::fatal("jwt not active"));
        }
        if !self.ignore_expiration && time("exp")?.is_some_and(|end| self.now >= end + self.tolerance) {
            return Err(NodeError::fatal("jwt expired"));
        }
        Ok(())
    }
}
