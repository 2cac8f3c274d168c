//! Limits on how often somebody may ask: by address, by user, by API key. Counted in this process, or, with the feature `redis`, by all processes together.
//!
//! The rule is GCRA: `burst` requests at once, then one each `period / requests`. Answers carry `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers); a refusal carries `Retry-After`.

mod local;
#[cfg(feature = "redis")]
mod redis_address;
#[cfg(feature = "redis")]
mod shared;

#[cfg(feature = "redis")]
pub use redis_address::{RedisAddress, RedisAddressError};

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use uuid::Uuid;

use local::Local;

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: NonZeroU32,
}

impl Rate {
    /// `requests` in each `period`; all of them may come at once. At least one.
    pub fn new(requests: u32, period: Duration) -> Self {
        let burst = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        Self { interval: (period / burst.get()).max(Duration::from_micros(1)), burst }
    }

    /// The same, of which only so many may come at once.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// In how many seconds a used up burst has come back.
    fn window(&self) -> u64 {
        ceil(self.interval * self.burst.get())
    }
}

/// Who may ask how often. Nothing is limited where nothing is said, but for signing in.
#[derive(Clone)]
#[non_exhaustive]
pub struct RateLimits {
    /// Requests to the API from one address (one `/64` network of IPv6).
    pub address: Option<Rate>,
    /// Requests to the API of one user.
    pub user: Option<Rate>,
    /// Requests to the API with one key.
    pub key: Option<Rate>,
    /// Attempts to sign in, to register, or to reset a password, from one address. 30 a minute where nothing is said.
    pub sign_in: Option<Rate>,
    /// Calls of webhooks from one address.
    pub webhooks: Option<Rate>,
    /// The Redis server that counts for all processes.
    #[cfg(feature = "redis")]
    pub redis: Option<RedisAddress>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            address: None,
            user: None,
            key: None,
            sign_in: Some(Rate::new(30, Duration::from_mins(1))),
            webhooks: None,
            #[cfg(feature = "redis")]
            redis: None,
        }
    }
}

impl RateLimits {
    /// Changes a field in place.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl fmt::Debug for RateLimits {
    /// The address of the Redis server may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").field("address", &self.address).field("user", &self.user).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Address(IpAddr),
    Id(Uuid),
}

impl Subject {
    /// An address. Whoever has one of IPv6 has the whole network.
    pub(crate) fn address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Address,
    User,
    Key,
    SignIn,
    Webhooks,
}

impl Scope {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::User => "user",
            Self::Key => "key",
            Self::SignIn => "sign-in",
            Self::Webhooks => "webhooks",
        }
    }

    /// Where it is counted.
    pub(crate) const fn counted(self) -> usize {
        match self {
            Self::Address | Self::SignIn | Self::Webhooks => 0,
            Self::User => 1,
            Self::Key => 2,
        }
    }
}

/// What a limit says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) scope: Scope,
    rate: Rate,
    /// How many more may come now.
    remaining: u32,
    /// Until the burst has come back.
    reset: Duration,
    /// How long to wait, for one that is refused.
    pub(crate) wait: Option<Duration>,
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

impl Verdict {
    /// Says so in the headers of the answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let name = self.scope.name();
        let policy = format!("\"{name}\";q={};w={}", self.rate.burst, self.rate.window());
        let state = format!("\"{name}\";r={};t={}", self.remaining, ceil(self.reset));
        for (header, value) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(header, value);
            }
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, ceil(wait).max(1).into());
        }
    }
}

/// Whole seconds, not too few.
fn ceil(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Counts requests.
#[derive(Default)]
pub(crate) struct Limiter {
    limits: Vec<(Scope, Rate, Local)>,
    #[cfg(feature = "redis")]
    shared: Option<shared::Shared>,
}

impl Limiter {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        let all = [
            (Scope::Address, limits.address),
            (Scope::User, limits.user),
            (Scope::Key, limits.key),
            (Scope::SignIn, limits.sign_in),
            (Scope::Webhooks, limits.webhooks),
        ];
        Self {
            limits: all.into_iter().filter_map(|(scope, rate)| rate.map(|rate| (scope, rate, Local::new(rate)))).collect(),
            #[cfg(feature = "redis")]
            shared: limits.redis.clone().map(shared::Shared::new),
        }
    }

    /// Counts a request. `None` where there is no such limit. `fallbacks` counts how often it could not be shared.
    #[cfg_attr(not(feature = "redis"), expect(clippy::unused_async, reason = "it asks Redis in a build that can"))]
    pub(crate) async fn check(&self, scope: Scope, subject: Subject, fallbacks: &std::sync::atomic::AtomicU64) -> Option<Verdict> {
        let (_, rate, local) = self.limits.iter().find(|(own, _, _)| *own == scope)?;
        #[cfg(feature = "redis")]
        if let Some(shared) = &self.shared {
            if let Some(verdict) = shared.check(scope, *rate, subject).await {
                return Some(verdict);
            }
            fallbacks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        #[cfg(not(feature = "redis"))]
        let _ = fallbacks;
        Some(local.check(scope, *rate, subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_its_network() {
        let subject = |text: &str| Subject::address(text.parse().expect("an address"));
        assert_eq!(subject("2001:db8::1"), subject("2001:db8::ffff:1"));
        assert_ne!(subject("2001:db8::1"), subject("2001:db8:0:1::1"));
        assert_eq!(subject("::ffff:10.0.0.1"), subject("10.0.0.1"));
        assert_ne!(subject("10.0.0.1"), subject("10.0.0.2"));
    }

    #[tokio::test]
    async fn a_burst_is_let_through_and_no_more() {
        let limits = RateLimits::default().with(|limits| limits.address = Some(Rate::new(3, Duration::from_hours(1))));
        let limiter = Limiter::new(&limits);
        let fallbacks = std::sync::atomic::AtomicU64::new(0);
        let check = async |host: &str| {
            let subject = Subject::address(host.parse().expect("an address"));
            limiter.check(Scope::Address, subject, &fallbacks).await.expect("a limit")
        };
        for left in [2, 1, 0] {
            let verdict = check("10.0.0.1").await;
            assert_eq!((verdict.remaining, verdict.wait), (left, None));
        }
        let verdict = check("10.0.0.1").await;
        let wait = verdict.wait.expect("it is refused");
        assert!(wait > Duration::from_mins(19) && wait <= Duration::from_mins(20), "{wait:?}");
        assert_eq!(check("10.0.0.2").await.wait, None, "another address has its own");
        let mut headers = HeaderMap::new();
        verdict.write(&mut headers);
        assert_eq!(
            (&headers["ratelimit-policy"], &headers["retry-after"]),
            (&HeaderValue::from_static("\"address\";q=3;w=3600"), &HeaderValue::from(1200))
        );
        assert!(limiter.check(Scope::User, Subject::Id(Uuid::nil()), &fallbacks).await.is_none(), "users are not limited");
    }
}
