//! Tables of cells: made of items, written as CSV, HTML, RTF, XLS, XLSX and ODS, read back, and turned into items.
//!
//! The shapes are those of n8n, which leaves them to the library `SheetJS`: which cells are written at all, how numbers look in text formats, how
//! a header names fields, and how text is taken for numbers, booleans and dates again.

mod archive;
mod guess;
mod html;
mod number;
mod ods;
#[cfg(feature = "spreadsheets")]
mod open;
mod records;
mod rtf;
mod text;
mod workbook;
#[cfg(feature = "spreadsheets")]
mod xls;
mod xlsx;

pub(crate) use records::{Range, RecordOptions, records};
pub(crate) use workbook::{Format, ReadOptions, SheetError, WriteOptions, read, write};

use engine_core::model::Json;
use serde_json::Value;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing, but it was named: a null.
    Blank,
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A point in time: days since the beginning of 1900, as workbooks count them.
    Date(f64),
    /// A formula without a value; true for `#NULL!`.
    #[cfg_attr(not(feature = "spreadsheets"), allow(dead_code, reason = "only workbooks have formulas"))]
    Error(bool),
}

impl Cell {
    /// How it looks in a text format.
    pub(crate) fn display(&self) -> String {
        match self {
            Self::Blank | Self::Error(_) => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) | Self::Date(number) => number::general(*number),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
        }
    }
}

/// A table: rows of cells from a first column on; missing cells are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sheet {
    /// Its name.
    pub(crate) name: String,
    /// Index of the first row that it has.
    pub(crate) first_row: usize,
    /// Index of the first column that it has.
    pub(crate) first_column: usize,
    /// The rows, each from the first column on.
    pub(crate) rows: Vec<Vec<Option<Cell>>>,
}

impl Sheet {
    /// One row for each object, below a row with the names of all fields in the order in which they first appear.
    pub(crate) fn from_objects<'a>(name: &str, objects: impl IntoIterator<Item = &'a Json>, with_header: bool) -> Self {
        let mut header: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        for object in objects {
            rows.push(row(object, &mut header));
        }
        if with_header {
            rows.insert(0, header.iter().cloned().map(Cell::Text).map(Some).collect());
        }
        Self { name: name.to_owned(), rows, ..Self::default() }
    }

    /// How many columns the widest row has.
    pub(crate) fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The cell at a place within the rows that the sheet has.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.rows.get(row)?.get(column)?.as_ref()
    }
}

fn row(object: &Json, header: &mut Vec<String>) -> Vec<Option<Cell>> {
    let mut flat = Json::new();
    flatten(object, "", &mut flat);
    let mut row = Vec::new();
    for (key, value) in flat {
        let column = header.iter().position(|name| *name == key).unwrap_or_else(|| {
            header.push(key);
            header.len() - 1
        });
        if row.len() <= column {
            row.resize(column + 1, None);
        }
        if let Some(place) = row.get_mut(column) {
            *place = Some(cell(value));
        }
    }
    row
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Bool(flag) => Cell::Bool(flag),
        Value::Number(number) => Cell::Number(engine_core::expression::js::as_f64(&number)),
        Value::String(text) => Cell::Text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => Cell::Blank,
    }
}

/// Fields of inner objects and lists come under their path; empty ones vanish.
fn flatten(object: &Json, prefix: &str, flat: &mut Json) {
    for (key, value) in object {
        flatten_value(value, format!("{prefix}{key}"), flat);
    }
}

fn flatten_value(value: &Value, key: String, flat: &mut Json) {
    match value {
        Value::Object(inner) => flatten(inner, &format!("{key}."), flat),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                flatten_value(value, format!("{key}.{index}"), flat);
            }
        }
        plain => drop(flat.insert(key, plain.clone())),
    }
}

/// The name of a column: `A`, `Z`, `AA`.
fn column_name(index: usize) -> String {
    let mut name = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        name.push(b'A' + u8::try_from(rest % 26).unwrap_or(0));
        rest /= 26;
    }
    name.iter().rev().map(|&byte| char::from(byte)).collect()
}

/// The address of a cell: `B7`.
fn address(row: usize, column: usize) -> String {
    format!("{}{}", column_name(column), row + 1)
}

/// Escapes text for the XML formats and HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_the_union_of_fields() {
        let items = [json!({"a": 1, "n": {"x": [true, null], "e": {}}}), json!({"b": "t", "a": 2.5})];
        let sheet = Sheet::from_objects("Sheet", items.iter().filter_map(Value::as_object), true);
        let text = |text: &str| Some(Cell::Text(text.into()));
        assert_eq!(sheet.rows[0], [text("a"), text("n.x.0"), text("n.x.1"), text("b")]);
        assert_eq!(sheet.rows[1], [Some(Cell::Number(1.0)), Some(Cell::Bool(true)), Some(Cell::Blank)]);
        assert_eq!(sheet.rows[2], [Some(Cell::Number(2.5)), None, None, text("t")]);
    }

    #[test]
    fn addresses() {
        for (index, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_name(index), name);
        }
        assert_eq!(address(6, 1), "B7");
    }
}
