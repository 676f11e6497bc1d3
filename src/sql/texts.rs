//! Looking texts up by their ids, each once: the rows of an answer repeat most of theirs.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rusqlite::{Connection, OptionalExtension, Result, Statement};

/// How many texts are kept, and up to which size: some megabytes.
const MOST_KEPT: usize = 20_000;
const LONGEST_KEPT: usize = 512;

#[derive(Debug)]
pub struct Texts<'c> {
    connection: &'c Connection,
    find: Option<Statement<'c>>,
    known: HashMap<i64, String, BuildHasherDefault<IdHasher>>,
}

/// Ids are small numbers of our own: one multiplication spreads them.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_i64(i64::from(*byte)));
    }

    fn write_i64(&mut self, id: i64) {
        // Fibonacci hashing; the table takes its places from the low bits and its marks from the high ones.
        self.0 = (self.0 ^ id.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

impl<'c> Texts<'c> {
    pub fn new(connection: &'c Connection) -> Self {
        Self { connection, find: None, known: HashMap::default() }
    }

    /// The text of an id; empty where there is none, as in the query.
    pub fn text(&mut self, id: i64) -> Result<String> {
        if id == 0 {
            return Ok(String::new());
        }
        if let Some(text) = self.known.get(&id) {
            return Ok(text.clone());
        }
        let find = match &mut self.find {
            Some(find) => find,
            none => none.insert(self.connection.prepare("SELECT value FROM text WHERE id = ?1")?),
        };
        let read = |row: &rusqlite::Row<'_>| Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned());
        let text: String = find.query_row([id], read).optional()?.unwrap_or_default();
        if text.len() <= LONGEST_KEPT {
            if self.known.len() >= MOST_KEPT {
                self.known.clear();
            }
            self.known.insert(id, text.clone());
        }
        Ok(text)
    }
}
