//! KQL types and values; the known tables and columns (`assets/schema`); which names alias which.
//!
//! Knows nothing of SQL.

pub mod catalog;
pub mod format;
pub mod real;
pub mod types;
pub mod value;

pub use catalog::{Schema, SchemaError, TableSchema, is_other_spelling};
pub use types::ScalarType;
pub use value::{Column, Table, Value};
