//! The properties and the old conditions that If, Filter and Switch share.

use engine_core::expression::Scope;
use engine_core::node::{NodeContext, NodeError, NodeSpec, Parameter};
use engine_core::schema::{Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

use crate::condition::{LegacyOperation, LegacyType};
use crate::conversion::Dates;

/// The `conditions` parameter of the newer versions.
pub(super) fn filter_property(name: &str) -> Property {
    Property::new(name, PropertyKind::Filter, json!({}))
}

/// The switch that lets values of other types be converted; it shows in `typeValidation` of the conditions.
pub(super) fn loose_types(since: f64) -> Property {
    Property::boolean("looseTypeValidation", true).since(since).description("Whether values are converted to the type of the comparison")
}

/// Options of the newer versions.
pub(super) fn options(more: impl IntoIterator<Item = Property>) -> Property {
    let shared = [
        Property::boolean("ignoreCase", true).description("Whether letter case does not count"),
        Property::boolean("looseTypeValidation", true).description("Whether values are converted to the type of the comparison"),
    ];
    Property::collection("options", more.into_iter().chain(shared))
}

/// The `conditions` parameter of the first versions.
pub(super) fn legacy_property() -> Property {
    let group = |name: &str, first: Value, operations: &[&str]| {
        let any = |name: &str| Property::new(name, PropertyKind::Any, first.clone());
        let operation = Property::options("operation", operations.iter().copied());
        PropertyGroup::new(name, [any("value1"), operation, any("value2")])
    };
    let numbers = ["smaller", "smallerEqual", "equal", "notEqual", "larger", "largerEqual", "isEmpty", "isNotEmpty"];
    let groups = [
        group("boolean", json!(false), &["equal", "notEqual"]),
        group("dateTime", json!(""), &["after", "before"]),
        group("number", json!(0), &numbers),
        group("string", json!(""), &TEXT_OPERATIONS),
    ];
    Property::fixed_collection_list("conditions", groups)
}

/// The operations on texts; the first is the default.
pub(super) const TEXT_OPERATIONS: [&str; 12] = [
    "equal",
    "contains",
    "notContains",
    "endsWith",
    "notEndsWith",
    "notEqual",
    "regex",
    "notRegex",
    "startsWith",
    "notStartsWith",
    "isEmpty",
    "isNotEmpty",
];

/// The conditions of If 1 and Filter 1: all or any of them must hold.
#[derive(Debug)]
pub(super) struct LegacyConditions {
    conditions: Vec<LegacyCondition>,
    any: Parameter,
    any_word: &'static str,
}

/// One old condition.
#[derive(Debug)]
pub(super) struct LegacyCondition {
    kind: LegacyType,
    left: Parameter,
    operation: Parameter,
    right: Parameter,
}

impl LegacyConditions {
    /// Compiles `conditions`; `any_word` is the value of the parameter `combine` that lets one of them do.
    pub(super) fn compile(spec: &NodeSpec, (combine, any_word): (&str, &'static str)) -> Self {
        let of_type = |kind: LegacyType| {
            let entries = spec.parameter(&format!("conditions.{}", kind.name())).elements();
            entries.into_iter().map(move |entry| LegacyCondition::compile(kind, &entry))
        };
        Self { conditions: LegacyType::ALL.into_iter().flat_map(of_type).collect(), any: spec.parameter(combine), any_word }
    }

    /// Whether the item of the scope passes.
    pub(super) async fn matches(&self, scope: &dyn Scope) -> Result<bool, NodeError> {
        let any = self.any.resolve(scope).await?.is_some_and(|combine| combine == self.any_word);
        for condition in &self.conditions {
            if condition.holds(scope).await? == any {
                return Ok(any);
            }
        }
        Ok(!any)
    }
}

impl LegacyCondition {
    fn compile(kind: LegacyType, entry: &Parameter) -> Self {
        let part = |key: &str| entry.get(key).unwrap_or(Parameter::Constant(Value::Null));
        Self { kind, left: part("value1"), operation: part("operation"), right: part("value2") }
    }

    async fn holds(&self, scope: &dyn Scope) -> Result<bool, NodeError> {
        let (left, right) = (self.left.resolve(scope).await?, self.right.resolve(scope).await?);
        let operation = operation(&self.operation, (self.kind, scope)).await?;
        operation.holds(self.kind, (left.as_ref(), right.as_ref())).map_err(NodeError::fatal)
    }
}

/// The operation that a parameter names; the type's default where it names none.
pub(super) async fn operation(parameter: &Parameter, (kind, scope): (LegacyType, &dyn Scope)) -> Result<LegacyOperation, NodeError> {
    match parameter.resolve(scope).await? {
        None | Some(Value::Null) => Ok(kind.default_operation()),
        Some(name) => name.as_str().and_then(LegacyOperation::of).ok_or_else(|| NodeError::fatal(format!("The operation {name} is not known."))),
    }
}

/// How dates are read in this run.
pub(super) fn dates(context: &NodeContext) -> Dates {
    Dates::of(&context.scope(0))
}
