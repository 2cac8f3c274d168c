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
        return parse(chain.get(index)?);
    }
    peer(extensions)
}

/// Whose requests are counted: the caller or, where the proxies do not say who that is, the peer. Nobody goes uncounted by leaving a header out.
#[cfg(feature = "rate-limit")]
pub(crate) fn counted(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> Option<IpAddr> {
    of(headers, extensions, config).or_else(|| peer(extensions))
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// An address as proxies write it: some add the port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
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

/// What stands before the paths of this server in the address under which callers reach it: a proxy, or the program that embeds it, may have put it below another path.
pub(crate) fn prefix(config: &Config) -> &str {
    let url = config.public_url.as_deref().unwrap_or_default();
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind_scheme.find('/').and_then(|at| behind_scheme.get(at..)).unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_of_an_address_is_a_prefix() {
        let check = |url: &str, expect: &str| assert_eq!(prefix(&Config::default().public_url(url)), expect, "{url}");
        check("http://127.0.0.1:5678", "");
        check("https://example.com/", "");
        check("https://example.com/flows/a", "/flows/a");
        assert_eq!(prefix(&Config::default()), "");
    }

    #[test]
    fn the_outermost_trusted_proxy_says_who_calls() {
        let config = Config::default().with(|config| config.trusted_proxies = 1);
        let check = |forwarded: &str, expect: Option<&str>| {
            let headers = HeaderMap::from_iter([("x-forwarded-for".parse().expect("a name"), forwarded.parse().expect("a value"))]);
            assert_eq!(of(&headers, &Extensions::new(), &config), expect.map(|expect| expect.parse().expect("an address")), "{forwarded}");
        };
        check("10.0.0.1", Some("10.0.0.1"));
        check("1.1.1.1, 10.0.0.1", Some("10.0.0.1"));
        check("1.1.1.1, 10.0.0.1:4711", Some("10.0.0.1"));
        check("[2001:db8::1]:4711", Some("2001:db8::1"));
        check("[2001:db8::1]", Some("2001:db8::1"));
        check("10.0.0.1, unknown", None);
        check("", None);
    }
}
