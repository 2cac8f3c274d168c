//! Requests that are signed: an HMAC over the raw bytes of the body, with a time where the sender's scheme has one.
//!
//! Every signature that was sent is compared with what every key gives, each in constant time. A key that is being replaced counts beside the new one.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine_core::credential::Credential;
use engine_core::model::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::failure::Failure;
use super::options::{OptionError, refuse};

/// How requests are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    scheme: Scheme,
    /// How far the sender's clock, and the way here, may be off.
    tolerance: Duration,
    /// Whether a request that comes again starts nothing.
    pub(super) deduplicate: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    /// `X-Hub-Signature-256: sha256=<hex>` over the body.
    GitHub,
    /// `Stripe-Signature: t=<seconds>,v1=<hex>` over `<t>.<body>`.
    Stripe,
    /// `X-Slack-Signature: v0=<hex>` over `v0:<X-Slack-Request-Timestamp>:<body>`.
    Slack,
    /// `webhook-signature: v1,<base64>` over `<webhook-id>.<webhook-timestamp>.<body>`.
    Standard,
    /// What the node says.
    Custom(Custom),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Custom {
    header: HeaderName,
    prefix: String,
    algorithm: Algorithm,
    base64: bool,
    /// Seconds since the epoch; signed before the body, with a point between.
    time: Option<HeaderName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// More signatures than this are not compared.
const MOST: usize = 8;

/// What a request says about itself.
struct Claim<'a> {
    /// What stands before the body in what is signed.
    before: String,
    seconds: Option<&'a str>,
    /// Signed, and different for each delivery.
    id: Option<&'a str>,
    shown: Vec<Vec<u8>>,
}

impl Signature {
    /// Reads what a node says.
    pub(super) fn read(parameters: &Value) -> Result<Self, OptionError> {
        let own = &parameters["signature"];
        let scheme = match parameters["signatureScheme"].as_str().unwrap_or("standardWebhooks") {
            "github" => Scheme::GitHub,
            "stripe" => Scheme::Stripe,
            "slack" => Scheme::Slack,
            "standardWebhooks" => Scheme::Standard,
            "custom" => Scheme::Custom(Custom::read(own)?),
            other => return Err(refuse("signatureScheme", format!("{other:?} is not known"))),
        };
        let seconds = own["tolerance"].as_u64().unwrap_or(300);
        Ok(Self { scheme, tolerance: Duration::from_secs(seconds.clamp(1, 86_400)), deduplicate: own["deduplicate"] != false })
    }

    /// For how long a request is known again: as long as its signature counts, a day where it does so for ever.
    pub(super) fn remembered(&self) -> Duration {
        let has_time = !matches!(&self.scheme, Scheme::GitHub | Scheme::Custom(Custom { time: None, .. }));
        if has_time { self.tolerance * 2 } else { Duration::from_hours(24) }
    }

    /// Whether a request was signed with one of the keys, a short time ago. Gives what tells it from others.
    pub(super) fn check(&self, headers: &HeaderMap, body: &[u8], keys: &[Vec<u8>], now: Timestamp) -> Result<[u8; 32], Failure> {
        let absent = || Failure::new(StatusCode::UNAUTHORIZED, "The request is not signed!");
        let claim = self.claim(headers).ok_or_else(absent)?;
        if let Some(seconds) = claim.seconds {
            let at = seconds.parse::<i64>().map_err(|_| Failure::forbidden())?;
            if (now.as_millis() / 1000).abs_diff(at) > self.tolerance.as_secs() {
                return Err(Failure::new(StatusCode::FORBIDDEN, "The request was signed at another time!"));
            }
        }
        let mut good = false;
        for key in keys {
            for shown in claim.shown.iter().take(MOST) {
                // No short cut: the time must not tell which one was right.
                good |= self.algorithm().matches(key, &[claim.before.as_bytes(), body], shown);
            }
        }
        if !good {
            return Err(Failure::forbidden());
        }
        let mut digest = Sha256::new();
        match claim.id {
            Some(id) => digest.update(id),
            None => [claim.before.as_bytes(), body].into_iter().for_each(|part| digest.update(part)),
        }
        Ok(digest.finalize().into())
    }

