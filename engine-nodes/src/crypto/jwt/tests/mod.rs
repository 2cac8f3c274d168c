use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING};
use engine_core::model::Json;
use serde_json::{Value, json};

use super::token::{Key, Parts, Times, sign};
use crate::crypto::key::fixtures;
use crate::testing::TestNode;

const SECRET: &str = "s3cret";

fn node(parameters: Value, credential: Value) -> TestNode {
    TestNode::new("n8n-nodes-base.jwt", 1.0, parameters).credential("jwtAuth", credential)
}

fn secret() -> Value {
    json!({"keyType": "passphrase", "secret": SECRET, "algorithm": "HS256"})
}

/// Signs with one credential and reads with another.
fn there_and_back(read: &str, options: &Value, (signing, reading): (Value, Value)) -> Result<Value, String> {
    let claims = json!({"useJson": true, "claimsJson": "{\"sub\": \"x\", \"iat\": 1}"});
    let token = node(claims, signing).input(json!([{}])).run();
    if let Some(error) = token.error() {
        return Err(error);
    }
    let run = node(json!({"operation": read, "token": "={{ $json.token }}", "options": options}), reading).input(token.outputs()[0].clone()).run();
    run.error().map_or_else(|| Ok(run.outputs()[0][0].clone()), Err)
}

