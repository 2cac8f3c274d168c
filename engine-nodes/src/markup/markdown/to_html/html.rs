//! HTML within Markdown: it is put aside before anything else looks at the text.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use fancy_regex::Regex as LookRegex;
use regex::Regex;

use super::code::encode;
use super::text::{from, group, is_word, part, pattern, plain_pattern, replace};
use super::{Converter, to_html};

/// Elements that are blocks, in the order in which they are looked for.
const BLOCK_TAGS: [&str; 34] = [
    "pre",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "table",
    "dl",
    "ol",
    "ul",
    "script",
    "noscript",
    "form",
    "fieldset",
    "iframe",
    "math",
    "style",
    "section",
    "header",
    "footer",
    "nav",
    "article",
    "aside",
    "address",
    "audio",
    "canvas",
    "figure",
    "hgroup",
    "output",
    "video",
    "p",
];
/// How deep a text within an element may hold another such element.
const MAX_DEPTH: usize = 8;

/// What lies between an opening and its closing tag.
struct Balanced {
    left: Range<usize>,
    right: Range<usize>,
}

/// The places where an opening and its own closing tag enclose something; `opens` and `closes` give the end of a tag that begins at a place.
fn balanced(text: &str, first_only: bool, tag: impl Fn(&str, usize) -> Option<(bool, usize)>) -> Vec<Balanced> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let (mut depth, mut left) = (0_usize, 0..0);
        while let Some(start) = from(text, at).find('<').map(|next| at + next) {
            let Some((opens, end)) = tag(text, start) else {
                at = start + 1;
                continue;
            };
            at = end;
            if opens {
                if depth == 0 {
                    left = start..end;
                }
                depth += 1;
            } else if depth == 1 {
                found.push(Balanced { left: left.clone(), right: start..end });
                depth = 0;
                if first_only {
                    return found;
                }
            } else {
                depth = depth.saturating_sub(1);
            }
        }
        if depth == 0 {
            return found;
        }
        // What was not closed may still hold something that is.
        at = left.end;
    }
}

/// Whether a tag of this name begins at a place, and whether it opens; its end.
fn tag_at(text: &str, at: usize, name: &str) -> Option<(bool, usize)> {
    let rest = from(text, at + 1);
    let (opens, rest) = match rest.strip_prefix('/') {
        Some(rest) => (false, rest),
        None => (true, rest),
    };
    let behind = rest.get(..name.len()).filter(|found| found.eq_ignore_ascii_case(name)).map(|found| from(rest, found.len()))?;
    if opens && behind.starts_with(is_word) || !opens && !behind.starts_with('>') {
        return None;
    }
    Some((opens, text.len() - behind.len() + behind.find('>')? + 1))
}

/// The start of the line, when nothing but up to three spaces lies between it and a place.
fn line_start(text: &str, at: usize) -> Option<usize> {
    let before = part(text, 0..at);
    let trimmed = before.trim_end_matches(' ');
    (before.len() - trimmed.len() <= 3 && (trimmed.is_empty() || trimmed.ends_with('\n'))).then_some(trimmed.len())
}

