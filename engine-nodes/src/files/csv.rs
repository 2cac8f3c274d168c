//! Reading of CSV, with the rules and limits that n8n's reader has: the first line ending that comes up is the only one, every record has
//! as many fields as the first, and quotes stand around whole fields.

use engine_core::model::Json;
use serde_json::Value;

/// How CSV is read.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as the node has them")]
pub(crate) struct CsvOptions {
    /// What separates fields.
    pub(crate) delimiter: String,
    /// Lines before this one are skipped; the first is 1.
    pub(crate) from_line: usize,
    /// How many records are read at most.
    pub(crate) limit: Option<usize>,
    /// Records that are not well-formed are left out.
    pub(crate) skip_bad_records: bool,
    /// Quotes in the wrong place count as text.
    pub(crate) relax_quotes: bool,
    /// The first record names the fields.
    pub(crate) header: bool,
    /// Empty fields are kept.
    pub(crate) include_empty: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            from_line: 1,
            limit: None,
            skip_bad_records: false,
            relax_quotes: false,
            header: true,
            include_empty: false,
        }
    }
}

/// Why a text is no CSV.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CsvError {
    #[error("Invalid Opening Quote: a quote is found within a field at line {line}")]
    OpeningQuote { line: usize },
    #[error("Invalid Closing Quote: a quote is followed by something else than the end of the field at line {line}")]
    ClosingQuote { line: usize },
    #[error("Quote Not Closed: the text ends within quotes that open before line {line}")]
    OpenQuote { line: usize },
    #[error("Invalid Record Length: {expected} fields expected, got {found} on line {line}")]
    RecordLength { expected: usize, found: usize, line: usize },
    #[error("the delimiter is empty")]
    NoDelimiter,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CsvRecords {
    /// The records: objects, or lists where there is no header and empty fields are kept.
    pub(crate) records: Vec<Value>,
    /// How many errors were passed over.
    pub(crate) skipped: usize,
}

/// Reads CSV.
///
/// # Errors
/// When a record is not well-formed and bad ones are not to be skipped.
pub(crate) fn parse(text: &str, options: &CsvOptions) -> Result<CsvRecords, CsvError> {
    if options.delimiter.is_empty() {
        return Err(CsvError::NoDelimiter);
    }
    let mut parser = Parser::new(text.as_bytes(), options);
    parser.run()?;
    Ok(parser.done)
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts of the parser's place")]
struct Parser<'a> {
    input: &'a [u8],
    at: usize,
    options: &'a CsvOptions,
    /// The line ending, once one has come up.
    ending: Option<&'static [u8]>,
    line: usize,
    after_line_end: bool,
    /// False for the lines that are skipped at the start.
    enabled: bool,
    field: Vec<u8>,
    quoting: bool,
    was_quoted: bool,
    record: Vec<String>,
    bad: bool,
    header: Option<Vec<String>>,
    width: Option<usize>,
    done: CsvRecords,
}

impl<'a> Parser<'a> {
    fn new(input: &'a [u8], options: &'a CsvOptions) -> Self {
        Self {
            input,
            at: 0,
            options,
            ending: None,
            line: 1,
            after_line_end: false,
            enabled: options.from_line <= 1,
            field: Vec::new(),
            quoting: false,
            was_quoted: false,
            record: Vec::new(),
            bad: false,
            header: None,
            width: None,
            done: CsvRecords::default(),
        }
    }

    fn run(&mut self) -> Result<(), CsvError> {
        while let Some(&byte) = self.input.get(self.at) {
            self.count_line(byte);
            if self.is_full() {
                return Ok(());
            }
            self.step(byte)?;
        }
        if self.quoting {
            return self.fail(CsvError::OpenQuote { line: self.line });
        }
        if self.was_quoted || !self.record.is_empty() || !self.field.is_empty() {
            self.end_field();
            self.end_record()?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.options.limit.is_some_and(|limit| self.done.records.len() >= limit)
    }

    fn count_line(&mut self, byte: u8) {
        if std::mem::take(&mut self.after_line_end) {
            self.line += 1;
        }
        self.after_line_end = matches!(byte, b'\r' | b'\n');
    }

    /// Takes the next byte, or the delimiter or line ending that stands there.
    fn step(&mut self, byte: u8) -> Result<(), CsvError> {
        if byte == b'"' {
            return self.quote();
        }
        if !self.quoting {
            if let Some(length) = self.ending_at(self.at) {
                self.at += length;
                return self.end_line();
            }
            if self.is_delimiter(self.at) {
                self.at += self.options.delimiter.len();
                self.end_field();
                return Ok(());
            }
        }
        self.keep(byte);
        Ok(())
    }

    fn keep(&mut self, byte: u8) {
        self.field.push(byte);
        self.at += 1;
    }

    fn quote(&mut self) -> Result<(), CsvError> {
        let next = self.input.get(self.at + 1).copied();
        match (self.quoting, next) {
            (true, Some(b'"')) => {
                self.at += 1;
                self.keep(b'"');
            }
            (true, Some(_)) if self.ending_at(self.at + 1).is_none() && !self.is_delimiter(self.at + 1) => {
                if self.options.relax_quotes {
                    (self.quoting, self.was_quoted) = (false, true);
                    self.field.insert(0, b'"');
                } else {
                    self.fail(CsvError::ClosingQuote { line: self.line })?;
                }
                self.keep(b'"');
            }
            (true, _) => {
                (self.quoting, self.was_quoted) = (false, true);
                self.at += 1;
            }
            (false, _) if self.field.is_empty() => {
                self.quoting = true;
                self.at += 1;
            }
            (false, _) => {
                if !self.options.relax_quotes {
                    self.fail(CsvError::OpeningQuote { line: self.line })?;
                }
                self.keep(b'"');
            }
        }
        Ok(())
    }

    /// An error, unless errors only cost their record.
    fn fail(&mut self, error: CsvError) -> Result<(), CsvError> {
        if !self.options.skip_bad_records {
            return Err(error);
        }
        self.bad = true;
        self.done.skipped += 1;
        Ok(())
    }

    fn is_delimiter(&self, at: usize) -> bool {
        self.input.get(at..).is_some_and(|rest| rest.starts_with(self.options.delimiter.as_bytes()))
    }

    /// The length of the line ending at a place. The first one found decides which there is.
    fn ending_at(&mut self, at: usize) -> Option<usize> {
        let rest = self.input.get(at..)?;
        if self.ending.is_none() {
            self.ending = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|ending| rest.starts_with(ending));
        }
        self.ending.filter(|ending| rest.starts_with(ending)).map(<[u8]>::len)
    }

