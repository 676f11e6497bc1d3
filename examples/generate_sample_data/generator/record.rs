//! Records in the shape of a Defender export: the columns of the table they name, in its order, empty ones left out.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

const TABLES: &str = include_str!("../../../assets/schema/tables.json");

/// 100 ns since 1970, the precision of the service.
pub type Ticks = i64;

pub const MILLISECOND: Ticks = 10_000;
pub const SECOND: Ticks = 1_000 * MILLISECOND;

/// `2026-03-02T09:12:04.1234567Z`
pub fn time_text(time: Ticks) -> String {
    let nanoseconds = i128::from(time) * 100;
    Timestamp::from_nanosecond(nanoseconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string())
        .unwrap_or_default()
}

/// A record names a table or a column that the schema lacks.
#[derive(Debug)]
pub struct UnknownName(String);

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the schema has no {}", self.0)
    }
}

impl std::error::Error for UnknownName {}

/// The columns of the tables, in order.
pub struct Schema(HashMap<String, Vec<(String, String)>>);

impl Schema {
    pub fn load() -> Result<Self, serde_json::Error> {
        serde_json::from_str(TABLES).map(Schema)
    }

    pub fn columns(&self, table: &str) -> Result<&[(String, String)], UnknownName> {
        self.0.get(table).map(Vec::as_slice).ok_or_else(|| UnknownName(format!("table {table}")))
    }
}

/// One event before it is written.
pub struct Record {
    pub table: &'static str,
    pub time: Ticks,
    values: BTreeMap<&'static str, Value>,
    /// Set where the table has the column; the tables differ in what they say of the acting process.
    about_actor: BTreeMap<&'static str, Value>,
}

impl Record {
    pub fn new(table: &'static str, time: Ticks) -> Self {
        Record { table, time, values: BTreeMap::new(), about_actor: BTreeMap::new() }
    }

    pub fn set(mut self, column: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(column, value.into());
        self
    }

    pub fn set_time(self, column: &'static str, time: Ticks) -> Self {
        self.set(column, time_text(time))
    }

    pub fn set_about_actor(&mut self, column: &'static str, value: impl Into<Value>) {
        self.about_actor.insert(column, value.into());
    }

    /// `AdditionalFields` is a string column that holds JSON.
    pub fn set_additional(self, fields: Value) -> Self {
        self.set("AdditionalFields", fields.to_string())
    }

    /// The values in the order of the table's columns, `Type` first, without the empty ones.
    pub fn into_row(self, schema: &Schema) -> Result<Map<String, Value>, UnknownName> {
        let columns = schema.columns(self.table)?;
        if let Some(wrong) = self.values.keys().find(|name| !columns.iter().any(|(column, _)| column == *name)) {
            return Err(UnknownName(format!("column {wrong} in {}", self.table)));
        }
        let mut row = Map::new();
        row.insert("Type".to_owned(), Value::from(self.table));
        row.insert("Timestamp".to_owned(), Value::from(time_text(self.time)));
        for (column, _) in columns {
            let value = self.values.get(column.as_str()).or_else(|| self.about_actor.get(column.as_str()));
            if let Some(value) = value.filter(|value| value.as_str() != Some("")) {
                row.insert(column.clone(), value.clone());
            }
        }
        Ok(row)
    }
}

/// One JSON object a line.
pub fn to_ndjson(rows: &[Map<String, Value>]) -> String {
    rows.iter().map(|row| format!("{}\n", Value::Object(row.clone()))).collect()
}

/// One CSV file a table, with the columns that any of its rows fills.
pub fn to_csv(
    schema: &Schema,
    rows: &[Map<String, Value>],
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let mut tables: BTreeMap<String, Vec<&Map<String, Value>>> = BTreeMap::new();
    for row in rows {
        let table = row.get("Type").and_then(Value::as_str).unwrap_or_default();
        tables.entry(table.to_owned()).or_default().push(row);
    }
    let mut files = Vec::new();
    for (table, rows) in tables {
        let known =
            schema.columns(&table)?.iter().map(|(column, _)| column.as_str()).filter(|column| *column != "Type");
        let columns: Vec<&str> = std::iter::once("Type")
            .chain(known.filter(|column| rows.iter().any(|row| row.contains_key(*column))))
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&columns)?;
        for row in rows {
            writer.write_record(columns.iter().map(|column| match row.get(*column) {
                None => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            }))?;
        }
        files.push((format!("{table}.csv"), String::from_utf8(writer.into_inner()?)?));
    }
    Ok(files)
}
