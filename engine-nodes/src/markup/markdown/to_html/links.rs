//! Links and images, and the definitions that they refer to.

use std::sync::LazyLock;

use fancy_regex::{Captures, Regex as LookRegex};
use regex::Regex;

use super::spans::encoded;
use super::text::{from, group, part, pattern, plain_pattern, replace};
use super::{Converter, Definition, escape};

/// Behind a link's text: a place in angle brackets, or a place without blanks; then perhaps a title.
const IN_BRACKETS: &str = r"<([^>]*)>";
const BARE: &str = r"<?(\S+?(?:\(\S*?\)\S*?)?)>?";
const DATA: &str = r"<?(data:.+?/.+?;base64,[A-Za-z0-9+/=\n]+?)>?";
const SIZE: &str = r"(?: =([*\d]+[A-Za-z%]{0,4})x([*\d]+[A-Za-z%]{0,4}))?";
/// Characters of places and titles that mean nothing there.
const SPECIAL: &str = "*_:~";

/// What a link or an image is made of.
struct Parts<'t> {
    whole: &'t str,
    text: &'t str,
    id: &'t str,
    url: &'t str,
    title: &'t str,
    size: (&'t str, &'t str),
}

/// Where it leads, in the end.
struct Target {
    url: String,
    title: String,
    size: Option<(String, String)>,
}

