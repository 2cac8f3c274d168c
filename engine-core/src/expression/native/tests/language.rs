use serde_json::json;

use super::{check, evaluate, fails, script, undefined};
use crate::expression::ExpressionErrorKind::Syntax;

#[test]
fn literals() {
    for (code, expect) in [
        ("1", 1.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1_000", 1000.0),
        ("0xFF", 255.0),
        ("0b11", 3.0),
        ("0o17", 15.0),
        ("2.5E-1", 0.25),
    ] {
        assert_eq!(evaluate(&format!("{{{{{code}}}}}")).unwrap().unwrap().as_f64(), Some(expect), "{code}");
    }
    check("0", json!(0));
    check("1e21", json!(1e21));
    check("9007199254740991", json!(9_007_199_254_740_991_i64));
    check("true", json!(true));
    check("null", json!(null));
    check("NaN", json!(null));
    undefined("undefined");
    undefined("void 0");
    check(r#"'it\'s "x"'"#, json!("it's \"x\""));
    check(r#""\n\t\\\x41\u0042\u{43}\u{1F600}\uD83D\uDE00\0\q""#, json!("\n\t\\ABC\u{1F600}\u{1F600}\0q"));
    check("'a\\\nb'", json!("ab"));
    check("// note\n /* more */ 1 // end", json!(1));
    check("1;", json!(1));
    for code in ["010", "1__0", "1_", "10n", "1a", "'\\1'", "'\\uD800'", "'\\x4'", "/a/.test('a')", "a <!-- b"] {
        script(code);
    }
    for code in ["", " ", "1 +", "'abc", "`abc", "(1", "[1,", "{a:1", "/* x", "0x", "$json.", "1 ? 2"] {
        fails(code, Syntax);
    }
}

#[test]
fn templates_arrays_and_objects() {
    check("`a${1 + 1}b${$json.t}`", json!("a2btext"));
    check("`${`in${'ner'}`} \\` \\${x} $ {`", json!("inner ` ${x} $ {"));
    check("`${null} ${undefined} ${[1,[2]]} ${({})} ${1e21}`", json!("null undefined 1,2 [object Object] 1e+21"));
    check("`a\r\nb`", json!("a\nb"));
    check("[1, 'x', [true], {a: null},]", json!([1, "x", [true], {"a": null}]));
    check("[undefined, NaN, 1/0]", json!([null, null, null]));
    check("{a: 1, 'b c': undefined, 3: 'x', \"d\": [1]}", json!({"3": "x", "a": 1, "d": [1]}));
    assert_eq!(evaluate("{{ JSON.stringify({b: 1, 10: 2, 9: 3, '01': 4}) }}").unwrap().unwrap(), json!(r#"{"9":3,"10":2,"b":1,"01":4}"#));
    check("({a: {b: 1} }).a", json!({"b": 1}));
    check("[1,2,3].length", json!(3));
    check("[[1],[2]][1][0]", json!(2));
    check("({})['a' + 1]?.b ?? 'none'", json!("none"));
    for code in ["[...a]", "{...a}", "{[a]: 1}", "{a}", "{a() {}}", "[1,,2]", "{a: 1, a: 2}", "{a: 1};"] {
        script(code);
    }
}

#[test]
fn operators_follow_javascript() {
    check("1 + 2 * 3 - 4 / 2", json!(5));
    check("(1 + 2) * 3", json!(9));
    check("2 ** 3 ** 2", json!(512));
    check("(-2) ** 2", json!(4));
    check("7 % 3", json!(1));
    check("-7 % 3", json!(-1));
    check("5.5 % 2", json!(1.5));
    check("10 - '3'", json!(7));
    check("'3' * '4'", json!(12));
    check("1 + '2'", json!("12"));
    check("1 + 2 + '3'", json!("33"));
    check("'a' + null + undefined + true + 1.0", json!("anullundefinedtrue1"));
    check("[1,2] + [3]", json!("1,23"));
    check("({}) + 1", json!("[object Object]1"));
    check("null + 1", json!(1));
    check("true + true", json!(2));
    check("undefined + 1", json!(null));
    check("+'12'", json!(12));
    check("+''", json!(0));
    check("-'x'", json!(null));
    check("- -1", json!(1));
    check("0.1 + 0.2", json!(0.1 + 0.2));
    check("-0", json!(0));
    check("1 / -0 < 0", json!(true));
    check("1 ** NaN", json!(null));
    check("9007199254740991 + 2", json!(9_007_199_254_740_992.0_f64));
    check("!0", json!(true));
    check("!!'0'", json!(true));
    check("!!NaN", json!(false));
    check("typeof 1 + typeof 'a' + typeof null + typeof undefined + typeof [] + typeof true", json!("numberstringobjectundefinedobjectboolean"));
    check("typeof $json.t.trim", json!("function"));
}

#[test]
fn comparisons_follow_javascript() {
    let truths = [
        "1 == '1'",
        "null == undefined",
        "!(null == 0)",
        "'' == 0",
        "[1] == 1",
        "!([1] == [1])",
        "'1' !== 1",
        "1 === 1.0",
        "!(NaN == NaN)",
        "NaN != NaN",
        "'b' > 'a'",
        "'10' < '9'",
        "'10' > 9",
        "null >= 0",
        "!(null > 0)",
        "!(undefined == 0)",
        "!(undefined > 0)",
        "!(undefined <= 0)",
        "[2] > 1",
        "true > false",
        "'a' < 'b' == true",
        "1 < 2 < 3",
        "!(3 > 2 > 1)",
        "({}) == '[object Object]'",
        "$json.o == $json.o",
        "!($json.o == $json.same)",
        "$json.o === $json['o']",
        "'t' in $json",
        "!('zz' in $json)",
        "0 in $json.list",
        "!(9 in $json.list)",
        "'length' in $json.list",
        "'toString' in $json",
        "'a' in {a: undefined}",
    ];
    for code in truths {
        check(code, json!(true));
    }
    undefined("'a' in 'abc'");
    undefined("'a' in null");
    script("[] instanceof Array");
}

#[test]
fn logic_and_conditions_evaluate_only_what_is_needed() {
    check("0 || 'x'", json!("x"));
    check("'a' && 'b'", json!("b"));
    check("0 && $json.missing.deep", json!(0));
    check("1 || $json.missing.deep", json!(1));
    check("null ?? 'd'", json!("d"));
    check("0 ?? 'd'", json!(0));
    check("true ? 1 : $json.missing.deep", json!(1));
    check("false ? 1 : true ? 2 : 3", json!(2));
    check("1 ? .5:2", json!(0.5));
    check("1?.5:2", json!(0.5));
    check("1 || 0 && 0", json!(1));
    check("(null || undefined) ?? 'd'", json!("d"));
    check("null ?? (0 || 'x')", json!("x"));
    check("$if(1 > 2, 'a', 'b')", json!("b"));
    check("$if(true, 1, $json.missing.deep.x)", json!(1));
    check("$if(false, 1)", json!(false));
    check("$not('')", json!(true));
    check("$ifEmpty('', 'd')", json!("d"));
    check("$ifEmpty($json.empty, 'd')", json!("d"));
    check("$ifEmpty(0, 'd')", json!(0));
    for code in [
        "null || undefined ?? 1",
        "1 && 2 ?? 3",
        "1 ?? 2 && 3",
        "-2 ** 2",
        "$if(1)",
        "$ifEmpty(1)",
        "a = 1",
        "a, b",
        "(1, 2)",
        "1 & 2",
        "~1",
        "1 << 2",
    ] {
        script(code);
    }
}

#[test]
fn statements_and_scripts_are_left_to_the_engine() {
    let codes = [
        "let x = 1",
        "var y = 1; y",
        "1; 2",
        "if (1) {}",
        "new Date()",
        "() => 1",
        "x => x",
        "(function () { return 1 })()",
        "async () => 1",
        "await x",
        "this",
        "x",
        "notDefined.x",
        "delete a.b",
        "a++",
        "`a`.length`b`",
        "$json.list.map(x => x)",
        "DateTime.now()",
        "$now.toISO()",
        "$now + 1",
        "$jmespath($json, 'a')",
        "$env.X",
        "$('a' + 'b').item",
        "$('A').first(1 + 1)",
        "$json?.()",
        "$json.a?.()",
        "1\n2",
        "Math.PI",
        "Math.floor()",
        "Math",
        "$max(1, 2)",
        "String.raw`a`",
    ];
    for code in codes {
        script(code);
    }
}
