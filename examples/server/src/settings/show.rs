//! Showing settings: the effective ones, and the table of the documentation.

use std::fmt::Write;

use serde_json::{Value, json};
use url::Url;

use super::Settings;
use super::table::{GROUPS, Setting, Shown};

/// A value as far as it may be shown; nothing for secrets.
pub(super) fn value(setting: &Setting, text: &str) -> Option<String> {
    match setting.shown {
        Shown::Plain => Some(text.to_owned()),
        Shown::Secret => None,
        Shown::Address => Some(without_password(text)),
    }
}

/// An address without the password in it. One that cannot be read may hold a password anywhere.
fn without_password(text: &str) -> String {
    const MASK: &str = "***";
    let Ok(mut url) = Url::parse(text) else { return MASK.to_owned() };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    let has_secret = url.query_pairs().any(|(name, _)| name.contains("password"));
    if has_secret {
        url.set_query(None);
    }
    url.to_string()
}

/// The effective settings, for people.
pub(crate) fn effective(settings: &Settings) -> String {
    let mut text = String::new();
    for group in GROUPS {
        let _infallible = writeln!(text, "{}", group.title);
        for setting in group.settings {
            let (value, origin) = shown(settings, setting);
            let _infallible = writeln!(text, "  {:<34} {value}  ({origin})", setting.name);
        }
    }
    text
}

/// The effective settings, for programs.
pub(crate) fn effective_json(settings: &Settings) -> Value {
    let entries = super::table::all().map(|setting| {
        let (value, origin) = shown(settings, setting);
        (setting.name.to_owned(), json!({"value": value, "origin": origin, "key": setting.key}))
    });
    Value::Object(entries.collect())
}

fn shown(settings: &Settings, setting: &Setting) -> (String, String) {
    match settings.values.get(setting) {
        Some(given) => (value(setting, &given.text).unwrap_or_else(|| "***".to_owned()), given.origin.clone()),
        None if setting.default.is_empty() => ("-".to_owned(), "not set".to_owned()),
        None => (setting.default.to_owned(), "default".to_owned()),
    }
}

/// The table of docs/CONFIGURATION.md.
pub(crate) fn markdown() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let _infallible = write!(text, "### {}\n\n| variable | key in the file | default | meaning |\n|---|---|---|---|\n", group.title);
        for setting in group.settings {
            let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
            let secret = if setting.shown == Shown::Plain { "" } else { " *Secret.*" };
            let _infallible = writeln!(text, "| `{}` | `{}` | {default} | {}{secret} |", setting.name, setting.key, setting.help);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let check = |text: &str, expect: &str| assert_eq!(without_password(text), expect, "{text}");
        check("postgres://engine:canary@db:5432/engine", "postgres://engine:***@db:5432/engine");
        check("postgres://db/engine?user=engine&password=canary", "postgres://db/engine");
        check("postgres://engine:canary/with/slash@db", "***");
        check("no address canary", "***");
        check("sqlite:./data/engine.sqlite", "sqlite:./data/engine.sqlite");
    }

    #[test]
    fn the_documented_table_is_that_of_the_code() {
        let document = include_str!("../../../../docs/CONFIGURATION.md");
        let table = document.split_once("<!-- table -->\n\n").and_then(|(_, rest)| rest.split_once("<!-- end of table -->"));
        let (table, _) = table.expect("docs/CONFIGURATION.md has the marks of the table");
        assert_eq!(table, markdown(), "print the table with `engine config table` and put it between the marks of docs/CONFIGURATION.md");
    }
}
