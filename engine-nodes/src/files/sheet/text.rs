//! Delimited text: CSV and its relatives, as `SheetJS` writes and reads them. The nodes' own CSV operation reads with `crate::files::csv` instead.

use super::{Cell, Sheet, guess};

/// Writes rows separated by line feeds; cells with the delimiter, quotes or line feeds in quotes. Only the delimiter's first character asks for quotes.
pub(super) fn write(sheet: &Sheet, delimiter: &str) -> String {
    let mark = delimiter.chars().next().unwrap_or(',');
    let width = sheet.width();
    let row = |index: usize| {
        let field = |column: usize| {
            let text = sheet.cell(index, column).map(Cell::display).unwrap_or_default();
            let quoted = if text.contains([mark, '\n', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text };
            // A file that begins with ID would be taken for another format.
            if quoted == "ID" && index == 0 && column == 0 { "\"ID\"".to_owned() } else { quoted }
        };
        (0..width).map(field).collect::<Vec<_>>().join(delimiter)
    };
    (0..sheet.rows.len()).map(row).collect::<Vec<_>>().join("\n")
}

/// Reads delimited text; the delimiter is the most frequent of tab, comma, semicolon and bar near the start. `raw` keeps all cells as text.
pub(super) fn read(text: &str, raw: bool) -> Sheet {
    let (delimiter, text) = delimiter(text);
    let mut reader = Reader { raw, rows: Vec::new(), row: Vec::new(), field: String::new(), at_start: true };
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                quoted = quoted != (reader.at_start || reader.field.starts_with('"'));
                reader.push(c);
            }
            _ if quoted => reader.push(c),
            '\r' => {
                rest.next_if_eq(&'\n');
                reader.end_row();
            }
            '\n' => reader.end_row(),
            c if c == delimiter => reader.end_field(),
            c => reader.push(c),
        }
    }
    if !reader.field.is_empty() {
        reader.end_row();
    } else if !reader.row.is_empty() {
        let row = std::mem::take(&mut reader.row);
        reader.rows.push(row);
    }
    if reader.rows.is_empty() {
        reader.rows.push(vec![None]);
    }
    Sheet { name: "Sheet1".to_owned(), rows: reader.rows, ..Sheet::default() }
}

struct Reader {
    raw: bool,
    rows: Vec<Vec<Option<Cell>>>,
    row: Vec<Option<Cell>>,
    field: String,
    at_start: bool,
}

impl Reader {
    fn push(&mut self, c: char) {
        self.field.push(c);
        self.at_start = false;
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        self.row.push(cell(&field, self.raw));
        self.at_start = true;
    }

    fn end_row(&mut self) {
        self.end_field();
        let row = std::mem::take(&mut self.row);
        self.rows.push(row);
    }
}

fn cell(field: &str, raw: bool) -> Option<Cell> {
    let unquoted = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
    let text = unquoted.map_or_else(|| field.to_owned(), |text| text.replace("\"\"", "\""));
    if text.is_empty() {
        return None;
    }
    if raw || text.trim().is_empty() {
        return Some(Cell::Text(text));
    }
    if let Some(literal) = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')) {
        return Some(Cell::Text(literal.replace("\"\"", "\"")));
    }
    if text.starts_with('=') {
        return Some(Cell::Text(text));
    }
    Some(match guess::cell(&text) {
        Cell::Date(serial) => Cell::Number(serial),
        other => other,
    })
}

/// The delimiter, and the text without a line that names it.
fn delimiter(text: &str) -> (char, &str) {
    if let Some(rest) = text.strip_prefix("sep=") {
        let mut characters = rest.chars();
        if let Some(named) = characters.next()
            && let Some(body) = characters.as_str().strip_prefix("\r\n").or_else(|| characters.as_str().strip_prefix(['\r', '\n']))
        {
            return (named, body);
        }
    }
    (guess_delimiter(text), text)
}

fn guess_delimiter(text: &str) -> char {
    const CANDIDATES: [char; 4] = ['|', ';', ',', '\t'];
    let mut counts = [0_usize; CANDIDATES.len()];
    let mut quoted = false;
    for c in text.chars().take(1024) {
        quoted = quoted != (c == '"');
        if let (false, Some(index)) = (quoted, CANDIDATES.iter().position(|candidate| *candidate == c)) {
            *counts.get_mut(index).unwrap_or(&mut 0) += 1;
        }
    }
    let best = counts.iter().enumerate().max_by_key(|(index, count)| (**count, *index));
    best.filter(|(_, count)| **count > 0).and_then(|(index, _)| CANDIDATES.get(index).copied()).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{RecordOptions, records};
    use super::*;

    fn written(items: &Value, delimiter: &str) -> String {
        let objects = items.as_array().unwrap().iter().filter_map(Value::as_object);
        write(&Sheet::from_objects("Sheet", objects, true), delimiter)
    }

    #[test]
    fn writes() {
        for (items, delimiter, expected) in [
            (json!([{"ID": 1, "a": "x\ry", "b": "l1\nl2", "d": "ID", "e": " s "}]), ",", "\"ID\",a,b,d,e\n1,x\ry,\"l1\nl2\",ID, s "),
            (json!([{"a": "", "b": null}, {"a": "x", "b": true}, {}, {"c": 1}]), ",", "a,b,c\n,,\nx,TRUE,\n,,\n,,1"),
            (json!([{"a": "x|y", "b": "say \"hi\""}]), "||", "a||b\n\"x|y\"||\"say \"\"hi\"\"\""),
            (json!([{}]), ",", "\n"),
            (json!([{"a": {"b": [1]}}]), ",", "a.b.0\n1"),
        ] {
            assert_eq!(written(&items, delimiter), expected, "{items}");
        }
    }

    #[test]
    fn reads() {
        let sheet = read("a;b\r\n1;\"x;\"\"y\"\"\"\n\n;2024-01-02;TRUE\n", false);
        let expected = json!([{"a": 1, "b": "x;\"y\""}, {"b": 45293, "__EMPTY": true}]);
        assert_eq!(Value::Array(records(&sheet, &RecordOptions::default())), expected);
        let raw = read("sep=|\na|b\n1|00", true);
        assert_eq!(Value::Array(records(&raw, &RecordOptions::default())), json!([{"a": "1", "b": "00"}]));
    }
}
