//! Gives a table of the analyst's own more columns, or wider ones, when a later file needs them.
//!
//! A column that becomes text is filled from the original records, so that the table is what it would be if all files
//! had come at once: `007` and `2025-01-02` stand there as they were written.

use rusqlite::{Connection, params};
use serde_json::Value as Json;

use super::ImportError;
use super::dictionary::Dictionary;
use super::reader::rows::parse_row;
use super::values::{dynamic, plain};
use crate::schema::{Column, ScalarType, TableSchema};
use crate::sql::layout::{is_inline, physical_column, quote_identifier, rows_table};
use crate::store::Store;
use crate::store::block::Block;

/// Takes the columns of `wider`, which has all that the table has.
pub fn widen(store: &mut Store, known: &TableSchema, wider: TableSchema) -> Result<(), ImportError> {
    let before = |column: &Column| known.column(&column.name).map(|column| column.scalar_type);
    let again: Vec<Column> = wider
        .columns
        .iter()
        .filter(|column| before(column).is_some_and(|before| !keeps(before, column.scalar_type)))
        .cloned()
        .collect();
    let copied = |column: &Column| match before(column) {
        Some(before) if before == column.scalar_type => Some(quote_identifier(&physical_column(&column.name))),
        Some(before) if keeps(before, column.scalar_type) => {
            Some(format!("CAST({} AS REAL)", quote_identifier(&physical_column(&column.name))))
        }
        _ => None,
    };
    let name = wider.name.clone();
    store.replace_custom_table(wider, &copied, &|connection| fill(connection, &name, &again))?;
    Ok(())
}

/// Whether a value stays what it is.
fn keeps(before: ScalarType, now: ScalarType) -> bool {
    before == now || (before == ScalarType::Long && now == ScalarType::Real)
}

/// Fills columns from the original records.
fn fill(connection: &Connection, table: &str, columns: &[Column]) -> rusqlite::Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let rows = quote_identifier(&rows_table(table));
    let mut dictionary = Dictionary::new(connection)?;
    let assignments: Vec<String> = (2..)
        .zip(columns)
        .map(|(index, column)| format!("{} = ?{index}", quote_identifier(&physical_column(&column.name))))
        .collect();
    let mut update = connection.prepare(&format!("UPDATE {rows} SET {} WHERE id = ?1", assignments.join(", ")))?;
    let mut blocks = connection.prepare(&format!(
        "SELECT DISTINCT e.block, b.data FROM {rows} AS t JOIN event_record AS e ON e.id = t.id
         JOIN record_block AS b ON b.id = e.block"
    ))?;
    let mut inside = connection.prepare(&format!(
        "SELECT e.id, e.position FROM event_record AS e JOIN {rows} AS t ON t.id = e.id WHERE e.block = ?1"
    ))?;
    let damaged = |error: crate::store::StoreError| rusqlite::Error::UserFunctionError(Box::new(error));
    let mut found = blocks.query([])?;
    while let Some(row) = found.next()? {
        let block = Block::decode(row.get_ref(1)?.as_blob().unwrap_or_default()).map_err(damaged)?;
        let records: Vec<(i64, i64)> = inside
            .query_map(params![row.get::<_, i64>(0)?], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, position) in records {
            let position = usize::try_from(position).unwrap_or(usize::MAX);
            let Some(Ok(record)) = block.record(position).map(parse_row) else { continue };
            update.raw_bind_parameter(1, id)?;
            for (index, column) in (2usize..).zip(columns) {
                let value = record.fields.get(&column.name).unwrap_or(&Json::Null);
                match column.scalar_type {
                    ScalarType::String if is_inline(&column.name) => {
                        update.raw_bind_parameter(index, text_of(value))?
                    }
                    ScalarType::String => update.raw_bind_parameter(index, dictionary.id(&text_of(value))?)?,
                    _ if value.is_null() => update.raw_bind_parameter(index, rusqlite::types::Null)?,
                    _ => update.raw_bind_parameter(index, dynamic(value))?,
                }
            }
            update.raw_execute()?;
        }
    }
    Ok(())
}

fn text_of(value: &Json) -> String {
    if value.is_null() { String::new() } else { plain(value).into_owned() }
}
