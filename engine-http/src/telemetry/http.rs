//! What the server is asked, counted by route, method and status. Routes are patterns, so that nobody can make up new ones.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};

use super::Histogram;

/// What is counted about requests.
#[derive(Debug, Default)]
pub(crate) struct HttpNumbers {
    routes: RwLock<HashMap<Arc<str>, Arc<Numbers>>>,
    /// Requests that are being served.
    pub(crate) in_flight: AtomicUsize,
    /// Requests that were refused because too many were being served.
    pub(crate) shed: AtomicU64,
    /// Requests that were refused because their sender sent too many.
    pub(crate) limited: [AtomicU64; 3],
    /// How often a limit could not be shared with other processes.
    pub(crate) fallbacks: AtomicU64,
}

#[derive(Debug, Default)]
struct Numbers {
    answers: RwLock<HashMap<(&'static str, u16), Arc<AtomicU64>>>,
    took: Histogram,
}

/// Whose requests were too many, in the order in which they are counted.
pub(crate) const SCOPES: [&str; 3] = ["address", "user", "key"];

impl HttpNumbers {
    /// Counts an answer.
    pub(crate) fn answered(&self, route: &str, (method, status): (&Method, StatusCode), took: Duration) {
        let numbers = find(&self.routes, route, || route.into());
        let answer = (name(method), status.as_u16());
        find(&numbers.answers, &answer, || answer).fetch_add(1, Ordering::Relaxed);
        numbers.took.add(took);
    }

    /// Counts a request that was one too many.
    #[cfg(feature = "rate-limit")]
    pub(crate) fn refused(&self, scope: usize) {
        if let Some(count) = self.limited.get(scope) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes what was counted.
    pub(super) fn write(&self, text: &mut String) -> fmt::Result {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<(&Arc<str>, &Arc<Numbers>)> = routes.iter().collect();
        sorted.sort_unstable_by_key(|(route, _)| *route);
        text.write_str("# HELP engine_http_requests_total Requests that were answered.\n# TYPE engine_http_requests_total counter\n")?;
        for (route, numbers) in &sorted {
            let answers = numbers.answers.read().unwrap_or_else(PoisonError::into_inner);
            for ((method, status), count) in answers.iter() {
                let count = count.load(Ordering::Relaxed);
                writeln!(text, "engine_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}")?;
            }
        }
        text.write_str("# HELP engine_http_request_seconds How long answers took.\n# TYPE engine_http_request_seconds histogram\n")?;
        for (route, numbers) in &sorted {
            numbers.took.write(text, "engine_http_request_seconds", &format!("route=\"{route}\","))?;
        }
        writeln!(text, "# HELP engine_http_requests_in_flight Requests that are being served.\n# TYPE engine_http_requests_in_flight gauge")?;
        writeln!(text, "engine_http_requests_in_flight {}", self.in_flight.load(Ordering::Relaxed))?;
        writeln!(text, "# HELP engine_http_requests_shed_total Requests refused under load.\n# TYPE engine_http_requests_shed_total counter")?;
        writeln!(text, "engine_http_requests_shed_total {}", self.shed.load(Ordering::Relaxed))?;
        writeln!(text, "# HELP engine_rate_limited_total Requests refused by a rate limit.\n# TYPE engine_rate_limited_total counter")?;
        for (scope, count) in SCOPES.iter().zip(&self.limited) {
            writeln!(text, "engine_rate_limited_total{{scope=\"{scope}\"}} {}", count.load(Ordering::Relaxed))?;
        }
        writeln!(
            text,
            "# HELP engine_rate_limit_fallbacks_total Limits that could not be shared.\n# TYPE engine_rate_limit_fallbacks_total counter"
        )?;
        writeln!(text, "engine_rate_limit_fallbacks_total {}", self.fallbacks.load(Ordering::Relaxed))
    }
}

/// The entry of a key; made where it is not there yet.
fn find<K, Q, V>(map: &RwLock<HashMap<K, Arc<V>>>, key: &Q, own: impl FnOnce() -> K) -> Arc<V>
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
    V: Default,
{
    if let Some(known) = map.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return Arc::clone(known);
    }
    Arc::clone(map.write().unwrap_or_else(PoisonError::into_inner).entry(own()).or_default())
}

/// Methods that are counted by name; there are as many as a caller makes up.
fn name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_are_one() {
        let numbers = HttpNumbers::default();
        for method in ["BREW", "WHEN", "GET"] {
            let method = method.parse().expect("a method");
            numbers.answered("/a/{id}", (&method, StatusCode::OK), Duration::from_millis(1));
        }
        let mut text = String::new();
        numbers.write(&mut text).expect("written");
        assert!(text.contains("engine_http_requests_total{route=\"/a/{id}\",method=\"other\",status=\"200\"} 2"), "{text}");
        assert_eq!(find(&numbers.routes, "/a/{id}", || "/a/{id}".into()).took.count(), 3);
    }
}
