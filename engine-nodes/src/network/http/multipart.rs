//! `multipart/form-data` bodies (RFC 7578), names escaped as HTML's forms do.

use super::Body;

/// A form of several parts.
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    body: Body,
}

/// One part of a form.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, where it is a file.
    pub file_name: Option<String>,
    /// The part's media type; text has none.
    pub content_type: Option<String>,
    /// What the part holds.
    pub body: Body,
}

impl Part {
    /// A text field.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), file_name: None, content_type: None, body: Body::from(value.into()) }
    }
}

impl Multipart {
    /// An empty form. `random` makes the boundary one that no content has by chance.
    pub fn new(random: [u64; 2]) -> Self {
        let [a, b] = random;
        Self { boundary: format!("----form-{a:016x}{b:016x}"), body: Body::empty() }
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        let mut head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"", self.boundary, escape(&part.name));
        if let Some(file_name) = &part.file_name {
            head.push_str("; filename=\"");
            head.push_str(&escape(file_name));
            head.push('"');
        }
        head.push_str("\r\n");
        if let Some(content_type) = part.content_type.filter(|text| !text.chars().any(char::is_control)) {
            head.push_str("Content-Type: ");
            head.push_str(&content_type);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.body = self.body.followed_by(head).followed_by(part.body).followed_by("\r\n");
        self
    }

    /// The value of the header `content-type`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The whole form.
    pub fn finish(self) -> Body {
        self.body.followed_by(format!("--{}--\r\n", self.boundary))
    }
}

/// Line breaks and quotes as in HTML's `multipart/form-data` encoding; other control characters have no place in a header.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_the_header() {
        let check = |name: &str, expect: &str| assert_eq!(escape(name), expect, "{name:?}");
        check("plain", "plain");
        check("a\"; filename=\"b", "a%22; filename=%22b");
        check("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1");
        check("a\0b", "ab");
        check("größe", "größe");
    }
}
