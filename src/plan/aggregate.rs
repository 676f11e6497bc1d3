//! Binding summarize, distinct and count.

use super::binder::{Binder, Context};
use super::names::Names;
use super::tree::{Aggregate, AggregateKind, ColumnId, Expr, ExprKind, Field, Node, NodeId, NodeKind};
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, Name, NamedExpr};
use crate::schema::ScalarType;

/// The columns of one group: bound keys under their names.
pub(super) struct Keys {
    pub keys: Vec<(ColumnId, Expr)>,
    pub fields: Vec<Field>,
    /// Input columns that are keys themselves, which `arg_max(…, *)` does not repeat.
    pub plain: Vec<ColumnId>,
}

impl Binder<'_> {
    /// Binds `by` expressions.
    pub fn keys(&mut self, input: NodeId, by: &[NamedExpr], names: &mut Names) -> Keys {
        let mut keys = Keys { keys: Vec::new(), fields: Vec::new(), plain: Vec::new() };
        for key in by {
            if let syntax::ExprKind::Wildcard(pattern) = &key.value.kind {
                for field in self.fields(input).to_vec() {
                    if super::stages::matches_pattern(&pattern.text, &field.name) {
                        self.push_key(&mut keys, Expr::column(&field), names.unique(&field.name));
                    }
                }
                continue;
            }
            let mut context = Context { lenient: true, ..Context::rows(input) };
            if let Some(columns) = self.tuple_columns(key, names, &mut context) {
                for (name, expr) in columns {
                    self.push_key(&mut keys, expr, name);
                }
                continue;
            }
            let expr = self.scalar(&key.value, &mut context);
            let name = match key.names.first() {
                Some(name) => names.unique(&name.text),
                None => match self.result_name(&key.value) {
                    Some(name) => names.unique(&name),
                    None => names.next_unnamed(),
                },
            };
            self.push_key(&mut keys, expr, name);
        }
        keys
    }

    fn push_key(&mut self, keys: &mut Keys, expr: Expr, name: String) {
        let field = self.new_field(name, expr.scalar_type);
        if self.is_unknown_column(&expr) {
            self.unknown.insert(field.id);
        }
        if let ExprKind::Column(id) = expr.kind {
            keys.plain.push(id);
        }
        keys.keys.push((field.id, expr));
        keys.fields.push(field);
    }

    /// Adds the aggregation node, with the partition as a key and the lineage collected.
    pub fn group(
        &mut self,
        input: NodeId,
        keys: Vec<(ColumnId, Expr)>,
        mut aggregates: Vec<Aggregate>,
        fields: Vec<Field>,
        span: Span,
        label: &str,
    ) -> NodeId {
        let (mut carried, lineage) = self.carried_through_grouping(input);
        if let (Some(from), Some(id)) = (lineage, carried.lineage) {
            aggregates.push(Aggregate { id, kind: AggregateKind::Lineage(from), scalar_type: ScalarType::Dynamic });
        }
        let mut keys = keys;
        if let Some(partition) = carried.partition {
            let id = self.new_column();
            keys.push((id, Expr::new(ExprKind::Column(partition), ScalarType::Long)));
            carried.partition = Some(id);
        }
        let node = self.add(Node {
            kind: NodeKind::Aggregate { input, keys, aggregates },
            fields,
            carried,
            span,
            label: label.to_owned(),
        });
        self.close(node)
    }

    pub fn distinct(&mut self, input: NodeId, columns: &[NamedExpr], span: Span) -> NodeId {
        let is_open = self.open.contains(&input)
            && columns.iter().any(|column| matches!(column.value.kind, syntax::ExprKind::Wildcard(_)));
        let keys = self.keys(input, columns, &mut Names::default());
        let node = self.group(input, keys.keys, Vec::new(), keys.fields, span, "distinct");
        if is_open {
            self.open.insert(node);
        }
        node
    }

    pub fn count(&mut self, input: NodeId, as_name: Option<&Name>, span: Span) -> NodeId {
        let name = Name { text: "count".to_owned(), span };
        let mut aggregates = Vec::new();
        let column = self.aggregate_of(&name, Vec::new(), &[], span, &mut aggregates);
        let ExprKind::Column(id) = column.kind else { return self.unknown_table(span) };
        let name = as_name.map_or("Count", |name| name.text.as_str()).to_owned();
        let field = Field { id, name, scalar_type: ScalarType::Long };
        self.group(input, Vec::new(), aggregates, vec![field], span, "count")
    }

    pub fn summarize(&mut self, input: NodeId, aggregates: &[NamedExpr], by: &[NamedExpr], span: Span) -> NodeId {
        let mut names = Names::default();
        let keys = self.keys(input, by, &mut names);
        let is_open_star = self.open.contains(&input);
        let mut collected: Vec<Aggregate> = Vec::new();
        let mut shown: Vec<Field> = Vec::new();
        let mut computed: Vec<(ColumnId, Expr)> = Vec::new();
        let mut opens = false;
        for aggregate in aggregates {
            if let syntax::ExprKind::Call { function, arguments } = &aggregate.value.kind {
                let several = match function.text.as_str() {
                    "arg_max" | "arg_min" | "argmax" | "argmin" => {
                        self.extremes(input, function, arguments, &keys, &mut collected)
                    }
                    "take_any" | "any" | "arbitrary" => self.any_row(input, function, arguments, &keys, &mut collected),
                    "percentiles" | "percentilesw" => {
                        self.percentiles(input, function, arguments, aggregate.value.span, &mut collected)
                    }
                    _ => None,
                };
                if let Some(columns) = several {
                    opens |= is_open_star
                        && arguments.iter().any(|one| matches!(one.value.kind, syntax::ExprKind::Wildcard(_)));
                    for (position, (default, expr)) in columns.into_iter().enumerate() {
                        let name = match aggregate.names.get(position) {
                            Some(name) => names.unique(&name.text),
                            None => names.unique(&default),
                        };
                        self.push_result(name, expr, &mut shown, &mut computed);
                    }
                    continue;
                }
            }
            let mut context = Context { aggregates: Some(std::mem::take(&mut collected)), ..Context::rows(input) };
            let expr = self.scalar(&aggregate.value, &mut context);
            collected = context.aggregates.unwrap_or_default();
            self.check_grouped(&expr, &collected, &aggregate.value);
            let name = match aggregate.names.as_slice() {
                [] => match self.result_name(&aggregate.value) {
                    Some(name) => names.unique(&name),
                    None => names.next_unnamed(),
                },
                [name] => names.unique(&name.text),
                [first, ..] => {
                    self.error("several-names", first.span, "this aggregate gives one column");
                    names.unique(&first.text)
                }
            };
            self.push_result(name, expr, &mut shown, &mut computed);
        }
        let mut fields = keys.fields;
        let key_fields = fields.clone();
        fields.extend(shown);
        let node = if computed.is_empty() {
            self.group(input, keys.keys, collected, fields, span, "summarize")
        } else {
            let grouped_fields = key_fields
                .into_iter()
                .chain(collected.iter().map(|one| Field {
                    id: one.id,
                    name: String::new(),
                    scalar_type: one.scalar_type,
                }))
                .collect();
            let grouped = self.group(input, keys.keys, collected, grouped_fields, span, "summarize");
            self.projection(grouped, fields, computed, span, "summarize")
        };
        if opens {
            self.open.insert(node);
        }
        node
    }

    fn push_result(&mut self, name: String, expr: Expr, shown: &mut Vec<Field>, computed: &mut Vec<(ColumnId, Expr)>) {
        let scalar_type = expr.scalar_type;
        let unknown = self.is_unknown_column(&expr);
        let id = match expr.kind {
            ExprKind::Column(id) if !shown.iter().any(|field| field.id == id) => id,
            _ => {
                let id = self.new_column();
                if unknown {
                    self.unknown.insert(id);
                }
                computed.push((id, expr));
                id
            }
        };
        shown.push(Field { id, name, scalar_type });
    }

    /// What stands outside an aggregate must not read single rows.
    pub fn check_grouped(&mut self, expr: &Expr, collected: &[Aggregate], written: &syntax::Expr) {
        let mut loose = false;
        expr.walk(&mut |part| {
            if let ExprKind::Column(id) = part.kind {
                loose |= !collected.iter().any(|aggregate| aggregate.id == id);
            }
        });
        if loose {
            self.diagnostics.push(
                crate::kql::diagnostic::Diagnostic::error(
                    "not-aggregated",
                    written.span,
                    "a column outside an aggregate has no single value for a group",
                )
                .with_help("wrap it in take_any(), max() or make_set(), or put it after 'by'"),
            );
        }
    }

    /// `arg_max(by, columns…)`: the columns it gives, under their default names.
    fn extremes(
        &mut self,
        input: NodeId,
        function: &Name,
        arguments: &[Argument],
        keys: &Keys,
        collected: &mut Vec<Aggregate>,
    ) -> Option<Vec<(String, Expr)>> {
        let (by, rest) = arguments.split_first()?;
        let maximum = function.text.ends_with("max");
        let old = !function.text.contains('_');
        let word = if maximum { "max" } else { "min" };
        let by_expr = self.scalar(&by.value, &mut Context::rows(input));
        let unknown_by = self.is_unknown_column(&by_expr);
        let plain_by = match by_expr.kind {
            ExprKind::Column(id) => Some(id),
            _ => None,
        };
        let by_name = self.result_name(&by.value).unwrap_or_else(|| format!("{word}_"));
        let first_name = if old { format!("{word}_{by_name}") } else { by_name };
        let mut values = vec![(first_name.clone(), by_expr.clone())];
        let asked = self.result_name(&by.value).unwrap_or_default();
        for (place, argument) in rest.iter().enumerate() {
            if let syntax::ExprKind::Wildcard(pattern) = &argument.value.kind {
                for field in self.fields(input).to_vec() {
                    let repeated = Some(field.id) == plain_by || keys.plain.contains(&field.id);
                    if !repeated && super::stages::matches_pattern(&pattern.text, &field.name) {
                        let name = if old { format!("{first_name}_{}", field.name) } else { field.name.clone() };
                        values.push((name, self.field_expr(&field)));
                    }
                }
                continue;
            }
            let expr = self.scalar(&argument.value, &mut Context { lenient: true, ..Context::rows(input) });
            let name = match &argument.name {
                Some(name) => name.text.clone(),
                None => self.result_name(&argument.value).unwrap_or_else(|| format!("{word}_{asked}_arg{}", place + 1)),
            };
            values.push((if old { format!("{first_name}_{name}") } else { name }, expr));
        }
        Some(
            values
                .into_iter()
                .map(|(name, value)| {
                    if unknown_by || self.is_unknown_column(&value) {
                        return (name, Expr::unknown());
                    }
                    let (id, scalar_type) = (self.new_column(), value.scalar_type);
                    let kind = AggregateKind::Extreme { value, by: by_expr.clone(), maximum };
                    collected.push(Aggregate { id, kind, scalar_type });
                    (name, Expr::new(ExprKind::Column(id), scalar_type))
                })
                .collect(),
        )
    }

    /// `percentiles(x, 5, 50, 95)`: a percentile for each rank; `percentilesw` has the weight in between.
    fn percentiles(
        &mut self,
        input: NodeId,
        function: &Name,
        arguments: &[Argument],
        span: Span,
        collected: &mut Vec<Aggregate>,
    ) -> Option<Vec<(String, Expr)>> {
        let weighted = function.text.ends_with('w');
        let single = Name { text: if weighted { "percentilew" } else { "percentile" }.to_owned(), span: function.span };
        let (head, ranks) = arguments.split_at_checked(if weighted { 2 } else { 1 })?;
        if ranks.is_empty() {
            return None;
        }
        let bound: Vec<Expr> =
            head.iter().map(|argument| self.scalar(&argument.value, &mut Context::rows(input))).collect();
        let mut columns = Vec::new();
        for rank in ranks {
            let mut arguments = head.to_vec();
            arguments.push(rank.clone());
            let call = syntax::ExprKind::Call { function: single.clone(), arguments: arguments.clone() };
            let name = self.result_name(&syntax::Expr { kind: call, span }).unwrap_or_else(|| "percentile_".to_owned());
            let mut bound = bound.clone();
            bound.push(self.scalar(&rank.value, &mut Context::default()));
            columns.push((name, self.aggregate_of(&single, bound, &arguments, span, collected)));
        }
        Some(columns)
    }

    /// `take_any(*)`, `take_any(a, b)`.
    fn any_row(
        &mut self,
        input: NodeId,
        function: &Name,
        arguments: &[Argument],
        keys: &Keys,
        collected: &mut Vec<Aggregate>,
    ) -> Option<Vec<(String, Expr)>> {
        let old = function.text == "any";
        let mut values = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            if let syntax::ExprKind::Wildcard(pattern) = &argument.value.kind {
                for field in self.fields(input).to_vec() {
                    if !keys.plain.contains(&field.id) && super::stages::matches_pattern(&pattern.text, &field.name) {
                        let name = if old { format!("any_{}", field.name) } else { field.name.clone() };
                        values.push((name, self.field_expr(&field)));
                    }
                }
                continue;
            }
            let expr = self.scalar(&argument.value, &mut Context::rows(input));
            let named = argument.name.as_ref().map(|name| name.text.clone());
            let name = match named.or_else(|| self.result_name(&argument.value)) {
                Some(name) if old => format!("any_{name}"),
                Some(name) => name,
                None if old && arguments.len() == 1 => "any_".to_owned(),
                None => format!("any_arg{place}"),
            };
            values.push((name, expr));
        }
        let is_alone = values.len() == 1;
        Some(
            values
                .into_iter()
                .map(|(name, value)| {
                    if self.is_unknown_column(&value) {
                        return (name, Expr::unknown());
                    }
                    let (id, scalar_type) = (self.new_column(), value.scalar_type);
                    let kind = if is_alone { AggregateKind::First { value } } else { AggregateKind::Any { value } };
                    collected.push(Aggregate { id, kind, scalar_type });
                    (name, Expr::new(ExprKind::Column(id), scalar_type))
                })
                .collect(),
        )
    }
}
