//! Asking a store what columns a plugin will have.

use rusqlite::Connection;

use super::compile::{Options, generate};
use super::execute::{Limits, execute};
use crate::plan::{Environment, Plan, Probe};
use crate::schema::{Schema, Table};

/// How many distinct names or values a plugin may turn into columns.
const MAXIMUM_COLUMNS: usize = 1000;

/// Runs parts of a query on a connection on which [`register`](super::register) was called.
pub struct ConnectionProbe<'a> {
    pub connection: &'a Connection,
    pub schema: &'a Schema,
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
}
