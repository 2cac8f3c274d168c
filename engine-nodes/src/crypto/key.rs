//! Keys written as PEM, and what is signed and checked with them.
//!
//! A key whose line ends were lost on the way through a form is read as well. Keys with a passphrase of their own are not.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeyPair as RsaKeyPair, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey};
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, ParsedPublicKey, RsaSignatureEncoding, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("the key is not written as PEM")]
    NotPem,
    #[error("keys with a passphrase of their own are not supported")]
    Encrypted,
    #[error("keys of this kind are not supported: use RSA with at least 2048 bits, or a curve P-256, P-384, P-521 or secp256k1")]
    Unsupported,
    #[error("the key does not fit the algorithm")]
    Mismatch,
}

/// The curve of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
    K256,
}

impl Curve {
    const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::K256];

    /// The name that OpenSSL gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "prime256v1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
            Self::K256 => "secp256k1",
        }
    }

    /// Signatures as DER with the digest of this name, as OpenSSL writes them.
    fn der_signing(self, digest: &str) -> Option<&'static EcdsaSigningAlgorithm> {
        Some(match (self, digest) {
            (Self::P256, "sha256") => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            (Self::P384, "sha384") => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            (Self::P384, "sha3-384") => &signature::ECDSA_P384_SHA3_384_ASN1_SIGNING,
            (Self::P521, "sha224") => &signature::ECDSA_P521_SHA224_ASN1_SIGNING,
            (Self::P521, "sha256") => &signature::ECDSA_P521_SHA256_ASN1_SIGNING,
            (Self::P521, "sha384") => &signature::ECDSA_P521_SHA384_ASN1_SIGNING,
            (Self::P521, "sha512") => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            (Self::P521, "sha3-512") => &signature::ECDSA_P521_SHA3_512_ASN1_SIGNING,
            (Self::K256, "sha256") => &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
            (Self::K256, "sha3-256") => &signature::ECDSA_P256K1_SHA3_256_ASN1_SIGNING,
            _ => return None,
        })
    }

    /// Signatures as two numbers, as JSON Web Signatures have them; tokens do not use secp256k1 here.
    fn fixed(self) -> Option<(&'static EcdsaSigningAlgorithm, &'static dyn VerificationAlgorithm)> {
        Some(match self {
            Self::P256 => (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED),
            Self::P384 => (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED),
            Self::P521 => (&signature::ECDSA_P521_SHA512_FIXED_SIGNING, &signature::ECDSA_P521_SHA512_FIXED),
            Self::K256 => return None,
        })
    }

    fn any_signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            Self::K256 => &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
        }
    }

    fn any_verifying(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::P384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::P521 => &signature::ECDSA_P521_SHA512_ASN1,
            Self::K256 => &signature::ECDSA_P256K1_SHA256_ASN1,
        }
    }
}

/// What a key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    Ec(Curve),
}

/// How a token is signed with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA with PKCS #1 v1.5 padding and SHA-2 of this many bits.
    Rsa(u16),
    /// RSA with PSS padding.
    Pss(u16),
    /// ECDSA with the digest that belongs to the curve.
    Ecdsa,
}

