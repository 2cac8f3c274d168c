use engine_core::model::NodeVersion;
use serde_json::{Value, json};

use super::*;

fn tables() -> Vec<Vec<Item>> {
    let people = json!([
        {"id": 1, "name": "ann", "age": 30, "ok": true, "o": {"x": 1, "l": ["a"]}},
        {"id": 2, "name": "Bob", "age": 25, "ok": false, "o": {"x": 2}},
        {"id": 3, "name": "cy", "age": null},
    ]);
    let cities = json!([{"id": 1, "city": "X"}, {"id": 1, "city": "Y"}, {"id": 4, "city": "Z"}]);
    [people, cities].map(|list| list.as_array().unwrap().iter().cloned().map(Item::from_value).collect()).into()
}

fn ask(sql: &str, options: &Value) -> Result<Vec<Item>, String> {
    let parameters = json!({"query": sql, "options": options});
    let query = Query::read(Settings::new(parameters.as_object().unwrap()), 2, NodeVersion::new(3, 2))?;
    query.ask(&tables()).map_err(|error| error.to_string())
}

fn values(items: &[Item]) -> Value {
    items.iter().map(|item| Value::Object(item.json().clone())).collect()
}

#[track_caller]
fn check(sql: &str, expect: Value) {
    let answer = ask(sql, &json!({})).map(|items| values(&items));
    assert_eq!(answer, Ok(expect), "{sql}");
}

/// The answers are those of `AlaSQL` 4.4.
#[test]
fn queries_are_answered() {
    check(
        "SELECT input1.name, input2.city FROM input1 INNER JOIN input2 ON input1.id = input2.id",
        json!([{"name": "ann", "city": "X"}, {"name": "ann", "city": "Y"}]),
    );
    check("SELECT name, city FROM input1 LEFT JOIN input2 ON input1.id = input2.id WHERE input1.id > 1", json!([{"name": "Bob"}, {"name": "cy"}]));
    check(
        "SELECT * FROM input1 JOIN input2 USING id WHERE city = \"Y\"",
        json!([{"id": 1, "name": "ann", "age": 30, "ok": true, "o": {"x": 1, "l": ["a"]}, "city": "Y"}]),
    );
    check("select id from input1 union all select id from input2 where id = 4", json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]));
    check("select id, count(*) as c from input2 group by id having count(*) > 1", json!([{"id": 1, "c": 2}]));
    check("select count(*), sum(age), avg(age) a, max(upper(name)) m from input1", json!([{"COUNT(*)": 3, "SUM(age)": 55, "a": 27.5, "m": "CY"}]));
    check("select name from input1 order by age desc limit 1", json!([{"name": "ann"}]));
    check("select top 2 id from input1", json!([{"id": 1}, {"id": 2}]));
    check("select name from input1 where name like '%b%' and ok = false", json!([{"name": "Bob"}]));
    check("select age, ok from input1 where age is null", json!([{"age": null}]));
    check(
        "select id/2 h, case when age > 26 then 'old' else 'young' end c from input1 where id in (select id from input2)",
        json!([{"h": 0.5, "c": "old"}]),
    );
    check("select sum(id) s from input1 where id > 9", json!([{"s": 0}]));
    check("select * from input1 where name = 'nobody'", json!([]));
    check("select distinct id from input2", json!([{"id": 1}, {"id": 4}]));
    check(
        "select distinct * from input2 where city <> 'Y' union select id, city from input2 where id = 1",
        json!([{"id": 1, "city": "X"}, {"id": 1, "city": "Y"}, {"id": 4, "city": "Z"}]),
    );
}

#[test]
fn values_come_back_as_they_were() {
    check("select o, ok as fine from input1 where id = 1", json!([{"o": {"x": 1, "l": ["a"]}, "fine": true}]));
    check("select o->x as x, o->l as l, len(name) n from input1 where o->x = 1", json!([{"x": 1, "l": ["a"], "n": 3}]));
    check("select absent, input2.none from input1 join input2 on input1.id = input2.id", json!([{}, {}]));
    check("select [name], `id` from input1 where id = 3", json!([{"name": "cy", "id": 3}]));
}

#[test]
fn rows_are_linked_to_what_they_were_made_of() {
    let items = ask("SELECT input1.name, city FROM input1 JOIN input2 ON input1.id = input2.id", &json!({})).unwrap();
    let links: Vec<Vec<Link>> = items.iter().map(|item| item.paired().links().to_vec()).collect();
    assert_eq!(links, vec![vec![Link::on(0, 0), Link::on(1, 0)], vec![Link::on(0, 0), Link::on(1, 1)]]);
    let items = ask("SELECT a.name FROM input1 a", &json!({})).unwrap();
    assert_eq!((items.len(), items[0].paired().links().len()), (3, 6), "a query whose rows cannot be traced is linked to all");
}

#[test]
fn parameters_are_values() {
    let by = |parameters: Value| {
        ask("select name from input1 where id = ? or name = ?", &json!({"queryParameters": parameters})).map(|items| values(&items))
    };
    assert_eq!(by(json!("2, ann")), Ok(json!([{"name": "ann"}, {"name": "Bob"}])));
    assert_eq!(by(json!([3, "x' or 1=1 --"])), Ok(json!([{"name": "cy"}])));
    assert_eq!(by(json!([{}])), Err("Query parameter 1 must be a string, number, boolean, or null".to_owned()));
    let success = ask("select name from input1 where id = 9", &json!({"emptyQueryResult": "success"})).unwrap();
    assert_eq!(values(&success), json!([{"success": true}]));
}

#[test]
fn nothing_outside_is_reached() {
    for sql in [
        "ATTACH DATABASE '/tmp/engine-sql-test.db' AS other",
        "PRAGMA journal_mode",
        "VACUUM INTO '/tmp/engine-sql-test.db'",
        "SELECT load_extension('x')",
        "CREATE VIRTUAL TABLE t USING fts5(x)",
        "SELECT * FROM pragma_database_list",
    ] {
        assert!(ask(sql, &json!({})).is_err(), "{sql}");
    }
    assert!(!std::path::Path::new("/tmp/engine-sql-test.db").exists());
}

#[test]
fn what_grows_without_end_is_stopped() {
    let endless = "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT x FROM t";
    assert!(ask(endless, &json!({})).unwrap_err().contains("rows"), "rows");
    assert!(ask("SELECT zeroblob(2000000000) FROM input1", &json!({})).is_err(), "a large value");
    let grown = "CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t SELECT zeroblob(1000000) FROM n";
    assert!(ask(grown, &json!({})).is_err(), "a large table");
}

#[test]
fn mistakes_are_named() {
    assert!(ask("bad sql", &json!({})).unwrap_err().contains("syntax error"));
    assert!(ask("select * from nope", &json!({})).unwrap_err().contains("no such table: nope"));
}

#[test]
fn texts_stay_texts() {
    assert_eq!(dialect::rewritten("SELECT \"a->b TOP\", 'it''s' -- USING x\nFROM t"), "SELECT 'a->b TOP', 'it''s' -- USING x\nFROM t");
}
