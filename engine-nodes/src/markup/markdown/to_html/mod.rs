//! Markdown to HTML, as Showdown 2.1 reads it, which is what n8n's Markdown node calls and what workflows therefore expect: headings have ids, sublists
//! are indented by four spaces, a table needs two dashes a column, a name that a link refers to may stand anywhere.
//!
//! The text is rewritten pass by pass, blocks before spans. What is done is put aside and a mark stands for it, so that no later pass sees it again.

mod auto_links;
mod blocks;
mod code;
mod emphasis;
mod headings;
mod html;
mod links;
mod lists;
mod options;
mod spans;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub(crate) use options::Options;
use text::{blank_lines_emptied, detab, part};

/// Marks are characters that Unicode keeps for use within a program. A number between two of them says what was put aside.
const BLOCK: char = '\u{fdd0}';
const FENCED: char = '\u{fdd1}';
const SPAN: char = '\u{fdd2}';
/// In front of a list marker that is none.
const PLAIN: char = '\u{fdd3}';
/// From here on, each stands for one of [`ESCAPABLE`].
const ESCAPED: u32 = 0xfdd4;
/// Characters that can be kept from meaning anything.
const ESCAPABLE: &str = "\\`*_{}[]()>#+.!~=|:-";

/// Converts a text.
pub(crate) fn to_html(markdown: &str, options: &Options) -> String {
    let clean: String = markdown.chars().map(|c| if ('\u{fdd0}'..='\u{fdef}').contains(&c) { '\u{fffd}' } else { c }).collect();
    let html = Converter::new(options).convert(&clean);
    if !options.complete_document || markdown.is_empty() {
        return html;
    }
    format!("<!DOCTYPE HTML>\n<html>\n<head>\n<meta charset=\"utf-8\">\n</head>\n<body>\n{}\n</body>\n</html>", html.trim())
}

/// A link that is defined apart from where it is used.
#[derive(Debug, Default)]
struct Definition {
    url: String,
    title: Option<String>,
    size: Option<(String, String)>,
}

/// A fenced code block: as it was written, and as it becomes.
#[derive(Debug)]
struct Fenced {
    source: String,
    html: String,
}

/// The conversion of one text.
struct Converter<'a> {
    options: &'a Options,
    blocks: Vec<String>,
    fenced: Vec<Fenced>,
    spans: Vec<String>,
    definitions: HashMap<String, Definition>,
    /// How often each heading's id was asked for.
    ids: HashMap<String, usize>,
    list_depth: usize,
    /// How many texts within texts are being converted.
    depth: usize,
}

impl<'a> Converter<'a> {
    fn new(options: &'a Options) -> Self {
        Self {
            options,
            blocks: Vec::new(),
            fenced: Vec::new(),
            spans: Vec::new(),
            definitions: HashMap::new(),
            ids: HashMap::new(),
            list_depth: 0,
            depth: 0,
        }
    }

    fn convert(&mut self, markdown: &str) -> String {
        let mut text = markdown.replace("\r\n", "\n").replace('\r', "\n").replace('\u{a0}', "&nbsp;");
        if self.options.smart_indentation {
            text = text::without_first_indentation(&text);
        }
        text = blank_lines_emptied(&detab(&format!("\n\n{text}\n\n")));
        text = self.put_code_elements_aside(&text);
        text = self.fenced_code(&text);
        text = self.put_blocks_aside(&text);
        text = self.put_code_spans_aside(&text);
        text = self.take_definitions(&text);
        text = self.blocks(&text);
        unescaped(&self.with_spans(&text))
    }

    /// Puts a finished block aside.
    fn block(&mut self, html: &str) -> String {
        self.raw_block(html.trim_matches('\n').to_owned())
    }

    fn raw_block(&mut self, html: String) -> String {
        self.blocks.push(html);
        format!("\n\n{BLOCK}{}{BLOCK}\n\n", self.blocks.len() - 1)
    }

    /// Puts a fenced block aside, together with what it was.
    fn fenced_block(&mut self, source: &str, html: String) -> String {
        self.fenced.push(Fenced { source: source.to_owned(), html });
        format!("\n\n{FENCED}{}{FENCED}\n\n", self.fenced.len() - 1)
    }

    /// Puts a finished span aside.
    fn span(&mut self, html: String) -> String {
        self.spans.push(html);
        format!("{SPAN}{}{SPAN}", self.spans.len() - 1)
    }

    /// The text with the spans back in their places. A span may hold others, not deeper than ten.
    fn with_spans(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..=10 {
            let Some(put) = self.spans_once(&text) else { break };
            text = put;
        }
        text
    }

    fn spans_once(&self, text: &str) -> Option<String> {
        text.contains(SPAN).then(|| text::replace_marks(text, SPAN, |number| self.spans.get(number).map(String::as_str)))
    }
}

/// A character that means nothing from here on.
fn escaped(c: char) -> Option<char> {
    let at = ESCAPABLE.find(c)?;
    char::from_u32(ESCAPED + u32::try_from(at).ok()?)
}

/// The text with some of its characters kept from meaning anything.
fn escape(text: &str, characters: &str) -> String {
    text.chars().map(|c| if characters.contains(c) { escaped(c).unwrap_or(c) } else { c }).collect()
}

/// The text with its escaped characters as they were.
fn unescaped(text: &str) -> String {
    text.chars().map(|c| original(c).unwrap_or(c)).collect()
}

fn original(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(ESCAPED)?;
    part(ESCAPABLE, usize::try_from(at).ok()?..ESCAPABLE.len()).chars().next()
}
