//! Digest authentication (RFC 7616): the answer to a server's challenge.

use md5::Md5;
use reqwest::Method;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use sha2::{Digest, Sha256};
use url::Url;

use super::secrets::DigestLogin;

/// A server's challenge that this client can answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    session: bool,
    /// Whether the server knows `qop=auth`; without it the answer has the form of RFC 2069.
    auth: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Challenge {
    /// The strongest digest challenge of a response that can be answered.
    pub(super) fn find(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        texts.filter_map(Self::parse).max_by_key(|challenge| challenge.algorithm)
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let named = get("algorithm").unwrap_or_else(|| "MD5".to_owned()).to_ascii_uppercase();
        let (name, session) = named.strip_suffix("-SESS").map_or((named.as_str(), false), |name| (name, true));
        let algorithm = match name {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qop = get("qop");
        let auth = qop.as_deref().is_some_and(|qop| qop.split(',').any(|word| word.trim().eq_ignore_ascii_case("auth")));
        // `auth-int` alone would need the body's hash, which a stream does not give beforehand.
        if qop.is_some() && !auth {
            return None;
        }
        Some(Self { realm: get("realm")?, nonce: get("nonce")?, opaque: get("opaque"), algorithm, session, auth })
    }

    /// The value of `authorization` that answers the challenge. `cnonce` is a random text of the client's.
    pub(super) fn answer(&self, login: &DigestLogin, method: &Method, url: &Url, cnonce: &str) -> String {
        let uri = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let count = "00000001";
        let mut ha1 = self.hash(&format!("{}:{}:{}", login.user, self.realm, login.password));
        if self.session {
            ha1 = self.hash(&format!("{ha1}:{}:{cnonce}", self.nonce));
        }
        let ha2 = self.hash(&format!("{method}:{uri}"));
        let response = if self.auth {
            self.hash(&format!("{ha1}:{}:{count}:{cnonce}:auth:{ha2}", self.nonce))
        } else {
            self.hash(&format!("{ha1}:{}:{ha2}", self.nonce))
        };
        let mut answer = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}",
            quoted(&login.user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(&uri),
            self.algorithm_name(),
        );
        if self.auth {
            answer.push_str(", qop=auth, nc=");
            answer.push_str(count);
            answer.push_str(", cnonce=");
            answer.push_str(&quoted(cnonce));
        }
        if let Some(opaque) = &self.opaque {
            answer.push_str(", opaque=");
            answer.push_str(&quoted(opaque));
        }
        answer
    }

    fn algorithm_name(&self) -> &'static str {
        match (self.algorithm, self.session) {
            (Algorithm::Md5, false) => "MD5",
            (Algorithm::Md5, true) => "MD5-sess",
            (Algorithm::Sha256, false) => "SHA-256",
            (Algorithm::Sha256, true) => "SHA-256-sess",
        }
    }

    fn hash(&self, text: &str) -> String {
        match self.algorithm {
            Algorithm::Md5 => hex(&Md5::digest(text)),
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `name=value` pairs between commas; values may be quoted, with backslash escapes.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let name: String = std::iter::from_fn(|| chars.next_if(|c| *c != '=' && *c != ',')).collect();
        let mut value = String::new();
        if chars.next_if_eq(&'=').is_some() {
            if chars.next_if_eq(&'"').is_some() {
                value.extend(std::iter::from_fn(|| match chars.next()? {
                    '"' => None,
                    '\\' => chars.next(),
                    c => Some(c),
                }));
            }
            value.extend(std::iter::from_fn(|| chars.next_if(|c| *c != ',')));
        }
        chars.next();
        pairs.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> DigestLogin {
        DigestLogin { user: "Mufasa".to_owned(), password: "Circle of Life".to_owned() }
    }

    /// The examples of RFC 7616, section 3.9.1.
    #[test]
    fn answers_are_those_of_the_standard() {
        let check = |algorithm: &str, expect: &str| {
            let text = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let challenge = Challenge::parse(&text).unwrap();
            let url = Url::parse("http://www.example.org/dir/index.html").unwrap();
            let answer = challenge.answer(&login(), &Method::GET, &url, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
            assert!(answer.contains(&format!("response=\"{expect}\"")), "{answer}");
        };
        check("MD5", "8ca523f5e9506fed4657c9700eebdbec");
        check("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    }

    #[test]
    fn the_strongest_challenge_is_answered() {
        let mut headers = HeaderMap::new();
        for text in ["Basic realm=\"a\"", "Digest realm=\"a\", nonce=\"n\"", "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256", "Digest nonce=x"] {
            headers.append(WWW_AUTHENTICATE, text.parse().unwrap());
        }
        assert_eq!(Challenge::find(&headers).unwrap().algorithm, Algorithm::Sha256);
    }

    #[test]
    fn what_cannot_be_answered_is_none() {
        let check = |text: &str| assert_eq!(Challenge::parse(text), None, "{text}");
        check("");
        check("Basic realm=\"a\"");
        check("Digest realm=\"a\"");
        check("Digest realm=\"a\", nonce=\"n\", qop=\"auth-int\"");
        check("Digest realm=\"a\", nonce=\"n\", algorithm=TOKEN");
    }

    #[test]
    fn parameters_may_be_quoted() {
        let pairs = parameters(r#"realm="a \"b\", c", nonce=plain , stale, opaque="""#);
        let expect = [("realm", r#"a "b", c"#), ("nonce", "plain"), ("stale", ""), ("opaque", "")];
        assert_eq!(pairs, expect.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