    fn end_line(&mut self) -> Result<(), CsvError> {
        if !self.enabled && self.line + 1 >= self.options.from_line {
            self.enabled = true;
            self.field.clear();
            self.was_quoted = false;
            return Ok(());
        }
        let is_empty = !self.was_quoted && self.record.is_empty() && self.field.is_empty();
        if is_empty {
            return Ok(());
        }
        self.end_field();
        self.end_record()
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        self.was_quoted = false;
        if self.enabled {
            self.record.push(String::from_utf8(field).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()));
        }
    }

    fn end_record(&mut self) -> Result<(), CsvError> {
        let record = std::mem::take(&mut self.record);
        if !self.enabled {
            return Ok(());
        }
        let expected = *self.width.get_or_insert(record.len());
        if self.options.header && self.header.is_none() {
            self.header = Some(record);
            return Ok(());
        }
        if record.len() != expected {
            self.fail(CsvError::RecordLength { expected, found: record.len(), line: self.line })?;
        }
        if !std::mem::take(&mut self.bad) {
            let value = self.value(record);
            self.done.records.push(value);
        }
        Ok(())
    }

    fn value(&self, record: Vec<String>) -> Value {
        if self.header.is_none() && self.options.include_empty {
            return Value::Array(record.into_iter().map(Value::String).collect());
        }
        let mut object = Json::new();
        for (index, field) in record.into_iter().enumerate() {
            let name = match &self.header {
                Some(header) => header.get(index).cloned().unwrap_or_default(),
                None => index.to_string(),
            };
            object.insert(name, Value::String(field));
        }
        if !self.options.include_empty {
            object.retain(|_, value| value.as_str() != Some(""));
        }
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, options: &CsvOptions, expected: &Value) {
        let records = parse(text, options).unwrap().records;
        assert_eq!(&Value::Array(records), expected, "{text:?}");
    }

    #[test]
    fn records() {
        let default = CsvOptions::default();
        check("a,b\n1,\"x,\"\"y\"\"\nz\"\n\n,2\n", &default, &json!([{"a": "1", "b": "x,\"y\"\nz"}, {"b": "2"}]));
        check("a,b\r\n1,2\r\n", &default, &json!([{"a": "1", "b": "2"}]));
        check("a,b\n1,2\r\n", &default, &json!([{"a": "1", "b": "2\r"}]));
        check("\u{feff}a,a\n1,2", &default, &json!([{"\u{feff}a": "1", "a": "2"}]));
        check("a||b\n1||2", &CsvOptions { delimiter: "||".into(), ..default.clone() }, &json!([{"a": "1", "b": "2"}]));
        check("a\n\"\"\n", &CsvOptions { include_empty: true, ..default.clone() }, &json!([{"a": ""}]));
        let lists = CsvOptions { header: false, ..default };
        check("1,,3\n4,5,6", &lists, &json!([{"0": "1", "2": "3"}, {"0": "4", "1": "5", "2": "6"}]));
        check("1,,3", &CsvOptions { include_empty: true, ..lists }, &json!([["1", "", "3"]]));
    }

    #[test]
    fn parts() {
        let default = CsvOptions::default();
        check("x\ny,z\na,b\n1,2", &CsvOptions { from_line: 3, ..default.clone() }, &json!([{"a": "1", "b": "2"}]));
        check("a\n1\n2\n3", &CsvOptions { limit: Some(2), ..default }, &json!([{"a": "1"}, {"a": "2"}]));
    }

    #[test]
    fn errors() {
        let default = CsvOptions::default();
        for (text, error) in [
            ("a\nx\"y\"", CsvError::OpeningQuote { line: 2 }),
            ("a\n\"x\"y", CsvError::ClosingQuote { line: 2 }),
            ("a\n\"x", CsvError::OpenQuote { line: 2 }),
            ("a,b\n1", CsvError::RecordLength { expected: 2, found: 1, line: 2 }),
        ] {
            assert_eq!(parse(text, &default).unwrap_err(), error, "{text:?}");
        }
        let relaxed = CsvOptions { relax_quotes: true, ..default.clone() };
        check("a,b\nx\"y\",\"z\"w", &relaxed, &json!([{"a": "x\"y\"", "b": "\"z\"w"}]));
        let skipping = CsvOptions { skip_bad_records: true, ..default };
        let read = parse("a,b\n1\n1,2\nx\"y,3\n4,5", &skipping).unwrap();
        assert_eq!((Value::Array(read.records), read.skipped), (json!([{"a": "1", "b": "2"}, {"a": "4", "b": "5"}]), 2));
    }
}
