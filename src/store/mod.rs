//! Opening, migrating and tuning the database; tables, indexes, views; saved state.
//!
//! One writer, many readers: a writer holds an advisory lock on `FILE-lock` for as long as it is open, because an
//! import keeps what it learnt of the dictionary between its transactions. Readers need no lock.
//!
//! Knows nothing of the screen.

mod activities;
pub mod block;
mod ddl;
mod error;
pub mod event_json;
pub mod event_xml;
mod functions;
mod maintenance;
pub mod merged;
mod open;
mod raw_columns;
mod state;
mod summary;
mod term_index;

use std::collections::HashSet;
use std::path::PathBuf;

use rusqlite::{Connection, InterruptHandle};

use crate::schema::{Column, Schema, TableSchema};
use crate::sql::layout::{RAW_TABLES, physical_column, quote_identifier, raw_bit, rows_of, rows_table};

pub use ddl::{ACTOR_COLUMNS, IDENTITY_INDEX, PROCESSES, TEXT_INDEX, create_table, has_actor, insert_row};
pub use error::StoreError;
pub use maintenance::Forgotten;
pub use raw_columns::{logon_type, streamed};
pub use state::Exclusion;
pub use summary::{Origin, Rejection, Source};

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    schema: Schema,
    path: Option<PathBuf>,
    /// Held by writers; the lock goes with the file handle, even when the process is killed.
    _writer_lock: Option<std::fs::File>,
}

impl Store {
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Lets another thread stop a running query.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// The tables a query may name: the built-in ones and the custom ones of this store.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The tables that may show an event: those with rows of their own, and the raw ones.
    pub fn event_tables(&self) -> Result<Vec<&TableSchema>, StoreError> {
        let mut tables = self.stored_tables()?;
        tables.extend(RAW_TABLES.iter().filter_map(|(name, _)| self.schema.table(name)));
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tables)
    }

    /// The tables of this store that hold rows of their own. A table is made with its first row.
    pub fn stored_tables(&self) -> Result<Vec<&TableSchema>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let there: HashSet<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let stored = self.schema.names().filter(|name| there.contains(&rows_table(name)));
        Ok(stored.filter_map(|name| self.schema.table(name)).collect())
    }

    /// Those tables alone, for the passes over the rows.
    pub fn stored_schema(&self) -> Result<Schema, StoreError> {
        let mut schema = Schema::default();
        self.stored_tables()?.into_iter().cloned().for_each(|table| schema.insert(table));
        Ok(schema)
    }

    /// Whether one of the [event tables](Self::event_tables) has any rows.
    pub fn has_rows(&self, table: &TableSchema) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS(SELECT 1 FROM {})", rows_of(&table.name));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Whether the file has a table of this name.
    pub fn has(&self, table: &str) -> Result<bool, StoreError> {
        has(&self.connection, table)
    }

    /// The file, `None` in memory.
    pub fn path(&self) -> Option<&std::path::Path> {
        self.path.as_deref()
    }

    /// Adds a table of the analyst's own. Built-in tables cannot be replaced.
    pub fn add_custom_table(&mut self, table: TableSchema) -> Result<(), StoreError> {
        let name = table.name.clone();
        let refuse = |reason| StoreError::CustomTable(name.clone(), reason);
        let custom: bool = self.connection.query_row(
            "SELECT EXISTS(SELECT 1 FROM custom_table WHERE name = ?1)",
            [&table.name],
            |row| row.get(0),
        )?;
        if custom {
            return Err(refuse("the store has a table of this name already"));
        }
        let taken = |known: &str| known.eq_ignore_ascii_case(&table.name);
        if self.schema.names().any(taken) || raw_bit(&table.name).is_some() {
            return Err(refuse("a table of this name is built in"));
        }
        let columns = column_list(&table)?;
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(&format!("{}{}", ddl::create_table(&table), ddl::create_view(&table)))?;
        transaction.execute("INSERT INTO custom_table(name, columns) VALUES (?1, ?2)", [&table.name, &columns])?;
        transaction.commit()?;
        self.schema.insert(table);
        Ok(())
    }

    /// Puts a table of the analyst's own in the place of the one of that name. `copied` says what a column takes from
    /// the columns before, `fill` gives the others their values. All of it is one transaction.
    pub fn replace_custom_table(
        &mut self,
        table: TableSchema,
        copied: &dyn Fn(&Column) -> Option<String>,
        fill: &dyn Fn(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let columns = column_list(&table)?;
        let beside = TableSchema { name: format!("{} wider", table.name), columns: table.columns.clone() };
        let [rows, new] = [&table, &beside].map(|table| quote_identifier(&rows_table(&table.name)));
        let view = quote_identifier(&table.name);
        let lineage = has_actor(&table).then(|| ["actor", "filled"].map(|name| (name.to_owned(), name.to_owned())));
        let taken = table.columns.iter().filter_map(|column| {
            let value = copied(column).or_else(|| ddl::nothing_said(column).map(str::to_owned))?;
            Some((quote_identifier(&physical_column(&column.name)), value))
        });
        let (into, from): (Vec<String>, Vec<String>) = taken.chain(lineage.into_iter().flatten()).unzip();
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(&format!(
            "{create}
             INSERT INTO {new}(id, {into}) SELECT id, {from} FROM {rows};
             DROP VIEW IF EXISTS {view}; DROP TABLE {rows}; ALTER TABLE {new} RENAME TO {rows};
             {make_view}",
            create = ddl::create_table(&beside),
            into = into.join(", "),
            from = from.join(", "),
            make_view = ddl::create_view(&table)
        ))?;
        fill(&transaction)?;
        transaction.execute("UPDATE custom_table SET columns = ?2 WHERE name = ?1", [&table.name, &columns])?;
        transaction.commit()?;
        self.schema.insert(table);
        Ok(())
    }

    /// Tells the planner how the rows lie, for an import to call when they have their parents.
    pub fn analyze(&self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch(&ddl::analyze(&self.stored_tables()?))?)
    }

    /// Makes the indexes a fresh store still lacks and the views of its tables, and takes new texts into the index of
    /// terms; an import calls it when its rows are in.
    pub fn create_indexes(&self) -> Result<(), StoreError> {
        // One transaction: each of its own writes the pages of the definitions again.
        let transaction = self.connection.unchecked_transaction()?;
        let tables = self.event_tables()?;
        transaction.execute_batch(&ddl::create_indexes(&tables))?;
        for table in tables {
            if self.has_rows(table)? {
                transaction.execute_batch(&ddl::create_view(table))?;
            }
        }
        transaction.commit()?;
        self.index_terms()
    }
}

fn has(connection: &Connection, table: &str) -> Result<bool, StoreError> {
    let mut find = connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?;
    Ok(find.exists([table])?)
}

/// The columns of a table of the analyst's own, as the store keeps them.
fn column_list(table: &TableSchema) -> Result<String, StoreError> {
    let mut names: Vec<String> = table.columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
    names.sort();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(StoreError::CustomTable(table.name.clone(), "two of its columns differ only in case"));
    }
    let columns: Vec<(&str, &str)> =
        table.columns.iter().map(|column| (column.name.as_str(), column.scalar_type.name())).collect();
    serde_json::to_string(&columns).map_err(|source| StoreError::State { key: table.name.clone(), source })
}