impl Scheme {
    fn rsa(self) -> Option<(&'static RsaSignatureEncoding, &'static dyn VerificationAlgorithm)> {
        Some(match self {
            Self::Rsa(256) => (&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rsa(384) => (&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rsa(512) => (&signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Pss(256) => (&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
            Self::Pss(384) => (&signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384),
            Self::Pss(512) => (&signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512),
            _ => return None,
        })
    }
}

/// The digests with which something can be signed by [`PrivateKey::sign`], with one kind of key or another.
pub(super) const SIGNING_DIGESTS: [&str; 7] = ["sha224", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"];

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<RsaKeyPair>),
    Ec(Curve, Vec<u8>),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.kind())
    }
}

impl PrivateKey {
    /// Reads PKCS #8, PKCS #1 or SEC 1.
    pub(super) fn read(text: &str) -> Result<Self, KeyError> {
        let (_, der) = pem_block(text, |label| label.ends_with("PRIVATE KEY"))?;
        if let Ok(pair) = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)) {
            return Ok(Self::Rsa(Box::new(pair)));
        }
        let fits = |curve: &Curve| EcdsaKeyPair::from_private_key_der(curve.any_signing(), &der).is_ok();
        Curve::ALL.into_iter().find(fits).map(|curve| Self::Ec(curve, der.clone())).ok_or(KeyError::Unsupported)
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Rsa(_) => Kind::Rsa,
            Self::Ec(curve, _) => Kind::Ec(*curve),
        }
    }

    /// Signs as OpenSSL does with this digest: RSA with PKCS #1 v1.5 padding, ECDSA as DER.
    pub(super) fn sign(&self, digest: &str, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(pair) => {
                let bits = digest.strip_prefix("sha").and_then(|bits| bits.parse().ok()).ok_or(KeyError::Mismatch)?;
                rsa_signature(pair, Scheme::Rsa(bits), message)
            }
            Self::Ec(curve, der) => ec_signature(curve.der_signing(digest), der, message),
        }
    }

    /// Signs as JSON Web Signatures are signed.
    pub(super) fn sign_token(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match (self, scheme) {
            (Self::Rsa(pair), Scheme::Rsa(_) | Scheme::Pss(_)) => rsa_signature(pair, scheme, message),
            (Self::Ec(curve, der), Scheme::Ecdsa) => ec_signature(curve.fixed().map(|(signing, _)| signing), der, message),
            _ => Err(KeyError::Mismatch),
        }
    }

    /// Reads what was encrypted with the public half by RSA-OAEP with SHA-256.
    pub(super) fn decrypt(&self, sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let Self::Rsa(pair) = self else { return Err(KeyError::Mismatch) };
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Unsupported)?;
        let key = rsa::PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_| KeyError::Unsupported)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::Unsupported)?;
        let mut plain = vec![0; key.min_output_size()];
        let length = key.decrypt(&OAEP_SHA256_MGF1SHA256, sealed, &mut plain, None).map_err(|_| KeyError::Mismatch)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    fn public(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(pair) => Ok(pair.public_key().as_ref().to_vec()),
            Self::Ec(curve, der) => {
                let pair = EcdsaKeyPair::from_private_key_der(curve.any_signing(), der).map_err(|_| KeyError::Unsupported)?;
                Ok(pair.public_key().as_ref().to_vec())
            }
        }
    }
}

fn rsa_signature(pair: &RsaKeyPair, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let (encoding, _) = scheme.rsa().ok_or(KeyError::Mismatch)?;
    let mut bytes = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut bytes).map_err(|_| KeyError::Mismatch)?;
    Ok(bytes)
}

fn ec_signature(signing: Option<&'static EcdsaSigningAlgorithm>, der: &[u8], message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let pair = EcdsaKeyPair::from_private_key_der(signing.ok_or(KeyError::Mismatch)?, der).map_err(|_| KeyError::Mismatch)?;
    let signed = pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Mismatch)?;
    Ok(signed.as_ref().to_vec())
}

/// A public key.
#[derive(Debug)]
pub(super) struct PublicKey {
    kind: Kind,
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads `SubjectPublicKeyInfo`, PKCS #1, or the public half of a private key.
    pub(super) fn read(text: &str) -> Result<Self, KeyError> {
        let (label, bytes) = pem_block(text, |label| label.ends_with("PUBLIC KEY") || label.ends_with("PRIVATE KEY"))?;
        if label.ends_with("PRIVATE KEY") {
            let key = PrivateKey::read(text)?;
            return Ok(Self { kind: key.kind(), bytes: key.public()? });
        }
        let fits = |algorithm: &'static dyn VerificationAlgorithm| ParsedPublicKey::new(algorithm, &bytes).is_ok();
        if fits(&signature::RSA_PKCS1_2048_8192_SHA256) {
            return Ok(Self { kind: Kind::Rsa, bytes });
        }
        let curve = Curve::ALL.into_iter().find(|curve| fits(curve.any_verifying())).ok_or(KeyError::Unsupported)?;
        Ok(Self { kind: Kind::Ec(curve), bytes })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The longest message that can be encrypted; `None` where the key encrypts nothing.
    pub(super) fn encrypted_limit(&self) -> Option<usize> {
        self.encrypting().ok().map(|key| key.max_plaintext_size(&OAEP_SHA256_MGF1SHA256))
    }

    /// Encrypts by RSA-OAEP with SHA-256.
    pub(super) fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = self.encrypting()?;
        let mut sealed = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, message, &mut sealed, None).map_err(|_| KeyError::Mismatch)?;
        Ok(sealed)
    }

    fn encrypting(&self) -> Result<OaepPublicEncryptingKey, KeyError> {
        if self.kind != Kind::Rsa {
            return Err(KeyError::Mismatch);
        }
        let key = rsa::PublicKey::from_der(&self.bytes).map_err(|_| KeyError::Unsupported)?;
        let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::Unsupported)?;
        let key = rsa::PublicEncryptingKey::from_der(der.as_ref()).map_err(|_| KeyError::Unsupported)?;
        OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Unsupported)
    }

    /// Whether a token's signature is that of the message.
    pub(super) fn verifies(&self, scheme: Scheme, message: &[u8], signed: &[u8]) -> bool {
        let algorithm = match (self.kind, scheme) {
            (Kind::Rsa, Scheme::Rsa(_) | Scheme::Pss(_)) => scheme.rsa().map(|(_, algorithm)| algorithm),
            (Kind::Ec(curve), Scheme::Ecdsa) => curve.fixed().map(|(_, algorithm)| algorithm),
            _ => None,
        };
        let parsed = algorithm.and_then(|algorithm| ParsedPublicKey::new(algorithm, &self.bytes).ok());
        parsed.is_some_and(|key| key.verify_sig(message, signed).is_ok())
    }
}

