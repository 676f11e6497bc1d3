//! What may come next in a query that is being written: tables, operators, columns, functions, values.
//!
//! Reads tokens up to the cursor, and compiles what stands before the last pipe to know the columns. It never says
//! what is wrong: that is the compiler's.

use super::case::Case;
use crate::kql;
use crate::kql::lexer::{LexicalError, Token, TokenKind};
use crate::kql::values::{quote_name, quote_string};
use crate::kql::words::{BINARY_OPERATORS, LIST_OPERATORS, TABULAR_OPERATORS};
use crate::plan::functions::{self, FunctionKind};
use crate::schema::{Column, ScalarType, Value};
use crate::store::Store;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Value,
    Column,
    Table,
    Operator,
    Function,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Column => "column",
            Self::Table => "table",
            Self::Operator => "operator",
            Self::Function => "function",
        }
    }
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// As it is written into the query.
    pub text: String,
    pub kind: Kind,
    /// The type of a column, what a function does, how often a value occurs.
    pub note: String,
}

/// The ways to go on, and the place from which they replace what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    pub from: usize,
    pub items: Vec<Completion>,
}

/// More are no help.
const MOST: usize = 60;
/// So many values of a column are looked up.
const MOST_VALUES: usize = 20;

/// Where the cursor is in the query.
struct Site<'text> {
    /// The query up to the last pipe: what gives the columns. Empty at the start of a statement.
    input: String,
    /// The tokens since then.
    since: Vec<(&'text str, TokenKind)>,
    /// Whether a pipe stands before them, and not the start of a statement or a parenthesis.
    after_pipe: bool,
}

impl Case {
    /// How the query may go on at the cursor, a byte offset.
    pub fn complete(&self, store: &Store, text: &str, cursor: usize) -> Completions {
        let before = text.get(..cursor).unwrap_or(text);
        let mut tokens = kql::tokenize(before);
        let word = match tokens.last() {
            Some(token) if token.span.end == before.len() && completes(token.kind) => tokens.pop(),
            Some(token) if matches!(token.kind, TokenKind::Comment | TokenKind::Directive) => {
                return Completions::default();
            }
            _ => None,
        };
        let from = word.map_or(before.len(), |word| word.span.start);
        let typed = before.get(from..).unwrap_or_default();
        let site = site(before, &tokens);
        if word.is_some_and(|word| word.kind != TokenKind::Word) {
            return Completions { from, items: self.values(store, &site, typed) };
        }
        let mut items = Vec::new();
        if site.since.is_empty() && site.after_pipe {
            items.extend(TABULAR_OPERATORS.iter().map(|name| simple(name, Kind::Operator, "")));
        } else if site.since.is_empty() && site.input.is_empty() {
            items.extend(tables(store));
            items.push(simple("let", Kind::Operator, "names a value or a query"));
        } else {
            items.extend(self.inside(store, &site));
        }
        Completions { from, items: fitting(items, typed) }
    }

    /// Within an operator: columns, functions, words between values, tables where one is read.
    fn inside(&self, store: &Store, site: &Site<'_>) -> Vec<Completion> {
        let first = site.since.first().map_or("", |(word, _)| *word);
        let last = site.since.last();
        let columns = self.columns_at(store, &site.input);
        if let Some((name, TokenKind::Word)) = last
            && columns.iter().any(|column| column.name == *name)
        {
            let words =
                BINARY_OPERATORS.iter().map(|(name, _)| *name).chain(LIST_OPERATORS.iter().map(|(name, _)| *name));
            return words.map(|name| simple(name, Kind::Operator, "")).collect();
        }
        let mut items: Vec<Completion> = columns
            .iter()
            .map(|column| Completion {
                text: quote_name(&column.name),
                kind: Kind::Column,
                note: column.scalar_type.name().to_owned(),
            })
            .collect();
        if matches!(first, "join" | "union" | "lookup" | "find" | "search") || site.input.is_empty() {
            items.extend(tables(store));
        }
        let aggregates = matches!(first, "summarize" | "make-series");
        items.extend(
            functions::rows()
                .filter(|row| aggregates || row.kind != FunctionKind::Aggregate)
                .map(|row| simple(&format!("{}(", row.name), Kind::Function, row.doc)),
        );
        items
    }

    fn columns_at(&self, store: &Store, input: &str) -> Vec<Column> {
        if input.is_empty() {
            return Vec::new();
        }
        let columns = self.columns(store, input);
        if !columns.is_empty() {
            return columns;
        }
        // A query that does not compile yet still begins with a table.
        let words = kql::tokenize(input);
        let texts = words.iter().filter_map(|token| input.get(token.span.start..token.span.end));
        texts
            .filter_map(|name| store.schema().table(name))
            .last()
            .map(|table| table.columns.clone())
            .unwrap_or_default()
    }

    /// What the column before the operator holds, for a string that is being written.
    fn values(&self, store: &Store, site: &Site<'_>, typed: &str) -> Vec<Completion> {
        let columns = self.columns_at(store, &site.input);
        let column = site.since.iter().rev().find_map(|(name, kind)| {
            let known = *kind == TokenKind::Word;
            columns.iter().find(|column| known && column.name == *name && column.scalar_type == ScalarType::String)
        });
        let Some(column) = column else { return Vec::new() };
        let start = kql::values::decode_string(typed).0;
        let start =
            if start.is_empty() { typed.trim_start_matches(['@', 'h', 'H', '"', '\'']).to_owned() } else { start };
        let name = quote_name(&column.name);
        let narrowed = format!("{}\n| where {name} startswith {} and {name} != ''", site.input, quote_string(&start));
        let counted = self.value_counts(store, &narrowed, &column.name, MOST_VALUES).unwrap_or_default();
        counted
            .into_iter()
            .filter_map(|(value, count)| match value {
                Value::String(text) => {
                    Some(Completion { text: quote_string(&text), kind: Kind::Value, note: format!("{count} rows") })
                }
                _ => None,
            })
            .collect()
    }
}

