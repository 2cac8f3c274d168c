//! Crypto: digests with and without a key, signatures, encryption, random texts.

mod failure;
mod schema;
mod sealed;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use futures::TryStreamExt;
use serde_json::Value;

use self::failure::Failure;
use super::digest::{Absorb, Algorithm, hex};
use super::key::{KeyError, PrivateKey, SIGNING_DIGESTS};
use crate::attachment::file;
use crate::node_type::{Compiled, ready};
use crate::settings::Settings;

pub(super) use schema::schema;

/// What Node.js wants where it takes a text for its bytes.
const TEXT: &str = "string or an instance of Buffer, TypedArray, or DataView";

/// The longest random text.
const MOST_RANDOM: f64 = 1_048_576.0;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    let algorithm = spec.text("algorithm");
    let signs = spec.text("action") == "sign" && !algorithm.is_empty();
    if signs && !Algorithm::named(&algorithm).is_some_and(|digest| SIGNING_DIGESTS.contains(&digest.name)) {
        let problem = spec.unsupported("algorithm", format!("signing with \"{algorithm}\" is not supported"));
        return Err(vec![problem.help(format!("use one of {}", SIGNING_DIGESTS.join(", ")))]);
    }
    ready(Crypto { parameters: spec.typed()?, old: spec.version < NodeVersion::new(2, 0) })
}

struct Crypto {
    parameters: Typed<Json>,
    /// Version 1 has secrets in its parameters, later ones in a credential.
    old: bool,
}

#[async_trait]
impl Node for Crypto {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let first = self.parameters.at(&context.scope(0)).await?;
        let first = Settings::new(&first);
        let action = first.text("action");
        let secret = if self.old { None } else { Secret::of(&action, &first.text("mode"), &context).await? };
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let job = Job { context: &context, item, index, action: &action, secret: secret.as_ref() };
            let made = match self.one(job).await {
                Ok(made) => made,
                Err(failure) if context.continues_on_error() => failure.into_item(self.old),
                Err(failure) => return Err(failure.into_error().on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

/// What the action takes from the credential.
struct Secret {
    field: &'static str,
    text: String,
}

impl Secret {
    /// The mode of the first item decides for all.
    async fn of(action: &str, mode: &str, context: &NodeContext) -> Result<Option<Self>, NodeError> {
        let taken = matches!(action, "hmac" | "sign" | "encrypt" | "decrypt");
        let credential = if taken { Some(context.credential("crypto").await?) } else { None };
        let (Some(credential), Some((field, missing))) = (credential, secret_field(action, mode)) else { return Ok(None) };
        let text = credential.text(field).to_owned();
        if text.is_empty() { Err(NodeError::fatal(missing)) } else { Ok(Some(Self { field, text })) }
    }
}

/// The field of the credential, and what is said when it is empty.
fn secret_field(action: &str, mode: &str) -> Option<(&'static str, &'static str)> {
    Some(match (action, mode) {
        ("hmac", _) => ("hmacSecret", "No HMAC secret set in credentials. Please add an HMAC secret to your Crypto credentials."),
        ("sign", _) => ("signPrivateKey", "No private key set in credentials. Please add a private key to your Crypto credentials."),
        ("encrypt" | "decrypt", "symmetric") => {
            ("encryptionPassphrase", "No encryption passphrase set in credentials. Please add an Encryption Passphrase to your Crypto credentials.")
        }
        ("encrypt", "asymmetric") => {
            ("encryptionPublicKey", "No encryption public key set in credentials. Please add an Encryption Public Key to your Crypto credentials.")
        }
        ("decrypt", "asymmetric") => {
            ("encryptionPrivateKey", "No encryption private key set in credentials. Please add an Encryption Private Key to your Crypto credentials.")
        }
        _ => return None,
    })
}

/// One item, and what is to be done with it.
#[derive(Clone, Copy)]
struct Job<'a> {
    context: &'a NodeContext,
    item: &'a Item,
    index: usize,
    action: &'a str,
    secret: Option<&'a Secret>,
}

impl<'a> Job<'a> {
    fn secret(self) -> Option<&'a str> {
        self.secret.map(|secret| secret.text.as_str())
    }

    /// The secret that an item encrypts with; empty where its mode is not that of the first item.
    fn secret_for(self, mode: &str) -> &'a str {
        let field = secret_field(self.action, mode).map(|(field, _)| field);
        self.secret.filter(|secret| Some(secret.field) == field).map_or("", |secret| secret.text.as_str())
    }
}

