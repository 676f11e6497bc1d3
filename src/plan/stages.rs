//! Binding the operators that keep rows as they are: where, extend, project and its kin, sort, top, take, serialize.

use super::binder::{Binder, Context};
use super::columns::did_you_mean;
use super::names::Names;
use super::tree::{Carried, ColumnId, Expr, ExprKind, Field, Node, NodeId, NodeKind, OrderKey};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{self, ColumnPattern, Direction, NamedExpr, NullsOrder, PatternOrder, SortKey};
use crate::schema::{ScalarType, Value};

/// Whether an item of extend is the name of a column that is there, which says nothing new.
fn is_column_itself(item: &NamedExpr, fields: &[Field]) -> bool {
    let syntax::ExprKind::Name(name) = &item.value.kind else { return false };
    item.names.is_empty() && fields.iter().any(|field| field.name == name.text)
}

impl Binder<'_> {
    /// Adds a node that shows `fields`, calculating those in `computed`, and carries what its input carries.
    pub fn projection(
        &mut self,
        input: NodeId,
        fields: Vec<Field>,
        computed: Vec<(ColumnId, Expr)>,
        span: Span,
        label: &str,
    ) -> NodeId {
        let carried = self.carried(input);
        for (id, expr) in &computed {
            if self.is_unknown_column(expr) {
                self.unknown.insert(*id);
            }
        }
        self.add(Node { kind: NodeKind::Project { input, computed }, fields, carried, span, label: label.to_owned() })
    }

    /// A context in which window functions may be used, and the node that computes those that were.
    pub fn with_windows<T>(
        &mut self,
        input: NodeId,
        lenient: bool,
        span: Span,
        bind: impl FnOnce(&mut Self, &mut Context) -> T,
    ) -> (NodeId, T) {
        let mut context = Context { windows: Some(Vec::new()), lenient, ..Context::rows(input) };
        let result = bind(self, &mut context);
        let mut node = input;
        for window in context.windows.unwrap_or_default() {
            let fields = self.fields(input).to_vec();
            node = self.projection(node, fields, vec![window], span, "window");
        }
        (node, result)
    }

    pub fn filter(&mut self, input: NodeId, predicate: &syntax::Expr, span: Span) -> NodeId {
        let (input, predicate) =
            self.with_windows(input, false, span, |binder, context| binder.predicate(predicate, context));
        self.filter_by(input, predicate, span, "where")
    }

    pub fn filter_by(&mut self, input: NodeId, predicate: Expr, span: Span, label: &str) -> NodeId {
        let fields = self.fields(input).to_vec();
        let carried = self.carried(input);
        self.add(Node { kind: NodeKind::Filter { input, predicate }, fields, carried, span, label: label.to_owned() })
    }

    pub fn extend(&mut self, input: NodeId, values: &[NamedExpr], span: Span, label: &str) -> NodeId {
        let (node, computed) = self.with_windows(input, false, span, |binder, context| {
            let mut computed: Vec<(Field, Expr)> = Vec::new();
            // Kusto's own binder: `extend tostring(x)` gives x anew, `serialize tostring(x)` a second one.
            let mut names = match label {
                "extend" => Names::replacing(binder.fields(input)),
                _ => Names::of(binder.fields(input)),
            };
            for value in values {
                if is_column_itself(value, binder.fields(input)) {
                    continue;
                }
                for (name, expr) in binder.item_columns(value, &mut names, context) {
                    let field = binder.new_field(name, expr.scalar_type);
                    computed.push((field, expr));
                }
            }
            computed
        });
        // A column given anew keeps its place (the documentation says it moves to the end; the engine does not).
        let new: Vec<Field> = computed.iter().map(|(field, _)| field.clone()).collect();
        let fields = self.with_fields(input, &new);
        let computed = computed.into_iter().map(|(field, expr)| (field.id, expr)).collect();
        self.projection(node, fields, computed, span, label)
    }

    pub fn project(&mut self, input: NodeId, values: &[NamedExpr], span: Span) -> NodeId {
        let (node, (fields, computed)) = self.with_windows(input, true, span, |binder, context| {
            let mut names = Names::default();
            for name in values.iter().flat_map(|value| &value.names) {
                if !names.claim(&name.text) {
                    binder.error("duplicate-column", name.span, format!("the column '{}' repeats", name.text));
                }
            }
            let mut fields = Vec::new();
            let mut computed = Vec::new();
            for value in values {
                if let syntax::ExprKind::Wildcard(pattern) = &value.value.kind {
                    for field in binder.fields(input).to_vec() {
                        if matches_pattern(&pattern.text, &field.name) && names.claim(&field.name) {
                            fields.push(field);
                        }
                    }
                    continue;
                }
                for (name, expr) in binder.item_columns(value, &mut names, context) {
                    let scalar_type = expr.scalar_type;
                    match expr.kind {
                        // A column under the same or another name stays the column it is.
                        ExprKind::Column(id) if !fields.iter().any(|field: &Field| field.id == id) => {
                            fields.push(Field { id, name, scalar_type });
                        }
                        _ => {
                            let field = binder.new_field(name, scalar_type);
                            computed.push((field.id, expr));
                            fields.push(field);
                        }
                    }
                }
            }
            (fields, computed)
        });
        let node = self.projection(node, fields, computed, span, "project");
        self.close(node)
    }

    /// The fields a pattern of `project-away`, `-keep` or `-reorder` means.
    fn pattern_fields(&mut self, input: NodeId, pattern: &ColumnPattern) -> Vec<Field> {
        let name = &pattern.name;
        let fields: Vec<Field> =
            self.fields(input).iter().filter(|field| matches_pattern(&name.text, &field.name)).cloned().collect();
        if fields.is_empty() && !name.text.contains('*') && !self.open.contains(&input) {
            let mut context = Context { lenient: true, ..Context::rows(input) };
            let expression = syntax::Expr { kind: syntax::ExprKind::Name(name.clone()), span: name.span };
            let _ = self.scalar(&expression, &mut context);
        }
        fields
    }

    pub fn project_away(&mut self, input: NodeId, patterns: &[ColumnPattern], span: Span) -> NodeId {
        let gone: Vec<ColumnId> =
            patterns.iter().flat_map(|pattern| self.pattern_fields(input, pattern)).map(|field| field.id).collect();
        let fields = self.fields(input).iter().filter(|field| !gone.contains(&field.id)).cloned().collect();
        self.projection(input, fields, Vec::new(), span, "project-away")
    }

    pub fn project_keep(&mut self, input: NodeId, patterns: &[ColumnPattern], span: Span) -> NodeId {
        let kept: Vec<ColumnId> =
            patterns.iter().flat_map(|pattern| self.pattern_fields(input, pattern)).map(|field| field.id).collect();
        let fields = self.fields(input).iter().filter(|field| kept.contains(&field.id)).cloned().collect();
        self.projection(input, fields, Vec::new(), span, "project-keep")
    }

    pub fn project_rename(&mut self, input: NodeId, values: &[NamedExpr], span: Span) -> NodeId {
        let mut fields = self.fields(input).to_vec();
        let mut renamed = Vec::new();
        for value in values {
            let (Some(new), syntax::ExprKind::Name(old)) = (value.names.first(), &value.value.kind) else {
                self.error("rename", value.value.span, "write 'project-rename New = Old'");
                continue;
            };
            match fields.iter_mut().find(|field| field.name == old.text) {
                Some(field) => {
                    field.name = new.text.clone();
                    renamed.push((new.text.as_str(), new.span));
                }
                None if self.open.contains(&input) => {
                    let field = self.new_field(new.text.as_str(), ScalarType::Dynamic);
                    self.unknown.insert(field.id);
                    fields.push(field);
                }
                None => {
                    let known: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
                    let near = nearest(&old.text, known.iter().map(String::as_str));
                    let mut diagnostic =
                        Diagnostic::error("unknown-column", old.span, format!("there is no column '{}'", old.text));
                    diagnostic.help.extend(did_you_mean(&near));
                    self.diagnostics.push(diagnostic);
                }
            }
        }
        let mut names = Names::default();
        for field in &fields {
            if !names.claim(&field.name) {
                let at = renamed.iter().find(|(name, _)| *name == field.name).map_or(span, |(_, at)| *at);
                self.error("duplicate-column", at, format!("two columns would be called '{}'", field.name));
            }
        }
        self.projection(input, fields, Vec::new(), span, "project-rename")
    }

    pub fn project_reorder(&mut self, input: NodeId, patterns: &[ColumnPattern], span: Span) -> NodeId {
        let mut fields: Vec<Field> = Vec::new();
        for pattern in patterns {
            let mut matched = self.pattern_fields(input, pattern);
            match pattern.direction {
                Some(PatternOrder::Ascending | PatternOrder::GrannyAscending) => {
                    matched.sort_by(|left, right| left.name.cmp(&right.name));
                }
                Some(PatternOrder::Descending | PatternOrder::GrannyDescending) => {
                    matched.sort_by(|left, right| right.name.cmp(&left.name));
                }
                None => {}
            }
            fields.extend(
                matched.into_iter().filter(|field| !fields.iter().any(|seen| seen.id == field.id)).collect::<Vec<_>>(),
            );
        }
        let rest: Vec<Field> =
            self.fields(input).iter().filter(|field| !fields.iter().any(|seen| seen.id == field.id)).cloned().collect();
        fields.extend(rest);
        self.projection(input, fields, Vec::new(), span, "project-reorder")
    }

    pub fn sort(&mut self, input: NodeId, keys: &[SortKey], span: Span, label: &str) -> NodeId {
        let (node, bound) = self.with_windows(input, false, span, |binder, context| {
            keys.iter().map(|key| (binder.scalar(&key.value.value, context), key)).collect::<Vec<_>>()
        });
        let mut order = Vec::new();
        let mut computed = Vec::new();
        for (expr, key) in bound {
            if self.is_unknown_column(&expr) {
                continue;
            }
            let descending = key.direction != Some(Direction::Ascending);
            let nulls_first = match key.nulls {
                Some(nulls) => nulls == NullsOrder::First,
                None => !descending,
            };
            // Decimals are digits in text; their order is that of the numbers.
            let expr = if expr.scalar_type == ScalarType::Decimal { self.cast(expr, ScalarType::Real) } else { expr };
            let is_real = expr.scalar_type == ScalarType::Real;
            let column = match expr.kind {
                ExprKind::Column(id) => id,
                _ => {
                    let id = self.new_column();
                    computed.push((id, expr));
                    id
                }
            };
            order.push(OrderKey { column, descending, nulls_first, is_real });
        }
        let fields = self.fields(input).to_vec();
        let sorted = self.projection(node, fields, computed, span, label);
        if let Some(node) = self.nodes.get_mut(sorted.0) {
            node.carried.order = order;
            node.carried.serialized = true;
        }
        sorted
    }

    pub fn serialize(&mut self, input: NodeId, span: Span) -> NodeId {
        let fields = self.fields(input).to_vec();
        let node = self.projection(input, fields, Vec::new(), span, "serialize");
        if let Some(node) = self.nodes.get_mut(node.0) {
            node.carried.serialized = true;
        }
        node
    }

    pub fn limit(&mut self, input: NodeId, count: &syntax::Expr, span: Span, label: &str) -> NodeId {
        if let syntax::ExprKind::Name(name) = &count.kind
            && self.scope.get(&name.text).is_none()
        {
            let message = format!("the number of rows must stand here, not '{}'", name.text);
            let example = if label == "top" { "top 10 by …" } else { "take 10" };
            self.diagnostics
                .push(Diagnostic::error("row-count", count.span, message).with_help(format!("write '{example}'")));
            return input;
        }
        let bound = self.scalar(count, &mut Context::default());
        if bound.is_unknown() {
            return input;
        }
        if !bound.scalar_type.is_integer() {
            self.error("row-count", count.span, "the number of rows must be an integer");
            return input;
        }
        if let Some(Value::Long(number)) = bound.as_constant()
            && *number < 0
        {
            self.error("row-count", count.span, "the number of rows cannot be negative");
            return input;
        }
        let fields = self.fields(input).to_vec();
        let carried = self.carried(input);
        self.add(Node { kind: NodeKind::Limit { input, count: bound }, fields, carried, span, label: label.to_owned() })
    }

    pub fn getschema(&mut self, input: NodeId, span: Span) -> NodeId {
        if self.open.contains(&input) {
            return self.unknown_table(span);
        }
        let described = self.fields(input).to_vec();
        let fields = vec![
            self.new_field("ColumnName", ScalarType::String),
            self.new_field("ColumnOrdinal", ScalarType::Int),
            self.new_field("DataType", ScalarType::String),
            self.new_field("ColumnType", ScalarType::String),
        ];
        let rows = described
            .iter()
            .zip(0_i32..)
            .map(|(field, ordinal)| {
                vec![
                    Expr::string(field.name.as_str()),
                    Expr::constant(Value::Int(ordinal), ScalarType::Int),
                    Expr::string(match field.scalar_type {
                        ScalarType::Decimal => "System.Data.SqlTypes.SqlDecimal".to_owned(),
                        other => format!("System.{}", other.clr_name()),
                    }),
                    Expr::string(field.scalar_type.name()),
                ]
            })
            .collect();
        self.rows_node(fields, rows, span, "getschema")
    }

    /// A node that hides everything its input carries but the partition and the lineage.
    pub fn carried_through_grouping(&mut self, input: NodeId) -> (Carried, Option<ColumnId>) {
        let before = self.carried(input);
        let lineage = before.lineage.map(|_| self.new_column());
        (Carried { partition: before.partition, lineage, ..Carried::default() }, before.lineage)
    }
}

/// Whether a name matches a pattern in which `*` stands for any text.
pub(super) fn matches_pattern(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(first) = pieces.next() else { return false };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece).and_then(|at| rest.get(at + piece.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
