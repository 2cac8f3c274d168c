use serde_json::json;

use super::{check, fails, script, undefined};
use crate::expression::ExpressionErrorKind::{Call, Limit};

#[test]
fn of_texts() {
    check("' \u{feff}a '.trim()", json!("a"));
    check("' a '.trimStart() + '|' + ' a '.trimEnd()", json!("a | a"));
    check("$json.t.toUpperCase()", json!("TEXT"));
    check("'ÄΣ'.toLowerCase()", json!("äς"));
    check("'ß'.toUpperCase()", json!("SS"));
    check("$json.t.includes('ex')", json!(true));
    check("'1undefined'.includes()", json!(true));
    check("'a1'.includes(1)", json!(true));
    check("'abc'.startsWith('ab') && 'abc'.endsWith('bc')", json!(true));
    check("'abc'.indexOf('c')", json!(2));
    check("$json.emoji.indexOf('b')", json!(3));
    check("'abc'.indexOf('x')", json!(-1));
    check("'a,b,,c'.split(',')", json!(["a", "b", "", "c"]));
    check("'abc'.split('')", json!(["a", "b", "c"]));
    check("''.split('')", json!([]));
    check("''.split(',')", json!([""]));
    check("'a,b'.split()", json!(["a,b"]));
    check("'a b'.split(' ')[1]", json!("b"));
    check("'abcdef'.slice(1, -1)", json!("bcde"));
    check("'abc'.slice(-2)", json!("bc"));
    check("'abc'.slice(2, 1)", json!(""));
    check("'abc'.slice('1')", json!("bc"));
    check("'abcdef'.substring(4, 1)", json!("bcd"));
    check("'abc'.substring(-5, 2)", json!("ab"));
    check("'abc'.substring(NaN)", json!("abc"));
    check("$json.emoji.slice(3)", json!("b"));
    check("$json.emoji.length", json!(4));
    check("'abc'.charAt(1) + 'abc'.charAt(9) + 'abc'.charAt()", json!("ba"));
    check("'abc'.at(-1)", json!("c"));
    undefined("'abc'.at(5)");
    check("'aXbX'.replace('X', '-')", json!("a-bX"));
    check("'aXbX'.replaceAll('X', '-')", json!("a-b-"));
    check("'abc'.replace('b', \"[$&$$$`$'$1]\")", json!("a[b$ac$1]c"));
    check("'ab'.replaceAll('', '-')", json!("-a-b-"));
    check("'ab'.replace('', '-')", json!("-ab"));
    check("'a'.replace('a')", json!("undefined"));
    check("'7'.padStart(3, '0') + '7'.padEnd(3) + '|'", json!("0077  |"));
    check("'7'.padStart(5, 'ab')", json!("abab7"));
    check("'a'.toString()", json!("a"));
    for code in [
        "$json.emoji[1]",
        "$json.emoji.charAt(1)",
        "$json.emoji.slice(0, 2)",
        "$json.emoji.split('')",
        "'a'.includes('a', 1)",
        "'a,b'.split(',', 1)",
        "'a'.concat('b')",
        "'a'.padEnd(9, 'é')",
    ] {
        script(code);
    }
    fails("'0123456789012345678901234567890123456789'.padEnd(900000).replaceAll(' ', 'x'.padEnd(900))", Limit);
    undefined("'a'.join(',')");
    undefined("'a'.toFixed(1)");
    undefined("$json.i.trim()");
    undefined("$json.zz.trim()");
    undefined("$json.o.split(',')");
}

#[test]
fn of_arrays() {
    check("$json.list.join('-')", json!("1-b--2,3"));
    check("[1, null, undefined, 'a'].join()", json!("1,,,a"));
    check("[1, 2, 3].slice(1)", json!([2, 3]));
    check("$json.list.slice(-1)", json!([[2, 3]]));
    check("$json.list.includes('b')", json!(true));
    check("[NaN].includes(NaN)", json!(true));
    check("[NaN].indexOf(NaN)", json!(-1));
    check("[1, '1'].indexOf('1')", json!(1));
    check("[[1]].includes([1])", json!(false));
    check("[1].concat(2, [3, [4]])", json!([1, 2, 3, [4]]));
    check("$json.list.at(-1)", json!([2, 3]));
    check("$json.list.toString()", json!("1,b,,2,3"));
    check("[3, 4].first() + [3, 4].last()", json!(7));
    undefined("$json.none.first()");
    undefined("$json.none.last()");
    undefined("$json.list.trim()");
    script("[1].includes(1, 0)");
    script("['a', 'b'].first(1)");
}

