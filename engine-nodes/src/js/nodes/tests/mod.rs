//! The nodes in a real engine.

#![cfg(feature = "flow")]

use serde_json::{Value, json};

use crate::testing::{TestNode, run_on_threads};

fn code(code: &str) -> TestNode {
    TestNode::new("n8n-nodes-base.code", 2.0, json!({"jsCode": code})).input(json!([{"a": 1}, {"a": 2}]))
}

fn each(code: &str) -> TestNode {
    TestNode::new("n8n-nodes-base.code", 2.0, json!({"jsCode": code, "mode": "runOnceForEachItem"})).input(json!([{"a": 1}, {"a": 2}]))
}

#[track_caller]
fn check(node: &TestNode, expect: Value) {
    let run = node.run_on_threads();
    assert_eq!((run.error(), run.outputs()), (None, expect));
}

#[track_caller]
fn fails(node: &TestNode, expect: &str) {
    assert_eq!(node.run_on_threads().error().as_deref(), Some(expect));
}

#[test]
fn returns_items_in_many_forms() {
    check(&code("return [{json: {x: 1}}, {json: {x: 2}}]"), json!([[{"x": 1}, {"x": 2}]]));
    check(&code("return [{x: 1}, {x: 2}]"), json!([[{"x": 1}, {"x": 2}]]));
    check(&code("return {x: 1}"), json!([[{"x": 1}]]));
    check(&code("return {json: {x: 1}}"), json!([[{"x": 1}]]));
    // Of an only object, keys that an item does not have are left out, or are part of its JSON.
    check(&code("return {json: {x: 1}, more: 2}"), json!([[{"x": 1}]]));
    check(&code("return {x: 1, pairedItem: 0}"), json!([[{"x": 1, "pairedItem": 0}]]));
    check(&code("return {other: typeof item}"), json!([[{"other": "undefined"}]]));
    check(&code("return $input.all()"), json!([[{"a": 1}, {"a": 2}]]));
    check(&code("for (const item of $input.all()) item.json.b = item.json.a;\nreturn $input.all();"), json!([[{"a": 1, "b": 1}, {"a": 2, "b": 2}]]));
    check(&code("return []"), json!([]));
    check(&code("return null"), json!([]));
    check(&code("return [{json: {d: new Date(0), u: undefined}}]"), json!([[{"d": "1970-01-01T00:00:00.000Z"}]]));
}

#[test]
fn refuses_what_is_no_item() {
    for (source, expect) in [
        ("return 1", "Code doesn't return items properly"),
        ("return 'x'", "Code doesn't return items properly"),
        ("return [1]", "Code doesn't return items properly"),
        ("const nothing = 1", "Code doesn't return items properly"),
        ("return [{error: 'e', x: 1}]", "Unknown top-level item key: x [item 0]"),
        ("return [{pairedItem: 0, x: 1}]", "Unknown top-level item key: x [item 0]"),
        ("return [{json: 1}]", "A 'json' property isn't an object [item 0]"),
        ("return [{json: {}, extra: 1}]", "Unknown top-level item key: extra [item 0]"),
        ("return [{json: {}}, {x: 1}]", "Unknown top-level item key: x [item 1]"),
        ("return [{json: {}, binary: 1}]", "A 'binary' property isn't an object [item 0]"),
        ("throw new Error('no')", "no [line 1]"),
        ("throw 'no'", "\"no\""),
        ("\nconst x = 1aaa", "SyntaxError: invalid number literal [line 2]"),
    ] {
        fails(&code(source), expect);
    }
    fails(&each("return [1]"), "A 'json' property isn't an object [item 0]");
    fails(&each("return $json.a === 2 ? 'x' : {}"), "A 'json' property isn't an object [item 1]");
    fails(&each("if ($json.a === 2) { throw new Error('no') }\nreturn {}"), "no [line 1]");
}

#[test]
fn runs_for_each_item() {
    let run = each("$input.item.json.b = $itemIndex; return $json.a === 1 ? null : $input.item").run_on_threads();
    assert_eq!(run.outputs(), json!([[{"a": 2, "b": 1}]]));
    assert_eq!(run.paired(0), json!([{"item": 1}]));
    check(&each("return $json.a === 1 ? undefined : {error: 'e', x: 1}"), json!([[{"error": "e", "x": 1}]]));
    check(&each("return {json: {b: 1}, x: 1}"), json!([[{"b": 1}, {"b": 1}]]));
    check(&each("return {other: typeof items, first: item.json.a}").with("executeOnce", true), json!([[{"other": "undefined", "first": 1}]]));
    check(&each("// not $input.all()\nreturn {}"), json!([[{}, {}]]));
    fails(&each("const x = 1;\nreturn $input.all()[0]"), "Can't use .all() here [line 2, for item 0]");
    check(&each("return {a: item.json.a * 2}"), json!([[{"a": 2}, {"a": 4}]]));
    check(&each("item.json.c = await new Promise(done => done(item.json.a)); return item"), json!([[{"a": 1, "c": 1}, {"a": 2, "c": 2}]]));
}

