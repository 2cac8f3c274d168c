//! What is done to the text of an element when it is complete, and to the whole in the end.

use std::sync::LazyLock;

use fancy_regex::Regex as LookRegex;
use regex::{Captures, Regex};

use super::Options;

/// A pattern of this module.
fn pattern(source: &str) -> Regex {
    match Regex::new(source) {
        Ok(regex) => regex,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// Puts marks around each line's text, not around the blanks beside it.
pub(super) fn surround(content: &str, mark: &str) -> String {
    let content = without_inner(content, mark);
    let mut made = String::with_capacity(content.len() + 2 * mark.len());
    for line in content.split_inclusive('\n') {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        let trimmed = text.trim();
        if trimmed.is_empty() {
            made.push_str(text);
        } else {
            let leading = text.len() - text.trim_start().len();
            let (before, after) = text.split_at(leading);
            made.extend(before.chars().next_back());
            made.push_str(mark);
            made.push_str(trimmed);
            made.push_str(mark);
            made.extend(after.strip_prefix(trimmed).and_then(|rest| rest.chars().next()));
        }
        made.push_str(end);
    }
    made
}

/// Takes marks out that would end the element too early; those behind a backslash, or at the very beginning, stay.
fn without_inner(content: &str, mark: &str) -> String {
    let mut made = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        made.push(c);
        if c != '\\' && !mark.is_empty() {
            rest = rest.strip_prefix(mark).unwrap_or(rest);
        }
    }
    made
}

/// The text of a list's item, as deep as it lies.
pub(super) fn list_item(content: &str, depth: usize) -> String {
    static BREAKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"([^\r\n])(?:\r?\n)+"));
    static BLANKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)(\S+?)[^\S\r\n]+$"));
    let indentation = "   ".repeat(depth);
    let text = BREAKS.replace_all(content.trim(), |found: &Captures<'_>| format!("{}  \n{indentation}", &found[1]));
    BLANKS.replace_all(&text, "${1}  ").into_owned()
}

pub(super) fn quotation(content: &str) -> String {
    static START: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(>*)[^\S\r\n]?"));
    START.replace_all(content.trim_matches('\n'), ">${1} ").into_owned()
}

/// Code within a line, between more backticks than it holds in a row.
pub(super) fn code(content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let mark = "`".repeat(longest + 1);
    let blank = if longest > 0 { " " } else { "" };
    format!("{mark}{blank}{content}{blank}{mark}")
}

pub(super) fn indented(content: &str) -> String {
    format!("    {}", content.replace('\n', "\n    "))
}

/// The text of a link, or a table's caption, on one line.
pub(super) fn on_one_line(content: &str) -> String {
    static BREAKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:\r?\n)+"));
    BREAKS.replace_all(content, " ").into_owned()
}

pub(super) fn cell(content: &str) -> String {
    on_one_line(&content.trim_matches('\n').replacen('|', "\\|", 1)).trim().to_owned()
}

/// Whether the text of a row holds a cell.
pub(super) fn has_cells(content: &str) -> bool {
    content.trim_end().ends_with(" |")
}

/// A table of the rows that were written one below the other; `None` for no rows.
pub(super) fn table(content: &str, caption: Option<&str>) -> Option<String> {
    static BORDERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:\|\s+)?(.+)\s*\|\s*$"));
    let rows: Vec<Vec<String>> = content
        .lines()
        .map(|line| BORDERS.replace(line, "${1}").into_owned())
        .filter(|row| !row.is_empty())
        .map(|row| row.split(" |").map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let length = |text: &str| text.encode_utf16().count();
    let columns = rows.iter().map(Vec::len).max()?;
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell)).max().unwrap_or(0)).collect();
    let mut made = caption.map(|caption| format!("{caption}\n")).unwrap_or_default();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| {
                let cell = row.get(column).map_or("", String::as_str);
                format!("{cell}{} |", " ".repeat(width.saturating_sub(length(cell))))
            })
            .collect();
        made.extend(["| ", &cells.join(" "), "\n"]);
        if number == 0 {
            let rule: String = widths.iter().flat_map(|width| [" ".to_owned(), "-".repeat(*width), " |".to_owned()]).collect();
            made.extend(["|", &rule, "\n"]);
        }
    }
    Some(made)
}

/// The whole, with no more line breaks in a row than are wanted.
pub(super) fn document(text: &str, max_newlines: usize) -> String {
    let many = pattern(&format!(r"(?:\r?\n\s*)+((?:\r?\n\s*){{{max_newlines}}})"));
    many.replace_all(text, "${1}").trim_matches('\n').to_owned()
}

/// A text that means nothing but itself.
pub(super) fn escaped(text: &str, options: &Options) -> String {
    static SPECIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\\`*_~\[\]]"));
    static LINE_START: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(\s*?)(\+\s|[=>-]|#{1,6}\s)|(\d+)(\.\s)"));
    static DOCTYPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?im)^<!DOCTYPE.*>"));
    let text = match &options.global_escape {
        Some((wanted, with)) => replaced(text, wanted, with),
        None => SPECIAL.replace_all(text, r"\${0}").into_owned(),
    };
    let text = match &options.line_start_escape {
        Some((wanted, with)) => replaced(&text, wanted, with),
        None => LINE_START.replace_all(&text, r"${1}${3}\${2}${4}").into_owned(),
    };
    let text = options.replacements.iter().fold(text, |text, (wanted, with)| replaced(&text, wanted, with));
    DOCTYPE.replace_all(&text, "").into_owned()
}

/// The text with the first occurrence of another replaced. As in JavaScript, `$` means something in what it is replaced by.
fn replaced(text: &str, wanted: &str, with: &str) -> String {
    static PLACEHOLDER: LazyLock<Option<LookRegex>> = LazyLock::new(|| LookRegex::new(r"\$([$&`'])").ok());
    let Some((before, after)) = text.split_once(wanted) else { return text.to_owned() };
    let meant = |found: &fancy_regex::Captures<'_>| match found.get(1).map(|kind| kind.as_str()) {
        Some("&") => wanted.to_owned(),
        Some("`") => before.to_owned(),
        Some("'") => after.to_owned(),
        _ => "$".to_owned(),
    };
    let with = PLACEHOLDER.as_ref().map_or_else(|| with.into(), |placeholder| placeholder.replace_all(with, meant));
    format!("{before}{with}{after}")
}
