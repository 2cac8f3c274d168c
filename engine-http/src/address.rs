//! Where a request came from, and under which address the server was called.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
#[cfg(feature = "webhooks")]
use axum::http::header;
use axum::http::{Extensions, HeaderMap};

use crate::Config;

/// The caller's address: the peer's, or the one that the outermost trusted proxy saw.
pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> Option<IpAddr> {
    if config.trusted_proxies > 0 {
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        let index = chain.len().checked_sub(config.trusted_proxies)?;
        return chain.get(index)?.parse().ok();
    }
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// The address under which callers reach the server, without a slash at the end.
#[cfg(feature = "webhooks")]
pub(crate) fn base(headers: &HeaderMap, config: &Config) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}
