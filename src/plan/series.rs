//! Binding make-series: aggregates on a regular axis, as arrays.

use super::aggregate::Keys;
use super::binder::{Binder, Context};
use super::join::option_word;
use super::names::Names;
use super::tree::{Aggregate, AggregateKind, ColumnId, Expr, ExprKind, Field, NodeId};
use crate::kql::span::Span;
use crate::kql::syntax::{self, BinaryOperator, NamedExpr, NamedOption, SeriesAggregate, SeriesRange};
use crate::schema::ScalarType;

/// The axis: its first value, its step and how many there are.
struct Axis {
    from: Expr,
    step: Expr,
    count: Expr,
    /// Rows at or above this are beyond the axis, where an end was given.
    end: Option<Expr>,
}

impl Binder<'_> {
    #[expect(clippy::too_many_arguments, reason = "the parts of the operator")]
    pub fn make_series(
        &mut self,
        input: NodeId,
        aggregates: &[SeriesAggregate],
        on: &NamedExpr,
        range: &SeriesRange,
        by: &[NamedExpr],
        options: &[NamedOption],
        span: Span,
    ) -> NodeId {
        let mut never_empty = false;
        match option_word(options, "kind") {
            Some((word, at)) if word == "nonempty" && !by.is_empty() => {
                self.warning("nonempty-by", at, "'kind=nonempty' makes no difference beside 'by': no rows, no series");
            }
            Some((word, _)) if word == "nonempty" => never_empty = true,
            Some((word, at)) => self.unsupported(at, &format!("'kind={word}' of make-series"), ""),
            None => {}
        }
        let axis_value = self.scalar(&on.value, &mut Context::rows(input));
        if self.is_unknown_column(&axis_value) {
            return self.unknown_table(span);
        }
        let scalar_type = match axis_value.scalar_type {
            ScalarType::Int => ScalarType::Long,
            other => other,
        };
        let axis_value = self.cast(axis_value, scalar_type);
        // The axis as a column, so that its least and greatest value can be asked for.
        let axis_id = self.new_column();
        let fields = self.fields(input).to_vec();
        let input = self.projection(input, fields, vec![(axis_id, axis_value)], span, "make-series");
        let axis_value = Expr::new(ExprKind::Column(axis_id), scalar_type);
        let Some(axis) = self.axis(input, &axis_value, range, span) else { return self.unknown_table(span) };

        let mut inside =
            vec![self.binary_of(BinaryOperator::GreaterOrEqual, span, axis_value.clone(), axis.from.clone())];
        if let Some(end) = &axis.end {
            inside.push(self.binary_of(BinaryOperator::Less, span, axis_value.clone(), end.clone()));
        }
        let rows = self.filter_by(input, Expr::new(ExprKind::And(inside), ScalarType::Bool), span, "make-series");
        let index =
            Expr::call("engine:series_index", vec![axis_value, axis.from.clone(), axis.step.clone()], ScalarType::Long);
        let mut names = Names::default();
        let Keys { keys, fields: key_fields, .. } = self.keys(rows, by, &mut names);
        let mut collected: Vec<Aggregate> = Vec::new();
        let mut results: Vec<(String, Expr, Expr)> = Vec::new();
        for aggregate in aggregates {
            let mut context = Context { aggregates: Some(std::mem::take(&mut collected)), ..Context::rows(rows) };
            let value = self.scalar(&aggregate.value.value, &mut context);
            collected = context.aggregates.unwrap_or_default();
            self.check_grouped(&value, &collected, &aggregate.value.value);
            let name = match aggregate.value.names.first() {
                Some(name) => names.unique(&name.text),
                None => match self.result_name(&aggregate.value.value) {
                    Some(name) => names.unique(&name),
                    None => names.next_unnamed(),
                },
            };
            let default = match &aggregate.default {
                Some(default) => self.scalar(default, &mut Context::default()),
                None => Expr::long(0),
            };
            results.push((name, value, default));
        }
        let index_id = self.new_column();
        let mut first_keys = keys;
        first_keys.push((index_id, index));
        let mut first_fields = key_fields.clone();
        first_fields.push(Field { id: index_id, name: String::new(), scalar_type: ScalarType::Long });
        first_fields.extend(collected.iter().map(|one| Field {
            id: one.id,
            name: String::new(),
            scalar_type: one.scalar_type,
        }));
        let binned = self.group(rows, first_keys, collected, first_fields, span, "make-series");

        let mut second_keys: Vec<(ColumnId, Expr)> = Vec::new();
        let mut fields: Vec<Field> = Vec::new();
        for field in &key_fields {
            let new = self.new_field(field.name.as_str(), field.scalar_type);
            second_keys.push((new.id, Expr::column(field)));
            fields.push(new);
        }
        if second_keys.is_empty() && !never_empty {
            // One group, but none without rows.
            second_keys.push((self.new_column(), Expr::long(0)));
        }
        let mut arrays = Vec::new();
        let mut filled: Vec<(ColumnId, Expr)> = Vec::new();
        for (name, value, default) in results {
            if self.is_unknown_column(&value) {
                let field = self.new_field(name, ScalarType::Dynamic);
                self.unknown.insert(field.id);
                fields.push(field);
                continue;
            }
            let value = self.cast(value, ScalarType::Dynamic);
            let default = self.cast(default, ScalarType::Dynamic);
            let field = self.new_field(name, ScalarType::Dynamic);
            let id = if never_empty {
                let id = self.new_column();
                let array = Expr::new(ExprKind::Column(id), ScalarType::Dynamic);
                let defaults = self.registered("repeat", vec![default.clone(), axis.count.clone()], span);
                filled.push((field.id, self.registered("coalesce", vec![array, defaults], span)));
                id
            } else {
                field.id
            };
            arrays.push(Aggregate {
                id,
                kind: AggregateKind::Call {
                    symbol: "engine:series",
                    arguments: vec![
                        Expr::new(ExprKind::Column(index_id), ScalarType::Long),
                        value,
                        axis.count.clone(),
                        default,
                    ],
                },
                scalar_type: ScalarType::Dynamic,
            });
            fields.push(field);
        }
        let grouped_fields = fields
            .iter()
            .filter(|field| !filled.iter().any(|(id, _)| *id == field.id))
            .cloned()
            .chain(filled.iter().zip(&arrays).map(|(_, array)| Field {
                id: array.id,
                name: String::new(),
                scalar_type: ScalarType::Dynamic,
            }))
            .collect();
        let grouped = self.group(binned, second_keys, arrays, grouped_fields, span, "make-series");
        let name = match on.names.first() {
            Some(name) => name.text.clone(),
            None => self.result_name(&on.value).unwrap_or_else(|| "Column1".to_owned()),
        };
        let axis_field = self.new_field(names.unique(&name), ScalarType::Dynamic);
        let axis_array = Expr::call(
            "engine:series_axis",
            vec![axis.from, axis.step, axis.count, Expr::string(scalar_type.name())],
            ScalarType::Dynamic,
        );
        fields.push(axis_field.clone());
        filled.push((axis_field.id, axis_array));
        self.projection(grouped, fields, filled, span, "make-series")
    }

    fn axis(&mut self, input: NodeId, value: &Expr, range: &SeriesRange, span: Span) -> Option<Axis> {
        let scalar_type = value.scalar_type;
        let (from, to, step, inclusive) = match range {
            SeriesRange::FromToStep { from, to, step } => (from.as_ref(), to.as_ref(), step, false),
            SeriesRange::InRange { from, to, step } => (Some(from), Some(to), step, true),
        };
        let step_type = match scalar_type {
            ScalarType::Datetime | ScalarType::Timespan => ScalarType::Timespan,
            ScalarType::Long | ScalarType::Real => scalar_type,
            other => {
                self.error("series-axis", span, format!("an axis cannot be {}", other.name()));
                return None;
            }
        };
        let step = self.scalar(step, &mut Context::default());
        let step = self.cast(step, step_type);
        let bound = |binder: &mut Self, expr: &syntax::Expr| {
            let bound = binder.scalar(expr, &mut Context::default());
            binder.cast(bound, scalar_type)
        };
        let from = match from {
            Some(from) => bound(self, from),
            None => {
                let least = self.extreme_of(input, value, "min", span)?;
                self.registered("bin", vec![least, step.clone()], span)
            }
        };
        let (end, inclusive) = match to {
            Some(to) => (bound(self, to), inclusive),
            None => (self.extreme_of(input, value, "max", span)?, true),
        };
        if [&from, &end, &step].into_iter().any(Expr::is_unknown) {
            return None;
        }
        let symbol = if inclusive { "engine:series_count_inclusive" } else { "engine:series_count" };
        let count = Expr::call(symbol, vec![from.clone(), end.clone(), step.clone()], ScalarType::Long);
        let end = if inclusive {
            Expr::call("engine:series_end", vec![from.clone(), step.clone(), count.clone()], scalar_type)
        } else {
            end
        };
        Some(Axis { from, step, count, end: Some(end) })
    }

    /// The least or greatest value of all rows.
    fn extreme_of(&mut self, input: NodeId, value: &Expr, name: &str, span: Span) -> Option<Expr> {
        let function = syntax::Name { text: name.to_owned(), span };
        let mut collected = Vec::new();
        let column = self.aggregate_of(&function, vec![value.clone()], &[], span, &mut collected);
        let ExprKind::Column(id) = column.kind else { return None };
        let field = Field { id, name: String::new(), scalar_type: value.scalar_type };
        let node = self.group(input, Vec::new(), collected, vec![field], span, "make-series");
        Some(Expr::new(ExprKind::Scalar { node, column: id }, value.scalar_type))
    }
}
