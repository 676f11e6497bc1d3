//! How tables lie in SQLite: the one place that both the writer of the store and the compiler read.
//!
//! Text repeats in event logs, so the physical tables hold ids into one `text` dictionary
//! (`text(id INTEGER PRIMARY KEY, value TEXT NOT NULL)`; id 0 is the empty string, which is also the default of
//! every string column, as KQL strings are never null). Other columns hold their values:
//! bool 0/1, int/long INTEGER, real REAL, datetime/timespan INTEGER ticks of 100 ns, dynamic compact JSON text,
//! guid lower-case text, decimal canonical digits.
//!
//! The rowid of a physical table, `id`, is the id of the event the row was made from.

use crate::schema::{ScalarType, TableSchema};

/// How a column is read from its physical table, whose alias is `t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// The expression yields the value.
    Plain(String),
    /// The expression yields an id into `text`.
    Dictionary(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    pub name: String,
    pub scalar_type: ScalarType,
    pub storage: Storage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    pub name: String,
    /// What stands after FROM, alias `t` included.
    pub from: String,
    /// The expression that yields the event id.
    pub event_id: String,
    pub columns: Vec<ColumnLayout>,
}

/// The physical table behind a KQL table.
pub fn rows_table(table: &str) -> String {
    format!("rows_{table}")
}

/// Quotes an identifier for SQLite.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes text as an SQLite string literal. NUL ends an SQL text, so it is spliced in with `char(0)`.
pub fn quote_text(text: &str) -> String {
    let parts: Vec<String> = text.split('\0').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join("||char(0)||")) }
}

/// The layout of a table whose columns are stored one by one.
pub fn table_layout(table: &TableSchema) -> TableLayout {
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let expression = format!("t.{}", quote_identifier(&column.name));
            ColumnLayout {
                name: column.name.clone(),
                scalar_type: column.scalar_type,
                storage: match column.scalar_type {
                    ScalarType::String => Storage::Dictionary(expression),
                    _ => Storage::Plain(expression),
                },
            }
        })
        .collect();
    TableLayout {
        name: table.name.clone(),
        from: format!("{} AS t", quote_identifier(&rows_table(&table.name))),
        event_id: "t.id".to_owned(),
        columns,
    }
}
