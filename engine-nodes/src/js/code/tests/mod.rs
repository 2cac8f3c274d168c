//! Code as it stands in Code nodes, and what it gives.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine_core::expression::{ExpressionErrorKind, FixedScope, Scope};
use engine_core::model::{Binary, Item, Json};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::js::{CodeError, CodeMode, CodeOutcome, CodeRun, HostError, JsEngine, JsLimits, LogSeverity, ScriptHost, StaticData};

/// Answers requests with what was asked, and holds one file.
#[derive(Debug)]
struct TestHost;

#[async_trait]
impl ScriptHost for TestHost {
    async fn http_request(&self, options: Value, legacy: bool) -> Result<Value, HostError> {
        if options["url"] == "https://down.example" {
            return Err(HostError::new("connection refused").with_details(json!({"statusCode": 503})));
        }
        Ok(json!({"asked": options, "legacy": legacy}))
    }

    async fn read_binary(&self, _binary: Binary) -> Result<Bytes, HostError> {
        Ok(Bytes::from_static(b"h\xc3\xa9llo"))
    }

    async fn write_binary(&self, bytes: Bytes, file_name: Option<String>, mime_type: Option<String>) -> Result<Binary, HostError> {
        Ok(Binary::inline(bytes, mime_type.unwrap_or_default()).with_file_name(file_name.unwrap_or_default()))
    }
}

fn run_on(engine: &JsEngine, mode: CodeMode, items: &[Value], code: &str) -> Result<CodeOutcome, CodeError> {
    let items: Vec<Item> = items.iter().cloned().map(Item::from_value).collect();
    let scope: Arc<dyn Scope> = FixedScope::new(items).coming_from("Prev").detach();
    let static_data = StaticData { global: Json::from_iter([("n".to_owned(), json!(1))]), node: Json::new() };
    let program = engine.compile_code(code)?;
    let run = CodeRun { scope, mode, legacy: false, continues_on_error: false, most_items: usize::MAX, static_data, host: Arc::new(TestHost) };
    block_on(engine.run_code(program, run))
}

fn all(code: &str) -> Result<Option<Value>, CodeError> {
    let items = [json!({"a": 1}), json!({"a": 2})];
    run_on(&JsEngine::default(), CodeMode::AllItems, &items, code)?.values.remove(0)
}

#[track_caller]
fn check(code: &str, expect: Value) {
    assert_eq!(all(code).map(Option::unwrap_or_default), Ok(expect), "{code}");
}

#[track_caller]
fn fails(code: &str, expect: &str) {
    let error = all(code).unwrap_err();
    assert_eq!(error.to_string(), expect, "{code}");
}

#[test]
fn sees_the_input() {
    check("return $input.all().map(item => item.json.a)", json!([1, 2]));
    check("return items.length + $input.first().json.a + $input.last().json.a + $json.a", json!(6));
    check("return $('Prev').all().length + $('Prev').first().json.a + $node['Prev'].json.a + $items('Prev').length", json!(6));
    check("return [$itemIndex, $runIndex, $prevNode.name]", json!([0, 0, "Prev"]));
    check("return $jmespath({a: [{b: 1}]}, 'a[*].b')", json!([1]));
    check(
        "return DateTime.fromISO('2024-01-02', {zone: 'utc'}).plus({days: 1}).toISODate() + typeof luxon.Interval + typeof $now",
        json!("2024-01-03functionobject"),
    );
    check("return typeof undefinedName", json!("undefined"));
    fails("return undefinedName", "undefinedName is not defined [line 1]");
}

#[test]
fn changes_items_of_its_own() {
    check(
        "for (const item of $input.all()) item.json.b = item.json.a * 2;\nreturn $input.all().map(i => i.json)",
        json!([{"a": 1, "b": 2}, {"a": 2, "b": 4}]),
    );
    check("items[0].json = {x: 1}; items.push({json: {y: 2}}); return items.map(i => i.json)", json!([{"x": 1}, {"a": 2}, {"y": 2}]));
    check("items = items.filter(i => i.json.a > 1); return items.length", json!(1));
    check("for (item of items) item.json.z = 1; results = items.map(i => i.json.z); return results", json!([1, 1]));
    check("for (i = 0; i < 2; i++) items[i].json.i = i; return items.map(x => x.json.i)", json!([0, 1]));
    check("const {a, ...rest} = $input.first().json; return {a, rest}", json!({"a": 1, "rest": {}}));
}

