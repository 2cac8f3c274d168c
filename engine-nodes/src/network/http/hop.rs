//! Redirects: where a response leads, and what of the request goes there.

use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, LOCATION, PROXY_AUTHORIZATION,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{Body, HttpError, HttpRequest, Redirects, Secrets};

/// One exchange on the way from a request to its response.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Gone for good once the way leads to another host.
    pub(super) secrets: Option<Secrets>,
    redirects: Redirects,
    followed: usize,
}

impl Hop {
    pub(super) fn first(request: HttpRequest, most: usize) -> Self {
        let redirects = match request.redirects {
            Redirects::Never => Redirects::Never,
            Redirects::Safe(limit) => Redirects::Safe(limit.min(most)),
            Redirects::All(limit) => Redirects::All(limit.min(most)),
        };
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            secrets: (!request.secrets.is_empty()).then_some(request.secrets),
            redirects,
            followed: 0,
        }
    }

    /// Goes where a response leads. False when it is the response to hand out.
    pub(super) fn follow(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<bool, HttpError> {
        let Some(target) = self.target(status, headers)? else { return Ok(false) };
        let limit = match self.redirects {
            Redirects::Never => return Ok(false),
            Redirects::Safe(_) if self.method != Method::GET && self.method != Method::HEAD => return Ok(false),
            Redirects::Safe(limit) | Redirects::All(limit) => limit,
        };
        if self.followed >= limit {
            return Err(HttpError::TooManyRedirects { limit });
        }
        self.followed += 1;
        self.change_method(status);
        if !stays(&self.url, &target) {
            self.leave(&target)?;
        }
        self.headers.remove(HOST);
        self.url = target;
        Ok(true)
    }

    fn target(&self, status: StatusCode, headers: &HeaderMap) -> Result<Option<Url>, HttpError> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = headers.get(LOCATION) else { return Ok(None) };
        let location = String::from_utf8_lossy(location.as_bytes());
        let target = self.url.join(&location).map_err(|error| HttpError::invalid_url(&location, &error))?;
        match target.scheme() {
            "http" | "https" => Ok(Some(target)),
            scheme => Err(HttpError::invalid_url(&location, &format!("a redirect to {scheme:?}"))),
        }
    }

    /// As the Fetch standard has it: 303 makes a GET of everything but HEAD, 301 and 302 of POST.
    fn change_method(&mut self, status: StatusCode) {
        let to_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if to_get {
            self.method = Method::GET;
            self.body = Body::empty();
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE] {
                self.headers.remove(name);
            }
        }
    }

    /// Another host gets nothing that proves who asks.
    fn leave(&mut self, target: &Url) -> Result<(), HttpError> {
        for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
            self.headers.remove(name);
        }
        let secrets = self.secrets.take();
        if !self.body.is_none() && secrets.is_some_and(|secrets| secrets.are_in_body()) {
            return Err(HttpError::CredentialRefused { host: target.host_str().unwrap_or_default().to_owned() });
        }
        Ok(())
    }
}

