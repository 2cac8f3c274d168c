use std::sync::Arc;

use serde_json::json;

use super::{check, evaluate, fails, scope, script, undefined};
use crate::expression::ExpressionErrorKind::{Call, Forbidden, NotExecuted, OutOfRange, UnknownNode};
use crate::expression::{ExtendedScope, Facts, FixedScope, NodeFacts, Reads, Template};
use crate::model::{Batch, Item};

#[test]
fn paths_into_the_item() {
    check("$json.t", json!("text"));
    check("$json['t']", json!("text"));
    check("$data.t", json!("text"));
    check("$json.o.a.b", json!("deep"));
    check("$json.o['k y']", json!(1));
    check("$json.o[0]", json!("zero"));
    check("$json.o['0']", json!("zero"));
    check("$json[1]", json!("one"));
    check("$json.list[1]", json!("b"));
    check("$json.list['1']", json!("b"));
    check("$json.list[3][0]", json!(2));
    check("$json.list.length", json!(4));
    check("$json.t.length", json!(4));
    check("$json.t[0]", json!("t"));
    check("$json.big", json!(9_007_199_254_740_993_u64));
    check("$json.n", json!(2.5));
    check("$json.nul", json!(null));
    check("$json[$json.key]", json!("text"));
    check("$json.list[$json.i - 6]", json!("b"));
    check("$json[`o`].a", json!({"b": "deep"}));
    check("$json.o", json!({"a": {"b": "deep"}, "k y": 1, "0": "zero"}));
    for code in [
        "$json.zz",
        "$json.zz.y",
        "$json.nul.x",
        "$json.list[9]",
        "$json.list[-1]",
        "$json.list['01']",
        "$json.t[9]",
        "$json.t.x",
        "$json.i.x",
        "$json.list.x",
        "null.x",
        "$json.length",
        "$json[$json.zz]",
    ] {
        undefined(code);
    }
}

#[test]
fn optional_chains() {
    undefined("$json.zz?.a.b.c");
    undefined("$json?.zz?.[0]?.x");
    check("$json?.o?.a?.['b']", json!("deep"));
    check("$json.zz?.a.b ?? 'd'", json!("d"));
    undefined("($json.zz?.a).b");
    undefined("$json.nul?.trim().x");
    check("$json.t?.trim()", json!("text"));
    check("$json.nul?.x === undefined", json!(true));
    check("[$json.zz?.a, 1]", json!([null, 1]));
}

#[test]
fn what_leads_out_of_the_data_is_refused() {
    for code in [
        "$json.constructor",
        "$json['constructor']",
        "$json.a.__proto__",
        "({}).prototype",
        "{__proto__: 1}",
        "$json[$json.bad]",
        "$json['const' + 'ructor']",
        "$json.t?.constructor",
    ] {
        fails(code, Forbidden);
    }
    check("'constructor'", json!("constructor"));
}

#[test]
fn functions_that_nobody_calls() {
    for code in ["$json.list.map", "$json.t.trim", "$json.toString", "$json['valueOf']", "$json.i.toFixed"] {
        fails(code, Call);
    }
    script("$json.t.trim + 1");
    script("$json.t.trim == 1");
    script("[$json.t.trim]");
    script("$json.t.trim.x");
    check("$json.list.map ? 1 : 2", json!(1));
    assert!(evaluate("{{ $json.list.map }}x").is_err(), "within text it would be the source of the function");
}

#[test]
fn items_of_the_input() {
    check("$input.item.json.t", json!("text"));
    check("$input.first().json.i", json!(7));
    check("$input.last().json.n", json!(10));
    check("$input.all().length", json!(2));
    check("$input.all()[1].json.second", json!(true));
    check("$input.all().last().json.n", json!(10));
    check("$input.first()?.json?.i", json!(7));
    check("$input.item.json", evaluate("{{ $json }}").unwrap().unwrap());
    undefined("$input.all()[5]?.json");
    undefined("$input.all()[5].json");
    for code in [
        "$input",
        "$input.item",
        "$input.all()",
        "$input.first(1)",
        "$input.params",
        "$input.item.pairedItem",
        "JSON.stringify($input.all())",
        "$input.context.x",
    ] {
        script(code);
    }
    let nothing = FixedScope::new(Batch::EMPTY);
    for code in ["$json.a", "$input.all().length", "$input.item.json", "$binary"] {
        let answer = Template::compile(&format!("{{{{ {code} }}}}"), None).unwrap().evaluate_now(&nothing).unwrap();
        assert_eq!(answer.map_err(|error| error.kind()), Err(NotExecuted), "{code}");
    }
    let beyond = Template::compile("{{ $json.a }}", None).unwrap().evaluate_now(&scope().at(9)).unwrap();
    assert_eq!(beyond.map_err(|error| error.kind()), Err(OutOfRange));
}

