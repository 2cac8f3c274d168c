//! Bytes: encodings, digests with keys, randomness.

use base64::Engine;
use base64::engine::general_purpose;
use hmac::{KeyInit, Mac};
use rquickjs::function::{Func, Opt};
use rquickjs::{Ctx, Exception, Object, Result, TypedArray};

use super::hashes::{digest, hex};
use crate::base64_text::base64_bytes;

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    host.set("encodeText", Func::from(encode_text))?;
    host.set("decodeText", Func::from(decode_text))?;
    host.set("digest", Func::from(digest_of))?;
    host.set("random", Func::from(random))
}

/// The bytes of a script, which come as a text of one character for each.
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or_default()).collect()
}

/// The bytes of a text in an encoding.
fn encode_text<'js>(ctx: Ctx<'js>, text: rquickjs::String<'js>, encoding: String) -> Result<TypedArray<'js, u8>> {
    let text = crate::js::data::text_of(&ctx, &text)?;
    let bytes = match encoding.as_str() {
        "base64" | "base64url" => base64_bytes(&text),
        "hex" => unhex(&text),
        "latin1" => text.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect(),
        "utf16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => text.into_bytes(),
    };
    TypedArray::new(ctx, bytes)
}

/// The bytes that pairs of hexadecimal digits stand for, up to the first that are none.
fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    digits.map_while(|byte| byte).collect()
}

/// The text that bytes stand for in an encoding.
fn decode_text(bytes: String, encoding: String) -> String {
    let bytes = bytes_of(&bytes);
    match encoding.as_str() {
        "base64" => general_purpose::STANDARD.encode(bytes),
        "base64url" => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        "hex" => hex(&bytes),
        "latin1" => bytes.into_iter().map(char::from).collect(),
        "utf16le" => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The digest of some bytes, with a key for an HMAC; undefined for an unknown algorithm.
fn digest_of(ctx: Ctx<'_>, algorithm: String, data: String, key: Opt<Option<String>>) -> Result<Option<TypedArray<'_, u8>>> {
    let data = bytes_of(&data);
    let digested = match key.0.flatten() {
        None => digest(&algorithm, &data),
        Some(key) => keyed(&algorithm, &bytes_of(&key), &data),
    };
    digested.map(|bytes| TypedArray::new(ctx, bytes)).transpose()
}

fn keyed(algorithm: &str, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    macro_rules! with {
        ($digest:ty) => {{
            let mut mac = hmac::SimpleHmac::<$digest>::new_from_slice(key).ok()?;
            mac.update(data);
            Some(mac.finalize().into_bytes().to_vec())
        }};
    }
    match algorithm {
        "md5" => with!(md5::Md5),
        "sha1" => with!(sha1::Sha1),
        "sha224" => with!(sha2::Sha224),
        "sha256" => with!(sha2::Sha256),
        "sha384" => with!(sha2::Sha384),
        "sha512" => with!(sha2::Sha512),
        "sha3-256" => with!(sha3::Sha3_256),
        "sha3-512" => with!(sha3::Sha3_512),
        _ => None,
    }
}

/// Random bytes; at most 64 KiB at once.
fn random(ctx: Ctx<'_>, count: usize) -> Result<TypedArray<'_, u8>> {
    let mut bytes = vec![0; count.min(1 << 16)];
    getrandom::fill(&mut bytes).map_err(|error| Exception::throw_message(&ctx, &error.to_string()))?;
    TypedArray::new(ctx, bytes)
}
