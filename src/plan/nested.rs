//! Binding top-nested: the best of each level within the best of the level above.

use super::aggregate::Keys;
use super::binder::{Binder, Context};
use super::names::Names;
use super::tree::{Aggregate, ColumnId, Expr, ExprKind, Field, JoinKind, NodeId, OrderKey, WindowFunction};
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Direction, TopNestedLevel};
use crate::schema::ScalarType;

impl Binder<'_> {
    pub fn top_nested(&mut self, input: NodeId, levels: &[TopNestedLevel], span: Span) -> NodeId {
        let mut rows = input;
        let mut keys: Vec<Field> = Vec::new();
        let mut above: Option<(NodeId, Vec<Field>, Vec<Field>)> = None;
        let mut names = Names::default();
        for level in levels {
            if let Some(others) = &level.with_others {
                self.unsupported(others.span, "'with others' of top-nested", "");
            }
            let Some((key, ranked)) = self.top_level(rows, &keys, level, &mut names, span) else {
                return self.unknown_table(span);
            };
            let ranked_fields = self.fields(ranked).to_vec();
            let (ranked_keys, shown) = {
                let (first, rest) = ranked_fields.split_at(keys.len().min(ranked_fields.len()));
                (first.to_vec(), rest.to_vec())
            };
            // What the level shows comes beside what the levels above showed.
            let (node, parts, all) = match above {
                None => (ranked, shown.iter().take(1).cloned().collect::<Vec<_>>(), shown),
                Some((upper, upper_parts, upper_all)) => {
                    let pairs = upper_parts
                        .iter()
                        .zip(&ranked_keys)
                        .map(|(one, other)| (Expr::column(one), Expr::column(other)))
                        .collect();
                    let hidden: Vec<ColumnId> = ranked_keys.iter().map(|field| field.id).collect();
                    let joined = self.join_node(JoinKind::Inner, upper, ranked, pairs, &hidden, span, "top-nested");
                    let fields = self.fields(joined).to_vec();
                    let mut parts: Vec<Field> = upper_parts
                        .iter()
                        .filter_map(|part| {
                            let place = upper_all.iter().position(|field| field.id == part.id)?;
                            fields.get(place).cloned()
                        })
                        .collect();
                    parts.extend(fields.get(upper_all.len()).cloned());
                    (joined, parts, fields)
                }
            };
            // Only rows of the kept parts go to the next level.
            let with_key = {
                let mut fields = self.fields(rows).to_vec();
                fields.push(key.0.clone());
                self.projection(rows, fields, vec![(key.0.id, key.1)], span, "top-nested")
            };
            keys.push(key.0);
            let pairs = keys.iter().zip(&parts).map(|(one, other)| (Expr::column(one), Expr::column(other))).collect();
            rows = self.join_node(JoinKind::LeftSemi, with_key, node, pairs, &[], span, "top-nested");
            let kept = self.fields(rows).to_vec();
            let offset = kept.len().saturating_sub(keys.len());
            keys = kept.into_iter().skip(offset).collect();
            above = Some((node, parts, all));
        }
        match above {
            Some((node, _, fields)) => self.projection(node, fields, Vec::new(), span, "top-nested"),
            None => input,
        }
    }

    /// One level: the parts above, the part itself and its value, the best of each part above.
    fn top_level(
        &mut self,
        rows: NodeId,
        above: &[Field],
        level: &TopNestedLevel,
        names: &mut Names,
        span: Span,
    ) -> Option<((Field, Expr), NodeId)> {
        let Keys { keys, fields, .. } = self.keys(rows, std::slice::from_ref(&level.by), names);
        let ((_, key), key_field) = (keys.into_iter().next()?, fields.into_iter().next()?);
        let mut context = Context { aggregates: Some(Vec::new()), ..Context::rows(rows) };
        let value = self.scalar(&level.aggregate.value, &mut context);
        let collected: Vec<Aggregate> = context.aggregates.unwrap_or_default();
        if self.is_unknown_column(&value) || self.is_unknown_column(&key) {
            return None;
        }
        let name = match level.aggregate.names.first() {
            Some(name) => names.unique(&name.text),
            None => names.unique(&format!("aggregated_{}", key_field.name)),
        };
        let mut group_keys = Vec::new();
        let mut fields = Vec::new();
        for field in above {
            let new = self.new_field(field.name.as_str(), field.scalar_type);
            group_keys.push((new.id, Expr::column(field)));
            fields.push(new);
        }
        let parents: Vec<ColumnId> = fields.iter().map(|field| field.id).collect();
        group_keys.push((key_field.id, key.clone()));
        fields.push(key_field.clone());
        let grouped = self.group(rows, group_keys, collected, fields.clone(), span, "top-nested");
        let value_field = self.new_field(name, value.scalar_type);
        let (value_id, value_type) = (value_field.id, value_field.scalar_type);
        fields.push(value_field);
        let valued = self.projection(grouped, fields.clone(), vec![(value_id, value)], span, "top-nested");
        let Some(count) = &level.count else {
            return Some(((self.new_field(key_field.name.as_str(), key_field.scalar_type), key), valued));
        };
        let count = self.scalar(count, &mut Context::default());
        let descending = level.aggregate_direction != Some(Direction::Ascending);
        let is_real = value_type == ScalarType::Real;
        let order = vec![OrderKey { column: value_id, descending, nulls_first: !descending, is_real }];
        let place = self.new_column();
        let window =
            ExprKind::Window { function: WindowFunction::RowNumber, arguments: Vec::new(), order, partition: parents };
        let numbered =
            self.projection(valued, fields, vec![(place, Expr::new(window, ScalarType::Long))], span, "top-nested");
        let place = Expr::new(ExprKind::Column(place), ScalarType::Long);
        let best = self.binary_of(BinaryOperator::LessOrEqual, span, place, count);
        let best = self.filter_by(numbered, best, span, "top-nested");
        Some(((self.new_field(key_field.name.as_str(), key_field.scalar_type), key), best))
    }
}
