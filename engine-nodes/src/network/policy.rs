//! Which addresses nodes may reach, and how much they may read. Whoever builds the engine sets it; workflows cannot.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::address::{is_public, parse_network, spellings};

/// What nodes may reach over the network.
///
/// By default the public Internet and nothing inside: no loopback, no private or link-local network, no metadata service, in whatever form the
/// address is written and whichever name leads to it.
///
/// ```
/// use engine_nodes::network::NetworkPolicy;
///
/// let policy = NetworkPolicy::default().allow("10.20.0.0/16")?.allow("vault.internal")?;
/// # assert!(format!("{policy:?}").contains("vault.internal"));
/// # Ok::<(), engine_nodes::network::InvalidRule>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NetworkPolicy {
    networks: Vec<IpNet>,
    hosts: Vec<HostPattern>,
    proxies: Vec<HostPattern>,
    pub(crate) limits: Limits,
}

/// How much a node may read, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest response that is kept in memory: JSON and text. In bytes, after decompression.
    pub memory: u64,
    /// The largest response that is written to the blob store, in bytes, after decompression.
    pub download: u64,
    /// The longest time from the start of a request to the end of its response, redirects included.
    pub duration: Duration,
    /// The most redirects that are followed, whatever a node asks for.
    pub redirects: usize,
    /// The most requests that one run of a node has under way.
    pub concurrency: usize,
    /// The most pages that are fetched for one item.
    pub pages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 64 << 20, download: 1 << 30, duration: Duration::from_hours(1), redirects: 50, concurrency: 32, pages: 10_000 }
    }
}

/// A rule that is neither an address, nor a network, nor a host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no IP address, no network such as 10.0.0.0/8, and no host name such as api.example.com or *.example.com")]
pub struct InvalidRule(String);

impl NetworkPolicy {
    /// Allows an inside address, a network (`10.0.0.0/8`), a host, or all hosts below a name (`*.corp.example`).
    ///
    /// A host that is allowed by name is reached wherever its name leads: allow only names whose DNS you control.
    ///
    /// # Errors
    /// When the rule is none of these.
    pub fn allow(mut self, rule: &str) -> Result<Self, InvalidRule> {
        match parse_network(rule.trim()) {
            Some(network) => self.networks.push(network),
            None => self.hosts.push(HostPattern::parse(rule)?),
        }
        Ok(self)
    }

    /// Lets nodes send requests through this proxy host. The proxy looks names up, out of the guard's sight: it must refuse inside addresses itself.
    ///
    /// # Errors
    /// When it is no host name.
    pub fn allow_proxy(mut self, host: &str) -> Result<Self, InvalidRule> {
        self.proxies.push(HostPattern::parse(host)?);
        Ok(self)
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a node may connect to this address.
    pub fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| spellings(address).any(|address| network.contains(&address)))
    }

    /// Whether this host is allowed wherever its name leads.
    pub(crate) fn trusts(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| pattern.matches(host))
    }

    /// Whether requests may go through this proxy.
    pub(crate) fn permits_proxy(&self, host: &str) -> bool {
        self.proxies.iter().any(|pattern| pattern.matches(host))
    }
}

/// A host name, or `*.` and a name for all hosts below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPattern {
    name: String,
    below: bool,
}

impl HostPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidRule> {
        let trimmed = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let (name, below) = match trimmed.strip_prefix("*.") {
            Some(parent) => (parent.to_owned(), true),
            None => (trimmed, false),
        };
        // A URL's host is written in ASCII; so are the names that it is compared with.
        match url::Host::parse(&name) {
            Ok(url::Host::Domain(name)) if !name.contains('*') => Ok(Self { name, below }),
            Ok(address @ (url::Host::Ipv4(_) | url::Host::Ipv6(_))) if !below => Ok(Self { name: address.to_string(), below }),
            _ => Err(InvalidRule(text.to_owned())),
        }
    }

    pub(crate) fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if self.below { host.strip_suffix(self.name.as_str()).is_some_and(|head| head.len() > 1 && head.ends_with('.')) } else { host == self.name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_addresses_networks_and_names() {
        let ok = ["10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "localhost", "*.corp.example", "API.Example.com.", "bücher.example"];
        for rule in ok {
            assert!(NetworkPolicy::default().allow(rule).is_ok(), "{rule}");
        }
        for rule in ["", "http://a/", "10.0.0.0/40", "a b", "*.", "*", "*.*.com", "a/b"] {
            assert!(NetworkPolicy::default().allow(rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn a_network_is_allowed_in_all_its_spellings() {
        let policy = NetworkPolicy::default().allow("10.0.0.0/8").unwrap();
        let check = |address: &str, expect: bool| assert_eq!(policy.permits(address.parse().unwrap()), expect, "{address}");
        check("10.1.2.3", true);
        check("::ffff:10.1.2.3", true);
        check("64:ff9b::10.1.2.3", false);
        check("127.0.0.1", false);
        check("169.254.169.254", false);
        check("8.8.8.8", true);
    }

    #[test]
    fn patterns_match_whole_labels() {
        let check = |pattern: &str, host: &str, expect: bool| {
            assert_eq!(HostPattern::parse(pattern).unwrap().matches(host), expect, "{pattern} {host}");
        };
        check("a.example", "a.example", true);
        check("a.example", "A.EXAMPLE.", true);
        check("a.example", "b.a.example", false);
        check("*.a.example", "b.a.example", true);
        check("*.a.example", "c.b.a.example", true);
        check("*.a.example", "a.example", false);
        check("*.a.example", "ba.example", false);
        check("*.a.example", "a.example.evil.example", false);
    }
}
