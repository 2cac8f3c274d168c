//! Encrypted texts, in the form that n8n's Crypto node gives them.
//!
//! With a passphrase: base64 of the version 1, a salt of 16 bytes, a nonce of 12, a tag of 16, and the encrypted text. The key is made by scrypt (RFC 7914) with
//! N = 65536, r = 8, p = 1. With a key pair: base64 of RSA-OAEP with SHA-256 (RFC 8017).

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine_core::node::{NodeContext, NodeError};
use futures::channel::oneshot;
use serde_json::Value;

use super::failure::Failure;
use super::{Job, fill, unreadable};
use crate::base64_text::base64_bytes;
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::settings::Settings;

const VERSION: u8 = 1;
const SALT: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEAD: usize = 1 + SALT + NONCE + TAG;

/// A key takes 64 MiB while it is made, so that only so many are made at a time.
static TURNS: [Mutex<()>; 4] = [const { Mutex::new(()) }; 4];

/// The value of the item, encrypted.
pub(super) async fn encrypted(at: Settings<'_>, job: Job<'_>, secret: &str) -> Result<String, Failure> {
    let bytes = if symmetric(at) {
        let algorithm = algorithm(at).ok_or_else(|| Failure::wrong_type("keylen", "number", None))?;
        seal(algorithm, secret, super::text(at, "value", "data", super::TEXT)?, job.context).await?
    } else {
        let message = plain_bytes(at.value("value"))?;
        let key = PublicKey::read(secret).map_err(unreadable)?;
        match key.encrypted_limit() {
            None => return Err(Failure::new("Error", WRONG_KEY.0, WRONG_KEY.1)),
            Some(limit) if message.len() > limit => return Err(NodeError::fatal(TOO_LARGE).into()),
            Some(_) => key.encrypt(&message).map_err(unreadable)?,
        }
    };
    Ok(STANDARD.encode(bytes))
}

const TOO_LARGE: &str = "Plaintext is too large for the RSA key. Use symmetric mode for larger data.";
const WRONG_KEY: (&str, &str) =
    ("ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE", "error:03000096:digital envelope routines::operation not supported for this keytype");

