//! Blocks: quotations, headings, rules, lists, code, tables, paragraphs.

use std::sync::LazyLock;

use regex::Regex;

use super::code::encode;
use super::text::{blank_lines_emptied, from, line_starts, part, plain_pattern};
use super::{BLOCK, Converter, FENCED};

/// How deep quotations and lists may lie within each other.
const MAX_NESTING: usize = 60;

impl Converter<'_> {
    /// All that is in a text, as HTML.
    pub(super) fn blocks(&mut self, text: &str) -> String {
        self.depth += 1;
        let text = if self.depth < MAX_NESTING { self.quotations(text) } else { text.to_owned() };
        let text = self.headings(&text);
        let text = self.rules(&text);
        let text = if self.depth < MAX_NESTING { self.lists(&text) } else { text };
        let text = self.indented_code(&text);
        let text = self.tables(&text);
        let text = self.put_blocks_aside(&text);
        let html = self.paragraphs(&text);
        self.depth -= 1;
        html
    }

    fn quotations(&mut self, text: &str) -> String {
        let text = format!("{text}\n\n");
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        for start in line_starts(&text) {
            if start < at || !is_quoted(from(&text, start)) {
                continue;
            }
            let length = if self.options.split_quotes { split_length(from(&text, start)) } else { quotation_length(from(&text, start)) };
            if length > 0 {
                made.push_str(part(&text, at..start));
                made.push_str(&self.quotation(part(&text, start..start + length)));
                at = start + length;
            }
        }
        made + from(&text, at)
    }

    fn quotation(&mut self, text: &str) -> String {
        static MARK: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?m)^[ \t]*>[ \t]?"));
        static CODE: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\s*<pre>[\s\S]+?</pre>"));
        static INDENTED: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?m)^  "));
        let inner = blank_lines_emptied(&MARK.replace_all(text, ""));
        let inner = self.fenced_code(&inner);
        let inner = self.blocks(&inner);
        let inner = format!("  {}", inner.replace('\n', "\n  "));
        let inner = CODE.replace_all(&inner, |found: &regex::Captures<'_>| INDENTED.replace_all(&found[0], "").into_owned());
        self.block(&format!("<blockquote>\n{inner}\n</blockquote>"))
    }

    fn rules(&mut self, text: &str) -> String {
        static RULES: LazyLock<[Regex; 3]> =
            LazyLock::new(|| ["-", r"\*", "_"].map(|mark| plain_pattern(&format!(r"(?m)^ {{0,2}}( ?{mark}){{3,}}[ \t]*$"))));
        if !RULES.iter().any(|rule| rule.is_match(text)) {
            return text.to_owned();
        }
        let mark = self.block("<hr />");
        RULES.iter().fold(text.to_owned(), |text, rule| rule.replace_all(&text, mark.as_str()).into_owned())
    }

    /// Wraps what is left into paragraphs, and puts the finished blocks back.
    pub(super) fn paragraphs(&mut self, text: &str) -> String {
        static BREAK: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\n{2,}"));
        let mut paragraphs = Vec::new();
        for paragraph in BREAK.split(text.trim_matches('\n')) {
            if paragraph.contains([BLOCK, FENCED]) {
                paragraphs.push(paragraph.to_owned());
            } else if paragraph.contains(|c: char| !c.is_whitespace()) {
                let html = self.inline(paragraph);
                paragraphs.push(format!("<p>{}</p>", html.trim_start_matches([' ', '\t'])));
            }
        }
        let whole: Vec<String> = paragraphs.into_iter().map(|paragraph| self.with_blocks(paragraph)).collect();
        whole.join("\n").trim_matches('\n').to_owned()
    }

    /// Puts the blocks of a paragraph back. Fences within a code block were none.
    fn with_blocks(&self, mut text: String) -> String {
        static MARK: LazyLock<Regex> = LazyLock::new(|| plain_pattern(&format!("(?:\n\n)?(?:{BLOCK}(\\d+){BLOCK}|{FENCED}(\\d+){FENCED})(?:\n\n)?")));
        static CODE: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"^<pre\b[^>]*>\s*<code\b[^>]*>"));
        let mut in_code = false;
        while let Some(found) = MARK.captures(&text) {
            let number = |group: usize| found.get(group).and_then(|number| number.as_str().parse::<usize>().ok());
            let html = match (number(1), number(2)) {
                (Some(block), _) => self.blocks.get(block).cloned().unwrap_or_default(),
                (_, Some(fenced)) => {
                    self.fenced.get(fenced).map(|block| if in_code { encode(&block.source) } else { block.html.clone() }).unwrap_or_default()
                }
                _ => String::new(),
            };
            let range = found.get(0).map_or(0..0, |whole| whole.range());
            text.replace_range(range, &html);
            in_code |= CODE.is_match(&text);
        }
        text
    }
}

/// Whether a text begins with a line of a quotation: up to three spaces, the mark, and something.
fn is_quoted(text: &str) -> bool {
    let trimmed = text.trim_start_matches(' ');
    text.len() - trimmed.len() <= 3 && trimmed.strip_prefix('>').is_some_and(|rest| !rest.is_empty() && !rest.starts_with('\n'))
}

/// How far a quotation goes: lines up to an empty one, and on if then another marked line follows.
fn quotation_length(text: &str) -> usize {
    let mut length = 0;
    while is_quoted(from(text, length)) {
        let lines = from(text, length).split_inclusive('\n');
        let filled: usize = lines.take_while(|line| line.len() > 1 && line.ends_with('\n')).map(str::len).sum();
        if filled == 0 {
            break;
        }
        length += filled;
        let rest = from(text, length);
        length += rest.len() - rest.trim_start_matches('\n').len();
    }
    length
}

/// How far a quotation goes that ends with the first empty line.
fn split_length(text: &str) -> usize {
    text.find("\n\n").map_or(0, |at| at + 2)
}
