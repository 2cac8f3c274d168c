//! JWT: signs, checks and reads JSON Web Tokens with a credential of type `jwtAuth`.

mod algorithm;
mod schema;
#[cfg(test)]
mod tests;
mod token;

use async_trait::async_trait;
use engine_core::credential::Credential;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed, error_item};
use serde_json::Value;

use self::token::{Key, Parts, Times};
use crate::conversion::{is_jwt, parse_leniently};
use crate::node_type::{Compiled, ready};
use crate::settings::Settings;

pub(super) use schema::schema;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    ready(Jwt { parameters: spec.typed()? })
}

struct Jwt {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for Jwt {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let credential = context.credential("jwtAuth").await?;
        let mut items = Vec::with_capacity(context.items().len());
        for index in 0..context.items().len() {
            let made = match self.one(&context, index, &credential).await {
                Ok(json) => Item::new(json),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl Jwt {
    async fn one(&self, context: &NodeContext, index: usize, credential: &Credential) -> Result<Json, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let options = at.group("options");
        let algorithm = options.filled("algorithm").unwrap_or_else(|| usual_algorithm(credential).to_owned());
        let seconds = context.now().as_millis().div_euclid(1000);
        match at.text("operation").as_str() {
            "verify" => {
                let key = Key { algorithm: &algorithm, material: material(credential, "publicKey") };
                verify(&token_of(at, index)?, key, (options, seconds))
            }
            "decode" => Ok(match Parts::read(&token_of(at, index)?)? {
                Some(parts) => parts.into_json(options.flag("complete")),
                None => Json::from_iter([("payload".to_owned(), Value::Null)]),
            }),
            _ => {
                let key = Key { algorithm: &algorithm, material: material(credential, "privateKey") };
                let header = object_of(at.get("headerClaims"), index)?;
                let token = token::sign(payload(at, index)?, (options.filled("kid"), header), key, seconds)?;
                Ok(Json::from_iter([("token".to_owned(), token.into())]))
            }
        }
    }
}

/// The algorithm of a credential.
fn usual_algorithm(credential: &Credential) -> &str {
    Some(credential.text("algorithm")).filter(|name| !name.is_empty()).unwrap_or("HS256")
}

/// Signs and checks something with a credential, as far as its keys go. Says what it is good for.
pub(super) fn try_out(credential: &Credential) -> Result<&'static str, NodeError> {
    let algorithm = usual_algorithm(credential);
    let key = |field| Key { algorithm, material: material(credential, field) };
    let (private, public) = (key("privateKey"), key("publicKey"));
    if algorithm == "none" {
        return Err(NodeError::fatal("without an algorithm a token proves nothing"));
    }
    if private.material.is_empty() {
        public.verifies(b"trial", &[])?;
        return Ok("tokens can be checked; there is no key to sign them with");
    }
    let signature = private.sign(b"trial")?;
    if public.material.is_empty() {
        return Ok("tokens can be signed; there is no key to check them with");
    }
    if public.verifies(b"trial", &signature)? {
        return Ok("tokens can be signed and checked");
    }
    Err(NodeError::fatal("the public key is not the one of the private key"))
}

/// The secret of the credential, or one of its keys.
fn material<'a>(credential: &'a Credential, key: &str) -> &'a str {
    if credential.text("keyType") == "pemKey" { credential.text(key) } else { credential.text("secret") }
}

#[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
fn verify(token: &str, key: Key<'_>, (options, seconds): (Settings<'_>, i64)) -> Result<Json, NodeError> {
    if token.split('.').count() != 3 {
        return Err(NodeError::fatal("jwt malformed"));
    }
    let parts = Parts::read(token)?.ok_or_else(|| NodeError::fatal("invalid token"))?;
    let times = Times {
        now: seconds as f64,
        tolerance: options.number("clockTolerance").unwrap_or(0.0),
        ignore_expiration: options.flag("ignoreExpiration"),
        ignore_not_before: options.flag("ignoreNotBefore"),
    };
    parts.verify(key, times)?;
    Ok(parts.into_json(options.flag("complete")))
}

fn token_of(at: Settings<'_>, index: usize) -> Result<String, NodeError> {
    let missing = || NodeError::fatal("The JWT token was not provided").with_description("Be sure to add a valid JWT token to the 'Token' parameter");
    let token = at.filled("token").ok_or_else(missing)?;
    if is_jwt(&token) {
        return Ok(token);
    }
    Err(NodeError::fatal(format!("Invalid input for 'token' [item {index}]")).with_description("'token' expects a valid JWT"))
}

fn payload(at: Settings<'_>, index: usize) -> Result<Json, NodeError> {
    object_of(at.get(if at.flag("useJson") { "claimsJson" } else { "claims" }), index)
}

/// The object that a value is, or that its text holds; the usual slips in JSON are mended.
fn object_of(value: Option<&Value>, index: usize) -> Result<Json, NodeError> {
    let parsed = match value {
        None => return Ok(Json::new()),
        Some(Value::String(text)) if js::trim(text).is_empty() => return Ok(Json::new()),
        Some(Value::String(text)) => {
            let text = js::trim(text);
            let explain = |_| NodeError::fatal(format!("The 'JSON Output' in item {index} contains invalid JSON"));
            parse_leniently(text).map_err(explain)?
        }
        Some(value) => value.clone(),
    };
    match parsed {
        Value::Object(object) => Ok(object),
        _ => Err(NodeError::fatal(format!("The 'JSON Output' in item {index} does not contain a valid JSON object"))),
    }
}
