//! Text as the passes need it: slices that never panic, lines, tabs, marks.

use std::ops::Range;
use std::sync::LazyLock;

use fancy_regex::{Captures, Regex as LookRegex, RegexBuilder};
use regex::Regex;

/// What ends a word, as Showdown's patterns see it: its marks and its way to write a dollar sign end in letters.
pub(super) const WORD: &str = "[A-Za-z0-9_$\u{a8}\u{fdd0}-\u{fdef}]";

/// A slice of a text; empty where the range is not on characters.
pub(super) fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The text from a place on.
pub(super) fn from(text: &str, at: usize) -> &str {
    part(text, at..text.len())
}

/// A pattern of this module, with as many steps as a long text needs.
pub(super) fn pattern(source: &str) -> LookRegex {
    match RegexBuilder::new(source).backtrack_limit(20_000_000).build() {
        Ok(regex) => regex,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// A pattern of this module that needs to look neither ahead nor back.
pub(super) fn plain_pattern(source: &str) -> Regex {
    match Regex::new(source) {
        Ok(regex) => regex,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// Replaces every match. A text on which the pattern takes too many steps stays from there on as it is.
pub(super) fn replace(regex: &LookRegex, text: &str, mut with: impl FnMut(&Captures<'_>) -> String) -> String {
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for captures in regex.captures_iter(text) {
        let Ok(captures) = captures else { break };
        let Some(whole) = captures.get(0) else { break };
        made.push_str(part(text, at..whole.start()));
        made.push_str(&with(&captures));
        at = whole.end();
    }
    made.push_str(from(text, at));
    made
}

/// A group of a match; empty where it took no part.
pub(super) fn group<'t>(captures: &Captures<'t>, number: usize) -> &'t str {
    captures.get(number).map_or("", |found| found.as_str())
}

/// Tabs become spaces up to the next column of four, counted from the tab before.
pub(super) fn detab(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    text.split('\n').map(detab_line).collect::<Vec<_>>().join("\n")
}

fn detab_line(line: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\t' if characters.peek() == Some(&'\t') => current.push_str("    "),
            '\t' => parts.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    let mut made = String::new();
    for (index, part) in parts.iter().enumerate() {
        let filled = if index == 0 { 4 } else { 4 - part.encode_utf16().count() % 4 };
        made.push_str(part);
        made.push_str(&" ".repeat(filled));
    }
    made + &current
}

/// Lines of nothing but blanks are emptied.
pub(super) fn blank_lines_emptied(text: &str) -> String {
    let line = |line: &str| if line.chars().all(|c| matches!(c, ' ' | '\t')) { String::new() } else { line.to_owned() };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Each line with up to four blanks less in front.
pub(super) fn outdent(text: &str) -> String {
    let line = |line: &str| {
        let blanks = line.bytes().take(4).take_while(|byte| *byte == b' ').count();
        match line.strip_prefix('\t') {
            Some(rest) => rest.to_owned(),
            None => from(line, blanks).to_owned(),
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Takes the indentation of the first line off all lines.
pub(super) fn without_first_indentation(text: &str) -> String {
    let width = text.chars().take_while(|c| c.is_whitespace()).count().min(1000);
    plain_pattern(&format!(r"(?m)^\s{{0,{width}}}")).replace_all(text, "").into_owned()
}

/// Puts what marks of one kind stand for in their places.
pub(super) fn replace_marks<'a>(text: &str, mark: char, find: impl Fn(usize) -> Option<&'a str>) -> String {
    let mut made = String::with_capacity(text.len());
    for (index, piece) in text.split(mark).enumerate() {
        // Marks come in pairs, so that every other piece is a number.
        match (index % 2 == 1).then(|| piece.parse().ok().and_then(&find)).flatten() {
            Some(found) => made.push_str(found),
            None => made.push_str(piece),
        }
    }
    made
}

/// Whether a line begins like an item of a list; the length of the indentation and of the whole beginning.
pub(super) fn list_marker(line: &str) -> Option<(usize, usize)> {
    static MARKER: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"^( {0,3})(?:[*+-]|\d+\.)[ \t]+"));
    let found = MARKER.captures(line)?;
    Some((found.get(1)?.len(), found.get(0)?.len()))
}

/// Places where lines begin.
pub(super) fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1))
}

/// Whether a character counts as part of a word in Showdown's patterns.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
