//! Documents: escaping, the frame that all pages share, and the headers under which they are served.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));

/// A page that is shown to a person.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    /// Title of the window; text.
    pub(super) title: &'a str,
    /// What the page shows; HTML.
    pub(super) main: String,
    /// Style sheet of the workflow's author.
    pub(super) css: &'a str,
    /// After how many seconds the browser goes to which address; to this one again, where none is named.
    pub(super) then: Option<(u32, String)>,
}

impl Document<'_> {
    /// The answer that shows it.
    pub(super) fn respond(&self, status: StatusCode) -> Response {
        let css = self.css.trim().replace('<', "\\3c ");
        let mut html = String::with_capacity(STYLE.len() + css.len() + self.main.len() + 512);
        html.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.push_str("<meta name=\"robots\" content=\"noindex\">");
        if let Some((seconds, address)) = &self.then {
            html.push_str("<meta http-equiv=\"refresh\" content=\"");
            html.push_str(&escape(&if address.is_empty() { seconds.to_string() } else { format!("{seconds};url={address}") }));
            html.push_str("\">");
        }
        let title = escape(if self.title.is_empty() { "Form" } else { self.title });
        for part in ["<title>", &title, "</title><style>", STYLE, "</style>"] {
            html.push_str(part);
        }
        if !css.is_empty() {
            for part in ["<style>", &css, "</style>"] {
                html.push_str(part);
            }
        }
        for part in ["</head><body><main>", &self.main, "</main></body></html>\n"] {
            html.push_str(part);
        }
        let mut response = Response::new(Body::from(html));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&policy(&css)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        keep_private(headers);
        response
    }
}

/// What a page may load: pictures, films and framed pages that its author put there, and the styles in it. Nothing runs.
///
/// Browsers hold the redirects after a form was sent to `form-action` as well, and a workflow may end on another site.
fn policy(css: &str) -> String {
    let mut styles = format!("'sha256-{}'", *STYLE_HASH);
    if !css.is_empty() {
        put(&mut styles, format_args!(" 'sha256-{}'", hash(css)));
    }
    format!(
        "default-src 'none'; style-src {styles}; img-src 'self' data: https: http:; media-src https: http:; frame-src https: http:; \
         font-src https: data:; form-action 'self' https: http:; base-uri 'none'"
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// The address of a page holds its signature: it stays out of caches and is told to nobody.
pub(super) fn keep_private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Appends what is formatted.
pub(super) fn put(html: &mut String, what: std::fmt::Arguments<'_>) {
    html.push_str(&std::fmt::format(what));
}

/// Text as HTML, for content and for quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A page that says one thing.
pub(super) fn notice(status: StatusCode, (title, text): (&str, &str)) -> Response {
    let main = format!("<h1>{}</h1><p class=\"lead\">{}</p>", escape(title), escape(text));
    Document { title, main, ..Document::default() }.respond(status)
}
