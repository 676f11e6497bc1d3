//! The columns that describe processes: SQL over those of one table, and reading them from a row.
//!
//! Knows how a column is stored; not what becomes of a process.

use rusqlite::Row;
use rusqlite::types::FromSql;

use super::Process;
use crate::hunt::error::HuntError;
use crate::sql::Texts;
use crate::sql::layout::{Storage, TableLayout, layout, rows_table};
use crate::store::Store;

/// The columns that describe one process of a row, in the order [`Cursor::process`] reads them; `""` where the
/// tables have none.
pub type ProcessColumns = [&'static str; 11];

pub const CREATED_PROCESS: ProcessColumns = [
    "ProcessId",
    "ProcessUniqueId",
    "ProcessCreationTime",
    "FileName",
    "FolderPath",
    "ProcessCommandLine",
    "AccountDomain",
    "AccountName",
    "ProcessIntegrityLevel",
    "SHA256",
    "SHA1",
];

const ACTOR: ProcessColumns = [
    "InitiatingProcessId",
    "InitiatingProcessUniqueId",
    "InitiatingProcessCreationTime",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessCommandLine",
    "InitiatingProcessAccountDomain",
    "InitiatingProcessAccountName",
    "InitiatingProcessIntegrityLevel",
    "InitiatingProcessSHA256",
    "InitiatingProcessSHA1",
];

pub const ACTORS_PARENT: ProcessColumns = [
    "InitiatingProcessParentId",
    "",
    "InitiatingProcessParentCreationTime",
    "InitiatingProcessParentFileName",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
];

/// SQL over the columns of one table.
pub struct Columns {
    pub layout: TableLayout,
}

impl Columns {
    /// `None` where the store has no such table, as before its first row.
    pub fn of(store: &Store, table: &str) -> Result<Option<Self>, HuntError> {
        if !store.has(&rows_table(table))? {
            return Ok(None);
        }
        Ok(store.schema().table(table).map(|schema| Self { layout: layout(schema) }))
    }

    fn storage(&self, name: &str) -> Option<&Storage> {
        self.layout.columns.iter().find(|column| column.name == name).map(|column| &column.storage)
    }

    pub fn has(&self, name: &str) -> bool {
        self.storage(name).is_some()
    }

    /// As stored: a text's id.
    pub fn raw(&self, name: &str) -> &str {
        match self.storage(name) {
            Some(Storage::Plain(expression) | Storage::Dictionary(expression)) => expression,
            None => "NULL",
        }
    }

    /// A number or time.
    pub fn plain(&self, name: &str) -> &str {
        self.raw(name)
    }

    /// The value itself.
    pub fn shown(&self, name: &str) -> String {
        match self.storage(name) {
            Some(Storage::Plain(expression)) => expression.clone(),
            Some(Storage::Dictionary(id)) => format!("(SELECT value FROM text WHERE id = {id})"),
            None => "NULL".to_owned(),
        }
    }

    /// Texts as ids.
    pub fn process(&self, columns: &ProcessColumns) -> String {
        columns.iter().map(|name| self.raw(name)).collect::<Vec<_>>().join(", ")
    }

    pub fn actor(&self) -> String {
        self.process(&ACTOR)
    }

    /// Equal to a text parameter, whatever the case.
    pub fn is_text(&self, name: &str, parameter: usize) -> String {
        match self.storage(name) {
            Some(Storage::Plain(expression)) => format!("{expression} = ?{parameter} COLLATE NOCASE"),
            Some(Storage::Dictionary(id)) => {
                format!("{id} IN (SELECT id FROM text WHERE value = ?{parameter} COLLATE NOCASE)")
            }
            None => "FALSE".to_owned(),
        }
    }

    pub fn equals(&self, name: &str, parameter: usize) -> String {
        format!("{} = ?{parameter}", self.raw(name))
    }

    pub fn is_empty(&self, name: &str) -> String {
        match self.storage(name) {
            Some(Storage::Plain(expression)) => format!("{expression} = ''"),
            Some(Storage::Dictionary(id)) => format!("{id} = 0"),
            None => "TRUE".to_owned(),
        }
    }

    pub fn on_device(&self, parameter: usize, device: Option<&str>) -> String {
        match device {
            Some(_) => self.is_text("DeviceName", parameter),
            // The parameter is bound all the same.
            None => format!("?{parameter} IS NULL"),
        }
    }

    /// Differs from a text, whatever the case.
    pub fn is_not(&self, name: &str, text: &'static str) -> String {
        match self.storage(name) {
            Some(Storage::Dictionary(id)) => {
                format!("{id} NOT IN (SELECT id FROM text WHERE value = '{text}' COLLATE NOCASE)")
            }
            Some(Storage::Plain(expression)) => format!("{expression} <> '{text}' COLLATE NOCASE"),
            None => "TRUE".to_owned(),
        }
    }
}

/// Reads columns one after the other.
pub struct Cursor<'row, 'statement, 'texts, 'c> {
    pub row: &'row Row<'statement>,
    pub texts: &'texts mut Texts<'c>,
    /// The place of the next column.
    pub next: usize,
}

impl Cursor<'_, '_, '_, '_> {
    fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next);
        self.next += 1;
        value
    }

    pub fn text(&mut self) -> rusqlite::Result<String> {
        let id: Option<i64> = self.take()?;
        self.texts.text(id.unwrap_or_default())
    }

    pub fn process(&mut self, device: &str) -> rusqlite::Result<Process> {
        let (pid, unique_id, start) = (self.take()?, self.text()?.to_ascii_lowercase(), self.take()?);
        let (name, path, command_line) = (self.text()?, self.text()?, self.text()?);
        let (domain, account) = (self.text()?, self.text()?);
        Ok(Process {
            device: device.to_owned(),
            pid,
            unique_id,
            start,
            end: None,
            name,
            path,
            command_line,
            account: if domain.is_empty() { account } else { format!("{domain}\\{account}") },
            integrity: self.text()?,
            sha256: self.text()?,
            sha1: self.text()?,
        })
    }
}
