//! Parameters that the nodes for tables share.

use engine_core::schema::{Property, PropertyGroup};

/// The encodings of CSV.
const ENCODINGS: [&str; 7] = ["utf-8", "ascii", "latin1", "ucs-2", "ucs2", "utf16le", "utf8"];

/// The options for reading a table. `format` is the path of the parameter that holds the format.
pub(super) fn read_options(format: &str, only_where_it_counts: bool) -> Vec<Property> {
    let only = |property: Property, formats: &[&'static str]| {
        if only_where_it_counts { property.show(format, formats.iter().copied()) } else { property }
    };
    let csv = |property: Property| property.show(format, ["csv"]);
    let workbooks = &["ods", "xls", "xlsx"];
    let most = &["ods", "xls", "xlsx", "csv", "html"];
    vec![
        csv(Property::string("delimiter").default(",").description("What separates fields")),
        csv(Property::options("encoding", ENCODINGS).description("Character set")),
        csv(Property::boolean("enableBOM", false).description("Leave out a byte order mark")),
        csv(Property::boolean("relaxQuotes", false).description("Take quotes in the wrong place for text")),
        only(Property::boolean("headerRow", true).description("Whether the first row holds the names of the fields"), most),
        only(Property::boolean("includeEmptyCells", false).description("Keep empty cells as empty texts"), most),
        csv(Property::number("maxRowCount", -1).description("How many rows are read at most; -1 for all")),
        only(Property::string("range").description("A first row, or cells such as B2:D9"), workbooks),
        Property::boolean("rawData", false).description("Keep the cells of text formats as text"),
        Property::boolean("readAsString", false).description("Read the file as text first"),
        only(Property::string("sheetName").default("Sheet").description("Name of the sheet; the first if empty"), workbooks),
        csv(Property::number("fromLine", 0).description("The line to begin with")),
        csv(skip_bad_records()),
    ]
}

fn skip_bad_records() -> Property {
    let values = [
        Property::boolean("enabled", false).description("Leave out records that are not well-formed"),
        Property::number("maxSkippedRecords", -1).description("How many may be left out; -1 for any number"),
    ];
    Property::fixed_collection("skipRecordsWithErrors", [PropertyGroup::new("value", values)])
        .default(serde_json::json!({"value": {"enabled": true, "maxSkippedRecords": -1}}))
}
