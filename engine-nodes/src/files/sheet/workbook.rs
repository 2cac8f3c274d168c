//! Reading and writing of all table formats, told apart by name when writing and by their first bytes when reading.

#[cfg(feature = "spreadsheets")]
use super::xls;
use super::{Sheet, html, ods, rtf, text, xlsx};

/// A format that tables are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated values.
    Csv,
    /// A table in an HTML file.
    Html,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// A table in a Rich Text file.
    Rtf,
    /// Excel 97.
    Xls,
    /// Excel 2007.
    Xlsx,
}

impl Format {
    /// The format of this name, which is its file extension too.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "csv" => Self::Csv,
            "html" => Self::Html,
            "ods" => Self::Ods,
            "rtf" => Self::Rtf,
            "xls" => Self::Xls,
            "xlsx" => Self::Xlsx,
            _ => return None,
        })
    }
}

/// Why a table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SheetError {
    #[error("could not find a table")]
    NoTable,
    #[error("Spreadsheet does not have any sheets!")]
    NoSheets,
    #[error("Spreadsheet does not contain sheet called \"{0}\"!")]
    NoSuchSheet(String),
    #[error("{0} is not a spreadsheet")]
    NoSpreadsheet(&'static str),
    #[error("{0}")]
    Limit(String),
    #[error("this build has no workbooks: the feature `spreadsheets` of engine-nodes is off")]
    #[cfg(not(feature = "spreadsheets"))]
    NotBuilt,
    #[error("the workbook could not be read: {0}")]
    #[cfg(feature = "spreadsheets")]
    Unreadable(#[from] calamine::Error),
    #[error("the workbook could not be written")]
    Archive(#[from] zip::result::ZipError),
    #[error("the workbook could not be written")]
    Io(#[from] std::io::Error),
}

/// How a table is written.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    /// The format.
    pub(crate) format: Format,
    /// What separates the fields of CSV.
    pub(crate) delimiter: String,
    /// Whether XLSX and ODS are compressed.
    pub(crate) compress: bool,
}

/// Writes a table. Text formats begin with a byte order mark where `SheetJS` writes one.
///
/// # Errors
/// When the format cannot hold it.
pub(crate) fn write(sheet: &Sheet, options: &WriteOptions) -> Result<Vec<u8>, SheetError> {
    check_name(&sheet.name)?;
    Ok(match options.format {
        Format::Csv => format!("\u{feff}{}", text::write(sheet, &options.delimiter)).into_bytes(),
        Format::Html => html::write(sheet).into_bytes(),
        Format::Rtf => rtf::write(sheet).into_bytes(),
        Format::Ods => ods::write(sheet, options.compress)?,
        #[cfg(feature = "spreadsheets")]
        Format::Xls => xls::write(sheet)?,
        #[cfg(not(feature = "spreadsheets"))]
        Format::Xls => return Err(SheetError::NotBuilt),
        Format::Xlsx => xlsx::write(sheet, options.compress)?,
    })
}

fn check_name(name: &str) -> Result<(), SheetError> {
    let problem = if name.is_empty() {
        "Sheet name cannot be blank"
    } else if name.chars().count() > 31 {
        "Sheet name cannot exceed 31 chars"
    } else if name.contains([':', '\\', '/', '?', '*', '[', ']']) {
        "Sheet name cannot contain : \\ / ? * [ ]"
    } else {
        return Ok(());
    };
    Err(SheetError::Limit(problem.to_owned()))
}

/// How a table is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadOptions {
    /// The sheet; the first when there is none.
    pub(crate) sheet: Option<String>,
    /// Cells of text formats stay text.
    pub(crate) raw: bool,
    /// Every byte of a text format is one character.
    pub(crate) latin1: bool,
}

/// Reads a table, in whatever format it is.
///
/// # Errors
/// When it is in none of them, is damaged, or has no such sheet.
pub(crate) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Sheet, SheetError> {
    match bytes {
        [0xd0, 0xcf, 0x11, 0xe0, ..] | [0x09, 0..=0x08, ..] | [b'P', b'K', 0..=0x08, ..] => workbook(bytes, options),
        [0x89, b'P', b'N', b'G', ..] => Err(SheetError::NoSpreadsheet("a PNG image")),
        [0xff, 0xd8, 0xff, ..] => Err(SheetError::NoSpreadsheet("a JPEG image")),
        [b'%', b'P', b'D', b'F', ..] => Err(SheetError::NoSpreadsheet("a PDF file")),
        [b'{', b'\\', b'r', b't', ..] => single(rtf::read(bytes)?, options),
        [b'<', ..] | [0xef, 0xbb, 0xbf, b'<', ..] => html::read(&decode(bytes, options.latin1), options.sheet.as_deref(), options.raw),
        _ => {
            let text = decode(bytes, options.latin1);
            if is_markup(&text) {
                return html::read(&text, options.sheet.as_deref(), options.raw);
            }
            single(text::read(&text, options.raw), options)
        }
    }
}

fn is_markup(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(1024).collect::<String>().to_ascii_lowercase();
    start.starts_with("<html") || start.starts_with("<!doctype html") || start.starts_with("<table")
}

fn decode(bytes: &[u8], latin1: bool) -> String {
    if latin1 {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    let (text, _, _) = encoding_rs::UTF_8.decode(bytes);
    text.into_owned()
}

#[cfg(feature = "spreadsheets")]
fn workbook(bytes: &[u8], options: &ReadOptions) -> Result<Sheet, SheetError> {
    super::open::read(bytes, options.sheet.as_deref())
}

#[cfg(not(feature = "spreadsheets"))]
fn workbook(_bytes: &[u8], _options: &ReadOptions) -> Result<Sheet, SheetError> {
    Err(SheetError::NotBuilt)
}

fn single(sheet: Sheet, options: &ReadOptions) -> Result<Sheet, SheetError> {
    pick(std::slice::from_ref(&sheet.name), options.sheet.as_deref())?;
    Ok(sheet)
}

/// The index of the sheet with this name, or of the first.
pub(super) fn pick(names: &[String], wanted: Option<&str>) -> Result<usize, SheetError> {
    match wanted {
        None if names.is_empty() => Err(SheetError::NoSheets),
        None => Ok(0),
        Some(name) => names.iter().position(|other| other == name).ok_or_else(|| SheetError::NoSuchSheet(name.to_owned())),
    }
}

#[cfg(all(test, feature = "spreadsheets"))]
mod tests {
    use serde_json::{Value, json};

    use super::super::{RecordOptions, records};
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let items = [
            json!({"a": 1, "b": "x,\"y\" <&>", "c": null, "d": true, "e": "", "f": "00123", "n": "l1\nl2", " s ": " x ", "big": 1e21}),
            json!({"a": "é😀", "zz": 0.1 + 0.2}),
        ];
        let sheet = Sheet::from_objects("My & sheet", items.iter().filter_map(Value::as_object), true);
        let expected = json!([
            {"a": 1, "b": "x,\"y\" <&>", "d": true, "e": "", "f": "00123", "n": "l1\nl2", " s ": " x ", "big": 1e21},
            {"a": "é😀", "zz": 0.1 + 0.2},
        ]);
        for (format, compress) in [(Format::Xlsx, false), (Format::Xlsx, true), (Format::Ods, false), (Format::Ods, true), (Format::Xls, false)] {
            let bytes = write(&sheet, &WriteOptions { format, delimiter: ",".into(), compress }).unwrap();
            let back = read(&bytes, &ReadOptions::default()).unwrap();
            assert_eq!(back.name, "My & sheet", "{format:?}");
            assert_eq!(Value::Array(records(&back, &RecordOptions::default())), expected, "{format:?}");
            assert!(matches!(read(&bytes, &ReadOptions { sheet: Some("x".into()), ..ReadOptions::default() }), Err(SheetError::NoSuchSheet(_))));
        }
    }

    #[test]
    fn an_empty_table_is_a_file_too() {
        let sheet = Sheet::from_objects("Sheet", [], true);
        for format in [Format::Csv, Format::Html, Format::Rtf, Format::Xlsx, Format::Ods, Format::Xls] {
            assert!(write(&sheet, &WriteOptions { format, delimiter: ",".into(), compress: false }).is_ok(), "{format:?}");
        }
    }

    #[test]
    fn what_is_no_table() {
        for bytes in [&b"\x89PNG\r\n"[..], b"%PDF-1.7", b"PK\x03\x04damaged", b"\xd0\xcf\x11\xe0damaged"] {
            assert!(read(bytes, &ReadOptions::default()).is_err());
        }
    }
}
