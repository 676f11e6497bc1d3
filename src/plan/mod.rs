//! Binding names and types; the typed relational plan; the function registry.
//!
//! Knows nothing of SQLite.

pub mod functions;
pub mod operators;
