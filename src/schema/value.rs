//! A typed KQL value, as it leaves the engine.

use super::types::ScalarType;

/// One cell of a result. `Null` is typed by its column. `Dynamic` is compact JSON text, `Guid` lower-case text,
/// `Decimal` canonical digits, `Datetime`/`Timespan` ticks of 100 ns.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(String),
    String(String),
    Datetime(i64),
    Timespan(i64),
    Dynamic(String),
    Guid(String),
}

/// A named, typed column of a result, in KQL's spelling.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub scalar_type: ScalarType,
}

impl Column {
    pub fn new(name: impl Into<String>, scalar_type: ScalarType) -> Self {
        Self { name: name.into(), scalar_type }
    }
}

/// A whole result in memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
}
