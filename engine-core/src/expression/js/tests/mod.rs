use std::cmp::Ordering;

use serde_json::{Value, json};

use super::*;

#[test]
fn numbers_become_the_text_that_javascript_gives() {
    let check = |number: f64, expect: &str| assert_eq!(number_to_string(number), expect);
    check(0.0, "0");
    check(-0.0, "0");
    check(1.0, "1");
    check(-1.5, "-1.5");
    check(0.1 + 0.2, "0.30000000000000004");
    check(100.0, "100");
    check(1e20, "100000000000000000000");
    check(123_456_789_012_345_680_000.0, "123456789012345680000");
    check(1e21, "1e+21");
    check(1.5e300, "1.5e+300");
    check(0.000_001, "0.000001");
    check(0.000_001_5, "0.0000015");
    check(0.000_000_1, "1e-7");
    check(-1.25e-9, "-1.25e-9");
    check(5e-324, "5e-324");
    check(f64::MAX, "1.7976931348623157e+308");
    check(9_007_199_254_740_993.0, "9007199254740992");
    check(900_719_925_474_099.2, "900719925474099.2");
    check(f64::NAN, "NaN");
    check(f64::NEG_INFINITY, "-Infinity");
}

#[test]
fn texts_become_the_numbers_that_javascript_gives() {
    let check = |text: &str, expect: f64| assert_eq!(format!("{:?}", text_to_number(text)), format!("{expect:?}"), "{text:?}");
    for (text, expect) in
        [("", 0.0), (" \t\n\u{feff}", 0.0), (" 12 ", 12.0), ("1.", 1.0), (".5", 0.5), ("-.5e1", -5.0), ("+1e-2", 0.01), ("1e1000", f64::INFINITY)]
    {
        check(text, expect);
    }
    for (text, expect) in
        [("0x1F", 31.0), ("0b101", 5.0), ("0O17", 15.0), ("0x20000000000001", 9_007_199_254_740_992.0), ("0x20000000000003", 9_007_199_254_740_996.0)]
    {
        check(text, expect);
    }
    check("-Infinity", f64::NEG_INFINITY);
    check("0x8000000000000400000000", 9_223_372_036_854_775_808.0 * 16_777_216.0);
    check("0x80000000000004000000001", 9_223_372_036_854_777_856.0 * 268_435_456.0);
    for text in ["inf", "nan", "infinity", "1_000", "1n", "0x", "-0x1", "1 2", ".", "e5", "1e", "--1", "0b2", "\u{85}1"] {
        check(text, f64::NAN);
    }
}

#[test]
fn fixed_places_round_the_exact_value_and_ties_away_from_zero() {
    let check = |number: f64, places: usize, expect: &str| assert_eq!(to_fixed(number, places), expect, "{number}.toFixed({places})");
    check(2.5, 0, "3");
    check(-2.5, 0, "-3");
    check(1.5, 0, "2");
    check(0.5, 0, "1");
    check(9.5, 0, "10");
    check(99.5, 0, "100");
    check(1.005, 2, "1.00");
    check(1.45, 1, "1.4");
    check(8.345, 2, "8.35");
    check(0.125, 2, "0.13");
    check(10.0, 2, "10.00");
    check(-0.0, 1, "0.0");
    check(-0.04, 1, "-0.0");
    check(1e21, 2, "1e+21");
    check(123.456, 2, "123.46");
    check(f64::NAN, 2, "NaN");
}

#[test]
fn values_become_text_numbers_and_truth() {
    let check = |value: Value, text: &str, number: f64, truth: bool| {
        assert_eq!(to_string(&value), text, "{value}");
        assert_eq!(format!("{:?}", to_number(&value)), format!("{number:?}"), "{value}");
        assert_eq!(truthy(&value), truth, "{value}");
    };
    check(json!(null), "null", 0.0, false);
    check(json!(true), "true", 1.0, true);
    check(json!(""), "", 0.0, false);
    check(json!("0"), "0", 0.0, true);
    check(json!(0), "0", 0.0, false);
    check(json!(1.0), "1", 1.0, true);
    check(json!([]), "", 0.0, true);
    check(json!([7]), "7", 7.0, true);
    check(json!([1, [2, null, "x"], null, {}]), "1,2,,x,,[object Object]", f64::NAN, true);
    check(json!({"a": 1}), "[object Object]", f64::NAN, true);
    check(json!(9_007_199_254_740_993_u64), "9007199254740992", 9_007_199_254_740_992.0, true);
}

