//! Rows of one fact that two records tell of: the other row lies here, out of the sight of queries.
//!
//! With it lies what the row that stays had before it took something over: both come back whole when the pair turns out
//! wrong or one of them is taken out. The tables for that are made with their first pair.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::ddl::column_definition;
use super::{Store, StoreError, has};
use crate::schema::{Schema, TableSchema};
use crate::sql::layout::{physical_column, quote_identifier, rows_table};

/// A table whose rows may be of one fact, two by two.
#[derive(Debug)]
pub struct Pairing {
    pub table: &'static str,
    /// Where the other rows lie.
    pub hidden: &'static str,
    index: &'static str,
    taken: &'static [Taken],
}

/// What the staying row, `t`, takes over from the other, `m`. Its value before is kept as `kept_` and the name.
#[derive(Debug)]
struct Taken {
    column: &'static str,
    is_text_id: bool,
    value: &'static str,
}

/// Process creations: Security 4688 beside Sysmon 1.
pub const CREATIONS: Pairing = Pairing {
    table: "DeviceProcessEvents",
    hidden: "merged_process",
    index: "merged_into",
    taken: &[
        Taken {
            column: "AdditionalFields",
            is_text_id: false,
            value: "json_set(coalesce(nullif(t.AdditionalFields, ''), '{}'), '$.Sources', json('[\"Sysmon\",\"Security\"]'))",
        },
        // A SID is one account's: where the records name different ones, it stays apart.
        Taken {
            column: "AccountSid",
            is_text_id: true,
            value: "iif(t.AccountSid = 0 AND t.AccountName <> 0 AND
                      (SELECT value FROM text WHERE id = t.AccountName) =
                      (SELECT value FROM text WHERE id = m.AccountName) COLLATE NOCASE, m.AccountSid, t.AccountSid)",
        },
        Taken {
            column: "ProcessTokenElevation",
            is_text_id: true,
            value: "iif(t.ProcessTokenElevation = 0, m.ProcessTokenElevation, t.ProcessTokenElevation)",
        },
    ],
};

/// Installed services: 7045 of the service control manager beside Security 4697, which says who did it.
pub const INSTALLS: Pairing = Pairing {
    table: "DeviceEvents",
    hidden: "merged_service",
    index: "merged_service_into",
    taken: &[Taken {
        column: "AdditionalFields",
        is_text_id: false,
        value: "json_set(coalesce(nullif(t.AdditionalFields, ''), '{}'), '$.Sources', json('[\"Security\",\"System\"]'))",
    }],
};

static PAIRINGS: [&Pairing; 2] = [&CREATIONS, &INSTALLS];

/// Those of which the store has pairs, or had some.
pub fn present(connection: &Connection) -> Result<Vec<&'static Pairing>, StoreError> {
    let mut found = Vec::new();
    for pairing in PAIRINGS {
        if pairing.is_there(connection)? {
            found.push(pairing);
        }
    }
    Ok(found)
}

fn columns(table: &TableSchema) -> String {
    let names = table.columns.iter().map(|column| quote_identifier(&physical_column(&column.name)));
    names.chain(["actor".to_owned(), "filled".to_owned()]).collect::<Vec<_>>().join(", ")
}

impl Pairing {
    pub fn is_there(&self, connection: &Connection) -> Result<bool, StoreError> {
        has(connection, self.hidden)
    }

    /// The condition that the row of this id stands for no other.
    pub fn is_alone(&self, connection: &Connection, id: &str) -> Result<String, StoreError> {
        Ok(match self.is_there(connection)? {
            true => format!("{id} NOT IN (SELECT into_event FROM {})", self.hidden),
            false => "true".to_owned(),
        })
    }

