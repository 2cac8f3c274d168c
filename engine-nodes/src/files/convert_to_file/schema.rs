//! The schema of Convert to File.

use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};

use super::super::encoding_options::{self, WITH_MARK};

const SHEETS: [&str; 6] = ["csv", "html", "rtf", "ods", "xls", "xlsx"];

pub(crate) fn schema() -> NodeSchema {
    let operations = ["csv", "html", "iCal", "toJson", "ods", "rtf", "toText", "xls", "xlsx", "toBinary"];
    NodeSchema::new("convert_to_file", "Convert to File")
        .alias("n8n-nodes-base.convertToFile")
        .versions([(1, 0), (1, 1)])
        .description("Makes files of JSON data")
        .group(NodeGroup::Files)
        .property(Property::options("operation", operations).description("What is made"))
        .property(Property::string("sourceProperty").required().show("operation", ["toBinary", "toText"]).description("Field that holds the data"))
        .property(Property::options("mode", ["once", "each"]).show("operation", ["toJson"]).description("One file of all items, or one of each"))
        .properties(event())
        .property(Property::string("binaryPropertyName").default("data").required().description("Key of the new file"))
        .property(Property::collection("options", sheet_options()).show("operation", SHEETS))
        .property(Property::collection("options", binary_options()).show("operation", ["toBinary"]))
        .property(Property::collection("options", text_options()).show("operation", ["toText"]))
        .property(Property::collection("options", json_options()).show("operation", ["toJson"]))
}

fn sheet_options() -> [Property; 5] {
    [
        Property::boolean("compression", false).show("/operation", ["xlsx", "ods"]).description("Make the file smaller"),
        Property::string("delimiter").default(",").show("/operation", ["csv"]).description("What separates fields"),
        file_name(),
        Property::boolean("headerRow", true).description("Whether the first row holds the names of the fields"),
        Property::string("sheetName").default("Sheet").show("/operation", ["ods", "xls", "xlsx"]).description("Name of the sheet"),
    ]
}

fn binary_options() -> [Property; 5] {
    [
        mark(),
        Property::boolean("dataIsBase64", true).show("@version", [1]).description("Whether the data is base64"),
        encoding_options::property().hide("dataIsBase64", [true]).until(1.1),
        file_name(),
        Property::string("mimeType").description("Media type of the file"),
    ]
}

fn text_options() -> [Property; 3] {
    [mark(), encoding_options::property(), file_name()]
}

fn json_options() -> [Property; 4] {
    [mark(), Property::boolean("format", false).description("Indent the JSON"), encoding_options::property(), file_name()]
}

fn mark() -> Property {
    Property::boolean("addBOM", false).show("encoding", WITH_MARK).description("Begin with a byte order mark")
}

fn file_name() -> Property {
    Property::string("fileName").description("Name of the file")
}

fn event() -> [Property; 5] {
    [
        Property::string("title").description("Title of the event"),
        Property::string("start").required().description("When the event begins"),
        Property::string("end").description("When the event ends; when it begins if empty"),
        Property::boolean("allDay", false).description("Whether the event takes whole days"),
        Property::collection("additionalFields", event_options()),
    ]
    .map(|property| property.show("operation", ["iCal"]))
}

fn event_options() -> Vec<Property> {
    let person = || [Property::string("name"), Property::string("email")];
    let attendee = person().into_iter().chain([Property::boolean("rsvp", false)]);
    vec![
        Property::fixed_collection_list("attendeesUi", [PropertyGroup::new("attendeeValues", attendee)]),
        Property::options("busyStatus", ["BUSY", "TENTATIVE"]).default(""),
        Property::string("calName").description("Name of the calendar"),
        Property::string("description"),
        file_name(),
        Property::fixed_collection("geolocationUi", [PropertyGroup::new("geolocationValues", [Property::string("lat"), Property::string("lon")])]),
        Property::string("location"),
        Property::string("recurrenceRule").description("How the event repeats, as an RRULE"),
        Property::fixed_collection("organizerUi", [PropertyGroup::new("organizerValues", person())]),
        Property::number("sequence", 0),
        Property::options("status", ["CONFIRMED", "CANCELLED", "TENTATIVE"]),
        Property::string("uid").description("Unique id of the event; made up if empty"),
        Property::string("url"),
        Property::boolean("useWorkflowTimezone", false).description("Times in the workflow's time zone instead of UTC"),
    ]
}
