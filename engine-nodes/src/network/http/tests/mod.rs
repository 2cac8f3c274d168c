//! The client against real servers: what it refuses, what it follows, what it reads, and who sees secrets.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body as AnswerBody;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use engine_core::blob::{BlobStore, MemoryBlobStore};
use engine_core::credential::Credential;
use engine_core::model::{Binary, BinaryContent};
use futures::stream::{self, StreamExt};
use reqwest::Method;

use super::*;
use crate::network::test_server::{Names, Seen, TestServer};
use crate::network::{Limits, NameService, NetworkPolicy};

fn local() -> HttpClient {
    HttpClient::new(NetworkPolicy::default().allow("127.0.0.1").unwrap())
}

/// A client to which `a.test` and `b.test` are names of the outside; both lead to this machine.
fn with_outside() -> HttpClient {
    let names = Names::new([("a.test", [["127.0.0.1"].as_slice()].as_slice()), ("b.test", &[&["127.0.0.1"]]), ("inside.test", &[&["127.0.0.1"]])]);
    HttpClient::with_names(NetworkPolicy::default().allow("a.test").unwrap().allow("b.test").unwrap(), names)
}

async fn code(client: &HttpClient, url: &str) -> String {
    match HttpRequest::get(url) {
        Err(error) => error.code().to_owned(),
        Ok(request) => match client.send(request).await {
            Ok(response) => response.status.to_string(),
            Err(error) => error.code().to_owned(),
        },
    }
}

fn redirect(status: u16, location: &str) -> Response<AnswerBody> {
    Response::builder().status(status).header("location", location).body(AnswerBody::empty()).unwrap()
}

/// Invariant 29: no way of writing an inside address, and no name for one, leads inside.
#[tokio::test]
async fn inv_29_inside_addresses_are_refused_however_they_are_written() {
    let server = TestServer::start(|_: &Seen| "inside").await;
    let port = server.address.port();
    let client = HttpClient::default();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "user:password@127.0.0.1",
    ];
    for host in hosts {
        let result = code(&client, &format!("http://{host}:{port}/")).await;
        // Some systems do not know the name with a dot behind it; none leads inside by it.
        let unknown = host == "localhost." && result == "http-host-not-found";
        assert!(unknown || result == "http-address-refused", "{host}: {result}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn inv_29_metadata_services_are_refused() {
    let client = HttpClient::default();
    for host in [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "2852039166",
        "0xA9FEA9FE",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    ] {
        assert_eq!(code(&client, &format!("http://{host}/latest/meta-data/")).await, "http-address-refused", "{host}");
    }
}

#[tokio::test]
async fn inv_29_a_name_is_judged_each_time_it_is_looked_up() {
    let server = TestServer::start(|_: &Seen| [("connection", "close")]).await;
    let names = Names::new([("rebind.test", [["127.0.0.1"].as_slice(), &["127.0.0.2"]].as_slice())]);
    let client = HttpClient::with_names(NetworkPolicy::default().allow("127.0.0.1").unwrap(), names);
    let url = server.url_of("rebind.test", "/");
    assert_eq!(code(&client, &url).await, "200 OK");
    assert_eq!(code(&client, &url).await, "http-address-refused");
}

#[tokio::test]
async fn inv_29_of_several_addresses_only_permitted_ones_are_used() {
    let server = TestServer::start(|_: &Seen| "ok").await;
    let names =
        Names::new([("mixed.test", [["127.0.0.2", "10.0.0.1", "127.0.0.1"].as_slice()].as_slice()), ("inside.test", &[&["10.0.0.1", "::1"]])]);
    let client = HttpClient::with_names(NetworkPolicy::default().allow("127.0.0.1").unwrap(), names);
    assert_eq!(code(&client, &server.url_of("mixed.test", "/")).await, "200 OK");
    assert_eq!(code(&client, &server.url_of("inside.test", "/")).await, "http-address-refused");
    assert_eq!(code(&client, &server.url_of("unknown.test", "/")).await, "http-host-not-found");
}

#[tokio::test]
async fn inv_29_each_redirect_is_judged() {
    let inside = TestServer::start(|_: &Seen| "inside").await;
    let port = inside.address.port();
    let client = with_outside();
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "inside.test", "[::1]", "0"] {
        let target = format!("http://{host}:{port}/");
        let outside = TestServer::start(move |_: &Seen| redirect(302, &target)).await;
        assert_eq!(code(&client, &outside.url_of("a.test", "/")).await, "http-address-refused", "{host}");
    }
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn inv_29_other_protocols_get_judged_addresses() {
    let names = Names::new([("mixed.test", [["10.0.0.1", "127.0.0.1"].as_slice()].as_slice()), ("inside.test", &[&["10.0.0.1"]])]);
    let client = HttpClient::with_names(NetworkPolicy::default().allow("127.0.0.1").unwrap(), names);
    let check = async |host: &str, expect: Result<&str, &str>| {
        let found = client.addresses(host).await.map(|addresses| addresses[0].to_string()).map_err(|error| error.code());
        assert_eq!(found.as_deref().map_err(|code| *code), expect, "{host}");
    };
    check("mixed.test", Ok("127.0.0.1")).await;
    check("127.1", Ok("127.0.0.1")).await;
    check("8.8.8.8", Ok("8.8.8.8")).await;
    for host in ["inside.test", "10.0.0.1", "::1", "[::1]", "::ffff:10.0.0.1", "0xa000001", "169.254.169.254"] {
        check(host, Err("http-address-refused")).await;
    }
}

#[tokio::test]
async fn an_allowed_name_is_reached_wherever_it_leads() {
    let server = TestServer::start(|_: &Seen| "ok").await;
    let client = with_outside();
    assert_eq!(code(&client, &server.url_of("a.test", "/")).await, "200 OK");
    assert_eq!(code(&client, &server.url_of("inside.test", "/")).await, "http-address-refused");
    assert_eq!(code(&client, &server.url("/")).await, "http-address-refused");
}

#[tokio::test]
async fn only_http_is_spoken() {
    let client = local();
    for url in
        ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "127.0.0.1", "", "http://", "//a", "http:///x", "javascript:alert(1)"]
    {
        let result = code(&client, url).await;
        assert!(result == "http-invalid-url" || result == "http-host-not-found", "{url}: {result}");
    }
}

