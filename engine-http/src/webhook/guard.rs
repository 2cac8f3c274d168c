//! Who may call a webhook before anything of the request is read: addresses and bots.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use ipnet::IpNet;

use super::HookOptions;
use super::failure::Failure;

/// What a header of a request must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(super) name: HeaderName,
    /// Any, where this is empty; what begins so, where it ends with `*`.
    pub(super) value: String,
}

impl Filter {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let fits = |shown: &[u8]| match self.value.strip_suffix('*') {
            Some(begin) => shown.starts_with(begin.as_bytes()),
            None => self.value.is_empty() || shown == self.value.as_bytes(),
        };
        headers.get_all(&self.name).iter().any(|shown| fits(shown.as_bytes()))
    }
}

/// An address, or a network in CIDR form.
pub(super) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether the caller may call at all.
pub(super) fn admit(options: &HookOptions, headers: &HeaderMap, address: Option<IpAddr>) -> Result<(), Failure> {
    if !options.networks.is_empty() {
        let inside = |address: IpAddr| options.networks.iter().any(|network| network.contains(&address));
        if !address.map(|address| address.to_canonical()).is_some_and(inside) {
            return Err(Failure::new(StatusCode::FORBIDDEN, "IP is not allowed to access the webhook!"));
        }
    }
    if !options.filters.iter().all(|filter| filter.lets_in(headers)) {
        return Err(Failure::forbidden());
    }
    if options.ignore_bots && is_bot(headers) {
        return Err(Failure::forbidden());
    }
    Ok(())
}

/// What the names of crawlers and link previews hold, in small letters.
const BOTS: [&str; 14] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "facebookexternalhit",
    "mediapartners",
    "preview",
    "scrap",
    "fetcher",
    "headless",
    "lighthouse",
    "whatsapp",
    "bingpreview",
    "archiver",
];

fn is_bot(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    BOTS.iter().any(|bot| agent.contains(bot))
}
