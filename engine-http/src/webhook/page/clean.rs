//! HTML of a workflow's author, made harmless: a few elements and attributes pass, everything else becomes text or goes away.
//!
//! What comes out is written anew, never copied: each element is known, each attribute is known and quoted, each element that was opened is closed, and none is closed
//! that was not opened here. So nothing in it can end the page's own elements, run, or send.

use super::html::put;

/// Elements that pass.
const ELEMENTS: [&str; 36] = [
    "a", "b", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "iframe", "img", "li", "ol", "p", "pre", "source", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "video", "small",
];

/// Elements without content.
const EMPTY: [&str; 4] = ["br", "hr", "img", "source"];

/// Elements that go away with all that is in them: it is no text for people.
const DROPPED: [&str; 9] = ["script", "style", "template", "textarea", "title", "noscript", "noembed", "xmp", "object"];

/// More elements than this within each other are left out.
const MAX_DEPTH: usize = 64;

/// What has more attributes than this is no tag. Bounds, with names and values that hold no `<`, what looking for the end of a tag costs.
const MAX_ATTRIBUTES: usize = 32;

/// The HTML that may be shown.
pub(super) fn clean(html: &str) -> String {
    let mut cleaner = Cleaner { out: String::with_capacity(html.len()), open: Vec::new() };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        cleaner.text(text);
        rest = cleaner.markup(from);
    }
    cleaner.text(rest);
    while let Some(element) = cleaner.open.pop() {
        cleaner.close(element);
    }
    cleaner.out
}

struct Cleaner {
    out: String,
    open: Vec<&'static str>,
}

/// A tag as it was written.
struct Tag<'h> {
    name: String,
    is_end: bool,
    attributes: Vec<(String, &'h str)>,
}

impl Cleaner {
    /// Text between tags. Character references in it stay what they are.
    fn text(&mut self, text: &str) {
        text.chars().for_each(|c| match c {
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '\0' => {}
            c => self.out.push(c),
        });
    }

    /// Takes what begins with `<`; gives what comes behind it.
    fn markup<'h>(&mut self, from: &'h str) -> &'h str {
        let after = from.get(1..).unwrap_or_default();
        if let Some(comment) = after.strip_prefix("!--") {
            return comment.split_once("-->").map_or("", |(_, rest)| rest);
        }
        if after.starts_with(['!', '?']) {
            return after.split_once('>').map_or("", |(_, rest)| rest);
        }
        let Some((tag, rest)) = tag(after) else {
            self.text("<");
            return after;
        };
        if !tag.is_end && DROPPED.contains(&tag.name.as_str()) {
            return behind(rest, &tag.name);
        }
        if let Some(element) = ELEMENTS.into_iter().find(|element| *element == tag.name) {
            if tag.is_end { self.end(element) } else { self.begin(element, &tag.attributes) }
        }
        rest
    }

    fn begin(&mut self, element: &'static str, attributes: &[(String, &str)]) {
        let is_empty = EMPTY.contains(&element);
        if !is_empty && self.open.len() >= MAX_DEPTH {
            return;
        }
        self.out.push('<');
        self.out.push_str(element);
        for (name, value) in attributes {
            if passes(element, name) && (!is_address(name) || is_harmless(value)) && !self.out.ends_with(&format!(" {name}")) {
                let value = value.replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
                put(&mut self.out, format_args!(" {name}=\"{value}\""));
            }
        }
        match element {
            "a" => self.out.push_str(" rel=\"noopener noreferrer\""),
            "iframe" => self.out.push_str(" sandbox=\"\" referrerpolicy=\"no-referrer\""),
            _ => {}
        }
        self.out.push('>');
        if !is_empty {
            self.open.push(element);
        }
    }

    /// Closes an element that is open, and those that are open within it.
    fn end(&mut self, element: &'static str) {
        let Some(at) = self.open.iter().rposition(|open| *open == element) else { return };
        for inner in self.open.split_off(at).into_iter().rev() {
            self.close(inner);
        }
    }

    fn close(&mut self, element: &'static str) {
        put(&mut self.out, format_args!("</{element}>"));
    }
}

/// What follows the end of an element that goes away.
fn behind<'h>(html: &'h str, element: &str) -> &'h str {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..element.len()).is_some_and(|name| name.eq_ignore_ascii_case(element)) {
            return after.split_once('>').map_or("", |(_, rest)| rest);
        }
        rest = after;
    }
    ""
}