    /// The other events, each with the one whose row stands for both.
    pub fn pairs(&self, connection: &Connection) -> Result<HashSet<(i64, i64)>, StoreError> {
        if !self.is_there(connection)? {
            return Ok(HashSet::new());
        }
        let mut statement = connection.prepare(&format!("SELECT id, into_event FROM {}", self.hidden))?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The columns of the hidden rows that hold ids of texts, beside those of the table itself.
    pub fn kept_texts(&self) -> impl Iterator<Item = String> {
        self.taken.iter().filter(|taken| taken.is_text_id).map(|taken| format!("kept_{}", taken.column))
    }

    /// Makes the place for the rows that are hidden, where it is missing.
    pub fn create(&self, connection: &Connection, schema: &Schema) -> Result<(), StoreError> {
        let Some(table) = schema.table(self.table) else { return Ok(()) };
        let (hidden, index) = (self.hidden, self.index);
        let kept = self.taken.iter().map(|taken| {
            let kind = if taken.is_text_id { "INTEGER" } else { "TEXT" };
            format!(", kept_{} {kind} NOT NULL", taken.column)
        });
        let others = table.columns.iter().map(|column| format!(", {}", column_definition(column)));
        Ok(connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {hidden}(id INTEGER PRIMARY KEY, into_event INTEGER NOT NULL{}, actor INTEGER,
               filled INTEGER NOT NULL DEFAULT 0);
             CREATE INDEX IF NOT EXISTS {index} ON {hidden}(into_event);",
            kept.chain(others).collect::<String>()
        ))?)
    }

    /// Hides the row of event `other` behind that of event `stays`, which takes over what it lacks. The place for it was
    /// made.
    pub fn merge(&self, connection: &Connection, schema: &Schema, other: i64, stays: i64) -> Result<(), StoreError> {
        let Some(table) = schema.table(self.table) else { return Ok(()) };
        let (rows, columns, hidden) = (quote_identifier(&rows_table(self.table)), columns(table), self.hidden);
        let kept: String = self.taken.iter().map(|taken| format!(", kept_{}", taken.column)).collect();
        let before = self.taken.iter().map(|taken| format!(", (SELECT {} FROM {rows} WHERE id = ?2)", taken.column));
        let before: String = before.collect();
        connection
            .prepare_cached(&format!(
                "INSERT INTO {hidden}(id, into_event{kept}, {columns})
                 SELECT ?1, ?2{before}, {columns} FROM {rows} WHERE id = ?1"
            ))?
            .execute([other, stays])?;
        connection.prepare_cached(&format!("DELETE FROM {rows} WHERE id = ?1"))?.execute([other])?;
        let taken: Vec<String> = self.taken.iter().map(|taken| format!("{} = {}", taken.column, taken.value)).collect();
        connection
            .prepare_cached(&format!(
                "UPDATE {rows} AS t SET {} FROM {hidden} AS m WHERE m.id = ?1 AND t.id = m.into_event",
                taken.join(", ")
            ))?
            .execute([other])?;
        Ok(())
    }

    /// Takes pairs apart again. `condition` is of the hidden rows, alias `m`.
    pub fn part(&self, connection: &Connection, schema: &Schema, condition: &str) -> Result<(), StoreError> {
        let Some(table) = schema.table(self.table) else { return Ok(()) };
        if !self.is_there(connection)? {
            return Ok(());
        }
        let (rows, columns, hidden) = (quote_identifier(&rows_table(self.table)), columns(table), self.hidden);
        connection.execute_batch(&format!(
            "CREATE TEMP TABLE IF NOT EXISTS parting(id INTEGER PRIMARY KEY); DELETE FROM parting;
             INSERT INTO parting SELECT m.id FROM {hidden} AS m WHERE {condition};"
        ))?;
        let chosen = "m.id IN (SELECT id FROM parting)";
        let kept: Vec<String> = self.taken.iter().map(|taken| format!("{0} = m.kept_{0}", taken.column)).collect();
        connection.execute_batch(&format!(
            "UPDATE {rows} AS t SET {} FROM {hidden} AS m WHERE t.id = m.into_event AND {chosen};
             INSERT INTO {rows}(id, {columns}) SELECT id, {columns} FROM {hidden} AS m WHERE {chosen};
             DELETE FROM {hidden} AS m WHERE {chosen};",
            kept.join(", ")
        ))?;
        Ok(())
    }
}

impl Store {
    /// The event whose row stands for this one's as well.
    pub fn merged_into(&self, event: i64) -> Result<Option<i64>, StoreError> {
        for pairing in present(&self.connection)? {
            let sql = format!("SELECT into_event FROM {} WHERE id = ?1", pairing.hidden);
            let mut find = self.connection.prepare_cached(&sql)?;
            let found = find.query_row(params![event], |row| row.get(0)).optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The process creations that another event's row stands for: each with that event.
    pub fn merged_creations(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut pairs: Vec<(i64, i64)> = CREATIONS.pairs(&self.connection)?.into_iter().collect();
        pairs.sort_unstable();
        Ok(pairs)
    }

    /// The other records of the fact that an event tells of, whether it stands for them or one of them for it.
    pub fn same_fact(&self, event: i64) -> Result<Vec<i64>, StoreError> {
        let mut found = Vec::new();
        for pairing in present(&self.connection)? {
            let hidden = pairing.hidden;
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT id FROM {hidden} WHERE into_event = ?1 UNION SELECT into_event FROM {hidden} WHERE id = ?1"
            ))?;
            for id in statement.query_map([event], |row| row.get(0))? {
                found.push(id?);
            }
        }
        Ok(found)
    }
}
