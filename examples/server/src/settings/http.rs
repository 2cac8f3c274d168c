//! Requests: bounds, rate limits, pages that may call, and letters of the sign-in.

use std::time::Duration;

use engine_http::{Rate, RateLimits, RedisAddress, RedisAddressError};
use secrecy::SecretString;
use url::Url;

use super::problem::Reason;
use super::reader::Reader;
use super::web_address;

/// Requests.
#[derive(Debug)]
pub(crate) struct HttpSettings {
    pub(crate) webhook_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_requests: usize,
    pub(crate) max_body: usize,
    pub(crate) max_form: usize,
    pub(crate) body_budget: usize,
    pub(crate) origins: Vec<String>,
    pub(crate) event_listeners: usize,
    pub(crate) history: usize,
    pub(crate) history_size: usize,
    pub(crate) rate_limits: RateLimits,
    pub(crate) mail: Option<MailSettings>,
}

/// Who carries letters.
#[derive(Debug)]
pub(crate) struct MailSettings {
    pub(crate) server: SecretString,
    pub(crate) from: String,
}

impl HttpSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            webhook_timeout: reader.duration("ENGINE_WEBHOOK_TIMEOUT"),
            request_timeout: reader.duration_of("ENGINE_REQUEST_TIMEOUT", Duration::from_millis(100)),
            max_requests: reader.number("ENGINE_MAX_REQUESTS", 1..=1_000_000),
            max_body: reader.size("ENGINE_MAX_BODY"),
            max_form: reader.size("ENGINE_MAX_FORM"),
            body_budget: reader.size("ENGINE_BODY_BUDGET"),
            origins: origins(reader),
            event_listeners: reader.number("ENGINE_EVENT_LISTENERS", 0..=100_000),
            history: reader.number("ENGINE_HISTORY", 0..=1_000_000),
            history_size: reader.size("ENGINE_HISTORY_SIZE"),
            rate_limits: rate_limits(reader),
            mail: mail(reader),
        }
    }
}

/// Origins as browsers name them: a scheme, a host, perhaps a port, and nothing behind.
fn origins(reader: &mut Reader<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    for origin in reader.list("ENGINE_CORS_ORIGINS") {
        let url = Url::parse(&origin).ok().filter(|url| web_address(&origin).is_ok() && url.path() == "/" && url.query().is_none());
        if let Some(url) = url {
            origins.push(url.origin().ascii_serialization());
        } else {
            let wrong = format!("{origin:?} is no origin of a web page");
            reader.refuse("ENGINE_CORS_ORIGINS", Reason::new(wrong, "Write them as https://app.example.com, separated by commas."));
        }
    }
    origins
}

fn rate_limits(reader: &mut Reader<'_>) -> RateLimits {
    let mut rate = |name| reader.parse(name, rate).flatten();
    let [address, user, key, sign_in, webhooks] =
        ["ENGINE_RATE_LIMIT_ADDRESS", "ENGINE_RATE_LIMIT_USER", "ENGINE_RATE_LIMIT_KEY", "ENGINE_RATE_LIMIT_SIGN_IN", "ENGINE_RATE_LIMIT_WEBHOOKS"]
            .map(&mut rate);
    let redis = reader.parse("REDIS_URL", redis);
    RateLimits::default().with(|limits| {
        (limits.address, limits.user, limits.key) = (address, user, key);
        (limits.sign_in, limits.webhooks) = (sign_in, webhooks);
        limits.redis = redis;
    })
}

/// So many requests in so much time; nothing for `none`.
fn rate(text: &str) -> Result<Option<Rate>, Reason> {
    if text == "none" {
        return Ok(None);
    }
    let read = text.split_once('/').and_then(|(requests, period)| {
        let requests = requests.trim().parse().ok().filter(|requests| *requests > 0)?;
        let period = humantime::parse_duration(period.trim()).ok().filter(|period| !period.is_zero())?;
        Some(Rate::new(requests, period))
    });
    let wrong = || Reason::new("this is no rate", "Write it as 600/1m, so many requests in so much time, or `none`.");
    read.map(Some).ok_or_else(wrong)
}

fn redis(text: &str) -> Result<RedisAddress, Reason> {
    let way_out = "Write it as redis://user:password@redis.example.com:6379/0, or rediss:// for TLS, with %-escapes in user and password.";
    text.parse().map_err(|error: RedisAddressError| Reason::new(error.to_string(), way_out))
}

fn mail(reader: &mut Reader<'_>) -> Option<MailSettings> {
    let server = reader.parse("ENGINE_SMTP_URL", |text| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host());
        let way_out = "Write it as smtps://user:password@mail.example.com, or smtp://mail.example.com:587?tls=required, with %-escapes.";
        url.map(|_| SecretString::from(text)).ok_or_else(|| Reason::new("this is no address of a mail server", way_out))
    });
    let from = reader.parse("ENGINE_MAIL_FROM", |text| {
        let way_out = "Write it as flows@example.com, or Workflows <flows@example.com>.";
        if text.contains('@') { Ok(text.to_owned()) } else { Err(Reason::new("this is no sender", way_out)) }
    });
    if reader.is_set("ENGINE_SMTP_URL") && !reader.is_set("ENGINE_MAIL_FROM") {
        reader.refuse("ENGINE_MAIL_FROM", Reason::new("letters need a sender", "Set it to an address, such as flows@example.com."));
    }
    Some(MailSettings { server: server?, from: from? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(rate("600/1m").unwrap(), Some(Rate::new(600, Duration::from_mins(1))));
        assert_eq!(rate("none").unwrap(), None);
        for wrong in ["600", "0/1m", "1/0s", "1/minute", "-1/1m", "/", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
