//! Summarize on lists of values.

use serde_json::from_value;

use super::*;

const ITEM_LISTS_1: Rules = Rules::ItemLists { only_numbers: true, check_fields: true, clean_names: false };
const ITEM_LISTS_3: Rules = Rules::ItemLists { only_numbers: false, check_fields: false, clean_names: true };

fn check(rules: Rules, parameters: &Value, data: &Value, expect: &Value) {
    let items: Batch = data.as_array().unwrap().iter().cloned().map(Item::from_value).collect();
    let got = match from_value::<Summary>(parameters.clone()).unwrap().run(&items, rules) {
        Ok(items) => items.into_iter().map(|item| Value::Object(item.json().clone())).collect(),
        Err(error) => json!(error.message()),
    };
    assert_eq!(got, *expect, "{rules:?} {parameters}");
}

fn columns(columns: &[(&str, &str)]) -> Value {
    let values: Vec<Value> = columns.iter().map(|(aggregation, field)| json!({"aggregation": aggregation, "field": field})).collect();
    json!({"values": values})
}

#[test]
fn fields_are_summarized() {
    let data = json!([{"n": 1, "s": "b"}, {"n": 2.5, "s": "a", "o": {"x": 1}}, {"n": "7", "s": ""}, {"n": null, "o": {"x": 1}}]);
    let one = |aggregation: &str, field: &str, expect: Value| {
        check(Rules::TypedGroups, &json!({"fieldsToSummarize": columns(&[(aggregation, field)])}), &data, &json!([expect]));
    };
    one("sum", "n", json!({"sum_n": 3.5}));
    one("average", "n", json!({"average_n": 1.75}));
    one("average", "s", json!({"average_s": null}));
    one("count", "s", json!({"count_s": 2}));
    one("countUnique", "o", json!({"unique_count_o": 2}));
    one("countUnique", "o.x", json!({"unique_count_o_x": 1}));
    one("min", "n", json!({"min_n": 1}));
    one("max", "n", json!({"max_n": "7"}));
    one("min", "s", json!({"min_s": "a"}));
    one("max", "zz", json!({"max_zz": null}));
    one("sum", "s.length", json!({"sum_s_length": 2}));
    one("append", "s", json!({"appended_s": ["b", "a"]}));
    one("concatenate", "o", json!({"concatenated_o": "{\"x\":1},{\"x\":1}"}));
    let with = |value: Value, expect: Value| check(Rules::TypedGroups, &json!({"fieldsToSummarize": {"values": [value]}}), &data, &json!([expect]));
    with(json!({"aggregation": "append", "field": "s", "includeEmpty": true}), json!({"appended_s": ["b", "a", "", null]}));
    with(
        json!({"aggregation": "concatenate", "field": "s", "includeEmpty": true, "separateBy": "other", "customSeparator": "|"}),
        json!({"concatenated_s": "b|a||undefined"}),
    );
    with(json!({"aggregation": "count", "field": "s", "includeEmpty": true}), json!({"count_s": 4}));
}

#[test]
fn groups_are_summarized_one_by_one() {
    let data = json!([{"g": 10, "h": "x", "n": 1}, {"g": "9", "h": "x", "n": 2}, {"g": 10, "h": "y", "n": 3}, {"g": null, "n": 4}, {"n": 5}]);
    let sums = columns(&[("sum", "n")]);
    let by = |fields: &str, options: Value| json!({"fieldsToSummarize": sums, "fieldsToSplitBy": fields, "options": options});
    check(
        Rules::TypedGroups,
        &by("g", json!({})),
        &data,
        &json!([{"sum_n": 4, "g": 10}, {"sum_n": 2, "g": "9"}, {"sum_n": 4, "g": null}, {"sum_n": 5}]),
    );
    check(
        Rules::TextGroups,
        &by("g", json!({})),
        &data,
        &json!([{"sum_n": 4, "g": "10"}, {"sum_n": 2, "g": "9"}, {"sum_n": 4, "g": "null"}, {"sum_n": 5, "g": "undefined"}]),
    );
    check(
        ITEM_LISTS_3,
        &by("g", json!({"skipEmptySplitFields": true})),
        &data,
        &json!([{"g": "9", "sum_n": 2}, {"g": "10", "sum_n": 4}, {"g": "null", "sum_n": 4}]),
    );
    check(
        Rules::TypedGroups,
        &by("g, h", json!({"skipEmptySplitFields": true})),
        &data,
        &json!([{"sum_n": 1, "g": 10, "h": "x"}, {"sum_n": 3, "g": 10, "h": "y"}, {"sum_n": 2, "g": "9", "h": "x"}]),
    );
    check(
        Rules::TypedGroups,
        &by("g,h", json!({"outputFormat": "singleItem", "skipEmptySplitFields": true})),
        &data,
        &json!([{"10": {"x": {"sum_n": 1}, "y": {"sum_n": 3}}, "9": {"x": {"sum_n": 2}}}]),
    );
}

#[test]
fn versions_differ() {
    let data = json!([{"a b": "x", "n": 1}]);
    let parameters = |field: &str| json!({"fieldsToSummarize": columns(&[("max", field)])});
    check(ITEM_LISTS_1, &parameters("a b"), &data, &json!([{"max_a b": null}]));
    check(ITEM_LISTS_3, &parameters("a b"), &data, &json!([{"max_a_b": "x"}]));
    check(ITEM_LISTS_1, &parameters("q"), &data, &json!("The field 'q' does not exist in any items"));
    check(Rules::TextGroups, &parameters("q"), &data, &json!("The field 'q' does not exist in any items"));
    check(Rules::TypedGroups, &parameters("q"), &data, &json!([{"max_q": null}]));
    let accepting = json!({"fieldsToSummarize": columns(&[("max", "q")]), "options": {"continueIfFieldNotFound": true}});
    check(Rules::TextGroups, &accepting, &data, &json!([{"max_q": null}]));
    let message = "You need to add at least one aggregation to 'Fields to Summarize' with non empty 'Field'";
    check(Rules::TypedGroups, &parameters(""), &data, &json!(message));
}
