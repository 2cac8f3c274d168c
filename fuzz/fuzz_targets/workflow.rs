//! Any text as a workflow: it is refused or read, and what is written of it reads as the same.

#![no_main]

use engine_core::Workflow;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(workflow) = Workflow::from_json(text) else { return };
    let written = workflow.to_json();
    let again = Workflow::from_json(&written.to_string()).expect("what was written can be read");
    assert_eq!(again.to_json(), written);
});
