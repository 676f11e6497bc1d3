//! Texts to their ids in the store's dictionary.
//!
//! The cache has two generations: when the young one is full it becomes the old one, so what is used stays and memory
//! is bounded. While nothing was ever dropped and the store was empty at the start, a text that is not in the cache is
//! new, and the dictionary is not asked; so long its index waits, as one that is made at once costs less.

use foldhash::{HashMap, HashMapExt};
use rusqlite::{Connection, OptionalExtension, Statement};

use crate::store::TEXT_INDEX;

/// Bytes of text one generation keeps, and its entries: together some 60 MiB in the worst case.
const GENERATION_BYTES: usize = 12 * 1024 * 1024;
const GENERATION_ENTRIES: usize = 120_000;

pub struct Dictionary<'c> {
    connection: &'c Connection,
    find: Statement<'c>,
    insert: Statement<'c>,
    young: HashMap<Box<str>, i64>,
    old: HashMap<Box<str>, i64>,
    young_bytes: usize,
    next: i64,
    complete: bool,
}

impl<'c> Dictionary<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let last: i64 = connection.query_row("SELECT coalesce(max(id), 0) FROM text", [], |row| row.get(0))?;
        if last > 0 {
            connection.execute_batch(TEXT_INDEX)?;
        }
        Ok(Self {
            connection,
            // The index ignores case; the second comparison does not.
            find: connection
                .prepare("SELECT id FROM text WHERE value = ?1 COLLATE NOCASE AND value = ?1 COLLATE BINARY LIMIT 1")?,
            insert: connection.prepare("INSERT INTO text(id, value) VALUES (?1, ?2)")?,
            young: HashMap::new(),
            old: HashMap::new(),
            young_bytes: 0,
            next: last + 1,
            complete: last == 0,
        })
    }

    /// The id of a text, which is added if it is new.
    pub fn id(&mut self, text: &str) -> rusqlite::Result<i64> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(id) = self.young.get(text) {
            return Ok(*id);
        }
        let id = match self.old.get(text) {
            Some(id) => *id,
            None => self.find_or_insert(text)?,
        };
        if self.young.len() >= GENERATION_ENTRIES || self.young_bytes >= GENERATION_BYTES {
            if self.complete && !self.old.is_empty() {
                self.connection.execute_batch(TEXT_INDEX)?;
                self.complete = false;
            }
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += text.len();
        self.young.insert(text.into(), id);
        Ok(id)
    }

    fn find_or_insert(&mut self, text: &str) -> rusqlite::Result<i64> {
        if !self.complete
            && let Some(id) = self.find.query_row([text], |row| row.get(0)).optional()?
        {
            return Ok(id);
        }
        let id = self.next;
        self.insert.execute((id, text))?;
        self.next += 1;
        Ok(id)
    }
}
