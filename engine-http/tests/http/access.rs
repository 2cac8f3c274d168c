//! Who gets in, and who gets where.

use engine_http::{Config, SealingKeys, SignIn};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::server::{Server, beginning, send, send_json};

const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

pub(crate) async fn signed() -> Server {
    Server::start(signing_in()).await
}

/// With sign-in, and with keys for credentials.
pub(crate) fn signing_in() -> Config {
    Config::default().with(|config| {
        config.sign_in = Some(SignIn::new(SECRET).with(|sign_in| sign_in.max_failures = 5));
        config.sealing_keys = Some(SealingKeys::new([("one".to_owned(), [7; 32])]));
    })
}

/// The first one to register: the administrator.
pub(crate) async fn administrator(server: &Server) -> Value {
    let (status, body) = send_json(server.post("/api/v1/auth/register").json(&json!({"email": "root@example.com", "password": PASSWORD}))).await;
    assert_eq!((status, &body["user"]["role"]), (201, &json!("admin")));
    body
}

const PASSWORD: &str = "correct horse battery";

pub(crate) fn token(body: &Value) -> &str {
    body["accessToken"].as_str().expect("a token")
}

async fn login(server: &Server, email: &str, password: &str) -> (u16, Value) {
    send_json(server.post("/api/v1/auth/login").json(&json!({"email": email, "password": password}))).await
}

pub(crate) async fn member(server: &Server, admin: &Value, name: &str, role: &str) -> Value {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "password": PASSWORD, "role": role});
    assert_eq!(send(server.post("/api/v1/users").bearer_auth(token(admin)).json(&body)).await.0, 201);
    login(server, &email, PASSWORD).await.1
}

async fn key(server: &Server, of: &Value, scopes: Value) -> String {
    let (status, body) = send_json(server.post("/api/v1/api-keys").bearer_auth(token(of)).json(&json!({"name": "key", "scopes": scopes}))).await;
    assert_eq!(status, 201, "{body}");
    body["key"].as_str().expect("a key").to_owned()
}

/// Everything that one user has; each is what `{id}` means in some routes.
async fn belongings(server: &Server, user: &Value) -> [String; 3] {
    let id = |body: &Value| body["id"].as_str().expect("an id").to_owned();
    let flow = json!({"name": "mine", "nodes": [{"id": "1", "name": "Start", "type": "manual_trigger", "parameters": {}}], "connections": []});
    let (status, workflow) = send_json(server.post("/api/v1/workflows").bearer_auth(token(user)).json(&flow)).await;
    assert_eq!(status, 201, "{workflow}");
    let credential = json!({"name": "c", "type": "httpHeaderAuth", "data": {"name": "X", "value": "canary-5f2d"}});
    let (_, credential) = send_json(server.post("/api/v1/credentials").bearer_auth(token(user)).json(&credential)).await;
    let start = format!("/api/v1/workflows/{}/executions?wait=10", id(&workflow));
    let (status, execution) = send_json(server.post(&start).bearer_auth(token(user))).await;
    assert_eq!(status, 200, "{execution}");
    [id(&workflow), id(&credential), id(&execution)]
}

