//! Any text as a parameter: it is split, parsed and evaluated without a panic, and the same text gives the same answer.

#![no_main]

use engine_core::expression::{FixedScope, Template};
use engine_core::model::Item;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|source: &str| {
    let Ok(template) = Template::compile(source, None) else { return };
    let scope = FixedScope::new(vec![Item::from_value(json!({"a": {"b": [1, "x", null]}, "t": "text", "n": 2.5}))]).coming_from("Prev");
    let answer = |template: &Template| format!("{:?}", template.evaluate_now(&scope));
    assert_eq!(answer(&template), answer(&template));
});
