//! What a webhook node asks of the HTTP side, read once when its workflow is activated.
//!
//! The same reading serves the Wait node, whose parameters have the same names.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use engine_core::node::{ResponseMode, WebhookSpec};
use ipnet::IpNet;
use serde_json::Value;

use super::guard::{Filter, parse_network};
use super::signature::Signature;

/// The options of a webhook.
#[derive(Debug)]
pub(crate) struct HookOptions {
    pub(crate) mode: ResponseMode,
    pub(crate) version: f64,
    pub(crate) authentication: Authentication,
    pub(crate) status: StatusCode,
    pub(crate) data: ResponseData,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Dotted path of what of the first item is answered.
    pub(crate) property: Option<String>,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) request_binary: String,
    pub(crate) response_binary: String,
    pub(crate) raw_body: bool,
    /// Version 1: the body is a file whatever its type.
    pub(crate) body_is_file: bool,
    pub(crate) ignore_bots: bool,
    pub(crate) networks: Vec<IpNet>,
    /// `None` stands for all.
    pub(crate) origins: Option<Vec<String>>,
    /// What the headers of a request must be.
    pub(crate) filters: Vec<Filter>,
    /// How requests are signed, where they have to be.
    pub(crate) signature: Option<Signature>,
    pub(crate) stage: Stage,
    /// What stands between the name of a field and the number of a further file that came in it.
    pub(crate) file_number: &'static str,
}

/// For whom a webhook is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// For everybody, while its workflow is active.
    Production,
    /// For one call, to be tried out.
    Rehearsal,
}

/// How callers show that they may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    None,
    Basic,
    Header,
    Bearer,
    Jwt,
    Signature,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ResponseData {
    /// What the response mode answers when nothing is said.
    Default,
    FirstEntryJson,
    AllEntries,
    FirstEntryBinary,
    NoData,
    /// At once: this.
    Fixed(Value),
}

/// An option that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter {parameter}: {message}")]
pub(crate) struct OptionError {
    pub(crate) parameter: &'static str,
    pub(crate) message: String,
}

pub(super) fn refuse(parameter: &'static str, message: impl Into<String>) -> OptionError {
    OptionError { parameter, message: message.into() }
}

impl HookOptions {
    /// Reads the options of a trigger.
    ///
    /// # Errors
    /// The first option that cannot be served.
    pub(crate) fn of(spec: &WebhookSpec) -> Result<Self, OptionError> {
        let options = Self::read(&spec.parameters, spec.response_mode, spec.version)?;
        Ok(if spec.form.is_some() { options.of_form() } else { options })
    }

    /// Reads the options of a node from its parameters.
    ///
    /// # Errors
    /// The first option that cannot be served.
    pub(crate) fn read(parameters: &Value, mode: ResponseMode, version: f64) -> Result<Self, OptionError> {
        let options = &parameters["options"];
        let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let flag = |name: &str| options[name] == true;
        let content_type = match text(&options["responseContentType"]) {
            Some(kind) => Some(HeaderValue::from_str(&kind).map_err(|_| refuse("options.responseContentType", "this is no header value"))?),
            None => None,
        };
        Ok(Self {
            mode,
            version,
            authentication: authentication(parameters)?,
            status: status(parameters)?,
            data: data(parameters, mode),
            headers: headers(&options["responseHeaders"])?,
            property: text(&options["responsePropertyName"]),
            content_type,
            request_binary: text(&options["binaryPropertyName"]).unwrap_or_default(),
            response_binary: text(&parameters["responseBinaryPropertyName"]).unwrap_or_else(|| "data".to_owned()),
            raw_body: flag("rawBody"),
            body_is_file: version < 2.0 && flag("binaryData"),
            ignore_bots: flag("ignoreBots"),
            networks: networks(&options["ipWhitelist"])?,
            origins: origins(&options["allowedOrigins"]),
            filters: filters(&options["headerFilter"])?,
            signature: (parameters["authentication"] == "signature").then(|| Signature::read(parameters)).transpose()?,
            stage: Stage::Production,
            file_number: "",
        })
    }

    /// The same for a page that a person fills in.
    pub(super) fn of_form(self) -> Self {
        Self { file_number: "_", ..self }
    }

