//! Code: fenced, indented, and within a line.

use std::collections::HashMap;

use super::text::{detab, from, outdent, part};
use super::{Converter, escape};

impl Converter<'_> {
    /// Blocks between lines of three or more backticks or tildes.
    pub(super) fn fenced_code(&mut self, text: &str) -> String {
        if !self.options.fenced_code {
            return text.to_owned();
        }
        let mut made = String::with_capacity(text.len());
        let (mut at, mut line) = (0, 0);
        while line < text.len() {
            if let Some(block) = fenced_at(text, line) {
                // The break before the block belongs to it.
                let start = if line == at || line == 0 { line } else { line - 1 };
                made.push_str(part(text, at..start));
                let code = encode(part(text, block.code.clone()));
                let code = detab(&code);
                let class = if block.language.is_empty() { String::new() } else { format!(" class=\"{0} language-{0}\"", block.language) };
                let html = format!("<pre><code{class}>{}\n</code></pre>", code.trim_matches('\n'));
                let html = self.block(&html);
                made.push_str(&self.fenced_block(part(text, start..block.end), html));
                at = block.end;
                line = at;
            }
            line = text.get(line..).and_then(|rest| rest.find('\n')).map_or(text.len(), |next| line + next + 1);
        }
        made.push_str(from(text, at));
        made
    }

    /// Blocks indented by four spaces.
    pub(super) fn indented_code(&mut self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        let breaks = text.match_indices('\n').filter(|(at, _)| from(text, at + 1).starts_with('\n'));
        for (start, code) in std::iter::once((0, 0)).chain(breaks.map(|(at, _)| (at, at + 2))) {
            let length = indented_length(from(text, code));
            if start < at || length == 0 {
                continue;
            }
            made.push_str(part(text, at..start));
            let html = detab(&encode(&outdent(part(text, code..code + length))));
            made.push_str(&self.block(&format!("<pre><code>{}\n</code></pre>", html.trim_matches('\n'))));
            at = code + length;
        }
        made.push_str(from(text, at));
        made
    }

    /// Code within a line, between runs of backticks of one length.
    pub(super) fn code_spans(&mut self, text: &str) -> String {
        let runs = Runs::of(text);
        let mut made = String::with_capacity(text.len());
        let (mut at, mut next) = (0, 0);
        while let Some(&(mut start, mut length)) = runs.all.get(next) {
            next += 1;
            if start < at {
                continue;
            }
            if part(text, 0..start).ends_with('\\') {
                (start, length) = (start + 1, length - 1);
            }
            // The character before belongs to the match, so that it cannot be the end of another.
            if length == 0 || (start == at && at > 0 && !part(text, 0..start).ends_with('\n')) {
                continue;
            }
            let Some((width, end)) = (1..=length).rev().find_map(|width| Some((width, runs.closing(width, start + length)?))) else { continue };
            let before = part(text, at..start).chars().next_back().filter(|c| *c != '\n').map_or(start, |c| start - c.len_utf8());
            made.push_str(part(text, at..before));
            let code = encode(part(text, start + width..end).trim_matches([' ', '\t']));
            let html = format!("{}<code>{code}</code>", part(text, before..start));
            made.push_str(&self.put_spans_aside(&html));
            at = end + width;
        }
        made.push_str(from(text, at));
        made
    }
}

/// Runs of backticks.
struct Runs {
    all: Vec<(usize, usize)>,
    by_length: HashMap<usize, Vec<usize>>,
}

impl Runs {
    fn of(text: &str) -> Self {
        let mut all: Vec<(usize, usize)> = Vec::new();
        for (at, _) in text.match_indices('`') {
            match all.last_mut() {
                Some((start, length)) if *start + *length == at => *length += 1,
                _ => all.push((at, 1)),
            }
        }
        let mut by_length: HashMap<usize, Vec<usize>> = HashMap::new();
        for (start, length) in &all {
            by_length.entry(*length).or_default().push(*start);
        }
        Self { all, by_length }
    }

    /// The first run of this length behind a place.
    fn closing(&self, length: usize, after: usize) -> Option<usize> {
        let starts = self.by_length.get(&length)?;
        starts.get(starts.partition_point(|start| *start <= after)).copied()
    }
}

struct FencedAt<'t> {
    language: &'t str,
    code: std::ops::Range<usize>,
    end: usize,
}

/// The fenced block that begins with the line at a place.
fn fenced_at(text: &str, line: usize) -> Option<FencedAt<'_>> {
    let rest = from(text, line);
    let fence = rest.trim_start_matches(' ');
    if rest.len() - fence.len() > 3 {
        return None;
    }
    let mark = fence.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = fence.trim_start_matches(mark);
    let width = fence.len() - info.len();
    let (info, _) = info.split_once('\n').filter(|_| width >= 3)?;
    let language = info.trim_start_matches(' ');
    if language.contains(|c: char| c.is_whitespace() || matches!(c, '`' | '~')) {
        return None;
    }
    let code = line + (rest.len() - fence.len()) + width + info.len() + 1;
    let fence = part(fence, 0..width);
    for (at, _) in from(text, code).match_indices('\n') {
        let closing = from(text, code + at + 1);
        let trimmed = closing.trim_start_matches(' ');
        let indentation = closing.len() - trimmed.len();
        if indentation <= 3 && trimmed.starts_with(fence) {
            return Some(FencedAt { language, code: code..code + at, end: code + at + 1 + indentation + width });
        }
    }
    None
}

/// How far lines go that are indented by four spaces, empty ones between and behind them included.
fn indented_length(text: &str) -> usize {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        let blank = line == "\n" && length > 0;
        if !line.ends_with('\n') || !(blank || line.starts_with("    ") || line.starts_with('\t')) {
            break;
        }
        length += line.len();
    }
    length
}

/// Code as HTML shows it.
pub(super) fn encode(code: &str) -> String {
    escape(&code.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"), "*_{}[]\\=~-")
}
