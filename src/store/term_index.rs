//! Keeps the index of terms up with the dictionary. Its form is `sql::terms`.
//!
//! What is committed is complete: a chunk and the mark that says how far it reaches are written together, so an import
//! that is killed leaves an index that is merely behind.

use rusqlite::params;

use super::{Store, StoreError};
use crate::sql::terms::{COMMON, encode, for_each_term, term_id};

/// The most texts of one chunk, and the most terms in them: 16 MiB while it is made.
const MOST_TEXTS: usize = 1 << 16;
const MOST_TERMS: usize = 1 << 20;
/// What is left to be read without an index: a handful of new texts is not worth a chunk.
const LEAST_TEXTS: i64 = 4096;

impl Store {
    /// Indexes the texts that came since this was last called.
    pub fn index_terms(&self) -> Result<(), StoreError> {
        let last: i64 = self.connection.query_row("SELECT coalesce(max(id), 0) FROM text", [], |row| row.get(0))?;
        let mut reached: i64 =
            self.connection.query_row("SELECT coalesce(max(last), 0) FROM term_chunk", [], |row| row.get(0))?;
        while last - reached >= LEAST_TEXTS {
            reached = self.index_chunk(reached)?;
        }
        Ok(())
    }

    /// Indexes the texts after one, and says which was the last.
    fn index_chunk(&self, reached: i64) -> Result<i64, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut found: Vec<(u32, i64)> = Vec::new();
        let (mut texts, mut last) = (0, reached);
        {
            let mut statement = transaction.prepare("SELECT id, value FROM text WHERE id > ?1 ORDER BY id")?;
            let mut rows = statement.query([reached])?;
            while texts < MOST_TEXTS
                && found.len() < MOST_TERMS
                && let Some(row) = rows.next()?
            {
                last = row.get(0)?;
                texts += 1;
                let text = row.get_ref(1)?.as_str().unwrap_or_default();
                for_each_term(text, |hash| found.push((hash, last)));
            }
        }
        found.sort_unstable();
        found.dedup();
        let chunk: i64 =
            transaction.query_row("SELECT coalesce(max(id), 0) + 1 FROM term_chunk", [], |row| row.get(0))?;
        let mut insert = transaction.prepare("INSERT INTO term(id, texts) VALUES (?1, ?2)")?;
        for term in found.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((hash, _)) = term.first() else { continue };
            let is_common = term.len() * COMMON > texts;
            let list = if is_common { Vec::new() } else { encode(term.iter().map(|(_, text)| *text)) };
            insert.execute(params![term_id(chunk, *hash), list])?;
        }
        drop(insert);
        transaction.execute("INSERT INTO term_chunk(id, last) VALUES (?1, ?2)", params![chunk, last])?;
        transaction.commit()?;
        Ok(last)
    }
}
