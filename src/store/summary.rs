//! What a store holds: time range, counts, sources.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};
use serde_json::Value as Json;

use super::block::Block;
use super::ddl::readable;
use super::{Store, StoreError};
use crate::sql::layout::{FILE_PROFILE, physical_table, quote_identifier, rows_of, rows_table};

/// One imported file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    pub id: i64,
    pub path: String,
    pub sha256: String,
    pub bytes: u64,
    pub kind: String,
    pub records: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// False when the import was interrupted.
    pub complete: bool,
}

/// A record that could not be read, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rejection {
    pub place: String,
    pub reason: String,
}

/// A table's name, and the columns of one of its rows that are not empty.
pub type TableRow = (String, Vec<(String, Json)>);

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Origin {
    pub source: Source,
    /// Its `EventRecordID`, or its line.
    pub record: i64,
    pub time: Option<i64>,
    pub channel: String,
    pub provider: String,
    pub computer: String,
    pub event_id: Option<i64>,
}

fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(index)?.unsigned_abs())
}

impl Store {
    /// The time of the newest event, in ticks: what the hunt clock takes as "now".
    pub fn newest_event_time(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.connection.query_row("SELECT max(time) FROM event_record", [], |row| row.get(0))?)
    }

    /// The times of the oldest and the newest event, in ticks.
    pub fn time_range(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let oldest: Option<i64> =
            self.connection.query_row("SELECT min(time) FROM event_record", [], |row| row.get(0))?;
        Ok(oldest.zip(self.newest_event_time()?))
    }

    /// How many events the store holds.
    pub fn event_count(&self) -> Result<u64, StoreError> {
        Ok(self.connection.query_row("SELECT count(*) FROM event_record", [], |row| count(row, 0))?)
    }

    /// How many rows each table has; empty tables are left out.
    pub fn table_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut counts = BTreeMap::new();
        let mut ask = |name: &str| -> Result<(), StoreError> {
            let sql = format!("SELECT count(*) FROM {}", rows_of(name));
            let rows = self.connection.query_row(&sql, [], |row| count(row, 0))?;
            if rows > 0 {
                counts.insert(name.to_owned(), rows);
            }
            Ok(())
        };
        if self.has(&physical_table(FILE_PROFILE))? {
            ask(FILE_PROFILE)?;
        }
        for table in self.event_tables()? {
            ask(&table.name)?;
        }
        Ok(counts.into_iter().collect())
    }

    /// The imported files, in the order they came.
    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, path, sha256, bytes, kind, records, stored, duplicates, rejected, complete
             FROM source ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Source {
                id: row.get(0)?,
                path: row.get(1)?,
                sha256: row.get(2)?,
                bytes: count(row, 3)?,
                kind: row.get(4)?,
                records: count(row, 5)?,
                stored: count(row, 6)?,
                duplicates: count(row, 7)?,
                rejected: count(row, 8)?,
                complete: row.get(9)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where an event came from; `None` if there is no such event.
    pub fn origin(&self, event_id: i64) -> Result<Option<Origin>, StoreError> {
        let text = |column: &str| format!("(SELECT value FROM text WHERE id = e.{column})");
        let sql = format!(
            "SELECT e.source, e.record, e.time, {}, {}, {}, e.event_id FROM event_record e WHERE e.id = ?1",
            text("channel"),
            text("provider"),
            text("computer")
        );
        let sources = self.sources()?;
        let found = self
            .connection
            .query_row(&sql, [event_id], |row| {
                let id: i64 = row.get(0)?;
                let source = sources.iter().find(|source| source.id == id).cloned();
                let source = source.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
                Ok(Origin {
                    source,
                    record: row.get(1)?,
                    time: row.get(2)?,
                    channel: row.get(3)?,
                    provider: row.get(4)?,
                    computer: row.get(5)?,
                    event_id: row.get(6)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// The row an event was made into, or that stands for it: its table, and what is not empty in it.
    pub fn row_of(&self, event_id: i64) -> Result<Option<TableRow>, StoreError> {
        let event_id = self.merged_into(event_id)?.unwrap_or(event_id);
        let mut tables = self.stored_tables()?;
        // An antivirus detection is an alert as well: what happened on the device comes first.
        tables.sort_by_key(|table| table.name.starts_with("Alert"));
        for table in tables {
            let name = quote_identifier(&rows_table(&table.name));
            let mut there = self.connection.prepare_cached(&format!("SELECT 1 FROM {name} WHERE id = ?1"))?;
            if !there.exists([event_id])? {
                continue;
            }
            let mut statement = self.connection.prepare_cached(&format!("{} WHERE t.id = ?1", readable(table)))?;
            let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([event_id])?;
            let Some(row) = rows.next()? else { continue };
            let mut values = Vec::new();
            for (index, name) in names.iter().enumerate().skip(1) {
                let value = match row.get_ref(index)? {
                    ValueRef::Integer(integer) => Json::from(integer),
                    ValueRef::Real(real) => Json::from(real),
                    ValueRef::Text(text) if !text.is_empty() => Json::from(String::from_utf8_lossy(text)),
                    _ => continue,
                };
                values.push((name.clone(), value));
            }
            return Ok(Some((table.name.clone(), values)));
        }
        Ok(None)
    }

    /// The original record of an event: event XML, or the JSON object a row came as.
    pub fn original_record(&self, event_id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let found: Option<(Vec<u8>, i64)> = self
            .connection
            .query_row(
                "SELECT b.data, e.position FROM event_record e JOIN record_block b ON b.id = e.block WHERE e.id = ?1",
                [event_id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((data, position)) = found else { return Ok(None) };
        Ok(Block::decode(&data)?.record(usize::try_from(position).unwrap_or(usize::MAX)).map(<[u8]>::to_vec))
    }
}
