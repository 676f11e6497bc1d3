//! Asking a store what columns a plugin will have, and which tables have rows at all.

use rusqlite::Connection;

use super::compile::{Options, generate};
use super::execute::{Limits, execute};
use super::layout::rows_of;
use crate::plan::{Environment, Plan, Probe};
use crate::schema::{Schema, Table};

/// How many distinct names or values a plugin may turn into columns.
const MAXIMUM_COLUMNS: usize = 1000;

/// Asks a connection on which [`register`](super::register) was called.
pub struct ConnectionProbe<'a> {
    connection: &'a Connection,
    schema: &'a Schema,
    whole: bool,
}

impl<'a> ConnectionProbe<'a> {
    pub fn new(connection: &'a Connection, schema: &'a Schema) -> Self {
        Self { connection, schema, whole: false }
    }

    /// Leaves nothing out, as for SQL that is to be read and not run.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }
}

impl Probe for ConnectionProbe<'_> {
    fn rows(&self, plan: &Plan) -> Result<Table, String> {
        let environment = Environment::new(self.schema, 0);
        let compiled = generate(plan, &environment, &Options::default(), Vec::new())
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "))?;
        let limits = Limits { rows: Some(MAXIMUM_COLUMNS + 1), time: None };
        let table = execute(self.connection, &compiled, &limits).map_err(|error| error.to_string())?;
        if table.rows.len() > MAXIMUM_COLUMNS {
            return Err(format!("there would be more than {MAXIMUM_COLUMNS} columns"));
        }
        Ok(table)
    }

    fn is_empty(&self, table: &str) -> bool {
        if self.whole {
            return false;
        }
        let sql = format!("SELECT NOT EXISTS(SELECT 1 FROM {})", rows_of(table));
        let answer = self.connection.prepare_cached(&sql).and_then(|mut ask| ask.query_row([], |row| row.get(0)));
        match answer {
            Ok(is_empty) => is_empty,
            // A store makes a table when it gets its first row. SQLite says this only after it has looked at the file anew.
            Err(rusqlite::Error::SqliteFailure(_, Some(said))) => said.starts_with("no such table"),
            Err(_) => false,
        }
    }
}
