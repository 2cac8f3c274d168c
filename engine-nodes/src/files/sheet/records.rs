//! A table as JSON: one object for each row, its fields named by the header row, or one list for each row.

use engine_core::expression::js::from_f64;
use engine_core::model::Json;
use jiff::Timestamp;
use serde_json::Value;

use super::{Cell, Sheet, guess};

/// Which cells count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// From this row on.
    FromRow(usize),
    /// From a first to a last cell, both as (row, column).
    Cells((usize, usize), (usize, usize)),
}

impl Range {
    /// Reads a row number or `B2:D9`. A text that is neither names nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(row) = text.trim().parse() {
            return Some(Self::FromRow(row));
        }
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let ((first_row, first_column), (last_row, last_column)) = (cell_at(first)?, cell_at(last)?);
        Some(Self::Cells((first_row, first_column), (last_row.min(MAX_ROWS - 1), last_column.min(MAX_COLUMNS - 1))))
    }
}

/// The largest table that a workbook can hold.
const MAX_ROWS: usize = 1_048_576;
const MAX_COLUMNS: usize = 16_384;

fn cell_at(address: &str) -> Option<(usize, usize)> {
    let address = address.replace('$', "").trim().to_ascii_uppercase();
    let letters = address.find(|c: char| !c.is_ascii_uppercase())?;
    let (column, row) = address.split_at_checked(letters)?;
    let column = column.bytes().try_fold(0_usize, |sum, byte| sum.checked_mul(26)?.checked_add(usize::from(byte - b'A') + 1))?;
    Some((row.parse::<usize>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

/// How a table becomes JSON.
#[derive(Clone, Debug)]
pub(crate) struct RecordOptions {
    /// The first row names the fields; else each row is a list.
    pub(crate) header: bool,
    /// Empty cells become empty texts.
    pub(crate) include_empty: bool,
    /// Which cells count; all when there is none.
    pub(crate) range: Option<Range>,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self { header: true, include_empty: false, range: None }
    }
}

/// The rows of a table as JSON. Empty rows are left out where there is a header.
pub(crate) fn records(sheet: &Sheet, options: &RecordOptions) -> Vec<Value> {
    if sheet.rows.is_empty() {
        return Vec::new();
    }
    let end = (sheet.first_row + sheet.rows.len() - 1, (sheet.first_column + sheet.width()).saturating_sub(1));
    let (first, last) = match options.range {
        None => ((sheet.first_row, sheet.first_column), end),
        Some(Range::FromRow(row)) => ((row, sheet.first_column), end),
        Some(Range::Cells(first, last)) => (first, last),
    };
    let view = View { sheet, columns: first.1..last.1 + 1, include_empty: options.include_empty };
    if options.header {
        let header = view.header(first.0);
        (first.0 + 1..=last.0).filter_map(|row| view.object(row, &header)).map(Value::Object).collect()
    } else {
        (first.0..=last.0).map(|row| Value::Array(view.list(row))).collect()
    }
}

struct View<'a> {
    sheet: &'a Sheet,
    columns: std::ops::Range<usize>,
    include_empty: bool,
}

impl View<'_> {
    fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.sheet.cell(row.checked_sub(self.sheet.first_row)?, column.checked_sub(self.sheet.first_column)?)
    }

    /// Names of the fields: a repeated name gets a number, a missing one is `__EMPTY`.
    fn header(&self, row: usize) -> Vec<String> {
        let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let name = |column| {
            let name = self.cell(row, column).map_or_else(|| "__EMPTY".to_owned(), Cell::display);
            let mut count = seen.get(&name).copied().unwrap_or(0);
            if count == 0 {
                seen.insert(name.clone(), 1);
                return name;
            }
            let mut numbered;
            loop {
                numbered = format!("{name}_{count}");
                count += 1;
                if !seen.contains_key(&numbered) {
                    break;
                }
            }
            seen.insert(name, count);
            seen.insert(numbered.clone(), 1);
            numbered
        };
        self.columns.clone().map(name).collect()
    }

    /// A row as an object; nothing when all its cells are empty.
    fn object(&self, row: usize, header: &[String]) -> Option<Json> {
        let mut object = Json::new();
        let mut empty = true;
        for (column, name) in self.columns.clone().zip(header) {
            let value = self.cell(row, column).and_then(value);
            empty &= value.as_ref().is_none_or(Value::is_null);
            if let Some(value) = value.or_else(|| self.filler()) {
                object.insert(name.clone(), value);
            }
        }
        (!empty).then_some(object)
    }

    /// A row as a list up to its last cell; holes are null.
    fn list(&self, row: usize) -> Vec<Value> {
        let mut list: Vec<_> = self.columns.clone().map(|column| self.cell(row, column).and_then(value).or_else(|| self.filler())).collect();
        while list.pop_if(|value| value.is_none()).is_some() {}
        list.into_iter().map(Option::unwrap_or_default).collect()
    }

    fn filler(&self) -> Option<Value> {
        self.include_empty.then(|| Value::String(String::new()))
    }
}

fn value(cell: &Cell) -> Option<Value> {
    match cell {
        Cell::Blank | Cell::Error(false) => None,
        Cell::Error(true) => Some(Value::Null),
        Cell::Text(text) => Some(Value::String(text.clone())),
        Cell::Number(number) => Some(from_f64(*number)),
        Cell::Bool(flag) => Some(Value::Bool(*flag)),
        Cell::Date(serial) => Some(date(*serial)),
    }
}

fn date(serial: f64) -> Value {
    match Timestamp::from_millisecond(guess::millis(serial)) {
        Ok(time) => Value::String(format!("{time:.3}")),
        Err(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::text::read;
    use super::*;

    fn check(text: &str, options: &RecordOptions, expected: &Value) {
        assert_eq!(&Value::Array(records(&read(text, false), options)), expected, "{text}");
    }

    #[test]
    fn headers() {
        let options = RecordOptions::default();
        check("a,a,,a,\n1,2,3,4,5", &options, &json!([{"a": 1, "a_1": 2, "__EMPTY": 3, "a_2": 4, "__EMPTY_1": 5}]));
        check("a,b\n1\n\n,2", &options, &json!([{"a": 1}, {"b": 2}]));
        check("a,b\n1\n\n,2", &RecordOptions { include_empty: true, ..options }, &json!([{"a": 1, "b": ""}, {"a": "", "b": 2}]));
    }

    #[test]
    fn lists_and_ranges() {
        let lists = RecordOptions { header: false, ..RecordOptions::default() };
        check("a,b,c\n1\n,2", &lists, &json!([["a", "b", "c"], [1], [null, 2]]));
        let ranged = |text: &str, header| RecordOptions { header, range: Range::parse(text), ..RecordOptions::default() };
        check("x,y\na,b\n1,2", &ranged("1", true), &json!([{"a": 1, "b": 2}]));
        check("x,y\na,b\n1,2", &ranged("B2:B3", true), &json!([{"b": 2}]));
        check("x,y\na,b\n1,2", &ranged("A2:A4", false), &json!([["a"], [1], []]));
        assert_eq!(Range::parse("$A$1:ab12"), Some(Range::Cells((0, 0), (11, 27))));
    }

    #[test]
    fn dates_become_iso_text() {
        assert_eq!(date(46205.0), json!("2026-07-02T00:00:00.000Z"));
    }
}
