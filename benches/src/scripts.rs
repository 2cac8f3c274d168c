//! The cost of expressions, of code and of changing items, beside what the script engine and a plain loop need for the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine_core::expression::{FixedScope, Template};
use engine_core::model::Item;
use engine_core::plan::Plan;
use engine_core::runtime::TokioRuntime;
use engine_core::state::ExecutionStatus;
use engine_core::{Engine, Start, Workflow};
use engine_nodes::js::JsEngine;
use rquickjs::{Array, Context, Ctx, Function, Object, Runtime, Value as JsValue};
use serde_json::{Map, Value, json};

use crate::measure::{Subject, medians, nanos_each, say};

/// How many items the nodes work on.
const ITEMS: usize = 1_000;
/// How often an expression is evaluated in a round.
/// Few enough for a round to fit between two interruptions of a busy machine.
const TIMES: usize = 200;
const ROUNDS: usize = 101;

/// Prints the costs and their ratios.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let engine = {
        let _context = runtime.enter();
        let builder = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry());
        builder.script_engine(Arc::new(JsEngine::default())).build()
    };
    let bench = Bench { runtime, engine };
    bench.expressions();
    bench.code();
    bench.edit_fields();
}

/// A record of so many fields.
fn record(number: usize, fields: usize) -> Value {
    let mut record = Map::new();
    record.insert("id".to_owned(), json!(number));
    record.insert("name".to_owned(), json!(format!("Person {number}")));
    record.insert("price".to_owned(), json!(12.5));
    record.insert("count".to_owned(), json!(number % 7));
    record.insert("address".to_owned(), json!({"city": "Paris", "zip": "75001"}));
    for field in record.len()..fields {
        record.insert(format!("field{field}"), json!("value"));
    }
    Value::Object(record)
}

fn records() -> Vec<Value> {
    (0..ITEMS).map(|number| record(number, 6)).collect()
}

struct Bench {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
}

impl Bench {
    fn expressions(&self) {
        say("expressions: ns per evaluation");
        let engine = JsEngine::default();
        for (name, source, fields) in [
            ("bare path, item of 10 fields", "{{ $json.address.city }}", 10),
            ("operators, item of 10 fields", "{{ $json.price * $json.count + 1 }}", 10),
            ("JavaScript, item of 10 fields", "{{ [$json.price].map(price => price * 2)[0] }}", 10),
            ("JavaScript, item of 1,000 fields", "{{ [$json.price].map(price => price * 2)[0] }}", 1_000),
            ("JavaScript, item of 100,000 fields", "{{ [$json.price].map(price => price * 2)[0] }}", 100_000),
        ] {
            let scope = FixedScope::new(vec![Item::from_value(record(7, fields))]);
            let template = Template::compile(source, Some(&engine)).expect("it compiles");
            let evaluate = || async {
                for _ in 0..TIMES {
                    std::hint::black_box(template.evaluate(&scope).await.expect("it has a value"));
                }
            };
            say_each(name, Subject::new(|| self.runtime.block_on(evaluate())));
        }
        let script = RawScript::new("(json) => [json.price].map(price => price * 2)[0]");
        say_each("QuickJS, the object already there", Subject::timed(|| script.calls(&record(7, 10))));
    }

    fn plan(&self, kind: &str, version: f64, parameters: &Value) -> Arc<Plan> {
        let nodes = json!([
            {"id": "0", "name": "Start", "type": "manual_trigger", "parameters": {}},
            {"id": "1", "name": "Node", "type": kind, "typeVersion": version, "parameters": parameters},
        ]);
        let connections = json!({"Start": {"main": [[{"node": "Node", "type": "main", "index": 0}]]}});
        let text = json!({"nodes": nodes, "connections": connections}).to_string();
        self.engine.compile(Workflow::from_json(&text).expect("it reads")).expect("it compiles")
    }

