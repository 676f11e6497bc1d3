//! Searching in a view: the rows of a list, or the processes of the tree.

use super::moves::{go_to_node, moved, table};
use super::{Effect, browse, rows};
use crate::console::action::View;
use crate::console::state::State;
use crate::console::views;
use crate::hunt::NodeId;

/// Goes to the next row that has the text; from the row after the cursor, or from the cursor's own.
pub fn search(state: &mut State, forward: bool, here_too: bool) -> Vec<Effect> {
    let text = state.search.to_lowercase();
    if text.is_empty() {
        state.tell("nothing to search for; / asks");
        return Vec::new();
    }
    if state.view == View::Tree {
        return search_tree(state, &text, forward, here_too);
    }
    if table(state).is_none() {
        // From the text beside a list it is the list that is searched.
        (state.pane, state.zoomed) = (0, false);
    }
    if state.view == View::Events && state.pane == 0 {
        return browse::next_hit(state, forward, here_too);
    }
    let Some((selected, count)) = table(state).map(|(table, rows)| (table.selected, rows)) else { return Vec::new() };
    for distance in usize::from(!here_too)..count.saturating_add(usize::from(!here_too)) {
        let row = if forward {
            selected.saturating_add(distance) % count
        } else {
            selected.saturating_add(count.saturating_sub(distance % count)) % count
        };
        if views::selected::row_text(state, row).is_some_and(|found| found.to_lowercase().contains(&text)) {
            if let Some((table, rows)) = table(state) {
                table.select(row, rows);
            }
            return moved(state);
        }
    }
    state.tell(format!("nothing here has '{}'", state.search));
    Vec::new()
}

/// Folded processes are found too.
fn search_tree(state: &mut State, text: &str, forward: bool, here_too: bool) -> Vec<Effect> {
    let Some(forest) = state.forest.clone() else { return Vec::new() };
    let mut order = Vec::new();
    let mut pending: Vec<NodeId> = forest.roots.iter().rev().copied().collect();
    while let Some(id) = pending.pop() {
        let Some(node) = forest.node(id) else { continue };
        order.push(id);
        pending.extend(node.children.iter().rev());
    }
    let here = state.tree.tree.selected().and_then(|id| order.iter().position(|at| *at == id)).unwrap_or(0);
    let hit = |id: &NodeId| {
        forest.node(*id).is_some_and(|node| {
            let process = &node.process;
            process.pid.is_some_and(|pid| pid.to_string() == text)
                || [&process.name, &process.command_line, &process.path, &process.account]
                    .iter()
                    .any(|field| field.to_lowercase().contains(text))
        })
    };
    let shown = rows::chains(state);
    let mut candidates: Vec<NodeId> = order
        .iter()
        .cycle()
        .skip(here + usize::from(!here_too))
        .take(order.len())
        .copied()
        .filter(|id| shown.as_ref().is_none_or(|shown| shown.contains(id)))
        .collect();
    if !forward {
        candidates.reverse();
        // Searching back, the place itself comes last.
        let own = candidates.iter().position(|id| Some(*id) == state.tree.tree.selected());
        let count = candidates.len();
        candidates.rotate_left(own.map_or(0, |own| own.saturating_add(1)).min(count));
    }
    match candidates.iter().find(|id| hit(id)) {
        Some(node) => go_to_node(state, *node),
        None => {
            state.tell(format!("no process has '{}'", state.search));
            Vec::new()
        }
    }
}
