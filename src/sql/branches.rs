//! Which nodes are written where they are read rather than as stages of their own.

use std::collections::BTreeSet;

use foldhash::HashMap;

use super::demand::Demand;
use crate::plan::Plan;
use crate::plan::tree::{ExprKind, Node, NodeId, NodeKind};

/// Of the unions of many tables, the nodes that only they read, and those that only such a node reads. SQLite counts the
/// tables of a query whenever it meets the name of a stage, and refuses to go on after a thousand; a text that is looked
/// up counts as one.
pub(super) fn branches_of_wide_unions(plan: &Plan, demand: &Demand, without_rows: &[bool]) -> BTreeSet<NodeId> {
    const MANY: usize = 8;
    let is_read = |node: NodeId| demand.columns(node).is_some() && without_rows.get(node.0) == Some(&false);
    let nodes = || plan.nodes.iter().enumerate().filter(|(index, _)| is_read(NodeId(*index))).map(|(_, node)| node);
    let wide = |node: &&Node| matches!(&node.kind, NodeKind::Union { inputs, .. } if inputs.len() > MANY);
    let mut within = BTreeSet::new();
    if !nodes().any(|node| wide(&node)) {
        return within;
    }
    let mut readers: HashMap<NodeId, usize> = HashMap::default();
    for node in nodes() {
        let mut read = node.inputs();
        for expression in node.expressions() {
            expression.walk(&mut |part| match part.kind {
                ExprKind::InTable { node, .. } | ExprKind::Scalar { node, .. } => read.push(node),
                _ => {}
            });
        }
        for node in read {
            *readers.entry(node).or_default() += 1;
        }
    }
    for union in nodes().filter(wide) {
        for branch in union.inputs() {
            let mut next = Some(branch);
            while let Some(node) = next.filter(|node| readers.get(node) == Some(&1)) {
                within.insert(node);
                next = match plan.node(node).map(|node| &node.kind) {
                    Some(
                        NodeKind::Filter { input, .. }
                        | NodeKind::Project { input, .. }
                        | NodeKind::Limit { input, .. },
                    ) => Some(*input),
                    _ => None,
                };
            }
        }
    }
    within
}
