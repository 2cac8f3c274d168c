//! The database of one query.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use engine_core::model::Item;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, Error, Statement, params_from_iter};
use serde_json::Value;

use super::rows::{Origin, read, stored};
use super::{Row, Tables, functions};

/// How long a query may take.
const TIME: Duration = Duration::from_secs(30);
/// How many steps of the database's machine lie between two looks at the clock.
const STEPS: i32 = 10_000;
/// How large tables may grow, in pages of 4 KiB.
const PAGES: u32 = 65_536;
/// How large a value may grow, in bytes.
const LENGTH: i32 = 64 << 20;
/// How many rows an answer may have.
const ROWS: usize = 1_000_000;
/// How many fields a query may name that no item has.
const MISSING: usize = 100;

/// The column that tells where in its input an item lies.
pub(super) const PLACE: &str = "pairedItem";

/// What is known of a table's columns, in lower case.
pub(super) type Columns = HashMap<String, Column>;

/// What the values of a field have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// All are truth values.
    pub(super) boolean: bool,
    /// Some are null, not only missing.
    pub(super) nulls: bool,
}

pub(super) struct Database {
    connection: Connection,
    tables: Vec<Columns>,
}

impl Database {
    /// A database with a table for each input. The tables tell where each item lies when rows are to be linked to items.
    pub(super) fn open(tables: &Tables, with_places: bool) -> Result<Self, Error> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(&format!("PRAGMA max_page_count = {PAGES}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"))?;
        for (limit, most) in [
            (Limit::SQLITE_LIMIT_LENGTH, LENGTH),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ] {
            connection.set_limit(limit, most)?;
        }
        functions::register(&connection)?;
        let columns = tables.iter().enumerate().map(|(input, items)| fill(&connection, (input, items), with_places)).collect::<Result<_, _>>()?;
        connection.authorizer(Some(|context: AuthContext<'_>| permission(&context)))?;
        let until = Instant::now() + TIME;
        connection.progress_handler(STEPS, Some(move || Instant::now() > until))?;
        Ok(Self { connection, tables: columns })
    }

    /// Runs all statements of a text; gives the rows of those that give any. A field that no item has is one without values.
    pub(super) fn ask(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        for _ in 0..MISSING {
            match self.run(sql, parameters) {
                Err(error) => match missing_column(&error) {
                    Some(name) => self.add_column(&name)?,
                    None => return Err(error),
                },
                answer => return answer,
            }
        }
        self.run(sql, parameters)
    }

    fn run(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut batch = Batch::new(&self.connection, sql);
        while let Some(mut statement) = rusqlite::fallible_iterator::FallibleIterator::next(&mut batch)? {
            let count = statement.parameter_count().min(parameters.len());
            let given = parameters.iter().take(count).map(stored);
            if statement.column_count() == 0 {
                statement.execute(params_from_iter(given))?;
                continue;
            }
            let origins = self.origins(&statement);
            let mut answer = statement.query(params_from_iter(given))?;
            while let Some(row) = answer.next()? {
                rows.push(read(row, &origins)?);
                if rows.len() > ROWS {
                    return Err(Error::UserFunctionError(format!("the answer has more than {ROWS} rows").into()));
                }
            }
        }
        Ok(rows)
    }

    fn origins(&self, statement: &Statement<'_>) -> Vec<Origin> {
        let any_nulls = self.tables.iter().flat_map(HashMap::values).any(|column| column.nulls);
        let origin = |column: &rusqlite::ColumnMetadata<'_>| {
            let input = column.table_name().and_then(|name| name.strip_prefix("input")).and_then(|number| number.parse::<usize>().ok());
            let known = input.and_then(|number| self.tables.get(number.checked_sub(1)?)?.get(&column.origin_name()?.to_lowercase()));
            Origin {
                name: dialect_name(column.name()),
                input: input.map_or(0, |number| number.saturating_sub(1)),
                is_place: column.origin_name() == Some(PLACE) && input.is_some(),
                column: known.copied().unwrap_or(Column { boolean: false, nulls: any_nulls && input.is_none() }),
            }
        };
        statement.columns_with_metadata().iter().map(origin).collect()
    }

