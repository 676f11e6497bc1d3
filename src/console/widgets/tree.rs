//! A tree as a flat list of visible rows, with fold state. Building the rows knows the forest; drawing is the
//! view's.

use std::collections::{BTreeMap, BTreeSet};

use super::table::TableState;
use crate::hunt::{Forest, NodeId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    pub node: NodeId,
    /// For each level above: whether its line goes on below this row.
    pub guides: Vec<bool>,
    pub last: bool,
    /// `None` without children that could be shown.
    pub open: Option<bool>,
    /// Descendants that a fold or the filter hides here.
    pub folded: usize,
    /// The line is not the node itself but something of it, by its place.
    pub event: Option<usize>,
}

#[derive(Debug, Default)]
pub struct TreeState {
    pub list: TableState,
    pub open: BTreeSet<NodeId>,
    pub rows: Vec<TreeRow>,
    /// How many lines of its own stand below a node.
    pub details: BTreeMap<NodeId, usize>,
}

impl TreeState {
    pub fn selected(&self) -> Option<NodeId> {
        self.rows.get(self.list.selected).map(|row| row.node)
    }

    /// Puts the cursor on the node, opening what is above it.
    pub fn go_to(&mut self, forest: &Forest, node: NodeId, shown: Option<&BTreeSet<NodeId>>) {
        let mut path = forest.path(node);
        path.pop();
        self.open.extend(path);
        self.rebuild(forest, shown);
        if let Some(position) = self.rows.iter().position(|row| row.node == node && row.event.is_none()) {
            self.list.selected = position;
        }
    }

    /// Makes the rows anew; the cursor stays on its node, or goes to the nearest shown above it.
    pub fn rebuild(&mut self, forest: &Forest, shown: Option<&BTreeSet<NodeId>>) {
        let before = self.rows.get(self.list.selected).cloned();
        self.rows = flatten(forest, &self.open, shown, &self.details);
        if let Some(before) = before {
            let same = |row: &TreeRow| row.node == before.node && row.event == before.event;
            if let Some(position) = self.rows.iter().position(same) {
                self.list.selected = position;
                return;
            }
            let path = forest.path(before.node);
            let position = path.iter().rev().find_map(|at| self.rows.iter().position(|row| row.node == *at));
            self.list.selected = position.unwrap_or(0);
        }
    }

    /// Opens every node above the level, and folds the others. Level 1 shows the roots.
    pub fn fold_to_level(&mut self, forest: &Forest, level: usize) {
        self.open.clear();
        let mut nodes: Vec<(NodeId, usize)> = forest.roots.iter().map(|root| (*root, 1)).collect();
        while let Some((id, depth)) = nodes.pop() {
            if depth >= level {
                continue;
            }
            self.open.insert(id);
            if let Some(node) = forest.node(id) {
                nodes.extend(node.children.iter().map(|child| (*child, depth.saturating_add(1))));
            }
        }
    }
}

/// The rows that are visible: children of open nodes, and only nodes in `shown` where it is given. Iterative: a
/// chain may be deeper than the stack.
fn flatten(
    forest: &Forest,
    open: &BTreeSet<NodeId>,
    shown: Option<&BTreeSet<NodeId>>,
    details: &BTreeMap<NodeId, usize>,
) -> Vec<TreeRow> {
    let visible = |id: &NodeId| shown.is_none_or(|shown| shown.contains(id));
    let roots: Vec<NodeId> = forest.roots.iter().copied().filter(visible).collect();
    let mut rows = Vec::new();
    let mut pending: Vec<(NodeId, Vec<bool>, bool)> = Vec::new();
    let count = roots.len();
    for (position, root) in roots.into_iter().enumerate().rev() {
        pending.push((root, Vec::new(), position + 1 == count));
    }
    while let Some((id, guides, last)) = pending.pop() {
        let Some(node) = forest.node(id) else { continue };
        let children: Vec<NodeId> = node.children.iter().copied().filter(visible).collect();
        let is_open = open.contains(&id) && !children.is_empty();
        let folded = if is_open {
            node.children.iter().filter(|child| !visible(child)).map(|child| 1 + below(forest, *child)).sum()
        } else {
            below(forest, id)
        };
        if is_open {
            let mut below = guides.clone();
            below.push(!last);
            let count = children.len();
            for (position, child) in children.iter().enumerate().rev() {
                pending.push((*child, below.clone(), position + 1 == count));
            }
        }
        let open = if children.is_empty() { None } else { Some(is_open) };
        let mut inside = guides.clone();
        inside.push(!last);
        rows.push(TreeRow { node: id, guides, last, open, folded, event: None });
        for event in 0..details.get(&id).copied().unwrap_or(0) {
            rows.push(TreeRow {
                node: id,
                guides: inside.clone(),
                last: open != Some(true),
                open: None,
                folded: 0,
                event: Some(event),
            });
        }
    }
    rows
}

/// How many nodes are below this one.
fn below(forest: &Forest, id: NodeId) -> usize {
    let mut count = 0usize;
    let mut pending = vec![id];
    while let Some(id) = pending.pop() {
        if let Some(node) = forest.node(id) {
            count = count.saturating_add(node.children.len());
            pending.extend(&node.children);
        }
    }
    count
}