/// The value of the item, decrypted. What is wrong with it is told only as far as everybody can see it.
pub(super) async fn decrypted(at: Settings<'_>, job: Job<'_>, secret: &str) -> Result<String, Failure> {
    let failed = || NodeError::fatal("Decryption failed: wrong passphrase, key, cipher, or corrupted payload");
    let sealed = sealed_bytes(at.value("value")).ok_or_else(failed)?;
    let plain = if symmetric(at) {
        match sealed.first() {
            Some(&VERSION) if sealed.len() >= HEAD => {}
            Some(version) if sealed.len() >= HEAD => return Err(NodeError::fatal(format!("Unsupported ciphertext version 0x{version:02x}")).into()),
            _ => return Err(NodeError::fatal("Ciphertext is malformed or truncated").into()),
        }
        let algorithm = algorithm(at).ok_or_else(failed)?;
        open(algorithm, secret, &sealed, job.context).await?.map_err(|_| failed())?
    } else {
        PrivateKey::read(secret).and_then(|key| key.decrypt(&sealed)).map_err(|_| failed())?
    };
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

/// Whether a passphrase is used, and no key pair.
fn symmetric(at: Settings<'_>) -> bool {
    at.text("mode") == "symmetric"
}

fn algorithm(at: Settings<'_>) -> Option<&'static Algorithm> {
    Some(match at.text("cipher").as_str() {
        "aes-256-gcm" => &AES_256_GCM,
        "aes-192-gcm" => &AES_192_GCM,
        "aes-128-gcm" => &AES_128_GCM,
        "chacha20-poly1305" => &CHACHA20_POLY1305,
        _ => return None,
    })
}

/// What is encrypted with a key pair: a text, or a list of bytes.
fn plain_bytes(value: Option<&Value>) -> Result<Vec<u8>, Failure> {
    match value {
        Some(Value::String(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Array(list)) => Ok(bytes_of(list)),
        other => Err(Failure::no_bytes(other)),
    }
}

fn sealed_bytes(value: Option<&Value>) -> Option<Vec<u8>> {
    match value? {
        Value::String(text) => Some(base64_bytes(text)),
        Value::Array(list) => Some(bytes_of(list)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a byte is what is left of a number in JavaScript")]
fn bytes_of(list: &[Value]) -> Vec<u8> {
    list.iter().map(|value| engine_core::expression::js::to_number(value) as i64 as u8).collect()
}

async fn seal(algorithm: &'static Algorithm, passphrase: &str, text: &str, context: &NodeContext) -> Result<Vec<u8>, NodeError> {
    let mut head = [0; HEAD];
    head[0] = VERSION;
    fill(&mut head[1..=SALT + NONCE])?;
    let cipher = Cipher::made(algorithm, passphrase, &head, context).await?;
    let mut bytes = text.as_bytes().to_vec();
    let failed = |_| NodeError::fatal("the text cannot be encrypted");
    let tag = cipher.key.seal_in_place_separate_tag(cipher.nonce, Aad::empty(), &mut bytes).map_err(failed)?;
    head[HEAD - TAG..].copy_from_slice(tag.as_ref());
    Ok([&head[..], &bytes].concat())
}

/// The text inside, or that the passphrase, the cipher or the bytes are wrong.
async fn open(
    algorithm: &'static Algorithm,
    passphrase: &str,
    sealed: &[u8],
    context: &NodeContext,
) -> Result<Result<Vec<u8>, Unspecified>, NodeError> {
    let (head, bytes) = sealed.split_at(HEAD);
    let cipher = Cipher::made(algorithm, passphrase, head, context).await?;
    let mut bytes = bytes.to_vec();
    let opened = cipher.key.open_in_place_separate_tag(cipher.nonce, Aad::empty(), &head[HEAD - TAG..], &mut bytes).map(|_| ());
    Ok(opened.map(|()| bytes))
}

struct Cipher {
    key: LessSafeKey,
    nonce: Nonce,
}

impl Cipher {
    /// Makes the key that belongs to a head, away from the threads that nodes share.
    async fn made(algorithm: &'static Algorithm, passphrase: &str, head: &[u8], context: &NodeContext) -> Result<Self, NodeError> {
        let broken = |_| NodeError::fatal("no key can be made of the passphrase");
        let salt = head[1..=SALT].to_vec();
        let passphrase = passphrase.to_owned();
        let (done, made) = oneshot::channel();
        context.runtime().spawn_blocking(Box::new(move || {
            // Nobody waits any more when the node was cancelled.
            drop(done.send(derived(algorithm.key_len(), &passphrase, &salt)));
        }));
        let bytes = made.await.map_err(|_| NodeError::fatal("the making of a key was broken off"))??;
        let nonce = Nonce::try_assume_unique_for_key(&head[1 + SALT..=SALT + NONCE]).map_err(broken)?;
        Ok(Self { key: LessSafeKey::new(UnboundKey::new(algorithm, &bytes).map_err(broken)?), nonce })
    }
}

fn derived(length: usize, passphrase: &str, salt: &[u8]) -> Result<Vec<u8>, NodeError> {
    let broken = |error: String| NodeError::fatal("no key can be made of the passphrase").with_description(error);
    let first = salt.first().copied().map_or(0, usize::from);
    let _turn = TURNS[first % TURNS.len()].lock().unwrap_or_else(PoisonError::into_inner);
    let parameters = scrypt::Params::new(16, 8, 1).map_err(|error| broken(error.to_string()))?;
    let mut key = vec![0; length];
    scrypt::scrypt(passphrase.as_bytes(), salt, &parameters, &mut key).map_err(|error| broken(error.to_string()))?;
    Ok(key)
}
