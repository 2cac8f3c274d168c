//! Properties derived from a parameter type, so that a node's author writes them once: as the fields of a struct.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use super::{Choice, NodeSchema, Property, PropertyKind};

impl NodeSchema {
    /// Adds the fields of a parameter type: names, types, defaults, bounds and the first line of each doc comment.
    ///
    /// ```
    /// use engine_core::schema::NodeSchema;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Shout {
    ///     /// What to shout.
    ///     text: String,
    ///     #[serde(default)]
    ///     #[schemars(range(min = 1, max = 9))]
    ///     marks: Option<u32>,
    /// }
    ///
    /// let schema = NodeSchema::new("shout", "Shout").parameters::<Shout>();
    /// assert_eq!(schema.properties[0].description, "What to shout.");
    /// assert!(schema.properties[0].required && !schema.properties[1].required);
    /// ```
    #[must_use]
    pub fn parameters<P: JsonSchema>(self) -> Self {
        let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
        self.properties(properties(&root::<P>(generator)))
    }
}

fn root<P: JsonSchema>(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<P>()
}

fn properties(schema: &Schema) -> Vec<Property> {
    let required = |name: &str| schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|value| value == name));
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().map(|(name, field)| property(name, field, required(name))).collect()
}

fn property(name: &str, field: &Value, required: bool) -> Property {
    let kind = kind(field);
    let default = field.get("default").cloned().unwrap_or_else(|| empty(&kind));
    let description = field.get("description").and_then(Value::as_str).and_then(|text| text.lines().next()).unwrap_or_default();
    let property = Property::new(name, kind, default).description(description);
    if required { property.required() } else { property }
}

fn kind(field: &Value) -> PropertyKind {
    if let Some(values) = field.get("enum").and_then(Value::as_array) {
        let choice = |value: &Value| Choice { name: value.as_str().unwrap_or_default().to_owned(), value: value.clone() };
        return PropertyKind::Options { options: values.iter().filter(|value| !value.is_null()).map(choice).collect() };
    }
    let number = |key: &str| field.get(key).and_then(Value::as_f64);
    match type_of(field) {
        "string" => PropertyKind::String { pattern: field.get("pattern").and_then(Value::as_str).map(str::to_owned) },
        "integer" | "number" => PropertyKind::Number { minimum: number("minimum"), maximum: number("maximum") },
        "boolean" => PropertyKind::Boolean,
        "object" => PropertyKind::Json,
        _ => PropertyKind::Any,
    }
}

/// The type of a field; for one that may be null, the other.
fn type_of(field: &Value) -> &str {
    match field.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default(),
        _ => "",
    }
}

fn empty(kind: &PropertyKind) -> Value {
    match kind {
        PropertyKind::String { .. } => Value::from(""),
        PropertyKind::Boolean => Value::Bool(false),
        _ => Value::Null,
    }
}
