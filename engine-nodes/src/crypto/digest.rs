//! Digests, with and without a key, by the names that OpenSSL gives them. Data may come in pieces.

use digest::block_api::BlockSizeUser;
use digest::{Digest, KeyInit, Mac};
use hmac::SimpleHmac;

/// Takes in bytes and gives their digest.
pub(super) trait Absorb: Send {
    fn update(&mut self, bytes: &[u8]);
    fn finish(self: Box<Self>) -> Vec<u8>;
}

/// A digest algorithm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm {
    /// Its name in lower case.
    pub(super) name: &'static str,
    plain: fn() -> Box<dyn Absorb>,
    keyed: fn(&[u8]) -> Box<dyn Absorb>,
}

const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::of::<md5::Md5>("md5"),
    Algorithm::of::<sha1::Sha1>("sha1"),
    Algorithm::of::<sha2::Sha224>("sha224"),
    Algorithm::of::<sha2::Sha256>("sha256"),
    Algorithm::of::<sha2::Sha384>("sha384"),
    Algorithm::of::<sha2::Sha512>("sha512"),
    Algorithm::of::<sha2::Sha512_224>("sha512-224"),
    Algorithm::of::<sha2::Sha512_256>("sha512-256"),
    Algorithm::of::<sha3::Sha3_224>("sha3-224"),
    Algorithm::of::<sha3::Sha3_256>("sha3-256"),
    Algorithm::of::<sha3::Sha3_384>("sha3-384"),
    Algorithm::of::<sha3::Sha3_512>("sha3-512"),
];

impl Algorithm {
    const fn of<D: Digest + BlockSizeUser + Clone + Send + 'static>(name: &'static str) -> Self {
        Self { name, plain: || Box::new(Plain(D::new())), keyed: keyed::<D> }
    }

    /// The digest of this name, which may be that of a signature with it: `RSA-SHA256`, `sha256WithRSAEncryption`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("rsa-").unwrap_or(&name);
        let name = name.strip_prefix("id-rsassa-pkcs1-v1_5-with-").unwrap_or(name);
        let name = name.strip_suffix("withrsaencryption").unwrap_or(name).replace('/', "-");
        let name = if name == "sha1-2" { "sha1" } else { &name };
        ALGORITHMS.into_iter().find(|algorithm| algorithm.name == name)
    }

    pub(super) fn hasher(self) -> Box<dyn Absorb> {
        (self.plain)()
    }

    pub(super) fn keyed_hasher(self, key: &[u8]) -> Box<dyn Absorb> {
        (self.keyed)(key)
    }

    /// The digest of bytes with a key.
    pub(super) fn mac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.keyed_hasher(key);
        hasher.update(bytes);
        hasher.finish()
    }
}

fn keyed<D: Digest + BlockSizeUser + Clone + Send + 'static>(key: &[u8]) -> Box<dyn Absorb> {
    let mac = SimpleHmac::<D>::new_from_slice(key).unwrap_or_else(|_| unreachable!("an HMAC takes keys of any length"));
    Box::new(Keyed(mac))
}

struct Plain<D>(D);

impl<D: Digest + Send> Absorb for Plain<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

struct Keyed<M>(M);

impl<M: Mac + Send> Absorb for Keyed<M> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().into_bytes().to_vec()
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_the_standards_examples() {
        let check = |name: &str, expect: &str| {
            let mut hasher = Algorithm::named(name).unwrap().hasher();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hex(&hasher.finish()), expect, "{name}");
        };
        check("MD5", "900150983cd24fb0d6963f7d28e17f72");
        check("SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d");
        check("SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check("SHA3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
        check("RSA-SHA224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
    }

    #[test]
    fn the_names_of_signatures_name_their_digests() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(Algorithm::named(name).map(|algorithm| algorithm.name), expect, "{name}");
        check("RSA-SHA512/256", Some("sha512-256"));
        check("sha384WithRSAEncryption", Some("sha384"));
        check("id-rsassa-pkcs1-v1_5-with-sha3-512", Some("sha3-512"));
        check("RSA-SHA1-2", Some("sha1"));
        check("RSA-SM3", None);
        check("", None);
    }

    #[test]
    fn keyed_digests_of_rfc_4231() {
        let mac = Algorithm::named("sha256").unwrap().mac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
