//! Trying out credentials that are sent over HTTP: one request, by the guarded client, to where the caller says or the service tells who asks.

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialTester, CredentialTrial, CredentialVerdict};
use reqwest::{Method, StatusCode};
use url::Url;

use super::http::parse_url;
use super::login::{certificates_of, is_known, of_credential};
use super::services::probe;
use super::{HttpClient, HttpError, HttpRequest, Redirects, Secrets, TlsOptions};

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Tries out every type of credential that an HTTP Request node can send.
#[derive(Debug)]
pub(super) struct HttpTester {
    client: HttpClient,
}

/// Tries out certificates of clients.
#[derive(Debug)]
pub(super) struct CertificateTester {
    client: HttpClient,
}

impl HttpTester {
    pub(super) fn new(client: HttpClient) -> Self {
        Self { client }
    }

    async fn tried(&self, trial: CredentialTrial<'_>) -> Result<CredentialVerdict, CredentialVerdict> {
        let CredentialTrial { kind, credential, .. } = trial;
        if !is_known(kind, credential) && trial.url.is_none() {
            return Err(CredentialVerdict::Unsupported(format!(
                "there is no test for credentials of type {kind:?}; with a URL it is tried out as an HTTP Request node would send it"
            )));
        }
        let login = of_credential(kind, credential).map_err(|error| match error.code() {
            Some("http-credential-refused") => CredentialVerdict::Fails("the credential may not be used in HTTP requests".to_owned()),
            Some(_) => CredentialVerdict::Fails("a field of the credential holds what cannot be sent".to_owned()),
            None if is_known(kind, credential) => CredentialVerdict::Fails("the credential cannot be read".to_owned()),
            None => CredentialVerdict::Unsupported(format!("it is not known how a credential of type {kind:?} is sent")),
        })?;
        if !login.body.is_empty() {
            return Err(CredentialVerdict::Unsupported(
                "a credential that is sent in a body cannot be tried out without changing something".to_owned(),
            ));
        }
        let handed_out = match self.client.ask_token(&login.secrets).await {
            Some(asked) => asked.map(|()| true).map_err(|error| failed(&error))?,
            None => false,
        };
        let url = match trial.url.or_else(|| probe(kind, own_server(credential))) {
            None if handed_out => return Ok(CredentialVerdict::Works("an access token was handed out".to_owned())),
            url => place(url)?,
        };
        ask(&self.client, url, (login.secrets, TlsOptions::default())).await
    }
}

#[async_trait]
impl CredentialTester for HttpTester {
    async fn try_out(&self, trial: CredentialTrial<'_>) -> CredentialVerdict {
        self.tried(trial).await.unwrap_or_else(|verdict| verdict)
    }
}

impl CertificateTester {
    pub(super) fn new(client: HttpClient) -> Self {
        Self { client }
    }

    async fn tried(&self, trial: CredentialTrial<'_>) -> Result<CredentialVerdict, CredentialVerdict> {
        let tls = certificates_of(trial.credential).map_err(|error| CredentialVerdict::Fails(error.message().to_owned()))?;
        let url = place(trial.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if !trial.credential.may_be_sent_to(&host) {
            return Err(failed(&HttpError::CredentialRefused { host }));
        }
        ask(&self.client, url, (Secrets::default(), tls)).await
    }
}

#[async_trait]
impl CredentialTester for CertificateTester {
    async fn try_out(&self, trial: CredentialTrial<'_>) -> CredentialVerdict {
        self.tried(trial).await.unwrap_or_else(|verdict| verdict)
    }
}

/// The server that a credential of a service names.
fn own_server(credential: &Credential) -> &str {
    ["server", "url", "baseUrl"].into_iter().map(|field| credential.text(field)).find(|text| !text.is_empty()).unwrap_or_default()
}

fn place(url: Option<&str>) -> Result<Url, CredentialVerdict> {
    let url =
        url.ok_or_else(|| CredentialVerdict::NeedsUrl("give a URL that is closed to strangers and lets in whoever has the credential".to_owned()))?;
    parse_url(url).map_err(|_| CredentialVerdict::NeedsUrl("this is no http or https URL".to_owned()))
}

/// One request. Redirects are not followed: a page to sign in at, to which strangers are led, would answer for the one that was asked.
async fn ask(client: &HttpClient, url: Url, (secrets, tls): (Secrets, TlsOptions)) -> Result<CredentialVerdict, CredentialVerdict> {
    let mut request = HttpRequest::new(Method::GET, url);
    request.secrets = secrets;
    request.tls = tls;
    request.redirects = Redirects::Never;
    request.timeout = TIMEOUT;
    let response = client.send(request).await.map_err(|error| failed(&error))?;
    Ok(verdict(response.status))
}

fn verdict(status: StatusCode) -> CredentialVerdict {
    let code = status.as_u16();
    match code {
        200..=299 => CredentialVerdict::Works(format!("the server answered with status {code}")),
        300..=399 => CredentialVerdict::Fails(format!("the server led elsewhere (status {code}): give the URL that it leads to")),
        401 | 403 | 407 => CredentialVerdict::Fails(format!("the server did not take the credential (status {code})")),
        429 | 500.. => CredentialVerdict::Fails(format!("the server could not answer (status {code}): try again later")),
        _ => CredentialVerdict::Fails(format!("the server answered with status {code}, which does not tell whether it took the credential")),
    }
}

/// Hosts and what servers say are left out: they may stand in the credential.
fn failed(error: &HttpError) -> CredentialVerdict {
    CredentialVerdict::Fails(match error {
        HttpError::Refused { .. } => "the URL leads to an address that workflows may not reach".to_owned(),
        HttpError::CredentialRefused { .. } => "the credential is bound to other hosts".to_owned(),
        HttpError::TokenRefused { code: Some(code), .. } => format!("no access token was handed out: {code}"),
        HttpError::TokenRefused { .. } => "no access token was handed out".to_owned(),
        HttpError::Lookup { .. } => "the host could not be found".to_owned(),
        HttpError::Timeout { .. } => "no answer came in time".to_owned(),
        HttpError::Connection { errno, .. } => format!("the connection failed ({errno})"),
        HttpError::Setup(_) => "the certificates of the credential cannot be used".to_owned(),
        _ => "the request could not be sent".to_owned(),
    })
}