/// Whether a token that touches the cursor is still being written.
const fn completes(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Error(LexicalError::UnterminatedString))
}

fn simple(text: &str, kind: Kind, note: &str) -> Completion {
    Completion { text: text.to_owned(), kind, note: note.to_owned() }
}

fn tables(store: &Store) -> impl Iterator<Item = Completion> {
    let named = store.schema().tables().filter(|table| kql::values::is_plain_name(&table.name));
    named.map(|table| simple(&table.name, Kind::Table, &format!("{} columns", table.columns.len())))
}

/// Those that begin with what is typed, then those that have it within.
fn fitting(mut items: Vec<Completion>, typed: &str) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    items.retain(|item| item.text.to_lowercase().contains(&typed));
    items.sort_by_key(|item| (!item.text.to_lowercase().starts_with(&typed), item.kind));
    items.dedup_by(|left, right| left.text == right.text);
    // What stands there already is no help.
    if let [only] = items.as_slice()
        && only.text.to_lowercase() == typed
    {
        items.clear();
    }
    items.truncate(MOST);
    items
}

fn site<'text>(text: &'text str, tokens: &[Token]) -> Site<'text> {
    // Where the innermost query starts, its last pipe, and where the tokens since then start.
    let mut open: Vec<(usize, Option<usize>, usize)> = vec![(0, None, 0)];
    let mut statement = 0;
    for (position, token) in tokens.iter().enumerate() {
        let next = position.saturating_add(1);
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => {
                open.push((token.span.end, None, next));
            }
            TokenKind::CloseParen | TokenKind::CloseBracket if open.len() > 1 => {
                open.pop();
            }
            TokenKind::Pipe => {
                if let Some(last) = open.last_mut() {
                    (last.1, last.2) = (Some(token.span.start), next);
                }
            }
            TokenKind::Semicolon => {
                statement = token.span.end;
                open = vec![(token.span.end, None, next)];
            }
            // `let name = Table | …` reads a table after the sign.
            TokenKind::Assign if open.len() == 1 && is_let(text, tokens, statement) => {
                open = vec![(token.span.end, None, next)];
            }
            _ => {}
        }
    }
    let lets = text.get(..statement).unwrap_or_default();
    // The innermost parenthesis that has a pipe or reads a table is a query of its own; others are arguments.
    let innermost = open.last().copied().unwrap_or_default();
    let query = open.iter().rev().find(|(_, pipe, _)| pipe.is_some()).copied();
    let (start, pipe) = query.map_or((innermost.0, None), |(start, pipe, _)| (start, pipe));
    let input = pipe.and_then(|pipe| text.get(start..pipe)).unwrap_or_default().trim();
    let from = query.map_or(innermost.2, |(_, _, from)| from);
    let since: Vec<(&str, TokenKind)> = tokens
        .iter()
        .skip(from)
        .filter_map(|token| Some((text.get(token.span.start..token.span.end)?, token.kind)))
        .collect();
    let input = if input.is_empty() { String::new() } else { format!("{lets}{input}") };
    Site { input, since, after_pipe: query.is_some() }
}

fn is_let(text: &str, tokens: &[Token], statement: usize) -> bool {
    let first = tokens.iter().find(|token| token.span.start >= statement);
    first.and_then(|token| text.get(token.span.start..token.span.end)) == Some("let")
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    fn texts(query: &str) -> Vec<String> {
        let (case, store) = testing::browsed();
        case.complete(&store, query, query.len()).items.into_iter().map(|item| item.text).collect()
    }

    fn first(query: &str) -> Option<String> {
        texts(query).into_iter().next()
    }

    #[test]
    fn tables_operators_columns_functions_and_values_come_where_they_belong() {
        assert_eq!(first("DeviceProc").as_deref(), Some("DeviceProcessEvents"));
        assert_eq!(first("DeviceProcessEvents | wh").as_deref(), Some("where"));
        assert_eq!(first("DeviceProcessEvents | where FileN").as_deref(), Some("FileName"));
        assert_eq!(first("DeviceProcessEvents | where toupp").as_deref(), Some("toupper("));
        assert_eq!(first("DeviceProcessEvents | where FileName star").as_deref(), Some("startswith"));
        assert_eq!(first("DeviceProcessEvents | summarize dco").as_deref(), Some("dcount("));
        assert!(!texts("DeviceProcessEvents | where dco").contains(&"dcount(".to_owned()));
        assert_eq!(first("let t = DeviceFileE").as_deref(), Some("DeviceFileEvents"));
        assert_eq!(first("let t = DeviceFileEvents | where FileN").as_deref(), Some("FileName"));
    }

    #[test]
    fn columns_are_those_that_are_left_at_this_place() {
        let query = "DeviceProcessEvents | project Name = FileName, ProcessId | where ";
        let found = texts(query);
        assert!(found.contains(&"Name".to_owned()) && !found.contains(&"FileName".to_owned()), "{found:?}");
    }

    #[test]
    fn nothing_is_offered_in_a_comment_and_no_place_panics() {
        assert!(texts("DeviceProcessEvents // whe").is_empty());
        let (case, store) = testing::browsed();
        let query = "let a = 'x'; DeviceProcessEvents | where (FileName in~ (\"é\", 'b') | join (";
        for cursor in 0..=query.len() {
            case.complete(&store, query, cursor);
        }
    }
}