#[test]
fn awaits() {
    check("await new Promise(done => setTimeout(done, 1)); return 1", json!(1));
    check("const x = await Promise.all([1, Promise.resolve(2), (async () => 3)()]); return x", json!([1, 2, 3]));
    check(
        "let n = 0; await new Promise(done => { const t = setInterval(() => { if (++n === 3) { clearInterval(t); done() } }, 0) }); return n",
        json!(3),
    );
    check(
        "const r = await this.helpers.httpRequest({url: 'https://x.example', qs: {a: 1}}); return r",
        json!({"asked": {"url": "https://x.example", "qs": {"a": 1}}, "legacy": false}),
    );
    check("return (await helpers.request('https://x.example')).legacy", json!(true));
    check(
        "try { await helpers.httpRequest({url: 'https://down.example'}) } catch (e) { return [e.message, e.statusCode, e instanceof Error] }",
        json!(["connection refused", 503, true]),
    );
    check(
        "const all = await Promise.allSettled([1, 2, 3].map(n => helpers.httpRequest({url: 'https://' + n}))); return all.map(r => r.value.asked.url)",
        json!(["https://1", "https://2", "https://3"]),
    );
    check("for await (const x of (async function* () { yield 1; yield 2 })()) n = x; return n", json!(2));
    fails("await new Promise(() => {})", "the code waits for something that never happens");
    fails("await Promise.reject(new TypeError('no'))", "no [line 1]");
    fails("setTimeout(() => {}, 5); await new Promise((_, no) => setTimeout(() => no(new Error('late')), 1))", "late [line 1]");
}

#[test]
fn runs_for_each_item() {
    let engine = JsEngine::default();
    let items = [json!({"a": 1}), json!({"a": 2}), json!({"a": 3})];
    let outcome = run_on(&engine, CodeMode::EachItem, &items, "$json.b = $itemIndex; await 1; return {...$json, c: $input.item.json.a}").unwrap();
    let values: Vec<Value> = outcome.values.into_iter().map(|value| value.unwrap().unwrap()).collect();
    assert_eq!(values, [json!({"a": 1, "b": 0, "c": 1}), json!({"a": 2, "b": 1, "c": 2}), json!({"a": 3, "b": 2, "c": 3})]);
    let outcome = run_on(&engine, CodeMode::EachItem, &items, "if ($json.a === 2) throw new Error('two')\nreturn item.json.a").unwrap();
    assert_eq!(outcome.values.len(), 2);
    assert_eq!(outcome.values[1].as_ref().unwrap_err().message, "two");
}

#[test]
fn errors_name_their_line() {
    fails("const a = 1\nthrow new Error('boom')", "boom [line 2]");
    fails("const a = 1\n\nfunction f() {\n  null.x\n}\nf()", "Cannot read properties of null (reading 'x') [line 4]");
    fails("return $('Nope').all()", "there is no node named 'Nope' [line 1]");
    fails("throw 'text'", "\"text\"");
    fails("throw {message: 'plain'}", "plain");
    let engine = JsEngine::default();
    let error = engine.compile_code("const a = 1\nconst b = ;").unwrap_err();
    assert!(error.message.starts_with("SyntaxError") && error.line == Some(2), "{error:?}");
    let error = run_on(&engine, CodeMode::AllItems, &[], "return $('Nope')").unwrap().values.remove(0).unwrap_err();
    assert_eq!(error.kind, Some(ExpressionErrorKind::UnknownNode));
}

