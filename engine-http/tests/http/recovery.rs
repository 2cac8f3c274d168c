//! Letters of the sign-in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine_http::{Config, Letter, MailError, Mailer, SignIn, SmtpMailer};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::access::{administrator, token};
use crate::server::{Server, send, send_json};

/// Keeps letters, for the test to read.
#[derive(Debug, Default)]
struct Post {
    letters: Mutex<Vec<Letter>>,
    came: Notify,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, letter: Letter) -> Result<(), MailError> {
        self.letters.lock().expect("the letters").push(letter);
        self.came.notify_one();
        Ok(())
    }
}

impl Post {
    /// The token of the next letter to somebody.
    async fn token(&self, to: &str) -> String {
        self.came.notified().await;
        let letters = self.letters.lock().expect("the letters");
        let letter = letters.iter().rev().find(|letter| letter.to == to).expect("a letter");
        letter.text.lines().find(|line| line.len() > 60 && !line.contains(' ')).expect("a token").to_owned()
    }
}

async fn server(change: impl FnOnce(&mut SignIn)) -> (Server, Arc<Post>) {
    let post: Arc<Post> = Arc::default();
    let sign_in = SignIn::new(b"a secret of at least thirty-two bytes".as_slice()).with(|sign_in| {
        sign_in.open_registration = true;
        change(sign_in);
    });
    let config = Config::default().with(|config| {
        config.sign_in = Some(sign_in);
        config.mailer = Some(Arc::clone(&post) as _);
    });
    (Server::start(config).await, post)
}

const NEW: &str = "another long password";

async fn login(server: &Server, password: &str) -> (u16, Value) {
    send_json(server.post("/api/v1/auth/login").json(&json!({"email": "root@example.com", "password": password}))).await
}

async fn tell(server: &Server, what: &str, body: Value) -> (u16, Value) {
    send_json(server.post(&format!("/api/v1/auth/{what}")).json(&body)).await
}

#[tokio::test]
async fn a_lost_password_is_replaced_once_and_everybody_is_signed_out() {
    let (server, post) = server(|_| {}).await;
    let admin = administrator(&server).await;
    post.token("root@example.com").await;
    assert_eq!(tell(&server, "forgot-password", json!({"email": " ROOT@example.com "})).await.0, 202);
    let reset = post.token("root@example.com").await;
    let body = |token: &str, password: &str| json!({"token": token, "password": password});
    assert_eq!(tell(&server, "reset-password", body(&reset, "short")).await.0, 422, "a bad choice does not use the token up");
    for bad in ["x", "x.y", &format!("{reset}x"), "018f0000-0000-7000-8000-000000000000.x"] {
        assert_eq!(tell(&server, "reset-password", body(bad, NEW)).await.1["code"], "bad-token", "{bad}");
    }
    assert_eq!(tell(&server, "confirm", json!({"token": reset})).await.0, 403, "it is for something else");
    assert_eq!(tell(&server, "reset-password", body(&reset, NEW)).await.0, 204);
    assert_eq!(tell(&server, "reset-password", body(&reset, NEW)).await.0, 403, "it was used");
    assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(token(&admin))).await.0, 401);
    assert_eq!((login(&server, "correct horse battery").await.0, login(&server, NEW).await.0), (401, 200));
}

/// Breaks when a reset leaves the lock, so that whoever guesses keeps the owner out for ever.
#[tokio::test]
async fn a_reset_lifts_the_lock() {
    let (server, post) = server(|_| {}).await;
    administrator(&server).await;
    post.token("root@example.com").await;
    for _ in 0..5 {
        assert_eq!(login(&server, "wrong").await.0, 401);
    }
    assert_eq!(login(&server, "correct horse battery").await.0, 401, "locked");
    assert_eq!(tell(&server, "forgot-password", json!({"email": "root@example.com"})).await.0, 202);
    let reset = post.token("root@example.com").await;
    assert_eq!(tell(&server, "reset-password", json!({"token": reset, "password": NEW})).await.0, 204);
    assert_eq!(login(&server, NEW).await.0, 200);
}

#[tokio::test]
async fn inv_32_asking_for_a_reset_tells_nobody_who_exists() {
    let (server, post) = server(|_| {}).await;
    administrator(&server).await;
    post.token("root@example.com").await;
    let mut answers = Vec::new();
    for email in ["root@example.com", "nobody@example.com", "no address"] {
        let response = server.post("/api/v1/auth/forgot-password").json(&json!({"email": email})).send().await.expect("an answer");
        let names: Vec<String> = response.headers().keys().map(ToString::to_string).collect();
        answers.push((response.status(), names, response.text().await.expect("a body")));
    }
    assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
    post.token("root@example.com").await;
    assert_eq!(tell(&server, "forgot-password", json!({"email": "root@example.com"})).await.0, 202);
    assert_eq!(post.letters.lock().expect("the letters").len(), 2, "no second letter of a kind within a minute");
}

#[tokio::test]
async fn who_registers_confirms_the_address() {
    let (server, post) = server(|sign_in| sign_in.require_confirmation = true).await;
    administrator(&server).await;
    post.token("root@example.com").await;
    let ada = json!({"email": "ada@example.com", "password": NEW});
    let (status, registered) = tell(&server, "register", ada.clone()).await;
    assert_eq!((status, registered.get("accessToken")), (201, None));
    assert_eq!(tell(&server, "login", json!({"email": "ada@example.com", "password": "wrong"})).await.1["code"], "wrong-login");
    assert_eq!(tell(&server, "login", ada.clone()).await.1["code"], "unconfirmed");
    let confirm = post.token("ada@example.com").await;
    assert_eq!(tell(&server, "confirm", json!({"token": confirm})).await.0, 204);
    assert_eq!(tell(&server, "confirm", json!({"token": confirm})).await.0, 403, "it was used");
    let (status, ada) = tell(&server, "login", ada).await;
    assert_eq!((status, &ada["user"]["verified"]), (200, &json!(true)));
}