impl Converter<'_> {
    /// `<pre><code>`, which may hold anything.
    pub(super) fn put_code_elements_aside(&mut self, text: &str) -> String {
        static LEFT: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"^(?i)<pre\b[^>]*>\s*<code\b[^>]*>"));
        static RIGHT: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"^(?i)</code>\s*</pre>"));
        let tag = |text: &str, at: usize| {
            line_start(text, at)?;
            let find = |regex: &Regex| Some(at + regex.find(from(text, at))?.end());
            find(&LEFT).map(|end| (true, end)).or_else(|| find(&RIGHT).map(|end| (false, end)))
        };
        self.put_aside(text, balanced(text, false, tag), |converter, whole, inner, [left, right]| {
            converter.fenced_block(whole, format!("{left}{}{right}", encode(inner)))
        })
    }

    /// `<code>` within a line.
    pub(super) fn put_code_spans_aside(&mut self, text: &str) -> String {
        self.put_aside(text, balanced(text, false, |text, at| tag_at(text, at, "code")), |converter, _, inner, [left, right]| {
            converter.span(format!("{left}{}{right}", encode(inner)))
        })
    }

    fn put_aside(&mut self, text: &str, found: Vec<Balanced>, mut with: impl FnMut(&mut Self, &str, &str, [&str; 2]) -> String) -> String {
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        for Balanced { left, right } in found {
            made.push_str(part(text, at..left.start));
            let ends = [part(text, left.clone()), part(text, right.clone())];
            made.push_str(&with(self, part(text, left.start..right.end), part(text, left.end..right.start), ends));
            at = right.end;
        }
        made + from(text, at)
    }

    /// Elements that are blocks, rules, comments and processing instructions.
    pub(super) fn put_blocks_aside(&mut self, text: &str) -> String {
        static ESCAPED_TAG: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\\<(/?[^>]+?)>"));
        static RULE: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"(?i)(\n {0,3}<hr\b[^<>]*?/?>)[ \t]*(?=\n{2,})"));
        static INSTRUCTION: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"\n\n( {0,3}<([?%])[\s\S]*?\2>[ \t]*)(?=\n{2,})"));
        let mut text = text.to_owned();
        if self.options.backslash_escapes_tags {
            text = ESCAPED_TAG.replace_all(&text, "&lt;$1&gt;").into_owned();
        }
        for name in BLOCK_TAGS {
            text = self.put_elements_aside(text, name);
        }
        let single = |html: &str| html.replace("\n\n", "\n").trim_start_matches('\n').trim_end_matches('\n').to_owned();
        text = replace(&RULE, &text, |found| self.raw_block(single(group(found, 1))));
        let comment = |text: &str, at: usize| {
            let rest = from(text, at);
            (rest.starts_with("<!--") && line_start(text, at).is_some()).then(|| rest.find("-->").map(|end| at + end))?
        };
        text = self.put_comments_aside(&text, comment);
        replace(&INSTRUCTION, &text, |found| self.raw_block(single(group(found, 1))))
    }

    fn put_elements_aside(&mut self, mut text: String, name: &str) -> String {
        let mut searched = 0;
        while let Some(at) = opening_on_line(&text, name, searched) {
            let rest = from(&text, at);
            let Some(Balanced { left, right }) = balanced(rest, true, |text, at| tag_at(text, at, name)).pop() else { break };
            let tag = part(rest, left.clone());
            let html = if tag.contains("markdown") && self.depth < MAX_DEPTH {
                format!("{tag}{}{}", self.inner_document(part(rest, left.end..right.start)), part(rest, right.clone()))
            } else {
                part(rest, left.start..right.end).to_owned()
            };
            let before = format!("{}{}{}", part(&text, 0..at), part(rest, 0..left.start), self.raw_block(html));
            searched = before.len();
            text = before + from(rest, right.end);
        }
        text
    }

    /// Markdown within an element that says so.
    fn inner_document(&mut self, text: &str) -> String {
        self.depth += 1;
        let mut inner = Converter { depth: self.depth, ..Converter::new(self.options) };
        let html = if self.options.complete_document { to_html(text, self.options) } else { inner.convert(text) };
        self.depth -= 1;
        html
    }

    fn put_comments_aside(&mut self, text: &str, comment: impl Fn(&str, usize) -> Option<usize>) -> String {
        let mut made = String::with_capacity(text.len());
        let (mut at, mut search) = (0, 0);
        while let Some(start) = from(text, search).find("<!--").map(|next| search + next) {
            search = start + 4;
            let Some(end) = comment(text, start) else { continue };
            let line = line_start(text, start).unwrap_or(start).max(at);
            made.push_str(part(text, at..line));
            made.push_str(&self.raw_block(part(text, line..end + 3).to_owned()));
            (at, search) = (end + 3, end + 3);
        }
        made + from(text, at)
    }

    /// Elements and tags within a line.
    pub(super) fn put_spans_aside(&mut self, text: &str) -> String {
        let closed = self.put_tags_aside(text, |_, tag| tag.ends_with('/').then_some(0));
        let mut missing = HashSet::new();
        let whole = self.put_tags_aside(&closed, |behind, tag| closing(behind, tag, &mut missing));
        let mut missing = HashSet::new();
        let whole = self.put_tags_aside(&whole, |behind, tag| {
            let (name, rest) = tag.split_at_checked(tag.find(|c: char| c.is_whitespace()).filter(|at| *at > 0)?)?;
            (rest.chars().count() > 1).then(|| closing(behind, name, &mut missing))?
        });
        self.put_tags_aside(&whole, |_, _| Some(0))
    }

    /// Puts tags aside of which `end` says how far behind the tag the span goes.
    fn put_tags_aside(&mut self, text: &str, mut end: impl FnMut(&str, &str) -> Option<usize>) -> String {
        let mut made = String::with_capacity(text.len());
        let (mut at, mut search) = (0, 0);
        while let Some(start) = from(text, search).find('<').map(|next| search + next) {
            search = start + 1;
            let Some(length) = from(text, search).find('>').filter(|length| *length > 0) else { continue };
            let behind = search + length + 1;
            let Some(more) = end(from(text, behind), part(text, search..search + length)) else { continue };
            made.push_str(part(text, at..start));
            made.push_str(&self.span(part(text, start..behind + more).to_owned()));
            (at, search) = (behind + more, behind + more);
        }
        made + from(text, at)
    }
}

/// How far the closing tag of this name goes. A name that is not closed is remembered: it is not closed further on either.
fn closing(text: &str, name: &str, missing: &mut HashSet<String>) -> Option<usize> {
    if missing.contains(name) {
        return None;
    }
    let tag = format!("</{name}>");
    let end = text.find(&tag).map(|at| at + tag.len());
    if end.is_none() {
        missing.insert(name.to_owned());
    }
    end
}

/// The first opening tag of this name that has a line to itself as far as blanks go.
fn opening_on_line(text: &str, name: &str, searched: usize) -> Option<usize> {
    let mut at = searched;
    loop {
        let start = at + from(text, at).find('<')?;
        if matches!(tag_at(text, start, name), Some((true, _))) && line_start(text, start).is_some() {
            return Some(start);
        }
        at = start + 1;
    }
}