/// Whether secrets that went to `from` may go to `to`: the same host and port, or the same host moving up to https.
pub(crate) fn stays(from: &Url, to: &Url) -> bool {
    let same_host = from.host() == to.host();
    let same_origin = from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default();
    let upgrade = from.scheme() == "http" && to.scheme() == "https" && from.port().is_none() && to.port().is_none();
    same_host && (same_origin || upgrade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: Method, url: &str, redirects: Redirects) -> Hop {
        let mut request = HttpRequest::new(method, Url::parse(url).unwrap());
        request.redirects = redirects;
        request.body = Body::from("body");
        for (name, value) in [("authorization", "typed"), ("content-type", "text/plain"), ("x-mine", "1"), ("host", "other")] {
            request.header(name, value).unwrap();
        }
        request.secrets = Secrets::default().header("x-key", "secret").unwrap();
        Hop::first(request, 5)
    }

    fn to(location: &str) -> HeaderMap {
        HeaderMap::from_iter([(LOCATION, location.parse().unwrap())])
    }

    #[test]
    fn methods_change_as_in_fetch() {
        let check = |status: u16, method: Method, expect: Method| {
            let mut hop = hop(method.clone(), "http://a/x", Redirects::All(5));
            assert!(hop.follow(StatusCode::from_u16(status).unwrap(), &to("/y")).unwrap());
            assert_eq!(hop.method, expect, "{status} {method}");
            assert_eq!(hop.body.is_none(), method != expect, "{status} {method}");
            assert_eq!(hop.headers.contains_key("content-type"), method == expect);
            assert_eq!(hop.url.as_str(), "http://a/y");
        };
        check(301, Method::POST, Method::GET);
        check(302, Method::POST, Method::GET);
        check(302, Method::PUT, Method::PUT);
        check(303, Method::PUT, Method::GET);
        check(303, Method::HEAD, Method::HEAD);
        check(307, Method::POST, Method::POST);
        check(308, Method::DELETE, Method::DELETE);
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let check = |from: &str, location: &str, expect: bool| {
            let mut hop = hop(Method::GET, from, Redirects::All(5));
            assert!(hop.follow(StatusCode::FOUND, &to(location)).unwrap());
            assert_eq!(hop.secrets.is_some(), expect, "{from} {location}");
            assert_eq!(hop.headers.contains_key("authorization"), expect, "{from} {location}");
            assert!(hop.headers.contains_key("x-mine") && !hop.headers.contains_key("host"));
        };
        check("http://a/x", "/y", true);
        check("http://a/x", "http://a:80/y", true);
        check("http://a/x", "https://a/y", true);
        check("https://a/x", "http://a/y", false);
        check("http://a/x", "http://a:8080/y", false);
        check("http://a/x", "http://b/y", false);
        check("http://a/x", "//b/y", false);
        check("http://a/x", "http://sub.a/y", false);
    }

    #[test]
    fn secrets_do_not_come_back() {
        let mut hop = hop(Method::GET, "http://a/", Redirects::All(5));
        assert!(hop.follow(StatusCode::FOUND, &to("http://b/")).unwrap());
        assert!(hop.follow(StatusCode::FOUND, &to("http://a/")).unwrap());
        assert!(hop.secrets.is_none());
    }

    #[test]
    fn a_body_with_a_secret_is_not_sent_on() {
        let mut hop = hop(Method::POST, "http://a/", Redirects::All(5));
        hop.secrets = Some(Secrets::default().in_body());
        let error = hop.follow(StatusCode::TEMPORARY_REDIRECT, &to("http://b/")).unwrap_err();
        assert_eq!(error.code(), "http-credential-refused");
    }

    #[test]
    fn what_is_not_followed_is_handed_out() {
        let check = |method: Method, redirects: Redirects, headers: HeaderMap| {
            assert!(!hop(method, "http://a/", redirects).follow(StatusCode::FOUND, &headers).unwrap());
        };
        check(Method::GET, Redirects::Never, to("/"));
        check(Method::POST, Redirects::Safe(5), to("/"));
        check(Method::GET, Redirects::All(5), HeaderMap::new());
    }

    #[test]
    fn redirects_end() {
        let mut hop = hop(Method::GET, "http://a/", Redirects::All(100));
        for _ in 0..5 {
            assert!(hop.follow(StatusCode::FOUND, &to("/")).unwrap());
        }
        assert_eq!(hop.follow(StatusCode::FOUND, &to("/")).unwrap_err().code(), "http-too-many-redirects");
    }

    #[test]
    fn other_schemes_are_no_way_out() {
        for location in ["file:///etc/passwd", "ftp://a/", "gopher://127.0.0.1:6379/", "data:text/plain,x"] {
            let error = hop(Method::GET, "http://a/", Redirects::All(5)).follow(StatusCode::FOUND, &to(location)).unwrap_err();
            assert_eq!(error.code(), "http-invalid-url", "{location}");
        }
    }
}
