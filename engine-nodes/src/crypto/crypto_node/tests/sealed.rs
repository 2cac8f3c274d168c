//! What n8n 2.41 encrypted can be read, and what is encrypted here has its form. The keys are made for these tests.

use serde_json::{Value, json};

use crate::testing::TestNode;

const PLAIN: &str = "Grüße, 世界";
const FAILED: &str = "Decryption failed: wrong passphrase, key, cipher, or corrupted payload";

fn recorded() -> Value {
    serde_json::from_str(include_str!("n8n.json")).unwrap()
}

fn fields() -> Value {
    let recorded = recorded();
    json!({"encryptionPassphrase": "correct horse", "encryptionPublicKey": recorded["publicKey"], "encryptionPrivateKey": recorded["privateKey"]})
}

fn node(parameters: &Value, credential: Value, values: &[Value]) -> TestNode {
    let mut parameters = parameters.clone();
    parameters["value"] = json!("={{ $json.v }}");
    let items: Vec<Value> = values.iter().map(|value| json!({"v": value})).collect();
    TestNode::new("n8n-nodes-base.crypto", 2.0, parameters).credential("crypto", credential).input(items)
}

/// What each value becomes: the result, or the error.
fn made(parameters: &Value, credential: Value, values: &[Value]) -> Vec<Value> {
    let mut outputs = node(parameters, credential, values).with("onError", "continueRegularOutput").outputs();
    let Value::Array(items) = outputs[0].take() else { panic!("items") };
    items.into_iter().map(|item| if item["error"].is_null() { item["data"].clone() } else { item["error"].clone() }).collect()
}

fn failure(message: &str) -> Value {
    json!({"message": message, "name": "NodeOperationError"})
}

#[test]
fn what_n8n_encrypted_is_read() {
    let recorded = recorded();
    for (cipher, sealed) in recorded["symmetric"].as_object().unwrap() {
        assert_eq!(made(&json!({"action": "decrypt", "cipher": cipher}), fields(), std::slice::from_ref(sealed)), [json!(PLAIN)], "{cipher}");
    }
    let parameters = json!({"action": "decrypt", "mode": "asymmetric"});
    assert_eq!(made(&parameters, fields(), &[recorded["asymmetric"].clone()]), [json!(PLAIN)]);
}

#[test]
fn what_was_encrypted_is_read_again() {
    for parameters in [
        json!({}),
        json!({"cipher": "aes-192-gcm"}),
        json!({"cipher": "aes-128-gcm"}),
        json!({"cipher": "chacha20-poly1305"}),
        json!({"mode": "asymmetric"}),
    ] {
        let mut parameters = parameters;
        let values = [json!(PLAIN), json!(""), json!(PLAIN)];
        parameters["action"] = json!("encrypt");
        let sealed = made(&parameters, fields(), &values);
        assert_ne!(sealed[0], sealed[2], "{parameters}");
        parameters["action"] = json!("decrypt");
        assert_eq!(made(&parameters, fields(), &sealed), values, "{parameters}");
    }
}

#[test]
fn keys_are_read_in_several_forms() {
    let recorded = recorded();
    let private = recorded["privateKey"].as_str().unwrap();
    let parameters = json!({"action": "decrypt", "mode": "asymmetric"});
    let compact = json!({"encryptionPrivateKey": private.replace('\n', " ")});
    assert_eq!(made(&parameters, compact, &[recorded["asymmetric"].clone()]), [json!(PLAIN)]);
    // The private half knows the public one.
    let sealed = made(&json!({"action": "encrypt", "mode": "asymmetric"}), json!({"encryptionPublicKey": private}), &[json!("a")]);
    assert_eq!(made(&parameters, fields(), &sealed), [json!("a")]);
}

