//! Binding window functions: `prev`, `row_number`, `row_cumsum` and their kin read the rows around a row.
//!
//! Each is computed by a projection before the operator it stands in, and read as a column.

use super::binder::{Binder, Context};
use super::calls::shape;
use super::functions::{ArgumentShape, resolve_function};
use super::tree::{ColumnId, Expr, ExprKind, WindowFunction};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{Argument, Name};
use crate::schema::{ScalarType, Value};

impl Binder<'_> {
    /// Binds a window function: it is computed by a projection before the operator, and read as a column.
    pub fn window(&mut self, function: &Name, arguments: &[Argument], span: Span, context: &mut Context) -> Expr {
        let mut bound: Vec<Expr> = arguments.iter().map(|argument| self.scalar(&argument.value, context)).collect();
        if bound.iter().any(|argument| self.is_unknown_column(argument)) {
            return Expr::unknown();
        }
        let carried = context.node.map(|node| self.carried(node)).unwrap_or_default();
        if context.node.is_some_and(|node| self.open.contains(&node)) {
            return Expr::unknown();
        }
        if !carried.serialized || context.windows.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    "not-serialized",
                    span,
                    format!("'{}' needs rows in an order, and these have none", function.text),
                )
                .with_help("put 'sort by …' or 'serialize' before this operator"),
            );
            return Expr::unknown();
        }
        let shapes: Vec<ArgumentShape> = bound.iter().map(shape).collect();
        let resolution = match resolve_function(&function.text, &shapes) {
            Ok(resolution) => resolution,
            Err(error) => {
                self.resolution_error(&error, function, span);
                return Expr::unknown();
            }
        };
        let name = function.text.as_str();
        if name == "prev" || name == "next" {
            let value = bound.first().map_or(ScalarType::Dynamic, |value| value.scalar_type);
            if bound.len() == 3
                && let Some(default) = bound.pop()
            {
                let default = self.cast(default, value);
                bound.push(default);
            }
            let window = if name == "prev" { WindowFunction::Previous } else { WindowFunction::Next };
            return self.hoist(window, bound, value, &[], context);
        }
        // A restart makes parts: their number is the count of restarts so far.
        let restart_at = if name == "row_window_session" { 3 } else { 1 };
        let restart = (bound.len() > restart_at).then(|| bound.remove(restart_at));
        let restart = restart.filter(|restart| restart.as_constant() != Some(&Value::Bool(false)));
        let part: Vec<_> = match restart {
            Some(restart) => {
                let count =
                    self.hoist(WindowFunction::CumulativeSum, vec![as_number(restart)], ScalarType::Long, &[], context);
                match count.kind {
                    ExprKind::Column(id) => vec![id],
                    _ => Vec::new(),
                }
            }
            None => Vec::new(),
        };
        match name {
            "row_window_session" => {
                let bound =
                    bound.into_iter().zip(resolution.parameters).map(|(value, to)| self.cast(value, to)).collect();
                self.hoist(WindowFunction::SessionStart, bound, ScalarType::Datetime, &part, context)
            }
            "row_number" => self.hoist(WindowFunction::RowNumber, bound, ScalarType::Long, &part, context),
            "row_cumsum" => {
                let scalar_type = resolution.returns;
                let bound = bound.into_iter().map(|value| self.cast(value, scalar_type)).collect();
                self.hoist(WindowFunction::CumulativeSum, bound, scalar_type, &part, context)
            }
            _ => {
                let Some(value) = bound.into_iter().next() else { return Expr::unknown() };
                let scalar_type = value.scalar_type;
                let before = self.hoist(WindowFunction::Previous, vec![value.clone()], scalar_type, &part, context);
                let place = self.hoist(WindowFunction::RowNumber, Vec::new(), ScalarType::Long, &part, context);
                let changed = Expr::call("engine:changed", vec![value, before, place.clone()], ScalarType::Long);
                if name == "row_rank_min" {
                    let first = Expr::call("engine:place_if_changed", vec![changed, place], ScalarType::Long);
                    self.hoist(WindowFunction::RunningMaximum, vec![first], ScalarType::Long, &part, context)
                } else {
                    self.hoist(WindowFunction::CumulativeSum, vec![changed], ScalarType::Long, &part, context)
                }
            }
        }
    }

    fn hoist(
        &mut self,
        function: WindowFunction,
        arguments: Vec<Expr>,
        scalar_type: ScalarType,
        part: &[ColumnId],
        context: &mut Context,
    ) -> Expr {
        let carried = context.node.map(|node| self.carried(node)).unwrap_or_default();
        let partition = carried.partition.into_iter().chain(part.iter().copied()).collect();
        let kind = ExprKind::Window { function, arguments, order: carried.order, partition };
        let id = self.new_column();
        if let Some(windows) = &mut context.windows {
            windows.push((id, Expr::new(kind, scalar_type)));
        }
        Expr::new(ExprKind::Column(id), scalar_type)
    }
}

/// A condition counted as 0 or 1, null as 0.
fn as_number(condition: Expr) -> Expr {
    Expr::call("engine:is_true", vec![condition], ScalarType::Long)
}
