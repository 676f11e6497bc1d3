//! The known tables and their columns.
//!
//! The built-in list is `assets/schema/tables.json`, embedded; a store adds the custom tables it holds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::value::RawValue;

use super::types::ScalarType;
use super::value::Column;

const TABLES: &str = include_str!("../../assets/schema/tables.json");

/// Columns that Defender XDR and Sentinel spell differently in the same table (`AccountUpn`, `AccountUPN`). KQL tells
/// the case of names apart; rules for either service are to run.
const SPELT_TWO_WAYS: &[&str] = &["AccountUpn", "Isp", "LogonId"];

/// Whether the two names are the two services' spellings of one column.
pub fn is_other_spelling(name: &str, column: &str) -> bool {
    name.eq_ignore_ascii_case(column) && SPELT_TWO_WAYS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A table's columns in the order `getschema` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    pub name: String,
    pub columns: Vec<Column>,
}

impl TableSchema {
    /// The column of exactly this name: KQL names are case-sensitive.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that holds the event's time: `Timestamp` (Defender) before `TimeGenerated` (Sentinel).
    pub fn time_column(&self) -> Option<&Column> {
        self.column("Timestamp").or_else(|| self.column("TimeGenerated"))
    }
}

/// The name of a type as it stands in the text, without a copy of it: every start reads thousands.
#[derive(serde::Deserialize)]
struct TypeWord<'t>(#[serde(borrow)] Cow<'t, str>);

/// All tables a query may name.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    tables: BTreeMap<String, Listed>,
}

/// A table whose columns are read when they are first asked for: a query names few of all.
#[derive(Debug, Clone, Default)]
struct Listed {
    columns: &'static str,
    table: OnceLock<TableSchema>,
}

impl Listed {
    fn table(&self, name: &str) -> &TableSchema {
        // A test reads them all.
        let columns = || columns_of(name, self.columns).unwrap_or_default();
        self.table.get_or_init(|| TableSchema { name: name.to_owned(), columns: columns() })
    }
}

/// Reads `[["Column", "type"], …]`.
fn columns_of(table: &str, text: &str) -> Result<Vec<Column>, SchemaError> {
    let raw: Vec<(String, TypeWord<'_>)> = serde_json::from_str(text)?;
    raw.into_iter()
        .map(|(column, word)| {
            let word = word.0;
            match ScalarType::from_name(&word) {
                Some(scalar_type) => Ok(Column::new(column, scalar_type)),
                None => Err(SchemaError::UnknownType { table: table.to_owned(), column, word: word.into_owned() }),
            }
        })
        .collect()
}

impl Schema {
    /// The built-in tables of Defender XDR and Microsoft Sentinel.
    pub fn built_in() -> Result<Self, SchemaError> {
        let raw: BTreeMap<String, &'static RawValue> = serde_json::from_str(TABLES)?;
        let listed = |columns: &'static RawValue| Listed { columns: columns.get(), table: OnceLock::new() };
        Ok(Self { tables: raw.into_iter().map(|(name, columns)| (name, listed(columns))).collect() })
    }

    /// Reads `{"Table": [["Column", "type"], …], …}`. Unknown type words are an error.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        let mut schema = Self::default();
        for (name, columns) in raw {
            let columns = columns_of(&name, columns.get())?;
            schema.insert(TableSchema { name, columns });
        }
        Ok(schema)
    }

    /// Adds a table, or replaces the one of the same name.
    pub fn insert(&mut self, table: TableSchema) {
        let name = table.name.clone();
        self.tables.insert(name, Listed { table: OnceLock::from(table), ..Listed::default() });
    }

    /// The table of exactly this name.
    pub fn table(&self, name: &str) -> Option<&TableSchema> {
        self.tables.get_key_value(name).map(|(name, listed)| listed.table(name))
    }

    /// The names of all tables, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// All tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = &TableSchema> {
        self.tables.iter().map(|(name, listed)| listed.table(name))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("the table list is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{table}.{column} has the unknown type '{word}'")]
    UnknownType { table: String, column: String, word: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_table_can_be_read_when_it_is_asked_for() {
        let (listed, read) = (Schema::built_in().unwrap(), Schema::from_json(TABLES).unwrap());
        assert!(listed.tables().eq(read.tables()));
        assert!(listed.tables().all(|table| !table.columns.is_empty()));
    }

    #[test]
    fn an_unknown_type_is_named_with_its_place() {
        let error = Schema::from_json("{\"T\": [[\"A\", \"long\"], [\"B\", \"longer\"]]}").unwrap_err();
        assert_eq!(error.to_string(), "T.B has the unknown type 'longer'");
    }
}
