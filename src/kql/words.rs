//! The words of the language in tables: scalar operators, tabular operators, their old spellings.

use super::syntax::{BinaryOperator, ListOperator};
use BinaryOperator as B;
use ListOperator as L;

/// How each two-sided operator is written. Where two spellings exist the first is the canonical one.
pub const BINARY_OPERATORS: &[(&str, BinaryOperator)] = &[
    ("or", B::Or),
    ("and", B::And),
    ("==", B::Equal),
    ("!=", B::NotEqual),
    ("<>", B::NotEqual),
    ("=~", B::EqualTilde),
    ("!~", B::NotEqualTilde),
    ("<", B::Less),
    ("<=", B::LessOrEqual),
    (">", B::Greater),
    (">=", B::GreaterOrEqual),
    ("+", B::Add),
    ("-", B::Subtract),
    ("*", B::Multiply),
    ("/", B::Divide),
    ("%", B::Modulo),
    ("has", B::Has),
    ("!has", B::NotHas),
    ("has_cs", B::HasCs),
    ("!has_cs", B::NotHasCs),
    ("hasprefix", B::HasPrefix),
    ("!hasprefix", B::NotHasPrefix),
    ("hasprefix_cs", B::HasPrefixCs),
    ("!hasprefix_cs", B::NotHasPrefixCs),
    ("hassuffix", B::HasSuffix),
    ("!hassuffix", B::NotHasSuffix),
    ("hassuffix_cs", B::HasSuffixCs),
    ("!hassuffix_cs", B::NotHasSuffixCs),
    ("contains", B::Contains),
    ("!contains", B::NotContains),
    ("notcontains", B::NotContains),
    ("contains_cs", B::ContainsCs),
    ("containscs", B::ContainsCs),
    ("!contains_cs", B::NotContainsCs),
    ("notcontainscs", B::NotContainsCs),
    ("startswith", B::StartsWith),
    ("!startswith", B::NotStartsWith),
    ("startswith_cs", B::StartsWithCs),
    ("!startswith_cs", B::NotStartsWithCs),
    ("endswith", B::EndsWith),
    ("!endswith", B::NotEndsWith),
    ("endswith_cs", B::EndsWithCs),
    ("!endswith_cs", B::NotEndsWithCs),
    ("matches regex", B::MatchesRegex),
    (":", B::Colon),
];

pub const LIST_OPERATORS: &[(&str, ListOperator)] = &[
    ("in", L::In),
    ("!in", L::NotIn),
    ("in~", L::InTilde),
    ("!in~", L::NotInTilde),
    ("has_any", L::HasAny),
    ("!has_any", L::NotHasAny),
    ("has_all", L::HasAll),
    ("!has_all", L::NotHasAll),
];

pub fn binary_operator(text: &str) -> Option<BinaryOperator> {
    BINARY_OPERATORS.iter().find(|(spelling, _)| *spelling == text).map(|(_, operator)| *operator)
}

pub fn list_operator(text: &str) -> Option<ListOperator> {
    LIST_OPERATORS.iter().find(|(spelling, _)| *spelling == text).map(|(_, operator)| *operator)
}

impl BinaryOperator {
    /// The operator as written in KQL.
    pub fn text(self) -> &'static str {
        BINARY_OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }

    /// How tightly it binds; a higher number binds tighter. As in Kusto, text operators bind tighter than arithmetic.
    pub fn precedence(self) -> u8 {
        match self {
            B::Or => 1,
            B::And => 2,
            B::Equal | B::NotEqual => EQUALITY,
            B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual => RELATIONAL,
            B::Add | B::Subtract => 5,
            B::Multiply | B::Divide | B::Modulo => 6,
            _ => TEXT,
        }
    }
}

/// A chain of `and` or `or` with more members than this is a balanced tree rather than one that leans to the left.
pub const LEANING_CHAIN: usize = 250;

/// The precedence of `==`, `in (…)` and `between (…)`.
pub const EQUALITY: u8 = 3;
/// The precedence of `<` and its like.
pub const RELATIONAL: u8 = 4;
/// The precedence of `has`, `=~` and all others that compare texts.
pub const TEXT: u8 = 7;

/// Whether operators of a precedence compare: two of them do not follow each other without parentheses.
pub fn compares(precedence: u8) -> bool {
    matches!(precedence, EQUALITY | RELATIONAL | TEXT)
}

impl ListOperator {
    /// The operator as written in KQL.
    pub fn text(self) -> &'static str {
        LIST_OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }
}

/// Whether a word is read as an operator between two values.
pub fn is_operator_word(word: &str) -> bool {
    matches!(word, "between" | "matches" | "like" | "likecs" | "notlike" | "notlikecs")
        || (word.starts_with(char::is_alphabetic) && (binary_operator(word).is_some() || list_operator(word).is_some()))
}

/// Tabular operators that the tree has a shape for, with their old spellings.
pub const TABULAR_OPERATORS: &[&str] = &[
    "as",
    "assert",
    "consume",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "facet",
    "filter",
    "find",
    "fork",
    "getschema",
    "invoke",
    "join",
    "limit",
    "lookup",
    "make-series",
    "mv-apply",
    "mvapply",
    "mv-expand",
    "mvexpand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "print",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "project-smart",
    "range",
    "reduce",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

/// Tabular operators that are known and kept as text: the engine refuses them by name.
pub const OTHER_OPERATORS: &[&str] = &[
    "__executeAndCache",
    "__partitionby",
    "execute-and-cache",
    "graph-mark-components",
    "graph-match",
    "graph-merge",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "macro-expand",
    "make-graph",
    "project-by-names",
];

pub fn is_tabular_operator(word: &str) -> bool {
    TABULAR_OPERATORS.contains(&word) || OTHER_OPERATORS.contains(&word)
}
