//! Running compiled queries: typed rows, with limits on rows and time.

use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows, Statement};

use super::compile::Compiled;
use super::texts::Texts;
use crate::schema::{Column, ScalarType, Table, Value};

/// When to stop.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Stop after so many rows; the rest is not read.
    pub rows: Option<usize>,
    /// Fail after so long.
    pub time: Option<Duration>,
}

/// How soon a query that goes on in spite of an interrupt gets another.
const AGAIN: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error("the query was interrupted")]
    Interrupted,
    #[error("the query took longer than {0:?}")]
    TimeLimit(Duration),
    #[error("the query is too large for SQLite: {what}; {instead}")]
    TooLarge { what: &'static str, instead: &'static str },
    /// What a function of the query says of its arguments, found only when a row reached it.
    #[error("{0}")]
    Function(String),
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
    #[error("the column '{column}' ({scalar_type}) holds {found}", scalar_type = scalar_type.name())]
    Representation { column: String, scalar_type: ScalarType, found: String },
}

impl From<rusqlite::Error> for ExecuteError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::Interrupted,
            _ => {
                let text = error.to_string();
                match TOO_LARGE.iter().find(|(said, ..)| text.contains(said)) {
                    Some((_, what, instead)) => Self::TooLarge { what, instead },
                    None => match error {
                        // A statement that was prepared fails so where one of its functions does.
                        rusqlite::Error::SqliteFailure(failure, Some(said))
                            if failure.code == rusqlite::ErrorCode::Unknown =>
                        {
                            Self::Function(said)
                        }
                        error => Self::Sqlite(error),
                    },
                }
            }
        }
    }
}

/// What SQLite says of its limits (<https://sqlite.org/limits.html>), what is meant, and what helps.
const TOO_LARGE: &[(&str, &str, &str)] = &[
    (
        "nested too deep",
        "it reads tables a thousand times over, because a let that is used several times is read at each use",
        "join or union fewer of them, or put what several lets begin with into one",
    ),
    ("Expression tree is too large", "an expression has too many levels", "split it into several extends or wheres"),
    ("too many columns", "a result has more than 2,000 columns", "project the columns that are needed before"),
    ("at most 64 tables in a join", "it joins more than 64 tables", "split it into several queries"),
    ("too many FROM clause terms", "it joins more than 200 tables", "split it into several queries"),
    ("too many terms in compound SELECT", "a union has too many tables", "union them in several steps"),
    ("parser stack overflow", "it nests too deep", "split it with lets"),
    ("Recursion limit", "an expression has too many levels", "split it into several extends or wheres"),
];

/// Registers what compiled queries call.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    super::functions::register(connection)?;
    super::terms::register(connection)?;
    super::text_set::register(connection)?;
    super::support::register(connection)
}

/// A row of a result, and the ids of the events behind it where lineage was compiled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub values: Vec<Value>,
    pub lineage: Vec<i64>,
}

/// Runs a query and gives each row to `take`, until it says `false`.
pub fn for_each_row(
    connection: &Connection,
    compiled: &Compiled,
    limits: &Limits,
    mut take: impl FnMut(Row) -> bool,
) -> Result<(), ExecuteError> {
    let Some(time) = limits.time else { return run(connection, compiled, limits, &mut take) };
    // A watch beside the query: SQLite's own progress handler wants the connection for itself.
    let handle = connection.get_interrupt_handle();
    let (done, finished) = crossbeam_channel::bounded::<()>(0);
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let timeout = Err(crossbeam_channel::RecvTimeoutError::Timeout);
            let late = finished.recv_timeout(time) == timeout;
            if late {
                handle.interrupt();
                // SQLite forgets an interrupt that comes before the statement's first step.
                while finished.recv_timeout(AGAIN) == timeout {
                    handle.interrupt();
                }
            }
            late
        });
        let result = run(connection, compiled, limits, &mut take);
        drop(done);
        match (watch.join(), result) {
            // While a statement is prepared, an interrupt comes out as the failure of whatever was at work.
            (Ok(true), Err(ExecuteError::Interrupted | ExecuteError::Sqlite(_) | ExecuteError::Function(_))) => {
                Err(ExecuteError::TimeLimit(time))
            }
            (_, result) => result,
        }
    })
}

