//! Which columns of which nodes are read: what nobody reads is not selected.

use crate::plan::Plan;
use crate::plan::tree::{AggregateKind, ColumnId, Expr, ExprKind, Node, NodeId, NodeKind};

/// Columns in the order of their ids. A search of all tables asks for thousands, so they lie side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ColumnSet(Vec<ColumnId>);

impl ColumnSet {
    pub fn contains(&self, column: ColumnId) -> bool {
        self.0.binary_search(&column).is_ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = ColumnId> + '_ {
        self.0.iter().copied()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Vec<ColumnId>> for ColumnSet {
    fn from(mut columns: Vec<ColumnId>) -> Self {
        columns.sort_unstable();
        columns.dedup();
        Self(columns)
    }
}

/// What is asked of each node.
pub(super) struct Demand {
    columns: Vec<Option<ColumnSet>>,
}

impl Demand {
    /// Walks the plan from its root to its sources. Inputs stand before their readers, so one pass backwards is enough.
    pub fn of(plan: &Plan, without_rows: &[bool], lineage: bool) -> Self {
        let mut walk = Walk { plan, without_rows, asked: vec![None; plan.nodes.len()] };
        if let Some(root) = plan.node(plan.root) {
            let fields = root.fields.iter().map(|field| field.id);
            let order = root.carried.order.iter().map(|key| key.column);
            walk.ask(plan.root, fields.chain(order).chain(root.carried.lineage.filter(|_| lineage)));
        }
        let mut columns = vec![None; plan.nodes.len()];
        for (index, node) in plan.nodes.iter().enumerate().rev() {
            let Some(wanted) = walk.asked.get_mut(index).and_then(Option::take).map(ColumnSet::from) else { continue };
            if !walk.is_without_rows(NodeId(index)) {
                walk.ask_inputs(node, &wanted);
            }
            if let Some(slot) = columns.get_mut(index) {
                *slot = Some(wanted);
            }
        }
        Self { columns }
    }

    /// The columns asked of a node; `None` where nothing reads it.
    pub fn columns(&self, node: NodeId) -> Option<&ColumnSet> {
        self.columns.get(node.0).and_then(Option::as_ref)
    }
}

/// The walk from the readers to what they read.
struct Walk<'a> {
    plan: &'a Plan,
    without_rows: &'a [bool],
    /// What the readers met so far ask of each node; a column may be among it several times.
    asked: Vec<Option<Vec<ColumnId>>>,
}

impl Walk<'_> {
    fn is_without_rows(&self, node: NodeId) -> bool {
        self.without_rows.get(node.0).copied().unwrap_or(false)
    }

    fn ask(&mut self, node: NodeId, columns: impl IntoIterator<Item = ColumnId>) {
        if let Some(wanted) = self.asked.get_mut(node.0) {
            wanted.get_or_insert_default().extend(columns);
        }
    }