#[test]
fn keeps_static_data_and_the_console() {
    let outcome = run_on(
        &JsEngine::default(),
        CodeMode::AllItems,
        &[],
        "const g = $getWorkflowStaticData('global'); g.n += 1; const n = this.getWorkflowStaticData('node'); n.seen = [1];\nconsole.log('a', {b: 1, c: [1, 'x']}, 2);\nconsole.warn('w'); console.error(new Error('e').message); return g.n",
    )
    .unwrap();
    assert_eq!(outcome.values, [Ok(Some(json!(2)))]);
    assert_eq!(outcome.static_data.global, Some(Json::from_iter([("n".to_owned(), json!(2))])));
    assert_eq!(outcome.static_data.node, Some(Json::from_iter([("seen".to_owned(), json!([1]))])));
    let lines: Vec<_> = outcome.logs.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(lines, [(LogSeverity::Info, "a { b: 1, c: [ 1, 'x' ] } 2"), (LogSeverity::Warn, "w"), (LogSeverity::Error, "e")]);
    let untouched = run_on(&JsEngine::default(), CodeMode::AllItems, &[], "$getWorkflowStaticData('global'); return 1").unwrap();
    assert_eq!(untouched.static_data, StaticData { global: None, node: None });
}

#[test]
fn has_bytes_and_addresses() {
    check("return new Buffer('hé').toString('base64') + new Buffer('6869', 'hex') + new Buffer([104]) + new Buffer(2).length", json!("aMOphih2"));
    check("return Buffer.from('hé').toString('base64') + Buffer.from('aMOp', 'base64').toString()", json!("aMOphé"));
    check(
        "return [Buffer.from('ff00', 'hex').length, Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString('hex'), Buffer.byteLength('é')]",
        json!([2, "6162", 2]),
    );
    check(
        "return [Buffer.from([1, 2]).toJSON(), Buffer.isBuffer(Buffer.alloc(1)), Buffer.from('abc').slice(1).toString('latin1')]",
        json!([{"type": "Buffer", "data": [1, 2]}, true, "bc"]),
    );
    check("return [btoa('hi'), atob('aGk='), new TextDecoder().decode(new TextEncoder().encode('é'))]", json!(["aGk=", "hi", "é"]));
    check(
        "const u = new URL('https://a.b:8080/c?d=1#e'); u.searchParams.set('d', '2 3'); return [u.host, u.pathname, u.href, u.searchParams.get('d')]",
        json!(["a.b:8080", "/c", "https://a.b:8080/c?d=2+3#e", "2 3"]),
    );
    check("return new URLSearchParams({a: 1, b: 'x y'}).toString()", json!("a=1&b=x+y"));
    check("return require('crypto').createHash('sha256').update('abc').digest('hex').slice(0, 8)", json!("ba7816bf"));
    check("return require('crypto').createHmac('sha1', 'key').update('abc').digest('base64')", json!("T9CyFSdu8S8rPkyOysKBFJi2Vvw="));
    check(
        "return [crypto.randomUUID().length, require('crypto').randomBytes(4).length, structuredClone({a: new Date(0)}).a.getTime()]",
        json!([36, 4, 0]),
    );
    fails("require('fs')", "Cannot find module 'fs': modules other than luxon, crypto, buffer, url and util are not available [line 1]");
}

#[test]
fn handles_files() {
    let engine = JsEngine::default();
    let mut item = Item::from_value(json!({}));
    item.binary_mut().insert("data".to_owned(), Binary::inline(Bytes::from_static(b"x"), "text/plain").with_file_name("a.txt"));
    let scope: Arc<dyn Scope> = FixedScope::new(vec![item]).detach();
    let code = "const text = (await this.helpers.getBinaryDataBuffer(0, 'data')).toString();\nconst made = await helpers.prepareBinaryData(Buffer.from('new'), 'n.txt', 'text/plain');\nreturn {text, type: items[0].binary.data.mimeType, old: items[0].binary.data.id, made: made.id, name: made.fileName, data: items[0].binary.data.data}";
    let program = engine.compile_code(code).unwrap();
    let run = CodeRun {
        scope,
        mode: CodeMode::AllItems,
        legacy: false,
        continues_on_error: false,
        most_items: usize::MAX,
        static_data: StaticData::default(),
        host: Arc::new(TestHost),
    };
    let outcome = block_on(engine.run_code(program, run)).unwrap();
    assert_eq!(
        outcome.values,
        [Ok(Some(json!({"text": "héllo", "type": "text/plain", "old": "file-1", "made": "file-2", "name": "n.txt", "data": "eA=="})))]
    );
    assert_eq!(outcome.binaries.len(), 2);
}

