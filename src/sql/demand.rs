//! Which columns of which nodes are read: what nobody reads is not selected.

use std::collections::BTreeSet;

use crate::plan::Plan;
use crate::plan::tree::{AggregateKind, ColumnId, Expr, ExprKind, Node, NodeId, NodeKind};

/// What is asked of each node.
pub(super) struct Demand {
    columns: Vec<Option<BTreeSet<ColumnId>>>,
}

impl Demand {
    /// Walks the plan from its root to its sources. Inputs stand before their readers, so one pass backwards is enough.
    pub fn of(plan: &Plan, without_rows: &[bool], lineage: bool) -> Self {
        let mut demand = Self { columns: vec![None; plan.nodes.len()] };
        let is_without_rows = |node: NodeId| without_rows.get(node.0).copied().unwrap_or(false);
        if let Some(root) = plan.node(plan.root) {
            let mut wanted: BTreeSet<ColumnId> = root.fields.iter().map(|field| field.id).collect();
            wanted.extend(root.carried.order.iter().map(|key| key.column));
            wanted.extend(root.carried.lineage.filter(|_| lineage));
            demand.ask(plan.root, wanted);
        }
        for (index, node) in plan.nodes.iter().enumerate().rev() {
            if is_without_rows(NodeId(index)) {
                continue;
            }
            let Some(wanted) = demand.columns.get_mut(index).and_then(Option::take) else { continue };
            demand.ask_inputs(plan, node, &wanted, &is_without_rows);
            if let Some(slot) = demand.columns.get_mut(index) {
                *slot = Some(wanted);
            }
        }
        demand
    }

    /// The columns asked of a node; `None` where nothing reads it.
    pub fn columns(&self, node: NodeId) -> Option<&BTreeSet<ColumnId>> {
        self.columns.get(node.0).and_then(Option::as_ref)
    }

    fn ask(&mut self, node: NodeId, columns: impl IntoIterator<Item = ColumnId>) {
        if let Some(wanted) = self.columns.get_mut(node.0) {
            wanted.get_or_insert_default().extend(columns);
        }
    }

    fn ask_expressions<'e>(
        &mut self,
        plan: &Plan,
        expressions: impl IntoIterator<Item = &'e Expr>,
        wanted: &mut BTreeSet<ColumnId>,
    ) {
        for expression in expressions {
            expression.walk(&mut |part| match &part.kind {
                ExprKind::Column(id) => {
                    wanted.insert(*id);
                }
                ExprKind::Window { order, partition, .. } => {
                    wanted.extend(order.iter().map(|key| key.column));
                    wanted.extend(partition.iter().copied());
                }
                ExprKind::InTable { node, column, .. } => self.ask(*node, [*column]),
                ExprKind::Scalar { node, column } => {
                    let order = plan.node(*node).map(|node| node.carried.order.clone()).unwrap_or_default();
                    self.ask(*node, order.into_iter().map(|key| key.column).chain([*column]));
                }
                _ => {}
            });
        }
    }

    fn ask_inputs(
        &mut self,
        plan: &Plan,
        node: &Node,
        wanted: &BTreeSet<ColumnId>,
        is_without_rows: &impl Fn(NodeId) -> bool,
    ) {
        let order_of = |input: NodeId| {
            plan.node(input)
                .map(|node| {
                    let keys = node.carried.order.iter().map(|key| key.column);
                    keys.chain(node.carried.partition).collect::<Vec<_>>()
                })
                .unwrap_or_default()
        };
        let mut asked = BTreeSet::new();
        match &node.kind {
            NodeKind::Table { .. } => {}
            NodeKind::Rows { .. } | NodeKind::Range { .. } => {
                self.ask_expressions(plan, node.expressions(), &mut asked);
            }
            NodeKind::Filter { input, predicate } => {
                asked.extend(wanted);
                self.ask_expressions(plan, [predicate], &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Project { input, computed } => {
                let made: BTreeSet<ColumnId> = computed.iter().map(|(id, _)| *id).collect();
                asked.extend(wanted.difference(&made));
                let used = computed.iter().filter(|(id, _)| wanted.contains(id)).map(|(_, expr)| expr);
                self.ask_expressions(plan, used, &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Aggregate { input, keys, aggregates } => {
                self.ask_expressions(plan, keys.iter().map(|(_, expr)| expr), &mut asked);
                let mut ordered = false;
                for aggregate in aggregates.iter().filter(|aggregate| wanted.contains(&aggregate.id)) {
                    match &aggregate.kind {
                        AggregateKind::Call { arguments, .. } => {
                            ordered = true;
                            self.ask_expressions(plan, arguments, &mut asked);
                        }
                        AggregateKind::Extreme { value, by, .. } => {
                            self.ask_expressions(plan, [value, by], &mut asked);
                        }
                        AggregateKind::Any { value } | AggregateKind::First { value } => {
                            self.ask_expressions(plan, [value], &mut asked);
                        }
                        AggregateKind::Lineage(column) => {
                            asked.insert(*column);
                        }
                    }
                }
                if ordered {
                    asked.extend(order_of(*input));
                }
                self.ask(*input, asked);
            }
            NodeKind::Limit { input, count } => {
                asked.extend(wanted);
                asked.extend(order_of(*input));
                self.ask_expressions(plan, [count], &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Join { left, right, keys, outputs, lineage, .. } => {
                let mut right_asked = BTreeSet::new();
                self.ask_expressions(plan, keys.iter().map(|(left, _)| left), &mut asked);
                self.ask_expressions(plan, keys.iter().map(|(_, right)| right), &mut right_asked);
                for output in outputs.iter().filter(|output| wanted.contains(&output.id)) {
                    if output.from_right { &mut right_asked } else { &mut asked }.insert(output.source);
                }
                if let Some((left, right, id)) = lineage
                    && wanted.contains(id)
                {
                    asked.extend(*left);
                    right_asked.extend(*right);
                }
                self.ask(*left, asked);
                self.ask(*right, right_asked);
            }
            NodeKind::Union { inputs, columns } => {
                for (branch, input) in inputs.iter().enumerate().filter(|(_, input)| !is_without_rows(**input)) {
                    let mut asked = BTreeSet::new();
                    let used = columns
                        .iter()
                        .filter(|(id, _)| wanted.contains(id))
                        .filter_map(|(_, branches)| branches.get(branch));
                    self.ask_expressions(plan, used, &mut asked);
                    self.ask(*input, asked);
                }
            }
            NodeKind::Expand { input, expansions, index, .. } => {
                asked.extend(wanted);
                for expansion in expansions {
                    asked.remove(&expansion.id);
                }
                if let Some(index) = index {
                    asked.remove(index);
                }
                self.ask_expressions(plan, node.expressions(), &mut asked);
                self.ask(*input, asked);
            }
            NodeKind::Scan { input, number, partition, memory, declared, match_id, .. } => {
                asked.extend(wanted);
                asked.insert(*number);
                asked.extend(partition);
                asked.extend(memory.iter().filter_map(|one| one.source));
                self.ask_expressions(plan, node.expressions(), &mut asked);
                for made in memory.iter().map(|one| &one.id).chain(declared).chain(match_id) {
                    asked.remove(made);
                }
                self.ask(*input, asked);
            }
        }
    }
}
