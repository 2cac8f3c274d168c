//! Expressions and what becomes of them.

use super::parser::{Problem, assigned_globals, rewrite_expression};

fn rewritten(source: &str) -> String {
    rewrite_expression(source).map_or_else(|problem| format!("{problem:?}"), |done| done.code)
}

#[track_caller]
fn check(source: &str, expect: &str) {
    assert_eq!(rewritten(source), expect, "{source}");
}

#[track_caller]
fn refused(source: &str) {
    assert!(matches!(rewrite_expression(source), Err(Problem::Syntax(_))), "{source}: {}", rewritten(source));
}

#[track_caller]
fn forbidden(source: &str) {
    assert!(matches!(rewrite_expression(source), Err(Problem::Forbidden(_))), "{source}: {}", rewritten(source));
}

#[test]
fn free_names_are_read_from_the_scope() {
    check("$json.a + x", "__e_s.$json.a + __e_s.x");
    check("Math.max(1, y)", "Math.max(1, __e_s.y)");
    check("[1].map(x => x + y)", "[1].map(x => x + __e_s.y)");
    check("[1].map((x, i) => ({x, i, z}))", "[1].map((x, i) => ({x, i, z: __e_s.z}))");
    check("(() => { let a = 1; { let b = a; } return b })()", "(() => { let a = 1; { let b = a; } return __e_s.b })()");
    check("(() => { if (x) { var a = 1 } return a })()", "(() => { if (__e_s.x) { var a = 1 } return a })()");
    check("(function f(n) { return n ? f(n - 1) : g() })(2)", "(function f(n) { return n ? f(n - 1) : __e_s.g() })(2)");
    check("((a, {b, c: [d] = []}, ...e) => a + b + c + d + e)()", "((a, {b, c: [d] = []}, ...e) => a + b + __e_s.c + d + e)()");
    check(
        "(() => { for (const k of list) k; for (i = 0; i < 2; i++); })()",
        "(() => { for (const k of __e_s.list) k; for (__e_s.i = 0; __e_s.i < 2; __e_s.i++); })()",
    );
    check("(() => { try { x } catch (e) { e } e })()", "(() => { try { __e_s.x } catch (e) { e } __e_s.e })()");
    check("(() => { class A { b() { return A } } return A })()", "(() => { class A { b() { return A } } return A })()");
    check("`a${x}b${`c${y}`}`", "`a${__e_s.x}b${`c${__e_s.y}`}`");
    check("async x => x", "async x => x");
    check("async (x) => await x", "async (x) => await x");
    check("a ? b : c", "__e_s.a ? __e_s.b : __e_s.c");
    check("typeof undeclared", "typeof __e_s.undeclared");
    check(
        "({a: b, 'c': d, [e]: f, g() { return h }, get i() { return j }})",
        "({a: __e_s.b, 'c': __e_s.d, [__e_s.e]: __e_s.f, g() { return __e_s.h }, get i() { return __e_s.j }})",
    );
}

#[test]
fn tells_slashes_apart() {
    check("/a[/]b/g.test(x)", "/a[/]b/g.test(__e_s.x)");
    check("a / b / c", "__e_s.a / __e_s.b / __e_s.c");
    check("(a) / b", "(__e_s.a) / __e_s.b");
    check("x.replace(/\\//g, '/')", "__e_s.x.replace(/\\//g, '/')");
    check("a ? /b/ : /c/", "__e_s.a ? /b/ : /c/");
    check("/* a */ 1 // b", "1");
    check("x++ / y", "__e_s.x++ / __e_s.y");
}

#[test]
fn extension_calls_are_dispatched() {
    check("x.first()", "__e_x(__e_s.x,\"first\",[])");
    check("'a'.hash('md5')", "__e_x('a',\"hash\",['md5'])");
    check("x.y.first().z.last(1, 2)", "__e_x(__e_x(__e_s.x.y,\"first\",[]).z,\"last\",[1, 2])");
    check("[1].unique(...keys)", "__e_x([1],\"unique\",[...__e_s.keys])");
    check("x.map(y => y.isEmpty())", "__e_s.x.map(y => __e_x(y,\"isEmpty\",[]))");
    check("x.format", "__e_s.x.format");
    check("Math.round(2.5)", "Math.round(2.5)");
    check("new Date().plus(1, 'day')", "__e_x(new Date(),\"plus\",[1, 'day'])");
    check("(1.5).round()", "__e_x((1.5),\"round\",[])");
    check("x . first /* c */ ()", "__e_x(__e_s.x ,\"first\",[])");
}

