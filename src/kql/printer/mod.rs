//! Tree → KQL text that parses back to the same tree.
//!
//! One canonical spacing; every pipeline stage on one line. Comments and the layout of the source are not kept.
//! Of a tree put together by hand it adds the parentheses that precedence asks for.

mod expressions;
mod lists;
mod operators;

#[cfg(test)]
mod tests;

use super::syntax::{Expr, ExprKind, Operator, Query, Statement, StatementKind};
use super::values::quote_name;

/// A whole query: statements end in `;`, and each stage of a top-level pipeline has its own line.
pub fn print_query(query: &Query) -> String {
    let statements: Vec<String> = query.statements.iter().map(|statement| statement_text(statement, "\n| ")).collect();
    statements.join(";\n")
}

/// One statement on one line, without its `;`.
pub fn print_statement(statement: &Statement) -> String {
    statement_text(statement, " | ")
}

/// An expression on one line.
pub fn print_expression(expression: &Expr) -> String {
    let mut text = String::new();
    expressions::expression(&mut text, expression);
    text
}

/// An operator on one line, without the leading `|`.
pub fn print_operator(operator: &Operator) -> String {
    let mut text = String::new();
    operators::operator(&mut text, operator);
    text
}

fn statement_text(statement: &Statement, bar: &str) -> String {
    match &statement.kind {
        StatementKind::Let { name, value } => format!("let {} = {}", quote_name(&name.text), value_text(value, bar)),
        StatementKind::Set { name, value: None } => format!("set {}", quote_name(&name.text)),
        StatementKind::Set { name, value: Some(value) } => {
            format!("set {} = {}", quote_name(&name.text), print_expression(value))
        }
        StatementKind::DeclareParameters(parameters) => {
            let mut text = String::from("declare query_parameters");
            expressions::parameters(&mut text, parameters);
            text
        }
        StatementKind::Other { keyword, text } => format!("{} {text}", keyword.text),
        StatementKind::Expression(value) => value_text(value, bar),
    }
}

fn value_text(value: &Expr, bar: &str) -> String {
    let ExprKind::Pipeline(pipeline) = &value.kind else { return print_expression(value) };
    let stages = pipeline.operators.iter().map(print_operator);
    std::iter::once(print_expression(&pipeline.source)).chain(stages).collect::<Vec<_>>().join(bar)
}