#[tokio::test]
async fn inv_27_every_route_keeps_everybody_where_they_belong() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [ada, eve] = [member(&server, &admin, "ada", "user").await, member(&server, &admin, "eve", "user").await];
    let viewer = member(&server, &admin, "vera", "viewer").await;
    let [workflow, credential, execution] = belongings(&server, &ada).await;
    let user = ada["user"]["id"].as_str().expect("an id").to_owned();
    let narrow = key(&server, &admin, json!([])).await;
    let (_, document) = send_json(server.get("/api/v1/openapi.json")).await;
    let mut walked = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let Some(permission) = operation["x-permission"].as_str() else { continue };
            let id =
                ["workflows", "credentials", "executions"].iter().zip([&workflow, &credential, &execution]).find(|(name, _)| path.contains(*name));
            let own = path
                .replace("{id}", id.map_or(&user, |(_, id)| id))
                .replace("{version}", "1")
                .replace("{name}", "some")
                .replace("/diff", "/diff?from=1");
            let request = || server.request(&method.to_uppercase(), &own).header("if-match", "*").json(&json!({}));
            let what = format!("{method} {own}");
            assert_eq!(send(request()).await.0, 401, "{what} without a token");
            for bad in ["x", "engk_unknown", &expired(&ada), &format!("{}x", token(&ada))] {
                assert_eq!(send(request().bearer_auth(bad)).await.0, 401, "{what} with {bad}");
            }
            assert_eq!(send(request().header("x-api-key", &narrow)).await.0, 403, "{what} with a key for nothing");
            let needs_more = permission.ends_with(":write") || permission.ends_with(":execute") || ADMINS.contains(&permission);
            if needs_more || permission == "credential:read" {
                assert_eq!(send(request().bearer_auth(token(&viewer))).await.0, 403, "{what} by a viewer");
            }
            if ADMINS.contains(&permission) {
                assert_eq!(send(request().bearer_auth(token(&eve))).await.0, 403, "{what} by a user");
            } else if own.contains(&workflow) || own.contains(&credential) || own.contains(&execution) {
                let (status, _, body) = send(request().bearer_auth(token(&eve))).await;
                assert!(status == 404 || (status == 422 && body.contains("invalid-body")), "{what} by another user: {status} {body}");
            }
            walked += 1;
        }
    }
    assert!(walked > 50, "only {walked} routes were walked");
    for (list, hidden) in [("workflows", &workflow), ("credentials", &credential), ("executions", &execution)] {
        let (_, seen) = send_json(server.get(&format!("/api/v1/{list}")).bearer_auth(token(&eve))).await;
        assert_eq!(seen["data"], json!([]), "another user's {list}");
        let (_, seen) = send_json(server.get(&format!("/api/v1/{list}")).bearer_auth(token(&ada))).await;
        assert_eq!(seen["data"][0]["id"], json!(hidden), "the own {list}");
    }
    let (_, bulk) = send_json(server.post("/api/v1/executions/delete").bearer_auth(token(&eve)).json(&json!({"ids": [execution]}))).await;
    assert_eq!(bulk["data"][0]["code"], "not-found", "ids inside bodies count too");
}

const ADMINS: [&str; 6] = ["user:read", "user:write", "setting:read", "setting:write", "audit:read", "variable:write"];

fn expired(of: &Value) -> String {
    let body = token(of).split('.').nth(1).expect("claims");
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, body).expect("base64");
    let mut claims: Value = serde_json::from_slice(&claims).expect("JSON");
    claims["exp"] = json!(1_000_000_000);
    sign(Algorithm::HS256, SECRET, &claims)
}

fn sign(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).expect("a token")
}

#[tokio::test]
async fn inv_32_forged_tokens_are_no_tokens() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let good = token(&admin);
    assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(good)).await.0, 200);
    let body = good.split('.').nth(1).expect("claims");
    let text = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, body).expect("base64");
    let claims: Value = serde_json::from_slice(&text).expect("JSON");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        sign(Algorithm::HS256, SECRET, &claims)
    };
    let forged = [
        ("algorithm none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")),
        ("another algorithm", sign(Algorithm::HS512, SECRET, &claims)),
        ("another key", sign(Algorithm::HS256, b"another secret of thirty-two bytes", &claims)),
        ("another issuer", with("iss", json!("somebody"))),
        ("another audience", with("aud", json!("something"))),
        ("another session", with("sid", json!("018f0000-0000-7000-8000-000000000000"))),
        ("another user", with("sub", json!("018f0000-0000-7000-8000-000000000000"))),
    ];
    for (what, token) in forged {
        assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(token)).await.0, 401, "{what}");
    }
}

