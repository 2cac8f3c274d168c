//! Functions of texts: digests, encodings, addresses, transliteration.

use base64::Engine;
use base64::engine::general_purpose;
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};

use super::hashes::{digest, hex};
use crate::base64_text::base64_bytes;

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    host.set("hash", Func::from(|algorithm: String, text: String| digest(&algorithm, text.as_bytes()).map(|bytes| hex(&bytes))))?;
    host.set("base64Encode", Func::from(|text: String| general_purpose::STANDARD.encode(text)))?;
    host.set("base64Decode", Func::from(|text: String| String::from_utf8_lossy(&base64_bytes(&text)).into_owned()))?;
    host.set("transliterate", Func::from(|text: String| transliterated(&text)))?;
    host.set("parseUrl", Func::from(parse_url))
}

/// Signs outside the first plane, emoji among them, have no letters.
fn transliterated(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c > '\u{ffff}' { '?' } else { c }).collect();
    deunicode::deunicode_with_tofu(&plain, "?")
}

/// The parts of an address; undefined when it is none.
fn parse_url(ctx: Ctx<'_>, text: String, base: rquickjs::function::Opt<Option<String>>) -> Result<Option<Object<'_>>> {
    let parsed = match base.0.flatten().map(|base| url::Url::parse(&base)) {
        Some(Ok(base)) => base.join(&text),
        Some(Err(error)) => Err(error),
        None => url::Url::parse(&text),
    };
    let Ok(url) = parsed else { return Ok(None) };
    let parts = Object::new(ctx)?;
    parts.set("href", url.as_str())?;
    parts.set("protocol", format!("{}:", url.scheme()))?;
    parts.set("username", url.username())?;
    parts.set("password", url.password().unwrap_or_default())?;
    let hostname = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    parts.set("host", if port.is_empty() { hostname.to_owned() } else { format!("{hostname}:{port}") })?;
    parts.set("hostname", hostname)?;
    parts.set("port", port)?;
    parts.set("pathname", url.path())?;
    parts.set("search", url.query().filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default())?;
    parts.set("hash", url.fragment().filter(|fragment| !fragment.is_empty()).map(|fragment| format!("#{fragment}")).unwrap_or_default())?;
    parts.set("origin", url.origin().ascii_serialization())?;
    Ok(Some(parts))
}
