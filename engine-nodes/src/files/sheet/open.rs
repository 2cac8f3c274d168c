//! Workbooks read: XLS, XLSX, XLSB and ODS.

use std::io::Cursor;

use calamine::{Data, ExcelDateTime, Reader, Sheets, open_workbook_auto_from_rs};

use super::{Cell, Sheet, SheetError, guess};

pub(super) fn read(bytes: &[u8], name: Option<&str>) -> Result<Sheet, SheetError> {
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes))?;
    let is_open_document = matches!(workbook, Sheets::Ods(_));
    let names = workbook.sheet_names();
    let index = super::workbook::pick(&names, name)?;
    let name = names.into_iter().nth(index).unwrap_or_default();
    let range = workbook.worksheet_range(&name)?;
    let (first_row, first_column) = range.start().unwrap_or((0, 0));
    let rows = range.rows().map(|row| row.iter().map(|data| cell(data, is_open_document)).collect()).collect();
    Ok(Sheet { name, first_row: index_of(first_row), first_column: index_of(first_column), rows })
}

fn index_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Excel's dates stay the numbers that they are; those of `OpenDocument` are dates.
fn cell(data: &Data, is_open_document: bool) -> Option<Cell> {
    Some(match data {
        Data::Empty => return None,
        #[expect(clippy::cast_precision_loss, reason = "spreadsheets and JavaScript have 64-bit floats only")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::String(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
        Data::Bool(flag) => Cell::Bool(*flag),
        Data::DateTime(time) => date(time, is_open_document),
        Data::DateTimeIso(text) => guess::date(text).map_or_else(|| Cell::Text(text.clone()), Cell::Date),
        Data::Error(error) => Cell::Error(matches!(error, calamine::CellErrorType::Null)),
    })
}

fn date(time: &ExcelDateTime, is_open_document: bool) -> Cell {
    if is_open_document { Cell::Date(time.as_f64()) } else { Cell::Number(time.as_f64()) }
}
