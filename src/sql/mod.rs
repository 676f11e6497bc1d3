//! Plan to SQLite text, and the Rust functions registered with SQLite.
//!
//! Knows nothing of rules or files.

pub mod functions;
pub mod layout;
