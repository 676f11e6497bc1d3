//! Texts to their ids in the store's dictionary.
//!
//! What is used often is remembered, and if the store was empty at the start, so is a fingerprint of all other texts:
//! the dictionary is not asked. So long its index waits, as one that is made at once costs less.

use std::hash::{BuildHasher, RandomState};

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, Statement};

use super::recent::Recent;
use crate::store::TEXT_INDEX;

/// Bytes of the texts that are remembered, in each of two generations, with what an entry takes beside its text.
const GENERATION: usize = 16 << 20;
const ENTRY: usize = 64;
/// Texts beyond those that are known by their fingerprints: with one generation more, as many as 50 MiB hold.
const MOST_FINGERPRINTS: usize = (7 << 18) - GENERATION / ENTRY;

/// Texts by two hashes of 64 bits, under keys of this run that no file can know: of a billion texts, two have the same
/// with a chance of one in 10^20.
#[derive(Default)]
struct Fingerprints {
    keys: [RandomState; 2],
    ids: HashMap<[u64; 2], i64>,
}

impl Fingerprints {
    fn of(&self, text: &str) -> [u64; 2] {
        self.keys.each_ref().map(|key| key.hash_one(text))
    }
}

fn remember(others: &mut Option<Fingerprints>, texts: HashMap<Box<str>, i64>) {
    let Some(others) = others else { return };
    for (text, id) in texts {
        others.ids.insert(others.of(&text), id);
    }
}

pub struct Dictionary<'c> {
    connection: &'c Connection,
    find: Statement<'c>,
    insert: Statement<'c>,
    recent: Recent<Box<str>, i64>,
    /// All texts of the store that are not among the recent ones, while they are few enough.
    others: Option<Fingerprints>,
    next: i64,
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
            recent: Recent::new(GENERATION, |text| text.len() + ENTRY),
            others: (last == 0).then(Fingerprints::default),
            next: last + 1,
        })
    }

    /// The id of a text, which is added if it is new.
    pub fn id(&mut self, text: &str) -> rusqlite::Result<i64> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(id) = self.recent.get(text, |texts| remember(&mut self.others, texts)) {
            return Ok(id);
        }
        let id = self.find_or_insert(text)?;
        self.recent.insert(text.into(), id, |texts| remember(&mut self.others, texts));
        Ok(id)
    }

    fn find_or_insert(&mut self, text: &str) -> rusqlite::Result<i64> {
        let known = match &self.others {
            // None was forgotten yet: whatever is not remembered is new.
            Some(others) if others.ids.is_empty() => None,
            Some(others) if others.ids.len() < MOST_FINGERPRINTS => others.ids.get(&others.of(text)).copied(),
            others => {
                if others.is_some() {
                    self.connection.execute_batch(TEXT_INDEX)?;
                    self.others = None;
                }
                self.find.query_row([text], |row| row.get(0)).optional()?
            }
        };
        if let Some(id) = known {
            return Ok(id);
        }
        let id = self.next;
        self.insert.execute((id, text))?;
        self.next += 1;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// More texts than are remembered: each comes back with the id it was given.
    #[test]
    fn a_text_that_was_forgotten_keeps_its_id() {
        let store = Store::in_memory().unwrap();
        let mut dictionary = Dictionary::new(store.connection()).unwrap();
        dictionary.recent = Recent::new(100 * ENTRY, |text| text.len() + ENTRY);
        let text = |number: i64| format!("text {number}");
        let ids: Vec<i64> = (0..1_000).map(|number| dictionary.id(&text(number)).unwrap()).collect();
        assert!(dictionary.others.as_ref().is_some_and(|others| others.ids.len() > 500));
        let again: Vec<i64> = (0..1_000).map(|number| dictionary.id(&text(number)).unwrap()).collect();
        assert_eq!(again, ids);
        // Another run knows none of them, and asks the index.
        let mut later = Dictionary::new(store.connection()).unwrap();
        assert!((0..1_000).zip(&ids).all(|(number, id)| later.id(&text(number)).unwrap() == *id));
        assert_eq!(later.id("TEXT 1").unwrap(), 1_001);
    }
}
