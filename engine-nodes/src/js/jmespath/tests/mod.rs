//! Queries and what they give.

use serde_json::{Value, json};

use super::{Data, parse, search};

fn check(query: &str, data: &Value, expect: Value) {
    let found = parse(query).and_then(|query| Ok(search(&query, &Data::Value(data))?.into_value()));
    assert_eq!(found, Ok(expect), "{query}");
}

fn refused(query: &str) {
    let found = parse(query).and_then(|query| Ok(search(&query, &Data::Value(&json!({"a": 1})))?.into_value()));
    assert!(found.is_err(), "{query}: {found:?}");
}

#[test]
fn finds_paths() {
    let data = json!({"a": {"b": [1, 2, {"c": "x"}]}, "with space": 3});
    check("a.b[0]", &data, json!(1));
    check("a.b[-1].c", &data, json!("x"));
    check("\"with space\"", &data, json!(3));
    check("a.missing.deep", &data, Value::Null);
    check("@.a.b[1]", &data, json!(2));
    check("a.b[:2]", &data, json!([1, 2]));
    check("a.b[::-1] | [1]", &data, json!(2));
}

#[test]
fn projects() {
    let data =
        json!({"people": [{"n": "a", "age": 30, "tags": ["x"]}, {"n": "b", "age": 20, "tags": ["y", "z"]}], "o": {"k": {"v": 1}, "l": {"v": 2}}});
    check("people[*].n", &data, json!(["a", "b"]));
    check("people[?age > `25`].n", &data, json!(["a"]));
    check("people[?age > `25`].n | [0]", &data, json!("a"));
    check("people[?n == 'b' || age == `30`].age", &data, json!([30, 20]));
    check("people[].tags[]", &data, json!(["x", "y", "z"]));
    check("people[*].tags[0]", &data, json!(["x", "y"]));
    check("o.*.v", &data, json!([1, 2]));
    check("people[*].{z: n, a: age}", &data, json!([{"z": "a", "a": 30}, {"z": "b", "a": 20}]));
    check("people[*].[n, age]", &data, json!([["a", 30], ["b", 20]]));
    check("people[?!(age > `25`)].n", &data, json!(["b"]));
    check("people[?contains(tags, 'z')] | length(@)", &data, json!(1));
}

#[test]
fn keeps_the_order_of_keys() {
    let found = parse("{z: a, a: a}").and_then(|query| Ok(search(&query, &Data::Value(&json!({"a": 1})))?.into_value()));
    assert_eq!(found.map(|value| value.to_string()), Ok(r#"{"z":1,"a":1}"#.to_owned()));
}

#[test]
fn calls_functions() {
    let data = json!({"n": [3, 1, 2], "s": ["b", "a"], "o": [{"k": 2}, {"k": 1}]});
    check("sum(n)", &data, json!(6));
    check("avg(n)", &data, json!(2));
    check("max(n)", &data, json!(3));
    check("sort(s)", &data, json!(["a", "b"]));
    check("sort_by(o, &k)[*].k", &data, json!([1, 2]));
    check("max_by(o, &k).k", &data, json!(2));
    check("map(&k, o)", &data, json!([2, 1]));
    check("join(', ', s)", &data, json!("b, a"));
    check("to_string(o[0])", &data, json!("{\"k\":2}"));
    check("not_null(missing, n[0])", &data, json!(3));
    check("keys(@)", &data, json!(["n", "s", "o"]));
    check("type(n)", &data, json!("array"));
    check("reverse(n)", &data, json!([2, 1, 3]));
}

#[test]
fn refuses_what_is_no_query() {
    for query in ["", "a.", "a[", "a ||", "unknown(@)", "a[::0]", "sum(@)", "#"] {
        refused(query);
    }
}
