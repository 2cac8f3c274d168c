//! Requests of code: what n8n calls `helpers.httpRequest(options)`, and the older `helpers.request(options)`.
//!
//! The Code node's host calls it. The options are JSON as the code wrote them; what they do not know is left out.

use std::time::Duration;

use bytes::Bytes;
use engine_core::expression::js;
use engine_core::model::Json;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::charset::decode;
use super::http::{headers_to_json, parse_url};
use super::login::Login;
use super::{ArrayFormat, Body, HttpClient, HttpError, HttpRequest, HttpResponse, Multipart, Part, Redirects, Secrets, encode_form, query_pairs};
use crate::settings::Settings;

/// What a request of code gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScriptAnswer {
    pub(crate) body: ScriptBody,
    /// Headers and status, where the code asked for the whole response.
    pub(crate) head: Option<Json>,
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScriptBody {
    /// JSON or text.
    Value(Value),
    /// Bytes as they came.
    Bytes(Bytes),
}

/// Why a request of code failed: a message, and properties of the error that the code sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScriptRequestError {
    pub(crate) message: String,
    pub(crate) details: Value,
}

impl From<HttpError> for ScriptRequestError {
    fn from(error: HttpError) -> Self {
        Self { message: error.to_string(), details: json!({ "code": error.errno() }) }
    }
}

/// How the options are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Those of `httpRequest`.
    Axios,
    /// Those of the library `request`.
    Request,
}

/// How a response's body is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// JSON where it parses, else text.
    Parsed,
    Text,
    Bytes,
}

/// Sends the request that the options describe, with what a credential adds.
pub(crate) async fn send(client: &HttpClient, options: &Value, dialect: Dialect, login: &Login) -> Result<ScriptAnswer, ScriptRequestError> {
    let text;
    let options = match options {
        // A plain URL will do.
        Value::String(url) => {
            text = Json::from_iter([("url".to_owned(), Value::String(url.clone()))]);
            &text
        }
        Value::Object(options) => options,
        _ => return Err(ScriptRequestError { message: "the options of a request must be an object".to_owned(), details: Value::Null }),
    };
    let at = Settings::new(options);
    let response = client.send(request(at, dialect, login)?).await?;
    answer(response, at, dialect, client.policy().limits().memory).await
}

fn request(at: Settings<'_>, dialect: Dialect, login: &Login) -> Result<HttpRequest, HttpError> {
    let method = at.filled("method").unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| HttpError::InvalidHeader { name: method })?;
    let mut request = HttpRequest::new(method, parse_url(&url(at))?);
    let fields = |name: &str| at.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    request.add_query(&query_pairs(&fields("qs"), arrays(at)));
    for (name, value) in fields("headers") {
        if !value.is_null() {
            request.header(&name, &js::to_string(&value))?;
        }
    }
    fill_body(&mut request, at, dialect, login)?;
    let accept = if at.get("json").is_some_and(js::truthy) { "application/json" } else { "*/*" };
    if !request.headers.contains_key("accept") {
        request.header("accept", accept)?;
    }
    request.secrets = secrets(at.group("auth"), login)?;
    request.redirects = redirects(at, dialect);
    if let Some(timeout) = at.number("timeout").filter(|millis| *millis > 0.0).and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok()) {
        request.timeout = timeout;
    }
    request.tls.accept_any_certificate = at.flag("skipSslCertificateValidation") || !at.flag_or("rejectUnauthorized", true);
    request.proxy = proxy(at)?;
    Ok(request)
}

/// The URL, joined to a base where there is one.
fn url(at: Settings<'_>) -> String {
    let url = at.filled("url").or_else(|| at.filled("uri")).unwrap_or_default();
    match at.filled("baseURL") {
        Some(base) if !url.contains("://") => format!("{}/{}", base.trim_end_matches('/'), url.trim_start_matches('/')),
        _ => url,
    }
}

