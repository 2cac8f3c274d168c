//! The address of a Redis server. It is read once, where it is configured: what could not be used is refused there, and not when the first request is counted.

use std::fmt;
use std::str::FromStr;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// Where the Redis server is that counts for all processes: `redis://[[user]:password@]host[:port][/database]`, and `rediss://...` for the same with TLS.
///
/// Port 6379 and database 0 where none is named; user and password with `%`-escapes; `valkey` and `valkeys` mean the same as `redis` and `rediss`. A server on the same
/// machine is also reached by its socket: `unix:///run/redis.sock?db=1&user=..&pass=..`. `?protocol=resp3` asks for the newer protocol.
///
/// With TLS the server's certificate is always checked, against the authorities that the operating system trusts, or those in the file that `SSL_CERT_FILE` names. rustls
/// needs to know its cryptography then: a program that links both `aws-lc-rs` and `ring` has to install one as the default.
#[derive(Clone)]
pub struct RedisAddress {
    info: ConnectionInfo,
}

/// Why an address of a Redis server cannot be used. Tells nothing of the address: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisAddressError {
    /// It is no URL, or names no host.
    #[error("this is no address of a Redis server")]
    NoAddress,
    /// Its scheme is another one.
    #[error("the address of a Redis server begins with redis://, rediss:// (with TLS) or unix://")]
    Scheme,
    /// The path is no number.
    #[error("the path of the address is no number of a database")]
    Database,
    /// There is a user without a password, who could not sign in.
    #[error("the address names a user and no password")]
    NoPassword,
    /// A certificate that is not checked is worth nothing.
    #[error("the part behind # is not known; certificates are always checked")]
    Fragment,
    /// A parameter that would have no effect.
    #[error("the address has a parameter that is not known")]
    Parameter,
}

impl RedisAddress {
    pub(super) fn client(&self) -> redis::RedisResult<Client> {
        Client::open(self.info.clone())
    }
}

impl FromStr for RedisAddress {
    type Err = RedisAddressError;

    fn from_str(text: &str) -> Result<Self, RedisAddressError> {
        let url = redis::parse_redis_url(text).ok_or_else(|| not_parsed(text))?;
        let is_socket = matches!(url.scheme(), "unix" | "redis+unix" | "valkey+unix");
        if url.fragment().is_some() {
            return Err(RedisAddressError::Fragment);
        }
        let known: &[&str] = if is_socket { &["db", "user", "pass", "protocol"] } else { &["protocol"] };
        if url.query_pairs().any(|(name, _)| !known.contains(&&*name)) {
            return Err(RedisAddressError::Parameter);
        }
        if !is_socket && url.host_str().is_none_or(str::is_empty) {
            return Err(RedisAddressError::NoAddress);
        }
        let database = if is_socket {
            url.query_pairs().find(|(name, _)| name == "db").map(|(_, db)| db.into_owned())
        } else {
            Some(url.path().trim_matches('/').to_owned())
        };
        if database.is_some_and(|database| !database.is_empty() && !database.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(RedisAddressError::Database);
        }
        let info = url.into_connection_info().map_err(|_| RedisAddressError::NoAddress)?;
        let login = info.redis_settings();
        if login.username().is_some() && login.password().is_none_or(str::is_empty) {
            return Err(RedisAddressError::NoPassword);
        }
        Ok(Self { info })
    }
}

fn not_parsed(text: &str) -> RedisAddressError {
    const SCHEMES: [&str; 7] = ["redis:", "rediss:", "valkey:", "valkeys:", "unix:", "redis+unix:", "valkey+unix:"];
    if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) { RedisAddressError::NoAddress } else { RedisAddressError::Scheme }
}

impl fmt::Debug for RedisAddress {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_encrypted = matches!(self.info.addr(), ConnectionAddr::TcpTls { .. });
        f.debug_struct("RedisAddress").field("address", &self.info.addr().to_string()).field("tls", &is_encrypted).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tls? user password host:port database`; a dash for what is not there.
    fn read(text: &str) -> Result<String, RedisAddressError> {
        let info = text.parse::<RedisAddress>()?.info;
        let login = info.redis_settings();
        let way = if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: false, .. }) { "tls" } else { "plain" };
        let (user, password) = (login.username().unwrap_or("-"), login.password().unwrap_or("-"));
        Ok(format!("{way} {user} {password} {} {}", info.addr(), login.db()))
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        let check = |text: &str, expect: &str| assert_eq!(read(text).as_deref(), Ok(expect), "{text}");
        check("redis://redis", "plain - - redis:6379 0");
        check("redis://redis.example.com:6380/", "plain - - redis.example.com:6380 0");
        check("redis://127.0.0.1/15", "plain - - 127.0.0.1:6379 15");
        check("redis://[::1]:7/1", "plain - - ::1:7 1");
        check("redis://:pass@redis", "plain - pass redis:6379 0");
        check("redis://ada:p%40ss%2Fw%3Ard@redis/2", "plain ada p@ss/w:rd redis:6379 2");
        check("rediss://ada:pass@redis.example.com:6380/3", "tls ada pass redis.example.com:6380 3");
        check("valkeys://:pass@redis?protocol=resp3", "tls - pass redis:6379 0");
        check("unix:///run/redis.sock?db=4&user=ada&pass=pass", "plain ada pass /run/redis.sock 4");
    }

    #[test]
    fn what_could_not_be_used_says_why() {
        let check = |text: &str, expect: RedisAddressError| assert_eq!(read(text), Err(expect), "{text}");
        check("", RedisAddressError::Scheme);
        check("redis.example.com:6379", RedisAddressError::Scheme);
        check("http://redis.example.com", RedisAddressError::Scheme);
        check("redis://", RedisAddressError::NoAddress);
        check("redis://host:port", RedisAddressError::NoAddress);
        check("redis://redis/name", RedisAddressError::Database);
        check("redis://redis/-1", RedisAddressError::Database);
        check("redis://redis/1/2", RedisAddressError::Database);
        check("redis://redis/99999999999999999999", RedisAddressError::NoAddress);
        check("unix:///run/redis.sock?db=x", RedisAddressError::Database);
        check("redis://ada@redis", RedisAddressError::NoPassword);
        check("redis://ada:@redis", RedisAddressError::NoPassword);
        check("rediss://redis/#insecure", RedisAddressError::Fragment);
        check("rediss://redis?ssl_cert_reqs=none", RedisAddressError::Parameter);
        check("redis://redis?protocol=9", RedisAddressError::NoAddress);
    }

    #[test]
    fn nothing_is_told_of_a_password() {
        let address: RedisAddress = "rediss://ada:canary@redis.example.com/1".parse().expect("an address");
        let shown = format!("{address:?}");
        assert!(shown.contains("redis.example.com:6379") && !shown.contains("canary") && !shown.contains("ada"), "{shown}");
    }
}
