//! What a query may use without saying it: functions kept beside the rules, and the values of its parameters.

use std::collections::BTreeMap;

use crate::kql;
use crate::kql::syntax::{Expr, ExprKind, Parameter, Statement, StatementKind};

/// A function kept beside the rules (`functions/*.kql`), as a `let` with a function would define it.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedFunction {
    pub parameters: Vec<Parameter>,
    pub body: Vec<Statement>,
}

impl SavedFunction {
    /// Takes the function out of the value of a `let`.
    pub fn from_expression(expression: Expr) -> Option<Self> {
        match expression.kind {
            ExprKind::Function { parameters, body, .. } => Some(Self { parameters, body }),
            _ => None,
        }
    }
}

/// Saved functions by name, and values for `declare query_parameters` as they were written.
#[derive(Debug, Clone, Default)]
pub struct Library {
    pub functions: BTreeMap<String, SavedFunction>,
    pub parameters: BTreeMap<String, String>,
}

impl Library {
    /// Nothing at all.
    pub const EMPTY: &'static Self = &Self { functions: BTreeMap::new(), parameters: BTreeMap::new() };

    /// Adds the functions of a file: each `let f = (…) { … };`, or, where the file is a query, that query as a function
    /// without parameters under the file's own name.
    pub fn add_file(&mut self, stem: &str, text: &str) -> Result<(), String> {
        let parsed = kql::parse(text);
        if let Some(error) = parsed.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
            return Err(error.message.clone());
        }
        let is_query = parsed.query.statements.iter().any(|one| !matches!(one.kind, StatementKind::Let { .. }));
        let found: Vec<(String, SavedFunction)> = match is_query {
            true => vec![(stem.to_owned(), SavedFunction { parameters: Vec::new(), body: parsed.query.statements })],
            false => parsed.query.statements.into_iter().filter_map(defined).collect(),
        };
        if found.is_empty() {
            return Err("it defines no function: write 'let name = (parameters) { query };'".to_owned());
        }
        for (name, function) in found {
            if self.functions.insert(name.clone(), function).is_some() {
                return Err(format!("'{name}' is defined by another file too"));
            }
        }
        Ok(())
    }
}

fn defined(statement: Statement) -> Option<(String, SavedFunction)> {
    match statement.kind {
        StatementKind::Let { name, value } => Some((name.text, SavedFunction::from_expression(value)?)),
        _ => None,
    }
}