#[test]
fn a_token_is_written_as_in_rfc_7515() {
    let key = Key { algorithm: "HS256", material: SECRET };
    let payload = json!({"a": 1, "iat": 5}).as_object().unwrap().clone();
    let header = json!({"alg": "none", "kid": "own", "x5t": "t"}).as_object().unwrap().clone();
    let token = sign(payload, (Some("option".to_owned()), header), key, 9).unwrap();
    let parts = Parts::read(&token).unwrap().unwrap().into_json(true);
    assert_eq!(Value::Object(parts.clone())["header"].to_string(), r#"{"alg":"HS256","typ":"JWT","kid":"own","x5t":"t"}"#);
    assert_eq!(parts["payload"].to_string(), r#"{"a":1,"iat":5}"#);
    let plain = sign(json!({}).as_object().unwrap().clone(), (None, Json::new()), key, 9).unwrap();
    assert_eq!(plain, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjl9.KNpZOlxev1I41IIClk8yu6H3MzGZW6ncUoMIUL5tz5U");
}

#[test]
fn payloads_by_field_and_as_json() {
    let check = |parameters: Value, expect: Value| {
        let token = node(parameters.clone(), secret()).input(json!([{"n": 7}])).outputs();
        let read = node(json!({"operation": "decode", "token": "={{ $json.token }}"}), secret()).input(token[0].clone()).outputs();
        let mut payload = read[0][0]["payload"].clone();
        payload.as_object_mut().unwrap().shift_remove("iat").expect("the time of signing");
        assert_eq!(payload, expect, "{parameters}");
    };
    check(json!({"claims": {"audience": "a", "expiresIn": 60, "issuer": "i"}}), json!({"audience": "a", "expiresIn": 60, "issuer": "i"}));
    check(json!({}), json!({}));
    check(json!({"useJson": true}), json!({"my_field_1": "value 1", "my_field_2": "value 2"}));
    check(json!({"useJson": true, "claimsJson": "={\"n\": {{ $json.n }}}"}), json!({"n": 7}));
    check(json!({"useJson": true, "claimsJson": "={{ $json }}"}), json!({"n": 7}));
}

#[test]
fn payloads_that_are_none() {
    let check = |claims: &str, expect: &str| {
        let error = node(json!({"useJson": true, "claimsJson": claims}), secret()).input(json!([{}])).error();
        assert_eq!(error, expect, "{claims}");
    };
    check("[1]", "The 'JSON Output' in item 0 does not contain a valid JSON object");
    check("{\"a\" ]}", "The 'JSON Output' in item 0 contains invalid JSON");
    check("{\"exp\": \"soon\"}", "\"exp\" should be a number of seconds");
}

#[test]
fn each_algorithm_signs_and_verifies() {
    let keys = [
        ("RS256", fixtures::rsa()),
        ("PS512", fixtures::rsa()),
        ("ES256", fixtures::ec(&ECDSA_P256_SHA256_ASN1_SIGNING)),
        ("ES384", fixtures::ec(&ECDSA_P384_SHA384_ASN1_SIGNING)),
        ("ES512", fixtures::ec(&ECDSA_P521_SHA512_ASN1_SIGNING)),
    ];
    for (algorithm, (private, public)) in keys {
        let credential = json!({"keyType": "pemKey", "privateKey": private, "publicKey": public, "algorithm": algorithm});
        let read = there_and_back("verify", &json!({"complete": true}), (credential.clone(), credential));
        assert_eq!(read.as_ref().map(|read| &read["header"]), Ok(&json!({"alg": algorithm, "typ": "JWT"})), "{algorithm}");
        assert_eq!(read.unwrap()["payload"], json!({"sub": "x", "iat": 1}), "{algorithm}");
    }
}

#[test]
fn what_does_not_verify() {
    let check = |signing: Value, reading: Value, expect: &str| {
        assert_eq!(there_and_back("verify", &json!({}), (signing, reading)), Err(expect.to_owned()));
    };
    let (private, public) = fixtures::rsa();
    let rsa = |algorithm: &str| json!({"keyType": "pemKey", "privateKey": private, "publicKey": public, "algorithm": algorithm});
    check(secret(), json!({"secret": "other", "algorithm": "HS256"}), "The JWT token can't be verified");
    check(secret(), json!({"secret": SECRET, "algorithm": "HS384"}), "invalid algorithm");
    check(json!({"algorithm": "none"}), json!({"algorithm": "none"}), "jwt signature is required");
    check(json!({"algorithm": "none"}), secret(), "jwt signature is required");
    // The public key, which anybody may know, as the secret of an HMAC.
    check(json!({"secret": public, "algorithm": "HS256"}), rsa("RS256"), "secretOrPrivateKey is not valid key material");
    check(secret(), rsa("HS256"), "secretOrPublicKey must be a symmetric key when using HS256");
    check(secret(), json!({"secret": "", "algorithm": "HS256"}), "secret or public key must be provided");
    check(rsa("RS256"), rsa("RS384"), "invalid algorithm");
}

#[test]
fn keys_that_do_not_fit_their_algorithm() {
    let (private, _) = fixtures::rsa();
    let (curve, _) = fixtures::ec(&ECDSA_P384_SHA384_ASN1_SIGNING);
    let check = |algorithm: &str, key: &str, expect: &str| {
        let credential = json!({"keyType": "pemKey", "privateKey": key, "algorithm": algorithm});
        assert_eq!(node(json!({}), credential).input(json!([{}])).error(), expect, "{algorithm}");
    };
    check("HS256", &private, "secretOrPrivateKey must be a symmetric key when using HS256");
    check("RS256", "secret", "secretOrPrivateKey must be an asymmetric key when using RS256");
    check("RS256", "", "secretOrPrivateKey must have a value");
    check("ES256", &private, "\"alg\" parameter for \"rsa\" key type must be one of: RS256, PS256, RS384, PS384, RS512, PS512.");
    check("PS256", &curve, "\"alg\" parameter for \"ec\" key type must be one of: ES256, ES384, ES512.");
    check("ES256", &curve, "\"alg\" parameter \"ES256\" requires curve \"prime256v1\".");
    check("XX", &curve, "\"algorithm\" must be a valid string enum value");
}

#[test]
fn times() {
    let key = Key { algorithm: "HS256", material: SECRET };
    let check = |claims: Value, times: Times, expect: Result<(), &str>| {
        let token = sign(claims.as_object().unwrap().clone(), (None, Json::new()), key, 1).unwrap();
        let got = Parts::read(&token).unwrap().unwrap().verify(key, Times { now: 100.0, ..times });
        assert_eq!(got.map_err(|error| error.message().to_owned()), expect.map_err(str::to_owned), "{claims} {times:?}");
    };
    let strict = Times::default();
    check(json!({"exp": 101}), strict, Ok(()));
    check(json!({"exp": 100}), strict, Err("jwt expired"));
    check(json!({"exp": 100}), Times { tolerance: 1.0, ..strict }, Ok(()));
    check(json!({"exp": 1}), Times { ignore_expiration: true, ..strict }, Ok(()));
    check(json!({"nbf": 100}), strict, Ok(()));
    check(json!({"nbf": 102}), Times { tolerance: 1.0, ..strict }, Err("jwt not active"));
    check(json!({"nbf": 102}), Times { ignore_not_before: true, ..strict }, Ok(()));
}

#[test]
fn texts_that_are_no_tokens() {
    let check = |operation: &str, token: &str, expect: &str| {
        let run = node(json!({"operation": operation, "token": "={{ $json.t }}"}), secret()).input(json!([{"t": token}])).run();
        let got = run.error().unwrap_or_else(|| run.outputs()[0][0].to_string());
        assert_eq!(got, expect, "{operation} {token}");
    };
    check("decode", "", "The JWT token was not provided");
    check("decode", "nonsense", "Invalid input for 'token' [item 0]");
    check("decode", "YQ.YQ.", "{\"payload\":null}");
    check("verify", "YQ.YQ.YQ", "invalid token");
    check("verify", "YQ.YQ.YQ.YQ", "jwt malformed");
    // {"typ":"x"} and the text hi
    check("decode", "eyJ0eXAiOiJ4In0.aGk.", "{\"payload\":\"hi\"}");
    // {"typ":"JWT"} promises JSON.
    check("decode", "eyJ0eXAiOiJKV1QifQ.aGk.", "the payload of the token is not valid JSON");
}

#[test]
fn a_failed_item_becomes_its_error_when_the_node_goes_on() {
    let failing = node(json!({"operation": "verify", "token": "={{ $json.t }}"}), secret()).with("onError", "continueRegularOutput");
    assert_eq!(failing.input(json!([{"t": "YQ.YQ.YQ"}])).outputs(), json!([[{"error": "invalid token"}]]));
}