#[test]
fn keeps_where_items_came_from() {
    let run = code("return $input.all().reverse()").run_on_threads();
    assert_eq!(run.outputs(), json!([[{"a": 2}, {"a": 1}]]));
    assert_eq!(run.paired(0), json!([{"item": 1}, {"item": 0}]));
    let run = code("return [{json: {}, pairedItem: 1}, {json: {}, pairedItem: [{item: 0}, {item: 1}]}]").run_on_threads();
    assert_eq!(run.paired(0), json!([{"item": 1}, [{"item": 0}, {"item": 1}]]));
}

#[test]
fn goes_on_after_errors_when_told_to() {
    let run = code("throw new Error('no')").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(run.outputs(), json!([[{"error": "no [line 1]"}]]));
    // What code returned, right or wrong, is no failure of the code: the node fails as a whole and passes its input on.
    for error in ["continueRegularOutput", "continueErrorOutput"] {
        let run = code("return {json: 1}").with("onError", error).run_on_threads();
        assert_eq!(run.error().as_deref(), Some("A 'json' property isn't an object [item 0]"));
        assert_eq!(run.outputs(), json!([[{"a": 1}, {"a": 2}]]));
    }
    let run = each("if ($json.a === 1) throw new Error('no'); return {ok: 1}").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(run.outputs(), json!([[{"error": "no [line 1]"}, {"ok": 1}]]));
    let run = each("return {").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(run.paired(0), json!([{"item": 0}, {"item": 1}]), "what does not parse fails for each item");
}

#[test]
fn old_functions_run() {
    let function = |code: &str| TestNode::new("n8n-nodes-base.function", 1.0, json!({"functionCode": code})).input(json!([{"a": 1}, {"a": 2}]));
    check(&function("items[0].json.b = 1; return items;"), json!([[{"a": 1, "b": 1}, {"a": 2}]]));
    check(&function("results = []; for (item of items) results.push({json: {n: item.json.a}}); return results"), json!([[{"n": 1}, {"n": 2}]]));
    fails(&function("const x = 1"), "No data got returned. Always return an Array of items!");
    check(&function("return {json: {x: 1}}"), json!([[{"x": 1}]]));
    fails(&function("return 5"), "Always an Array of items has to be returned!");
    let item = |code: &str| TestNode::new("n8n-nodes-base.functionItem", 1.0, json!({"functionCode": code})).input(json!([{"a": 1}, {"a": 2}]));
    check(&item("item.b = item.a * 10; return item;"), json!([[{"a": 1, "b": 10}, {"a": 2, "b": 20}]]));
    let failing = item("if (item.a === 2) throw new Error('no'); return item").with("onError", "continueErrorOutput").run_on_threads();
    assert_eq!(failing.outputs(), json!([[{"a": 1}], [{"error": "no"}]]), "the failed item has no link that would lead to its JSON");
    fails(&item("item.b = 1"), "No data got returned. Always an object has to be returned!");
    let failing = function("throw new Error('no')").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(failing.outputs(), json!([[{"error": "no"}]]));
    let nothing = item("if (item.a === 1) return item").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(nothing.paired(0), json!([{"item": 0}, {"item": 1}]));
    let unread = item("return {").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(unread.outputs().as_array().unwrap()[0].as_array().unwrap().len(), 2, "what does not parse fails for each item");
    for kind in ["n8n-nodes-base.function", "n8n-nodes-base.functionItem"] {
        check(&TestNode::new(kind, 1.0, json!({})).input(json!([{"a": 1}])), json!([[{"a": 1, "myNewField": 1}]]));
    }
}

