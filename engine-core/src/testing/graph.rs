//! Workflows in one line per node.

use crate::model::{Connection, NodeDefinition, Workflow};

/// Reads a workflow from lines `Name kind -> Target Target:1 | OtherTarget`: targets of one output are separated by blanks, outputs by `|`, and `:1` names an
/// input other than the first. The first character of a name may be anything but a blank.
///
/// # Panics
/// When a line has no kind: a test that does that is wrong.
pub fn graph(text: &str) -> Workflow {
    let mut builder = Workflow::builder("test");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (node, targets) = line.split_once("->").unwrap_or((line, ""));
        let mut words = node.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { panic!("a line is `Name kind -> Targets`, not {line:?}") };
        builder = builder.define(NodeDefinition::new(name, kind));
        for (output, targets) in targets.split('|').enumerate() {
            for target in targets.split_whitespace() {
                let (target, input) = target.split_once(':').unwrap_or((target, "0"));
                let input = input.parse().unwrap_or_else(|_| panic!("an input is a number, not {input:?}"));
                builder = builder.connection(Connection::new(name, target).from_output(output).into_input(input));
            }
        }
    }
    builder.build()
}
