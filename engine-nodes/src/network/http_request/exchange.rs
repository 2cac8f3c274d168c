//! Sends one request of an item and reads its response.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use engine_core::expression::js;
use engine_core::model::{Binary, Item, Json};
use engine_core::node::{NodeContext, NodeError};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::call::{AnswerPlan, Call, Content, Field, FieldValue, Format, as_text};
use super::failure::Failure;
use crate::media_type::{essence, extension_of};
use crate::network::charset::decode;
use crate::network::login::Login;
use crate::network::{ArrayFormat, Body, HttpClient, HttpError, HttpRequest, HttpResponse, Multipart, Part, TlsOptions, encode_form, query_pairs};

/// What all requests of an item share.
pub(super) struct Exchange<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) context: &'a NodeContext,
    pub(super) index: usize,
    pub(super) login: &'a Login,
    pub(super) tls: &'a TlsOptions,
    /// Where the item's first request went: secrets go to no other place.
    pub(super) home: Option<Url>,
    /// How many requests went before, for this item.
    pub(super) page: usize,
}

/// A response that was read.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: AnswerBody,
    /// Equal for equal bodies.
    pub(super) fingerprint: u64,
}

#[derive(Clone, Debug)]
pub(super) enum AnswerBody {
    Json(Value),
    Text(String),
    File(Binary),
}

/// How much of an error's body is read.
const ERROR_BODY: u64 = 1 << 20;

const ACCEPT_JSON: &str = "application/json,text/*;q=0.99";
const ACCEPT_TEXT: &str = "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, */*;q=0.1";
const ACCEPT_ANY: &str = "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7";

