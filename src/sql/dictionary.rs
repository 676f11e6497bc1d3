//! Predicates on columns that hold ids of texts: asked of the dictionary, once for each distinct text, and narrowed by the
//! index of terms.

use super::expression::{Holds, Reference, Scope};
use super::layout::quote_text;
use super::narrow::{DICTIONARY_VALUE, narrowing};
use super::terms::Search;
use crate::kql::syntax::ListOperator;
use crate::plan::tree::{ColumnId, Expr, ExprKind};
use crate::schema::Value;

impl Scope<'_> {
    /// The one dictionary column an expression reads, if it reads nothing else that varies.
    pub(super) fn dictionary_column(&self, expr: &Expr) -> Option<ColumnId> {
        let mut found: Option<ColumnId> = None;
        let mut only = true;
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Column(id) => {
                only &= found.is_none_or(|seen| seen == *id) && self.holds(*id) == Holds::TextId;
                found = Some(*id);
            }
            ExprKind::Window { .. } | ExprKind::InTable { .. } | ExprKind::Unknown => only = false,
            ExprKind::Call { symbol, .. } => only &= !matches!(*symbol, "rand" | "new_guid"),
            _ => {}
        });
        found.filter(|_| only)
    }

    pub(super) fn is_dictionary(&self, expr: &Expr) -> bool {
        self.dictionary_column(expr).is_some()
    }

    /// Whether a conjunction or disjunction is better evaluated as a whole on the dictionary: all members read the
    /// same column, and none can use the dictionary's index.
    pub(super) fn merges(&self, operands: &[Expr]) -> bool {
        let mut columns = operands.iter().map(|one| self.dictionary_column(one));
        let Some(Some(first)) = columns.next() else { return false };
        columns.all(|column| column == Some(first)) && !operands.iter().any(|one| self.indexed(one).is_some())
    }

    /// The predicate evaluated on the dictionary, where it reads one dictionary column and constants.
    pub(super) fn on_dictionary(&self, expr: &Expr) -> Option<String> {
        if let Some(indexed) = self.indexed(expr) {
            return Some(indexed);
        }
        let column = self.dictionary_column(expr)?;
        Some(format!("({} IN ({}))", self.sql(column), self.texts_where(column, expr)))
    }

    /// The SELECT of the ids of the texts for which a predicate holds that reads one dictionary column and constants.
    pub(super) fn texts_where(&self, column: ColumnId, expr: &Expr) -> String {
        // Alone on the dictionary, the column is a plain value.
        let value = Reference { sql: DICTIONARY_VALUE.to_owned(), holds: Holds::Value };
        let inner = self.alone(column, value);
        let condition = inner.condition(expr);
        let is_text = |part: &Expr| matches!(part.kind, ExprKind::Column(id) if id == column);
        match Search::of(expr, &is_text) {
            Some(search) => search.texts(&condition),
            None => format!("SELECT id FROM text WHERE {condition}"),
        }
    }

    /// A predicate on the dictionary's values, with what narrows the scan before it.
    pub(super) fn narrowed(&self, expr: &Expr, exact: String) -> String {
        let on_values = |value: &Expr| match value.kind {
            ExprKind::Column(id) => self.sql(id) == DICTIONARY_VALUE,
            _ => false,
        };
        match narrowing(expr, on_values) {
            Some(narrowing) => format!("({narrowing} AND {exact})"),
            None => exact,
        }
    }

    /// Equality with constants goes through the index on the dictionary's values.
    pub(super) fn indexed(&self, expr: &Expr) -> Option<String> {
        let text_id = |value: &Expr| match value.kind {
            ExprKind::Column(id) => (self.holds(id) == Holds::TextId).then(|| self.sql(id)),
            _ => None,
        };
        match &expr.kind {
            ExprKind::Call { symbol, arguments } => {
                let [first, rest @ ..] = arguments.as_slice() else { return None };
                match (*symbol, rest) {
                    ("equal", [second]) => {
                        let (column, constant) = match (text_id(first), text_id(second)) {
                            (Some(left), Some(right)) => return Some(format!("({left} = {right})")),
                            (Some(column), None) => (column, constant_text(second)?),
                            (None, Some(column)) => (column, constant_text(first)?),
                            (None, None) => return None,
                        };
                        if constant.is_empty() {
                            return Some(format!("({column} = 0)"));
                        }
                        let quoted = quote_text(constant);
                        Some(format!(
                            "({column} IN (SELECT id FROM text WHERE value = {quoted} COLLATE NOCASE AND value = {quoted}))"
                        ))
                    }
                    ("equal_ci", [second]) => {
                        let (column, constant) = match (text_id(first), text_id(second)) {
                            (Some(column), None) => (column, second),
                            (None, Some(column)) => (column, first),
                            _ => return None,
                        };
                        let quoted = quote_text(constant_text(constant).filter(|text| text.is_ascii())?);
                        Some(format!("({column} IN (SELECT id FROM text WHERE value = {quoted} COLLATE NOCASE))"))
                    }
                    ("isempty_string" | "isempty", []) => Some(format!("({} = 0)", text_id(first)?)),
                    ("isnotempty_string" | "isnotempty", []) => Some(format!("({} <> 0)", text_id(first)?)),
                    _ => None,
                }
            }
            ExprKind::InList { operator, value, members } => {
                let column = text_id(value)?;
                let texts: Vec<&str> = members.iter().map(constant_text).collect::<Option<_>>()?;
                let quoted = texts.iter().map(|text| quote_text(text)).collect::<Vec<_>>().join(", ");
                match operator {
                    ListOperator::In => Some(format!(
                        "({column} IN (SELECT id FROM text WHERE value COLLATE NOCASE IN ({quoted}) AND value IN ({quoted})))"
                    )),
                    ListOperator::InTilde if texts.iter().all(|text| text.is_ascii()) => {
                        Some(format!("({column} IN (SELECT id FROM text WHERE value COLLATE NOCASE IN ({quoted})))"))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

pub(super) fn constant_text(expr: &Expr) -> Option<&str> {
    match expr.as_constant()? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(super) fn is_ascii_constant(expr: &Expr) -> bool {
    constant_text(expr).is_some_and(str::is_ascii)
}