#[test]
fn of_numbers_and_others() {
    check("(1.005).toFixed(2)", json!("1.00"));
    check("(2.5).toFixed()", json!("3"));
    undefined("(1).toFixed(101)");
    undefined("(1).toFixed(-1)");
    check("(255).toString()", json!("255"));
    script("(255).toString(16)");
    check("true.toString()", json!("true"));
    check("$json.o.toString()", json!("[object Object]"));
    undefined("$json.nul.toString()");
    script("$json.o.hasOwnProperty.x");
}

#[test]
fn extension_functions() {
    check("(2.5).round() + (-2.5).round()", json!(0));
    check("(1.005).round(2)", json!(1));
    check("(1.5).floor() + (1.5).ceil() + (-3).abs()", json!(6));
    check("(2.5).toInt()", json!(3));
    check("'12.7'.toInt()", json!(12));
    check("true.toNumber()", json!(1));
    check("' 12 '.toNumber()", json!(12));
    check("''.toNumber()", json!(0));
    check("$json.o.keys()", json!(["0", "a", "k y"]));
    check("({a: 1}).values()", json!([1]));
    check("$json.same.toJsonString()", json!("{\"x\":1}"));
    check("'a\"b'.toJsonString()", json!("\"a\\\"b\""));
    check("'hé'.base64Encode()", json!("aMOp"));
    check("'a b&ü!'.urlEncode()", json!("a%20b%26%C3%BC!"));
    for (value, empty) in [
        ("''", true),
        ("' '", false),
        ("[]", true),
        ("[0]", false),
        ("({})", true),
        ("null", true),
        ("$json.zz", true),
        ("(0)", true),
        ("(1)", false),
        ("true", false),
        ("$json.when", false),
    ] {
        check(&format!("{value}.isEmpty()"), json!(empty));
        check(&format!("{value}.isNotEmpty()"), json!(!empty));
    }
    for code in ["$json.zz.first()", "$json.nul.toInt()", "null.keys()", "$json.zz.toJsonString()"] {
        fails(code, Call);
    }
    undefined("$json.zz?.toInt()");
    undefined("$json.zz.deep.first()");
    for code in [
        "(5).first()",
        "'x'.toNumber()",
        "$json.when.toInt()",
        "$json.when.toJsonString()",
        "'1,5'.toInt()",
        "$json.list.keys()",
        "'12'.toInt(8)",
        "'a'.round()",
        "(1).toNumber()",
    ] {
        script(code);
    }
}

#[test]
fn functions_without_a_receiver() {
    check("Math.floor(-1.5) + Math.ceil(1.2) + Math.trunc(-1.7) + Math.abs(-4)", json!(3));
    check("Math.round(2.5) + Math.round(-2.5) + Math.round(0.49999999999999994)", json!(1));
    check("Math.max(1, '7', 3) - Math.min(4, 2)", json!(5));
    check("Math.max()", json!(null));
    check("Math.max(1, undefined)", json!(null));
    check("Math.sqrt(9) + Math.sign(-2)", json!(2));
    check("JSON.stringify($json.same)", json!("{\"x\":1}"));
    check("JSON.stringify({a: undefined, b: [undefined, NaN]}, null, 1)", json!("{\n \"b\": [\n  null,\n  null\n ]\n}"));
    undefined("JSON.stringify(undefined)");
    check("Object.keys($json.list)", json!(["0", "1", "2", "3"]));
    check("Object.values($json.same)", json!([1]));
    check("Object.entries({a: 1, 0: 'x'})", json!([["0", "x"], ["a", 1]]));
    undefined("Object.keys(null)");
    check("Array.isArray($json.list) && !Array.isArray($json.t)", json!(true));
    check("Number('0x10') + Number(null) + Number([5]) + Number(true)", json!(22));
    check("String([1, null]) + String(null) + Boolean('')", json!("1,nullfalse"));
    check("isNaN('x') && !isNaN('1') && isFinite('1')", json!(true));
    check("parseInt('12px') + parseInt('-3.9') + parseInt(7.9, 10)", json!(16));
    check("parseFloat('1.5e2x') + parseFloat('-.5') + parseFloat('3e') + parseFloat('1.2.3')", json!(153.7));
    check("parseFloat('-Infinityx') < 0 && isNaN(parseFloat('x')) && isNaN(parseInt(''))", json!(true));
    check("encodeURIComponent('a/b?ü')", json!("a%2Fb%3F%C3%BC"));
    for code in ["parseInt('ff', 16)", "parseInt('0x1f')", "JSON.stringify($json, ['a'])", "JSON.stringify($json, null, '\\t')", "JSON.parse('1')"] {
        script(code);
    }
}