    /// Adds the columns that expressions read to `wanted`, and asks for those they read of other nodes.
    fn ask_expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>, wanted: &mut Vec<ColumnId>) {
        for expression in expressions {
            expression.walk(&mut |part| match &part.kind {
                ExprKind::Column(id) => wanted.push(*id),
                ExprKind::Window { order, partition, .. } => {
                    wanted.extend(order.iter().map(|key| key.column));
                    wanted.extend(partition.iter().copied());
                }
                ExprKind::InTable { node, column, .. } => self.ask(*node, [*column]),
                ExprKind::Scalar { node, column } => {
                    let order = self.order_of(*node);
                    self.ask(*node, order.into_iter().chain([*column]));
                }
                _ => {}
            });
        }
    }

    fn order_of(&self, node: NodeId) -> Vec<ColumnId> {
        let order = self.plan.node(node).into_iter().flat_map(|node| &node.carried.order);
        order.map(|key| key.column).collect()
    }

    /// What says which rows of an input come first, and within what.
    fn place_of(&self, input: NodeId) -> Vec<ColumnId> {
        let mut columns = self.order_of(input);
        columns.extend(self.plan.node(input).and_then(|node| node.carried.partition));
        columns
    }

    fn ask_inputs(&mut self, node: &Node, wanted: &ColumnSet) {
        let mut asked = Vec::with_capacity(wanted.len() + 4);
        match &node.kind {
            NodeKind::Table { .. } => {}
            NodeKind::Rows { .. } | NodeKind::Range { .. } => self.ask_expressions(node.expressions(), &mut asked),
            NodeKind::Filter { input, predicate } => {
                asked.extend(wanted.iter());
                self.ask_expressions([predicate], &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Project { input, computed } => {
                let made = ColumnSet::from(computed.iter().map(|(id, _)| *id).collect::<Vec<_>>());
                asked.extend(wanted.iter().filter(|id| !made.contains(*id)));
                let used = computed.iter().filter(|(id, _)| wanted.contains(*id)).map(|(_, expr)| expr);
                self.ask_expressions(used, &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Aggregate { input, keys, aggregates } => {
                self.ask_expressions(keys.iter().map(|(_, expr)| expr), &mut asked);
                let mut ordered = false;
                for aggregate in aggregates.iter().filter(|aggregate| wanted.contains(aggregate.id)) {
                    match &aggregate.kind {
                        AggregateKind::Call { arguments, .. } => {
                            ordered = true;
                            self.ask_expressions(arguments, &mut asked);
                        }
                        AggregateKind::Extreme { value, by, .. } => self.ask_expressions([value, by], &mut asked),
                        AggregateKind::Any { value } | AggregateKind::First { value } => {
                            self.ask_expressions([value], &mut asked);
                        }
                        AggregateKind::Lineage(column) => asked.push(*column),
                    }
                }
                if ordered {
                    asked.extend(self.place_of(*input));
                }
                self.ask(*input, asked);
            }
            NodeKind::Limit { input, count } => {
                asked.extend(wanted.iter());
                asked.extend(self.place_of(*input));
                self.ask_expressions([count], &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Join { left, right, keys, outputs, lineage, .. } => {
                let mut right_asked = Vec::new();
                self.ask_expressions(keys.iter().map(|(left, _)| left), &mut asked);
                self.ask_expressions(keys.iter().map(|(_, right)| right), &mut right_asked);
                for output in outputs.iter().filter(|output| wanted.contains(output.id)) {
                    if output.from_right { &mut right_asked } else { &mut asked }.push(output.source);
                }
                if let Some((left, right, id)) = lineage
                    && wanted.contains(*id)
                {
                    asked.extend(*left);
                    right_asked.extend(*right);
                }
                self.ask(*left, asked);
                self.ask(*right, right_asked);
            }
            NodeKind::Union { inputs, columns } => {
                let mut asked: Vec<Vec<ColumnId>> = vec![Vec::new(); inputs.len()];
                for column in columns.iter().filter(|column| wanted.contains(column.id)) {
                    for (branch, value) in &column.values {
                        if let Some(asked) = asked.get_mut(*branch) {
                            self.ask_expressions([value], asked);
                        }
                    }
                }
                for (input, asked) in inputs.iter().zip(asked) {
                    if !self.is_without_rows(*input) {
                        self.ask(*input, asked);
                    }
                }
            }
            NodeKind::Expand { input, expansions, index, .. } => {
                let is_made = |id: ColumnId| Some(id) == *index || expansions.iter().any(|one| one.id == id);
                asked.extend(wanted.iter().filter(|id| !is_made(*id)));
                self.ask_expressions(node.expressions(), &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Scan { input, number, partition, memory, declared, match_id, .. } => {
                asked.extend(wanted.iter());
                asked.push(*number);
                asked.extend(partition);
                asked.extend(memory.iter().filter_map(|one| one.source));
                self.ask_expressions(node.expressions(), &mut asked);
                let made = memory.iter().map(|one| one.id).chain(declared.iter().copied()).chain(*match_id);
                let made = ColumnSet::from(made.collect::<Vec<_>>());
                asked.retain(|id| !made.contains(*id));
                self.ask(*input, asked);
            }
        }
    }
}