#[tokio::test]
async fn inv_32_signing_out_counts_at_once() {
    let server = signed().await;
    let admin = administrator(&server).await;
    assert_eq!(send(server.post("/api/v1/auth/logout").bearer_auth(token(&admin))).await.0, 204);
    assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(token(&admin))).await.0, 401);
    let refresh = json!({"refreshToken": admin["refreshToken"]});
    assert_eq!(send(server.post("/api/v1/auth/refresh").json(&refresh)).await.0, 401);
}

#[tokio::test]
async fn inv_32_a_refresh_token_that_is_shown_twice_ends_the_session() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let refresh = async |body: &Value| send_json(server.post("/api/v1/auth/refresh").json(&json!({"refreshToken": body["refreshToken"]}))).await;
    let (status, second) = refresh(&admin).await;
    assert_eq!(status, 200);
    assert_ne!(second["refreshToken"], admin["refreshToken"]);
    assert_eq!(refresh(&admin).await.0, 401, "the first token once more");
    assert_eq!(refresh(&second).await.0, 401, "whoever holds the second is signed out, too");
    assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(token(&second))).await.0, 401);
}

#[tokio::test]
async fn inv_32_five_failures_lock_and_nobody_learns_who_exists() {
    let server = signed().await;
    administrator(&server).await;
    let mut wrong = login(&server, "root@example.com", "wrong password").await;
    let mut nobody = login(&server, "nobody@example.com", "wrong password").await;
    assert_eq!(wrong.0, 401);
    (wrong.1["requestId"], nobody.1["requestId"]) = (Value::Null, Value::Null);
    assert_eq!(wrong, nobody);
    for _ in 0..4 {
        assert_eq!(login(&server, "root@example.com", "wrong password").await.0, 401);
    }
    assert_eq!(login(&server, "root@example.com", PASSWORD).await.0, 401, "the right password does not help for a while");
}

/// Breaks when the lock is looked at before a guess waits for its turn only: all that came at once would be tried out.
#[tokio::test]
async fn inv_32_guesses_that_come_at_once_are_no_more_than_five() {
    let server = signed().await;
    administrator(&server).await;
    let guesses = (0..20).map(|_| "wrong password").chain([PASSWORD]);
    let answers = futures::future::join_all(guesses.map(|guess| login(&server, "root@example.com", guess))).await;
    assert!(answers.iter().all(|(status, _)| *status == 401), "{answers:?}");
}

/// Breaks when whoever has found a token may find out the password with it.
#[tokio::test]
async fn inv_32_the_present_password_is_not_guessed_either() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let change = async |current: &str| {
        let body = json!({"current": current, "password": "another good password"});
        send_json(server.request("PUT", "/api/v1/auth/password").bearer_auth(token(&admin)).json(&body)).await
    };
    for _ in 0..5 {
        let (status, body) = change("wrong password").await;
        assert_eq!((status, &body["code"]), (403, &json!("wrong-password")));
    }
    assert_eq!(change(PASSWORD).await.0, 403, "the right one does not help for a while");
    assert_eq!(login(&server, "root@example.com", PASSWORD).await.0, 401);
}

#[tokio::test]
async fn the_first_one_is_the_administrator_and_the_door_closes() {
    let server = signed().await;
    assert_eq!(send(server.post("/api/v1/auth/register").json(&json!({"email": "root@example.com", "password": "short"}))).await.0, 422);
    administrator(&server).await;
    let (status, body) = send_json(server.post("/api/v1/auth/register").json(&json!({"email": "eve@example.com", "password": PASSWORD}))).await;
    assert_eq!((status, &body["code"]), (403, &json!("registration-closed")));
}

