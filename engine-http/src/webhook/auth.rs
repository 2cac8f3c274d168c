//! Whether a caller shows what the webhook's node asks for. The secrets come from credentials; they are compared in constant time.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine_core::Engine;
use engine_core::credential::{Credential, CredentialRequest};
use engine_core::plan::{Plan, PlanNode};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::failure::Failure;
use super::options::Authentication;

/// On whose behalf a caller is checked.
pub(super) struct Gate<'a> {
    pub(super) engine: &'a Engine,
    pub(super) plan: &'a Plan,
    pub(super) node: u32,
}

impl Gate<'_> {
    /// Lets the caller through or not; gives what a token says, where one was shown.
    pub(super) async fn check(&self, authentication: Authentication, headers: &HeaderMap) -> Result<Option<Value>, Failure> {
        match authentication {
            Authentication::None => Ok(None),
            Authentication::Basic => basic(&self.credential("httpBasicAuth").await?, headers).map(|()| None),
            Authentication::Header => named_header(&self.credential("httpHeaderAuth").await?, headers).map(|()| None),
            #[cfg(feature = "jwt")]
            Authentication::Jwt => super::jwt::check(&self.credential("jwtAuth").await?, headers).map(Some),
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

/// What follows the scheme in `Authorization`.
pub(super) fn scheme<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
