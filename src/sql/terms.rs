//! The index of terms over the dictionary: which texts hold a term, so that `has 'whoami'` reads some texts, not all.
//!
//! It only ever narrows: the exact predicate looks at each text that the index names, and at every text that it does
//! not cover yet, so a store whose index is behind, or which has none, gives the same answers.
//!
//! A term is a run of letters and digits, as `has` sees it. ASCII terms are kept, under a hash of their upper case, but
//! not those made of hexadecimal digits with a decimal one among them: parts of GUIDs, hashes, addresses and numbers
//! would make up most of the index and are rarely searched. Texts are indexed in chunks that are never touched again,
//! so writing is appending. `store` writes the index; here is its form, and the SQL that reads it.

use std::fmt::Write as _;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::kql::syntax::ListOperator;
use crate::plan::tree::{Expr, ExprKind};
use crate::schema::Value;

/// The tables of the index. `term_chunk.last` is the last text of a chunk; a term's `id` is its chunk and its hash, and
/// `texts` the ids of the texts that hold it, or nothing where too many do.
pub const TABLES: &str = "
CREATE TABLE IF NOT EXISTS term_chunk(id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS term(id INTEGER PRIMARY KEY, texts BLOB NOT NULL);
";

/// What stands for the index on a connection that can only read a store without one.
pub const STAND_INS: &str = "
CREATE TEMP TABLE term_chunk(id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TEMP TABLE term(id INTEGER PRIMARY KEY, texts BLOB NOT NULL);
";

/// A term that one in so many texts of a chunk hold is better found by reading them all.
pub const COMMON: usize = 16;

/// Above this many alternatives the texts are read instead.
const MOST_ALTERNATIVES: usize = 200;

/// The id of a term in a chunk.
pub fn term_id(chunk: i64, hash: u32) -> i64 {
    (chunk << 32) | i64::from(hash)
}

/// Calls `take` with the hash of every term of a text that the index keeps; a term that occurs twice comes twice.
pub fn for_each_term(text: &str, mut take: impl FnMut(u32)) {
    for term in text.split(|character: char| !character.is_alphanumeric()) {
        if let Some(hash) = hash_of(term) {
            take(hash);
        }
    }
}

/// FNV-1a over the upper case; `None` for what is not kept.
fn hash_of(term: &str) -> Option<u32> {
    let mut hash = 0x811c_9dc5_u32;
    let (mut has_letter, mut has_digit) = (false, false);
    for byte in term.bytes() {
        if !byte.is_ascii() {
            return None;
        }
        has_letter |= !byte.is_ascii_hexdigit();
        has_digit |= byte.is_ascii_digit();
        hash = (hash ^ u32::from(byte.to_ascii_uppercase())).wrapping_mul(0x0100_0193);
    }
    (has_letter || (!has_digit && !term.is_empty())).then_some(hash)
}

/// Writes ascending ids as differences, seven bits a byte.
pub fn encode(texts: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for text in texts {
        let mut rest = (text - before).unsigned_abs();
        before = text;
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                bytes.push(low);
                break;
            }
            bytes.push(low | 0x80);
        }
    }
    bytes
}

fn decode(bytes: &[u8]) -> Vec<i64> {
    let mut texts = Vec::new();
    let (mut before, mut rest, mut shift) = (0_i64, 0_i64, 0_u32);
    for byte in bytes {
        rest |= i64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        shift += 7;
        if byte & 0x80 == 0 {
            before = before.wrapping_add(rest);
            texts.push(before);
            (rest, shift) = (0, 0);
        }
    }
    texts
}

/// Registers `whippet_texts(texts, texts)`: the ids that are in both, as a JSON array; an empty list stands for all.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("whippet_texts", 2, flags, texts)
}

fn texts(context: &Context<'_>) -> Result<String> {
    let list = |place| match context.get_raw(place) {
        ValueRef::Blob(bytes) => decode(bytes),
        _ => Vec::new(),
    };
    let (first, second) = (list(0), list(1));
    let both: Vec<i64> = match (first.is_empty(), second.is_empty()) {
        (true, _) => second,
        (_, true) => first,
        _ => first.into_iter().filter(|text| second.binary_search(text).is_ok()).collect(),
    };
    let mut json = String::with_capacity(both.len() * 8 + 2);
    json.push('[');
    for (place, text) in both.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(json, "{comma}{text}");
    }
    json.push(']');
    Ok(json)
}

/// What a text must hold for a predicate to be true of it: both terms of one of the alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Search {
    alternatives: Vec<(u32, u32)>,
    /// How many bytes the shortest alternative has: the longer, the rarer.
    weight: usize,
}

/// Which ends of a needle are those of a term.
#[derive(Clone, Copy)]
struct Edges {
    left: bool,
    right: bool,
}

