//! What can go wrong with a store, said so that the reader knows what to do.

use std::path::PathBuf;

use crate::schema::SchemaError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path} cannot be opened: {reason}", path = path.display())]
    Open { path: PathBuf, reason: String },
    #[error("{path} does not exist; 'whippet import --db {path} FILE…' makes it", path = path.display())]
    Missing { path: PathBuf },
    #[error("{path} is not a whippet store; give --db the name of a new file", path = path.display())]
    NotAStore { path: PathBuf },
    #[error(
        "{path} has store version {found}, this whippet reads version {supported}; {advice}",
        path = path.display()
    )]
    Version { path: PathBuf, found: i64, supported: i64, advice: &'static str },
    #[error(
        "{path} is being written by another whippet{writer}; wait for it to finish, or open the store for reading",
        path = path.display()
    )]
    Locked { path: PathBuf, writer: String },
    #[error(
        "{path} is read-only, and so cannot take events; give --db the name of a file that can be written",
        path = path.display()
    )]
    ReadOnly { path: PathBuf },
    #[error("the table '{0}' cannot be added: {1}")]
    CustomTable(String, &'static str),
    #[error("a stored record is damaged: {0}")]
    DamagedRecord(&'static str),
    #[error("the saved state '{key}' is not valid JSON: {source}")]
    State { key: String, source: serde_json::Error },
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("the store could not be read or written: {0}")]
    Sqlite(#[from] rusqlite::Error),
}