#[test]
fn inv_25_bad_code_hurts_only_itself() {
    let limits = JsLimits { code_time: Duration::from_millis(200), memory: 48 << 20, ..JsLimits::default() };
    let engine = JsEngine::new(limits);
    let limited = |code: &str| {
        let error = run_on(&engine, CodeMode::AllItems, &[json!({})], code).map_or_else(Err, |mut outcome| outcome.values.remove(0)).unwrap_err();
        assert_eq!(error.kind, Some(ExpressionErrorKind::Limit), "{code}: {error:?}");
        let after = run_on(&engine, CodeMode::AllItems, &[json!({"a": 5})], "return $json.a").unwrap();
        assert_eq!(after.values, [Ok(Some(json!(5)))], "after {code}");
    };
    limited("while (true);");
    limited("for (;;) { try { await 1 } catch {} }");
    limited("const a = []; while (true) a.push('x'.repeat(1000) + a.length)");
    limited("(function f() { f() })()");
    limited("await new Promise(done => setTimeout(done, 100000))");
    limited("setInterval(() => {}, 0); await new Promise(() => {})");
    limited("const a = {}; a.a = a; return a");
    limited("async function f() { return f() } await f()");
}

#[test]
fn runs_leave_nothing_behind() {
    let engine = JsEngine::new(JsLimits { threads: 1, ..JsLimits::default() });
    let run = |code: &str| run_on(&engine, CodeMode::AllItems, &[json!({"a": 1})], code).and_then(|mut outcome| outcome.values.remove(0));
    for attempt in [
        "Array.prototype.x = 1; Object.prototype.y = 1; globalThis.z = 1; z2 = 1; return 1",
        "items = 5; $json.a = 9; console.x = 1; this.helpers.httpRequest.x = 1; return 1",
        "setTimeout(() => { late = 1 }, 0); return 1",
        "DateTime.x = 1; Buffer.x = 1; Buffer.from.x = 1; JSON.parse = null; Math.random.x = 2; return 1",
        "class A extends Array {}; Promise.resolve = null; Promise.prototype.then.x = 1; return 1",
    ] {
        assert_eq!(run(attempt), Ok(Some(json!(1))), "{attempt}");
        let seen = "return [typeof [].x, typeof ({}).y, typeof globalThis.z, typeof z2, typeof late, items.length, $json.a, typeof console.x, typeof DateTime.x, typeof Buffer.from.x, typeof JSON.parse, typeof Math.random.x, typeof Promise.prototype.then.x]";
        let expect = json!([
            "undefined",
            "undefined",
            "undefined",
            "undefined",
            "undefined",
            1,
            1,
            "undefined",
            "undefined",
            "undefined",
            "function",
            "undefined",
            "undefined"
        ]);
        assert_eq!(run(seen), Ok(Some(expect)), "after {attempt}");
    }
}

#[test]
fn ordinary_programs_work_in_spite_of_frozen_globals() {
    check(
        "class E extends Error { constructor(m) { super(m); this.name = 'E'; this.code = 4 } }\ntry { throw new E('x') } catch (e) { return [e.name, e.message, e.code, e instanceof E, String(e)] }",
        json!(["E", "x", 4, true, "E: x"]),
    );
    check(
        "const o = {}; o.toString = () => 'mine'; o.constructor = 1; o.valueOf = () => 2; return [`${o}`, o.constructor, o + 1]",
        json!(["mine", 1, 3]),
    );
    check(
        "class S extends Array { last() { return this[this.length - 1] } }\nconst s = new S(); s.push(1, 2); return [s.last(), s.map(x => x * 2).last(), Array.isArray(s), s.length]",
        json!([2, 4, true, 2]),
    );
    check("const m = new Map([['a', 1]]); m.set('b', 2); return [...m.entries()]", json!([["a", 1], ["b", 2]]));
    check("function F() { this.x = 1 } F.prototype.get = function () { return this.x }; return new F().get()", json!(1));
    check("const e = new Error('a'); e.message = 'b'; e.stack = ''; return e.message", json!("b"));
    check(
        "return [[].constructor === Array, ({}).constructor === Object, Object.getPrototypeOf([]) === Array.prototype, [] instanceof Array, new Array(3).length, Array(2).fill(0)]",
        json!([true, true, true, true, 3, [0, 0]]),
    );
    check("const p = new Proxy({a: 1}, {get: (t, k) => k === 'a' ? 2 : undefined}); return [p.a, Reflect.ownKeys({b: 1})]", json!([2, ["b"]]));
    check("var self = this; return typeof self.getNode() + typeof self.helpers", json!("objectobject"));
    check("const {DateTime: D} = require('luxon'); return D.fromMillis(0, {zone: 'utc'}).toISO()", json!("1970-01-01T00:00:00.000Z"));
    check("function* g() { yield 1; yield* [2, 3] } return [...g()]", json!([1, 2, 3]));
    check("label: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue label } } return 1", json!(1));
    check("return Object.defineProperty({}, 'a', {value: 1, enumerable: true})", json!({"a": 1}));
    check("return [1, 10, 2].toString() + [3, 1].sort() + 'b'.localeCompare('a') + (1234.5).toLocaleString()", json!("1,10,21,311,234.5"));
    check("// only a comment at the end\nreturn 1 // here", json!(1));
}