#[test]
fn files_of_the_item() {
    check("$binary.data.fileName", json!("a.txt"));
    check("$binary.data.mimeType", json!("text/plain"));
    check("$binary['data'].fileExtension", json!("txt"));
    undefined("$binary.data.directory");
    undefined("$binary.other");
    undefined("$binary.other.fileName");
    check("$binary.other?.fileName ?? 'none'", json!("none"));
    check("!!$binary.data", json!(true));
    check("Object.keys($binary)", json!(["data"]));
    check("$input.item.binary.data.fileName", json!("a.txt"));
    check("$input.last().binary === undefined", json!(true));
    check("$binary.isEmpty()", json!(false));
    script("$binary");
    script("$binary.data.fileSize");
}

#[test]
fn other_nodes() {
    check("$('Other Node').item.json.x", json!("first"));
    check("$('Other Node').first().json.x", json!("first"));
    check("$(\"Other Node\").last().json.x", json!("second"));
    check("$('Other Node').first(0, -1).json.x", json!("first"));
    check("$('Other Node').all().length", json!(2));
    check("$('Other Node').all()[1].json.x", json!("second"));
    check("$('Other Node').pairedItem(1).json.x", json!("second"));
    check("$('Other Node').itemMatching($itemIndex + 1).json.x", json!("second"));
    check("$('Other Node').pairedItem().json['x']", json!("first"));
    check("$('Other Node').isExecuted", json!(true));
    check("$node['Other Node'].json.x", json!("first"));
    check("$node.Prev.json.i", json!(7));
    check("$node['Prev'].runIndex", json!(0));
    check("$items('Other Node')[1].json.x", json!("second"));
    check("$items()[0].json.i", json!(7));
    check("$('Other Node').item.json.x + $('Prev').item.json.t + $('Other Node').last().json.x", json!("firsttextsecond"));
    undefined("$('Other Node').first(1).json.x");
    undefined("$('Other Node').first(1)?.json");
    fails("$('Nobody').item.json.x", UnknownNode);
    fails("$('Nobody').isExecuted", UnknownNode);
    fails("$node['Nobody'].json", UnknownNode);
    fails("$('Other Node').first(0, 3).json", OutOfRange);
    fails("$('Other Node').pairedItem(9).json", OutOfRange);
    undefined("$json.zz.trim($('Nobody').item.json)");
    fails("$json.i.trim($('Nobody').item.json)", UnknownNode);
    fails("$json.zz.first($('Nobody').item.json)", UnknownNode);
    fails("1 + $('Nobody').item?.json?.x", UnknownNode);
    for code in [
        "$('Other Node')",
        "$('Other Node').item",
        "$('Other Node').itemMatching()",
        "$('Other Node').pairedItem('x').json",
        "$node['Prev']",
        "$node",
    ] {
        script(code);
    }
}

#[test]
fn facts() {
    check("$itemIndex", json!(0));
    check("$position", json!(0));
    check("$runIndex", json!(0));
    check("$execution.id", json!("1"));
    check("$execution['mode']", json!("test"));
    check("$executionId", json!("1"));
    check("$workflow.active", json!(false));
    check("$workflow.name", json!(""));
    check("$prevNode.name", json!("Prev"));
    check("$prevNode.outputIndex", json!(0));
    check("$nodeVersion", json!(1));
    check("$now", json!("2023-11-14T17:13:20.123-05:00"));
    check("$today", json!("2023-11-14T00:00:00.000-05:00"));
    assert_eq!(evaluate("at {{ $now }}").unwrap(), Some(json!("at 2023-11-14T17:13:20.123-05:00")));
    undefined("$webhookId");
    undefined("$execution.resumeUrl");
    undefined("$vars.x");
    check("$vars", json!({}));
    for (zone, expect) in
        [("UTC", "2023-11-14T22:13:20.123Z"), ("Europe/London", "2023-11-14T22:13:20.123+00:00"), ("Asia/Kolkata", "2023-11-15T03:43:20.123+05:30")]
    {
        let facts = Facts { time_zone: zone.into(), ..Facts::default() };
        assert_eq!(Template::compile("{{$now}}", None).unwrap().evaluate_now(&scope().with_facts(facts)), Some(Ok(Some(json!(expect)))));
    }
}

