//! How credentials become headers, query parameters and body fields: the generic kinds of HTTP credentials, and those of well-known services.

use engine_core::credential::Credential;
use engine_core::expression::js;
use engine_core::model::Json;
use engine_core::node::{NodeContext, NodeError};
use serde_json::Value;

use super::http::{Endpoint, OAuth, authorization, parse_url};
use super::services::{How, how, token_url};
use super::{HttpError, Secrets, TlsOptions};

/// What a credential adds to a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    /// Headers, query, digest, and the hosts that they are for.
    pub(crate) secrets: Secrets,
    /// Fields for a JSON or form body. Not to be shown.
    pub(crate) body: Json,
}

/// The login of the credential of this kind that the node names.
pub(crate) async fn login(context: &NodeContext, kind: &str) -> Result<Login, NodeError> {
    let credential = context.credential(kind).await?;
    of_credential(kind, &credential)
}

/// What a credential of this kind adds to a request.
pub(crate) fn of_credential(kind: &str, credential: &Credential) -> Result<Login, NodeError> {
    let secrets = bound(Secrets::of(credential.clone()), credential)?;
    let added = match kind {
        "httpBasicAuth" => secrets.basic(credential.text("user"), credential.text("password")),
        "httpBearerAuth" => secrets.header("authorization", &format!("Bearer {}", credential.text("token"))),
        "httpDigestAuth" => Ok(secrets.digest(credential.text("user"), credential.text("password"))),
        "httpHeaderAuth" => secrets.header(credential.text("name"), credential.text("value")),
        "httpQueryAuth" => Ok(secrets.query(credential.text("name"), credential.text("value"))),
        "httpCustomAuth" => return custom(secrets, credential),
        _ => return of_service(kind, secrets, credential),
    };
    Ok(Login { secrets: added.map_err(HttpError::into_node_error)?, body: Json::new() })
}

/// Whether it is known how a credential of this kind is sent: by its kind, not by its fields.
pub(super) fn is_known(kind: &str, credential: &Credential) -> bool {
    const GENERIC: [&str; 6] = ["httpBasicAuth", "httpBearerAuth", "httpCustomAuth", "httpDigestAuth", "httpHeaderAuth", "httpQueryAuth"];
    GENERIC.contains(&kind) || how(kind).is_some() || with_token(kind, Secrets::default(), credential).is_some()
}

/// n8n's own binding of credentials to hosts: the fields `allowedHttpRequestDomains` and `allowedDomains`.
fn bound(secrets: Secrets, credential: &Credential) -> Result<Secrets, NodeError> {
    match credential.text("allowedHttpRequestDomains") {
        "none" => Err(NodeError::fatal("this credential may not be used in HTTP requests").with_code("http-credential-refused")),
        "domains" => Ok(secrets.bound_to(credential.text("allowedDomains").split(',').map(str::trim).filter(|host| !host.is_empty()))),
        _ => Ok(secrets),
    }
}

/// Headers, query and body as JSON that the user wrote.
fn custom(mut secrets: Secrets, credential: &Credential) -> Result<Login, NodeError> {
    let invalid = || NodeError::fatal("Invalid Custom Auth JSON");
    let written = match credential.field("json") {
        Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| invalid())?,
        other => other.cloned().unwrap_or(Value::Null),
    };
    let part = |name: &str| written.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in part("headers") {
        secrets = secrets.header(&name, &js::to_string(&value)).map_err(HttpError::into_node_error)?;
    }
    for (name, value) in part("qs") {
        secrets = secrets.query(name, js::to_string(&value));
    }
    let body = part("body");
    if !body.is_empty() {
        secrets = secrets.in_body();
    }
    Ok(Login { secrets, body })
}

fn of_service(kind: &str, secrets: Secrets, credential: &Credential) -> Result<Login, NodeError> {
    let secrets = if let Some(secrets) = with_token(kind, secrets.clone(), credential) {
        secrets
    } else if let Some(known) = how(kind) {
        known.iter().try_fold(secrets, |secrets, how| apply(*how, secrets, credential))
    } else {
        guessed(secrets, credential).ok_or_else(|| {
            NodeError::fatal(format!("it is not known how a credential of type {kind:?} is sent"))
                .with_description("use a generic credential type, such as httpHeaderAuth or httpCustomAuth, with the same secret")
        })?
    };
    Ok(Login { secrets: secrets.map_err(HttpError::into_node_error)?, body: Json::new() })
}

