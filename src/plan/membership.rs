//! Binding `in`, `has_any` and their kin: a value and the members of a list, an array or a table.

use super::binder::{Binder, Context};
use super::calls::shape;
use super::expressions::negate;
use super::operators::{Members, resolve_list_operator};
use super::tree::{Expr, ExprKind};
use crate::kql::span::Span;
use crate::kql::syntax::{self, ListOperator};
use crate::kql::values::{datetime_text, parse_datetime, parse_timespan, timespan_text};
use crate::schema::{ScalarType, Value};

impl Binder<'_> {
    pub fn in_list(
        &mut self,
        operator: ListOperator,
        span: Span,
        value: &syntax::Expr,
        list: &[syntax::Expr],
        context: &mut Context,
    ) -> Expr {
        if let syntax::ExprKind::Wildcard(name) = &value.kind
            && name.text == "*"
        {
            let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
            let (operator, negated) = positive_list(operator);
            let mut members = Vec::new();
            for field in &fields {
                if self.unknown.contains(&field.id) {
                    continue;
                }
                let column = self.cast(Expr::column(field), ScalarType::String);
                members.push(self.in_list_of(operator, span, column, list, context));
            }
            if members.iter().any(Expr::is_unknown) {
                return Expr::unknown();
            }
            let found = Expr::new(ExprKind::Or(members), ScalarType::Bool);
            return if negated { negate(found) } else { found };
        }
        let value = self.scalar(value, context);
        let (operator, negated) = positive_list(operator);
        let found = self.in_list_of(operator, span, value, list, context);
        if negated && !found.is_unknown() { negate(found) } else { found }
    }

    fn in_list_of(
        &mut self,
        operator: ListOperator,
        span: Span,
        value: Expr,
        list: &[syntax::Expr],
        context: &mut Context,
    ) -> Expr {
        let textual = !matches!(operator, ListOperator::In);
        let unknown = self.is_unknown_column(&value);
        let value = if textual { self.cast(value, ScalarType::String) } else { value };
        if let [only] = list
            && self.is_tabular_member(only)
        {
            let node = self.table(only);
            let Some(field) = self.fields(node).first().cloned() else { return Expr::unknown() };
            if unknown || self.unknown.contains(&field.id) {
                return Expr::unknown();
            }
            let (node, field) = match field.scalar_type {
                ScalarType::Dynamic => self.members_of_column(node, &field, value.scalar_type, span),
                _ => (node, field),
            };
            let value = self.unify_member(value, field.scalar_type);
            return Expr::new(
                ExprKind::InTable { operator, value: Box::new(value), node, column: field.id },
                ScalarType::Bool,
            );
        }
        let is_by_value = |found: &[Expr]| operator == ListOperator::In && !are_alike(found);
        let mut members = Vec::new();
        let mut arrays = Vec::new();
        let mut is_missing = unknown;
        for member in list {
            let member = self.scalar(member, context);
            if self.is_unknown_column(&member) {
                is_missing = true;
                continue;
            }
            let constants = match member.scalar_type {
                ScalarType::Dynamic => constant_members(&member, textual),
                _ => None,
            };
            match (constants, member.scalar_type) {
                // Members that are not alike are compared by value, as in an array of a row.
                (Some(found), _) if is_by_value(&found) => arrays.push(member),
                (Some(found), _) => members.extend(found),
                (None, ScalarType::Dynamic) => arrays.push(member),
                (None, _) => members.push(member),
            }
        }
        if is_missing {
            return Expr::unknown();
        }
        for member in &mut members {
            if let Some(constant) = as_written(member, value.scalar_type) {
                *member = constant;
            }
        }
        let mut value = value;
        let is_text = |expr: &Expr| expr.scalar_type == ScalarType::String;
        if operator == ListOperator::In && !members.is_empty() && arrays.is_empty() {
            let texts = members.iter().filter(|member| is_text(member)).count();
            let mixed = (is_text(&value) && texts < members.len()) || (value.scalar_type.is_numeric() && texts > 0);
            if mixed && members.iter().all(|member| is_text(member) || member.scalar_type.is_numeric()) {
                self.number_as_text(span);
                value = self.cast(value, ScalarType::String);
                members = members.into_iter().map(|member| self.cast(member, ScalarType::String)).collect();
            }
        }
        let is_bool = |expr: &Expr| expr.scalar_type == ScalarType::Bool;
        let sides = || std::iter::once(&value).chain(&members);
        if operator == ListOperator::In
            && arrays.is_empty()
            && sides().any(is_bool)
            && sides().any(is_text)
            && sides().all(|expr| is_bool(expr) || is_text(expr))
        {
            self.bool_as_text(span);
            value = self.cast(value, ScalarType::Bool);
            members = members.into_iter().map(|member| self.cast(member, ScalarType::Bool)).collect();
        }
        let shapes: Vec<_> = members.iter().chain(&arrays).map(shape).collect();
        let resolved = match resolve_list_operator(operator, &shape(&value), &shapes) {
            Ok(resolved) => resolved,
            Err(error) => {
                self.error("operand-type", span, error.to_string());
                return Expr::unknown();
            }
        };
        // Constants of a mixed array compare by value with a dynamic, as members of a list they must be alike.
        let inline = textual || (arrays.is_empty() && resolved.members == Members::Inline);
        let mut parts = Vec::new();
        if inline && (!members.is_empty() || arrays.is_empty()) {
            let wanted = if textual {
                ScalarType::String
            } else {
                resolved.resolution.parameters.get(1).copied().unwrap_or(value.scalar_type)
            };
            let value = self.cast(value.clone(), wanted);
            let members = members.into_iter().map(|member| self.cast(member, wanted)).collect();
            parts.push(Expr::new(ExprKind::InList { operator, value: Box::new(value), members }, ScalarType::Bool));
        } else if !members.is_empty() {
            let packed = members.into_iter().map(|member| self.cast(member, ScalarType::Dynamic)).collect();
            arrays.push(self.registered("pack_array", packed, span));
        }
        for array in arrays {
            let value = self.cast(value.clone(), if textual { ScalarType::String } else { ScalarType::Dynamic });
            let kind = ExprKind::InArray { operator, value: Box::new(value), array: Box::new(array) };
            parts.push(Expr::new(kind, ScalarType::Bool));
        }
        match (parts.len(), operator) {
            (1, _) => parts.swap_remove(0),
            (_, ListOperator::HasAll) => Expr::new(ExprKind::And(parts), ScalarType::Bool),
            _ => Expr::new(ExprKind::Or(parts), ScalarType::Bool),
        }
    }

    fn is_tabular_member(&self, expression: &syntax::Expr) -> bool {
        match &expression.kind {
            syntax::ExprKind::Parenthesised(inner) => self.is_tabular_member(inner),
            _ => self.is_tabular(expression, &self.scope.clone()),
        }
    }

    fn unify_member(&mut self, value: Expr, wanted: ScalarType) -> Expr {
        let from = value.scalar_type;
        if from == wanted || (from.is_numeric() && wanted.is_numeric()) || wanted == ScalarType::Dynamic {
            value
        } else {
            self.cast(value, wanted)
        }
    }
}

