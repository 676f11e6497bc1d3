//! What SQLite itself can tell of a string predicate before the exact function is asked.
//!
//! A call of a registered function costs several times what `LIKE` costs, and most texts of a dictionary hold no needle.
//! So a scan of the dictionary asks `LIKE` first, which lets through at least what the exact predicate would: it folds
//! ASCII as KQL does for an ASCII needle, and `%` and `_` in a needle match themselves among others. `LIKE` with the
//! needle at its start walks the index on the values instead of scanning.
//!
//! `LIKE` ends at a NUL in a text. A store that holds such a text is asked by the exact predicate alone; which stores
//! these are is read from an index that is empty in all others.

use super::layout::{HOLDS_NUL, quote_text};
use crate::kql::syntax::ListOperator;
use crate::plan::tree::{Expr, ExprKind};
use crate::schema::Value;

/// How the value is written in a scan of the dictionary.
pub(super) const DICTIONARY_VALUE: &str = "text.value";

/// Above this many needles one call with an automaton is faster than one `LIKE` for each.
const FEW: usize = 4;

/// SQLite refuses patterns of 50,000 bytes; a long needle gains little anyway.
const LONGEST: usize = 1000;

/// A condition that holds wherever a predicate on the dictionary's values does, if one is known.
pub(super) fn narrowing(expr: &Expr, on_values: impl Fn(&Expr) -> bool) -> Option<String> {
    match &expr.kind {
        ExprKind::Call { symbol, arguments } => {
            let [value, needle] = arguments.as_slice() else { return None };
            let needle = needle_of(needle).filter(|_| on_values(value))?;
            match *symbol {
                "startswith" | "startswith_cs" => Some(like(&format!("{needle}%"))),
                "has" | "has_cs" | "hasprefix" | "hasprefix_cs" | "hassuffix" | "hassuffix_cs" | "contains"
                | "contains_cs" | "endswith" | "endswith_cs" => Some(somewhere(&[needle])),
                _ => None,
            }
        }
        ExprKind::InList { operator, value, members } if on_values(value) => {
            let needles: Vec<&str> = members.iter().map(needle_of).collect::<Option<_>>()?;
            match operator {
                ListOperator::HasAny if (1..=FEW).contains(&needles.len()) => Some(somewhere(&needles)),
                // The longest is the rarest, as a rule.
                ListOperator::HasAll => {
                    needles.into_iter().max_by_key(|needle| needle.len()).map(|one| somewhere(&[one]))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// A needle that `LIKE` folds as KQL does.
fn needle_of(expr: &Expr) -> Option<&str> {
    match expr.as_constant()? {
        Value::String(text) if text.is_ascii() && !text.is_empty() && text.len() <= LONGEST && !text.contains('\0') => {
            Some(text)
        }
        _ => None,
    }
}

fn like(pattern: &str) -> String {
    format!("{DICTIONARY_VALUE} LIKE {}", quote_text(pattern))
}

fn somewhere(needles: &[&str]) -> String {
    let likes: Vec<String> = needles.iter().map(|needle| like(&format!("%{needle}%"))).collect();
    format!("({} OR (SELECT EXISTS (SELECT 1 FROM text WHERE {HOLDS_NUL})))", likes.join(" OR "))
}
