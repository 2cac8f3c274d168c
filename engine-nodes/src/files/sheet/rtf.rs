//! A table in an RTF file, as `SheetJS` writes and reads it: characters outside ASCII are written as UTF-8 and read as Latin-1, which is wrong
//! both times; workflows see what they see in n8n.

use std::fmt::Write;

use super::{Cell, Sheet, SheetError, guess};

/// Writes a document with one table.
pub(super) fn write(sheet: &Sheet) -> String {
    let mut out = "{\\rtf1\\ansi".to_owned();
    let width = sheet.width().max(1);
    for row in 0..sheet.rows.len() {
        out.push_str("\\trowd\\trautofit1");
        for column in 1..=width {
            // Writing to a string does not fail.
            write!(out, "\\cellx{column}").unwrap_or_default();
        }
        out.push_str("\\pard\\intbl");
        for column in 0..width {
            let text = sheet.cell(row, column).map(Cell::display).unwrap_or_default();
            write!(out, " {}\\cell", text.replace(['\r', '\n'], "\\par ")).unwrap_or_default();
        }
        out.push_str("\\pard\\intbl\\row");
    }
    out.push('}');
    out
}

/// Reads the rows of a document's tables.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let mut rows = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, from_row)) = rest.split_once("\\trowd") {
        let Some((row, after)) = from_row.split_once("\\row") else { break };
        rows.push(read_row(row));
        rest = after;
    }
    if rows.is_empty() {
        return Err(SheetError::NoTable);
    }
    Ok(Sheet { name: "Sheet1".to_owned(), rows, ..Sheet::default() })
}

fn read_row(row: &str) -> Vec<Option<Cell>> {
    let mut cells = Vec::new();
    let mut text = String::new();
    let mut rest = row;
    while let Some(start) = rest.find('\\') {
        let (before, control) = rest.split_at_checked(start).unwrap_or((rest, ""));
        text.push_str(before.strip_prefix(' ').unwrap_or(before));
        let word_end =
            control.char_indices().skip(1).find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).map_or(control.len(), |(at, _)| at);
        let (word, after) = control.split_at_checked(word_end).unwrap_or((control, ""));
        match word {
            "\\cell" => cells.push(read_cell(&std::mem::take(&mut text))),
            "\\par" => text.push('\n'),
            _ => {}
        }
        rest = after;
    }
    cells
}

fn read_cell(text: &str) -> Option<Cell> {
    if text.is_empty() {
        return None;
    }
    Some(match text {
        "TRUE" => Cell::Bool(true),
        "FALSE" => Cell::Bool(false),
        _ => guess::number(text).map_or_else(|| Cell::Text(text.to_owned()), Cell::Number),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{RecordOptions, records};
    use super::*;

    #[test]
    fn there_and_back() {
        let items = [json!({"a": 1, "b": "x y", "c": null, "d": true, "f": "00123", "n": "l1\nl2"}), json!({"a": "é"})];
        let rtf = write(&Sheet::from_objects("Sheet", items.iter().filter_map(Value::as_object), true));
        assert!(rtf.starts_with("{\\rtf1\\ansi\\trowd\\trautofit1\\cellx1\\cellx2"), "{rtf}");
        assert!(rtf.contains("\\pard\\intbl 1\\cell x y\\cell \\cell TRUE\\cell 00123\\cell l1\\par l2\\cell\\pard\\intbl\\row"), "{rtf}");
        let back = records(&read(rtf.as_bytes()).unwrap(), &RecordOptions::default());
        assert_eq!(Value::Array(back), json!([{"a": 1, "b": "x y", "d": true, "f": 123, "n": "l1\nl2"}, {"a": "Ã©"}]));
        assert!(read(b"{\\rtf1 no table}").is_err());
    }
}
