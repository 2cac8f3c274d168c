//! Requests of code, sent by the guarded client.

use base64::Engine;
use base64::engine::general_purpose;
use engine_core::model::Json;
use serde_json::Value;

use crate::js::HostError;
use crate::network::HttpClient;
use crate::network::login::Login;
use crate::network::script_request::{self, Dialect, ScriptBody};

/// Sends the request that the options describe. Bytes come back as `{"$bytes": base64}`, which the prelude turns into a buffer.
pub(super) async fn send(client: &HttpClient, options: &Value, legacy: bool) -> Result<Value, HostError> {
    if options.get("authentication").is_some_and(|kind| !kind.is_null()) {
        return Err(HostError::new("credentials are not available to code"));
    }
    let dialect = if legacy { Dialect::Request } else { Dialect::Axios };
    let sent = script_request::send(client, options, dialect, &Login::default()).await;
    let answer = sent.map_err(|error| HostError::new(error.message).with_details(error.details))?;
    let body = match answer.body {
        ScriptBody::Value(value) => value,
        ScriptBody::Bytes(bytes) => Value::Object(Json::from_iter([("$bytes".to_owned(), general_purpose::STANDARD.encode(bytes).into())])),
    };
    Ok(match answer.head {
        Some(mut head) => {
            head.insert("body".to_owned(), body);
            Value::Object(head)
        }
        None => body,
    })
}
