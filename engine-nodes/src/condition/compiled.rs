//! A `filter` parameter, compiled once per plan.

use engine_core::expression::{ExpressionError, Scope};
use engine_core::node::{NodeError, Parameter};
use serde_json::Value;

use super::filter::{Combinator, FilterError, Options, Place, Sides};
use super::operand::Given;
use super::operator::Operator;
use crate::conversion::{Dates, Pattern};

/// A `filter` parameter: `{combinator, options, conditions: [{leftValue, operator, rightValue}]}`.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Only the sides of conditions hold expressions.
    Ready(Options, Vec<Condition>),
    /// Something else holds an expression too: all of it is read for each item.
    PerItem(Parameter),
}

#[derive(Clone, Debug)]
struct Condition {
    operator: Operator,
    left: Side,
    right: Side,
    /// The right side of a regex operation, where it is constant and a pattern.
    pattern: Option<Pattern>,
}

#[derive(Clone, Debug)]
enum Side {
    Absent,
    Given(Parameter),
}

impl Filter {
    /// Compiles the parameter.
    pub(crate) fn compile(parameter: &Parameter) -> Self {
        Self { kind: Self::ready(parameter).unwrap_or_else(|| Kind::PerItem(parameter.clone())) }
    }

    fn ready(parameter: &Parameter) -> Option<Kind> {
        let constant = |path: &str| match parameter.get(path) {
            None => Some(None),
            Some(part) => part.constant().cloned().map(Some),
        };
        let options = Options::of(constant("combinator")?.as_ref(), constant("options")?.as_ref());
        let conditions = match parameter.get("conditions") {
            None if matches!(parameter, Parameter::Expression(_)) => return None,
            None => Vec::new(),
            Some(Parameter::Expression(_)) => return None,
            Some(list) => list.elements().iter().map(Condition::compile).collect::<Option<_>>()?,
        };
        Some(Kind::Ready(options, conditions))
    }

    /// Whether the item of the scope passes.
    ///
    /// # Errors
    /// When an expression fails, or a value has the wrong type.
    pub(crate) async fn matches(&self, scope: &dyn Scope, dates: &Dates) -> Result<bool, NodeError> {
        match &self.kind {
            Kind::Ready(options, conditions) => check_all(options, conditions, (scope, dates)).await,
            Kind::PerItem(parameter) => {
                let value = parameter.resolve(scope).await?.unwrap_or(Value::Null);
                match Self::ready(&Parameter::Constant(value)) {
                    Some(Kind::Ready(options, conditions)) => check_all(&options, &conditions, (scope, dates)).await,
                    _ => Ok(false),
                }
            }
        }
    }
}

/// Resolves the sides of all conditions, as an expression that fails does so whatever the other conditions say; then evaluates them in order
/// until the answer is clear.
async fn check_all(options: &Options, conditions: &[Condition], (scope, dates): (&dyn Scope, &Dates)) -> Result<bool, NodeError> {
    let mut values = Vec::with_capacity(conditions.len());
    for condition in conditions {
        values.push((condition.left.resolve(scope).await?, condition.right.resolve(scope).await?));
    }
    let wanted = match options.combinator {
        Combinator::And => false,
        Combinator::Or => true,
        Combinator::Unknown => return Ok(false),
    };
    for (index, (condition, (left, right))) in conditions.iter().zip(&values).enumerate() {
        let sides = Sides {
            operator: &condition.operator,
            left: condition.left.given(left.as_ref()),
            right: condition.right.given(right.as_ref()),
            pattern: condition.pattern.as_ref(),
        };
        let place = Place { condition: index, item: scope.item_index() };
        if options.check(&sides, place, dates).map_err(node_error)? == wanted {
            return Ok(wanted);
        }
    }
    Ok(!wanted)
}

fn node_error(error: FilterError) -> NodeError {
    let help = error.help;
    let error = NodeError::fatal(error.message);
    if help.is_empty() { error } else { error.with_description(help) }
}

impl Condition {
    /// `None` when the operator is not known before the run.
    fn compile(condition: &Parameter) -> Option<Self> {
        let operator = match condition.get("operator") {
            Some(operator) => Operator::of(operator.constant()?),
            None => Operator::of(&Value::Null),
        };
        let side = |key: &str| condition.get(key).map_or(Side::Absent, Side::Given);
        let right = side("rightValue");
        let pattern = match &right {
            Side::Given(Parameter::Constant(Value::String(text))) if operator.is_regex() => Pattern::of_literal(text).ok(),
            _ => None,
        };
        Some(Self { operator, left: side("leftValue"), right, pattern })
    }
}

impl Side {
    /// The value for an item, where it is no constant.
    async fn resolve(&self, scope: &dyn Scope) -> Result<Option<Value>, ExpressionError> {
        match self {
            Self::Absent | Self::Given(Parameter::Constant(_)) => Ok(None),
            Self::Given(parameter) => parameter.resolve_exactly(scope).await,
        }
    }

    fn given<'a>(&'a self, resolved: Option<&'a Value>) -> Given<'a> {
        match self {
            Self::Given(Parameter::Constant(value)) => Given::Value(value),
            Self::Absent | Self::Given(_) => Given::of(resolved),
        }
    }
}