    /// Adds a column to the table that its name tells, or to all that it may mean.
    fn add_column(&mut self, name: &str) -> Result<(), Error> {
        let (table, column) = name.split_once('.').map_or((None, name), |(table, column)| (Some(table), column));
        let numbers: Vec<usize> = match table {
            None => vec![1],
            Some(table) => match table.to_lowercase().strip_prefix("input").and_then(|number| number.parse().ok()) {
                Some(number) => vec![number],
                None => (1..=self.tables.len()).collect(),
            },
        };
        if column.eq_ignore_ascii_case(PLACE) {
            return Err(Error::InvalidColumnName(name.to_owned()));
        }
        let key = column.to_lowercase();
        let lacking: Vec<usize> =
            numbers.into_iter().filter(|number| self.tables.get(number - 1).is_some_and(|table| !table.contains_key(&key))).collect();
        if lacking.is_empty() {
            return Err(Error::InvalidColumnName(name.to_owned()));
        }
        self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
        for number in lacking {
            self.connection.execute_batch(&format!("ALTER TABLE input{number} ADD COLUMN {}", quoted(column)))?;
            if let Some(table) = self.tables.get_mut(number - 1) {
                table.insert(key.clone(), Column { boolean: false, nulls: false });
            }
        }
        self.connection.authorizer(Some(|context: AuthContext<'_>| permission(&context)))
    }
}

/// A query reads and changes the tables, and makes others. It attaches nothing, loads nothing, sets nothing.
fn permission(context: &AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropTempTable { .. } => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

/// Makes the table of an input.
fn fill(connection: &Connection, (input, items): (usize, &[Item]), with_places: bool) -> Result<Columns, Error> {
    let mut names: Vec<&str> = Vec::new();
    let mut columns = Columns::new();
    for (key, value) in items.iter().flat_map(|item| item.json().iter()).filter(|(key, _)| !key.eq_ignore_ascii_case(PLACE)) {
        let column = columns.entry(key.to_lowercase()).or_insert_with(|| {
            names.push(key);
            Column { boolean: true, nulls: false }
        });
        column.nulls |= value.is_null();
        column.boolean &= value.is_boolean() || value.is_null();
    }
    // A table needs a column.
    let with_places = with_places || names.is_empty();
    let list: Vec<String> = names.iter().map(|name| quoted(name)).chain(with_places.then(|| PLACE.to_owned())).collect();
    connection.execute_batch(&format!("CREATE TABLE input{} ({})", input + 1, list.join(", ")))?;
    let marks = vec!["?"; list.len()].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO input{} VALUES ({marks})", input + 1))?;
    for (index, item) in items.iter().enumerate() {
        let values = names.iter().map(|name| stored(item.json().get(*name).unwrap_or(&Value::Null)));
        let place = rusqlite::types::Value::Integer(i64::try_from(index).unwrap_or(i64::MAX));
        insert.execute(params_from_iter(values.chain(with_places.then_some(place))))?;
    }
    Ok(columns)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name that the database has no column of.
fn missing_column(error: &Error) -> Option<String> {
    let message = match error {
        Error::SqlInputError { msg, .. } => msg,
        Error::SqliteFailure(_, Some(message)) => message,
        _ => return None,
    };
    message.strip_prefix("no such column: ").map(|name| name.split(" - ").next().unwrap_or(name).to_owned())
}

/// `AlaSQL` writes the names of functions in capitals where a column has no name of its own.
fn dialect_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut word = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        made.push_str(&if c == '(' { word.to_uppercase() } else { word });
        word = String::new();
        made.push(c);
    }
    made + &word
}
