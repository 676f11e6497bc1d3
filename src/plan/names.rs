//! What the columns of unnamed expressions are called.
//!
//! The rules are those of Kusto's own binder: a column keeps its name, `a.b` is `a_b`, a function says in its registry
//! row, everything else is `Column1`, `Column2`, …

use super::binder::Binder;
use super::functions::{ResultName, find};
use super::tree::Field;
use crate::kql::syntax::{Expr, ExprKind, Literal, LiteralValue};

impl Binder<'_> {
    /// The name an expression gives its column, if it gives one.
    pub fn result_name(&self, expression: &Expr) -> Option<String> {
        match &expression.kind {
            ExprKind::Name(name) => Some(name.text.clone()),
            ExprKind::Parenthesised(inner) => self.result_name(inner),
            ExprKind::Member { base, member } => match &base.kind {
                ExprKind::Name(side) if side.text.starts_with('$') => Some(member.text.clone()),
                // What has no name of its own leaves that of the path.
                _ => Some(match self.result_name(base) {
                    Some(base) => format!("{base}_{}", member.text),
                    None => member.text.clone(),
                }),
            },
            ExprKind::Index { base, index } => {
                let base = self.result_name(base);
                let place = match &index.kind {
                    ExprKind::Literal(Literal { value: LiteralValue::String(text), .. }) => Some(text.clone()),
                    ExprKind::Literal(Literal { value: LiteralValue::Long(Some(place)), .. }) => {
                        Some(place.to_string())
                    }
                    _ => None,
                };
                match (base, place) {
                    (Some(base), place) => Some(format!("{base}_{}", place.unwrap_or_default())),
                    (None, place) => place,
                }
            }
            ExprKind::Call { function, arguments } => {
                let argument = || {
                    let first = arguments.first()?;
                    first.name.as_ref().map(|name| name.text.clone()).or_else(|| self.result_name(&first.value))
                };
                match function.text.as_str() {
                    "column_ifexists" | "columnifexists" => {
                        let column = &arguments.first()?.value;
                        return match &column.kind {
                            ExprKind::Literal(Literal { value: LiteralValue::String(text), .. })
                                if !self.absent_columns.contains(&column.span) =>
                            {
                                Some(text.clone())
                            }
                            _ => None,
                        };
                    }
                    "ingestion_time" => return Some("$IngestionTime".to_owned()),
                    _ => {}
                }
                match find(&function.text)?.result_name {
                    ResultName::None => None,
                    ResultName::FirstArgument => argument(),
                    ResultName::OnlyArgument if arguments.len() == 1 => argument(),
                    ResultName::OnlyArgument => None,
                    ResultName::Prefix(prefix) => Some(format!("{prefix}_{}", argument().unwrap_or_default())),
                    ResultName::PrefixAndLiteral(prefix) => {
                        let ExprKind::Literal(literal) = &arguments.last()?.value.kind else {
                            return Some(format!("{prefix}_{}_", argument().unwrap_or_default()));
                        };
                        // The rank as a number: 50.0 is 50.
                        let written = match literal.text.split_once('.') {
                            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
                            _ => &literal.text,
                        };
                        let number = written.replace('.', "_");
                        Some(format!("{prefix}_{}_{number}", argument().unwrap_or_default()))
                    }
                    ResultName::Fixed(name) => Some(name.to_owned()),
                }
            }
            _ => None,
        }
    }
}

/// Gives out names so that none repeats.
#[derive(Debug, Default)]
pub(super) struct Names {
    used: std::collections::HashSet<String>,
    unnamed: usize,
    /// A column that takes its name from its expression stands in the place of one that has the name already.
    replaces: bool,
}

impl Names {
    /// The names of columns that are there.
    pub fn of(fields: &[Field]) -> Self {
        Self { used: fields.iter().map(|field| field.name.clone()).collect(), ..Self::default() }
    }

    /// The names of columns that are there, which new ones of the same name replace.
    pub fn replacing(fields: &[Field]) -> Self {
        Self { replaces: true, ..Self::of(fields) }
    }

    /// Takes a name as it is; false where it is taken already.
    pub fn claim(&mut self, name: &str) -> bool {
        self.used.insert(name.to_owned())
    }

    /// The name itself, or with the first free number behind it where it would not replace another.
    pub fn unique(&mut self, name: &str) -> String {
        if self.claim(name) || self.replaces {
            return name.to_owned();
        }
        let mut number = 1;
        loop {
            let candidate = format!("{name}{number}");
            if self.claim(&candidate) {
                return candidate;
            }
            number += 1;
        }
    }

    /// The next free `Column1`, `Column2`, ….
    pub fn next_unnamed(&mut self) -> String {
        loop {
            self.unnamed += 1;
            let candidate = format!("Column{}", self.unnamed);
            if self.claim(&candidate) {
                return candidate;
            }
        }
    }
}