impl Exchange<'_> {
    /// Sends the request and reads the response. An error status is an error unless the parameters or `tolerant` say otherwise.
    pub(super) async fn run(&self, call: &Call, tolerant: bool) -> Result<Answer, Failure> {
        let response = self.client.send(self.request(call)?).await?;
        if !response.status.is_success() && !call.answer.never_error && !tolerant {
            return Err(self.refusal(response).await);
        }
        self.read(response, &call.answer).await
    }

    async fn refusal(&self, response: HttpResponse) -> Failure {
        let (status, headers) = (response.status, response.headers.clone());
        let content_type = content_type(&headers).to_owned();
        let bytes = match response.bytes(ERROR_BODY).await {
            Ok(bytes) => bytes,
            // The status says what happened, even where the body is too long.
            Err(HttpError::TooLarge { .. }) => Bytes::new(),
            Err(error) => return error.into(),
        };
        let text = decode(&bytes, &content_type);
        let json = content_type.contains("json").then(|| serde_json::from_str(&text).ok()).flatten();
        Failure::of_status(status, &headers, &json.unwrap_or(Value::String(text)), self.context.runtime().now())
    }

    fn request(&self, call: &Call) -> Result<HttpRequest, Failure> {
        let url = crate::network::http::parse_url(&call.url)?;
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| NodeError::fatal(format!("{:?} is no HTTP method", call.method)))?;
        let mut request = HttpRequest::new(method, url);
        request.add_query(&query_pairs(&call.query, call.arrays));
        for (name, value) in &call.headers {
            if !value.is_null() {
                request.header(name, &as_text(value))?;
            }
        }
        self.fill_body(&mut request, call)?;
        if call.header("accept").is_none() {
            request.header("accept", accept(call.answer.format))?;
        }
        if let Some(name) = &call.idempotency_header {
            request.header(name, &self.idempotency_key())?;
        }
        request.redirects = call.redirects;
        request.timeout = call.timeout;
        request.tls = TlsOptions { accept_any_certificate: call.accept_any_certificate, ..self.tls.clone() };
        request.proxy = call.proxy.as_deref().map(crate::network::http::parse_url).transpose()?;
        if self.home.as_ref().is_none_or(|home| crate::network::http::stays(home, &request.url)) {
            request.secrets = self.login.secrets.clone();
        }
        Ok(request)
    }

    /// Each page is a request of its own, and needs a key of its own.
    fn idempotency_key(&self) -> String {
        let key = self.context.idempotency_key(self.index);
        if self.page == 0 { key } else { format!("{key}:{}", self.page) }
    }

    fn fill_body(&self, request: &mut HttpRequest, call: &Call) -> Result<(), Failure> {
        let (body, content_type) = match self.with_login(&call.body) {
            Content::None => return Ok(()),
            Content::Json(value) => json_body(&value, call, &request.method),
            Content::Form(fields) => (form_body(&fields), "application/x-www-form-urlencoded".to_owned()),
            Content::Multipart(fields) => self.multipart(&fields)?,
            Content::Raw(text, media_type) => (Body::from(text), media_type.unwrap_or_default()),
            Content::File(key) => {
                let file = self.file(&key)?;
                (Body::file(file, self.context.blobs()), file.mime_type.clone())
            }
        };
        request.body = body;
        // A boundary belongs to its body; any other type that the user set stays.
        let own = call.header("content-type").is_some() && !content_type.starts_with("multipart/");
        if !own && !content_type.is_empty() {
            request.header("content-type", &content_type)?;
        }
        Ok(())
    }

    /// A credential may add fields to a JSON or form body.
    fn with_login(&self, body: &Content) -> Content {
        let extra = &self.login.body;
        let merged = |fields: &Json| fields.iter().chain(extra).map(|(name, value)| (name.clone(), value.clone())).collect::<Json>();
        match body {
            body if extra.is_empty() => body.clone(),
            Content::None => Content::Json(Value::Object(extra.clone())),
            Content::Json(Value::Object(fields)) => Content::Json(Value::Object(merged(fields))),
            Content::Form(fields) => Content::Form(merged(fields)),
            other => other.clone(),
        }
    }

    fn file(&self, key: &str) -> Result<&Binary, NodeError> {
        let item = self.context.items().get(self.index);
        item.and_then(Item::binary).and_then(|files| files.get(key)).ok_or_else(|| {
            NodeError::fatal(format!("This operation expects the node's input data to contain a binary file '{key}', but none was found"))
        })
    }

    fn multipart(&self, fields: &[Field]) -> Result<(Body, String), NodeError> {
        let runtime = self.context.runtime();
        let mut form = Multipart::new([runtime.random(), runtime.random()]);
        for field in fields {
            form = match &field.value {
                FieldValue::Text(Value::Array(values)) => values.iter().fold(form, |form, value| form.part(Part::text(&field.name, as_text(value)))),
                FieldValue::Text(value) => form.part(Part::text(&field.name, as_text(value))),
                FieldValue::File(key) => {
                    let file = self.file(key)?;
                    form.part(Part {
                        name: field.name.clone(),
                        file_name: Some(file.file_name.clone().unwrap_or_else(|| "file".to_owned())),
                        content_type: Some(file.mime_type.clone()),
                        body: Body::file(file, self.context.blobs()),
                    })
                }
            };
        }
        let content_type = form.content_type();
        Ok((form.finish(), content_type))
    }

    async fn read(&self, response: HttpResponse, plan: &AnswerPlan) -> Result<Answer, Failure> {
        let (status, headers, url) = (response.status, response.headers.clone(), response.url.clone());
        let content_type = content_type(&headers).to_owned();
        let limits = *self.client.policy().limits();
        let format = match plan.format {
            Format::Auto if content_type.contains("application/json") => Format::Json,
            Format::Auto if is_file(&content_type) => Format::File,
            Format::Auto => Format::Text,
            given => given,
        };
        if format == Format::File {
            let body = AnswerBody::File(self.store(response, &url, plan).await?);
            return Ok(Answer { status, fingerprint: 0, headers, body });
        }
        let bytes = response.bytes(limits.memory).await?;
        let fingerprint = fingerprint(&bytes);
        let text = decode(&bytes, &content_type);
        let body = match format {
            Format::Json => parse(&text, plan)?,
            _ if plan.format == Format::Text => AnswerBody::Text(rewritten(text)),
            _ => AnswerBody::Text(text),
        };
        Ok(Answer { status, headers, body, fingerprint })
    }

    /// Writes the body to the blob store as it comes in.
    async fn store(&self, response: HttpResponse, url: &Url, plan: &AnswerPlan) -> Result<Binary, Failure> {
        let limit = self.client.policy().limits().download;
        let named = response.header("content-disposition").and_then(file_name);
        let from_path = || {
            let segment = url.path_segments().and_then(Iterator::last).unwrap_or_default();
            let name = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            safe_name(&name)
        };
        let content_type = content_type(&response.headers).to_owned();
        let media_type = Some(essence(&content_type)).filter(|text| !text.is_empty());
        let name = named.or_else(from_path);
        let by_name = name.as_deref().and_then(|name| name.rsplit_once('.')).and_then(|(_, extension)| crate::media_type::of_extension(extension));
        let by_type = media_type.and_then(extension_of);
        let media_type = media_type.or(by_name).unwrap_or("text/plain");
        let stream = response.stream(limit);
        let stored = self.context.write_binary_stream(stream, media_type).await.map_err(stream_error)?;
        let name = name.or_else(|| extension_of(media_type).map(|extension| format!("{}.{extension}", plan.property)));
        Ok(match name {
            Some(name) => {
                let mut named = stored.with_file_name(name);
                named.file_extension = named.file_extension.or_else(|| by_type.map(str::to_owned));
                named
            }
            None => stored,
        })
    }
}

/// The client's error, where it is what broke a stream on its way into the blob store.
fn stream_error(error: NodeError) -> Failure {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(io) = source.downcast_ref::<std::io::Error>() {
            return HttpError::from_stream(io).into();
        }
        next = source.source();
    }
    error.into()
}