    /// The time of a run that begins with all records; how they get there does not count.
    fn timed(&self, plan: &Arc<Plan>) -> Duration {
        let start = Start::with_items(records());
        let begin = Instant::now();
        let result = self.runtime.block_on(self.engine.run(plan, start)).expect("it starts");
        let time = begin.elapsed();
        assert_eq!(result.status(), ExecutionStatus::Success);
        time
    }

    fn code(&self) {
        let code = "return $input.all().map((item) => ({ json: { ...item.json, total: item.json.price * item.json.count } }));";
        let plan = self.plan("n8n-nodes-base.code", 2.0, &json!({"jsCode": code}));
        let script = RawScript::new("(list) => list.map((json) => ({ ...json, total: json.price * json.count }))");
        let mut subjects =
            [Subject::timed(|| script.timed(raw_round_trip)), Subject::timed(|| script.timed(text_round_trip)), Subject::timed(|| self.timed(&plan))];
        let times = bests(&mut subjects);
        report(
            &format!("Code over {ITEMS} items, best of {ROUNDS}"),
            &["QuickJS, values built directly", "QuickJS, through JSON text", "node"],
            &times,
            2,
        );
    }

    fn edit_fields(&self) {
        let assignment = |name: &str, value: &str, kind: &str| json!({"id": name, "name": name, "value": value, "type": kind});
        let assignments = json!([
            assignment("greeting", "=Hello {{ $json.name }}", "string"),
            assignment("total", "={{ $json.price * $json.count }}", "number"),
            assignment("address.country", "FR", "string"),
        ]);
        let parameters = json!({"assignments": {"assignments": assignments}, "includeOtherFields": true, "options": {}});
        let plan = self.plan("n8n-nodes-base.set", 3.4, &parameters);
        let mut subjects = [
            Subject::timed(|| {
                let items: Vec<Item> = records().into_iter().map(Item::from_value).collect();
                let begin = Instant::now();
                let edited: Vec<Item> = items.iter().map(edited).collect();
                let time = begin.elapsed();
                drop(edited);
                time
            }),
            Subject::timed(|| self.timed(&plan)),
        ];
        report(&format!("Edit Fields on {ITEMS} items"), &["plain loop", "node"], &medians(&mut subjects, ROUNDS), 1);
    }
}

/// What Edit Fields does, written by hand.
fn edited(item: &Item) -> Item {
    let mut json = item.json().clone();
    let text = |name: &str| item.json().get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| item.json().get(name).and_then(Value::as_f64).unwrap_or_default();
    json.insert("greeting".to_owned(), Value::String(format!("Hello {}", text("name"))));
    json.insert("total".to_owned(), json!(number("price") * number("count")));
    if let Some(Value::Object(address)) = json.get_mut("address") {
        address.insert("country".to_owned(), Value::String("FR".to_owned()));
    }
    Item::new(json)
}

