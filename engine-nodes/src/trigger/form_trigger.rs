//! Form Trigger: a person who sends a form starts the workflow. The HTTP side shows the form and takes its fields; this node gives them their names and types.

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::expression::{Scope, js};
use engine_core::model::{Item, Json};
use engine_core::node::{Activation, Node, NodeContext, NodeError, NodeOutput, NodeSpec, ResponseMode, WebhookSpec};
use engine_core::schema::{NodeSchema, Property, PropertyGroup, PropertyKind};
use serde_json::Value;

use super::webhook::response_mode;
use crate::conversion::{DateTime, named_zone};
use crate::node_type::{Activations, Compiled, Definition, ready};

const FIELD_TYPES: [&str; 12] =
    ["text", "checkbox", "html", "date", "dropdown", "email", "file", "hiddenField", "number", "password", "radio", "textarea"];

pub(super) fn definition() -> Definition {
    Definition { activations: Some(activations), ..Definition::new(schema(), compile) }
}

fn schema() -> NodeSchema {
    NodeSchema::new("form_trigger", "Form Trigger")
        .alias("n8n-nodes-base.formTrigger")
        .versions([(1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6)])
        .description("Starts the workflow when a person sends a form")
        .trigger()
        .properties([
            Property::options("authentication", ["none", "basicAuth"]),
            Property::string("path"),
            Property::string("formTitle"),
            Property::string("formDescription"),
            Property::fixed_collection_list("formFields", [PropertyGroup::new("values", field())]),
            Property::options("responseMode", ["onReceived", "lastNode", "responseNode"]),
            options(),
        ])
}

fn field() -> Vec<Property> {
    let choice = PropertyGroup::new("values", [Property::string("option")]);
    vec![
        Property::string("fieldLabel"),
        Property::string("fieldName"),
        Property::options("fieldType", FIELD_TYPES),
        Property::string("elementName").show("fieldType", ["html"]),
        Property::string("html").show("fieldType", ["html"]),
        Property::string("placeholder"),
        Property::string("defaultValue"),
        Property::string("fieldValue").show("fieldType", ["hiddenField"]),
        Property::fixed_collection_list("fieldOptions", [choice]).show("fieldType", ["dropdown", "checkbox", "radio"]),
        Property::boolean("multiselect", false).show("fieldType", ["dropdown"]),
        Property::boolean("multipleFiles", true).show("fieldType", ["file"]),
        Property::string("acceptFileTypes").show("fieldType", ["file"]),
        Property::string("formatDate").show("fieldType", ["date"]),
        Property::string("limitSelection"),
        Property::number("numberOfSelections", 1),
        Property::number("minSelections", 0),
        Property::number("maxSelections", 1),
        Property::boolean("requiredField", false),
    ]
}

fn options() -> Property {
    Property::collection(
        "options",
        [
            Property::boolean("appendAttribution", true),
            Property::string("buttonLabel").default("Submit"),
            Property::string("path"),
            Property::string("customCss"),
            Property::boolean("ignoreBots", false),
            Property::string("ipWhitelist"),
            Property::new("respondWithOptions", PropertyKind::Any, serde_json::json!({})),
            Property::boolean("useWorkflowTimezone", true),
        ],
    )
}

fn compile(spec: &NodeSpec) -> Compiled {
    let fields = spec.parameter("formFields.values").elements();
    let utc = spec.constant("options.useWorkflowTimezone").is_some_and(|flag| !js::truthy(&flag));
    ready(FormTrigger { fields: fields.iter().map(Field::of).collect(), utc })
}

fn activations(spec: &NodeSpec) -> Activations {
    let given = [spec.text("path"), spec.text("options.path"), spec.webhook_id.as_deref().unwrap_or_default().to_owned()];
    let path = given.iter().map(|path| path.trim_matches('/')).find(|path| !path.is_empty());
    let Some(path) = path else { return Err(vec![spec.invalid("path", "a form needs a path")]) };
    let response_mode = match response_mode(&spec.text("responseMode")) {
        ResponseMode::Streaming => ResponseMode::OnReceived,
        other => other,
    };
    Ok(vec![Activation::Webhook(WebhookSpec {
        methods: vec!["GET".to_owned(), "POST".to_owned()],
        path: path.to_owned(),
        response_mode,
        output_per_method: false,
        parameters: Value::Object((*spec.source).clone()),
        version: spec.version.as_f64(),
    })])
}

#[derive(Debug)]
struct FormTrigger {
    fields: Vec<Field>,
    /// The time of sending is given in UTC, not in the workflow's zone.
    utc: bool,
}

#[derive(Debug, Default)]
struct Field {
    label: String,
    name: String,
    kind: String,
    element: String,
    several: bool,
}

impl Field {
    fn of(field: &engine_core::node::Parameter) -> Self {
        let value = |key: &str| field.get(key).and_then(|part| part.constant().cloned()).filter(|value| !value.is_null());
        let text = |key: &str| value(key).map(|value| js::to_string(&value).into_owned()).unwrap_or_default();
        let label = text("fieldLabel");
        let name = Some(text("fieldName")).filter(|name| !name.is_empty()).unwrap_or_else(|| label.clone());
        let several = value("multiselect").is_some_and(|flag| js::truthy(&flag));
        Self { label, name, kind: text("fieldType"), element: text("elementName"), several }
    }

    /// The value as the form's type has it.
    fn convert(&self, value: &Value) -> Value {
        match self.kind.as_str() {
            "number" => js::from_f64(js::to_number(value)),
            "text" => Value::String(js::trim(&js::to_string(value)).to_owned()),
            "checkbox" | "dropdown" if self.several || self.kind == "checkbox" => match value {
                Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::Array(vec![value.clone()])),
                other => other.clone(),
            },
            _ => value.clone(),
        }
    }
}

#[async_trait]
impl Node for FormTrigger {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if context.items().is_empty() {
            return Ok(vec![Item::default()].into());
        }
        let scope = context.scope(0);
        let zone = if self.utc { jiff::tz::TimeZone::UTC } else { named_zone(&scope.facts().time_zone).unwrap_or(jiff::tz::TimeZone::UTC) };
        let sent = DateTime::at(context.now(), &zone).to_string();
        let mode = if context.mode() == ExecutionMode::Manual { "test" } else { "production" };
        let shape = |item: &Item| match item.json().get("body") {
            Some(Value::Object(body)) => item.clone().with_json(self.fields_of(body, (&sent, mode))),
            _ => item.clone(),
        };
        Ok(context.items().iter().map(shape).collect::<Vec<_>>().into())
    }
}

impl FormTrigger {
    /// The fields by their names. The request names them `field-0`, `field-1`, or by their labels.
    fn fields_of(&self, body: &Json, (sent, mode): (&str, &str)) -> Json {
        let mut fields = Json::new();
        for (index, field) in self.fields.iter().enumerate() {
            let given = body.get(&format!("field-{index}")).or_else(|| body.get(&field.name)).or_else(|| body.get(&field.label));
            let value = given.filter(|value| !value.is_null());
            match (field.kind.as_str(), value) {
                ("html", value) if !field.element.is_empty() => {
                    fields.extend(value.map(|value| (field.element.clone(), value.clone())));
                }
                ("html", _) => {}
                (_, value) => {
                    fields.insert(field.name.clone(), value.map_or(Value::Null, |value| field.convert(value)));
                }
            }
        }
        fields.insert("submittedAt".to_owned(), sent.into());
        fields.insert("formMode".to_owned(), mode.into());
        fields
    }
}
