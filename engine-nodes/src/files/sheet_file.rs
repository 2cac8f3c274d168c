//! What the nodes for tables share: items to a file, and a file to items.

use engine_core::model::{Binary, Item};
use engine_core::node::{NodeContext, NodeError, OrFatal};
use serde_json::Value;

use super::binary::{self, Description};
use super::charset::{Charset, Mark};
use super::csv::{self, CsvOptions};
use super::sheet::{self, Format, Range, ReadOptions, RecordOptions, Sheet, SheetError, WriteOptions};
use crate::settings::Settings;

/// A table to be written.
#[derive(Clone, Debug)]
pub(super) struct WriteJob {
    key: String,
    file_name: String,
    sheet_name: String,
    header: bool,
    options: WriteOptions,
}

impl WriteJob {
    /// Reads the parameters. `default_name` is the file's name without extension.
    pub(super) fn new(format: &str, settings: Settings<'_>, default_name: &str) -> Result<Self, SheetError> {
        let options = settings.group("options");
        let known = Format::named(format).ok_or_else(|| SheetError::Limit(format!("the format \"{format}\" is not known")))?;
        Ok(Self {
            key: settings.filled("binaryPropertyName").unwrap_or_else(|| "data".to_owned()),
            file_name: options.given("fileName").unwrap_or_else(|| format!("{default_name}.{format}")),
            sheet_name: options.filled("sheetName").unwrap_or_else(|| "Sheet".to_owned()),
            header: options.flag_or("headerRow", true),
            options: WriteOptions {
                format: known,
                delimiter: options.filled("delimiter").unwrap_or_else(|| ",".to_owned()),
                compress: options.flag("compression"),
            },
        })
    }

    /// Writes all items of the input; gives the key of the file, and the file.
    pub(super) async fn run(self, context: &NodeContext) -> Result<(String, Binary), NodeError> {
        let items = context.items().clone();
        let size = items.len() * 64;
        let (key, file_name) = (self.key.clone(), self.file_name.clone());
        let bytes = binary::work(context, size, move || {
            let table = Sheet::from_objects(&self.sheet_name, items.iter().map(Item::json), self.header);
            sheet::write(&table, &self.options)
        });
        let bytes = bytes.await?.or_fatal()?;
        Ok((key, binary::store(context, bytes, Description::named(file_name)).await?))
    }
}

/// Reads the rows of a table as the JSON of items.
pub(super) async fn read(context: &NodeContext, file: &Binary, job: ReadJob) -> Result<Vec<Value>, NodeError> {
    let bytes = binary::bytes(context, file).await?;
    binary::work(context, bytes.len(), move || job.run(&bytes)).await?
}

/// A table to be read.
#[derive(Clone, Debug)]
pub(super) enum ReadJob {
    /// CSV, with the rules of n8n's CSV reader.
    Csv { options: CsvOptions, charset: Charset, without_mark: bool, max_skipped: Option<usize> },
    /// Any other table, or CSV with the rules of `SheetJS`.
    Sheet { options: ReadOptions, records: RecordOptions },
}

impl ReadJob {
    /// Reads the options for CSV.
    pub(super) fn csv(options: Settings<'_>) -> Result<Self, NodeError> {
        let skipping = options.group("skipRecordsWithErrors").group("value");
        let encoding = options.filled("encoding").unwrap_or_else(|| "utf-8".to_owned());
        let limit = options.number("maxRowCount").filter(|count| *count >= 0.0);
        Ok(Self::Csv {
            options: CsvOptions {
                delimiter: options.given("delimiter").unwrap_or_else(|| ",".to_owned()),
                from_line: count(options.number("fromLine").unwrap_or(1.0)),
                limit: limit.map(count),
                skip_bad_records: skipping.flag("enabled"),
                relax_quotes: options.flag("relaxQuotes"),
                header: options.flag_or("headerRow", true),
                include_empty: options.flag("includeEmptyCells"),
            },
            charset: Charset::named(&encoding).or_fatal()?,
            without_mark: options.flag("enableBOM"),
            max_skipped: skipping.number("maxSkippedRecords").filter(|most| *most > 0.0).map(count),
        })
    }

    /// Reads the options for other tables.
    pub(super) fn sheet(options: Settings<'_>, text: TextBytes) -> Self {
        Self::Sheet {
            options: ReadOptions {
                sheet: options.filled("sheetName"),
                raw: options.flag("rawData"),
                latin1: text == TextBytes::Latin1 && options.flag("readAsString"),
            },
            records: RecordOptions {
                header: options.flag_or("headerRow", true),
                include_empty: options.flag("includeEmptyCells"),
                range: options.filled("range").and_then(|range| Range::parse(&range)),
            },
        }
    }

    fn run(self, bytes: &[u8]) -> Result<Vec<Value>, NodeError> {
        let (rows, header) = match self {
            Self::Csv { options, charset, without_mark, max_skipped } => {
                let text = charset.decode(bytes, if without_mark { Mark::Without } else { Mark::With });
                let read = csv::parse(&text, &options).or_fatal()?;
                if max_skipped.is_some_and(|most| read.skipped > most) {
                    return Err(NodeError::fatal("Max number of skipped records exceeded"));
                }
                (read.records, options.header)
            }
            Self::Sheet { options, records } => (sheet::records(&sheet::read(bytes, &options).or_fatal()?, &records), records.header),
        };
        Ok(if header { rows } else { rows.into_iter().map(|row| serde_json::json!({ "row": row })).collect() })
    }
}

/// How the option to read a file as text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextBytes {
    /// Every byte is a character.
    Latin1,
    /// The file is UTF-8.
    Utf8,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative numbers and fractions count as the next smaller natural number"
)]
fn count(number: f64) -> usize {
    number.max(0.0) as usize
}

/// An error about a file whose extension names another format says that.
pub(super) fn wrong_format(error: NodeError, file: &Binary, format: &str) -> NodeError {
    match &file.file_extension {
        Some(extension) if extension != format => NodeError::fatal(format!("The file selected in 'Input Binary Field' is not in {format} format"))
            .with_description(format!("Try to change the operation or select a {format} file in 'Input Binary Field' ({error})")),
        _ => error,
    }
}