fn secret(name: &str) -> Secrets {
    Secrets::default().header(name, "canary").unwrap().query("key", "canary")
}

/// Invariant 39: what proves who asks stays with the host that it was sent to.
#[tokio::test]
async fn inv_39_secrets_do_not_follow_to_another_host() {
    let other = TestServer::start(|_: &Seen| "ok").await;
    let target = other.url_of("b.test", "/landed");
    let first = TestServer::start(move |seen: &Seen| if seen.path() == "/hop" { redirect(307, &target) } else { redirect(307, "/hop") }).await;
    let mut request = HttpRequest::get(&first.url_of("a.test", "/")).unwrap();
    request.header("authorization", "typed by hand").unwrap();
    request.header("x-plain", "1").unwrap();
    request.secrets = secret("x-api-key");
    with_outside().send(request).await.unwrap();
    for seen in first.seen() {
        assert_eq!((seen.header("x-api-key"), seen.header("authorization"), seen.header("x-plain")), ("canary", "typed by hand", "1"), "{seen:?}");
        assert_eq!(seen.query(), "key=canary");
    }
    let landed = other.last();
    assert_eq!((landed.header("x-api-key"), landed.header("authorization"), landed.header("x-plain"), landed.query()), ("", "", "1", ""));
}

#[tokio::test]
async fn inv_39_a_bound_credential_is_sent_to_no_other_host() {
    let server = TestServer::start(|_: &Seen| "ok").await;
    let credential = || Credential::new([]).bound_to(["b.test".to_owned()]);
    let send = |host: &'static str, secrets: Secrets| {
        let mut request = HttpRequest::get(&server.url_of(host, "/")).unwrap();
        request.secrets = secrets;
        async move { with_outside().send(request).await.map(|response| response.status).map_err(|error| error.code()) }
    };
    let of = |credential: Credential| Secrets::of(credential).header("x-key", "canary").unwrap();
    assert_eq!(send("a.test", of(credential())).await, Err("http-credential-refused"));
    assert_eq!(send("a.test", secret("x-key").bound_to(["b.test"])).await, Err("http-credential-refused"));
    assert_eq!(send("a.test", Secrets::of(Credential::default()).digest("u", "p").bound_to([])).await, Err("http-credential-refused"));
    assert!(server.seen().is_empty());
    assert_eq!(send("b.test", of(credential())).await, Ok(StatusCode::OK));
    assert_eq!(send("b.test", secret("x-key").bound_to(["*.test"])).await, Ok(StatusCode::OK));
}