impl Crypto {
    async fn one(&self, job: Job<'_>) -> Result<Item, Failure> {
        let parameters = self.parameters.at(&job.context.scope(job.index)).await?;
        let at = Settings::new(&parameters);
        let of_file = matches!(job.action, "hash" | "hmac") && at.flag("binaryData");
        let made = match job.action {
            "generate" => generated(at)?,
            "sign" => encoded(&signed(at, job.secret())?, at),
            "encrypt" if !self.old => sealed::encrypted(at, job, job.secret_for(&at.text("mode"))).await?,
            "decrypt" if !self.old => sealed::decrypted(at, job, job.secret_for(&at.text("mode"))).await?,
            _ => encoded(&digested(at, job).await?, at),
        };
        let mut item = Item::shared(std::sync::Arc::clone(job.item.shared_json()));
        item.json_mut().insert(at.text("dataPropertyName"), made.into());
        Ok(if of_file { item } else { item.with_binary_of(job.item) })
    }
}

fn encoded(bytes: &[u8], at: Settings<'_>) -> String {
    if at.text("encoding") == "base64" { STANDARD.encode(bytes) } else { hex(bytes) }
}

async fn digested(at: Settings<'_>, job: Job<'_>) -> Result<Vec<u8>, Failure> {
    let mut hasher = hasher(at, job)?;
    if !at.flag("binaryData") {
        hasher.update(text(at, "value", "data", TEXT)?.as_bytes());
        return Ok(hasher.finish());
    }
    let file = file(job.item, &at.text("binaryPropertyName"), job.index)?;
    let mut stream = job.context.read_binary(file).await?;
    while let Some(chunk) = stream.try_next().await.map_err(NodeError::from)? {
        hasher.update(&chunk);
    }
    Ok(hasher.finish())
}

fn hasher(at: Settings<'_>, job: Job<'_>) -> Result<Box<dyn Absorb>, Failure> {
    let name = at.text("type");
    let algorithm = Algorithm::named(&name);
    if job.action == "hash" {
        let missing = || Failure::new("Error", "ERR_OSSL_EVP_UNSUPPORTED", "Digest method not supported");
        return Ok(algorithm.ok_or_else(missing)?.hasher());
    }
    let algorithm = algorithm.ok_or_else(|| Failure::invalid_digest(&name))?;
    let key = match job.secret() {
        Some(secret) => secret,
        None => text(at, "secret", "key", "string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey")?,
    };
    Ok(algorithm.keyed_hasher(key.as_bytes()))
}

fn signed(at: Settings<'_>, secret: Option<&str>) -> Result<Vec<u8>, Failure> {
    let name = at.text("algorithm");
    let algorithm = Algorithm::named(&name).ok_or_else(|| Failure::invalid_digest(&name))?;
    let message = text(at, "value", "chunk", TEXT)?;
    let own = at.text("privateKey");
    let pem = secret.unwrap_or(&own);
    if pem.is_empty() {
        return Err(Failure::new("Error", "ERR_CRYPTO_SIGN_KEY_REQUIRED", "No key provided to sign"));
    }
    let key = PrivateKey::read(pem).map_err(unreadable)?;
    let message = key.sign(algorithm.name, message.as_bytes());
    message.map_err(|_| NodeError::fatal(format!("signing with \"{name}\" and a key of this kind ({:?}) is not supported", key.kind())).into())
}

/// A key that cannot be used.
fn unreadable(error: KeyError) -> Failure {
    Failure::new("Error", "ERR_OSSL_UNSUPPORTED", "error:1E08010C:DECODER routines::unsupported").because(error.to_string())
}

/// A parameter that must be a text.
fn text<'a>(at: Settings<'a>, name: &str, argument: &str, wanted: &str) -> Result<&'a str, Failure> {
    let value = at.value(name);
    value.and_then(Value::as_str).ok_or_else(|| Failure::wrong_type(argument, wanted, value))
}

/// A random text.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
fn generated(at: Settings<'_>) -> Result<String, Failure> {
    let kind = at.text("encodingType");
    if kind == "uuid" {
        return uuid();
    }
    let value = at.value("stringLength");
    let length = value.and_then(Value::as_f64).ok_or_else(|| Failure::wrong_type("size", "number", value))?;
    if !(0.0..=2_147_483_647.0).contains(&length) {
        let message = format!("The value of \"size\" is out of range. It must be >= 0 && <= 2147483647. Received {length}");
        return Err(Failure::new("RangeError", "ERR_OUT_OF_RANGE", message));
    }
    if length > MOST_RANDOM {
        return Err(NodeError::fatal(format!("a random text has at most {MOST_RANDOM} characters")).into());
    }
    let bytes = random(length as usize)?;
    let mut made = match kind.as_str() {
        "base64" => STANDARD.encode(&bytes).replace(['+', '/', '='], ""),
        "ascii" => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
        _ => hex(&bytes),
    };
    // All of them are ASCII.
    made.truncate(bytes.len());
    Ok(made)
}

fn random(count: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; count];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), NodeError> {
    getrandom::fill(bytes).map_err(|error| NodeError::new(error.to_string()))
}

/// A random version 4 UUID (RFC 9562).
fn uuid() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}
