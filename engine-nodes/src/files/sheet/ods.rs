//! `OpenDocument` spreadsheets with one sheet, written: a zip archive with a content part.

use std::fmt::Write as _;

use engine_core::expression::js::number_to_string;

use super::{Cell, Sheet, SheetError, archive::Archive, escape};

const MIME_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const MANIFEST: &str = "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.2\">\
    <manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.2\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/>\
    <manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>";
const CONTENT_HEAD: &str = "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" \
    office:version=\"1.2\"><office:body><office:spreadsheet>";

pub(super) fn write(sheet: &Sheet, compress: bool) -> Result<Vec<u8>, SheetError> {
    let mut archive = Archive::new(compress);
    archive.add_plain("mimetype", MIME_TYPE)?;
    archive.add("META-INF/manifest.xml", &format!("{DECLARATION}{MANIFEST}"))?;
    archive.add("content.xml", &content(sheet))?;
    archive.finish()
}

fn content(sheet: &Sheet) -> String {
    let mut xml = format!("{DECLARATION}{CONTENT_HEAD}<table:table table:name=\"{}\">", escape(&sheet.name));
    for row in &sheet.rows {
        xml.push_str("<table:table-row>");
        for cell in row {
            write_cell(cell.as_ref(), &mut xml);
        }
        if row.is_empty() {
            xml.push_str("<table:table-cell/>");
        }
        xml.push_str("</table:table-row>");
    }
    if sheet.rows.is_empty() {
        xml.push_str("<table:table-row><table:table-cell/></table:table-row>");
    }
    xml.push_str("</table:table></office:spreadsheet></office:body></office:document-content>");
    xml
}

fn write_cell(cell: Option<&Cell>, xml: &mut String) {
    let (kind, value) = match cell {
        None | Some(Cell::Blank | Cell::Error(_)) => return xml.push_str("<table:table-cell/>"),
        Some(Cell::Text(_)) => ("string", String::new()),
        Some(Cell::Number(number) | Cell::Date(number)) => ("float", format!(" office:value=\"{}\"", number_to_string(*number))),
        Some(Cell::Bool(flag)) => ("boolean", format!(" office:boolean-value=\"{flag}\"")),
    };
    // Writing to a string does not fail.
    write!(xml, "<table:table-cell office:value-type=\"{kind}\"{value}>").unwrap_or_default();
    for line in cell.map(Cell::display).unwrap_or_default().split('\n') {
        write!(xml, "<text:p>{}</text:p>", paragraph(line)).unwrap_or_default();
    }
    xml.push_str("</table:table-cell>");
}

/// `OpenDocument` shrinks white space; blanks that count have an element of their own. Characters that XML has not are left out.
fn paragraph(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut after_text = false;
    for c in line.chars() {
        match c {
            ' ' if after_text => out.push(' '),
            ' ' => out.push_str("<text:s/>"),
            '\t' => out.push_str("<text:tab/>"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push_str(&escape(other.encode_utf8(&mut [0; 4]))),
        }
        after_text = c != ' ';
    }
    if let Some(trimmed) = out.strip_suffix(' ') {
        out = format!("{trimmed}<text:s/>");
    }
    out
}
