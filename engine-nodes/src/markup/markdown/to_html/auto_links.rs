//! Places and addresses that become links as they stand, and mentions.

use std::sync::LazyLock;

use fancy_regex::Regex as LookRegex;
use regex::{Captures, Regex};

use super::text::{WORD, group, pattern, plain_pattern, replace};
use super::{Converter, escape, unescaped};

impl Converter<'_> {
    pub(super) fn auto_links(&self, text: &str) -> String {
        static URL: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r#"(?i)<((?:(?:https?|ftp|dict)://|www\.)[^'">\s]+)>"#));
        static MAIL: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?i)<(?:mailto:)?([-.a-z0-9_]+@[-a-z0-9]+(?:\.[-a-z0-9]+)*\.[a-z]+)>"));
        let text = URL.replace_all(text, |found: &Captures<'_>| self.url_link(&found[1]));
        let text = MAIL.replace_all(&text, |found: &Captures<'_>| self.mail_link(&found[1]));
        self.simple_auto_links(&text)
    }

    /// Links of whatever looks like a place or an address, where that is wanted.
    pub(super) fn simple_auto_links(&self, text: &str) -> String {
        static URL: LazyLock<[LookRegex; 2]> = LazyLock::new(|| {
            let of = |lazy: &str, punctuation: &str| {
                let place = format!(r#"((?:(?:https?|ftp|dict)://|www\.)[^'">\s]+{lazy}\.[^'">\s]+?)"#);
                pattern(&format!(r#"(?i)([*~_]+|(?<!{WORD})){place}({punctuation})(\1)?(?=\s|\z)(?!["<>])"#))
            };
            [of("?", ""), of("", r"[.!?,()\[\]]?")]
        });
        static MAIL: LazyLock<LookRegex> =
            LazyLock::new(|| pattern(r"(?i)(^|\s)(?:mailto:)?([A-Za-z0-9!#$%&'*+-/=?^_`{|}~.]+@[-a-z0-9]+(?:\.[-a-z0-9]+)*\.[a-z]+)(?=\z|\s)"));
        if !self.options.simple_auto_links {
            return text.to_owned();
        }
        let excludes = self.options.exclude_trailing_punctuation;
        let text = replace(&URL[usize::from(excludes)], text, |found| {
            format!("{}{}{}{}", group(found, 1), self.url_link(group(found, 2)), group(found, 3), group(found, 4))
        });
        replace(&MAIL, &text, |found| format!("{}{}", group(found, 1), self.mail_link(group(found, 2))))
    }

    fn url_link(&self, url: &str) -> String {
        let url = escape(url, "*_:~");
        let has_scheme = !url.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
        let place = if has_scheme { url.clone() } else { format!("http://www.{}", url.get(4..).unwrap_or_default()) };
        format!("<a href=\"{place}\"{}>{url}</a>", self.window())
    }

    fn mail_link(&self, mail: &str) -> String {
        let mail = unescaped(mail);
        let place = format!("mailto:{mail}");
        if self.options.encode_emails {
            format!("<a href=\"{}\">{}</a>", as_entities(&place), as_entities(&mail))
        } else {
            format!("<a href=\"{place}\">{mail}</a>")
        }
    }

    pub(super) fn mentions(&self, text: &str) -> String {
        static MENTION: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?mi)(^|\s)(\\?)(@([a-z\d](?:[a-z\d.-]*[a-z\d])?))"));
        let Some(link) = &self.options.mentions else { return text.to_owned() };
        let with = |found: &Captures<'_>| {
            if &found[2] == "\\" {
                return format!("{}{}", &found[1], &found[3]);
            }
            format!("{}<a href=\"{}\"{}>{}</a>", &found[1], link.replace("{u}", &found[4]), self.window(), &found[3])
        };
        MENTION.replace_all(text, with).into_owned()
    }
}

/// An address that is not plain to see for those who collect addresses. Showdown throws dice for each character; here decimal and hexadecimal
/// entities take turns, so that the same text gives the same HTML.
fn as_entities(text: &str) -> String {
    let entity = |(index, c): (usize, char)| if index % 2 == 0 { format!("&#{};", u32::from(c)) } else { format!("&#x{:x};", u32::from(c)) };
    text.chars().enumerate().map(entity).collect()
}