/// The members of a constant array, flattened, as constants.
fn constant_members(expr: &Expr, textual: bool) -> Option<Vec<Expr>> {
    let Value::Dynamic(text) = expr.as_constant()? else { return None };
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let members = match json {
        serde_json::Value::Array(members) => members,
        other => vec![other],
    };
    members
        .into_iter()
        .map(|member| {
            Some(match member {
                serde_json::Value::String(text) => Expr::string(text),
                serde_json::Value::Bool(value) if !textual => Expr::bool(value),
                serde_json::Value::Number(number) if !textual => match number.as_i64() {
                    Some(value) => Expr::long(value),
                    None => Expr::constant(Value::Real(number.as_f64()?), ScalarType::Real),
                },
                serde_json::Value::Number(number) => Expr::string(number.to_string()),
                serde_json::Value::Bool(value) => Expr::string(value.to_string()),
                _ => return None,
            })
        })
        .collect()
}

fn are_alike(members: &[Expr]) -> bool {
    let class = |member: &Expr| (member.scalar_type.is_numeric(), member.scalar_type == ScalarType::String);
    members.windows(2).all(|pair| matches!(pair, [one, other] if class(one) == class(other)))
}

/// The value of a type that JSON lacks, of a text that is exactly how that value is written: there it is the same
/// whether values or texts are compared.
pub(super) fn as_written(text: &Expr, scalar_type: ScalarType) -> Option<Expr> {
    let Some(Value::String(text)) = text.as_constant() else { return None };
    let value = match scalar_type {
        ScalarType::Datetime => Value::Datetime(parse_datetime(text).filter(|ticks| datetime_text(*ticks) == *text)?),
        ScalarType::Timespan => Value::Timespan(parse_timespan(text).filter(|ticks| timespan_text(*ticks) == *text)?),
        _ => return None,
    };
    Some(Expr::constant(value, scalar_type))
}

fn positive_list(operator: ListOperator) -> (ListOperator, bool) {
    use ListOperator as Op;
    match operator {
        Op::NotIn => (Op::In, true),
        Op::NotInTilde => (Op::InTilde, true),
        Op::NotHasAny => (Op::HasAny, true),
        Op::NotHasAll => (Op::HasAll, true),
        other => (other, false),
    }
}
