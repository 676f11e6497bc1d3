//! What stands between SELECT and FROM.

use super::expression::{Holds, Reference, Scope, write_column};
use crate::plan::tree::ColumnId;

/// A column of a SELECT: its id, its SQL and what it holds.
pub(super) struct Item {
    pub id: ColumnId,
    pub sql: String,
    pub holds: Holds,
}

impl Item {
    pub fn value(id: ColumnId, sql: String) -> Self {
        Self { id, sql, holds: Holds::Value }
    }

    pub fn held(id: ColumnId, reference: Reference) -> Self {
        Self { id, sql: reference.sql, holds: reference.holds }
    }
}

/// The list as it is written.
pub(super) struct SelectList(String);

impl SelectList {
    pub fn with_room_for(columns: usize) -> Self {
        Self(String::with_capacity(columns * 16))
    }

    fn separate(&mut self) {
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
    }

    fn name(&mut self, column: ColumnId) {
        self.0.push_str(" AS ");
        write_column(&mut self.0, column);
    }

    pub fn put(&mut self, item: &Item) {
        self.separate();
        self.0.push_str(&item.sql);
        if !is_name_of(&item.sql, item.id) {
            self.name(item.id);
        }
    }

    /// A column of the input, as it is.
    pub fn pass(&mut self, scope: &Scope<'_>, column: ColumnId) {
        self.separate();
        scope.write(&mut self.0, column);
        if !scope.is_plain(column) {
            self.name(column);
        }
    }

    pub fn finish(self) -> String {
        if self.0.is_empty() { "1 AS c_".to_owned() } else { self.0 }
    }
}

/// Whether SQL is the name of a column.
fn is_name_of(sql: &str, id: ColumnId) -> bool {
    sql.strip_prefix('c').is_some_and(|number| number == itoa::Buffer::new().format(id.0))
}
