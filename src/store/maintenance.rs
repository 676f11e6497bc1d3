//! What keeps a store in order: take one source out again, give unused space back.

use std::thread::{self, JoinHandle};

use rusqlite::{Connection, OpenFlags, params};

use super::{Source, Store, StoreError, merged};
use crate::schema::ScalarType;
use crate::sql::layout::{is_inline, physical_column, quote_identifier, rows_table};

/// What went with a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    pub source: Source,
    pub events: u64,
    /// Other sources that had records of it as duplicates: which ones is not kept, so they have to be imported again.
    pub incomplete: Vec<String>,
}

impl Store {
    /// Takes what the log of writes holds into the file, on a thread of its own: it waits for the disk while this
    /// connection goes on writing. `None` for a store in memory, or where there is no thread to be had.
    pub fn checkpoint_beside(&self) -> Option<JoinHandle<()>> {
        let path = self.path.clone()?;
        let checkpoint = move || -> rusqlite::Result<()> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_checkpoint(PASSIVE);")
        };
        // What it does not get done is left to the next checkpoint.
        thread::Builder::new().name("checkpoint".to_owned()).spawn(move || drop(checkpoint())).ok()
    }

    /// The sources that a name may mean: by id, by path, or by the end of a path.
    pub fn find_sources(&self, name: &str) -> Result<Vec<Source>, StoreError> {
        let sources = self.sources()?;
        let fitting = |fits: &dyn Fn(&Source) -> bool| sources.iter().filter(|source| fits(source)).cloned().collect();
        let exact: Vec<Source> = fitting(&|source| source.path == name || source.id.to_string() == name);
        if !exact.is_empty() {
            return Ok(exact);
        }
        Ok(fitting(&|source| source.path.strip_suffix(name).is_some_and(|rest| rest.ends_with(['/', '\\']))))
    }

    /// Takes out all events of a source, in one transaction. Parents have to be found anew afterwards.
    pub fn forget(&mut self, source: &Source) -> Result<Forgotten, StoreError> {
        let tables: Vec<String> =
            self.stored_tables()?.into_iter().map(|table| quote_identifier(&rows_table(&table.name))).collect();
        let transaction = self.connection.transaction()?;
        transaction
            .execute_batch("CREATE TEMP TABLE IF NOT EXISTS going(id INTEGER PRIMARY KEY); DELETE FROM going;")?;
        transaction.execute("INSERT INTO going SELECT id FROM event_record WHERE source = ?1", [source.id])?;
        let goes = "m.id IN (SELECT id FROM going) OR m.into_event IN (SELECT id FROM going)";
        for pairing in merged::present(&transaction)? {
            pairing.part(&transaction, &self.schema, goes)?;
        }
        for table in tables {
            transaction.execute(&format!("DELETE FROM {table} WHERE id IN (SELECT id FROM going)"), [])?;
        }
        let events = transaction.execute("DELETE FROM event_record WHERE source = ?1", [source.id])? as u64;
        transaction.execute("DELETE FROM record_block WHERE id NOT IN (SELECT block FROM event_record)", [])?;
        transaction.execute("DELETE FROM rejection WHERE source = ?1", [source.id])?;
        transaction.execute("DELETE FROM account WHERE source = ?1", [source.id])?;
        transaction.execute("DELETE FROM source WHERE id = ?1", [source.id])?;
        let incomplete: Vec<String> = if events == 0 {
            Vec::new()
        } else {
            transaction
                .prepare("SELECT path FROM source WHERE duplicates > 0 AND complete ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?
        };
        if !incomplete.is_empty() {
            transaction.execute("UPDATE source SET complete = 0 WHERE duplicates > 0", [])?;
        }
        transaction.commit()?;
        Ok(Forgotten { source: source.clone(), events, incomplete })
    }

    /// Drops texts that nothing refers to any more and gives unused space back to the disk. Says the file's size
    /// before and after.
    pub fn vacuum(&mut self) -> Result<(u64, u64), StoreError> {
        let size = |store: &Self| -> Result<u64, StoreError> {
            let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            Ok(store.connection.query_row(sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
        };
        let before = size(self)?;
        let mut using = vec![
            "SELECT channel FROM event_record".to_owned(),
            "SELECT provider FROM event_record".to_owned(),
            "SELECT computer FROM event_record".to_owned(),
            "SELECT host FROM account".to_owned(),
        ];
        let pairings = merged::present(&self.connection)?;
        for table in self.stored_tables()? {
            let rows = quote_identifier(&rows_table(&table.name));
            let texts = table
                .columns
                .iter()
                .filter(|column| column.scalar_type == ScalarType::String && !is_inline(&column.name))
                .map(|column| quote_identifier(&physical_column(&column.name)));
            let texts: Vec<String> = texts.collect();
            if let Some(pairing) = pairings.iter().find(|pairing| pairing.table == table.name) {
                let columns = texts.iter().cloned().chain(pairing.kept_texts());
                using.extend(columns.map(|column| format!("SELECT {column} FROM {}", pairing.hidden)));
            }
            if self.has_rows(table)? {
                using.extend(texts.iter().map(|column| format!("SELECT {column} FROM {rows}")));
            }
        }
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("CREATE TEMP TABLE IF NOT EXISTS used(id INTEGER PRIMARY KEY); DELETE FROM used;")?;
        for query in using {
            transaction.execute(&format!("INSERT OR IGNORE INTO used {query}"), [])?;
        }
        transaction.execute("DELETE FROM text WHERE id <> 0 AND id NOT IN (SELECT id FROM used)", params![])?;
        // Ids of texts that were dropped may come again with other texts, so the index of terms goes with them.
        transaction.execute_batch("DELETE FROM term; DELETE FROM term_chunk;")?;
        transaction.commit()?;
        self.index_terms()?;
        self.connection.execute_batch("DROP TABLE used; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok((before, size(self)?))
    }
}
