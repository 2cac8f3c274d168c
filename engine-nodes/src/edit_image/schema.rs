//! The parameters of Edit Image.

use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};

use super::compose::OPERATORS;

const STEPS: [&str; 11] = ["blur", "border", "composite", "create", "crop", "draw", "rotate", "resize", "shear", "text", "transparent"];
const RESIZE: [&str; 6] = ["ignoreAspectRatio", "maximumArea", "minimumArea", "onlyIfLarger", "onlyIfSmaller", "percent"];

pub(super) fn schema() -> NodeSchema {
    let mut operations: Vec<&str> = STEPS.to_vec();
    operations.extend(["information", "multiStep"]);
    operations.sort_unstable();
    let step = [Property::options("operation", STEPS).default("")].into_iter().chain(parameters()).chain([font()]);
    NodeSchema::new("edit_image", "Edit Image")
        .alias("n8n-nodes-base.editImage")
        .group(NodeGroup::Files)
        .description("Changes an image, or says what it is like")
        .property(Property::options("operation", operations).default("border"))
        .property(Property::string("dataPropertyName").default("data").description("Key of the image"))
        .property(
            Property::fixed_collection_list("operations", [PropertyGroup::new("operations", step)])
                .show("operation", ["multiStep"])
                .description("What to do, one after the other"),
        )
        .properties(parameters())
        .property(Property::collection("options", options()).hide("operation", ["information"]))
}

fn options() -> [Property; 4] {
    [
        Property::string("fileName"),
        font().show("/operation", ["text"]),
        Property::options("format", ["bmp", "gif", "jpeg", "png", "tiff", "webp"]).default("jpeg"),
        Property::number("quality", 100).between(Some(0.0), Some(100.0)).show("format", ["jpeg", "png", "tiff"]),
    ]
}

fn font() -> Property {
    Property::string("font").default("default").show("operation", ["text"])
}

/// The parameters of all steps; those of one are shown for it only.
fn parameters() -> Vec<Property> {
    let mut all = changes();
    all.extend(drawing());
    all.extend(sizes());
    all
}

fn changes() -> Vec<Property> {
    let of = |step: &'static str| move |property: Property| property.show("operation", [step]);
    let (blur, border, composite) = (of("blur"), of("border"), of("composite"));
    vec![
        blur(Property::number("blur", 5).between(Some(0.0), Some(1000.0))),
        blur(Property::number("sigma", 2).between(Some(0.0), Some(1000.0)).description("How strong the blur is")),
        border(Property::number("borderWidth", 10)),
        border(Property::number("borderHeight", 10)),
        border(Property::string("borderColor").default("#000000")),
        composite(Property::string("dataPropertyNameComposite").description("Key of the image to put on top")),
        composite(Property::options("operator", OPERATORS).default("Over")),
        composite(Property::number("positionX", 0)),
        composite(Property::number("positionY", 0)),
        Property::number("degreesX", 0).show("operation", ["shear"]),
        Property::number("degreesY", 0).show("operation", ["shear"]),
        Property::string("color").default("#ff0000").show("operation", ["transparent"]),
    ]
}

fn drawing() -> Vec<Property> {
    let draw = |property: Property| property.show("operation", ["draw"]);
    let text = |property: Property| property.show("operation", ["text"]);
    vec![
        draw(Property::options("primitive", ["circle", "line", "rectangle"]).default("rectangle")),
        draw(Property::string("color").default("#ff000000")),
        draw(Property::number("startPositionX", 50)),
        draw(Property::number("startPositionY", 50)),
        draw(Property::number("endPositionX", 250)),
        draw(Property::number("endPositionY", 250)),
        draw(Property::number("cornerRadius", 0)).show("primitive", ["rectangle"]),
        text(Property::string("text")),
        text(Property::number("fontSize", 18)),
        text(Property::string("fontColor").default("#000000")),
        text(Property::number("positionX", 50)),
        text(Property::number("positionY", 50)),
        text(Property::number("lineLength", 80)),
    ]
}

fn sizes() -> Vec<Property> {
    let of = |step: &'static str| move |property: Property| property.show("operation", [step]);
    let (create, crop, resize, rotate) = (of("create"), of("crop"), of("resize"), of("rotate"));
    vec![
        create(Property::string("backgroundColor").default("#ffffff00")),
        create(Property::number("width", 50)),
        create(Property::number("height", 50)),
        crop(Property::number("width", 500)),
        crop(Property::number("height", 500)),
        crop(Property::number("positionX", 0)),
        crop(Property::number("positionY", 0)),
        resize(Property::number("width", 500)),
        resize(Property::number("height", 500)),
        resize(Property::options("resizeOption", RESIZE).default("maximumArea")),
        rotate(Property::number("rotate", 0).between(Some(-360.0), Some(360.0))),
        rotate(Property::string("backgroundColor").default("#ffffffff")),
    ]
}