fn run(
    connection: &Connection,
    compiled: &Compiled,
    limits: &Limits,
    take: &mut dyn FnMut(Row) -> bool,
) -> Result<(), ExecuteError> {
    let sets: Vec<String> = compiled.text_sets().collect();
    // The rows are those of the moment at which the texts were looked for.
    let two_steps = !sets.is_empty() && connection.is_autocommit();
    let _moment = two_steps.then(|| connection.unchecked_transaction()).transpose()?;
    let read = |set: &String| connection.query_row(set, [], |row| row.get::<_, Option<Vec<u8>>>(0));
    let sets: Vec<Option<Vec<u8>>> = sets.iter().map(read).collect::<Result<_, _>>()?;
    let mut texts = Texts::new(connection);
    let mut statement: Statement<'_> = connection.prepare(&compiled.fetch())?;
    let mut rows: Rows<'_> = statement.query(rusqlite::params_from_iter(sets))?;
    let mut count = 0;
    while limits.rows.is_none_or(|limit| count < limit) {
        let Some(row) = rows.next()? else { break };
        let mut values = Vec::with_capacity(compiled.columns.len());
        for (position, column) in compiled.columns.iter().enumerate() {
            let cell = row.get_ref(position)?;
            values.push(match cell {
                ValueRef::Integer(id) if compiled.is_text_id(position) => Value::String(texts.text(id)?),
                cell => value(cell, column)?,
            });
        }
        let lineage = if compiled.lineage { lineage(row.get_ref(compiled.columns.len())?) } else { Vec::new() };
        count += 1;
        if !take(Row { values, lineage }) {
            break;
        }
    }
    Ok(())
}

/// Runs a query and keeps the whole result.
pub fn execute(connection: &Connection, compiled: &Compiled, limits: &Limits) -> Result<Table, ExecuteError> {
    let mut table = Table { columns: compiled.columns.clone(), rows: Vec::new() };
    for_each_row(connection, compiled, limits, |row| {
        table.rows.push(row.values);
        true
    })?;
    Ok(table)
}

/// The event ids of a lineage cell.
fn lineage(value: ValueRef<'_>) -> Vec<i64> {
    match value {
        ValueRef::Integer(id) => vec![id],
        ValueRef::Text(text) => serde_json::from_slice(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Reads a cell in the representation its type promises. Anything else is a fault of the engine, and said so.
fn value(cell: ValueRef<'_>, column: &Column) -> Result<Value, ExecuteError> {
    let fault = |found: String| ExecuteError::Representation {
        column: column.name.clone(),
        scalar_type: column.scalar_type,
        found,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match (column.scalar_type, cell) {
        (ScalarType::String, ValueRef::Null) => Value::String(String::new()),
        (_, ValueRef::Null) => Value::Null,
        (ScalarType::Bool, ValueRef::Integer(number)) => Value::Bool(number != 0),
        (ScalarType::Int, ValueRef::Integer(number)) => match i32::try_from(number) {
            Ok(number) => Value::Int(number),
            Err(_) => return Err(fault(number.to_string())),
        },
        (ScalarType::Long, ValueRef::Integer(number)) => Value::Long(number),
        (ScalarType::Datetime, ValueRef::Integer(ticks)) => Value::Datetime(ticks),
        (ScalarType::Timespan, ValueRef::Integer(ticks)) => Value::Timespan(ticks),
        (ScalarType::Real, ValueRef::Real(number)) => Value::Real(number),
        #[expect(clippy::cast_precision_loss, reason = "a long becomes a real as KQL does it")]
        (ScalarType::Real, ValueRef::Integer(number)) => Value::Real(number as f64),
        (ScalarType::Real, ValueRef::Text(b"NaN")) => Value::Real(f64::NAN),
        (ScalarType::Decimal, ValueRef::Text(bytes)) => Value::Decimal(text(bytes)),
        (ScalarType::String, ValueRef::Text(bytes)) => Value::String(text(bytes)),
        (ScalarType::Dynamic, ValueRef::Text(bytes)) => Value::Dynamic(text(bytes)),
        (ScalarType::Guid, ValueRef::Text(bytes)) => Value::Guid(text(bytes)),
        (_, other) => return Err(fault(format!("{other:?}").chars().take(80).collect())),
    })
}