/// Breaks when only the token before the present one is known again.
#[tokio::test]
async fn inv_32_an_old_refresh_token_ends_the_session_however_old_it_is() {
    let (server, _) = server(|_| {}).await;
    let first = administrator(&server).await;
    let refresh = async |body: &Value| tell(&server, "refresh", json!({"refreshToken": body["refreshToken"]})).await;
    let (_, second) = refresh(&first).await;
    let (_, third) = refresh(&second).await;
    let (status, fourth) = refresh(&third).await;
    assert_eq!(status, 200);
    assert_eq!(refresh(&first).await.0, 401, "three exchanges ago");
    assert_eq!(refresh(&fourth).await.0, 401, "the family is gone");
    assert_eq!(send(server.get("/api/v1/auth/me").bearer_auth(token(&fourth))).await.0, 401);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let (server, _) = server(|_| {}).await;
    let here = administrator(&server).await;
    let (_, there) = login(&server, "correct horse battery").await;
    let (_, listed) = send_json(server.get("/api/v1/auth/sessions").bearer_auth(token(&here))).await;
    let sessions = listed["data"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).expect("the other one");
    let path = format!("/api/v1/auth/sessions/{}", other["id"].as_str().expect("an id"));
    assert_eq!(send(server.request("DELETE", &path).bearer_auth(token(&here))).await.0, 204);
    let me = async |body: &Value| send(server.get("/api/v1/auth/me").bearer_auth(token(body))).await.0;
    assert_eq!((me(&here).await, me(&there).await), (200, 401));
    let body = json!({"current": "wrong", "password": NEW});
    assert_eq!(send(server.request("PUT", "/api/v1/auth/password").bearer_auth(token(&here)).json(&body)).await.0, 403);
    let body = json!({"current": "correct horse battery", "password": NEW});
    assert_eq!(send(server.request("PUT", "/api/v1/auth/password").bearer_auth(token(&here)).json(&body)).await.0, 204);
    assert_eq!((me(&here).await, login(&server, NEW).await.0), (401, 200));
}

const MINUTE: Duration = Duration::from_mins(1);

/// Breaks when a lock lasts for ever, or ends with the next attempt.
#[tokio::test]
async fn inv_32_a_lock_lasts_for_half_an_hour() {
    let (server, _) = server(|_| {}).await;
    administrator(&server).await;
    for _ in 0..5 {
        assert_eq!(login(&server, "wrong").await.0, 401);
    }
    server.wait(29 * MINUTE);
    assert_eq!(login(&server, "correct horse battery").await.0, 401);
    server.wait(2 * MINUTE);
    assert_eq!(login(&server, "correct horse battery").await.0, 200);
    for _ in 0..4 {
        assert_eq!(login(&server, "wrong").await.0, 401);
    }
    assert_eq!(login(&server, "correct horse battery").await.0, 200, "four are not five, and those before the lock are forgotten");
}

#[tokio::test]
async fn tokens_of_letters_and_sessions_end_by_themselves() {
    let (server, post) = server(|_| {}).await;
    let admin = administrator(&server).await;
    let confirm = post.token("root@example.com").await;
    assert_eq!(tell(&server, "forgot-password", json!({"email": "root@example.com"})).await.0, 202);
    let reset = post.token("root@example.com").await;
    server.wait(61 * MINUTE);
    assert_eq!(tell(&server, "reset-password", json!({"token": reset, "password": NEW})).await.1["code"], "bad-token");
    server.wait(48 * 60 * MINUTE);
    assert_eq!(tell(&server, "confirm", json!({"token": confirm})).await.1["code"], "bad-token");
    server.wait(29 * 24 * 60 * MINUTE);
    assert_eq!(tell(&server, "refresh", json!({"refreshToken": admin["refreshToken"]})).await.0, 401, "nobody came back for a month");
}

/// A mail server that takes one letter.
async fn mail_server() -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let taken = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (mut stream, mut letter, mut is_text) = (BufStream::new(stream), String::new(), false);
        stream.write_all(b"220 test\r\n").await.expect("sent");
        loop {
            stream.flush().await.expect("sent");
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a line");
            let answer: &[u8] = match line.trim_end() {
                "." => return letter,
                text if is_text => {
                    letter.push_str(text);
                    letter.push('\n');
                    continue;
                }
                "DATA" => {
                    is_text = true;
                    b"354 go on\r\n"
                }
                _ => b"250 fine\r\n",
            };
            stream.write_all(answer).await.expect("sent");
        }
    });
    (url, taken)
}

#[tokio::test]
async fn a_letter_goes_through_the_mail_server() {
    let (url, taken) = mail_server().await;
    let mailer = SmtpMailer::new(&url, "Flows <flows@example.com>").expect("a mailer");
    let config = Config::default().with(|config| {
        config.sign_in = Some(SignIn::new(b"a secret of at least thirty-two bytes".as_slice()));
        config.mailer = Some(Arc::new(mailer));
    });
    let server = Server::start(config).await;
    administrator(&server).await;
    // Long lines are broken on their way.
    let letter = taken.await.expect("a letter").replace("=\n", "");
    for part in ["From: Flows <flows@example.com>", "To: root@example.com", "Subject: Confirm your address", "/api/v1/auth/confirm"] {
        assert!(letter.contains(part), "{part} is not in {letter}");
    }
    for (url, from) in
        [("ftp://mail.example.com", "a@example.com"), ("smtp://user:hunter2@:0", "a@example.com"), ("smtp://mail.example.com", "nobody")]
    {
        let error = SmtpMailer::new(url, from).expect_err("refused").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
