//! The node against a mail server that tells what it was told.

use std::sync::{Arc, Mutex};

use engine_core::credential::{Credential, CredentialTester, CredentialTrial, CredentialVerdict};
use engine_core::model::{Binary, Item, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::SmtpTester;
use crate::network::test_engine::{TestNode, local_client};
use crate::network::{HttpClient, NetworkPolicy};

/// A mail server; what it was told, line by line.
struct MailServer {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// A server that refuses recipients at `refused.test`.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (reader, mut writer) = socket.into_split();
                writer.write_all(b"220 test ready\r\n").await.unwrap();
                let mut lines = BufReader::new(reader).lines();
                let mut in_data = false;
                while let Ok(Some(line)) = lines.next_line().await {
                    log.lock().unwrap().push(line.clone());
                    let answer = answer(&line, &mut in_data);
                    writer.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Self { port, lines }
    }

    fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}

fn answer(line: &str, in_data: &mut bool) -> &'static str {
    if *in_data {
        *in_data = line != ".";
        return if *in_data { "" } else { "250 2.0.0 queued as 7\r\n" };
    }
    match line.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
        // It says what it was told, as some servers do: the password stands in it.
        "AUTH" if line.ends_with(&wrong_login()) => "535 5.7.8 wrong: canary AG1lAGNhbmFyeSE=\r\n",
        "AUTH" => "235 ok\r\n",
        "DATA" => {
            *in_data = true;
            "354 go on\r\n"
        }
        "RCPT" if line.contains("refused.test") => "550 5.1.1 no such user\r\n",
        "QUIT" => "221 bye\r\n",
        _ => "250 ok\r\n",
    }
}

/// The login of `me` with the password `canary!`.
fn wrong_login() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode("\0me\0canary!")
}

fn node(server: &MailServer, version: f64, parameters: Value) -> TestNode {
    let smtp = json!({"host": "127.0.0.1", "port": server.port, "secure": false, "disableStartTls": true, "user": "me", "password": "canary"});
    TestNode::new("n8n-nodes-base.emailSend", version, parameters).credential("smtp", smtp)
}

#[tokio::test]
async fn a_mail_is_sent() {
    let server = MailServer::start().await;
    let parameters = json!({
        "fromEmail": "Ann <ann@a.test>", "toEmail": "bob@b.test, Cid <cid@c.test>", "subject": "Größe\r\nBcc: evil@evil.test",
        "emailFormat": "both", "text": "plain", "html": "<b>bold</b>",
        "options": {"ccEmail": "dan@d.test", "bccEmail": "eve@e.test", "replyTo": "ann@r.test"},
    });
    let made = node(&server, 2.1, parameters).json().await;
    let everybody = json!(["bob@b.test", "cid@c.test", "dan@d.test", "eve@e.test"]);
    assert_eq!(
        (&made[0]["accepted"], &made[0]["envelope"]["from"], &made[0]["response"]),
        (&everybody, &json!("ann@a.test"), &json!("250 2.0.0 queued as 7"))
    );
    let text = server.text();
    for expect in
        ["AUTH PLAIN", "MAIL FROM:<ann@a.test>", "RCPT TO:<eve@e.test>", "Reply-To: ann@r.test", "multipart/alternative", "plain", "<b>bold</b>"]
    {
        assert!(text.contains(expect), "{expect}: {text}");
    }
    assert!(!text.contains("\nBcc:") && !text.contains("RCPT TO:<evil@evil.test>"), "{text}");
}