    fn algorithm(&self) -> Algorithm {
        match &self.scheme {
            Scheme::Custom(custom) => custom.algorithm,
            _ => Algorithm::Sha256,
        }
    }

    fn claim<'a>(&self, headers: &'a HeaderMap) -> Option<Claim<'a>> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Some(match &self.scheme {
            Scheme::GitHub => {
                let shown = hex(text("x-hub-signature-256")?.strip_prefix("sha256=")?)?;
                Claim { before: String::new(), seconds: None, id: None, shown: vec![shown] }
            }
            Scheme::Stripe => {
                let pairs = || text("stripe-signature").into_iter().flat_map(|all| all.split(',')).filter_map(|pair| pair.trim().split_once('='));
                let seconds = pairs().find(|(name, _)| *name == "t").map(|(_, value)| value)?;
                let shown = pairs().filter(|(name, _)| *name == "v1").filter_map(|(_, value)| hex(value)).collect();
                Claim { before: format!("{seconds}."), seconds: Some(seconds), id: None, shown }
            }
            Scheme::Slack => {
                let seconds = text("x-slack-request-timestamp")?;
                let shown = hex(text("x-slack-signature")?.strip_prefix("v0=")?)?;
                Claim { before: format!("v0:{seconds}:"), seconds: Some(seconds), id: None, shown: vec![shown] }
            }
            Scheme::Standard => {
                let (id, seconds) = (text("webhook-id")?, text("webhook-timestamp")?);
                let all = text("webhook-signature")?.split(' ').filter_map(|one| one.strip_prefix("v1,"));
                let shown = all.filter_map(|one| STANDARD.decode(one).ok()).collect();
                Claim { before: format!("{id}.{seconds}."), seconds: Some(seconds), id: Some(id), shown }
            }
            Scheme::Custom(custom) => {
                let shown = headers.get(&custom.header)?.to_str().ok()?.strip_prefix(&*custom.prefix)?;
                let shown = if custom.base64 { STANDARD.decode(shown).ok()? } else { hex(shown)? };
                let seconds = match &custom.time {
                    Some(name) => Some(headers.get(name)?.to_str().ok()?),
                    None => None,
                };
                let before = seconds.map(|seconds| format!("{seconds}.")).unwrap_or_default();
                Claim { before, seconds, id: None, shown: vec![shown] }
            }
        })
    }
}

impl Custom {
    fn read(own: &Value) -> Result<Self, OptionError> {
        let text = |name: &str| own[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        let bad = |_| refuse("signature", "a header has a name that no header may have");
        Ok(Self {
            header: text("header").unwrap_or("x-signature").parse().map_err(bad)?,
            prefix: own["prefix"].as_str().unwrap_or_default().to_owned(),
            algorithm: match text("algorithm").unwrap_or("sha256") {
                "sha1" => Algorithm::Sha1,
                "sha256" => Algorithm::Sha256,
                "sha512" => Algorithm::Sha512,
                other => return Err(refuse("signature", format!("{other:?} is not known"))),
            },
            base64: text("encoding") == Some("base64"),
            time: text("timestampHeader").map(str::parse).transpose().map_err(bad)?,
        })
    }
}

impl Algorithm {
    fn matches(self, key: &[u8], parts: &[&[u8]], shown: &[u8]) -> bool {
        match self {
            Self::Sha1 => matches::<Hmac<Sha1>>(key, parts, shown),
            Self::Sha256 => matches::<Hmac<Sha256>>(key, parts, shown),
            Self::Sha512 => matches::<Hmac<Sha512>>(key, parts, shown),
        }
    }
}

fn matches<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], shown: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(shown).is_ok()
}

/// The keys of a credential: the present one, the one before it, and any others.
pub(super) fn keys(credential: &Credential) -> Vec<Vec<u8>> {
    let others = credential.field("secrets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all = [credential.text("secret"), credential.text("previousSecret")].into_iter().chain(others.iter().filter_map(Value::as_str));
    all.map(str::trim).filter(|key| !key.is_empty()).map(key).collect()
}

/// Standard Webhooks writes keys as `whsec_<base64>`.
fn key(text: &str) -> Vec<u8> {
    let encoded = text.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    encoded.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests;
