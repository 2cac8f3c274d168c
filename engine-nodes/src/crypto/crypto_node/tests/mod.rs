mod sealed;

use serde_json::{Value, json};

use crate::crypto::digest::{Algorithm, hex};
use crate::testing::TestNode;

/// What version 1 and version 2 give for one item.
fn run(version: f64, parameters: &Value, item: &Value) -> Value {
    let node = TestNode::new("n8n-nodes-base.crypto", version, parameters.clone()).whole_items(json!([item]));
    let mut outputs = node.with("onError", "continueRegularOutput").outputs();
    outputs[0][0].take()
}

#[test]
fn digests() {
    let check = |parameters: Value, expect: &str| {
        let mut parameters = parameters;
        parameters["value"] = json!("={{ $json.v }}");
        assert_eq!(run(1.0, &parameters, &json!({"json": {"v": "abc"}})), json!({"v": "abc", "data": expect}), "{parameters}");
    };
    check(json!({}), "900150983cd24fb0d6963f7d28e17f72");
    check(json!({"type": "SHA1", "encoding": "base64"}), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    check(json!({"type": "SHA3-256"}), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    check(json!({"action": "hmac", "secret": "k"}), &hex(&Algorithm::named("md5").unwrap().mac(b"k", b"abc")));
}

#[test]
fn the_result_lies_under_the_very_name() {
    let made = run(1.0, &json!({"value": "x", "dataPropertyName": "a.b"}), &json!({"json": {"a": {"b": 1}}}));
    assert_eq!(made, json!({"a": {"b": 1}, "a.b": "9dd4e461268c8034f5c8564e155c67a6"}));
}

#[test]
fn values_that_are_no_texts_are_errors() {
    let check = |value: Value, version: f64, expect: Value| {
        let made = run(version, &json!({"value": "={{ $json.v }}", "type": "MD5"}), &json!({"json": {"v": value}}));
        assert_eq!(made["error"], expect, "{value}");
    };
    let message = |received: &str| {
        format!("The \"data\" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received {received}")
    };
    check(json!(25), 1.0, message("type number (25)").into());
    check(json!(true), 1.0, message("type boolean (true)").into());
    check(json!([1]), 1.0, message("an instance of Array").into());
    check(Value::Null, 1.0, message("null").into());
    check(json!(25), 2.0, json!({"message": message("type number (25)"), "name": "TypeError", "code": "ERR_INVALID_ARG_TYPE"}));
}

#[test]
fn an_unknown_digest_is_an_error() {
    let check = |action: &str, expect: &str| {
        let parameters = json!({"action": action, "type": "={{ 'SHA0' }}", "value": "x", "secret": "s"});
        assert_eq!(run(1.0, &parameters, &json!({"json": {}}))["error"], expect, "{action}");
    };
    check("hash", "Digest method not supported");
    check("hmac", "Invalid digest: SHA0");
}

#[test]
fn files_are_digested_and_left_out() {
    // The file is longer than what travels with an item, so it is read in pieces.
    let text = "0123456789".repeat(10_000);
    let item = json!({"json": {"n": 1}, "binary": {"data": {"data": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &text), "mimeType": "text/plain"}}});
    let parameters = json!({"binaryData": true, "type": "SHA256"});
    let node = TestNode::new("n8n-nodes-base.crypto", 1.0, parameters).whole_items(json!([item]));
    let result = node.run().result.items("Node");
    let mut hasher = Algorithm::named("sha256").unwrap().hasher();
    hasher.update(text.as_bytes());
    assert_eq!(Value::Object(result[0].json().clone()), json!({"n": 1, "data": hex(&hasher.finish())}));
    assert!(result[0].binary().is_none());

    let missing = TestNode::new("n8n-nodes-base.crypto", 1.0, json!({"binaryData": true})).input(json!([{}]));
    assert!(missing.error().starts_with("This operation expects the node's input data to contain a binary file 'data'"));
}

#[test]
fn version_2_has_secrets_in_a_credential() {
    let node = |action: &str, fields: Value| {
        let parameters = json!({"action": action, "value": "abc", "algorithm": "RSA-SHA256"});
        TestNode::new("n8n-nodes-base.crypto", 2.0, parameters).credential("crypto", fields).input(json!([{}]))
    };
    let expect = hex(&Algorithm::named("sha256").unwrap().mac(b"k", b"abc"));
    assert_eq!(node("hmac", json!({"hmacSecret": "k"})).outputs(), json!([[{"data": expect}]]));
    assert!(node("hmac", json!({})).error().starts_with("No HMAC secret set in credentials."));
    assert!(node("sign", json!({})).error().starts_with("No private key set in credentials."));
}

#[test]
fn random_texts() {
    let check = |parameters: Value, fits: &dyn Fn(&str) -> bool| {
        let mut parameters = parameters;
        parameters["action"] = json!("generate");
        let (one, other) = (run(1.0, &parameters, &json!({"json": {}})), run(1.0, &parameters, &json!({"json": {}})));
        assert!(one["data"].as_str().is_some_and(fits), "{parameters}: {one}");
        assert_ne!(one, other, "{parameters}");
    };
    let long = |length: usize, of: fn(char) -> bool| move |text: &str| text.len() == length && text.chars().all(of);
    check(json!({}), &|text| text.len() == 36 && text.chars().nth(14) == Some('4') && "89ab".contains(text.chars().nth(19).unwrap()));
    check(json!({"encodingType": "hex"}), &long(32, |c| c.is_ascii_hexdigit()));
    check(json!({"encodingType": "hex", "stringLength": 7}), &long(7, |c| c.is_ascii_hexdigit()));
    check(json!({"encodingType": "base64", "stringLength": 64}), &|text| text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric()));
    check(json!({"encodingType": "ascii", "stringLength": 20}), &long(20, |c| c.is_ascii()));
}

