//! Putting events into a store in memory, for the tests of this module.

use rusqlite::params_from_iter;
use rusqlite::types::Value as SqlValue;

use crate::sql::layout::{Storage, layout, physical_column, quote_identifier, rows_table};
use crate::store::Store;

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
        names.push(quote_identifier(&physical_column(name)));
        values.push(value);
    }
    let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
    let sql = format!(
        "INSERT INTO {}({}) VALUES ({})",
        quote_identifier(&rows_table(table)),
        names.join(", "),
        places.join(", ")
    );
    store.connection().execute(&sql, params_from_iter(values)).unwrap();
}

pub fn text(value: &str) -> SqlValue {
    SqlValue::Text(value.to_owned())
}
