//! A table in an HTML file. Written with the value of each cell beside its text; read leniently, by looking for rows and cells only.

use std::fmt::Write;

use engine_core::expression::js::number_to_string;

use super::{Cell, Sheet, SheetError, address, guess};

/// Writes a document with one table.
pub(super) fn write(sheet: &Sheet) -> String {
    let mut out = "<html><head><meta charset=\"utf-8\"/><title>SheetJS Table Export</title></head><body><table>".to_owned();
    let width = sheet.width().max(1);
    for row in 0..sheet.rows.len() {
        out.push_str("<tr>");
        for column in 0..width {
            write_cell(sheet.cell(row, column), &address(row, column), &mut out);
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></body></html>");
    out
}

fn write_cell(cell: Option<&Cell>, address: &str, out: &mut String) {
    out.push_str("<td");
    let (kind, value) = match cell {
        None => ("", None),
        Some(Cell::Blank | Cell::Error(_)) => ("z", None),
        Some(Cell::Text(text)) => ("s", Some(escape(text))),
        Some(Cell::Number(number) | Cell::Date(number)) => ("n", Some(number_to_string(*number))),
        Some(Cell::Bool(flag)) => ("b", Some(flag.to_string())),
    };
    // Writing to a string does not fail.
    if !kind.is_empty() {
        write!(out, " data-t=\"{kind}\"").unwrap_or_default();
    }
    if let Some(value) = value {
        write!(out, " data-v=\"{value}\"").unwrap_or_default();
    }
    let text = escape(&cell.map(Cell::display).unwrap_or_default());
    let space = if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) { " xml:space=\"preserve\"" } else { "" };
    write!(out, " id=\"sjs-{address}\"{space}>{text}</td>").unwrap_or_default();
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in super::escape(text).chars() {
        match c {
            '\n' => escaped.push_str("<br/>"),
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' => write!(escaped, "&#x{:04x};", u32::from(c)).unwrap_or_default(),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Reads a table of a document: the first, or the one of that number when the document has several and `name` is `Sheet2` or the like.
pub(super) fn read(text: &str, name: Option<&str>, raw: bool) -> Result<Sheet, SheetError> {
    let text = without_comments(text);
    let tables = tables(&text);
    if tables.is_empty() {
        return Err(SheetError::NoTable);
    }
    let names: Vec<String> = (1..=tables.len()).map(|number| format!("Sheet{number}")).collect();
    let wanted = super::workbook::pick(&names, name)?;
    let name = names.into_iter().nth(wanted).unwrap_or_default();
    Ok(tables.get(wanted).map(|table| grid(table, raw).sheet(name)).unwrap_or_default())
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// The texts from each `<table` to the next `</table`.
fn tables(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = lower.get(from..).and_then(|rest| rest.find("<table")).map(|at| from + at) {
        let end = lower.get(start..).and_then(|rest| rest.find("</table")).map_or(text.len(), |at| start + at);
        found.extend(text.get(start..end));
        from = end;
    }
    found
}

fn grid(table: &str, raw: bool) -> Grid {
    let lower = table.to_ascii_lowercase();
    let mut grid = Grid::default();
    let starts: Vec<usize> = lower.match_indices("<tr").map(|(at, _)| at).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(table.len());
        let row = table.get(*start..end).and_then(|row| row.split_once('>')).map_or("", |(_, row)| row);
        grid.row(index, row.trim(), raw);
    }
    grid
}

#[derive(Default)]
struct Grid {
    rows: Vec<Vec<Option<Cell>>>,
    /// The first and the last row, and the first column, that have a cell.
    bounds: Option<(usize, usize, usize)>,
    /// Cells that reach into later rows: first and last column, last row.
    spans: Vec<(usize, usize, usize)>,
}

impl Grid {
    /// The part of the grid that has cells.
    fn sheet(self, name: String) -> Sheet {
        let Some((first_row, last_row, first_column)) = self.bounds else { return Sheet { name, ..Sheet::default() } };
        let rows = self.rows.into_iter().take(last_row + 1).skip(first_row);
        let rows = rows.map(|row| row.into_iter().skip(first_column).collect()).collect();
        Sheet { name, first_row, first_column, rows }
    }

    fn row(&mut self, index: usize, row: &str, raw: bool) {
        self.rows.push(Vec::new());
        let lower = row.to_ascii_lowercase();
        if !lower.starts_with("<td") && !lower.starts_with("<th") {
            return;
        }
        let mut column = 0;
        let mut spans = Vec::new();
        for cell in cells(row, &lower) {
            while let Some((_, last, _)) = self.spans.iter().find(|(first, last, until)| (*first..=*last).contains(&column) && *until >= index) {
                column = last + 1;
            }
            let tag = cell.split_once('>').map_or("", |(tag, _)| tag);
            let (across, down) = (span(tag, "colspan"), span(tag, "rowspan"));
            if down > 1 {
                spans.push((column, column + across - 1, index + down - 1));
            }
            if let Some(content) = content(cell) {
                self.put(index, column, read_cell(content, tag, raw));
            }
            column += across;
        }
        self.spans.extend(spans);
    }

    fn put(&mut self, row: usize, column: usize, cell: Option<Cell>) {
        let Some(cells) = self.rows.get_mut(row) else { return };
        if cells.len() <= column {
            cells.resize(column + 1, None);
        }
        if let Some(place) = cells.get_mut(column) {
            *place = cell;
        }
        let (first_row, _, first_column) = self.bounds.unwrap_or((row, row, column));
        self.bounds = Some((first_row, row, first_column.min(column)));
    }
}

/// The texts from each `<td` or `<th` to its closing tag.
fn cells<'a>(row: &'a str, lower: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < row.len() {
        let end = ["</td>", "</th>"].iter().filter_map(|tag| lower.get(from..)?.find(tag)).min().map_or(row.len(), |at| from + at);
        let piece = row.get(from..end).unwrap_or_default().trim();
        if piece.to_ascii_lowercase().contains("<td") || piece.to_ascii_lowercase().contains("<th") {
            found.push(piece);
        }
        from = end + "</td>".len();
    }
    found
}

/// How many columns or rows one cell may cover.
const MAX_SPAN: usize = 16_384;

fn span(tag: &str, name: &str) -> usize {
    attribute(tag, name).and_then(|value| value.trim().parse().ok()).unwrap_or(1).clamp(1, MAX_SPAN)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!(" {name}="))? + name.len() + 2;
    let value = tag.get(at..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(quote) => value.strip_prefix(quote)?.split(quote).next()?,
        None => value.split(|c: char| c.is_whitespace() || c == '/').next()?,
    };
    Some(value.to_owned())
}

/// What stands behind a cell's own tags; nothing for a cell without content.
fn content(cell: &str) -> Option<&str> {
    let mut content = cell;
    while content.starts_with('<') {
        let Some((_, rest)) = content.split_once('>') else { break };
        content = rest;
    }
    (!content.is_empty()).then_some(content)
}

fn read_cell(content: &str, tag: &str, raw: bool) -> Option<Cell> {
    let text = decode(content);
    if text.is_empty() {
        return None;
    }
    let is_text = attribute(tag, "t").or_else(|| attribute(tag, "data-t")).is_some_and(|kind| kind == "s");
    Some(if raw || is_text || text.trim().is_empty() { Cell::Text(text) } else { guess::cell(&text) })
}

/// Markup to text: line breaks stay, other tags go, white space shrinks.
fn decode(markup: &str) -> String {
    let blank = |c: char| matches!(c, '\t' | '\n' | '\r' | ' ');
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup.trim_matches(blank);
    while let Some((before, after)) = rest.split_once('<') {
        let Some((tag, after)) = after.split_once('>').filter(|(tag, _)| !tag.contains('<')) else {
            text.push_str(before);
            text.push('<');
            rest = after;
            continue;
        };
        let kept = before.trim_end();
        text.push_str(if kept.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') { kept } else { before });
        if tag.trim().trim_end_matches('/').trim_end().eq_ignore_ascii_case("br") {
            text.push('\u{0}');
        }
        rest = after.trim_start();
    }
    text.push_str(rest);
    let mut shrunk = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{0}' => shrunk.push('\n'),
            c if blank(c) && shrunk.ends_with(' ') => {}
            c if blank(c) => shrunk.push(' '),
            c => shrunk.push(c),
        }
    }
    let entities = [("&nbsp;", " "), ("&middot;", "·"), ("&quot;", "\""), ("&apos;", "'"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")];
    entities.iter().fold(shrunk, |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{RecordOptions, records};
    use super::*;

    fn check(html: &str, expected: &Value) {
        let sheet = read(html, None, false).unwrap();
        assert_eq!(&Value::Array(records(&sheet, &RecordOptions::default())), expected, "{html}");
    }

    #[test]
    fn writes() {
        let items = [json!({"a": "l1\nl2", "b": "<&\"'>", "c": 1e21, "d": false, "e": " s", "f": null}), json!({"g": ""})];
        let sheet = Sheet::from_objects("Sheet", items.iter().filter_map(Value::as_object), false);
        let html = write(&sheet);
        for part in [
            "<tr><td data-t=\"s\" data-v=\"l1<br/>l2\" id=\"sjs-A1\">l1<br/>l2</td>",
            "<td data-t=\"s\" data-v=\"&lt;&amp;&quot;&apos;&gt;\" id=\"sjs-B1\">&lt;&amp;&quot;&apos;&gt;</td>",
            "<td data-t=\"n\" data-v=\"1e+21\" id=\"sjs-C1\">1E+21</td><td data-t=\"b\" data-v=\"false\" id=\"sjs-D1\">FALSE</td>",
            "<td data-t=\"s\" data-v=\" s\" id=\"sjs-E1\" xml:space=\"preserve\"> s</td><td data-t=\"z\" id=\"sjs-F1\"></td><td id=\"sjs-G1\"></td></tr>",
            "<tr><td id=\"sjs-A2\"></td>",
            "<td data-t=\"s\" data-v=\"\" id=\"sjs-G2\"></td></tr></table></body></html>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn reads() {
        check(
            "<p>x</p><TABLE><thead><tr class=h><th>a</th><th> <b>b</b> c </th></tr></thead><tr>\n<td>1</td>\n<td data-t='s'>2</td></tr></TABLE>",
            &json!([{"a": 1, "bc": "2"}]),
        );
        check(
            "<table><tr><td>d</td><td>t</td></tr><tr><td>2024-01-02</td><td>x<br>y&amp;lt;</td></tr></table>",
            &json!([{"d": "2024-01-02T00:00:00.000Z", "t": "x\ny&lt;"}]),
        );
        check(
            "<table><tr><td colspan=2>a</td><td rowspan=2>b</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>",
            &json!([{"a": 1, "__EMPTY": 2, "__EMPTY_1": 3}]),
        );
        check("<table><tr><td>a</td></tr><!-- <tr><td>no</td></tr> --><tr><td></td></tr></table>", &json!([]));
        assert!(read("<p>none</p>", None, false).is_err());
        let second = read("<table><tr><td>a</td></tr></table><table><tr><td>b</td></tr></table>", Some("Sheet2"), false).unwrap();
        assert_eq!(second.rows, [[Some(Cell::Text("b".into()))]]);
    }
}
