//! n8n's own recorded calls of its filter, where they lie beside the repository.

use engine_core::model::Timestamp;
use serde_json::Value;

use super::filter::{Combinator, FilterError, Options, Place, Sides};
use super::operand::{Given, Operand};
use super::operator::{Operator, contains};
use crate::conversion::Dates;
use crate::conversion::pairs_test::{argument, records};

/// A side of a recorded condition.
fn given(side: Option<&Value>) -> Given<'_> {
    match side {
        Some(value) if value.get("$number").is_some() => Given::NotFinite(f64::NAN),
        side => Given::of(side),
    }
}

fn execute(filter: &Value) -> Result<bool, FilterError> {
    let dates = Dates::new("UTC", Timestamp::EPOCH);
    let options = Options::of(filter.get("combinator"), filter.get("options"));
    let wanted = options.combinator == Combinator::Or;
    for (index, condition) in filter["conditions"].as_array().unwrap().iter().enumerate() {
        let side = |key: &str| condition.get(key).and_then(argument);
        let (left, right) = (side("leftValue"), side("rightValue"));
        let operator = Operator::of(&condition["operator"]);
        let sides = Sides { operator: &operator, left: given(left.as_ref()), right: given(right.as_ref()), pattern: None };
        if options.check(&sides, Place { condition: index, item: 0 }, &dates)? == wanted {
            return Ok(wanted);
        }
    }
    Ok(!wanted)
}

fn list_contains(arguments: &[Value]) -> bool {
    let dates = Dates::new("UTC", Timestamp::EPOCH);
    let strictness = Options::of(None, None).strictness;
    let wanted: Operand<'_> = Given::Value(&arguments[1]).convert(crate::conversion::FieldType::Any, strictness, &dates).unwrap();
    contains(arguments[0].as_array().unwrap(), &wanted, arguments[2] == true)
}

#[test]
fn filters_as_recorded() {
    for record in records("filter-parameter.pairs.json") {
        let arguments = record["call"][0]["call"].as_array().unwrap();
        let got = match record["fn"].as_str().unwrap() {
            "executeFilter" => execute(&arguments[0]),
            "arrayContainsValue" => Ok(list_contains(arguments)),
            other => panic!("no such function: {other}"),
        };
        let expected = record["expected"].get(0);
        match (record["matcher"].as_str().unwrap(), got) {
            ("toThrowError" | "toThrow", Err(error)) => {
                let text = expected.and_then(Value::as_str).unwrap_or_default();
                assert!(error.message.contains(text), "{record}: {error}");
            }
            ("not.toThrow", Ok(_)) => {}
            ("toBe" | "toEqual", Ok(value)) => assert_eq!(Some(&Value::Bool(value)), expected, "{record}"),
            (_, got) => panic!("{record}: {got:?}"),
        }
    }
}
