//! The order of an object's keys in JavaScript, which lists whole numbers first.

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

/// Puts the keys of an object, and of all objects in it, in the order that they have in JavaScript: whole numbers ascending, then the others as they came.
pub(crate) fn order_keys(object: &mut Json) {
    object.values_mut().for_each(order_within);
    // Few objects have such keys: the others are only looked at.
    if !object.keys().any(|key| key.starts_with(|first: char| first.is_ascii_digit())) {
        return;
    }
    let order: Vec<String> = js::entries(object).into_iter().map(|(key, _)| key.clone()).collect();
    if !object.keys().eq(order.iter()) {
        *object = order.into_iter().filter_map(|key| object.swap_remove_entry(&key)).collect();
    }
}

fn order_within(value: &mut Value) {
    match value {
        Value::Object(object) => order_keys(object),
        Value::Array(list) => list.iter_mut().for_each(order_within),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_come_first() {
        let check = |value: Value, expect: &str| {
            let mut object = value.as_object().unwrap().clone();
            order_keys(&mut object);
            assert_eq!(serde_json::to_string(&object).unwrap(), expect);
        };
        check(json!({"b": 1, "10": 2, "9": 3, "a": 4}), r#"{"9":3,"10":2,"b":1,"a":4}"#);
        check(json!({"b": 1, "01": 2, "-1": 3, "1.5": 4}), r#"{"b":1,"01":2,"-1":3,"1.5":4}"#);
        check(json!({"b": [{"x": 1, "0": 2}], "a": {"y": 1, "3": {"z": 1, "2": 1}}}), r#"{"b":[{"0":2,"x":1}],"a":{"3":{"2":1,"z":1},"y":1}}"#);
    }
}