/// Invariant 28: what goes wrong is told without secrets.
#[tokio::test]
async fn inv_28_errors_and_debug_texts_hold_no_secrets() {
    let url = "http://user:canary@127.0.0.1:1/canary?key=canary#canary";
    let mut request = HttpRequest::get(url).unwrap();
    request.secrets = secret("x-key").digest("canary-user", "canary");
    let texts = [format!("{:?}", request.secrets), format!("{:?}", local().send(request).await.unwrap_err())];
    for text in texts.iter().chain(&[HttpError::invalid_url("http//u:canary@h/?key=canary", &"bad").to_string()]) {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn inv_34_headers_cannot_be_split() {
    for (name, value) in [("x", "a\r\nX-Evil: 1"), ("x\r\ny", "a"), ("x", "a\0b"), ("x: y", "a"), ("", "a"), ("x", "a\nb")] {
        let error = HttpRequest::get("http://a.test/").unwrap().header(name, value).unwrap_err();
        assert_eq!(error.code(), "http-invalid-header", "{name:?} {value:?}");
        assert!(Secrets::default().header(name, value).is_err());
    }
}

fn limited(memory: u64) -> HttpClient {
    let limits = Limits { memory, ..Limits::default() };
    HttpClient::new(NetworkPolicy::default().allow("127.0.0.1").unwrap().with_limits(limits))
}

async fn read(client: &HttpClient, url: &str) -> Result<Bytes, HttpError> {
    let limit = client.policy().limits().memory;
    client.send(HttpRequest::get(url).unwrap()).await?.bytes(limit).await
}

/// Invariant 23: a large response is cut off while it comes in, declared or not, packed or not.
#[tokio::test]
async fn inv_23_large_responses_are_cut_off() {
    let server = TestServer::start(|seen: &Seen| match seen.path() {
        "/declared" => Response::new(AnswerBody::from(vec![0; 5000])),
        "/endless" => Response::new(AnswerBody::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 512]))))),
        "/packed" => Response::builder().header("content-encoding", "gzip").body(AnswerBody::from(gzip(&vec![0; 50_000]))).unwrap(),
        _ => Response::new(AnswerBody::from(vec![1; 1000])),
    })
    .await;
    for path in ["/declared", "/endless", "/packed"] {
        let error = read(&limited(1000), &server.url(path)).await.unwrap_err();
        assert!(matches!(error, HttpError::TooLarge { limit: 1000 }), "{path}: {error:?}");
    }
    assert_eq!(read(&limited(1000), &server.url("/fits")).await.unwrap().len(), 1000);
    assert_eq!(read(&limited(50_000), &server.url("/packed")).await.unwrap().len(), 50_000);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_server_that_does_not_go_on_runs_into_the_timeout() {
    let server = TestServer::start(|_: &Seen| {
        let stuck = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"begun")) }).chain(stream::pending());
        Response::new(AnswerBody::from_stream(stuck))
    })
    .await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for url in [server.url("/"), format!("http://{}/", silent.local_addr().unwrap())] {
        let mut request = HttpRequest::get(&url).unwrap();
        request.timeout = Duration::from_millis(50);
        let result = match local().send(request).await {
            Ok(response) => response.bytes(100).await,
            Err(error) => Err(error),
        };
        assert!(matches!(result, Err(HttpError::Timeout { .. })), "{url}: {result:?}");
    }
}

#[tokio::test]
async fn what_breaks_is_named() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = local().send(HttpRequest::get(&format!("http://{free}/")).unwrap()).await.unwrap_err();
    assert_eq!((error.code(), error.errno(), error.is_passing()), ("http-connection", "ECONNREFUSED", true), "{error}");
    assert!(error.into_node_error().is_retryable());
    let refused = HttpClient::default().send(HttpRequest::get("http://127.0.0.1/").unwrap()).await.unwrap_err().into_node_error();
    assert!(!refused.is_retryable());
    assert_eq!(refused.code(), Some("http-address-refused"));
}

