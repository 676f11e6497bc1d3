//! Putting events into a store in memory, for the tests of this module.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::params_from_iter;
use rusqlite::types::Value as SqlValue;

use super::case::Case;
use super::clock::Clock;
use super::switches::Switches;
use crate::rules::Catalog;
use crate::sql::layout::{Storage, layout, physical_column};
use crate::store::{Store, insert_row};

pub fn insert(store: &Store, event: i64, table: &str, cells: &[(&str, SqlValue)]) {
    let schema = store.schema().table(table).unwrap();
    let storage = layout(schema);
    let mut names = vec!["id".to_owned()];
    let mut values = vec![SqlValue::Integer(event)];
    for (name, value) in cells {
        let column = storage.columns.iter().find(|column| column.name == *name).unwrap();
        let value = match (&column.storage, value) {
            (Storage::Dictionary(_), SqlValue::Text(text)) => {
                let connection = store.connection();
                connection
                    .execute(
                        "INSERT INTO text(value) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM text WHERE value = ?1)",
                        [text],
                    )
                    .unwrap();
                let id = connection.query_row("SELECT id FROM text WHERE value = ?1", [text], |row| row.get(0));
                SqlValue::Integer(id.unwrap())
            }
            (_, value) => value.clone(),
        };
        names.push(physical_column(name).to_owned());
        values.push(value);
    }
    store.connection().execute(&insert_row(schema, &names), params_from_iter(values)).unwrap();
}

pub fn text(value: &str) -> SqlValue {
    SqlValue::Text(value.to_owned())
}

/// A case over three processes in memory.
pub fn browsed() -> (Case, Store) {
    let store = Store::in_memory().unwrap();
    for (event, name, seconds) in [(1, "cmd.exe", 3), (2, "whoami.exe", 1), (3, "cmd.exe", 2)] {
        let time = SqlValue::Integer(638_000_000_000_000_000 + seconds * 10_000_000);
        insert(&store, event, "DeviceProcessEvents", &[("Timestamp", time), ("FileName", text(name))]);
    }
    let case = Case {
        store: PathBuf::new(),
        catalog: Arc::new(Catalog::default()),
        clock: Clock::whole(638_000_000_100_000_000),
        switches: Switches::default(),
    };
    (case, store)
}