/// Adds the access token of an `OAuth2` credential, and where another is had: by the client's own name, or with the refresh token. `None` for
/// other credentials.
fn with_token(kind: &str, secrets: Secrets, credential: &Credential) -> Option<Result<Secrets, HttpError>> {
    let data = credential.field("oauthTokenData");
    let by_name = credential.text("grantType") == "clientCredentials";
    let stored = data.and_then(authorization).filter(|_| !by_name);
    if stored.is_none() && !by_name {
        return None;
    }
    let refresh_token = data.and_then(|data| data.get("refresh_token")).and_then(Value::as_str).map(str::to_owned).filter(|_| !by_name);
    let given = Some(credential.text("accessTokenUrl")).filter(|url| !url.is_empty());
    let url = given.or_else(|| token_url(kind)).filter(|_| by_name || refresh_token.is_some());
    let Some(url) = url else { return Some(secrets.header("authorization", &stored.unwrap_or_default())) };
    let endpoint = |url| Endpoint {
        url,
        client_id: credential.text("clientId").to_owned(),
        client_secret: credential.text("clientSecret").to_owned(),
        scope: credential.text("scope").to_owned(),
        refresh_token,
        in_body: credential.text("authentication") == "body" || given.is_none(),
    };
    Some(parse_url(url).map(|url| secrets.oauth(OAuth { stored, endpoint: endpoint(url) })))
}

fn apply(how: How, secrets: Secrets, credential: &Credential) -> Result<Secrets, HttpError> {
    match how {
        How::Header(name, prefix, field) => secrets.header(name, &format!("{prefix}{}", credential.text(field))),
        How::Query(name, field) => Ok(secrets.query(name, credential.text(field))),
        How::Basic(user, password) => secrets.basic(value(user, credential), value(password, credential)),
    }
}

/// The field of that name; a name in quotes stands for itself.
fn value<'a>(name: &'a str, credential: &'a Credential) -> &'a str {
    name.strip_prefix('\'').map_or_else(|| credential.text(name), |text| text.trim_end_matches('\''))
}

