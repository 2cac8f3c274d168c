//! The schema of HTML.

use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use serde_json::json;

const EXTRACT: [&str; 1] = ["extractHtmlContent"];

/// The template that a new node has.
const TEMPLATE: &str = "<!DOCTYPE html>\n<html>\n<head>\n  <meta charset=\"UTF-8\" />\n  <title>My HTML document</title>\n</head>\n<body>\n  \
    <h1>A heading</h1>\n  <p>A paragraph</p>\n</body>\n</html>";

pub(super) fn schema() -> NodeSchema {
    let operations = ["generateHtmlTemplate", "extractHtmlContent", "convertToHtmlTable"];
    let values = || Property::fixed_collection_list("extractionValues", [PropertyGroup::new("values", value())]).show("operation", EXTRACT);
    let first = json!({"values": [{"key": "", "cssSelector": "", "returnValue": "text", "returnArray": false}]});
    NodeSchema::new("html", "HTML")
        .alias("n8n-nodes-base.html")
        .versions([(1, 0), (1, 1), (1, 2)])
        .description("Makes HTML, and takes values out of HTML")
        .group(NodeGroup::Transform)
        .property(Property::options("operation", operations).description("What is done"))
        .property(
            Property::string("html").default(TEMPLATE).show("operation", ["generateHtmlTemplate"]).description("HTML with expressions in {{ }}"),
        )
        .property(Property::options("sourceData", ["binary", "json"]).default("json").show("operation", EXTRACT).description("Where the HTML is"))
        .property(Property::string("dataPropertyName").default("data").required().show("operation", EXTRACT).description("Field or key of the HTML"))
        .property(values().until(1.1))
        .property(values().default(first).since(1.1))
        .property(Property::collection("options", extract_options()).show("operation", EXTRACT))
        .property(Property::collection("options", table_options()).show("operation", ["convertToHtmlTable"]))
}

fn value() -> [Property; 6] {
    [
        Property::string("key").description("Field for the value"),
        Property::string("cssSelector").description("Selects the elements"),
        Property::options("returnValue", ["attribute", "html", "text", "value"]).default("text").description("What is taken of them"),
        Property::string("attribute").show("returnValue", ["attribute"]).description("Name of the attribute"),
        Property::string("skipSelectors").show("returnValue", ["text"]).since(1.2).description("Selects elements to leave out, separated by commas"),
        Property::boolean("returnArray", false).description("One value for each element, as a list"),
    ]
}

fn extract_options() -> [Property; 2] {
    [
        Property::boolean("trimValues", true).description("Trim the values"),
        Property::boolean("cleanUpText", true).description("Trim the values, and shrink the white space within"),
    ]
}

fn table_options() -> [Property; 7] {
    [
        Property::boolean("capitalize", false).description("Capitalize the headers"),
        Property::boolean("customStyling", false).description("Leave out the usual styles"),
        Property::string("caption").description("Caption of the table"),
        Property::string("tableAttributes").description("Attributes of the table"),
        Property::string("headerAttributes").description("Attributes of the table's head"),
        Property::string("rowAttributes").description("Attributes of each row"),
        Property::string("cellAttributes").description("Attributes of each cell"),
    ]
}
