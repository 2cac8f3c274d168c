//! Excel 97 workbooks with one sheet, written: BIFF8 records ([MS-XLS]) in a compound file ([MS-CFB]).

use std::io::{Cursor, Write};

use super::{Cell, Sheet, SheetError};

const MAX_ROWS: usize = 65_536;
const MAX_COLUMNS: usize = 256;
/// The longest text that fits into one record.
const MAX_TEXT_BYTES: usize = 8_200;

pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>, SheetError> {
    if sheet.rows.len() > MAX_ROWS || sheet.width() > MAX_COLUMNS {
        return Err(SheetError::Limit(format!("an xls file holds at most {MAX_ROWS} rows and {MAX_COLUMNS} columns")));
    }
    let body = worksheet(sheet)?;
    let stream = [globals(&sheet.name)?, body].concat();
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new()))?;
    file.create_stream("/Workbook")?.write_all(&stream)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

fn globals(name: &str) -> Result<Vec<u8>, SheetError> {
    let mut out = beginning(0x0005);
    record(&mut out, 0x0042, &0x04b0_u16.to_le_bytes());
    record(&mut out, 0x003d, &words(&[0, 0, 0x4000, 0x2000, 0x0038, 0, 0, 1, 0x0258]));
    for _ in 0..4 {
        let mut font = words(&[200, 0, 0x7fff, 400, 0]);
        font.extend([0, 0, 0, 0, 5, 0]);
        font.extend(b"Arial");
        record(&mut out, 0x0031, &font);
    }
    for index in 0..16 {
        record(&mut out, 0x00e0, &cell_format(index < 15));
    }
    record(&mut out, 0x0293, &[0x00, 0x80, 0x00, 0xff]);
    let text = text(name)?;
    let mut bound = Vec::from([0; 6]);
    bound.push(u8::try_from(text.characters).map_err(|_| SheetError::Limit("the sheet's name is too long".to_owned()))?);
    bound.extend(text.bytes);
    let end = [0x0a, 0x00, 0x00, 0x00];
    // The sheet begins behind this record and the end mark.
    let start = u32::try_from(out.len() + 4 + bound.len() + end.len()).unwrap_or(u32::MAX);
    bound.splice(..4, start.to_le_bytes());
    record(&mut out, 0x0085, &bound);
    out.extend(end);
    Ok(out)
}

/// The format of cells, or of the fifteen styles that must come before it.
fn cell_format(style: bool) -> Vec<u8> {
    let (kind, used) = if style { (0xfff5, 0xf4) } else { (0x0001, 0x00) };
    let mut format = words(&[0, 0, kind]);
    format.extend([0x20, 0x00, 0x00, used, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x20]);
    format
}

/// The index of the format that all cells have.
const CELL_FORMAT: u16 = 15;

fn worksheet(sheet: &Sheet) -> Result<Vec<u8>, SheetError> {
    let mut out = beginning(0x0010);
    let mut size = Vec::from([0; 4]);
    size.extend(u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX).to_le_bytes());
    size.extend(words(&[0, number(sheet.width()), 0]));
    record(&mut out, 0x0200, &size);
    for (row, cells) in sheet.rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let place = words(&[number(row), number(column), CELL_FORMAT]);
            write_cell(&mut out, place, cell.as_ref())?;
        }
    }
    record(&mut out, 0x023e, &words(&[0x06b6, 0, 0, 0x0040, 0, 0, 0, 0, 0]));
    out.extend([0x0a, 0x00, 0x00, 0x00]);
    Ok(out)
}

fn write_cell(out: &mut Vec<u8>, mut content: Vec<u8>, cell: Option<&Cell>) -> Result<(), SheetError> {
    let kind = match cell {
        None | Some(Cell::Blank | Cell::Error(_)) => return Ok(()),
        Some(Cell::Number(number) | Cell::Date(number)) => {
            content.extend(number.to_le_bytes());
            0x0203
        }
        Some(Cell::Bool(flag)) => {
            content.extend([u8::from(*flag), 0]);
            0x0205
        }
        Some(Cell::Text(value)) => {
            let text = text(value)?;
            content.extend(number(text.characters).to_le_bytes());
            content.extend(text.bytes);
            0x0204
        }
    };
    record(out, kind, &content);
    Ok(())
}

struct Text {
    characters: usize,
    /// A flag for the width of characters, and the characters.
    bytes: Vec<u8>,
}

fn text(value: &str) -> Result<Text, SheetError> {
    let latin1: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let (characters, bytes) = if let Some(bytes) = latin1 {
        (bytes.len(), [vec![0], bytes].concat())
    } else {
        let units: Vec<u16> = value.encode_utf16().collect();
        (units.len(), [vec![1], words(&units)].concat())
    };
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(SheetError::Limit(format!("a text of {characters} characters does not fit into a cell of an xls file; use xlsx")));
    }
    Ok(Text { characters, bytes })
}

fn beginning(kind: u16) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 0x0809, &words(&[0x0600, kind, 0x0dbb, 0x07cc, 0x0041, 0, 0x0006, 0]));
    out
}

fn record(out: &mut Vec<u8>, kind: u16, content: &[u8]) {
    out.extend(words(&[kind, number(content.len())]));
    out.extend(content);
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Callers have checked that it fits.
fn number(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
