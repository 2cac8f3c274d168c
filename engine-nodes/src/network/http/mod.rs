//! The guarded HTTP client: the one way to the network for every node and for the helpers of Code nodes.
//!
//! It sends to what the [`NetworkPolicy`](super::NetworkPolicy) permits and to nothing else: names are looked up through a resolver that drops
//! inside addresses, addresses written into a URL are judged as they stand, and each redirect is judged anew. Credentials travel apart from the
//! request ([`Secrets`]) and leave only for the hosts that they belong to.

mod body;
mod client;
mod digest;
mod error;
mod hop;
mod multipart;
mod oauth;
mod query;
mod request;
mod response;
mod secrets;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

pub use body::Body;
pub use client::HttpClient;
#[cfg(feature = "email")]
pub(crate) use digest::hex;
pub use error::HttpError;
pub(crate) use hop::stays;
pub use multipart::{Multipart, Part};
pub(crate) use oauth::{Endpoint, OAuth, authorization};
pub use query::{ArrayFormat, encode_form, query_pairs};
pub(crate) use request::parse_url;
pub use request::{HttpRequest, Redirects, TlsOptions};
pub use response::HttpResponse;
pub(crate) use response::headers_to_json;
pub use secrets::Secrets;
