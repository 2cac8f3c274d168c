//! The parameters of Crypto.

use engine_core::schema::{CredentialUse, NodeGroup, NodeSchema, Property, PropertyKind};

const OLD_ACTIONS: [&str; 4] = ["generate", "hash", "hmac", "sign"];
const ACTIONS: [&str; 6] = ["decrypt", "encrypt", "generate", "hash", "hmac", "sign"];
const CIPHERS: [&str; 4] = ["aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "chacha20-poly1305"];
const DIGESTS: [&str; 8] = ["MD5", "SHA1", "SHA256", "SHA3-256", "SHA3-384", "SHA3-512", "SHA384", "SHA512"];

pub(in crate::crypto) fn schema() -> NodeSchema {
    let digested = |property: Property| property.show("action", ["hash", "hmac"]);
    let sealed = |property: Property| property.show("action", ["encrypt", "decrypt"]).since(2.0);
    let signed = |property: Property| property.show("action", ["sign"]);
    NodeSchema::new("crypto", "Crypto")
        .alias("n8n-nodes-base.crypto")
        .versions([(1, 0), (2, 0)])
        .group(NodeGroup::Transform)
        .description("Makes digests, signatures and random texts, encrypts and decrypts")
        .credential(CredentialUse {
            kind: "crypto".to_owned(),
            required: true,
            show: Property::string("").show("action", ["hmac", "sign", "encrypt", "decrypt"]).since(2.0).show,
        })
        .property(Property::options("action", OLD_ACTIONS).default("hash").until(2.0))
        .property(Property::options("action", ACTIONS).default("hash").since(2.0))
        .property(sealed(Property::options("mode", ["symmetric", "asymmetric"]).default("symmetric")).required())
        .property(sealed(Property::options("cipher", CIPHERS).default("aes-256-gcm")).required().show("mode", ["symmetric"]))
        .property(digested(Property::boolean("binaryData", false)).required().description("Whether the data is a file"))
        .property(digested(Property::string("binaryPropertyName").default("data")).required().show("binaryData", [true]))
        .property(digested(Property::options("type", DIGESTS)).required().until(2.0))
        .property(digested(Property::options("type", DIGESTS).default("SHA256")).required().since(2.0))
        .property(digested(value()).show("binaryData", [false]))
        .property(signed(value()))
        .property(sealed(value()))
        .property(Property::string("dataPropertyName").default("data").required().description("The field for the result"))
        .property(Property::string("secret").required().until(2.0).show("action", ["hmac"]))
        .property(signed(Property::string("algorithm")).required().description("The digest to sign, such as RSA-SHA256"))
        .property(Property::options("encoding", ["base64", "hex"]).default("hex").required().show("action", ["hash", "hmac", "sign"]))
        .property(signed(Property::string("privateKey")).required().until(2.0).description("The key as PEM"))
        .property(Property::options("encodingType", ["ascii", "base64", "hex", "uuid"]).default("uuid").required().show("action", ["generate"]))
        .property(Property::number("stringLength", 32).show("action", ["generate"]).show("encodingType", ["ascii", "base64", "hex"]))
}

fn value() -> Property {
    Property::new("value", PropertyKind::String { pattern: None }, "").required().description("The text to work on")
}