/// The best times of subjects in turn. What takes longer than a busy machine leaves one alone has no other time of its own.
fn bests(subjects: &mut [Subject<'_>]) -> Vec<Duration> {
    let mut times = vec![Duration::MAX; subjects.len()];
    for _ in 0..ROUNDS {
        for (subject, best) in subjects.iter_mut().zip(&mut times) {
            *best = (*best).min((subject.round)());
        }
    }
    times
}

fn say_each(name: &str, subject: Subject<'_>) {
    let time = medians(&mut [subject], ROUNDS).first().copied().unwrap_or_default();
    say(&format!("  {name:<36} {:>8.0}", nanos_each(time, TIMES)));
}

/// Prints times, and what the last of them is of the best of the first `floors`.
fn report(title: &str, names: &[&str], times: &[Duration], floors: usize) {
    say(&format!("{title}:"));
    let best = times.iter().take(floors).min().copied().unwrap_or_default();
    for (name, time) in names.iter().zip(times) {
        say(&format!("  {name:<36} {:>8.2} ms ({:.2})", time.as_secs_f64() * 1e3, time.as_secs_f64() / best.as_secs_f64()));
    }
}

/// The script engine without ours around it, with everything kept that can be.
struct RawScript {
    context: Context,
    source: &'static str,
}

impl RawScript {
    fn new(source: &'static str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        Self { context: Context::full(&runtime).expect("a context"), source }
    }

    /// The time of the calls of a round, all with the same object.
    fn calls(&self, record: &Value) -> Duration {
        self.context.with(|ctx| {
            let function: Function<'_> = ctx.eval(self.source).expect("it compiles");
            let object = inward(&ctx, record);
            let begin = Instant::now();
            for _ in 0..TIMES {
                let value: f64 = function.call((object.clone(),)).expect("an answer");
                std::hint::black_box(value);
            }
            begin.elapsed()
        })
    }

    fn timed(&self, work: impl for<'js> FnOnce(&Ctx<'js>, &Function<'js>, &[Value]) -> Vec<Value>) -> Duration {
        let records = records();
        self.context.with(|ctx| {
            let function: Function<'_> = ctx.eval(self.source).expect("it compiles");
            let begin = Instant::now();
            let made = work(&ctx, &function, &records);
            let time = begin.elapsed();
            assert_eq!(made.len(), ITEMS);
            time
        })
    }
}

fn raw_round_trip<'js>(ctx: &Ctx<'js>, function: &Function<'js>, records: &[Value]) -> Vec<Value> {
    let list = Array::new(ctx.clone()).expect("a list");
    for (index, record) in records.iter().enumerate() {
        list.set(index, inward(ctx, record)).expect("an element");
    }
    let made: Array<'js> = function.call((list,)).expect("an answer");
    made.iter::<JsValue<'js>>().map(|value| outward(&value.expect("an element"))).collect()
}

fn text_round_trip<'js>(ctx: &Ctx<'js>, function: &Function<'js>, records: &[Value]) -> Vec<Value> {
    let text = serde_json::to_string(records).expect("text");
    let list = ctx.json_parse(text).expect("it parses");
    let made: JsValue<'js> = function.call((list,)).expect("an answer");
    let text = ctx.json_stringify(made).expect("text").expect("text").to_string().expect("text");
    serde_json::from_str(&text).expect("it parses")
}

fn inward<'js>(ctx: &Ctx<'js>, value: &Value) -> JsValue<'js> {
    match value {
        Value::Null => JsValue::new_null(ctx.clone()),
        Value::Bool(truth) => JsValue::new_bool(ctx.clone(), *truth),
        Value::Number(number) => match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
            Some(number) => JsValue::new_int(ctx.clone(), number),
            None => JsValue::new_float(ctx.clone(), number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => rquickjs::String::from_str(ctx.clone(), text).expect("a text").into_value(),
        Value::Array(values) => {
            let list = Array::new(ctx.clone()).expect("a list");
            for (index, value) in values.iter().enumerate() {
                list.set(index, inward(ctx, value)).expect("an element");
            }
            list.into_value()
        }
        Value::Object(fields) => {
            let object = Object::new(ctx.clone()).expect("an object");
            for (key, value) in fields {
                object.set(key.as_str(), inward(ctx, value)).expect("a field");
            }
            object.into_value()
        }
    }
}

fn outward(value: &JsValue<'_>) -> Value {
    if let Some(number) = value.as_int() {
        return number.into();
    }
    if let Some(number) = value.as_float() {
        return json!(number);
    }
    if let Some(truth) = value.as_bool() {
        return truth.into();
    }
    if let Some(text) = value.as_string() {
        return text.to_string().expect("a text").into();
    }
    if let Some(list) = value.as_array() {
        return list.iter::<JsValue<'_>>().map(|value| outward(&value.expect("an element"))).collect();
    }
    let Some(object) = value.as_object() else { return Value::Null };
    object.props::<String, JsValue<'_>>().map(|field| field.map(|(key, value)| (key, outward(&value))).expect("a field")).collect()
}