fn arrays(at: Settings<'_>) -> ArrayFormat {
    let format = at.filled("arrayFormat").unwrap_or_else(|| at.group("qsStringifyOptions").text("arrayFormat"));
    match format.as_str() {
        "repeat" => ArrayFormat::Repeat,
        "indices" => ArrayFormat::Indices,
        _ if at.flag("useQuerystring") => ArrayFormat::Repeat,
        _ => ArrayFormat::Brackets,
    }
}

fn fill_body(request: &mut HttpRequest, at: Settings<'_>, dialect: Dialect, login: &Login) -> Result<(), HttpError> {
    let body = match (dialect, at.get("json")) {
        // The older library takes the body itself for this option, too.
        (Dialect::Request, Some(json @ (Value::Object(_) | Value::Array(_)))) => Some(json),
        _ => at.get("body"),
    };
    let body = merged(body, &login.body);
    let content_type = request.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let (body, own_type) = if let Some(Value::Object(form)) = at.get("form") {
        (form_body(form), "application/x-www-form-urlencoded".to_owned())
    } else if let Some(Value::Object(form)) = at.get("formData") {
        multipart(form)
    } else {
        match body {
            None => return Ok(()),
            Some(Value::String(text)) => (Body::from(text), String::new()),
            Some(Value::Object(fields)) if fields.is_empty() => return Ok(()),
            Some(value) if bytes_of(&value).is_some() => (Body::from(bytes_of(&value).unwrap_or_default()), "application/octet-stream".to_owned()),
            Some(Value::Object(fields)) if content_type == "application/x-www-form-urlencoded" => (form_body(&fields), String::new()),
            Some(Value::Object(fields)) if content_type.starts_with("multipart/form-data") => multipart(&fields),
            Some(value) => (Body::from(js::stringify(&value)), "application/json".to_owned()),
        }
    };
    request.body = body;
    if own_type.starts_with("multipart/") || (!own_type.is_empty() && content_type.is_empty()) {
        request.header("content-type", &own_type)?;
    }
    Ok(())
}

fn merged(body: Option<&Value>, extra: &Json) -> Option<Value> {
    match body {
        body if extra.is_empty() => body.cloned(),
        Some(Value::Object(fields)) => Some(Value::Object(fields.iter().chain(extra).map(|(name, value)| (name.clone(), value.clone())).collect())),
        None => Some(Value::Object(extra.clone())),
        body => body.cloned(),
    }
}

fn form_body(fields: &Json) -> Body {
    Body::from(encode_form(&query_pairs(fields, ArrayFormat::Indices)))
}

/// Fields are values, or `{value, options: {filename, contentType}}`.
fn multipart(fields: &Json) -> (Body, String) {
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), fields.len());
    let mut form = Multipart::new([seed, seed.rotate_left(17)]);
    for (name, value) in fields {
        let values = if let Value::Array(values) = value { values.as_slice() } else { std::slice::from_ref(value) };
        for value in values {
            form = form.part(part(name, value));
        }
    }
    let content_type = form.content_type();
    (form.finish(), content_type)
}

fn part(name: &str, value: &Value) -> Part {
    let file = value.as_object().filter(|fields| fields.contains_key("value") && fields.contains_key("options")).map(Settings::new);
    let content = file.and_then(|file| file.get("value")).unwrap_or(value);
    let body = match bytes_of(content) {
        Some(bytes) => Body::from(bytes),
        None => Body::from(match content {
            Value::Object(_) | Value::Array(_) => content.to_string(),
            scalar => js::to_string(scalar).into_owned(),
        }),
    };
    let option = |name: &str| file.and_then(|file| file.group("options").filled(name));
    Part { name: name.to_owned(), file_name: option("filename"), content_type: option("contentType"), body }
}

/// The bytes of a buffer as JSON writes it: `{type: "Buffer", data: [...]}`.
fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    let fields = value.as_object().filter(|fields| fields.get("type").and_then(Value::as_str) == Some("Buffer"))?;
    let bytes = fields.get("data")?.as_array()?.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
    bytes.collect()
}

