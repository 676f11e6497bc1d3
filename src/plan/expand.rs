//! Binding mv-expand, mv-apply and partition: operators that make rows of arrays, or tables of parts.
//!
//! `mv-apply` and `partition` run their body once for each part without a loop: the part's number travels with the
//! rows, and every operator of the body keeps to it (see [`Carried::partition`](super::tree::Carried)).

use super::binder::{Binder, Context};
use super::join::option_word;
use super::names::Names;
use super::parse::put;
use super::tree::{
    Carried, ColumnId, Expansion, Expr, ExprKind, Field, JoinKind, Node, NodeId, NodeKind, OrderKey, WindowFunction,
};
use crate::kql::span::Span;
use crate::kql::syntax::{self, MvExpandColumn, NamedOption, Operator, PartitionBody};
use crate::schema::ScalarType;

impl Binder<'_> {
    pub fn mv_expand(
        &mut self,
        input: NodeId,
        options: &[NamedOption],
        columns: &[MvExpandColumn],
        limit: Option<&syntax::Expr>,
        span: Span,
    ) -> NodeId {
        let is_ordered = !self.carried(input).order.is_empty();
        self.expand_arrays(input, options, columns, limit, is_ordered, span)
    }

    /// The rows of arrays; `is_ordered` where the members' places say the order of the rows.
    fn expand_arrays(
        &mut self,
        input: NodeId,
        options: &[NamedOption],
        columns: &[MvExpandColumn],
        limit: Option<&syntax::Expr>,
        is_ordered: bool,
        span: Span,
    ) -> NodeId {
        let mut fields = self.fields(input).to_vec();
        let mut names = Names::replacing(&fields);
        let mut expansions = Vec::new();
        let mut computed = Vec::new();
        for column in columns {
            let array = self.scalar(&column.value.value, &mut Context::rows(input));
            let wanted = match &column.to_type {
                Some(name) => self.scalar_type(name).unwrap_or(ScalarType::Dynamic),
                None => ScalarType::Dynamic,
            };
            let is_unknown = self.is_unknown_column(&array);
            let name = match column.value.names.first() {
                Some(name) => name.text.clone(),
                None => match self.result_name(&column.value.value) {
                    Some(name) => names.unique(&name),
                    None => names.next_unnamed(),
                },
            };
            let field = self.new_field(name, wanted);
            if is_unknown {
                self.unknown.insert(field.id);
            }
            put(&mut fields, std::slice::from_ref(&field));
            if is_unknown {
                continue;
            }
            let array = match array.scalar_type {
                ScalarType::Dynamic => array,
                _ => self.cast(array, ScalarType::Dynamic),
            };
            let id = if wanted == ScalarType::Dynamic { field.id } else { self.new_column() };
            if wanted != ScalarType::Dynamic {
                let member = Expr::new(ExprKind::Column(id), ScalarType::Dynamic);
                let value = self.cast(member, wanted);
                computed.push((field.id, value));
            }
            expansions.push(Expansion { id, array });
        }
        let pairs = option_word(options, "kind").or_else(|| option_word(options, "bagexpansion"));
        let pairs = pairs.is_some_and(|(word, _)| word == "array");
        let index = self.new_column();
        if let Some((name, _)) = option_word(options, "with_itemindex") {
            fields.push(Field { id: index, name, scalar_type: ScalarType::Long });
        }
        let limit = limit.map(|limit| self.scalar(limit, &mut Context::default()));
        let mut carried = self.carried(input);
        if is_ordered {
            carried.order.push(OrderKey { column: index, descending: false, nulls_first: true, is_real: false });
        }
        if expansions.is_empty() {
            return self.projection(input, fields, Vec::new(), span, "mv-expand");
        }
        let inner_fields = if computed.is_empty() { fields.clone() } else { self.fields(input).to_vec() };
        let node = self.add(Node {
            kind: NodeKind::Expand { input, expansions, index: Some(index), pairs, limit },
            fields: inner_fields,
            carried,
            span,
            label: "mv-expand".to_owned(),
        });
        if computed.is_empty() { node } else { self.projection(node, fields, computed, span, "mv-expand") }
    }

    pub fn mv_apply(
        &mut self,
        input: NodeId,
        options: &[NamedOption],
        columns: &[MvExpandColumn],
        limit: Option<&syntax::Expr>,
        body: &[Operator],
        span: Span,
    ) -> NodeId {
        let outer = self.fields(input).to_vec();
        let carried = self.carried(input);
        let (numbered, number) = self.numbered(input, span);
        // The members of one array come in its order, so `next` and `row_number` may ask for the rows around.
        let expanded = self.expand_arrays(numbered, options, columns, limit, true, span);
        self.set_partition(expanded, Some(number));
        self.set_order(expanded, None, true);
        let node = self.body_of_parts(body, expanded, None);
        let Some(part) = self.carried(node).partition else {
            self.unsupported(span, "this body of mv-apply", "");
            return self.unknown_table(span);
        };
        // A column that is applied under its own name is what the body leaves of it.
        let is_applied = |old: &&Field| {
            columns.iter().any(|column| {
                let is_itself =
                    matches!(&column.value.value.kind, syntax::ExprKind::Name(name) if name.text == old.name);
                is_itself && column.value.names.iter().all(|name| name.text == old.name)
            })
        };
        let applied: Vec<&Field> = outer.iter().filter(is_applied).collect();
        let mut made: Vec<Field> = self.fields(node).to_vec();
        made.retain(|field| !outer.iter().any(|old| old.id == field.id && old.name == field.name));
        let node = self.with_own_columns(node, &mut made, &outer, span);
        let mut fields: Vec<Field> = outer.clone();
        fields.retain(|field| !applied.iter().any(|applied| applied.id == field.id));
        let kept: Vec<Field> =
            fields.iter().filter(|field| !made.iter().any(|new| new.name == field.name)).cloned().collect();
        put(&mut fields, &made);
        if self.keeps_rows(node, expanded) {
            let done = self.projection(node, fields, Vec::new(), span, "mv-apply");
            self.set_partition(done, carried.partition);
            self.set_order(done, carried.order.is_empty().then(Vec::new), carried.serialized);
            return done;
        }
        // The body gave other rows: the outer columns come back by the number of the row.
        let rows = self.projection(numbered, kept, Vec::new(), span, "mv-apply");
        let results = self.projection(node, made, Vec::new(), span, "mv-apply");
        self.set_partition(results, None);
        let key = |id: ColumnId| Expr::new(ExprKind::Column(id), ScalarType::Long);
        let keys = vec![(key(number), key(part))];
        let joined = self.join_node(JoinKind::Inner, rows, results, keys, &[], span, "mv-apply");
        let found = self.fields(joined).to_vec();
        let ordered = fields.iter().filter_map(|field| found.iter().find(|one| one.name == field.name)).cloned();
        self.projection(joined, ordered.collect(), Vec::new(), span, "mv-apply")
    }

    /// Gives those of the columns an id of their own that are columns of `outer` under another name.
    fn with_own_columns(&mut self, node: NodeId, columns: &mut [Field], outer: &[Field], span: Span) -> NodeId {
        let mut computed = Vec::new();
        for column in columns.iter_mut().filter(|column| outer.iter().any(|old| old.id == column.id)) {
            let own = self.new_field(column.name.as_str(), column.scalar_type);
            computed.push((own.id, Expr::column(column)));
            *column = own;
        }
        if computed.is_empty() { node } else { self.projection(node, columns.to_vec(), computed, span, "mv-apply") }
    }

    /// `partition by column (operators)`.
    pub fn partition(&mut self, input: NodeId, by: &syntax::Expr, body: &PartitionBody, span: Span) -> NodeId {
        let PartitionBody::Operators(operators) = body else {
            self.unsupported(span, "'partition' with a query in braces", "put the operators in parentheses");
            return self.unknown_table(span);
        };
        let by = self.scalar(by, &mut Context::rows(input));
        if self.is_unknown_column(&by) {
            let mut node = input;
            for operator in operators {
                node = self.operator(operator, node);
            }
            return node;
        }
        let id = self.new_column();
        let fields = self.fields(input).to_vec();
        let before = self.carried(input).partition;
        if before.is_some() {
            self.unsupported(span, "a partition within a partition", "");
        }
        let node = self.projection(input, fields, vec![(id, by)], span, "partition");
        self.set_partition(node, Some(id));
        let node = self.body_of_parts(operators, node, Some(node));
        let fields = self.fields(node).to_vec();
        let done = self.projection(node, fields, Vec::new(), span, "partition");
        self.set_partition(done, None);
        if let Some(node) = self.nodes.get_mut(done.0) {
            node.carried.order.clear();
        }
        done
    }

    /// The operators that each part of the rows goes through.
    fn body_of_parts(&mut self, operators: &[Operator], rows: NodeId, parted: Option<NodeId>) -> NodeId {
        self.parted.push(parted);
        let node = operators.iter().fold(rows, |node, operator| self.operator(operator, node));
        self.parted.pop();
        node
    }

    /// The rows of a node with a number each, in a hidden column.
    pub fn numbered(&mut self, input: NodeId, span: Span) -> (NodeId, ColumnId) {
        let id = self.new_column();
        let order = self.carried(input).order;
        let kind = ExprKind::Window {
            function: WindowFunction::RowNumber,
            arguments: Vec::new(),
            order,
            partition: Vec::new(),
        };
        let fields = self.fields(input).to_vec();
        let node = self.projection(input, fields, vec![(id, Expr::new(kind, ScalarType::Long))], span, "number");
        (node, id)
    }

    pub fn set_partition(&mut self, node: NodeId, partition: Option<ColumnId>) {
        if let Some(node) = self.nodes.get_mut(node.0) {
            node.carried.partition = partition;
        }
    }

    /// Whether the rows of a node stand in an order, and another order where one is given.
    fn set_order(&mut self, node: NodeId, order: Option<Vec<OrderKey>>, serialized: bool) {
        if let Some(node) = self.nodes.get_mut(node.0) {
            node.carried.serialized = serialized;
            if let Some(order) = order {
                node.carried.order = order;
            }
        }
    }

    /// A dynamic column of a table as what `in` looks among: the members of its arrays, in the value's type.
    pub fn members_of_column(
        &mut self,
        input: NodeId,
        column: &Field,
        wanted: ScalarType,
        span: Span,
    ) -> (NodeId, Field) {
        let member = self.new_field(column.name.clone(), ScalarType::Dynamic);
        let node = self.add(Node {
            kind: NodeKind::Expand {
                input,
                expansions: vec![Expansion { id: member.id, array: Expr::column(column) }],
                index: None,
                pairs: false,
                limit: None,
            },
            fields: vec![member.clone()],
            carried: Carried::default(),
            span,
            label: "in".to_owned(),
        });
        if wanted == ScalarType::Dynamic {
            return (node, member);
        }
        let typed = self.new_field(column.name.clone(), wanted);
        let value = self.cast(Expr::column(&member), wanted);
        (self.projection(node, vec![typed.clone()], vec![(typed.id, value)], span, "in"), typed)
    }

    /// Whether a node's rows are rows of `source`, so that the columns of `source` can still be read.
    fn keeps_rows(&self, node: NodeId, source: NodeId) -> bool {
        if node == source {
            return true;
        }
        match self.nodes.get(node.0).map(|node| &node.kind) {
            Some(
                NodeKind::Filter { input, .. }
                | NodeKind::Project { input, .. }
                | NodeKind::Limit { input, .. }
                | NodeKind::Expand { input, .. },
            ) => self.keeps_rows(*input, source),
            _ => false,
        }
    }
}
