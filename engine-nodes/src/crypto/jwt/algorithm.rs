//! The algorithms of tokens, and which keys fit them.

use engine_core::node::NodeError;

use crate::crypto::digest::Algorithm;
use crate::crypto::key::{Curve, Kind, PrivateKey, PublicKey, Scheme, looks_like_pem};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Not at all.
    Unsigned,
    /// With a secret and SHA-2 of this many bits.
    Secret(u16),
    /// With a private key; ECDSA needs this curve.
    Key(Scheme, Option<Curve>),
}

impl Method {
    /// The method of a name as JSON Web Algorithms (RFC 7518) has it.
    pub(super) fn named(name: &str) -> Result<Self, NodeError> {
        let ecdsa = |curve| Self::Key(Scheme::Ecdsa, Some(curve));
        Ok(match name {
            "none" => Self::Unsigned,
            "HS256" => Self::Secret(256),
            "HS384" => Self::Secret(384),
            "HS512" => Self::Secret(512),
            "RS256" => Self::Key(Scheme::Rsa(256), None),
            "RS384" => Self::Key(Scheme::Rsa(384), None),
            "RS512" => Self::Key(Scheme::Rsa(512), None),
            "PS256" => Self::Key(Scheme::Pss(256), None),
            "PS384" => Self::Key(Scheme::Pss(384), None),
            "PS512" => Self::Key(Scheme::Pss(512), None),
            "ES256" => ecdsa(Curve::P256),
            "ES384" => ecdsa(Curve::P384),
            "ES512" => ecdsa(Curve::P521),
            _ => return Err(NodeError::fatal("\"algorithm\" must be a valid string enum value")),
        })
    }

    /// Signs a message; nothing for an unsigned token.
    pub(super) fn sign(self, name: &str, material: &str, message: &[u8]) -> Result<Vec<u8>, NodeError> {
        if self == Self::Unsigned {
            return Ok(Vec::new());
        }
        if material.is_empty() {
            return Err(NodeError::fatal("secretOrPrivateKey must have a value"));
        }
        let key = if looks_like_pem(material) {
            let explain = |error: crate::crypto::key::KeyError| {
                NodeError::fatal("secretOrPrivateKey is not valid key material").with_description(error.to_string())
            };
            Some(PrivateKey::read(material).map_err(explain)?)
        } else {
            None
        };
        match (self, key) {
            (Self::Secret(bits), None) => Ok(mac(bits, material, message)),
            (Self::Secret(_), Some(_)) => Err(NodeError::fatal(format!("secretOrPrivateKey must be a symmetric key when using {name}"))),
            (Self::Key(scheme, curve), Some(key)) => {
                check_kind(name, curve, key.kind())?;
                key.sign_token(scheme, message).map_err(|error| NodeError::fatal(error.to_string()))
            }
            _ => Err(NodeError::fatal(format!("secretOrPrivateKey must be an asymmetric key when using {name}"))),
        }
    }

    /// Whether the signature is that of the message.
    pub(super) fn verifies(self, name: &str, material: &str, (message, signature): (&[u8], &[u8])) -> Result<bool, NodeError> {
        if material.is_empty() {
            return Err(NodeError::fatal("secret or public key must be provided"));
        }
        let key = if looks_like_pem(material) {
            let explain = |error: crate::crypto::key::KeyError| {
                NodeError::fatal("secretOrPublicKey is not valid key material").with_description(error.to_string())
            };
            Some(PublicKey::read(material).map_err(explain)?)
        } else {
            None
        };
        match (self, key) {
            (Self::Secret(bits), None) => Ok(same_in_constant_time(&mac(bits, material, message), signature)),
            (Self::Secret(_), Some(_)) => Err(NodeError::fatal(format!("secretOrPublicKey must be a symmetric key when using {name}"))),
            (Self::Key(scheme, curve), Some(key)) => {
                check_kind(name, curve, key.kind())?;
                Ok(key.verifies(scheme, message, signature))
            }
            (Self::Unsigned, _) => Ok(false),
            (Self::Key(..), None) => Err(NodeError::fatal(format!("secretOrPublicKey must be an asymmetric key when using {name}"))),
        }
    }
}

fn mac(bits: u16, secret: &str, message: &[u8]) -> Vec<u8> {
    let algorithm = Algorithm::named(&format!("sha{bits}")).unwrap_or_else(|| unreachable!("SHA-2 is known"));
    algorithm.mac(secret.as_bytes(), message)
}

fn same_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Says which algorithms a key is for, when it is for others.
fn check_kind(name: &str, curve: Option<Curve>, kind: Kind) -> Result<(), NodeError> {
    match (kind, curve) {
        (Kind::Rsa, None) => Ok(()),
        (Kind::Rsa, Some(_)) => {
            Err(NodeError::fatal("\"alg\" parameter for \"rsa\" key type must be one of: RS256, PS256, RS384, PS384, RS512, PS512."))
        }
        (Kind::Ec(_), None) => Err(NodeError::fatal("\"alg\" parameter for \"ec\" key type must be one of: ES256, ES384, ES512.")),
        (Kind::Ec(own), Some(wanted)) if own == wanted => Ok(()),
        (Kind::Ec(_), Some(wanted)) => Err(NodeError::fatal(format!("\"alg\" parameter \"{name}\" requires curve \"{}\".", wanted.name()))),
    }
}