#[test]
fn variables_of_the_scope() {
    let variables = json!({"$response": {"body": {"next": "u"}}, "$pageCount": 2});
    let scope = ExtendedScope::new(Arc::new(scope()), variables.as_object().unwrap().clone());
    let value = |code: &str| Template::compile(&format!("{{{{ {code} }}}}"), None).and_then(|template| template.evaluate_now(&scope).unwrap());
    assert_eq!(value("$response.body.next"), Ok(Some(json!("u"))));
    assert_eq!(value("$pageCount + 1"), Ok(Some(json!(3))));
    assert_eq!(value("$response.zz"), Ok(None));
    assert_eq!(value("$json.t"), Ok(Some(json!("text"))));
    script("$response.body");
}

#[test]
fn parameters_with_expressions_are_left_to_the_engine() {
    let parameters = json!({"plain": "x", "list": [{"a": 1}], "dynamic": "={{ 1 }}", "deep": {"a": ["=x"]}});
    let node = NodeFacts { parameters: parameters.as_object().unwrap().clone().into(), ..NodeFacts::default() };
    let scope = FixedScope::new(vec![Item::default()]).with_facts(Facts { node, ..Facts::default() });
    let value = |code: &str| Template::compile(&format!("{{{{ {code} }}}}"), None).and_then(|template| template.evaluate_now(&scope).unwrap()).ok();
    assert_eq!(value("$parameter.plain"), Some(Some(json!("x"))));
    assert_eq!(value("$parameter['list'][0].a"), Some(Some(json!(1))));
    assert_eq!(value("$parameter.missing"), Some(None));
    assert_eq!(value("$parameter.plain.length"), Some(Some(json!(1))));
    for code in ["$parameter.dynamic", "$parameter.deep", "$parameter.deep.a[0]", "$parameter['&plain']", "$parameter", "$parameter[$json.x]"] {
        assert_eq!(value(code), None, "{code}");
    }
}

#[test]
fn templates_mix_text_and_values() {
    let check = |source: &str, expect: &str| assert_eq!(evaluate(source), Ok(Some(json!(expect))), "{source}");
    check("", "");
    check("plain", "plain");
    check(" {{ 1 }}", " 1");
    check("{{ 1 }}{{ 2 }}", "12");
    check("a{{ null }}{{ undefined }}{{ NaN }}b", "ab");
    check("{{ false }}|{{ 0 }}|{{ 1/0 }}|{{ 1e21 }}", "false|0|Infinity|1e+21");
    check("{{ $json.list }}!", "1,b,,2,3!");
    check("{{ $json.o }}!", "[object Object]!");
    check("{{ $json.big }}!", "9007199254740992!");
    check("pre {{ $json.missing.deep }} post", "pre  post");
    check(r"\{{ 1 }} {{ 2 }}", r"\{{ 1 }} 2");
    check("a {{ 1", "a 1");
    check(r#"x{{ "\}}" }}"#, "x}}");
    check("{{ 1 }} }} {{ 2 }}", "1 }} 2");
    assert!(evaluate("x {{ {a:{b:1}} }}").is_err());
    assert!(evaluate("x {{ }}").is_err());
}

#[test]
fn templates_know_what_they_read() {
    let check = |source: &str, item: bool, elsewhere: bool| {
        assert_eq!(Template::compile(source, None).unwrap().reads(), Reads { item, elsewhere }, "{source}");
    };
    check("text {{ 1 + 1 }}", false, false);
    check("{{ $json.a }} {{ $itemIndex }}", true, false);
    check("{{ $binary.data.fileName }}", true, false);
    check("{{ $json.a }} {{ $('N').item.json.x }}", true, true);
    check("{{ $('N').first().json.x }}", false, true);
    check("{{ $now }}", false, true);
    check("{{ $input.first().json.x }}", true, true);
    check("{{ $node['N'].json.x }}", true, true);
}
