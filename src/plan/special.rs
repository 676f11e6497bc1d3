//! Binding functions that no implementation could compute from its arguments: they need the clock, the names or the
//! rows of the query, or tables outside it.

use super::binder::{Binder, Context};
use super::expressions::negate;
use super::tree::{Expr, ExprKind, Field};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, BinaryOperator, Name};
use crate::schema::{ScalarType, Value};

impl Binder<'_> {
    /// Functions that the registry cannot compute: `None` where the name is not one of them.
    pub fn special(
        &mut self,
        function: &Name,
        arguments: &[Argument],
        span: Span,
        context: &mut Context,
    ) -> Option<Expr> {
        let values: Vec<&syntax::Expr> = arguments.iter().map(|argument| &argument.value).collect();
        Some(match (function.text.as_str(), values.as_slice()) {
            ("now", []) => Expr::constant(Value::Datetime(self.now), ScalarType::Datetime),
            ("now" | "ago", [offset]) => {
                let span_of_offset = offset.span;
                let offset = self.scalar(offset, context);
                if offset.scalar_type.is_numeric() && !self.is_unknown_column(&offset) {
                    let message =
                        format!("{}() takes a timespan, and this is {}", function.text, offset.scalar_type.name());
                    let help = match offset.as_constant() {
                        Some(Value::Long(days)) => format!("give it a unit: '{days}d', '{days}h', '{days}m'"),
                        _ => "multiply it with a unit: '… * 1d'".to_owned(),
                    };
                    self.diagnostics.push(Diagnostic::error("argument-type", span_of_offset, message).with_help(help));
                    return Some(Expr::unknown());
                }
                let now = Expr::constant(Value::Datetime(self.now), ScalarType::Datetime);
                let operator = if function.text == "now" { BinaryOperator::Add } else { BinaryOperator::Subtract };
                self.binary_of(operator, span, now, offset)
            }
            ("not", [operand]) => {
                let operand = self.predicate(operand, context);
                if operand.is_unknown() { operand } else { negate(operand) }
            }
            ("ingestion_time", []) => {
                let column = context.node.and_then(|node| self.carried(node).ingestion);
                match column {
                    Some(column) => Expr::new(ExprKind::Column(column), ScalarType::Datetime),
                    None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                    None => Expr::null(ScalarType::Datetime),
                }
            }
            ("event_id", []) => match context.node.and_then(|node| self.carried(node).event) {
                Some(column) => Expr::new(ExprKind::Column(column), ScalarType::Long),
                None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                None => Expr::null(ScalarType::Long),
            },
            ("column_ifexists" | "columnifexists", [column, default]) => {
                let name = match self.scalar(column, &mut Context::default()).as_constant() {
                    Some(Value::String(name)) => name.clone(),
                    _ => {
                        self.error("column-name", column.span, "the name of a column is wanted, as a constant string");
                        return Some(Expr::unknown());
                    }
                };
                self.absent_columns.remove(&column.span);
                match self.find_field(&name, context) {
                    Some(field) => self.field_expr(&field),
                    None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                    None => {
                        self.absent_columns.insert(column.span);
                        self.scalar(default, context)
                    }
                }
            }
            ("toscalar", [table]) => self.scalar_of_table(table, context),
            ("materialize", [value]) if !self.is_tabular(value, &self.scope.clone()) => self.scalar(value, context),
            ("pack_all", rest) => self.pack_all(rest, span, context),
            ("pack_array", [all]) if matches!(&all.kind, syntax::ExprKind::Wildcard(name) if name.text == "*") => {
                let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
                self.registered("pack_array", fields.iter().map(Expr::column).collect(), span)
            }
            ("bag_pack_columns", [_, ..]) => {
                let mut members = Vec::new();
                for value in values {
                    let Some(name) = self.result_name(value) else {
                        self.error("column-name", value.span, "bag_pack_columns() takes columns");
                        return Some(Expr::unknown());
                    };
                    members.push(Expr::string(name));
                    members.push(self.scalar(value, context));
                }
                self.registered("bag_pack", members, span)
            }
            ("assert", [condition, message]) => {
                let at = condition.span;
                let (condition, message) = (self.predicate(condition, context), self.scalar(message, context));
                let mut reads_rows = false;
                condition.walk(&mut |part| reads_rows |= matches!(part.kind, ExprKind::Column(_)));
                if reads_rows {
                    self.diagnostics.push(
                        Diagnostic::error("assert-condition", at, "the condition of assert() must not depend on rows")
                            .with_help("keep the rows you want with 'where'"),
                    );
                    return Some(Expr::unknown());
                }
                self.registered("assert", vec![condition, message], span)
            }
            ("parse_user_agent", [agent, ..]) => {
                let _ = self.scalar(agent, context);
                self.diagnostics.push(
                    Diagnostic::warning(
                        "no-user-agent-data",
                        span,
                        "no table of browsers is configured; parse_user_agent() gives null",
                    )
                    .with_label("null for every user agent"),
                );
                Expr::null(ScalarType::Dynamic)
            }
            ("geo_info_from_ip_address", [address]) => {
                let _ = self.scalar(address, context);
                self.diagnostics.push(
                    Diagnostic::warning(
                        "no-geo-data",
                        span,
                        "no geographic data is configured; geo_info_from_ip_address() gives null",
                    )
                    .with_label("null for every address"),
                );
                Expr::null(ScalarType::Dynamic)
            }
            _ => return None,
        })
    }

    fn scalar_of_table(&mut self, table: &syntax::Expr, context: &mut Context) -> Expr {
        if !self.is_tabular(table, &self.scope.clone()) && !matches!(table.kind, syntax::ExprKind::Name(_)) {
            return self.scalar(table, context);
        }
        let node = self.table(table);
        let Some(field) = self.fields(node).first().cloned() else { return Expr::unknown() };
        if self.unknown.contains(&field.id) || self.open.contains(&node) {
            return Expr::unknown();
        }
        Expr::new(ExprKind::Scalar { node, column: field.id }, field.scalar_type)
    }

    fn pack_all(&mut self, arguments: &[&syntax::Expr], span: Span, context: &mut Context) -> Expr {
        let ignore_empty = arguments
            .first()
            .map(|argument| self.scalar(argument, context))
            .is_some_and(|argument| argument.as_constant() == Some(&Value::Bool(true)));
        let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
        let members = fields
            .iter()
            .filter(|field| !self.unknown.contains(&field.id))
            .flat_map(|field| [Expr::string(field.name.as_str()), Expr::column(field)])
            .collect::<Vec<_>>();
        if !ignore_empty {
            return self.registered("bag_pack", members, span);
        }
        self.packed(&fields)
    }

    /// The columns of a row that hold something, as a bag.
    pub fn packed(&mut self, fields: &[Field]) -> Expr {
        let mut members = Vec::new();
        for field in fields {
            if !self.unknown.contains(&field.id) {
                members.push(Expr::string(field.name.as_str()));
                members.push(self.cast(Expr::column(field), ScalarType::Dynamic));
            }
        }
        Expr::call("bag_pack_filled", members, ScalarType::Dynamic)
    }
}
