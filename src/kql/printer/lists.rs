//! The pieces that operators and expressions share: lists, named expressions, options, declarations.

use super::expressions::expression;
use crate::kql::syntax::{Argument, ColumnDeclaration, Name, NamedExpr, NamedOption, PluginSchema};
use crate::kql::values::quote_name;

pub fn separated<T>(text: &mut String, items: &[T], separator: &str, mut item: impl FnMut(&mut String, &T)) {
    for (index, value) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        item(text, value);
    }
}

pub fn name(text: &mut String, name: &Name) {
    text.push_str(&quote_name(&name.text));
}

/// A name that may hold stars, which stand for themselves.
pub fn pattern(text: &mut String, pattern: &Name) {
    let is_pattern = pattern.text.contains('*')
        && pattern.text.chars().all(|character| character.is_alphanumeric() || "*_$".contains(character));
    if is_pattern {
        text.push_str(&pattern.text);
    } else {
        name(text, pattern);
    }
}

pub fn named_expression(text: &mut String, named: &NamedExpr) {
    match named.names.as_slice() {
        [] => {}
        [single] => {
            name(text, single);
            text.push_str(" = ");
        }
        several => {
            text.push('(');
            separated(text, several, ", ", name);
            text.push_str(") = ");
        }
    }
    expression(text, &named.value);
}

/// As [`named_expression`], where options may stand before it: a column called like one is quoted.
pub fn named_after_options(text: &mut String, named: &NamedExpr) {
    match named.names.as_slice() {
        [single] if matches!(single.text.as_str(), "kind" | "bagexpansion" | "with_itemindex") => {
            text.push_str(&format!("['{}'] = ", single.text));
            expression(text, &named.value);
        }
        _ => named_expression(text, named),
    }
}

pub fn named_expressions(text: &mut String, list: &[NamedExpr]) {
    separated(text, list, ", ", named_expression);
}

pub fn arguments(text: &mut String, list: &[Argument]) {
    text.push('(');
    separated(text, list, ", ", |text, argument| {
        if let Some(found) = &argument.name {
            name(text, found);
            text.push_str(" = ");
        }
        expression(text, &argument.value);
    });
    text.push(')');
}

/// `(a:long, b:string)`.
pub fn row_schema(text: &mut String, columns: &[ColumnDeclaration]) {
    text.push('(');
    separated(text, columns, ", ", column_declaration);
    text.push(')');
}

pub fn plugin_schema(text: &mut String, schema: &PluginSchema) {
    if !schema.with_source {
        return row_schema(text, &schema.columns);
    }
    text.push_str("(*");
    for column in &schema.columns {
        text.push_str(", ");
        column_declaration(text, column);
    }
    text.push(')');
}

pub fn column_declaration(text: &mut String, column: &ColumnDeclaration) {
    name(text, &column.name);
    text.push(':');
    text.push_str(&column.type_name.text);
}

/// Options before an operator's arguments, each with a space before it.
pub fn options(text: &mut String, list: &[NamedOption]) {
    for option in list {
        text.push(' ');
        text.push_str(&option.name.text);
        text.push('=');
        expression(text, &option.value);
    }
}

/// ` with (a=1, b=2)`, or nothing.
pub fn with_options(text: &mut String, list: &[NamedOption]) {
    if list.is_empty() {
        return;
    }
    text.push_str(" with (");
    separated(text, list, ", ", |text, option| {
        name(text, &option.name);
        text.push('=');
        expression(text, &option.value);
    });
    text.push(')');
}
