//! Binding top-nested: the best of each level within the best of the level above.

use super::aggregate::Keys;
use super::binder::{Binder, Context};
use super::expressions::negate;
use super::names::Names;
use super::tree::{Aggregate, ColumnId, Expr, ExprKind, Field, JoinKind, NodeId, OrderKey, WindowFunction};
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Direction, TopNestedLevel};
use crate::schema::ScalarType;

/// A level on its way to its others.
struct Part<'a> {
    rows: NodeId,
    /// The parts above, as columns of the rows.
    keys: &'a [Field],
    key: &'a (Field, Expr),
    is_other: Option<&'a Field>,
    /// What the part of the others is called.
    others: Expr,
}

/// A level with its others: its parts, and the rows with their part and whether it is that of the others at the end.
struct Others {
    ranked: NodeId,
    rows: NodeId,
}

impl Binder<'_> {
    pub fn top_nested(&mut self, input: NodeId, levels: &[TopNestedLevel], span: Span) -> NodeId {
        let mut rows = input;
        let mut keys: Vec<Field> = Vec::new();
        let mut above: Option<(NodeId, Vec<Field>, Vec<Field>)> = None;
        let mut names = Names::default();
        // Whether a row belongs to the others of a level above.
        let mut is_other: Option<Field> = None;
        for level in levels {
            let eligible = match &is_other {
                Some(flag) => self.filter_by(rows, negate(Expr::column(flag)), span, "top-nested"),
                None => rows,
            };
            let Some((key, mut ranked)) = self.top_level(eligible, &keys, level, &mut names, span) else {
                return self.unknown_table(span);
            };
            let mut parted = None;
            if let Some(others) = &level.with_others {
                let others = self.scalar(others, &mut Context::default());
                let others = self.cast(others, key.0.scalar_type);
                let part = Part { rows, keys: &keys, key: &key, is_other: is_other.as_ref(), others };
                let Some(found) = self.with_others(&part, ranked, level, span) else {
                    return self.unknown_table(span);
                };
                ranked = found.ranked;
                parted = Some(found);
            } else if is_other.is_some() {
                self.unsupported(level.span, "a level without 'with others' below one that has it", "");
                return self.unknown_table(span);
            }
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
                        .chain(self.same_part(upper, ranked))
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
            if let Some(found) = parted {
                let fields = self.fields(found.rows).to_vec();
                is_other = fields.last().cloned();
                keys = fields.into_iter().rev().skip(1).take(keys.len() + 1).collect();
                keys.reverse();
                rows = found.rows;
                above = Some((node, parts, all));
                continue;
            }
            // Only rows of the kept parts go to the next level.
            let with_key = {
                let mut fields = self.fields(rows).to_vec();
                fields.push(key.0.clone());
                self.projection(rows, fields, vec![(key.0.id, key.1)], span, "top-nested")
            };
            keys.push(key.0);
            let pairs = keys
                .iter()
                .zip(&parts)
                .map(|(one, other)| (Expr::column(one), Expr::column(other)))
                .chain(self.same_part(with_key, node))
                .collect();
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

    /// Adds a part for the rows that are in none of the best parts, for each part above.
    fn with_others(&mut self, part: &Part<'_>, ranked: NodeId, level: &TopNestedLevel, span: Span) -> Option<Others> {
        let (key, key_value) = part.key;
        let with_key = {
            let mut fields = self.fields(part.rows).to_vec();
            fields.push(key.clone());
            self.projection(part.rows, fields, vec![(key.id, key_value.clone())], span, "top-nested")
        };
        // Which rows are in one of the best parts.
        let best = self.fields(ranked).to_vec();
        let mark = self.new_field("", ScalarType::Bool);
        let marked = {
            let mut fields = best.clone();
            fields.push(mark.clone());
            self.projection(ranked, fields, vec![(mark.id, Expr::bool(true))], span, "top-nested")
        };
        let own = part.keys.iter().chain([key]).map(Expr::column);
        let mut pairs: Vec<(Expr, Expr)> = own.zip(best.iter().map(Expr::column)).collect();
        pairs.extend(self.same_part(with_key, marked));
        pairs.extend(part.is_other.map(|flag| (Expr::column(flag), Expr::bool(false))));
        let hidden: Vec<ColumnId> = best.iter().map(|field| field.id).collect();
        let joined = self.join_node(JoinKind::LeftOuter, with_key, marked, pairs, &hidden, span, "top-nested");
        let mut fields = self.fields(joined).to_vec();
        let (mark, old_key) = (fields.pop()?, fields.pop()?);
        if part.is_other.is_some() {
            fields.pop();
        }
        let outside = self.registered("isnull", vec![Expr::column(&mark)], span);
        let arguments = vec![outside.clone(), part.others.clone(), Expr::column(&old_key)];
        let new_value = self.registered("iff", arguments, span);
        let new_key = self.new_field(key.name.as_str(), key.scalar_type);
        let flag = self.new_field("", ScalarType::Bool);
        let computed = vec![(new_key.id, new_value), (flag.id, outside)];
        fields.extend([new_key.clone(), flag.clone()]);
        let rows = self.projection(joined, fields.clone(), computed, span, "top-nested");

        let rest = self.filter_by(rows, Expr::column(&flag), span, "top-nested");
        let mut context = Context { aggregates: Some(Vec::new()), ..Context::rows(rest) };
        let value = self.scalar(&level.aggregate.value, &mut context);
        let mut group_keys = Vec::new();
        let mut shown = Vec::new();
        let first = fields.len().checked_sub(part.keys.len() + 2)?;
        for field in fields.get(first..fields.len() - 1)? {
            let new = self.new_field(field.name.as_str(), field.scalar_type);
            group_keys.push((new.id, Expr::column(field)));
            shown.push(new);
        }
        let aggregates = context.aggregates.unwrap_or_default();
        let grouped = self.group(rest, group_keys, aggregates, shown.clone(), span, "top-nested");
        let value_field = self.new_field("", value.scalar_type);
        shown.push(value_field.clone());
        let others = self.projection(grouped, shown, vec![(value_field.id, value)], span, "top-nested");
        let ranked = self.stacked(ranked, others, span);
        Some(Others { ranked, rows })
    }

    /// Within mv-apply and partition each part has its own best: the rows of a part meet those of the same part.
    fn same_part(&self, one: NodeId, other: NodeId) -> Option<(Expr, Expr)> {
        let part = |node| Some(Expr::new(ExprKind::Column(self.carried(node).partition?), ScalarType::Long));
        Some((part(one)?, part(other)?))
    }

    /// Two nodes with the same columns under each other, called as in the first.
    fn stacked(&mut self, first: NodeId, second: NodeId, span: Span) -> NodeId {
        let names: Vec<String> = self.fields(first).iter().map(|field| field.name.clone()).collect();
        let numbered = [first, second].map(|node| {
            let fields = self.fields(node).to_vec();
            let fields =
                fields.into_iter().enumerate().map(|(place, field)| Field { name: place.to_string(), ..field });
            (self.projection(node, fields.collect(), Vec::new(), span, "top-nested"), None)
        });
        let node = self.union_node(&numbered, false, None, "", span);
        let fields = self.fields(node).to_vec();
        let fields = fields.into_iter().zip(names).map(|(field, name)| Field { name, ..field }).collect();
        self.projection(node, fields, Vec::new(), span, "top-nested")
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
        self.check_grouped(&value, &collected, &level.aggregate.value);
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
        let mut parents: Vec<ColumnId> = fields.iter().map(|field| field.id).collect();
        group_keys.push((key_field.id, key.clone()));
        fields.push(key_field.clone());
        let grouped = self.group(rows, group_keys, collected, fields.clone(), span, "top-nested");
        parents.extend(self.carried(grouped).partition);
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
