//! Asking the engine: one query text over one store at one time, with a limit.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::HuntError;
use super::matches::EventId;
use crate::kql;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::syntax::Query;
use crate::plan::tree::NodeKind;
use crate::plan::{DataRange, Environment, Library, bind};
use crate::schema::{Column, Value};
use crate::sql::{self, ConnectionProbe, ExecuteError, Limits, Options};
use crate::store::Store;

/// What a query yields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// The events behind each row, where the plan keeps them.
    pub lineage: Vec<Vec<EventId>>,
    pub warnings: Vec<Diagnostic>,
}

/// Why a query yields nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryError {
    /// Spans are into the text that was asked.
    Diagnostics(Vec<Diagnostic>),
    Failed(String),
    Cancelled,
    TimedOut,
}

impl From<ExecuteError> for QueryError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Interrupted => Self::Cancelled,
            ExecuteError::TimeLimit(_) => Self::TimedOut,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl QueryError {
    /// As the error of a whole question.
    pub fn of(self, what: &str, text: &str) -> HuntError {
        match self {
            Self::Cancelled => HuntError::Cancelled,
            Self::TimedOut => HuntError::Failed { what: what.to_owned(), reason: "it took too long".to_owned() },
            Self::Failed(reason) => HuntError::Failed { what: what.to_owned(), reason },
            Self::Diagnostics(diagnostics) => {
                HuntError::Query { what: what.to_owned(), text: text.to_owned(), diagnostics }
            }
        }
    }
}

/// Asks a store.
#[derive(Clone, Copy)]
pub struct Asker<'store> {
    pub store: &'store Store,
    /// `now()`.
    pub now: i64,
    /// The part of every table that is there.
    pub range: DataRange,
    pub limit: Option<Duration>,
    pub library: &'store Library,
}

impl Asker<'_> {
    /// Runs a query and keeps all its rows, with the events behind each.
    pub fn rows(&self, text: &str) -> Result<Rows, QueryError> {
        self.ask(text, true)
    }

    /// Runs a query for its values alone: to carry the events behind a count is to list them all.
    pub fn values(&self, text: &str) -> Result<Rows, QueryError> {
        self.ask(text, false)
    }

    /// Parses a query and hands it over with what it is bound in.
    fn parsed<T>(
        &self,
        text: &str,
        then: impl FnOnce(&Query, &Environment<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let parsed = kql::parse(text);
        if parsed.has_errors() {
            return Err(QueryError::Diagnostics(parsed.diagnostics));
        }
        let probe = ConnectionProbe::new(self.store.connection(), self.store.schema());
        let environment = Environment::new(self.store.schema(), self.now)
            .with_range(self.range)
            .with_library(self.library)
            .with_probe(&probe);
        then(&parsed.query, &environment)
    }

    fn ask(&self, text: &str, lineage: bool) -> Result<Rows, QueryError> {
        let options = Options { lineage, ..Options::default() };
        let compiled = self.parsed(text, |query, environment| {
            sql::compile(query, environment, &options).map_err(QueryError::Diagnostics)
        })?;
        let limits = Limits { rows: None, time: self.limit };
        let mut found =
            Rows { columns: compiled.columns.clone(), warnings: compiled.warnings.clone(), ..Rows::default() };
        sql::for_each_row(self.store.connection(), &compiled, &limits, |row| {
            found.rows.push(row.values);
            found.lineage.push(row.lineage);
            true
        })?;
        Ok(found)
    }

    /// The tables that a query reads, by name, whichever way it names them.
    pub fn tables(&self, text: &str) -> Result<BTreeSet<String>, QueryError> {
        let bound = self.parsed(text, |query, environment| Ok(bind(query, environment)))?;
        let Some(plan) = bound.plan else { return Err(QueryError::Diagnostics(bound.diagnostics)) };
        let tables = plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Table { table, .. } => Some(table.clone()),
            _ => None,
        });
        Ok(tables.collect())
    }

    /// The number of rows of a query that ends in `| count`.
    pub fn count(&self, text: &str) -> Result<u64, QueryError> {
        let rows = self.values(text)?;
        match rows.rows.first().and_then(|row| row.first()) {
            Some(Value::Long(count)) => Ok(count.unsigned_abs()),
            Some(Value::Int(count)) => Ok(u64::from(count.unsigned_abs())),
            _ => Err(QueryError::Failed("the count came back as something else".to_owned())),
        }
    }
}
