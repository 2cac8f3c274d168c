use std::sync::Mutex;

use futures::FutureExt;
use futures::executor::block_on;
use futures::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::expression::FixedScope;
use crate::model::Item;

/// Answers every script with its own code; what begins with `slow` has to be waited for, `bad` does not parse, `fail` fails.
#[derive(Debug, Default)]
struct Echo {
    compiled: Mutex<Vec<String>>,
    marks: bool,
}

#[derive(Debug)]
struct EchoScript(String);

impl ScriptEngine for Echo {
    fn compile_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError> {
        let code = code.trim().to_owned();
        if code.starts_with("bad") {
            return Err(ExpressionError::new(ExpressionErrorKind::Syntax, "bad"));
        }
        self.compiled.lock().unwrap().push(code.clone());
        Ok(Arc::new(EchoScript(code)))
    }

    fn compile_text_expression(&self, code: &str) -> Result<Arc<dyn Script>, ExpressionError> {
        self.compile_expression(&format!("{} as text", code.trim()))
    }

    fn marks_values(&self) -> bool {
        self.marks
    }
}

impl Script for EchoScript {
    fn try_evaluate(&self, _scope: &dyn Scope) -> Option<Evaluation> {
        if self.0.starts_with("fail") {
            return Some(Err(ExpressionError::new(ExpressionErrorKind::Limit, "too much")));
        }
        (!self.0.starts_with("slow")).then(|| Ok(Some(json!({"script": self.0}))))
    }

    fn evaluate(self: Arc<Self>, scope: Arc<dyn Scope>) -> BoxFuture<'static, Evaluation> {
        async move { Ok(Some(json!(format!("{} at {}", self.0, scope.item_index())))) }.boxed()
    }
}

fn scope() -> FixedScope {
    FixedScope::new(vec![Item::from_value(json!({"a": 1})), Item::from_value(json!({"a": 2, "key": "trim"}))]).at(1)
}

fn compile(source: &str) -> Template {
    Template::compile(source, Some(&Echo::default())).unwrap()
}

#[test]
fn chunks_that_are_not_native_are_given_to_the_engine() {
    let check = |source: &str, native: bool, now: Option<Value>, later: Value| {
        let template = compile(source);
        assert_eq!(template.is_native(), native, "{source}");
        assert_eq!(template.evaluate_now(&scope()).map(|answer| answer.unwrap().unwrap()), now, "{source}");
        assert_eq!(block_on(template.evaluate(&scope())).unwrap().unwrap(), later, "{source}");
    };
    check("{{ $json.a }}", true, Some(json!(2)), json!(2));
    check("{{ x }}", false, Some(json!({"script": "x"})), json!({"script": "x"}));
    check("{{ slow }}", false, None, json!("slow at 1"));
    check("{{ $json.a }} {{ x }}", false, Some(json!("2 [object Object]")), json!("2 [object Object]"));
    check("{{ slow }} {{ $json.a }} {{ slow(2) }}", false, None, json!("slow as text at 1 2 slow(2) as text at 1"));
    check("{{ 'a'[$json.key] + 1 }}", true, Some(json!({"script": "'a'[$json.key] + 1"})), json!({"script": "'a'[$json.key] + 1"}));
}

#[test]
fn a_script_is_compiled_only_where_it_may_be_asked() {
    let check = |source: &str, marks: bool, expect: &[&str]| {
        let engine = Echo { marks, ..Echo::default() };
        assert!(Template::compile(source, Some(&engine)).is_ok(), "{source}");
        assert_eq!(*engine.compiled.lock().unwrap(), expect, "{source}");
    };
    check("{{ $json.a + 1 }} {{ $('N').item.json.x }} {{ 1 ? 'x' : [2] }}", false, &[]);
    check("{{ $json.a.trim() }}", false, &["$json.a.trim()"]);
    check("{{ x }}y", false, &["x as text"]);
    check("{{ 0 / 0 }}", true, &["0 / 0"]);
}

#[test]
fn values_that_json_cannot_hold_are_left_to_an_engine_that_marks_them() {
    let check = |source: &str, expect: Value| {
        let engine = Echo { marks: true, ..Echo::default() };
        let answer = Template::compile(source, Some(&engine)).unwrap().evaluate_now(&scope());
        assert_eq!(answer, Some(Ok(Some(expect))), "{source}");
    };
    check("{{ 0 / 0 }}", json!({"script": "0 / 0"}));
    check("{{ [1, [undefined]] }}", json!({"script": "[1, [undefined]]"}));
    check("{{ ({a: 1/0}) }}", json!({"script": "({a: 1/0})"}));
    check("{{ [1, {a: null}] }}", json!([1, {"a": null}]));
    assert_eq!(compile("{{ [0 / 0] }}").evaluate_now(&scope()), Some(Ok(Some(json!([null])))));
}

#[test]
fn errors_end_a_template() {
    let check = |source: &str, expect: ExpressionErrorKind| {
        let answer = Template::compile(source, Some(&Echo::default())).and_then(|template| block_on(template.evaluate(&scope())));
        assert_eq!(answer.map_err(|error| error.kind()), Err(expect), "{source}");
    };
    check("{{ }}", ExpressionErrorKind::Syntax);
    check("{{ 1 + }}", ExpressionErrorKind::Syntax);
    check("{{ bad }}", ExpressionErrorKind::Syntax);
    check("{{ $json.constructor }}", ExpressionErrorKind::Forbidden);
    check("{{ fail }}", ExpressionErrorKind::Limit);
    check("{{ slow }}{{ fail }}", ExpressionErrorKind::Limit);
    check("{{ $('Nobody').item.json.x }}", ExpressionErrorKind::UnknownNode);
    check("x{{ $('Nobody').item.json.x }}", ExpressionErrorKind::UnknownNode);
}
