//! Expressions → text.

use super::lists::{arguments, column_declaration, name, pattern, row_schema, separated, with_options};
use super::operators::operator;
use super::print_statement;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, Name, Parameter, ParameterKind, TypeofItem, UnaryOperator};
use crate::kql::values::{is_plain_name, is_type_with_literal, quote_name};
use crate::kql::words::{EQUALITY, LEANING_CHAIN, compares};

/// How tightly the parts of an expression hold together; above every two-sided operator.
const UNARY: u8 = 8;
const POSTFIX: u8 = 9;

/// Functions of these names read as something else than a call when written bare.
const NOT_BARE_AS_FUNCTION: &[&str] = &[
    "datatable",
    "dynamic",
    "evaluate",
    "external_data",
    "externaldata",
    "find",
    "print",
    "search",
    "typeof",
    "union",
    "view",
];

pub fn expression(text: &mut String, value: &Expr) {
    match &value.kind {
        ExprKind::Literal(literal) => text.push_str(&literal.text),
        ExprKind::Name(found) => name(text, found),
        ExprKind::Wildcard(found) => text.push_str(&found.text),
        ExprKind::Member { base, member } => {
            operand(text, base, POSTFIX);
            text.push('.');
            pattern(text, member);
        }
        ExprKind::Index { base, index } => {
            operand(text, base, POSTFIX);
            text.push('[');
            expression(text, index);
            text.push(']');
        }
        ExprKind::Call { function, arguments: list } => {
            function_name(text, function);
            arguments(text, list);
        }
        ExprKind::MemberCall { base, function, arguments: list } => {
            operand(text, base, POSTFIX);
            text.push('.');
            function_name(text, function);
            arguments(text, list);
        }
        ExprKind::Unary { operator, operand: inner } => {
            text.push(if *operator == UnaryOperator::Minus { '-' } else { '+' });
            operand(text, inner, UNARY);
        }
        ExprKind::Binary { operator, right, .. }
            if joins(right, *operator) && members(value, *operator).len() > LEANING_CHAIN =>
        {
            for (position, member) in members(value, *operator).into_iter().enumerate() {
                if position > 0 {
                    text.push(' ');
                    text.push_str(operator.text());
                    text.push(' ');
                }
                operand(text, member, operator.precedence() + 1);
            }
        }
        ExprKind::Binary { operator, left, right, .. } => {
            let precedence = operator.precedence();
            operand(text, left, precedence + u8::from(compares(precedence)));
            match operator.text() {
                ":" => text.push(':'),
                word => {
                    text.push(' ');
                    text.push_str(word);
                    text.push(' ');
                }
            }
            operand(text, right, precedence + 1);
        }
        ExprKind::Between { negated, value, low, high } => {
            operand(text, value, EQUALITY + 1);
            text.push_str(if *negated { " !between (" } else { " between (" });
            operand(text, low, 1);
            text.push_str(" .. ");
            operand(text, high, 1);
            text.push(')');
        }
        ExprKind::InList { operator, value, list, .. } => {
            operand(text, value, EQUALITY + 1);
            text.push(' ');
            text.push_str(operator.text());
            text.push_str(" (");
            separated(text, list, ", ", expression);
            text.push(')');
        }
        ExprKind::Parenthesised(inner) => {
            text.push('(');
            expression(text, inner);
            text.push(')');
        }
        ExprKind::Pipeline(pipeline) => {
            expression(text, &pipeline.source);
            for stage in &pipeline.operators {
                text.push_str(" | ");
                operator(text, stage);
            }
        }
        ExprKind::Function { view, parameters: list, body } => {
            text.push_str(if *view { "view " } else { "" });
            parameters(text, list);
            text.push_str(" { ");
            separated(text, body, "; ", |text, statement| text.push_str(&print_statement(statement)));
            text.push_str(if body.is_empty() { "}" } else { " }" });
        }
        ExprKind::Datatable { columns, values } => {
            text.push_str("datatable");
            row_schema(text, columns);
            text.push('[');
            separated(text, values, ", ", expression);
            text.push(']');
        }
        ExprKind::Externaldata { columns, uris, options } => {
            text.push_str("externaldata");
            row_schema(text, columns);
            text.push('[');
            separated(text, uris, ", ", expression);
            text.push(']');
            with_options(text, options);
        }
        ExprKind::Typeof(items) => {
            text.push_str("typeof(");
            separated(text, items, ", ", |text, item| match item {
                TypeofItem::Type(found) => text.push_str(&found.text),
                TypeofItem::Column(column) => column_declaration(text, column),
            });
            text.push(')');
        }
        ExprKind::OperatorSource(source) => operator(text, source),
        // No tree without errors holds one; a name that no table has keeps the printed text from meaning anything.
        ExprKind::Error => text.push_str("['unreadable text']"),
    }
}

/// A part of a larger expression, in parentheses where it would otherwise fall apart.
fn joins(value: &Expr, joint: BinaryOperator) -> bool {
    matches!(joint, BinaryOperator::And | BinaryOperator::Or)
        && matches!(value.kind, ExprKind::Binary { operator, .. } if operator == joint)
}

/// What a chain of `and` or `or` joins, however the tree leans.
fn members(value: &Expr, joint: BinaryOperator) -> Vec<&Expr> {
    let mut waiting = vec![value];
    let mut found = Vec::new();
    while let Some(next) = waiting.pop() {
        match &next.kind {
            ExprKind::Binary { operator, left, right, .. } if *operator == joint => waiting.extend([&**right, &**left]),
            _ => found.push(next),
        }
    }
    found
}

fn operand(text: &mut String, value: &Expr, binds_at_least: u8) {
    let binding = match &value.kind {
        ExprKind::Binary { operator, .. } => operator.precedence(),
        ExprKind::Between { .. } | ExprKind::InList { .. } => EQUALITY,
        ExprKind::Unary { .. } => UNARY,
        ExprKind::Pipeline(_) | ExprKind::Function { .. } | ExprKind::OperatorSource(_) => 0,
        _ => u8::MAX,
    };
    if binding >= binds_at_least {
        return expression(text, value);
    }
    text.push('(');
    expression(text, value);
    text.push(')');
}

fn function_name(text: &mut String, function: &Name) {
    let bare = is_plain_name(&function.text)
        && !is_type_with_literal(&function.text)
        && !NOT_BARE_AS_FUNCTION.contains(&function.text.as_str());
    if bare {
        text.push_str(&function.text);
    } else {
        let quoted = quote_name(&function.text);
        let already = quoted.starts_with('[');
        text.push_str(&if already { quoted } else { format!("['{quoted}']") });
    }
}

/// `(a:long = 1, T:(x:string), U:(*))`.
pub fn parameters(text: &mut String, list: &[Parameter]) {
    text.push('(');
    separated(text, list, ", ", |text, parameter| {
        name(text, &parameter.name);
        text.push(':');
        match &parameter.kind {
            ParameterKind::Scalar(type_name) => text.push_str(&type_name.text),
            ParameterKind::Tabular { open: true, .. } => text.push_str("(*)"),
            ParameterKind::Tabular { columns, .. } => row_schema(text, columns),
        }
        if let Some(default) = &parameter.default {
            text.push_str(" = ");
            expression(text, default);
        }
    });
    text.push(')');
}