#[test]
fn optional_chains_stay_optional() {
    check("x?.first()", "__e_o(__e_s.x,__e_1=>__e_x(__e_1,\"first\",[]))");
    check("x?.y.first()", "__e_o(__e_s.x,__e_1=>__e_x(__e_1.y,\"first\",[]))");
    check("x.first()?.y", "__e_x(__e_s.x,\"first\",[])?.y");
    check("x?.[0].first().z", "__e_o(__e_s.x,__e_1=>__e_x(__e_1[0],\"first\",[]).z)");
    check("x?.y?.first()", "__e_o(__e_s.x,__e_1=>__e_o(__e_1.y,__e_2=>__e_x(__e_2,\"first\",[])))");
    check("x.trim?.().first()", "__e_m(__e_s.x,\"trim\",(__e_1,__e_2)=>__e_x(__e_2.call(__e_1,),\"first\",[]))");
    check("x?.y", "__e_s.x?.y");
    check("a?.5:1", "__e_s.a?.5:1");
}

#[test]
fn conditions_are_lazy() {
    check("$if(a, b, c)", "((__e_s.a)?( __e_s.b):( __e_s.c))");
    check("$if(a, b)", "((__e_s.a)?( __e_s.b):(false))");
    check("$if(a)", "__e_s.$if(__e_s.a)");
    check("$if($if(a, b, c), [1, 2], {x: 1})", "((((__e_s.a)?( __e_s.b):( __e_s.c)))?( [1, 2]):( {x: 1}))");
    check("$if(a, b, c).first()", "__e_x(((__e_s.a)?( __e_s.b):( __e_s.c)),\"first\",[])");
}

#[test]
fn property_names_are_checked() {
    check("x.length = y", "__e_s.x.length = __e_l(__e_s.y)");
    check("x[0]", "__e_s.x[0]");
    check("x['a b']", "__e_s.x['a b']");
    check("x[y]", "__e_s.x[__e_k((__e_s.y))]");
    check("x['\\x63onstructor']", "__e_s.x[__e_k(('\\x63onstructor'))]");
    check("(({[k]: v}) => v)(x)", "(({[__e_k((__e_s.k))]: v}) => v)(__e_s.x)");
    for source in [
        "x.constructor",
        "x['__proto__']",
        "x.\\u0063onstructor",
        "({constructor: c} = x) => c",
        "__proto__",
        "___n8n_data = 1",
        "__e_s",
        "(__e_k) => 1",
    ] {
        forbidden(source);
    }
}

#[test]
fn this_is_hidden() {
    check("this.x", "__e_s.x");
    check("(function() { return this })()", "(function() { return __e_t(this) })()");
    check("(() => this)()", "(() => __e_s)()");
}

#[test]
fn the_first_expression_counts() {
    check("1; 2", "1");
    check("1;", "1");
    check("1\n2", "1");
    check("a, b", "__e_s.a, __e_s.b");
    for source in [
        "",
        ";",
        "let x = 1",
        "if (a) b",
        "for (;;) {}",
        "throw 1",
        "function f() {}",
        "class A {}",
        "1 2",
        "{a:1}.b}",
        "a b",
        "1; }",
        "(",
        "'a",
        "`a",
        "/a",
        "@",
        "a ? b",
        "{a b}",
        "var y = 1; y",
        "import('x')",
        "return 1",
    ] {
        refused(source);
    }
    check("{a: 1}", "{a: 1}");
    check("{}", "{}");
}

#[test]
fn deep_nesting_is_refused_quickly() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{a:", "}"), ("!", ""), ("x=>", ""), ("(a=", ")=>1"), ("`${", "}`"), ("f(", ")")] {
        let source = format!("{}1{}", open.repeat(5000), close.repeat(5000));
        assert!(rewrite_expression(&source).is_err(), "{open}");
    }
    let nested = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert!(rewrite_expression(&nested).is_ok());
}

#[test]
fn wild_expressions_are_known() {
    let wild = |source| rewrite_expression(source).is_ok_and(|done| done.wild);
    for source in [
        "new Array(1e9) + ''",
        "Array(5)",
        "'x'.repeat(1e9)",
        "[].map.call(x)",
        "({length: 1e9})",
        "10n ** 5n",
        "x.length = 1e9",
        "new Uint8Array(9)",
    ] {
        assert!(wild(source), "{source}");
    }
    for source in [
        "$json.a.toUpperCase()",
        "[1, 2].map(x => x * 2).join()",
        "x.length",
        "Array.isArray(x)",
        "JSON.stringify(x)",
        "(() => { let a = 1; a += 2; return a })()",
    ] {
        assert!(!wild(source), "{source}");
    }
}

#[test]
fn finds_names_that_are_assigned_but_not_declared() {
    let found = |body| assigned_globals(body).map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
    let check = |body, expect: &str| assert_eq!(found(body), Some(expect.to_owned()), "{body}");
    check("results = []; for (i = 0; i < 3; i++) results.push(i); return results", "i results");
    check("for (item of items) { item.json.x = 1 } return items", "item");
    check("let a = 1; a = 2; b.c = 3; [d, e] = f; ({g} = h)", "d e g");
    check("const x = await y; function z() { q = 1 } return x", "q");
    check("var a; a = 1; (function () { a = 2 })()", "");
    check("items[0].json = {a: 1}", "");
    assert_eq!(found("return ("), None);
}
