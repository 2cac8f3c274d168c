//! The parameters of the Form node.

use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};

use crate::flow::wait::limit;
use crate::form_fields;

const ENDINGS: [&str; 4] = ["text", "redirect", "showText", "returnBinary"];

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("form", "Form")
        .alias("n8n-nodes-base.form")
        .versions([(1, 0), (2, 3), (2, 4), (2, 5)])
        .group(NodeGroup::Flow)
        .description("Shows a further page of a form, or its end")
        .effect(Effect::Pure)
        .property(Property::options("operation", ["page", "completion"]))
        .properties(page())
        .properties(completion())
        .properties(limit())
}

fn page() -> Vec<Property> {
    let of_page = |property: Property| property.show("operation", ["page"]);
    let options =
        [Property::string("formTitle"), Property::string("formDescription"), Property::string("buttonLabel"), Property::string("customCss")];
    vec![
        of_page(Property::options("defineForm", ["fields", "json"])),
        of_page(Property::json("jsonOutput", "[]")).show("defineForm", ["json"]).description("A list of fields, as JSON"),
        of_page(form_fields::property()).show("defineForm", ["fields"]),
        of_page(Property::collection("options", options)),
    ]
}

fn completion() -> Vec<Property> {
    let at_end = |property: Property| property.show("operation", ["completion"]);
    let of = |kinds: &'static [&'static str], property: Property| at_end(property).show("respondWith", kinds.iter().copied());
    let options = [Property::string("formTitle"), Property::string("customCss")];
    vec![
        at_end(Property::options("respondWith", ENDINGS)),
        of(&["redirect"], Property::string("redirectUrl").required()),
        of(&["text", "returnBinary"], Property::string("completionTitle")),
        of(&["text", "returnBinary"], Property::string("completionMessage")),
        of(&["showText"], Property::string("responseText")),
        of(&["returnBinary"], Property::string("inputDataFieldName").default("data")),
        of(&["text", "returnBinary", "redirect"], Property::collection("options", options)),
    ]
}
