//! Certificates: whom the client believes, and what it shows of its own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::*;
use crate::network::NetworkPolicy;

/// An authority, and certificates that it made for `localhost`.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key.
    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate, key)
    }
}

/// A TLS server that answers `ok`; its port. With `clients`, it wants a certificate of that authority.
async fn serve(authority: &Authority, clients: Option<&Authority>) -> u16 {
    let (certificate, key) = authority.issue();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = match clients {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            ServerConfig::builder().with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        }
    };
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 1024];
            if stream.read(&mut request).await.is_ok() {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await);
                drop(stream.shutdown().await);
            }
        }
    });
    port
}

async fn get(port: u16, tls: TlsOptions) -> Result<String, String> {
    let client = HttpClient::new(NetworkPolicy::default().allow("127.0.0.1").unwrap().allow("::1").unwrap());
    let mut request = HttpRequest::get(&format!("https://localhost:{port}/")).unwrap();
    request.tls = tls;
    let response = client.send(request).await.map_err(|error| error.code().to_owned())?;
    let bytes = response.bytes(100).await.map_err(|error| error.code().to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let authority = Authority::new();
    let port = serve(&authority, None).await;
    assert_eq!(get(port, TlsOptions::default()).await, Err("http-connection".to_owned()));
    assert_eq!(get(port, TlsOptions { accept_any_certificate: true, ..TlsOptions::default() }).await, Ok("ok".to_owned()));
    assert_eq!(get(port, TlsOptions { authorities: Some(authority.pem()), ..TlsOptions::default() }).await, Ok("ok".to_owned()));
    assert_eq!(get(port, TlsOptions { authorities: Some(Authority::new().pem()), ..TlsOptions::default() }).await, Err("http-connection".to_owned()));
    assert_eq!(get(port, TlsOptions { authorities: Some("nonsense".to_owned()), ..TlsOptions::default() }).await, Err("http-connection".to_owned()));
}

#[tokio::test]
async fn a_client_shows_its_own_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let port = serve(&authority, Some(&clients)).await;
    let (certificate, key) = clients.issue();
    let identity = format!("{}\n{}", certificate.pem(), key.serialize_pem());
    let tls = |identity: Option<String>| TlsOptions { authorities: Some(authority.pem()), identity, ..TlsOptions::default() };
    assert_eq!(get(port, tls(Some(identity))).await, Ok("ok".to_owned()));
    assert_eq!(get(port, tls(None)).await, Err("http-connection".to_owned()));
    assert_eq!(get(port, tls(Some("nonsense".to_owned()))).await, Err("http-setup".to_owned()));
}
