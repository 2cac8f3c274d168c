//! Trying out credentials of type `smtp`: a connection is made, name and password are shown, and nothing is sent.

use std::time::Duration;

use async_trait::async_trait;
use engine_core::credential::{CredentialTester, CredentialTrial, CredentialVerdict};
use lettre::transport::smtp::Error;

use super::transport::Connection;
use crate::network::HttpClient;

/// How long the server may take for each step, and for all of them.
const STEP: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(20);

/// Tries out credentials of mail servers.
#[derive(Debug)]
pub(in crate::network) struct SmtpTester {
    client: HttpClient,
}

impl SmtpTester {
    pub(in crate::network) fn new(client: HttpClient) -> Self {
        Self { client }
    }

    async fn tried(&self, trial: CredentialTrial<'_>) -> CredentialVerdict {
        let connection = Connection { credential: trial.credential, any_certificate: false, timeout: STEP };
        let transport = match connection.transport(&self.client).await {
            Ok(transport) => transport,
            Err(error) => return CredentialVerdict::Fails(unreached(error.code()).to_owned()),
        };
        match transport.test_connection().await {
            Ok(true) => CredentialVerdict::Works("the mail server let the user in".to_owned()),
            Ok(false) => CredentialVerdict::Fails("the mail server broke the connection off".to_owned()),
            Err(error) => CredentialVerdict::Fails(refused(&error)),
        }
    }
}

#[async_trait]
impl CredentialTester for SmtpTester {
    async fn try_out(&self, trial: CredentialTrial<'_>) -> CredentialVerdict {
        let late = |_| CredentialVerdict::Fails("the mail server did not answer in time".to_owned());
        tokio::time::timeout(ALL, self.tried(trial)).await.unwrap_or_else(late)
    }
}

/// Why no connection was tried. The host is left out: it stands in the credential.
fn unreached(code: Option<&str>) -> &'static str {
    match code {
        Some("http-address-refused") => "the mail server has an address that workflows may not reach",
        Some("http-credential-refused") => "the credential is bound to other hosts",
        _ => "the mail server could not be found",
    }
}

/// What went wrong, without what the server says: it may repeat what it was told.
fn refused(error: &Error) -> String {
    match error.status() {
        Some(status) => format!("the mail server did not let the user in (status {status})"),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None if error.is_tls() => "no encrypted connection to the mail server could be made".to_owned(),
        None if error.is_client() => "the mail server offers no way to sign in that could be used".to_owned(),
        None => "the connection to the mail server failed".to_owned(),
    }
}
