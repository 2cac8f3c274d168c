//! Excel workbooks with one sheet, written: a zip archive of XML parts. Only what a reader needs.

use std::fmt::Write as _;

use engine_core::expression::js::number_to_string;

use super::{Cell, Sheet, SheetError, address, archive::Archive, escape};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const CONTENT_TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
    <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
    <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>\
    </Types>";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

pub(super) fn write(sheet: &Sheet, compress: bool) -> Result<Vec<u8>, SheetError> {
    let mut archive = Archive::new(compress);
    archive.add("[Content_Types].xml", &format!("{DECLARATION}{CONTENT_TYPES}"))?;
    archive.add("_rels/.rels", &relationships("officeDocument", "xl/workbook.xml"))?;
    archive.add("xl/workbook.xml", &workbook(&sheet.name))?;
    archive.add("xl/_rels/workbook.xml.rels", &relationships("worksheet", "worksheets/sheet1.xml"))?;
    archive.add("xl/worksheets/sheet1.xml", &worksheet(sheet))?;
    archive.finish()
}

fn relationships(kind: &str, target: &str) -> String {
    format!(
        "{DECLARATION}<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
    )
}

fn workbook(name: &str) -> String {
    let name = escape(name);
    format!(
        "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"{name}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    )
}

fn worksheet(sheet: &Sheet) -> String {
    let last = address(sheet.rows.len().saturating_sub(1), sheet.width().saturating_sub(1));
    let mut xml = format!("{DECLARATION}<worksheet xmlns=\"{MAIN}\"><dimension ref=\"A1:{last}\"/><sheetData>");
    for (index, row) in sheet.rows.iter().enumerate() {
        // Writing to a string does not fail.
        write!(xml, "<row r=\"{}\">", index + 1).unwrap_or_default();
        for (column, cell) in row.iter().enumerate() {
            if let Some(cell) = cell {
                write_cell(cell, &address(index, column), &mut xml);
            }
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData></worksheet>");
    xml
}

fn write_cell(cell: &Cell, address: &str, xml: &mut String) {
    match cell {
        Cell::Blank | Cell::Error(_) => Ok(()),
        Cell::Number(number) | Cell::Date(number) => write!(xml, "<c r=\"{address}\"><v>{}</v></c>", number_to_string(*number)),
        Cell::Bool(flag) => write!(xml, "<c r=\"{address}\" t=\"b\"><v>{}</v></c>", u8::from(*flag)),
        Cell::Text(value) => write!(xml, "<c r=\"{address}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", text(value)),
    }
    .unwrap_or_default();
}

/// Characters that XML has not are written as `_x0001_`, as Excel does.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in escape(value).chars() {
        match c {
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                write!(out, "_x{:04X}_", u32::from(c)).unwrap_or_default();
            }
            other => out.push(other),
        }
    }
    out
}