/// Name and password in the options, beside what a credential adds.
fn secrets(auth: Settings<'_>, login: &Login) -> Result<Secrets, HttpError> {
    let secrets = login.secrets.clone();
    let either = |names: [&str; 2]| names.iter().find_map(|name| auth.filled(name));
    if let Some(token) = auth.filled("bearer") {
        return secrets.header("authorization", &format!("Bearer {token}"));
    }
    let user = either(["username", "user"]);
    let password = either(["password", "pass"]);
    if user.is_none() && password.is_none() {
        return Ok(secrets);
    }
    let (user, password) = (user.unwrap_or_default(), password.unwrap_or_default());
    if auth.flag_or("sendImmediately", true) { secrets.basic(&user, &password) } else { Ok(secrets.digest(user, password)) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn redirects(at: Settings<'_>, dialect: Dialect) -> Redirects {
    let most = at.number("maxRedirects").filter(|most| (0.0..1e6).contains(most)).map_or(HttpRequest::DEFAULT_REDIRECTS, |most| most as usize);
    match dialect {
        _ if most == 0 || at.flag("disableFollowRedirect") => Redirects::Never,
        Dialect::Axios => Redirects::All(most),
        Dialect::Request if at.flag("followAllRedirects") => Redirects::All(most),
        Dialect::Request if at.flag_or("followRedirect", true) => Redirects::Safe(most),
        Dialect::Request => Redirects::Never,
    }
}

/// A proxy as a URL, or as an object with host and port.
fn proxy(at: Settings<'_>) -> Result<Option<url::Url>, HttpError> {
    let text = match at.get("proxy") {
        None | Some(Value::Bool(false)) => return Ok(None),
        Some(Value::Object(_)) => {
            let proxy = at.group("proxy");
            let scheme = proxy.filled("protocol").unwrap_or_else(|| "http".to_owned());
            let port = proxy.filled("port").map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", scheme.trim_end_matches(':'), proxy.text("host"))
        }
        Some(other) => js::to_string(other).into_owned(),
    };
    if text.is_empty() { Ok(None) } else { parse_url(&text).map(Some) }
}

async fn answer(response: HttpResponse, at: Settings<'_>, dialect: Dialect, limit: u64) -> Result<ScriptAnswer, ScriptRequestError> {
    let (status, headers) = (response.status, headers_to_json(&response.headers));
    let content_type = response.header("content-type").unwrap_or_default().to_owned();
    let bytes = response.bytes(limit).await?;
    let fine = status.is_success() || is_ignored(at, dialect, status);
    let form = if fine { form(at, dialect) } else { Form::Parsed };
    let body = match form {
        Form::Bytes => ScriptBody::Bytes(bytes),
        Form::Text => ScriptBody::Value(Value::String(decode(&bytes, &content_type))),
        Form::Parsed => {
            let text = decode(&bytes, &content_type);
            ScriptBody::Value(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
    };
    let head = || {
        Json::from_iter([
            ("headers".to_owned(), headers.clone()),
            ("statusCode".to_owned(), status.as_u16().into()),
            ("statusMessage".to_owned(), status.canonical_reason().unwrap_or_default().into()),
        ])
    };
    if !fine {
        return Err(refusal(status, body, &headers, dialect));
    }
    let full = at.flag(if dialect == Dialect::Axios { "returnFullResponse" } else { "resolveWithFullResponse" });
    Ok(ScriptAnswer { body, head: full.then(head) })
}

/// Whether the options say that this status is no error.
fn is_ignored(at: Settings<'_>, dialect: Dialect, status: StatusCode) -> bool {
    match (dialect, at.get("ignoreHttpStatusErrors")) {
        (Dialect::Request, _) => !at.flag_or("simple", true),
        (Dialect::Axios, Some(Value::Object(rule))) => {
            let except = rule.get("except").and_then(Value::as_array).into_iter().flatten();
            rule.get("ignore").is_some_and(js::truthy) && !except.into_iter().any(|code| code.as_u64() == Some(status.as_u16().into()))
        }
        (Dialect::Axios, given) => given.is_some_and(js::truthy),
    }
}

fn form(at: Settings<'_>, dialect: Dialect) -> Form {
    match dialect {
        Dialect::Axios => match at.text("encoding").as_str() {
            "arraybuffer" | "stream" | "blob" => Form::Bytes,
            "text" => Form::Text,
            _ => Form::Parsed,
        },
        // An option that is there and null: the older library's way to ask for bytes. Absent and null look alike in parameters, so look again.
        Dialect::Request if at.is_null("encoding") => Form::Bytes,
        Dialect::Request if at.get("json").is_some_and(js::truthy) => Form::Parsed,
        Dialect::Request => Form::Text,
    }
}

fn refusal(status: StatusCode, body: ScriptBody, headers: &Value, dialect: Dialect) -> ScriptRequestError {
    let code = status.as_u16();
    let body = match body {
        ScriptBody::Value(value) => value,
        ScriptBody::Bytes(_) => Value::Null,
    };
    let message = match dialect {
        Dialect::Axios => format!("Request failed with status code {code}"),
        Dialect::Request => format!("{code} - {}", js::stringify(&body)),
    };
    let details = json!({
        "name": "AxiosError",
        "code": if status.is_server_error() { "ERR_BAD_RESPONSE" } else { "ERR_BAD_REQUEST" },
        "status": code,
        "statusCode": code,
        "httpCode": code.to_string(),
        "error": body,
        "response": { "status": code, "statusText": status.canonical_reason(), "statusCode": code, "headers": headers, "data": body, "body": body },
    });
    ScriptRequestError { message, details }
}

#[cfg(test)]
mod tests {
    use axum::http::Response;

    use super::*;
    use crate::network::test_engine::local_client;
    use crate::network::test_server::{Seen, TestServer};

    async fn server() -> TestServer {
        TestServer::start(|seen: &Seen| {
            let answer = match seen.path() {
                "/text" => return Response::builder().body("plain".to_owned()).unwrap(),
                "/gone" => {
                    return Response::builder().status(404).header("content-type", "application/json").body("{\"why\":\"x\"}".to_owned()).unwrap();
                }
                "/moved" => return Response::builder().status(302).header("location", "/text").body(String::new()).unwrap(),
                _ => json!({"method": seen.method.as_str(), "query": seen.query(), "type": seen.header("content-type"), "body": seen.text()}),
            };
            Response::builder().header("content-type", "application/json").body(answer.to_string()).unwrap()
        })
        .await
    }

    async fn run(server: &TestServer, path: &str, mut options: Value, dialect: Dialect) -> Result<ScriptAnswer, ScriptRequestError> {
        options["url"] = server.url(path).into();
        send(&local_client(), &options, dialect, &Login::default()).await
    }

    #[tokio::test]
    async fn options_become_requests() {
        let server = server().await;
        let check = async |dialect: Dialect, options: Value, expect: Value| {
            let mut options = options;
            options["json"] = options.get("json").cloned().unwrap_or(true.into());
            let answer = run(&server, "/", options.clone(), dialect).await.unwrap();
            assert_eq!(answer, ScriptAnswer { body: ScriptBody::Value(expect), head: None }, "{options}");
        };
        let saw =
            |method: &str, query: &str, content_type: &str, body: &str| json!({"method": method, "query": query, "type": content_type, "body": body});
        for dialect in [Dialect::Axios, Dialect::Request] {
            check(dialect, json!({"qs": {"a": [1, 2]}}), saw("GET", "a%5B%5D=1&a%5B%5D=2", "", "")).await;
            check(dialect, json!({"method": "post", "body": {"a": 1}}), saw("POST", "", "application/json", "{\"a\":1}")).await;
            check(dialect, json!({"method": "PUT", "body": "raw", "headers": {"Content-Type": "text/x"}}), saw("PUT", "", "text/x", "raw")).await;
            let form = json!({"method": "POST", "body": {"a": 1}, "headers": {"content-type": "application/x-www-form-urlencoded"}});
            check(dialect, form, saw("POST", "", "application/x-www-form-urlencoded", "a=1")).await;
            let buffer = json!({"method": "POST", "body": {"type": "Buffer", "data": [104, 105]}});
            check(dialect, buffer, saw("POST", "", "application/octet-stream", "hi")).await;
        }
        check(Dialect::Request, json!({"method": "POST", "form": {"a": "b"}}), saw("POST", "", "application/x-www-form-urlencoded", "a=b")).await;
        check(Dialect::Request, json!({"method": "POST", "json": {"a": 1}}), saw("POST", "", "application/json", "{\"a\":1}")).await;
    }

    #[tokio::test]
    async fn responses_are_given_as_asked() {
        let server = server().await;
        let body = async |path: &str, options: Value, dialect: Dialect| run(&server, path, options, dialect).await.unwrap().body;
        assert_eq!(body("/text", json!({}), Dialect::Axios).await, ScriptBody::Value("plain".into()));
        assert_eq!(body("/text", json!({"encoding": "arraybuffer"}), Dialect::Axios).await, ScriptBody::Bytes(Bytes::from_static(b"plain")));
        assert_eq!(body("/text", json!({"encoding": null}), Dialect::Request).await, ScriptBody::Bytes(Bytes::from_static(b"plain")));
        assert_eq!(body("/gone", json!({"ignoreHttpStatusErrors": true}), Dialect::Axios).await, ScriptBody::Value(json!({"why": "x"})));
        assert_eq!(body("/gone", json!({"simple": false}), Dialect::Request).await, ScriptBody::Value("{\"why\":\"x\"}".into()));
        let full = run(&server, "/text", json!({"returnFullResponse": true}), Dialect::Axios).await.unwrap();
        assert_eq!(full.head.unwrap()["statusCode"], 200);
        let moved = run(
            &server,
            "/moved",
            json!({"disableFollowRedirect": true, "returnFullResponse": true, "ignoreHttpStatusErrors": true}),
            Dialect::Axios,
        )
        .await;
        assert_eq!(moved.unwrap().head.unwrap()["headers"]["location"], "/text");
    }

    #[tokio::test]
    async fn failures_tell_the_code_what_happened() {
        let server = server().await;
        let axios = run(&server, "/gone", json!({}), Dialect::Axios).await.unwrap_err();
        assert_eq!(axios.message, "Request failed with status code 404");
        assert_eq!((&axios.details["response"]["data"]["why"], &axios.details["statusCode"]), (&json!("x"), &json!(404)));
        let older = run(&server, "/gone", json!({"json": true}), Dialect::Request).await.unwrap_err();
        assert_eq!(older.message, "404 - {\"why\":\"x\"}");
        let inside = send(&HttpClient::default(), &json!(server.url("/")), Dialect::Axios, &Login::default()).await.unwrap_err();
        assert_eq!(inside.details["code"], "http-address-refused");
        assert!(send(&local_client(), &json!(5), Dialect::Axios, &Login::default()).await.is_err());
    }

    #[test]
    fn urls_are_joined_to_their_base() {
        let check = |options: Value, expect: &str| {
            let Value::Object(options) = options else { panic!("an object") };
            assert_eq!(url(Settings::new(&options)), expect);
        };
        check(json!({"url": "/a", "baseURL": "http://h/b/"}), "http://h/b/a");
        check(json!({"url": "http://o/a", "baseURL": "http://h/b"}), "http://o/a");
        check(json!({"uri": "http://o/a"}), "http://o/a");
    }
}