    /// What n8n's items call the way in which they came.
    pub(super) fn mode_name(&self) -> &'static str {
        match self.stage {
            Stage::Production => "production",
            Stage::Rehearsal => "test",
        }
    }
}

fn authentication(parameters: &Value) -> Result<Authentication, OptionError> {
    let named = parameters.get("authentication").or_else(|| parameters.get("incomingAuthentication"));
    match named.and_then(Value::as_str).unwrap_or("none") {
        "none" | "" => Ok(Authentication::None),
        "basicAuth" => Ok(Authentication::Basic),
        "headerAuth" => Ok(Authentication::Header),
        "bearerAuth" => Ok(Authentication::Bearer),
        "signature" => Ok(Authentication::Signature),
        "jwtAuth" if cfg!(feature = "jwt") => Ok(Authentication::Jwt),
        other => Err(refuse("authentication", format!("{other:?} is not supported here"))),
    }
}

fn status(parameters: &Value) -> Result<StatusCode, OptionError> {
    let values = &parameters["options"]["responseCode"]["values"];
    let custom = if values["responseCode"] == "customCode" { &values["customCode"] } else { &Value::Null };
    let given = [&parameters["responseCode"], custom, &values["responseCode"]];
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let Some(code) = given.into_iter().find_map(number) else { return Ok(StatusCode::OK) };
    let status = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok()).filter(|status| status.as_u16() >= 200);
    status.ok_or_else(|| refuse("responseCode", format!("{code} is no final HTTP status")))
}

fn data(parameters: &Value, mode: ResponseMode) -> ResponseData {
    let options = &parameters["options"];
    let own = parameters["responseData"].as_str().filter(|data| !data.is_empty());
    match own {
        Some("allEntries") => return ResponseData::AllEntries,
        Some("firstEntryBinary") => return ResponseData::FirstEntryBinary,
        Some("noData") => return ResponseData::NoData,
        Some("firstEntryJson") => return ResponseData::FirstEntryJson,
        Some(_) | None => {}
    }
    let at_once = mode == ResponseMode::OnReceived;
    match &options["responseData"] {
        fixed @ Value::String(text) if at_once && !text.is_empty() => ResponseData::Fixed(fixed.clone()),
        fixed @ (Value::Object(_) | Value::Array(_) | Value::Number(_)) if at_once => ResponseData::Fixed(fixed.clone()),
        _ if options["noResponseBody"] == true => ResponseData::NoData,
        _ => ResponseData::Default,
    }
}

fn headers(value: &Value) -> Result<Vec<(HeaderName, HeaderValue)>, OptionError> {
    let entries = value["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = entries.iter().filter(|entry| entry["name"].as_str().is_some_and(|name| !name.trim().is_empty()));
    named
        .map(|entry| {
            let name = entry["name"].as_str().unwrap_or_default().trim();
            let value = entry["value"].as_str().map_or_else(|| entry["value"].to_string(), str::to_owned);
            let bad = |what: &str| refuse("options.responseHeaders", format!("{what} of header {name:?} holds characters that no header may have"));
            let value = HeaderValue::from_str(value.trim()).map_err(|_| bad("the value"))?;
            Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("the name"))?, value))
        })
        .collect()
}

fn networks(value: &Value) -> Result<Vec<IpNet>, OptionError> {
    let list = value.as_str().unwrap_or_default().split([',', ' ', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    list.map(|entry| parse_network(entry).ok_or_else(|| refuse("options.ipWhitelist", format!("{entry:?} is neither an address nor a network"))))
        .collect()
}

fn filters(value: &Value) -> Result<Vec<Filter>, OptionError> {
    let entries = value["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = |entry: &Value| {
        let name = entry["name"].as_str().unwrap_or_default().trim();
        let name = name.parse().map_err(|_| refuse("options.headerFilter", format!("{name:?} is a name that no header may have")))?;
        Ok(Filter { name, value: entry["value"].as_str().unwrap_or_default().to_owned() })
    };
    entries.iter().map(read).collect()
}

fn origins(value: &Value) -> Option<Vec<String>> {
    let list = value.as_str().filter(|list| !list.trim().is_empty() && list.trim() != "*")?;
    Some(list.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned()).filter(|origin| !origin.is_empty()).collect())
}
