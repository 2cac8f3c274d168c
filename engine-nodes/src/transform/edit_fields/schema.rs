//! The parameters of Edit Fields.

use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

const INCLUDE: [&str; 3] = ["all", "selected", "except"];

fn named() -> NodeSchema {
    NodeSchema::new("edit_fields", "Edit Fields")
        .alias("n8n-nodes-base.set")
        .group(NodeGroup::Transform)
        .description("Sets, adds or removes fields of items")
}

pub(super) fn newest() -> NodeSchema {
    named().versions([(3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5)]).properties([
        Property::options("mode", ["manual", "raw"]),
        Property::boolean("duplicateItem", false).description("Whether items are doubled when the workflow is tried by hand"),
        Property::number("duplicateCount", 0).show("duplicateItem", [true]),
        Property::json("jsonOutput", EXAMPLE).show("mode", ["raw"]),
        Property::fixed_collection_list("fields", [PropertyGroup::new("values", field())]).until(3.3).show("mode", ["manual"]),
        Property::new("assignments", PropertyKind::Assignments, json!({})).since(3.3).show("mode", ["manual"]),
        Property::options("include", ["all", "none", "selected", "except"]).until(3.3),
        Property::boolean("includeOtherFields", false).since(3.3).description("Whether the fields of the input stay"),
        Property::options("include", INCLUDE).since(3.3).show("includeOtherFields", [true]),
        Property::string("includeFields").show("include", ["selected"]).description("Fields separated by commas"),
        Property::string("excludeFields").show("include", ["except"]).description("Fields separated by commas"),
        options(),
    ])
}

fn field() -> Vec<Property> {
    let value = |name: &str, default: Value| Property::new(name, PropertyKind::Any, default).show("type", [name]);
    vec![
        Property::string("name"),
        Property::options("type", ["stringValue", "numberValue", "booleanValue", "arrayValue", "objectValue"]),
        value("stringValue", json!("")),
        value("numberValue", json!("")),
        value("booleanValue", json!("true")),
        value("arrayValue", json!("")),
        value("objectValue", json!("={}")),
    ]
}

fn options() -> Property {
    Property::collection(
        "options",
        [
            Property::boolean("includeBinary", true).until(3.4).description("Whether files of the input stay"),
            Property::boolean("stripBinary", true).since(3.4).description("Whether files of the input are left out"),
            Property::boolean("ignoreConversionErrors", false).description("Whether values that do not fit their type stay what they are"),
            Property::boolean("dotNotation", true).description("Whether dots in names lead to fields of fields"),
        ],
    )
}

pub(super) fn first() -> NodeSchema {
    let group = |name: &str, default: Value| {
        PropertyGroup::new(name, [Property::string("name").default("propertyName"), Property::new("value", PropertyKind::Any, default)])
    };
    let groups = [group("boolean", json!(false)), group("number", json!(0)), group("string", json!(""))];
    named().versions([(1, 0), (2, 0)]).properties([
        Property::boolean("keepOnlySet", false).description("Whether the other fields of the input are left out"),
        Property::fixed_collection_list("values", groups),
        Property::collection("options", [Property::boolean("dotNotation", true)]),
    ])
}

const EXAMPLE: &str = r#"{
  "my_field_1": "value",
  "my_field_2": 1
}"#;
