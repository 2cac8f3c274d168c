//! Whether a caller shows what the webhook's node asks for. The secrets come from credentials; they are compared in constant time.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine_core::Engine;
use engine_core::credential::{Credential, CredentialRequest};
use engine_core::model::Timestamp;
use engine_core::plan::{Plan, PlanNode};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::failure::Failure;
use super::options::Authentication;
use super::signature;

/// On whose behalf a caller is checked.
pub(super) struct Gate<'a> {
    pub(super) engine: &'a Engine,
    pub(super) plan: &'a Plan,
    pub(super) node: u32,
}

/// What a caller showed, and what is still to be checked when the body is there.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// What a token says.
    pub(super) claims: Option<Value>,
    /// With one of these the body must be signed.
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) now: Timestamp,
}

impl Gate<'_> {
    /// Lets the caller through or not. One who has to sign is let through to the body, which is checked there.
    pub(super) async fn check(&self, authentication: Authentication, headers: &HeaderMap) -> Result<Shown, Failure> {
        let nothing = Shown::default;
        match authentication {
            Authentication::None => Ok(nothing()),
            Authentication::Basic => basic(&self.credential("httpBasicAuth").await?, headers).map(|()| nothing()),
            Authentication::Header => named_header(&self.credential("httpHeaderAuth").await?, headers).map(|()| nothing()),
            Authentication::Bearer => bearer(&self.credential("httpBearerAuth").await?, headers).map(|()| nothing()),
            Authentication::Signature => {
                let keys = signature::keys(&self.credential("webhookSignature").await?);
                if keys.is_empty() { Err(missing()) } else { Ok(Shown { keys, now: self.engine.runtime().now(), ..nothing() }) }
            }
            #[cfg(feature = "jwt")]
            Authentication::Jwt => {
                let claims = super::jwt::check(&self.credential("jwtAuth").await?, headers)?;
                Ok(Shown { claims: Some(claims), ..nothing() })
            }
            #[cfg(not(feature = "jwt"))]
            Authentication::Jwt => Err(missing()),
        }
    }

    async fn credential(&self, kind: &str) -> Result<Credential, Failure> {
        let node: &PlanNode = self.plan.nodes().get(self.node as usize).ok_or_else(missing)?;
        let reference = node.spec.credentials.get(kind).ok_or_else(missing)?;
        let workflow = self.plan.workflow().id.as_ref();
        let request = CredentialRequest { kind, reference, workflow, node: &node.spec.name };
        self.engine.services().credentials.credential(request).await.map_err(|_| missing())
    }
}

/// Without its credential a webhook lets nobody through.
fn missing() -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "No authentication data defined on node!")
}

fn same(shown: &[u8], expected: &str) -> bool {
    !expected.is_empty() && bool::from(shown.ct_eq(expected.as_bytes()))
}

fn basic(credential: &Credential, headers: &HeaderMap) -> Result<(), Failure> {
    let (user, password) = (credential.text("user"), credential.text("password"));
    if user.is_empty() && password.is_empty() {
        return Err(missing());
    }
    let challenge = || Failure::unauthorized("Basic realm=\"Webhook\", charset=\"UTF-8\"");
    let shown = scheme(headers, "basic").ok_or_else(challenge)?;
    let shown = STANDARD.decode(shown).map_err(|_| challenge())?;
    // Compared as one, so that the time does not tell which of the two is wrong.
    if same(&shown, &format!("{user}:{password}")) { Ok(()) } else { Err(Failure::forbidden()) }
}

fn named_header(credential: &Credential, headers: &HeaderMap) -> Result<(), Failure> {
    let (name, value) = (credential.text("name"), credential.text("value"));
    if name.is_empty() || value.is_empty() {
        return Err(missing());
    }
    match headers.get(name) {
        Some(shown) if same(shown.as_bytes(), value) => Ok(()),
        _ => Err(Failure::forbidden()),
    }
}

/// The token of the credential, or, while it is being replaced, the one before.
fn bearer(credential: &Credential, headers: &HeaderMap) -> Result<(), Failure> {
    let tokens = [credential.text("token"), credential.text("previousToken")];
    if tokens.iter().all(|token| token.is_empty()) {
        return Err(missing());
    }
    let shown = scheme(headers, "bearer").ok_or_else(|| Failure::unauthorized("Bearer realm=\"Webhook\""))?;
    let good = tokens.iter().fold(false, |good, token| good | same(shown.as_bytes(), token));
    if good { Ok(()) } else { Err(Failure::forbidden()) }
}

/// What follows the scheme in `Authorization`.
pub(super) fn scheme<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
