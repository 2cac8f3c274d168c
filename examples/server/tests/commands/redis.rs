//! A Redis server that counts for the server, over TLS.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::server::{Place, Server, answer};

/// A Redis server with TLS alone, in the folder of a test. Dropping it ends it.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    /// Its authority is `ca.pem` in the folder.
    ///
    /// # Panics
    /// When there is no `redis-server` that was built with TLS: see docs/TESTING.md.
    async fn start(place: &Place) -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        place.write("ca.pem", &authority.pem());
        place.write("redis.pem", &certificate.pem());
        place.write("redis.key", &key.serialize_pem());
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let path = |file: &str| place.path(file).to_str().unwrap().to_owned();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--tls-cert-file", &path("redis.pem"), "--tls-key-file", &path("redis.key"), "--tls-ca-cert-file", &path("ca.pem")]);
        command.args(["--tls-auth-clients", "no", "--requirepass", "secret"]).stdout(Stdio::null());
        let process = command.spawn().expect("redis-server must be installed for this test, see docs/TESTING.md");
        let mut redis = Self { process, port };
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(redis.process.try_wait().unwrap().is_none(), "redis-server ended: was it built with TLS?");
            tokio::task::yield_now().await;
        }
        redis
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Breaks when `rediss://` is read and then not spoken, or a certificate is believed that nobody trusted vouches for.
#[tokio::test]
async fn limits_are_counted_over_tls() {
    let place = Place::new();
    let redis = Redis::start(&place).await;
    let url = format!("rediss://:secret@localhost:{}/1", redis.port);
    let place = place.with("REDIS_URL", &url).with("ENGINE_RATE_LIMIT_ADDRESS", "1000000/1m");
    let server = place.serve(&[]);
    for asked in 1..=3 {
        assert_eq!(fallbacks(&server).await, asked, "its authority is not known: it is not asked");
    }
    let authority = place.path("ca.pem");
    let place = place.with("SSL_CERT_FILE", authority.to_str().unwrap());
    let server = place.serve(&[]);
    let (begun, mut before) = (Instant::now(), 0);
    loop {
        let now = fallbacks(&server).await;
        if now == before {
            break;
        }
        // The first ones do not wait until the connection is there.
        assert!(begun.elapsed() < Duration::from_mins(1), "{now} requests were counted by the process itself");
        before = now;
    }
}

/// Sends a request that is counted; gives how many the process has counted for itself.
async fn fallbacks(server: &Server) -> u64 {
    answer(server.get("/api/v1/workflows"), 401).await;
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    metrics.lines().find_map(|line| line.strip_prefix("engine_rate_limit_fallbacks_total ")?.parse().ok()).unwrap()
}

/// Breaks when an address that nothing can be reached at is found out by the first request, and told with its password.
#[test]
fn an_address_that_cannot_be_used_is_refused_at_the_start() {
    for (url, why) in [
        ("redis://ada:canary@redis.example.com/name", "no number of a database"),
        ("http://:canary@redis.example.com", "redis://, rediss:// (with TLS) or unix://"),
        ("rediss://:canary@redis.example.com/#insecure", "certificates are always checked"),
    ] {
        let refused = Place::new().with("REDIS_URL", url).run(&["serve"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("REDIS_URL") && refused.err.contains(why) && !refused.err.contains("canary"), "{}", refused.err);
    }
}
