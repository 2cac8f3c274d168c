//! Combining by SQL: the inputs are tables `input1`, `input2`, ..., in a database that lives in memory for as long as the query runs.
//!
//! n8n asks `AlaSQL`. Here it is `SQLite`, which answers the same to queries of both dialects; `dialect` rewrites what only the other knows. The query reaches no
//! file, no other database and no network, and is bounded in time and memory (`database`).

mod database;
mod dialect;
mod functions;
mod rows;

#[cfg(test)]
mod tests;

use engine_core::expression::js;
use engine_core::model::{Item, Json, Link, NodeVersion, Paired};
use engine_core::node::{NodeContext, NodeError};
use futures::channel::oneshot;
use serde_json::{Value, json};

use crate::settings::Settings;
use database::Database;

/// A query and what it is asked with.
#[derive(Clone, Debug)]
pub(super) struct Query {
    sql: String,
    inputs: usize,
    parameters: Vec<Value>,
    /// From version 3.1 on, the items of a SELECT are linked to those that they were made of.
    links_rows: bool,
    /// Whether a query that gives nothing gives one item that says so.
    tells_success: bool,
}

/// The items of the inputs, as far as they are needed on another thread.
type Tables = Vec<Vec<Item>>;

impl Query {
    pub(super) fn read(settings: Settings<'_>, inputs: usize, version: NodeVersion) -> Result<Self, String> {
        let options = settings.group("options");
        let sql = settings.text("query");
        Ok(Self {
            links_rows: version.at_least(3, 1) && dialect::has_rows_of_items(&sql),
            sql,
            inputs,
            parameters: parameters(options.get("queryParameters"))?,
            tells_success: !version.at_least(3, 2) || options.text("emptyQueryResult") == "success",
        })
    }

    /// Asks, away from the threads that nodes share.
    pub(super) async fn combine(&self, context: &NodeContext) -> Result<Vec<Item>, NodeError> {
        let tables: Tables = (0..self.inputs).map(|input| context.input(input).iter().cloned().collect()).collect();
        let (query, (done, answer)) = (self.clone(), oneshot::channel());
        context.runtime().spawn_blocking(Box::new(move || {
            // Nobody waits any more when the node was cancelled.
            drop(done.send(query.ask(&tables)));
        }));
        let answer = answer.await.map_err(|_| NodeError::fatal("the query was broken off"))?;
        answer.map_err(|error| NodeError::fatal("Issue while executing query").with_description(error.to_string()))
    }

    fn ask(&self, tables: &Tables) -> Result<Vec<Item>, rusqlite::Error> {
        let linked = self.links_rows.then(|| self.linked(tables));
        let mut items = match linked {
            Some(Ok(items)) => items,
            // What cannot be asked for its links can perhaps be asked without.
            Some(Err(_)) | None => self.unlinked(tables)?,
        };
        if items.is_empty() && self.tells_success {
            items.push(Item::from_value(json!({"success": true})));
        }
        Ok(items)
    }

    fn linked(&self, tables: &Tables) -> Result<Vec<Item>, rusqlite::Error> {
        let sql = dialect::with_links(&self.sql, tables.len());
        let rows = Database::open(tables, true)?.ask(&dialect::rewritten(&sql), &self.parameters)?;
        Ok(rows.into_iter().map(|row| Item::new(row.json).paired_with(Paired::many(row.links))).collect())
    }

    /// Every item is linked to all.
    fn unlinked(&self, tables: &Tables) -> Result<Vec<Item>, rusqlite::Error> {
        let rows = Database::open(tables, false)?.ask(&dialect::rewritten(&self.sql), &self.parameters)?;
        let links: Vec<Link> =
            tables.iter().enumerate().flat_map(|(input, items)| (0..items.len()).map(move |index| Link::on(input, index))).collect();
        Ok(rows.into_iter().map(|row| Item::new(row.json).paired_with(Paired::many(links.iter().cloned()))).collect())
    }
}

/// The values for the question marks: a list, a number, or a text of values with commas between.
fn parameters(given: Option<&Value>) -> Result<Vec<Value>, String> {
    let refused = |index: usize| format!("Query parameter {} must be a string, number, boolean, or null", index + 1);
    match given {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.split(',').map(|value| parameter(js::trim(value))).collect()),
        Some(number @ Value::Number(_)) => Ok(vec![number.clone()]),
        Some(Value::Array(values)) => match values.iter().position(|value| value.is_object() || value.is_array()) {
            Some(index) => Err(refused(index)),
            None => Ok(values.clone()),
        },
        Some(_) => Err("Query parameters must be a string, number, or array".to_owned()),
    }
}

fn parameter(text: &str) -> Value {
    let number = js::to_number(&Value::String(text.to_owned()));
    if text.is_empty() || number.is_nan() { Value::String(text.to_owned()) } else { js::from_f64(number) }
}

/// A row of an answer.
#[derive(Debug)]
struct Row {
    json: Json,
    links: Vec<Link>,
}
