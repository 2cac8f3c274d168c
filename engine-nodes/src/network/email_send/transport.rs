//! The way to the mail server of a credential of type `smtp`.

use std::time::Duration;

use engine_core::credential::Credential;
use engine_core::expression::js;
use engine_core::node::NodeError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, Tokio1Executor};

use crate::network::{HttpClient, HttpError};

/// How a mail server is reached.
pub(super) struct Connection<'a> {
    pub(super) credential: &'a Credential,
    pub(super) any_certificate: bool,
    /// How long the server may take for each step.
    pub(super) timeout: Duration,
}

impl Connection<'_> {
    /// A transport to an address that the client's policy permits. Nothing is connected yet.
    pub(super) async fn transport(&self, client: &HttpClient) -> Result<AsyncSmtpTransport<Tokio1Executor>, NodeError> {
        let credential = self.credential;
        let host = credential.text("host").trim();
        if !credential.may_be_sent_to(host) {
            return Err(HttpError::CredentialRefused { host: host.to_owned() }.into_node_error());
        }
        let addresses = client.addresses(host).await.map_err(HttpError::into_node_error)?;
        let address = addresses.first().ok_or_else(|| NodeError::new(format!("the host {host} has no address")))?;
        // The connection goes to the address that was judged; the certificate has to be the host's.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
            .port(port(credential))
            .tls(self.tls(host)?)
            .timeout(Some(self.timeout));
        if !credential.text("hostName").is_empty() {
            builder = builder.hello_name(ClientId::Domain(credential.text("hostName").to_owned()));
        }
        let (user, password) = (credential.text("user"), credential.text("password"));
        if !user.is_empty() || !password.is_empty() {
            builder = builder.credentials(Credentials::new(user.to_owned(), password.to_owned()));
        }
        Ok(builder.build())
    }

    /// Encrypted from the start, or once the server offers it, or never.
    fn tls(&self, host: &str) -> Result<Tls, NodeError> {
        let flag = |name: &str, default: bool| self.credential.field(name).map_or(default, js::truthy);
        let secure = flag("secure", true);
        if !secure && flag("disableStartTls", false) {
            return Ok(Tls::None);
        }
        let parameters = TlsParameters::builder(host.to_owned())
            .dangerous_accept_invalid_certs(self.any_certificate)
            .dangerous_accept_invalid_hostnames(self.any_certificate)
            .build_rustls()?;
        Ok(if secure { Tls::Wrapper(parameters) } else { Tls::Opportunistic(parameters) })
    }
}

/// The credential's port; 465 where it names none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn port(credential: &Credential) -> u16 {
    let port = credential.field("port").map_or(f64::NAN, js::to_number);
    if (1.0..65536.0).contains(&port) { port as u16 } else { 465 }
}