#[tokio::test]
async fn files_are_attached() {
    let server = MailServer::start().await;
    let file = |name: &str| Binary::inline("content", "text/plain").with_file_name(name);
    let item = Item::default().with_binary([("a".to_owned(), file("note.txt")), ("b".to_owned(), file("pic.png"))].into());
    let parameters = json!({
        "fromEmail": "ann@a.test", "toEmail": "bob@b.test", "emailFormat": "html", "html": "<img src='cid:b'>",
        "options": {"attachments": "b", "fileAttachments": "a"},
    });
    node(&server, 2.1, parameters).item(item.clone()).json().await;
    let text = server.text();
    for expect in ["multipart/mixed", "multipart/related", "Content-ID: <b>", "attachment; filename=\"note.txt\""] {
        assert!(text.contains(expect), "{expect}: {text}");
    }
    let first = json!({"fromEmail": "ann@a.test", "toEmail": "bob@b.test", "text": "hello", "attachments": "a"});
    node(&server, 1.0, first).item(item).json().await;
    assert!(server.text().contains("hello"));
    let missing = json!({"fromEmail": "ann@a.test", "toEmail": "bob@b.test", "options": {"fileAttachments": "gone"}});
    let error = node(&server, 2.1, missing).error().await;
    assert!(error["message"].as_str().unwrap().contains("'gone'"));
}

#[tokio::test]
async fn refusals_fail_the_item() {
    let server = MailServer::start().await;
    let send = |to: &str| node(&server, 2.1, json!({"fromEmail": "ann@a.test", "toEmail": to, "emailFormat": "text", "text": "x"}));
    let made = send("nobody@refused.test").with("onError", "continueRegularOutput").json().await;
    assert!(made[0]["error"].as_str().unwrap().contains("no such user"), "{made}");
    let error = send("not an address").error().await;
    assert_eq!(error["message"], "\"To Email\" holds no valid mail address: \"not an address\"");
    assert!(!error.to_string().contains("canary"));
}

/// Invariant 29: mail servers are judged like any other.
#[tokio::test]
async fn inv_29_inside_mail_servers_are_refused() {
    let server = MailServer::start().await;
    let parameters = || json!({"fromEmail": "ann@a.test", "toEmail": "bob@b.test", "emailFormat": "text", "text": "x"});
    let error = node(&server, 2.1, parameters()).client(HttpClient::new(NetworkPolicy::default())).error().await;
    assert_eq!(error["details"]["code"], "http-address-refused");
    assert!(server.text().is_empty());
}

#[tokio::test]
async fn waiting_for_an_answer_is_reported() {
    let server = MailServer::start().await;
    let problems = node(&server, 2.1, json!({"operation": "sendAndWait", "fromEmail": "a@a.test", "toEmail": "b@b.test"})).problems();
    assert!(problems.to_string().contains("waiting for the answer to a mail is not supported"));
}

/// Breaks when a trial sends a mail, reaches inside, or repeats what the server says.
#[tokio::test]
async fn a_credential_is_tried_out_without_a_mail() {
    let server = MailServer::start().await;
    let tried = async |client: &HttpClient, change: Value| {
        let mut fields =
            json!({"host": "127.0.0.1", "port": server.port, "secure": false, "disableStartTls": true, "user": "me", "password": "canary"});
        fields.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let credential = Credential::new(fields.as_object().unwrap().clone());
        let trial = CredentialTrial { kind: "smtp", credential: &credential, url: None, now: Timestamp::EPOCH };
        SmtpTester::new(client.clone()).try_out(trial).await
    };
    let verdict = tried(&local_client(), json!({})).await;
    assert_eq!(verdict, CredentialVerdict::Works("the mail server let the user in".to_owned()));
    assert!(server.text().contains("AUTH PLAIN") && !server.text().contains("MAIL FROM"), "{}", server.text());
    let verdict = tried(&local_client(), json!({"password": "canary!"})).await;
    assert_eq!(verdict, CredentialVerdict::Fails("the mail server did not let the user in (status 535)".to_owned()));
    let verdict = tried(&local_client(), json!({"port": 1})).await;
    assert_eq!(verdict, CredentialVerdict::Fails("the connection to the mail server failed".to_owned()));
    let before = server.text();
    let verdict = tried(&HttpClient::new(NetworkPolicy::default()), json!({})).await;
    assert_eq!(verdict, CredentialVerdict::Fails("the mail server has an address that workflows may not reach".to_owned()));
    assert_eq!(server.text(), before, "it was not even connected to");
}
