//! `docs/GETTING_STARTED.md` does what it says: its commands are run in their order, by one shell, in an empty folder, against real processes.
//!
//! A block of commands must have the mark `<!-- run -->`. Lines of a `text` block stand in what the block before it printed. Addresses with the usual ports are moved
//! to free ones, and the Postgres that it supposes to the one of the tests.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod shell;

use std::fmt::Write;

use shell::Shell;
use sqlx::{Connection, PgConnection, raw_sql};

/// A block of the guide.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Commands, and the line of the guide at which they begin.
    Run(String, usize),
    /// What the step before printed.
    Printed(String),
}

fn steps(guide: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = guide.lines().enumerate();
    let mut mark = "";
    while let Some((number, line)) = lines.next() {
        match line {
            "<!-- run -->" => mark = line,
            "```sh" | "```text" => {
                let mut text = String::new();
                for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
                    let _infallible = writeln!(text, "{line}");
                }
                match (line, mark) {
                    ("```text", _) => steps.push(Step::Printed(text)),
                    (_, "<!-- run -->") => steps.push(Step::Run(text, number + 2)),
                    _ => panic!("line {}: a block of commands that nobody runs", number + 1),
                }
                mark = "";
            }
            _ => {}
        }
    }
    steps
}

#[test]
fn the_guide_does_what_it_says() {
    let steps = steps(include_str!("../../../../docs/GETTING_STARTED.md"));
    assert!(steps.len() > 10, "{steps:?}");
    let mut shell = Shell::start();
    let mut printed = String::new();
    for step in steps {
        match step {
            Step::Run(commands, line) => printed = shell.run(&commands, line),
            Step::Printed(expected) => {
                for line in expected.lines().filter(|line| !line.is_empty()) {
                    assert!(printed.contains(&shell.moved(line)), "{line:?} is not in what was printed:\n{printed}");
                }
            }
        }
    }
    drop_schema(&shell);
}

fn drop_schema(shell: &Shell) {
    let (url, schema) = shell.schema();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        raw_sql(sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).execute(&mut connection).await.unwrap();
    });
}

#[test]
fn blocks_are_told_apart() {
    let guide = "<!-- run -->\n```sh\na\n```\n\n```text\nb\n```\n<!-- run -->\n```sh\nc\nd\n```\n```\ne\n```\n";
    let expected = [Step::Run("a\n".to_owned(), 3), Step::Printed("b\n".to_owned()), Step::Run("c\nd\n".to_owned(), 11)];
    assert_eq!(steps(guide), expected);
}
