//! Credentials that are tried out.

use engine_http::Config;
use serde_json::{Value, json};

use crate::access::{administrator, member, signed, token};
use crate::server::{Server, header, send, send_json};

/// Stores a credential; gives where it is tried out.
async fn stored(server: &Server, user: &Value, (kind, data): (&str, Value)) -> String {
    let body = json!({"name": "mine", "type": kind, "data": data});
    let response = server.post("/api/v1/credentials").bearer_auth(token(user)).json(&body).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 201, "{kind}");
    format!("{}/test", header(&response, "location"))
}

#[tokio::test]
async fn a_credential_is_tried_out_by_those_who_know_its_type() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let checks = [
        ("jwtAuth", json!({"keyType": "passphrase", "secret": "canary", "algorithm": "HS256"}), "ok"),
        ("jwtAuth", json!({"keyType": "pemKey", "privateKey": "canary", "algorithm": "RS256"}), "error"),
        ("totpApi", json!({"label": "canary", "secret": "canary"}), "error"),
        ("webhookSignature", json!({"secret": "canary"}), "unsupported"),
    ];
    for (kind, data, expect) in checks {
        let path = stored(&server, &admin, (kind, data)).await;
        let (status, tried) = send_json(server.post(&path).bearer_auth(token(&admin))).await;
        assert_eq!((status, &tried["status"]), (200, &json!(expect)), "{kind}: {tried}");
        assert!(tried["message"].as_str().is_some_and(|message| !message.is_empty() && !message.contains("canary")), "{kind}: {tried}");
    }
    let (_, log) = send_json(server.get("/api/v1/audit").bearer_auth(token(&admin))).await;
    assert_eq!(log["data"][0]["action"], "credential.test");
}

/// Invariant 29: a trial is no way around the guard.
#[tokio::test]
async fn inv_29_the_address_is_judged() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let path = stored(&server, &admin, ("httpBearerAuth", json!({"token": "canary"}))).await;
    let try_at = |body: Value| server.post(&path).bearer_auth(token(&admin)).json(&body);
    let (status, tried) = send_json(try_at(json!({"url": format!("http://{}/health", server.address)}))).await;
    assert_eq!((status, &tried["status"]), (200, &json!("error")), "{tried}");
    assert!(tried["message"].as_str().is_some_and(|message| message.contains("may not reach")), "{tried}");
    for wrong in [json!({}), json!({"url": "file:///etc/passwd"}), json!({"url": 1})] {
        let (status, problem) = send_json(try_at(wrong.clone())).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/url")), "{wrong}: {problem}");
    }
}

/// Invariant 39: whoever tries a credential out says where it is sent, so it is for those who may use it alone.
#[tokio::test]
async fn inv_39_seeing_a_credential_is_not_enough_to_send_it() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [ada, eve] = [member(&server, &admin, "ada", "user").await, member(&server, &admin, "eve", "user").await];
    let path = stored(&server, &ada, ("jwtAuth", json!({"keyType": "passphrase", "secret": "canary"}))).await;
    let status = async |user: &Value| send(server.post(&path).bearer_auth(token(user))).await.0;
    assert_eq!((status(&ada).await, status(&eve).await, status(&admin).await), (200, 404, 403));
    let share = path.replace("/test", "/share");
    let users = json!({"users": [eve["user"]["id"]]});
    assert_eq!(send(server.request("PUT", &share).bearer_auth(token(&ada)).json(&users)).await.0, 200);
    assert_eq!(status(&eve).await, 200);
}

#[tokio::test]
async fn without_sign_in_everybody_is_its_owner() {
    let config = Config::default().with(|config| config.sealing_keys = Some(engine_http::SealingKeys::new([("one".to_owned(), [7; 32])])));
    let server = Server::start(config).await;
    let body = json!({"name": "mine", "type": "jwtAuth", "data": {"keyType": "passphrase", "secret": "canary"}});
    let response = server.post("/api/v1/credentials").json(&body).send().await.expect("an answer");
    let (status, tried) = send_json(server.post(&format!("{}/test", header(&response, "location")))).await;
    assert_eq!((status, &tried["status"]), (200, &json!("ok")), "{tried}");
}
