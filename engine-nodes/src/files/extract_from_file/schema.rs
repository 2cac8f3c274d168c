//! The schema of Extract from File.

use engine_core::schema::{NodeGroup, NodeSchema, Property};

use super::super::encoding_options::{self, WITH_MARK};
use super::super::{pdf, sheet_schema};

const SHEETS: [&str; 6] = ["csv", "html", "rtf", "ods", "xls", "xlsx"];
const FIELDS: [&str; 5] = ["binaryToPropery", "fromJson", "text", "fromIcs", "xml"];

pub(crate) fn schema() -> NodeSchema {
    let operations = ["csv", "html", "fromIcs", "fromJson", "ods", "pdf", "rtf", "text", "xml", "xls", "xlsx", "binaryToPropery"];
    NodeSchema::new("extract_from_file", "Extract from File")
        .alias("n8n-nodes-base.extractFromFile")
        .versions([(1, 0), (1, 1)])
        .description("Takes JSON data out of files")
        .group(NodeGroup::Files)
        .property(Property::options("operation", operations).description("What the file is"))
        .property(Property::string("binaryPropertyName").default("data").required().description("Key of the file"))
        .property(Property::string("destinationKey").default("data").required().show("operation", FIELDS).description("Field for the data"))
        .property(Property::collection("options", sheet_schema::read_options("/operation", true)).show("operation", SHEETS))
        .property(Property::collection("options", field_options()).show("operation", FIELDS))
        .property(Property::collection("options", pdf::properties().into_iter().chain([keep_source()])).show("operation", ["pdf"]))
}

fn field_options() -> [Property; 3] {
    [
        encoding_options::property().description("Character set; found out if not given"),
        Property::boolean("stripBOM", true).show("encoding", WITH_MARK).description("Leave out a byte order mark"),
        keep_source(),
    ]
}

fn keep_source() -> Property {
    Property::options("keepSource", ["json", "binary", "both"]).description("What of the item stays")
}