#[test]
fn values_that_cannot_be_encrypted() {
    let error = |argument: &str, wanted: &str| {
        let message = format!("The {argument} argument must be of type string or an instance of {wanted}. Received type number (25)");
        json!({"message": message, "name": "TypeError", "code": "ERR_INVALID_ARG_TYPE"})
    };
    let symmetric = made(&json!({"action": "encrypt"}), fields(), &[json!(25)]);
    assert_eq!(symmetric, [error("\"data\"", "Buffer, TypedArray, or DataView")]);
    let parameters = json!({"action": "encrypt", "mode": "asymmetric"});
    let asymmetric = made(&parameters, fields(), &[json!(25), json!("x".repeat(191))]);
    let large = failure("Plaintext is too large for the RSA key. Use symmetric mode for larger data.");
    assert_eq!(asymmetric, [error("first", "Buffer, ArrayBuffer, or Array or an Array-like Object"), large]);
    // 190 bytes, and a list of bytes, have room.
    let sealed = made(&parameters, fields(), &[json!("x".repeat(190)), json!([104, 105])]);
    let read = made(&json!({"action": "decrypt", "mode": "asymmetric"}), fields(), &sealed);
    assert_eq!(read, [json!("x".repeat(190)), json!("hi")]);
}

#[test]
fn values_that_cannot_be_decrypted() {
    let check = |value: Value, expect: &str| {
        assert_eq!(made(&json!({"action": "decrypt"}), fields(), std::slice::from_ref(&value)), [failure(expect)], "{value}");
    };
    let sealed = recorded()["symmetric"]["aes-256-gcm"].as_str().unwrap().to_owned();
    check(json!(""), "Ciphertext is malformed or truncated");
    check(json!([1, 2]), "Ciphertext is malformed or truncated");
    check(json!(sealed.get(..59)), "Ciphertext is malformed or truncated");
    check(json!(sealed.get(..60)), FAILED);
    check(json!(25), FAILED);
    check(Value::Null, FAILED);
    check(json!(format!("AgAA{}", "A".repeat(80))), "Unsupported ciphertext version 0x02");
    // Signs of addresses, missing padding, and what means nothing.
    let odd = format!(" {}\n", sealed.replace('+', "-").replace('/', "_").replace('=', ""));
    assert_eq!(made(&json!({"action": "decrypt"}), fields(), &[json!(odd)]), [json!(PLAIN)]);
    for (parameters, credential) in [
        (json!({"action": "decrypt", "cipher": "aes-128-gcm"}), fields()),
        (json!({"action": "decrypt", "cipher": "={{ 'aes-256-cbc' }}"}), fields()),
        (json!({"action": "decrypt"}), json!({"encryptionPassphrase": "x"})),
        (json!({"action": "decrypt", "mode": "asymmetric"}), fields()),
    ] {
        assert_eq!(made(&parameters, credential, &[json!(sealed)]), [failure(FAILED)], "{parameters}");
    }
}

#[test]
fn secrets_that_do_not_fit() {
    let missing = |action: &str, mode: &str| node(&json!({"action": action, "mode": mode}), json!({}), &[json!("a")]).error();
    assert!(missing("encrypt", "symmetric").starts_with("No encryption passphrase set in credentials."));
    assert!(missing("decrypt", "symmetric").starts_with("No encryption passphrase set in credentials."));
    assert!(missing("encrypt", "asymmetric").starts_with("No encryption public key set in credentials."));
    assert!(missing("decrypt", "asymmetric").starts_with("No encryption private key set in credentials."));

    let encrypt = |key: &str| made(&json!({"action": "encrypt", "mode": "asymmetric"}), json!({"encryptionPublicKey": key}), &[json!("a")]);
    let unsupported = json!({"message": "error:1E08010C:DECODER routines::unsupported", "name": "Error", "code": "ERR_OSSL_UNSUPPORTED"});
    assert_eq!(encrypt("junk")[0], unsupported);
    let (_, curve) = crate::crypto::key::fixtures::ec(&aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING);
    assert_eq!(encrypt(&curve)[0]["code"], "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE");

    // The first item decides which secret is there.
    let turns = json!({"action": "encrypt", "mode": "={{ ['symmetric', 'asymmetric'][$itemIndex] }}"});
    let sealed = made(&turns, fields(), &[json!("a"), json!("b")]);
    assert!(sealed[0].is_string() && sealed[1] == unsupported, "{sealed:?}");
    let keyless = json!({"action": "encrypt", "cipher": "={{ 'aes-256-cbc' }}"});
    let message = "The \"keylen\" argument must be of type number. Received undefined";
    assert_eq!(made(&keyless, fields(), &[json!("a")])[0]["message"], message);
}