#[tokio::test]
async fn a_stored_body_is_sent_whole_and_again_after_a_redirect() {
    let server = TestServer::start(|seen: &Seen| if seen.path() == "/" { redirect(307, "/again") } else { redirect(204, "") }).await;
    let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobStore::default());
    let chunks = stream::iter(["many ", "chunks"]).map(|text| Ok(Bytes::from_static(text.as_bytes()))).boxed();
    let (id, size) = blobs.put(chunks).await.unwrap();
    let file = Binary { content: BinaryContent::Stored(id), size, ..Binary::inline(Bytes::new(), "text/plain") };
    let form = Multipart::new([1, 2]).part(Part::text("note", "häh")).part(Part {
        name: "file".to_owned(),
        file_name: Some("a\"b.txt".to_owned()),
        content_type: Some("text/plain".to_owned()),
        body: Body::file(&file, &blobs),
    });
    let mut request = HttpRequest::new(Method::POST, server.url("/").parse().unwrap());
    request.header("content-type", &form.content_type()).unwrap();
    request.body = form.finish();
    local().send(request).await.unwrap();
    let expect = "------form-00000000000000010000000000000002\r\n\
        Content-Disposition: form-data; name=\"note\"\r\n\r\nhäh\r\n\
        ------form-00000000000000010000000000000002\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\nmany chunks\r\n\
        ------form-00000000000000010000000000000002--\r\n";
    assert_eq!(server.seen().len(), 2);
    for seen in server.seen() {
        assert_eq!((seen.method.as_str(), seen.text()), ("POST", expect));
        assert_eq!(seen.header("content-length"), expect.len().to_string());
        assert_eq!(seen.header("transfer-encoding"), "");
    }
}

#[tokio::test]
async fn a_digest_challenge_is_answered() {
    let server = TestServer::start(|seen: &Seen| {
        let answer = seen.header("authorization");
        let answered = answer.starts_with("Digest username=\"me\"") && answer.contains("uri=\"/x?a=1\"") && answer.contains("qop=auth");
        let status = if answered { 200 } else { 401 };
        Response::builder()
            .status(status)
            .header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")
            .body(AnswerBody::empty())
            .unwrap()
    })
    .await;
    let mut request = HttpRequest::new(Method::POST, server.url("/x?a=1").parse().unwrap());
    request.body = "payload".into();
    request.secrets = Secrets::default().digest("me", "pass");
    let response = local().send(request).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(server.seen().iter().map(Seen::text).collect::<Vec<_>>(), ["payload", "payload"]);
}

/// Invariant 34: where a message ends is not for workflows to say.
#[tokio::test]
async fn inv_34_headers_of_the_connection_are_the_clients_own() {
    let server = TestServer::start(|_: &Seen| "ok").await;
    let mut request = HttpRequest::new(Method::POST, server.url("/").parse().unwrap());
    request.body = "whole body".into();
    for (name, value) in
        [("content-length", "3"), ("transfer-encoding", "chunked"), ("connection", "upgrade"), ("upgrade", "h2c"), ("te", "trailers")]
    {
        request.header(name, value).unwrap();
    }
    local().send(request).await.unwrap();
    let seen = server.last();
    assert_eq!((seen.text(), seen.header("content-length"), seen.header("transfer-encoding"), seen.header("upgrade")), ("whole body", "10", "", ""));
}

#[test]
fn without_tokio_there_is_an_error() {
    let request = HttpRequest::get("http://127.0.0.1/").unwrap();
    let error = futures::executor::block_on(local().send(request)).unwrap_err();
    assert_eq!(error.code(), "http-setup");
}

#[tokio::test]
async fn proxies_need_permission() {
    let server = TestServer::start(|seen: &Seen| seen.uri.to_string()).await;
    let through = |url: &str, policy: NetworkPolicy| {
        let mut request = HttpRequest::get(url).unwrap();
        request.proxy = Some(server.url("").parse().unwrap());
        async move { HttpClient::new(policy).send(request).await }
    };
    let policy = || NetworkPolicy::default().allow("127.0.0.1").unwrap();
    assert_eq!(through("http://a.test/", policy()).await.unwrap_err().code(), "http-proxy-refused");
    let permitted = || policy().allow_proxy("127.0.0.1").unwrap();
    let response = through("http://a.test/x", permitted()).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "http://a.test/x");
    for (url, expect) in [
        ("http://10.0.0.1/", "http-address-refused"),
        ("http://db/", "http-proxy-refused"),
        ("http://metadata.google.internal/", "http-proxy-refused"),
    ] {
        assert_eq!(through(url, permitted()).await.unwrap_err().code(), expect, "{url}");
    }
}

#[tokio::test]
async fn the_system_knows_this_machine() {
    let found = crate::network::SystemNames.look_up("localhost").await.unwrap();
    assert!(found.iter().all(|address| address.ip().is_loopback()));
}