#[test]
fn old_functions_reach_files() {
    let node = |name: &str, kind: &str, code: &str| json!({"id": name, "name": name, "type": kind, "typeVersion": 1, "parameters": {"functionCode": code}, "position": [0, 0]});
    let to = |name: &str| json!({"main": [[{"node": name, "type": "main", "index": 0}]]});
    let workflow = json!({
        "nodes": [
            {"id": "s", "name": "Start", "type": "manual_trigger", "parameters": {}, "position": [0, 0]},
            node("A", "n8n-nodes-base.functionItem", "const none = getBinaryData(); await setBinaryDataAsync({f: {data: btoa('hi'), mimeType: 'text/plain'}}); return {none: none ?? null}"),
            node("B", "n8n-nodes-base.function", "for (const item of items) { const {f} = await getBinaryDataAsync(item); await setBinaryDataAsync(item, {g: {...f, data: btoa(atob(f.data) + '!')}}); } return items"),
            node("C", "n8n-nodes-base.functionItem", "getBinaryData().g.fileName = 'g.txt'; return item"),
            node("Node", "n8n-nodes-base.functionItem", "const {g} = await getBinaryDataAsync(); return {...item, text: atob(g.data), name: g.fileName, type: g.mimeType}"),
        ],
        "connections": {"Start": to("A"), "A": to("B"), "B": to("C"), "C": to("Node")},
        "settings": {"executionOrder": "v1"},
    });
    let run = run_on_threads(&workflow);
    assert_eq!((run.error(), run.outputs()), (None, json!([[{"none": null, "text": "hi!", "name": "g.txt", "type": "text/plain"}]])));
}

