//! Testing many text columns of a row against one set of texts, as `search` does.
//!
//! A predicate on each of sixty columns is the same question sixty times. The texts for which it holds are found once in
//! a statement, and kept as one bit a text; a row then costs a look at a bit for each of its columns.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use super::expression::balanced;
use crate::plan::tree::Expr;

/// The most columns of one call, below what a function of SQLite takes.
const MOST_COLUMNS: usize = 100;

/// No dictionary has so many texts; a file that is damaged, or made to harm, may say so.
const MOST_TEXTS: usize = 1 << 31;

/// The texts for which a predicate with a constant holds. A query makes it once, whatever reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextSet {
    pub symbol: &'static str,
    pub constant: Expr,
    /// The SELECT of the texts' ids.
    pub texts: String,
}

impl TextSet {
    /// A SELECT of one value, the set.
    pub fn select(&self) -> String {
        format!("SELECT whippet_text_set(id) FROM ({})", self.texts)
    }
}

/// Whether any of the columns, which hold ids of texts, is in the set that is given as a parameter.
pub(super) fn any_in(parameter: usize, columns: &[String]) -> String {
    let calls: Vec<String> = columns
        .chunks(MOST_COLUMNS)
        .map(|chunk| format!("whippet_any_in(?{parameter}, {})", chunk.join(", ")))
        .collect();
    balanced(calls, "OR", "0")
}

/// One bit for each id.
#[derive(Debug, Default)]
struct Bits(Vec<u8>);

impl Bits {
    fn place(id: i64) -> Option<(usize, u8)> {
        let id = usize::try_from(id).ok().filter(|id| *id < MOST_TEXTS)?;
        Some((id / 8, 1 << (id % 8)))
    }

    fn add(&mut self, id: i64) {
        let Some((byte, bit)) = Self::place(id) else { return };
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        if let Some(byte) = self.0.get_mut(byte) {
            *byte |= bit;
        }
    }
}

/// Whether a set, as its bytes, has an id.
fn has(bits: &[u8], id: i64) -> bool {
    Bits::place(id).is_some_and(|(byte, bit)| bits.get(byte).is_some_and(|byte| byte & bit != 0))
}

/// Registers `whippet_text_set(id)`, the set of the ids of a group, and `whippet_any_in(set, id, …)`.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_aggregate_function("whippet_text_set", 1, flags, SetOfTexts)?;
    connection.create_scalar_function("whippet_any_in", -1, flags, |context: &Context<'_>| {
        let ValueRef::Blob(set) = context.get_raw(0) else { return Ok(false) };
        Ok((1..context.len()).any(|place| matches!(context.get_raw(place), ValueRef::Integer(id) if has(set, id))))
    })
}

struct SetOfTexts;

impl Aggregate<Bits, Option<Vec<u8>>> for SetOfTexts {
    fn init(&self, _context: &mut Context<'_>) -> Result<Bits> {
        Ok(Bits::default())
    }

    fn step(&self, context: &mut Context<'_>, bits: &mut Bits) -> Result<()> {
        if let ValueRef::Integer(id) = context.get_raw(0) {
            bits.add(id);
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, bits: Option<Bits>) -> Result<Option<Vec<u8>>> {
        Ok(bits.map(|bits| bits.0).filter(|bytes| !bytes.is_empty()))
    }
}