#[test]
fn lengths_out_of_range_are_errors() {
    let check = |length: Value, expect: &str| {
        let parameters = json!({"action": "generate", "encodingType": "hex", "stringLength": "={{ $json.n }}"});
        assert_eq!(run(1.0, &parameters, &json!({"json": {"n": length}}))["error"], expect, "{length}");
    };
    check(json!(-1), "The value of \"size\" is out of range. It must be >= 0 && <= 2147483647. Received -1");
    check(json!("9"), "The \"size\" argument must be of type number. Received type string ('9')");
    check(json!(2_000_000_000), "a random text has at most 1048576 characters");
}

#[test]
fn signatures_that_cannot_be_made_are_reported_before_the_run() {
    let problems = |algorithm: &str| {
        let parameters = json!({"action": "sign", "value": "x", "algorithm": algorithm, "privateKey": "k"});
        TestNode::new("n8n-nodes-base.crypto", 1.0, parameters).problems()
    };
    assert_eq!(problems("RSA-SHA256"), "");
    assert_eq!(problems("sha512WithRSAEncryption"), "");
    assert!(problems("RSA-MD5").contains("signing with \"RSA-MD5\" is not supported"));
}

#[test]
fn signatures() {
    let sign = |algorithm: &str, key: &str| {
        let parameters = json!({"action": "sign", "value": "={{ $json.v }}", "algorithm": algorithm, "privateKey": key, "encoding": "hex"});
        run(1.0, &parameters, &json!({"json": {"v": "abc"}}))
    };
    let (rsa, public) = crate::crypto::key::fixtures::rsa();
    let made = sign("RSA-SHA256", &rsa);
    let signed = bytes(made["data"].as_str().unwrap());
    assert!(crate::crypto::key::PublicKey::read(&public).unwrap().verifies(crate::crypto::key::Scheme::Rsa(256), b"abc", &signed));
    // A key whose line ends were lost.
    assert_eq!(sign("sha256", &rsa.replace('\n', " "))["data"], made["data"]);
    assert_eq!(sign("RSA-SHA256", "secret")["error"], "error:1E08010C:DECODER routines::unsupported");
    let (p256, _) = crate::crypto::key::fixtures::ec(&aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING);
    assert!(sign("sha256", &p256)["data"].as_str().unwrap().starts_with("30"));
    assert_eq!(sign("sha512", &p256)["error"], "signing with \"sha512\" and a key of this kind (Ec(P256)) is not supported");
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