/// A credential of a kind that is not known, by the fields that speak for themselves.
fn guessed(secrets: Secrets, credential: &Credential) -> Option<Result<Secrets, HttpError>> {
    let given = |names: &[&'static str]| names.iter().map(|name| credential.text(name)).find(|text| !text.is_empty());
    if let (Some(user), Some(password)) = (given(&["user", "username", "email"]), given(&["password"])) {
        return Some(secrets.basic(user, password));
    }
    if let (Some(name), Some(value)) = (given(&["name"]), given(&["value"])) {
        return Some(secrets.header(name, value));
    }
    let token = given(&["accessToken", "token", "apiToken", "apiKey"])?;
    Some(secrets.header("authorization", &format!("Bearer {token}")))
}

/// Certificates of a credential of type `httpSslAuth`.
pub(crate) async fn certificates(context: &NodeContext) -> Result<TlsOptions, NodeError> {
    certificates_of(&context.credential("httpSslAuth").await?)
}

/// The certificates of such a credential.
pub(super) fn certificates_of(credential: &Credential) -> Result<TlsOptions, NodeError> {
    if !credential.text("passphrase").is_empty() {
        return Err(NodeError::fatal("a client key with a passphrase cannot be used: give the key without one"));
    }
    let text = |name: &str| Some(pem(credential.text(name))).filter(|text| !text.is_empty());
    let identity = match (text("cert"), text("key")) {
        (Some(certificate), Some(key)) => Some(format!("{certificate}\n{key}")),
        _ => None,
    };
    Ok(TlsOptions { authorities: text("ca"), identity, accept_any_certificate: false })
}

/// A PEM text whose line breaks an input field may have turned into blanks.
fn pem(text: &str) -> String {
    let text = text.trim();
    if text.contains('\n') {
        return text.to_owned();
    }
    let mut out = String::new();
    // Between the dashes stand names with blanks in them; outside of them a blank was a line break.
    for (index, part) in text.split("-----").enumerate() {
        if index % 2 == 1 {
            out.push_str("-----");
            out.push_str(part);
            out.push_str("-----\n");
        } else {
            out.extend(part.split_whitespace().flat_map(|line| [line, "\n"]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::*;

    fn credential(fields: Value) -> Credential {
        let Value::Object(fields) = fields else { panic!("an object") };
        Credential::new(fields)
    }

    /// What is sent: `name: value` for headers, `?query`, and the body.
    fn sent(kind: &str, fields: Value) -> String {
        let login = match of_credential(kind, &credential(fields)) {
            Ok(login) => login,
            Err(error) => return error.message().to_owned(),
        };
        let (mut url, mut headers) = ("http://h/".parse().unwrap(), HeaderMap::new());
        login.secrets.apply_for_test(&mut url, &mut headers);
        let mut parts: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        parts.extend(url.query().map(|query| format!("?{query}")));
        parts.extend((!login.body.is_empty()).then(|| Value::Object(login.body).to_string()));
        parts.join(" ")
    }

    #[test]
    fn generic_kinds() {
        let check = |kind: &str, fields: Value, expect: &str| assert_eq!(sent(kind, fields), expect, "{kind}");
        check("httpBasicAuth", json!({"user": "a", "password": "b"}), "authorization: Basic YTpi");
        check("httpBearerAuth", json!({"token": "t"}), "authorization: Bearer t");
        check("httpHeaderAuth", json!({"name": "X-Key", "value": "v"}), "x-key: v");
        check("httpQueryAuth", json!({"name": "key", "value": "v w"}), "?key=v%20w");
        check("httpCustomAuth", json!({"json": "{\"headers\":{\"a\":\"1\"},\"qs\":{\"b\":2},\"body\":{\"c\":3}}"}), "a: 1 ?b=2 {\"c\":3}");
        check("httpCustomAuth", json!({"json": "nonsense"}), "Invalid Custom Auth JSON");
        check(
            "httpHeaderAuth",
            json!({"name": "X-Key", "value": "v\r\nX-Evil: 1"}),
            "\"X-Key\" is no valid header, or its value has a line break or another character that headers cannot have",
        );
    }

    #[test]
    fn kinds_of_services() {
        let check = |kind: &str, fields: Value, expect: &str| assert_eq!(sent(kind, fields), expect, "{kind}");
        check("openAiApi", json!({"apiKey": "k"}), "authorization: Bearer k");
        check("shopifyAccessTokenApi", json!({"accessToken": "k"}), "x-shopify-access-token: k");
        check("pipedriveApi", json!({"apiToken": "k"}), "?api_token=k");
        check("jiraSoftwareCloudApi", json!({"email": "a", "apiToken": "b"}), "authorization: Basic YTpi");
        check("someOAuth2Api", json!({"oauthTokenData": {"access_token": "t", "token_type": "bearer"}}), "authorization: Bearer t");
        check("unheardOfApi", json!({"username": "a", "password": "b"}), "authorization: Basic YTpi");
        check("unheardOfApi", json!({"apiKey": "k"}), "authorization: Bearer k");
        check("unheardOfApi", json!({"region": "x"}), "it is not known how a credential of type \"unheardOfApi\" is sent");
    }

    #[test]
    fn n8n_may_forbid_requests() {
        assert_eq!(
            sent("httpBearerAuth", json!({"token": "t", "allowedHttpRequestDomains": "none"})),
            "this credential may not be used in HTTP requests"
        );
    }

    #[test]
    fn pem_texts_get_their_lines_back() {
        let broken = "-----BEGIN PRIVATE KEY----- AAAA BBBB -----END PRIVATE KEY-----";
        assert_eq!(pem(broken), "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n");
        assert_eq!(pem(&pem(broken)), pem(broken).trim());
    }
}