impl Search {
    /// What is searched for by a predicate on a text; `None` where terms do not help.
    pub fn of(expr: &Expr, is_text: &impl Fn(&Expr) -> bool) -> Option<Self> {
        match &expr.kind {
            ExprKind::Call { symbol, arguments } => {
                let [text, needle] = arguments.as_slice() else { return None };
                let (left, right) = match *symbol {
                    "has" | "has_cs" | "equal" | "equal_ci" => (true, true),
                    "hasprefix" | "hasprefix_cs" | "startswith" | "startswith_cs" => (true, false),
                    "hassuffix" | "hassuffix_cs" | "endswith" | "endswith_cs" => (false, true),
                    "contains" | "contains_cs" => (false, false),
                    _ => return None,
                };
                let needle = needle_of(needle).filter(|_| is_text(text))?;
                Self::all_of(&[(needle, Edges { left, right })])
            }
            ExprKind::InList { operator, value, members } if is_text(value) => {
                let whole = Edges { left: true, right: true };
                let needles =
                    members.iter().map(|member| Some((needle_of(member)?, whole))).collect::<Option<Vec<_>>>();
                match operator {
                    ListOperator::HasAny | ListOperator::In | ListOperator::InTilde => {
                        Self::any_of(needles?.iter().map(|needle| Self::all_of(&[*needle])))
                    }
                    ListOperator::HasAll => Self::all_of(&needles?),
                    _ => None,
                }
            }
            ExprKind::And(operands) => operands
                .iter()
                .filter_map(|operand| Self::of(operand, is_text))
                .min_by_key(|search| (search.alternatives.len(), std::cmp::Reverse(search.weight))),
            ExprKind::Or(operands) => Self::any_of(operands.iter().map(|operand| Self::of(operand, is_text))),
            _ => None,
        }
    }

    /// The two longest terms of some needles.
    fn all_of(needles: &[(&str, Edges)]) -> Option<Self> {
        let mut terms: Vec<(usize, u32)> =
            needles.iter().flat_map(|(needle, edges)| complete(needle, *edges)).collect();
        terms.sort_unstable_by(|one, other| other.cmp(one));
        let (longest, first) = terms.first().copied()?;
        let (next, second) = terms.get(1).copied().unwrap_or((0, first));
        Some(Self { alternatives: vec![(first, second)], weight: longest + next })
    }

    fn any_of(searches: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let mut alternatives = Vec::new();
        let mut weight = usize::MAX;
        for search in searches {
            let search = search?;
            weight = weight.min(search.weight);
            alternatives.extend(search.alternatives);
        }
        let is_useful = !alternatives.is_empty() && alternatives.len() <= MOST_ALTERNATIVES;
        is_useful.then_some(Self { alternatives, weight })
    }

    /// Joins the alternatives, as `n`, with their terms in every chunk.
    fn found(&self) -> String {
        let rows: Vec<String> =
            self.alternatives.iter().map(|(first, second)| format!("({first}, {second})")).collect();
        format!(
            "(VALUES {}) AS n CROSS JOIN term_chunk AS k CROSS JOIN term AS a ON a.id = (k.id << 32 | n.column1) \
             CROSS JOIN term AS b ON b.id = (k.id << 32 | n.column2)",
            rows.join(", ")
        )
    }

    /// The ids of the texts for which a condition holds, which is asked of those that the index names and of those that
    /// it does not cover: all of them where a term is too common to have a list.
    pub fn texts(&self, condition: &str) -> String {
        let found = self.found();
        format!(
            "SELECT id FROM text WHERE id IN (SELECT j.value FROM {found} \
             CROSS JOIN json_each(whippet_texts(a.texts, b.texts)) AS j) AND {condition} \
             UNION ALL SELECT id FROM text WHERE id > (SELECT CASE WHEN EXISTS (SELECT 1 FROM {found} \
             WHERE length(a.texts) = 0 AND length(b.texts) = 0) THEN 0 \
             ELSE (SELECT coalesce(max(last), 0) FROM term_chunk) END) AND {condition}"
        )
    }
}

/// A needle whose characters match their own ASCII letters in either case and nothing else.
fn needle_of(expr: &Expr) -> Option<&str> {
    match expr.as_constant()? {
        Value::String(text) if text.is_ascii() => Some(text),
        _ => None,
    }
}

/// The terms of a needle that are whole terms of each text it occurs in, with their lengths.
fn complete(needle: &str, edges: Edges) -> Vec<(usize, u32)> {
    let count = needle.split(|character: char| !character.is_alphanumeric()).count();
    needle
        .split(|character: char| !character.is_alphanumeric())
        .enumerate()
        .filter(|(place, _)| (*place > 0 || edges.left) && (place + 1 < count || edges.right))
        .filter_map(|(_, term)| Some((term.len(), hash_of(term)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        for_each_term(text, |hash| found.push(hash));
        found
    }

    fn lengths(needle: &str, left: bool, right: bool) -> Vec<usize> {
        complete(needle, Edges { left, right }).into_iter().map(|(length, _)| length).collect()
    }

    #[test]
    fn terms_are_kept_in_either_case_and_numbers_are_not() {
        assert_eq!(terms(r"C:\Windows\CMD.exe /c whoami"), terms("c windows cmd EXE c WhoAmI"));
        assert!(terms("4688 {1f2e3d4c-0a1b-11ee-be56-0242ac120002} 10.0.0.1").is_empty());
        assert_eq!(terms("add cafe x64 naïve").len(), 3);
        assert!(terms("").is_empty());
    }

    #[test]
    fn only_whole_terms_of_a_needle_are_searched_for() {
        assert_eq!(lengths("xp_cmdshell", true, true), [2, 8]);
        assert_eq!(lengths("xp_cmdshell", true, false), [2]);
        assert_eq!(lengths("xp_cmdshell", false, false), [0_usize; 0]);
        assert_eq!(lengths(r"\windows\temp\", false, false), [7, 4]);
        assert_eq!(lengths("-enc ", false, false), [3]);
    }

    #[test]
    fn lists_of_texts_come_back() {
        let ids = vec![1, 2, 130, 70_000, 70_001, 1 << 40];
        assert_eq!(decode(&encode(ids.iter().copied())), ids);
        assert!(decode(&[0xff; 12]).is_empty());
    }
}
