//! The answers of `FileProfile()`, from a file the analyst has: CSV or JSON with the service's columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rusqlite::types::Value as SqlValue;
use serde_json::Value as Json;

use super::detect::Container;
use super::reader::Stop;
use super::reader::rows::{RawRow, for_each_row};
use super::report::{FileReport, MOST_REJECTIONS};
use super::source::{Opened, open_path};
use super::spares::Spares;
use super::{ImportError, ImportReport, time};
use crate::schema::{ScalarType, TableSchema};
use crate::sql::layout::{FILE_PROFILE, quote_identifier};
use crate::store::{Rejection, Store, create_table};

const KEYS: [&str; 3] = ["SHA1", "SHA256", "MD5"];

/// Reads profiles into the store; a profile of a file that is known replaces the one before.
pub fn import_profiles(store: &mut Store, path: &Path, report: &mut ImportReport) -> Result<(), ImportError> {
    let mut file_report = FileReport { path: path.to_string_lossy().into_owned(), ..FileReport::default() };
    let mut opened = Err("nothing in it".to_owned());
    open_path(path.to_owned(), 0, &Spares::new(1), &mut |found| {
        opened = match found {
            Opened::LeftOut { reason, .. } => Err(reason),
            Opened::Ready(ready) => match ready.container {
                Container::Evtx | Container::Xml => Err("an event log, not file profiles".to_owned()),
                rows => Ok((ready.file, rows)),
            },
        };
        false
    });
    match opened {
        Err(reason) => file_report.problem = Some(reason),
        Ok((file, container)) => {
            file_report.kind = Some(format!("{} profiles", container.name()));
            read(store, file, container, &mut file_report)?;
            report.profiles += file_report.stored;
            report.tables = store.table_counts()?.into_iter().collect();
        }
    }
    report.files.push(file_report);
    Ok(())
}

fn read(store: &mut Store, file: File, container: Container, report: &mut FileReport) -> Result<(), ImportError> {
    let Some(table) = store.schema().table(FILE_PROFILE).cloned() else { return Ok(()) };
    let transaction = store.connection_mut().transaction()?;
    transaction.execute_batch(&create_table(&table))?;
    let mut failure = None;
    let ended = for_each_row(file, container, &time::Reading::default(), &mut |placed| {
        report.records += 1;
        let values = placed.row.and_then(|row| values(&table, &row));
        let stored = match values {
            Ok(values) => insert(&transaction, &values),
            Err(reason) => {
                report.rejected += 1;
                if report.rejections.len() < MOST_REJECTIONS {
                    report.rejections.push(Rejection { place: format!("line {}", placed.line), reason });
                }
                return Ok(());
            }
        };
        match stored {
            Ok(true) => report.stored += 1,
            Ok(false) => report.duplicates += 1,
            Err(error) => {
                failure = Some(error);
                return Err(Stop::Cancelled);
            }
        }
        Ok(())
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    if let Err(Stop::File(reason)) = ended {
        report.problem = Some(reason);
    }
    transaction.commit()?;
    Ok(())
}

/// The columns a row fills, as SQLite takes them.
fn values(table: &TableSchema, row: &RawRow<'_>) -> Result<BTreeMap<String, SqlValue>, String> {
    let mut values = BTreeMap::new();
    for column in &table.columns {
        let Some(value) = row.fields.get(&column.name) else { continue };
        let text = match value {
            Json::Null => continue,
            Json::String(text) if text.is_empty() => continue,
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let wrong = || format!("{}: '{text}' is no {}", column.name, column.scalar_type.name());
        let converted = match column.scalar_type {
            ScalarType::String if KEYS.contains(&column.name.as_str()) => SqlValue::Text(text.to_ascii_lowercase()),
            ScalarType::String => SqlValue::Text(text),
            ScalarType::Datetime => SqlValue::Integer(time::parse(&text).ok_or_else(wrong)?),
            ScalarType::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => SqlValue::Integer(1),
                "false" | "0" => SqlValue::Integer(0),
                _ => return Err(wrong()),
            },
            _ => SqlValue::Integer(text.trim().parse().map_err(|_| wrong())?),
        };
        values.insert(column.name.clone(), converted);
    }
    if KEYS.iter().any(|key| values.contains_key(*key)) {
        Ok(values)
    } else {
        Err("a profile needs SHA1, SHA256 or MD5".to_owned())
    }
}

/// False if exactly this profile is there already.
fn insert(connection: &rusqlite::Connection, values: &BTreeMap<String, SqlValue>) -> rusqlite::Result<bool> {
    let columns: Vec<String> = values.keys().map(|name| quote_identifier(name)).collect();
    let bound: Vec<&SqlValue> = values.values().collect();
    let same: Vec<String> = (1..).zip(&columns).map(|(index, column)| format!("{column} IS ?{index}")).collect();
    let known: bool = connection
        .prepare_cached(&format!("SELECT EXISTS(SELECT 1 FROM file_profile WHERE {})", same.join(" AND ")))?
        .query_row(rusqlite::params_from_iter(&bound), |row| row.get(0))?;
    if known {
        return Ok(false);
    }
    for key in KEYS {
        if let Some(hash) = values.get(key) {
            let sql = format!("DELETE FROM file_profile WHERE {key} = ?1");
            connection.prepare_cached(&sql)?.execute([hash])?;
        }
    }
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO file_profile({}) VALUES ({marks})", columns.join(", "));
    connection.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(&bound))?;
    Ok(true)
}
