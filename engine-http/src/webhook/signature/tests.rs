//! Signatures as their senders document them, and all that is not quite one.

use std::fmt::Write as _;

use serde_json::json;

use super::*;

const BODY: &[u8] = br#"{"a": 1}"#;
const NOW: i64 = 1_700_000_000;

fn sign(key: &[u8], signed: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("written");
        text
    })
}

fn check(scheme: &str, headers: &[(&str, String)], body: &[u8], keys: &[&str]) -> Result<[u8; 32], StatusCode> {
    check_at(NOW, scheme, headers, (body, keys))
}

fn check_at(now: i64, scheme: &str, headers: &[(&str, String)], (body, keys): (&[u8], &[&str])) -> Result<[u8; 32], StatusCode> {
    let signature = Signature::read(&json!({"signatureScheme": scheme})).expect("a scheme");
    let named = headers.iter().map(|(name, value)| (name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value")));
    let keys: Vec<Vec<u8>> = keys.iter().map(|text| key(text)).collect();
    signature.check(&named.collect(), body, &keys, Timestamp::from_millis(now * 1000)).map_err(|failure| failure.status)
}

fn text() -> String {
    String::from_utf8_lossy(BODY).into_owned()
}

/// The example of GitHub's documentation ("Validating webhook deliveries").
#[test]
fn inv_31_github_signs_as_it_says() {
    let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17".to_owned();
    check("github", &[("x-hub-signature-256", header.clone())], b"Hello, World!", &["It's a Secret to Everybody"]).expect("a good signature");
    let altered = check("github", &[("x-hub-signature-256", header)], b"Hello,  World!", &["It's a Secret to Everybody"]);
    assert_eq!(altered, Err(StatusCode::FORBIDDEN), "white space counts");
}

/// The example of the Standard Webhooks specification's own libraries.
#[test]
fn inv_31_standard_webhooks_signs_as_it_says() {
    let signature = Signature::read(&json!({"signatureScheme": "standardWebhooks"})).expect("a scheme");
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).into_iter().collect();
    let keys = [key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    signature.check(&headers, br#"{"test": 2432232314}"#, &keys, Timestamp::from_millis(1_614_265_330_000)).expect("a good signature");
}

#[test]
fn inv_31_two_keys_count_while_one_is_replaced() {
    let stripe = |seconds: i64, keys: &[&str]| {
        let all: Vec<String> = keys.iter().map(|key| format!("v1={}", to_hex(&sign(key.as_bytes(), &format!("{seconds}.{}", text()))))).collect();
        vec![("stripe-signature", format!("t={seconds},{},v0=00", all.join(",")))]
    };
    for keys in [&["new", "old"][..], &["old", "new"], &["new"]] {
        check("stripe", &stripe(NOW, keys), BODY, &["new", "old"]).expect("a good signature");
    }
    assert_eq!(check("stripe", &stripe(NOW, &["third"]), BODY, &["new", "old"]), Err(StatusCode::FORBIDDEN));
    assert_eq!(check("stripe", &stripe(NOW, &["new"]), BODY, &[]), Err(StatusCode::FORBIDDEN), "no key, nobody");
    let many = vec!["x"; 100].iter().map(|_| "v1=00").collect::<Vec<_>>().join(",");
    assert_eq!(check("stripe", &[("stripe-signature", format!("t={NOW},{many}"))], BODY, &["new"]), Err(StatusCode::FORBIDDEN));
}

#[test]
fn inv_31_stale_and_future_times_are_refused() {
    let slack = |seconds: i64| {
        let signature = format!("v0={}", to_hex(&sign(b"k", &format!("v0:{seconds}:{}", text()))));
        check("slack", &[("x-slack-request-timestamp", seconds.to_string()), ("x-slack-signature", signature)], BODY, &["k"])
    };
    for good in [NOW, NOW - 300, NOW + 300] {
        slack(good).expect("in time");
    }
    for bad in [NOW - 301, NOW + 301, 0, -NOW, i64::MAX, i64::MIN] {
        assert_eq!(slack(bad), Err(StatusCode::FORBIDDEN), "{bad}");
    }
    let late = [
        ("x-slack-request-timestamp", (NOW + 10).to_string()),
        ("x-slack-signature", format!("v0={}", to_hex(&sign(b"k", &format!("v0:{NOW}:{}", text()))))),
    ];
    assert_eq!(check("slack", &late, BODY, &["k"]), Err(StatusCode::FORBIDDEN), "the time is signed, too");
}

#[test]
fn inv_31_what_is_not_signed_does_not_tell_deliveries_apart() {
    let github = |id: &str| {
        let headers = [("x-hub-signature-256", format!("sha256={}", to_hex(&sign(b"k", &text())))), ("x-github-delivery", id.to_owned())];
        check("github", &headers, BODY, &["k"]).expect("a good signature")
    };
    let later = check_at(NOW + 86_400, "github", &[("x-hub-signature-256", format!("sha256={}", to_hex(&sign(b"k", &text()))))], (BODY, &["k"]));
    assert_eq!(later.expect("GitHub signs no time"), github("1"), "whenever it comes again");
    assert_eq!(github("1"), github("2"), "the id of a delivery is not signed: who replays a body makes up a new one");
    let standard = |id: &str, seconds: i64| {
        let signature = format!("v1,{}", STANDARD.encode(sign(b"k", &format!("{id}.{seconds}.{}", text()))));
        let headers = [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)];
        check("standardWebhooks", &headers, BODY, &["k"]).expect("a good signature")
    };
    assert_eq!(standard("1", NOW), standard("1", NOW + 5), "sent again, at another time");
    assert_ne!(standard("1", NOW), standard("2", NOW));
}

#[test]
fn a_scheme_of_ones_own() {
    let parameters = json!({"signatureScheme": "custom", "signature": {
        "header": "X-Sig", "algorithm": "sha1", "encoding": "base64", "prefix": "hmac ", "timestampHeader": "X-Time",
    }});
    let signature = Signature::read(&parameters).expect("a scheme");
    let mut mac = Hmac::<Sha1>::new_from_slice(b"k").expect("a key");
    mac.update(format!("{NOW}.{}", text()).as_bytes());
    let shown = format!("hmac {}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers = |shown: &str| {
        HeaderMap::from_iter([("x-sig".parse().expect("a name"), shown.parse().expect("a value")), ("x-time".parse().expect("a name"), NOW.into())])
    };
    let now = Timestamp::from_millis(NOW * 1000);
    signature.check(&headers(&shown), BODY, &[b"k".to_vec()], now).expect("a good signature");
    assert!(signature.check(&headers(shown.trim_start_matches("hmac ")), BODY, &[b"k".to_vec()], now).is_err());
    for bad in [
        json!({"signatureScheme": "rot13"}),
        json!({"signatureScheme": "custom", "signature": {"header": "a b"}}),
        json!({"signatureScheme": "custom", "signature": {"algorithm": "md5"}}),
    ] {
        Signature::read(&bad).expect_err("refused");
    }
}

#[test]
fn unsigned_requests_are_told_apart_from_wrongly_signed_ones() {
    for scheme in ["github", "stripe", "slack", "standardWebhooks", "custom"] {
        assert_eq!(check(scheme, &[], BODY, &["k"]), Err(StatusCode::UNAUTHORIZED), "{scheme}");
    }
    for bad in ["", "sha256=", "sha256=0", "sha256=zz", "sha1=00", "757107ea"] {
        check("github", &[("x-hub-signature-256", bad.to_owned())], BODY, &["k"]).expect_err("refused");
    }
}