#[test]
fn equality_is_javascripts() {
    let check = |a: Value, b: Value, loose: bool, strict: bool| {
        assert_eq!((loose_equals(&a, &b), strict_equals(&a, &b)), (loose, strict), "{a} and {b}");
        assert_eq!((loose_equals(&b, &a), strict_equals(&b, &a)), (loose, strict), "{b} and {a}");
    };
    check(json!(1), json!(1.0), true, true);
    check(json!(1), json!("1"), true, false);
    check(json!(1), json!(true), true, false);
    check(json!("1"), json!(true), true, false);
    check(json!("true"), json!(true), false, false);
    check(json!(null), json!(0), false, false);
    check(json!(null), json!(null), true, true);
    check(json!(""), json!(0), true, false);
    check(json!([]), json!(""), true, false);
    check(json!([]), json!(false), true, false);
    check(json!([1, 2]), json!("1,2"), true, false);
    check(json!({}), json!("[object Object]"), true, false);
    check(json!([1]), json!([1]), false, false);
    let list = json!([1]);
    assert!(loose_equals(&list, &list) && strict_equals(&list, &list));
}

#[test]
fn order_is_javascripts() {
    let check = |a: Value, b: Value, expect: Option<Ordering>| assert_eq!(compare(&a, &b), expect, "{a} and {b}");
    check(json!("10"), json!("9"), Some(Ordering::Less));
    check(json!("10"), json!(9), Some(Ordering::Greater));
    check(json!(null), json!(0), Some(Ordering::Equal));
    check(json!("x"), json!(1), None);
    check(json!([2]), json!(10), Some(Ordering::Less));
    check(json!([2]), json!("10"), Some(Ordering::Greater));
    check(json!({}), json!(1), None);
    check(json!("\u{1F600}"), json!("\u{E000}"), Some(Ordering::Less));
    check(json!("\u{D7FF}"), json!("\u{1F600}"), Some(Ordering::Less));
    assert!(less_than(&json!(false), &json!(true)));
}

#[test]
fn stringify_writes_what_javascript_writes() {
    let check = |value: Value, expect: &str| assert_eq!(stringify(&value), expect);
    check(json!({"b": 1.0, "2": [], "1": {}, "01": null}), r#"{"1":{},"2":[],"b":1,"01":null}"#);
    check(json!("\u{8}\u{1f}\"\\/\u{7f}\u{2028}é"), "\"\\b\\u001f\\\"\\\\/\u{7f}\u{2028}é\"");
    check(json!([1e21, 1e-7, 0.1]), "[1e+21,1e-7,0.1]");
    assert_eq!(stringify_pretty(&json!({"a": [1, {}], "b": []}), 2), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
    assert_eq!(stringify_pretty(&json!([1]), 0), "[1]");
}

#[test]
fn positions_count_utf16_units() {
    assert_eq!(utf16_len("aé\u{1F600}"), 4);
    let check = |range, expect: Option<&str>| assert_eq!(utf16_slice("aé\u{1F600}b", range), expect);
    check(0..2, Some("aé"));
    check(2..4, Some("\u{1F600}"));
    check(2..3, None);
    check(3..9, None);
    check(4..9, Some("b"));
    check(9..12, Some(""));
    check(4..4, Some(""));
    assert_eq!(utf16_slice("\u{1F600}", 0..1), None);
    assert_eq!(trim("\u{feff} x\u{85}\u{3000}"), "x\u{85}");
}