#[test]
fn reads_other_nodes() {
    let workflow = json!({
        "nodes": [
            {"id": "s", "name": "Start", "type": "manual_trigger", "parameters": {}, "position": [0, 0]},
            {"id": "a", "name": "A", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": "return [{x: 1}, {x: 2}]"}, "position": [200, 0]},
            {"id": "b", "name": "B", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": "return items.map(i => ({json: {y: i.json.x * 2}, pairedItem: i.pairedItem}))"}, "position": [400, 0]},
            {"id": "n", "name": "Node", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"mode": "runOnceForEachItem", "jsCode": "return {y: $json.y, x: $('A').item.json.x, all: $('A').all().length, prev: $prevNode.name, run: $('A').isExecuted}"}, "position": [600, 0]},
        ],
        "connections": {"Start": {"main": [[{"node": "A", "type": "main", "index": 0}]]}, "A": {"main": [[{"node": "B", "type": "main", "index": 0}]]}, "B": {"main": [[{"node": "Node", "type": "main", "index": 0}]]}},
        "settings": {"executionOrder": "v1"},
    });
    let expect = |x: i32| json!({"y": x * 2, "x": x, "all": 2, "prev": "B", "run": true});
    assert_eq!(run_on_threads(&workflow).outputs(), json!([[expect(1), expect(2)]]));
}

/// What a last node called `Node` gives behind two pinned nodes, `A` and `B`, that a Merge puts together. `Later` is pinned and has not run yet.
fn behind_a_merge(value: &str) -> Value {
    let set = json!({"assignments": {"assignments": [{"name": "v", "type": "string", "value": value}]}, "options": {"ignoreConversionErrors": true}});
    let node = |name: &str, kind: &str, version: f64, parameters: Value, y: i32| json!({"id": name, "name": name, "type": format!("n8n-nodes-base.{kind}"), "typeVersion": version, "parameters": parameters, "position": [0, y]});
    let to = |name: &str, index: usize| json!({"node": name, "type": "main", "index": index});
    let workflow = json!({
        "nodes": [
            node("Start", "manualTrigger", 1.0, json!({}), 0), node("A", "noOp", 1.0, json!({}), 0), node("B", "noOp", 1.0, json!({}), 100),
            node("Merge", "merge", 3.0, json!({}), 0), node("Node", "set", 3.4, set, 0), node("Later", "noOp", 1.0, json!({}), 900),
        ],
        "connections": {
            "Start": {"main": [[to("A", 0), to("B", 0), to("Later", 0)]]}, "A": {"main": [[to("Merge", 0)]]}, "B": {"main": [[to("Merge", 1)]]},
            "Merge": {"main": [[to("Node", 0)]]},
        },
        "pinData": {"A": [{"json": {"n": 1}}], "B": [{"json": {"n": 2}}], "Later": [{"json": {"n": 3}}, {"json": {"n": 4}}]},
        "settings": {"executionOrder": "v1"},
    });
    let run = run_on_threads(&workflow);
    assert_eq!(run.error(), None, "{value}");
    run.outputs()
}

#[test]
fn links_that_end_at_a_trigger_make_an_expression_undefined() {
    assert_eq!(behind_a_merge("={{ $('A').item.json.n }}"), json!([[{"v": "1"}, {"v": null}]]));
    assert_eq!(behind_a_merge("={{ $('B').item?.json?.n ?? 'none' }}"), json!([[{"v": null}, {"v": "2"}]]));
}

#[test]
fn a_node_by_its_old_name_must_be_connected() {
    let workflow = |connected: bool| {
        let item = |n: i32| json!({"jsCode": format!("return [{{n: {n}}}]")});
        let next = |name: &str| json!({"node": name, "type": "main", "index": 0});
        let from_a = if connected { json!([next("Node")]) } else { json!([]) };
        json!({
            "nodes": [
                {"id": "s", "name": "Start", "type": "manual_trigger", "parameters": {}, "position": [0, 0]},
                {"id": "a", "name": "A", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": item(1), "position": [200, 0]},
                {"id": "b", "name": "B", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": item(2), "position": [200, 100]},
                {"id": "n", "name": "Node", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": "return [{n: $node['A'].json.n}]"}, "position": [400, 100]},
            ],
            "connections": {"Start": {"main": [[next("A"), next("B")]]}, "A": {"main": [from_a]}, "B": {"main": [[next("Node")]]}},
            "settings": {"executionOrder": "v1"},
        })
    };
    assert_eq!(run_on_threads(&workflow(true)).outputs(), json!([[{"n": 1}]]));
    assert!(run_on_threads(&workflow(false)).error().unwrap().starts_with("connect \"Node\" to \"A\""));
}

#[test]
fn pinned_items_stand_in_for_what_has_not_run() {
    let first = |value: &str| behind_a_merge(value)[0][0]["v"].clone();
    assert_eq!(first("={{ $('Later').last().json.n }}"), json!("4"));
    assert_eq!(first("={{ $('Later').all().length }}"), json!("2"));
    assert_eq!(first("={{ $('A').all(1, 5).length }}"), json!("1"));
    assert_eq!(first("={{ $('Later').isExecuted }}"), json!("false"));
    assert_eq!(first("={{ $node['Later'].runIndex }} {{ $node['A'].runIndex }}"), json!("-1 0"));
}

#[test]
fn has_what_code_in_n8n_has() {
    check(
        &code(
            "const day = DateTime.fromISO('2024-05-06', { zone: 'utc' }).plus({ days: 1 });\n\
             await new Promise((done) => setTimeout(done, 1));\n\
             return { day: day.toISODate(), found: $jmespath({ a: [{ b: 1 }, { b: 2 }] }, 'a[*].b'), bytes: Buffer.from('hi').toString('base64') };",
        ),
        json!([[{"day": "2024-05-07", "found": [1, 2], "bytes": "aGk="}]]),
    );
    let denied = code("return await this.helpers.httpRequestWithAuthentication.call(this, 'x', { url: 'http://127.0.0.1/' });").run_on_threads();
    assert!(denied.error().unwrap().contains("credentials are not available to code"));
}

#[cfg(feature = "transform")]
#[test]
fn sorts_by_code() {
    let sort =
        |code: &str| TestNode::new("n8n-nodes-base.sort", 1.0, json!({"type": "code", "code": code})).input(json!([{"a": 2}, {"a": 3}, {"a": 1}]));
    check(&sort("return a.json.a - b.json.a"), json!([[{"a": 1}, {"a": 2}, {"a": 3}]]));
    check(&sort("field = 'a';\nif (a.json[field] < b.json[field]) {\n return 1;\n}\nreturn -1;"), json!([[{"a": 3}, {"a": 2}, {"a": 1}]]));
    // Equal items, and a comparison that never says so: V8's order.
    let parameters = json!({"type": "code", "code": "return a.json.b > b.json.b ? 1 : -1"});
    let equal =
        TestNode::new("n8n-nodes-base.sort", 1.0, parameters).input(json!([{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": 3, "b": 2}, {"a": 4, "b": 2}]));
    check(&equal, json!([[{"a": 2, "b": 1}, {"a": 4, "b": 2}, {"a": 3, "b": 2}, {"a": 1, "b": 2}]]));
    check(&sort("return 0; // as they came"), json!([[{"a": 2}, {"a": 3}, {"a": 1}]]));
    check(&sort("return b.json.a - a.json.a").with("executeOnce", true), json!([[{"a": 2}]]));
    let failing = sort("return a.nowhere.x").with("onError", "continueRegularOutput").run_on_threads();
    assert_eq!(failing.outputs(), json!([[{"a": 2}, {"a": 3}, {"a": 1}]]), "a node that fails passes its input on");
    fails(&sort("a.json.a - b.json.a"), "Sort code doesn't return. Please add a 'return' statement to your code");
    fails(&sort("\nreturn a.nowhere.x"), "Cannot read properties of undefined (reading 'x') [line 2]");
    let lists = json!({"operation": "sort", "type": "code", "code": "return b.json.a - a.json.a"});
    check(&TestNode::new("n8n-nodes-base.itemLists", 3.0, lists).input(json!([{"a": 1}, {"a": 2}])), json!([[{"a": 2}, {"a": 1}]]));
}