/// Whether a text claims to be PEM.
pub(super) fn looks_like_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// The first block whose label is wanted: its label and its bytes.
fn pem_block(text: &str, wanted: impl Fn(&str) -> bool) -> Result<(&str, Vec<u8>), KeyError> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----").ok_or(KeyError::NotPem)?;
        let (body, after) = after.split_once("-----END ").ok_or(KeyError::NotPem)?;
        rest = after;
        if !wanted(label) {
            continue;
        }
        if label.contains("ENCRYPTED") || body.contains("Proc-Type") {
            return Err(KeyError::Encrypted);
        }
        // A form may have turned line ends into the two characters `\n`.
        let clean: String = body.replace("\\n", "").split_ascii_whitespace().collect();
        return Ok((label, STANDARD.decode(clean).map_err(|_| KeyError::NotPem)?));
    }
    Err(KeyError::NotPem)
}

/// Keys to test with.
#[cfg(test)]
pub(super) mod fixtures {
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::KeyPair;

    use super::*;

    fn pem(label: &str, der: &[u8]) -> String {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    /// A new RSA key: its private and its public half.
    pub(in crate::crypto) fn rsa() -> (String, String) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let private: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        (pem("PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", public.as_ref()))
    }

    /// A new key on a curve, the private half as SEC 1.
    pub(in crate::crypto) fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> (String, String) {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let private = pair.private_key().as_der().unwrap();
        let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        (pem("EC PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", public.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why() {
        let check = |text: &str, expect: KeyError| assert_eq!(PrivateKey::read(text).unwrap_err(), expect, "{text}");
        check("", KeyError::NotPem);
        check("-----BEGIN PRIVATE KEY-----", KeyError::NotPem);
        check("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", KeyError::NotPem);
        check("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", KeyError::Unsupported);
        check("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", KeyError::NotPem);
        check("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", KeyError::Encrypted);
    }

    #[test]
    fn the_private_half_knows_the_public_one() {
        for (private, public) in [fixtures::rsa(), fixtures::ec(&signature::ECDSA_P521_SHA512_ASN1_SIGNING)] {
            let (from_private, own) = (PublicKey::read(&private).unwrap(), PublicKey::read(&public).unwrap());
            assert_eq!(from_private.kind(), own.kind());
            let scheme = if own.kind() == Kind::Rsa { Scheme::Pss(384) } else { Scheme::Ecdsa };
            let signed = PrivateKey::read(&private).unwrap().sign_token(scheme, b"m").unwrap();
            assert!(from_private.verifies(scheme, b"m", &signed) && own.verifies(scheme, b"m", &signed));
            assert!(!own.verifies(scheme, b"n", &signed));
        }
    }

    #[test]
    fn a_block_with_the_curve_may_stand_before_the_key() {
        let (private, _) = fixtures::ec(&signature::ECDSA_P384_SHA384_ASN1_SIGNING);
        let text = format!("-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n{private}");
        assert_eq!(PrivateKey::read(&text).unwrap().kind(), Kind::Ec(Curve::P384));
    }
}
