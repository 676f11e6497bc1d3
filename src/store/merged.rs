//! Rows of process creations that another record tells of as well: Security 4688 beside Sysmon 1.
//!
//! The other row lies here, out of the sight of queries, with what the row that stays had before it took something
//! over: both come back whole when the pair turns out wrong or one of them is taken out.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::schema::{Schema, TableSchema};
use crate::sql::layout::{physical_column, quote_identifier, rows_table};

pub const PROCESSES: &str = "DeviceProcessEvents";

/// What the staying row may take over: its values before are kept in columns of these names, with `kept_` before.
const TAKEN: [&str; 3] = ["AdditionalFields", "AccountSid", "ProcessTokenElevation"];

/// What a reader is given in a store that was made before there was such a table.
pub const STAND_IN: &str = "CREATE TEMP TABLE merged_process(id INTEGER, into_event INTEGER);";

/// The table, given how the columns of process creations are defined.
pub fn create(columns: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS merged_process(id INTEGER PRIMARY KEY, into_event INTEGER NOT NULL,
           kept_AdditionalFields TEXT NOT NULL, kept_AccountSid INTEGER NOT NULL,
           kept_ProcessTokenElevation INTEGER NOT NULL{columns}, actor INTEGER, filled INTEGER NOT NULL DEFAULT 0);
         CREATE INDEX IF NOT EXISTS merged_into ON merged_process(into_event);\n"
    )
}

fn columns(table: &TableSchema) -> String {
    let names = table.columns.iter().map(|column| quote_identifier(&physical_column(&column.name)));
    names.chain(["actor".to_owned(), "filled".to_owned()]).collect::<Vec<_>>().join(", ")
}

/// Hides the row of event `other` behind that of event `stays`, which takes over what it lacks.
pub fn merge(connection: &Connection, schema: &Schema, other: i64, stays: i64) -> Result<(), StoreError> {
    let Some(table) = schema.table(PROCESSES) else { return Ok(()) };
    let (rows, columns) = (quote_identifier(&rows_table(PROCESSES)), columns(table));
    connection
        .prepare_cached(&format!(
            "INSERT INTO merged_process(id, into_event, kept_AdditionalFields, kept_AccountSid,
               kept_ProcessTokenElevation, {columns})
             SELECT ?1, ?2, (SELECT AdditionalFields FROM {rows} WHERE id = ?2),
               (SELECT AccountSid FROM {rows} WHERE id = ?2),
               (SELECT ProcessTokenElevation FROM {rows} WHERE id = ?2), {columns} FROM {rows} WHERE id = ?1"
        ))?
        .execute([other, stays])?;
    connection.prepare_cached(&format!("DELETE FROM {rows} WHERE id = ?1"))?.execute([other])?;
    // A SID is one account's: where the records name different ones, it stays apart.
    connection
        .prepare_cached(&format!(
            "UPDATE {rows} AS t SET
               AdditionalFields = json_set(coalesce(nullif(t.AdditionalFields, ''), '{{}}'),
                 '$.Sources', json('[\"Sysmon\",\"Security\"]')),
               ProcessTokenElevation = iif(t.ProcessTokenElevation = 0, m.ProcessTokenElevation,
                 t.ProcessTokenElevation),
               AccountSid = iif(t.AccountSid = 0 AND t.AccountName <> 0 AND
                 (SELECT value FROM text WHERE id = t.AccountName) = (SELECT value FROM text WHERE id = m.AccountName)
                 COLLATE NOCASE, m.AccountSid, t.AccountSid)
             FROM merged_process AS m WHERE m.id = ?1 AND t.id = m.into_event"
        ))?
        .execute([other])?;
    Ok(())
}

/// Takes pairs apart again. `condition` is of `merged_process`, alias `m`.
pub fn part(connection: &Connection, schema: &Schema, condition: &str) -> Result<usize, StoreError> {
    let Some(table) = schema.table(PROCESSES) else { return Ok(0) };
    let (rows, columns) = (quote_identifier(&rows_table(PROCESSES)), columns(table));
    connection.execute_batch(&format!(
        "CREATE TEMP TABLE IF NOT EXISTS parting(id INTEGER PRIMARY KEY); DELETE FROM parting;
         INSERT INTO parting SELECT m.id FROM merged_process AS m WHERE {condition};"
    ))?;
    let chosen = "m.id IN (SELECT id FROM parting)";
    let taken: Vec<String> = TAKEN.iter().map(|name| format!("{name} = m.kept_{name}")).collect();
    connection.execute(
        &format!(
            "UPDATE {rows} AS t SET {} FROM merged_process AS m WHERE t.id = m.into_event AND {chosen}",
            taken.join(", ")
        ),
        [],
    )?;
    connection.execute(
        &format!("INSERT INTO {rows}(id, {columns}) SELECT id, {columns} FROM merged_process AS m WHERE {chosen}"),
        [],
    )?;
    Ok(connection.execute("DELETE FROM merged_process AS m WHERE m.id IN (SELECT id FROM parting)", [])?)
}

impl Store {
    /// The event whose row stands for this one's as well.
    pub fn merged_into(&self, event: i64) -> Result<Option<i64>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT into_event FROM merged_process WHERE id = ?1")?
            .query_row(params![event], |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// The events that another event's row stands for: each with that event.
    pub fn merged(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id, into_event FROM merged_process ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The other records of the creation that an event tells of, whether it stands for them or one of them for it.
    pub fn same_creation(&self, event: i64) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM merged_process WHERE into_event = ?1
             UNION SELECT into_event FROM merged_process WHERE id = ?1",
        )?;
        let rows = statement.query_map([event], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