#[tokio::test]
async fn a_deleted_or_disabled_user_is_out_at_once() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let ada = member(&server, &admin, "ada", "user").await;
    let secret = key(&server, &ada, json!(["*"])).await;
    let path = format!("/api/v1/users/{}", ada["user"]["id"].as_str().expect("an id"));
    let me = async |shown: &str| send(server.get("/api/v1/auth/me").bearer_auth(shown)).await.0;
    assert_eq!((me(token(&ada)).await, me(&secret).await), (200, 200));
    assert_eq!(send(server.request("PATCH", &path).bearer_auth(token(&admin)).json(&json!({"disabled": true}))).await.0, 200);
    assert_eq!((me(token(&ada)).await, me(&secret).await), (401, 401));
    assert_eq!(login(&server, "ada@example.com", PASSWORD).await.0, 401);
    assert_eq!(send(server.request("DELETE", &path).bearer_auth(token(&admin))).await.0, 204);
    assert_eq!((me(token(&ada)).await, me(&secret).await), (401, 401));
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_where_it_may_be_used() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let reads = key(&server, &admin, json!(["workflow:read"])).await;
    assert_eq!(send(server.get("/api/v1/workflows").header("x-n8n-api-key", &reads)).await.0, 200);
    assert_eq!(send(server.get("/api/v1/users").header("x-api-key", &reads)).await.0, 403);
    let make = async |body: Value| send_json(server.post("/api/v1/api-keys").bearer_auth(token(&admin)).json(&body)).await;
    let (_, elsewhere) = make(json!({"name": "k", "scopes": ["*"], "addresses": ["10.0.0.0/8"]})).await;
    assert_eq!(send(server.get("/api/v1/workflows").bearer_auth(elsewhere["key"].as_str().expect("a key"))).await.0, 401);
    let (_, past) = make(json!({"name": "k", "scopes": ["*"], "expiresAt": "2001-01-01T00:00:00Z"})).await;
    assert_eq!(send(server.get("/api/v1/workflows").bearer_auth(past["key"].as_str().expect("a key"))).await.0, 401);
    assert_eq!(make(json!({"name": "k", "scopes": ["world:rule"]})).await.0, 422);
    let (_, listed) = send_json(server.get("/api/v1/api-keys").bearer_auth(token(&admin))).await;
    assert!(!listed.to_string().contains(&reads), "a key is shown once");
}

#[tokio::test]
async fn sharing_lets_others_in_as_far_as_it_says() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [ada, eve] = [member(&server, &admin, "ada", "user").await, member(&server, &admin, "eve", "user").await];
    let [workflow, _, _] = belongings(&server, &ada).await;
    let path = format!("/api/v1/workflows/{workflow}");
    let share = async |viewers: Value, editors: Value| {
        let body = json!({"viewers": viewers, "editors": editors});
        assert_eq!(send(server.request("PUT", &format!("{path}/share")).bearer_auth(token(&ada)).json(&body)).await.0, 200);
    };
    let see = async || send(server.get(&path).bearer_auth(token(&eve))).await.0;
    let change = async || send(server.post(&format!("{path}/deactivate")).bearer_auth(token(&eve))).await.0;
    assert_eq!((see().await, change().await), (404, 404));
    share(json!([eve["user"]["id"]]), json!([])).await;
    assert_eq!((see().await, change().await), (200, 403));
    share(json!([]), json!([eve["user"]["id"]])).await;
    assert_eq!((see().await, change().await), (200, 200));
    share(json!([]), json!([])).await;
    assert_eq!((see().await, change().await), (404, 404));
}

#[tokio::test]
async fn inv_28_secrets_never_come_back() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [_, credential, _] = belongings(&server, &admin).await;
    let (_, document) = send_json(server.get("/api/v1/openapi.json")).await;
    for path in document["paths"].as_object().expect("paths").keys() {
        let own = path.replace("{id}", &credential).replace("{version}", "1").replace("{name}", "some");
        let body = beginning(server.get(&own).bearer_auth(token(&admin))).await;
        for secret in ["canary-5f2d", "Y2FuYXJ5", PASSWORD, "argon2", "password_hash"] {
            assert!(!body.contains(secret), "{own} tells {secret}");
        }
    }
}