fn accept(format: Format) -> &'static str {
    match format {
        Format::Json => ACCEPT_JSON,
        Format::Text => ACCEPT_TEXT,
        Format::Auto | Format::File => ACCEPT_ANY,
    }
}

/// JSON, or a form where the user's own header says so. GET and the like send no empty object.
fn json_body(value: &Value, call: &Call, method: &Method) -> (Body, String) {
    let without = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    match value {
        Value::Object(fields) if fields.is_empty() && without => (Body::empty(), String::new()),
        Value::Object(fields) if call.header("content-type").and_then(Value::as_str) == Some("application/x-www-form-urlencoded") => {
            (form_body(fields), String::new())
        }
        value => (Body::from(js::stringify(value)), "application/json".to_owned()),
    }
}

fn form_body(fields: &Json) -> Body {
    Body::from(encode_form(&query_pairs(fields, ArrayFormat::Indices)))
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Media types that are files rather than text.
fn is_file(content_type: &str) -> bool {
    const PREFIXES: [&str; 5] = ["image/", "audio/", "video/", "font/", "application/vnd.openxmlformats-officedocument."];
    const TYPES: [&str; 19] = [
        "application/octet-stream",
        "application/gzip",
        "application/x-gzip",
        "application/zip",
        "application/vnd.rar",
        "application/epub+zip",
        "application/x-bzip",
        "application/x-bzip2",
        "application/x-cdf",
        "application/vnd.amazon.ebook",
        "application/msword",
        "application/vnd.ms-fontobject",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/pdf",
        "application/x-tar",
        "application/vnd.visio",
        "application/vnd.ms-excel",
        "application/x-7z-compressed",
    ];
    let essence = essence(content_type).to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| essence.starts_with(prefix)) || TYPES.contains(&essence.as_str())
}

/// JSON; an empty body is an empty object. Where no error is wanted, so is one that does not parse.
fn parse(text: &str, plan: &AnswerPlan) -> Result<AnswerBody, NodeError> {
    if text.trim().is_empty() {
        return Ok(AnswerBody::Json(Value::Object(Json::new())));
    }
    // A JSON text is read once more, as in n8n: it must be JSON itself.
    let read = match serde_json::from_str(text) {
        Ok(Value::String(inner)) => serde_json::from_str(&inner),
        read => read,
    };
    match read {
        Ok(value) => Ok(AnswerBody::Json(value)),
        Err(_) if plan.never_error && plan.format == Format::Auto => Ok(AnswerBody::Json(Value::Object(Json::new()))),
        Err(error) => {
            let message = if plan.format == Format::Auto {
                "Invalid JSON in response body"
            } else {
                "Response body is not valid JSON. Change \"Response Format\" to \"Text\""
            };
            Err(NodeError::fatal(message).with_description(error.to_string()))
        }
    }
}

/// A text that was asked for as it is. n8n reads it as JSON first, where it is some, and writes objects and lists anew, without blanks.
fn rewritten(text: String) -> String {
    match serde_json::from_str(&text) {
        Ok(Value::String(inner)) => inner,
        Ok(value @ (Value::Array(_) | Value::Object(_))) => js::stringify(&value),
        _ => text,
    }
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// The file name of a `content-disposition` header, without a directory.
fn file_name(disposition: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        disposition.split(';').skip(1).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let extended = parameter("filename*").and_then(|value| {
        let encoded = value.splitn(3, '\'').nth(2)?.to_owned();
        Some(percent_encoding::percent_decode_str(&encoded).decode_utf8_lossy().into_owned())
    });
    extended.or_else(|| parameter("filename")).and_then(|name| safe_name(&name))
}

/// The last part of a path that somebody else wrote, without characters that files or headers cannot have.
fn safe_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(255).collect();
    let clean = clean.trim();
    (!clean.is_empty() && clean.chars().any(|c| c != '.')).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_headers_have_no_directory() {
        let check = |disposition: &str, expect: Option<&str>| assert_eq!(file_name(disposition).as_deref(), expect, "{disposition}");
        check("attachment; filename=\"a b.txt\"", Some("a b.txt"));
        check("attachment; filename=a.txt", Some("a.txt"));
        check("attachment; filename=x; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt", Some("größe.txt"));
        check("attachment; filename=\"../../etc/passwd\"", Some("passwd"));
        check("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", Some("passwd"));
        check("attachment; filename=\"..\\..\\boot.ini\"", Some("boot.ini"));
        check("attachment; filename=\"..\"", None);
        check("attachment; filename=\"\"", None);
        check("inline", None);
    }

    #[test]
    fn files_are_told_from_text() {
        let check = |content_type: &str, expect: bool| assert_eq!(is_file(content_type), expect, "{content_type}");
        check("image/png", true);
        check("application/pdf; charset=binary", true);
        check("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true);
        check("text/csv", false);
        check("application/xml", false);
        check("", false);
    }
}
