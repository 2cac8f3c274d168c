//! Scripts that mean harm, or are just wrong: each fails with a clear error and harms nothing else. Breaking any limit makes one of these fail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine_core::expression::{Evaluation, ExpressionErrorKind, Scope, ScriptEngine};
use futures::executor::block_on;
use serde_json::json;

use super::{JsEngine, JsLimits, evaluate, scope_on};

fn engine() -> JsEngine {
    let time = Duration::from_millis(150);
    JsEngine::new(JsLimits { time, grace: Duration::from_millis(100), threads: 2, memory: 48 << 20, ..JsLimits::default() })
}

fn run(engine: &JsEngine, code: &str) -> Evaluation {
    let scope = scope_on([json!({"a": 1})]);
    evaluate(engine, &format!("{{{{ {code} }}}}"), &scope)
}

#[track_caller]
fn check_limited(engine: &JsEngine, code: &str) {
    let started = Instant::now();
    let got = run(engine, code);
    assert!(matches!(&got, Err(error) if error.kind() == ExpressionErrorKind::Limit), "{code}: {got:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{code} took {:?}", started.elapsed());
    assert_eq!(run(engine, "[$json.a].map(x => x + 1)[0]"), Ok(Some(json!(2))), "after {code}");
}

#[test]
fn inv_25_endless_loops_end() {
    let engine = engine();
    for code in
        ["(() => { while (1); })()", "(() => { for (;;) {} })()", "(function f() { try { while (1); } catch (e) { f() } finally { while (1); } })()"]
    {
        check_limited(&engine, code);
    }
    for code in ["/^(a+)+$/.test('a'.repeat(40) + 'b')", "'a'.repeat(40).replace(/(a*)*b/g, '')", "[...Array(9e6).keys()].map(x => [x]).length"] {
        check_limited(&engine, code);
    }
}

#[test]
fn inv_25_memory_is_bounded() {
    let engine = engine();
    for code in [
        "(() => { const a = []; while (1) a.push('x'.repeat(1000) + a.length); })()",
        "(() => { let s = 'x'; while (1) s += s; return s })().length",
        "new Uint8Array(10 * 1024 * 1024 * 1024).length",
        "'x'.repeat(500000000).length",
        "Array.from({length: 1e9}, (_, i) => 'a' + i).length",
        "JSON.stringify(Array.from({length: 1e7}, () => 'a'.repeat(1000))).length",
    ] {
        let got = run(&engine, code);
        // Strings and buffers that are larger than the engine has at all are plain errors of JavaScript, which n8n swallows.
        assert!(matches!(&got, Err(error) if error.kind() == ExpressionErrorKind::Limit) || got == Ok(None), "{code}: {got:?}");
        assert_eq!(run(&engine, "[$json.a].map(x => x + 1)[0]"), Ok(Some(json!(2))), "after {code}");
    }
}

#[test]
fn inv_25_deep_recursion_ends() {
    let engine = engine();
    for code in [
        "(function f() { return f() + 1 })()",
        "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a) })()",
        "(function f(n) { return [n].map(f) })(1)",
    ] {
        check_limited(&engine, code);
    }
}

#[test]
fn inv_25_results_are_bounded() {
    let engine = engine();
    check_limited(&engine, "(() => { const a = {}; a.a = a; return a })()");
    check_limited(&engine, "(() => { let a = [1]; for (let i = 0; i < 200; i++) a = [a]; return a })()");
    check_limited(&engine, "(() => { let a = 'x'.repeat(1000); for (let i = 0; i < 30; i++) a = [a, a]; return a })()");
}

#[test]
fn inv_25_natives_that_cannot_be_interrupted_end() {
    let engine = engine();
    for code in [
        "new Array(1e9) + ''",
        "new Array(1e9).join('x').length",
        "Array(4e9).fill(0).length",
        "(() => { const a = []; a.length = 4e9; return a + '' })()",
    ] {
        let started = Instant::now();
        let got = run(&engine, code);
        assert!(started.elapsed() < Duration::from_secs(10), "{code} took {:?}", started.elapsed());
        assert!(matches!(&got, Err(error) if error.kind() == ExpressionErrorKind::Limit) || got == Ok(None), "{code}: {got:?}");
        assert_eq!(run(&engine, "[$json.a].map(x => x + 1)[0]"), Ok(Some(json!(2))), "after {code}");
    }
}

#[test]
fn inv_25_a_hundred_endless_loops_leave_the_engine_unharmed() {
    let engine = JsEngine::new(JsLimits { time: Duration::from_millis(20), threads: 4, ..JsLimits::default() });
    let script = engine.compile_expression("(() => { while (1); })()").unwrap();
    let scope: Arc<dyn Scope> = scope_on([json!({"a": 1})]).detach();
    let waiting: Vec<_> = (0..100).map(|_| Arc::clone(&script).evaluate(Arc::clone(&scope))).collect();
    assert_eq!(run(&engine, "[$json.a].map(x => x + 1)[0]"), Ok(Some(json!(2))), "while they run");
    for done in block_on(futures::future::join_all(waiting)) {
        assert!(done.is_err());
    }
    assert_eq!(engine.abandoned_scripts(), 0);
    assert_eq!(run(&engine, "[...'ab'].reverse().concat(new Array(2)).length"), Ok(Some(json!(4))), "on a thread, afterwards");
}

#[test]
fn a_script_that_nobody_waits_for_is_stopped() {
    let engine = JsEngine::new(JsLimits { time: Duration::from_mins(10), threads: 1, ..JsLimits::default() });
    let script = engine.compile_expression("(() => { while (1); })()").unwrap();
    let scope: Arc<dyn Scope> = scope_on([json!({})]).detach();
    for _ in 0..3 {
        drop(Arc::clone(&script).evaluate(Arc::clone(&scope)));
    }
    // The only thread is free again.
    assert_eq!(run(&engine, "[1, 2].concat(new Array(1)).length"), Ok(Some(json!(3))));
}