/// Reads a tag behind its `<`; `None` where none begins there.
fn tag(html: &str) -> Option<(Tag<'_>, &str)> {
    let (is_end, body) = html.strip_prefix('/').map_or((false, html), |body| (true, body));
    let end_of_name = body.find(|c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>' | '/'))?;
    let (name, mut rest) = body.split_at(end_of_name);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut tag = Tag { name: name.to_ascii_lowercase(), is_end, attributes: Vec::new() };
    while tag.attributes.len() <= MAX_ATTRIBUTES {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return Some((tag, rest));
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>' | '/' | '='))?;
        let (name, behind) = rest.split_at(end.max(usize::from(rest.starts_with('='))));
        if name.is_empty() {
            return None;
        }
        let (value, behind) = match behind.trim_start().strip_prefix('=') {
            Some(value) => attribute_value(value.trim_start())?,
            None => ("", behind),
        };
        tag.attributes.push((name.to_ascii_lowercase(), value));
        rest = behind;
    }
    None
}

/// A value, quoted or not, and what follows it.
fn attribute_value(from: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = from.strip_prefix(quote) {
            return quoted.split_once(quote);
        }
    }
    let end = from.find(|c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>'))?;
    let (value, rest) = from.split_at(end);
    (!rest.starts_with('<')).then_some((value, rest))
}

fn passes(element: &str, attribute: &str) -> bool {
    match element {
        "a" => matches!(attribute, "href" | "target"),
        "img" => matches!(attribute, "src" | "alt" | "width" | "height"),
        "video" => matches!(attribute, "src" | "controls" | "autoplay" | "loop" | "muted" | "poster" | "width" | "height"),
        "source" => matches!(attribute, "src" | "type"),
        "iframe" => matches!(attribute, "src" | "width" | "height" | "title" | "allowfullscreen"),
        "td" | "th" => matches!(attribute, "colspan" | "rowspan" | "scope"),
        _ => false,
    }
}

fn is_address(attribute: &str) -> bool {
    matches!(attribute, "href" | "src" | "poster")
}

/// An address that says `http` or `https` in so many letters, or one within this server. Whatever hides its scheme behind references or blanks is none.
fn is_harmless(address: &str) -> bool {
    let begins = |scheme: &str| address.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    begins("https://")
        || begins("http://")
        || address.starts_with('#')
        || (address.starts_with('/') && !address.starts_with("//") && !address.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: &str) {
        assert_eq!(clean(html), expect, "{html}");
    }

    #[test]
    fn what_is_meant_to_be_read_passes() {
        check("a < b & c &amp; d", "a &lt; b & c &amp; d");
        check("<B>x</b> <br/> <P>y", "<b>x</b> <br> <p>y</p>");
        check(
            "<a href='https://a.b/?x=1&y=2' target=_blank>x</a>",
            "<a href=\"https://a.b/?x=1&y=2\" target=\"_blank\" rel=\"noopener noreferrer\">x</a>",
        );
        check("<img src=/a.png alt=\"a > b\">", "<img src=\"/a.png\" alt=\"a &gt; b\">");
        check("<td colspan=2>x</td>", "<td colspan=\"2\">x</td>");
        check("<video controls src=\"https://a/v.mp4\"></video>", "<video controls=\"\" src=\"https://a/v.mp4\"></video>");
        check(
            "<iframe src=https://a/ sandbox=allow-scripts></iframe>",
            "<iframe src=\"https://a/\" sandbox=\"\" referrerpolicy=\"no-referrer\"></iframe>",
        );
    }

    #[test]
    fn what_runs_or_sends_does_not() {
        check("<script>alert(1)</script>x", "x");
        check("<SCRIPT >alert('</b>')</ScRiPt foo>x", "x");
        check("<script>never closed", "");
        check("<style>body{}</style><form action=/x><input name=a>y</form>", "y");
        check("<img src=x onerror=alert(1)>", "<img>");
        check("<b onclick=\"alert(1)\">x</b>", "<b>x</b>");
        check("<svg onload=alert(1)><math><b>x</b>", "<b>x</b>");
        check("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer\">x</a>");
        for address in
            ["java&#115;cript:x", " javascript:x", "\tjavascript:x", "data:text/html,x", "//evil", "/\\evil", "vbscript:x", "ht&#x74;ps://a"]
        {
            check(&format!("<a href='{address}'>x</a>"), "<a rel=\"noopener noreferrer\">x</a>");
        }
        check("<a href=https://a href=javascript:x>x</a>", "<a href=\"https://a\" rel=\"noopener noreferrer\">x</a>");
        check("<div style='position:fixed' class=x id=y>x", "<div>x</div>");
        check("<!-- <b> --><!doctype x><?php x ?>y", "y");
        check("<meta http-equiv=refresh content=0><base href=//x>y", "y");
    }

    #[test]
    fn nothing_closes_or_outgrows_the_page() {
        check("</div></main></body>x", "x");
        check("<div><b>x</div>y</b>", "<div><b>x</b></div>y");
        check("<a title='<b>", "&lt;a title='<b></b>");
        check("x <b", "x &lt;b");
        check("<<b>x", "&lt;<b>x</b>");
        check("<b\u{0}>x\u{0}y", "xy");
        let deep = clean(&"<div>".repeat(10_000));
        assert_eq!((deep.matches("<div>").count(), deep.matches("</div>").count()), (MAX_DEPTH, MAX_DEPTH));
    }

    /// Whatever the pieces and their order: what comes out passes unchanged, and only what passes comes out.
    #[test]
    fn what_comes_out_is_clean() {
        let pieces = [
            "<",
            ">",
            "/",
            "=",
            "\"",
            "'",
            " ",
            "&",
            "b",
            "a",
            "script",
            "<script>",
            "</script>",
            "<a href=",
            "javascript:",
            "https://x",
            "<img ",
            "onerror=",
            "<!--",
            "-->",
            "<div>",
            "</div>",
            "</",
            "<iframe src=",
            "style",
            "<b",
            "&lt;",
            "\0",
            "é",
            "<td colspan=",
            "<![CDATA[",
            "<svg",
            "href",
            "#",
            "\n",
        ];
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut html = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                html.push_str(pieces[usize::try_from(seed >> 33).expect("31 bits") % pieces.len()]);
            }
            let once = clean(&html);
            assert_eq!(clean(&once), once, "{html:?}");
            for tag in once.split('<').skip(1) {
                let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(ELEMENTS.contains(&name.as_str()), "{html:?} gives {once:?}");
                let (tag, _) = tag.split_once('>').expect("tags end");
                let names: String = tag.split('"').step_by(2).collect();
                assert!(!names.contains(" on") && !names.contains(" style"), "{html:?} gives {once:?}");
                let addresses = ["href", "src", "poster"].map(|name| format!(" {name}=\"javascript"));
                assert!(!addresses.iter().any(|address| tag.contains(address)), "{html:?} gives {once:?}");
            }
        }
    }
}