impl Converter<'_> {
    /// Takes `[id]: place "title"` out of the text.
    pub(super) fn take_definitions(&mut self, text: &str) -> String {
        static DATA_URLS: LazyLock<LookRegex> = LazyLock::new(|| definition(DATA, r"(?:\n\n|\z|(?=\n\[))"));
        static URLS: LazyLock<LookRegex> = LazyLock::new(|| definition(r"<?([^>\s]+)>?", r"(?:\n+|\z)"));
        let taken = replace(&DATA_URLS, text, |found| self.define(found, text));
        replace(&URLS, &taken, |found| self.define(found, &taken))
    }

    fn define(&mut self, found: &Captures<'_>, text: &str) -> String {
        let id = group(found, 1).to_lowercase();
        // What nothing refers to is no definition.
        if text.to_lowercase().matches(&id).count() < 2 {
            return group(found, 0).to_owned();
        }
        let url = group(found, 2);
        let is_data = url.starts_with("data:") && url.contains(";base64,");
        let url = if is_data { url.chars().filter(|c| !c.is_whitespace()).collect() } else { encoded(url) };
        let (lines, title) = (group(found, 5), group(found, 6));
        let mut defined = Definition { url, ..Definition::default() };
        let back = if lines.is_empty() {
            defined.title = Some(title.replace(['"', '\''], "&quot;")).filter(|title| !title.is_empty());
            let size = (group(found, 3).to_owned(), group(found, 4).to_owned());
            defined.size = Some(size).filter(|(width, height)| self.options.image_dimensions && !width.is_empty() && !height.is_empty());
            String::new()
        } else {
            format!("{lines}{title}")
        };
        self.definitions.insert(id, defined);
        back
    }

    pub(super) fn images(&self, text: &str) -> String {
        static REFERENCE: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"!\[([^\]]*?)\] ?(?:\n *)?\[([\s\S]*?)\]"));
        static INLINE: LazyLock<Vec<LookRegex>> = LazyLock::new(|| {
            let of = |place| pattern(&format!(r#"!\[([^\]]*?)\][ \t]*\([ \t]?{place}{SIZE}[ \t]*(?:(["'])([^"]*?)\5)?[ \t]?\)"#));
            vec![of(DATA), of(IN_BRACKETS), of(BARE)]
        });
        static SHORTCUT: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"!\[([^\[\]]+)\]"));
        if !text.contains("![") {
            return text.to_owned();
        }
        let mut text = replace(&REFERENCE, text, |found| self.image(&referring(found)));
        for (index, inline) in INLINE.iter().enumerate() {
            text = replace(inline, &text, |found| {
                let url = group(found, 2);
                let url = if index == 0 { url.split_whitespace().collect() } else { url.to_owned() };
                let size = (group(found, 3), group(found, 4));
                self.image(&Parts { whole: group(found, 0), text: group(found, 1), id: "", url: &url, title: group(found, 6), size })
            });
        }
        replace(&SHORTCUT, &text, |found| self.image(&referring(found)))
    }

    fn image(&self, parts: &Parts<'_>) -> String {
        let Some(target) = self.target(parts) else { return parts.whole.to_owned() };
        let alt = escape(&parts.text.replace('"', "&quot;"), SPECIAL);
        let size = target.size.map(|(width, height)| {
            let automatic = |size: String| if size == "*" { "auto".to_owned() } else { size };
            format!(" width=\"{}\" height=\"{}\"", automatic(width), automatic(height))
        });
        format!("<img src=\"{}\" alt=\"{alt}\"{}{} />", escape(&target.url, SPECIAL), title_attribute(&target.title), size.unwrap_or_default())
    }

    pub(super) fn links(&self, text: &str) -> String {
        static REFERENCE: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"\A ?(?:\n *)?\[(.*?)\]"));
        static INLINE: LazyLock<Vec<LookRegex>> = LazyLock::new(|| {
            let of = |place| pattern(&format!(r#"\A[ \t]*\([ \t]?{place}(?:[ \t]*((["'])([^"]*?)\3))?[ \t]?\)"#));
            vec![of(IN_BRACKETS), of(BARE)]
        });
        static SHORTCUT: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"\[([^\[\]]+)\]"));
        let mut text = self.links_like(text, &REFERENCE, |found| (group(found, 1), "", ""));
        for inline in INLINE.iter() {
            text = self.links_like(&text, inline, |found| ("", group(found, 1), group(found, 4)));
        }
        let text = replace(&SHORTCUT, &text, |found| self.link(&referring(found)));
        self.mentions(&text)
    }

    /// Links whose text is followed by a match of the pattern; `parts` takes the id, the place and the title from it.
    fn links_like(&self, text: &str, behind: &LookRegex, parts: impl for<'t> Fn(&Captures<'t>) -> (&'t str, &'t str, &'t str)) -> String {
        let mut made = String::with_capacity(text.len());
        let (mut at, mut search) = (0, 0);
        while let Some(start) = from(text, search).find('[').map(|next| search + next) {
            search = start + 1;
            let Some(end) = text_end(text, start) else { continue };
            let Ok(Some(found)) = behind.captures(from(text, end)) else { continue };
            let (id, url, title) = parts(&found);
            let whole = part(text, start..end + group(&found, 0).len());
            made.push_str(part(text, at..start));
            made.push_str(&self.link(&Parts { whole, text: part(text, start + 1..end - 1), id, url, title, size: ("", "") }));
            (at, search) = (start + whole.len(), start + whole.len());
        }
        made + from(text, at)
    }

    fn link(&self, parts: &Parts<'_>) -> String {
        let Some(target) = self.target(parts) else { return parts.whole.to_owned() };
        let url = escape(&target.url, SPECIAL);
        let window = if target.url.starts_with('#') { "" } else { self.window() };
        format!("<a href=\"{url}\"{}{window}>{}</a>", title_attribute(&target.title), parts.text)
    }

    /// The attributes of links that open a window.
    pub(super) fn window(&self) -> &'static str {
        // The underscore is one that means nothing, see `escape`.
        if self.options.new_window { " rel=\"noopener noreferrer\" target=\"\u{fdd7}blank\"" } else { "" }
    }

    /// Where a link leads; `None` when it refers to what is not defined.
    fn target(&self, parts: &Parts<'_>) -> Option<Target> {
        static EMPTY: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r#"(?m)\(<?\s*>? ?(['"].*['"])?\)$"#));
        let size = Some((parts.size.0.to_owned(), parts.size.1.to_owned())).filter(|(width, height)| !width.is_empty() && !height.is_empty());
        let plain = |url: &str| Target { url: url.to_owned(), title: parts.title.to_owned(), size: size.clone() };
        if EMPTY.is_match(parts.whole) {
            return Some(plain(""));
        }
        if !parts.url.is_empty() {
            return Some(plain(parts.url));
        }
        let id = if parts.id.is_empty() { parts.text.to_lowercase().replace(" \n", " ").replace('\n', " ") } else { parts.id.to_lowercase() };
        let defined = self.definitions.get(&id)?;
        Some(Target { url: defined.url.clone(), title: defined.title.clone().unwrap_or_default(), size: defined.size.clone() })
    }
}

fn referring<'t>(found: &Captures<'t>) -> Parts<'t> {
    Parts { whole: group(found, 0), text: group(found, 1), id: group(found, 2), url: "", title: "", size: ("", "") }
}

fn title_attribute(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" title=\"{}\"", escape(&title.replace('"', "&quot;"), SPECIAL)) }
}

fn definition(url: &str, end: &str) -> LookRegex {
    pattern(&format!(r#"(?m)^ {{0,3}}\[([^\]]+)\]:[ \t]*\n?[ \t]*{url}{SIZE}[ \t]*\n?[ \t]*(?:(\n*)["|'(](.+?)["|')][ \t]*)?{end}"#))
}

/// Where the text of a link ends that begins at a place; it may hold brackets, but no brackets in those.
fn text_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b']' => return Some(at + 1),
            b'[' => at += from(text, at).find(']')? + 1,
            _ => at += 1,
        }
    }
}