#[test]
fn texts_that_are_no_json_say_why_in_the_words_of_n8n() {
    let why = |text: &str, expect: &str| fails(&format!("return JSON.parse({})", json!(text)), &format!("{expect} [line 1]"));
    why("", "Unexpected end of JSON input");
    why("{a: 1}", "Expected property name or '}' in JSON at position 1");
    why("{\"a\": 1,}", "Expected double-quoted property name in JSON at position 8");
    why("[1 2]", "Expected ',' or ']' after array element in JSON at position 3");
    why("{} x", "Unexpected non-whitespace character after JSON at position 3");
    why("no", "Unexpected token 'o', \"no\" is not valid JSON");
    why("Here is the JSON: {}", "Unexpected token 'H', \"Here is the JSON: {}\" is not valid JSON");
    why("[\"a\", \"b\", Here is more of it]", "Unexpected token 'H', ...\"\"a\", \"b\", Here is mo\"... is not valid JSON");
    why("\"open", "Unterminated string in JSON at position 5");
    check("return JSON.parse('[1]', (key, value) => value === 1 ? 2 : value)", json!([2]));
    check(
        "try { JSON.parse('{') } catch (error) { return [error.name, error.message] }",
        json!(["SyntaxError", "Expected property name or '}' in JSON at position 1"]),
    );
}

#[test]
fn locales_that_nobody_speaks_are_english() {
    let written = |locale: &str| format!("return new Date(0).toLocaleDateString('{locale}', {{month: 'long', timeZone: 'UTC'}})");
    check(&written("default"), json!("January"));
    check(&written("xx-Latn"), json!("January"));
    check(&written("de-AT-u-nu-latn"), json!("Januar"));
    for locale in ["en_US", "", "abcd", "e"] {
        fails(&written(locale), "Incorrect locale information provided [line 1]");
    }
}

/// Breaks when a value that is put into an item of many fields is freed while the item still holds it, or is never freed.
#[test]
fn values_that_are_put_into_items_of_many_fields_live_as_long_as_the_item() {
    let many: Json = (0..20).map(|number| (format!("k{number}"), json!(number))).collect();
    let items = vec![Value::Object(many); 50];
    let code = "for (const { json } of items) { json.k1 = String(json.k1) + 'x'.repeat(json.k2); json.list = [String(json.k3) + 'y']; }
                return items.map(({ json }) => json.k1 + json.list[0])";
    let given = run_on(&JsEngine::default(), CodeMode::AllItems, &items, code).unwrap().values.remove(0);
    assert_eq!(given, Ok(Some(json!(vec!["1xx3y"; 50]))));
    let limits = JsLimits { memory: 48 << 20, ..JsLimits::default() };
    let code = "for (let round = 0; round < 200; round += 1) items[0].json.k1 = 'x'.repeat(1 << 20) + round;
                return items[0].json.k1.length";
    let given = run_on(&JsEngine::new(limits), CodeMode::AllItems, &items, code).unwrap().values.remove(0);
    assert_eq!(given, Ok(Some(json!((1 << 20) + 3))));
}
