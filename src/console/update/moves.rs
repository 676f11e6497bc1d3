//! Moving: cursors, windows, folds, and what the focus follows.

use super::{Effect, apply, browse, follow, follow_rule, open_rule, remember, rows, rule_page, show, timeline, trees};
use crate::console::action::{Action, View};
use crate::console::layout::Layout;
use crate::console::state::{State, TreeShow};
use crate::console::views;
use crate::console::widgets::table::{self, TableState};
use crate::hunt::NodeId;
use crate::hunt::switches::ExclusionRef;

/// The table that has the keys, and how many rows it has; `None` where a text scrolls instead.
pub fn table(state: &mut State) -> Option<(&mut TableState, usize)> {
    let rules = views::rules::rows(state).len();
    let stages = state.rules.page.len();
    match (state.view, state.pane) {
        (View::Matches, 0) => Some((&mut state.matches.table, state.matches.rows.len())),
        (View::Tree, 0) => {
            let rows = state.tree.tree.rows.len();
            Some((&mut state.tree.tree.list, rows))
        }
        (View::Indicators, 0) => Some((&mut state.indicator.table, state.indicator.rows.len())),
        (View::Exclusions, 0) => Some((&mut state.exclusions.table, state.effects.len())),
        (View::Exclusions, _) => {
            let rows = state.exclusions.diff.rows.len();
            Some((&mut state.exclusions.diff_table, rows))
        }
        (View::Rules, 0) if state.rules.open.is_some() => Some((&mut state.rules.stages, stages)),
        (View::Rules, 0) => Some((&mut state.rules.table, rules)),
        (View::Timeline, _) => {
            let rows = views::timeline::row_count(state);
            Some((&mut state.timeline.table, rows))
        }
        (View::Events, 0) => {
            let rows = views::events::total(state);
            Some((&mut state.events.grid.table, rows))
        }
        (View::Events, _) => {
            let rows = state.events.counts.as_ref().map_or(0, |counts| counts.values.len());
            Some((&mut state.events.counts_table, rows))
        }
        (View::Query, 1) => {
            let rows = views::query::row_count(state);
            Some((&mut state.query.grid.table, rows))
        }
        _ => None,
    }
}

pub fn cursor(state: &mut State) -> Option<(usize, usize)> {
    table(state).map(|(table, _)| (table.selected, table.column))
}

/// The row of the cursor, and of how many.
pub fn cursor_of(state: &mut State) -> Option<(usize, usize)> {
    table(state).map(|(table, rows)| (table.selected, rows))
}

/// Puts the cursor on a row and a column; what that means is for [`moved`].
pub fn put_cursor(state: &mut State, row: usize, column: usize) {
    if let Some(grid) = browse::grid(state) {
        grid.table.column = column;
    }
    if let Some((table, rows)) = table(state) {
        table.select(row, rows);
        table.column = column;
    }
}

/// Where the text beside the table has been scrolled to.
fn scroll(state: &mut State) -> &mut usize {
    match state.view {
        View::Tree => &mut state.tree.scroll,
        View::Rules => &mut state.rules.scroll,
        View::Indicators => &mut state.indicator.scroll,
        _ => &mut state.matches.scroll,
    }
}

pub fn step(state: &mut State, steps: isize) -> Vec<Effect> {
    match table(state) {
        Some((table, rows)) => {
            table.step(steps, rows);
            moved(state)
        }
        None => {
            let scroll = scroll(state);
            *scroll = scroll.saturating_add_signed(steps);
            Vec::new()
        }
    }
}

pub fn page(state: &mut State, pages: isize) -> Vec<Effect> {
    let height = Layout::of(state).inner(state.pane).height.saturating_sub(2).max(1);
    step(state, pages.saturating_mul(isize::try_from(height).unwrap_or(1)))
}

/// A click on a row of a pane; the first is the header of a table.
pub fn click(state: &mut State, row: usize) -> Vec<Effect> {
    let above = usize::from(state.view != View::Tree);
    let Some((table, rows)) = table(state) else { return Vec::new() };
    let Some(row) = row.checked_sub(above) else { return Vec::new() };
    let target = table.top.saturating_add(row);
    if target >= rows {
        return Vec::new();
    }
    table.select(target, rows);
    moved(state)
}

/// Puts the match under the cursor of the difference in focus. Its rows also change below a cursor that stays.
pub fn focus_difference(state: &mut State) {
    let row = state.exclusions.diff.rows.get(state.exclusions.diff_table.selected);
    let Some(found) = row.map(|row| &row.found).filter(|found| state.focus.found.as_ref() != Some(&found.id)) else {
        return;
    };
    let (id, event) = (found.id.clone(), found.events.first().copied());
    state.focus.rule = Some(id.rule.clone());
    state.focus.event = event;
    state.focus.found = Some(id);
    timeline::to_focus(state);
}

/// What the cursor's new place means for the other panes and views.
pub fn moved(state: &mut State) -> Vec<Effect> {
    match (state.view, state.pane) {
        (View::Matches, _) => follow(state),
        (View::Indicators, _) => super::indicators::follow(state),
        (View::Tree, _) => {
            focus_node(state);
            trees::follow(state)
        }
        (View::Exclusions, 1) => {
            focus_difference(state);
            Vec::new()
        }
        (View::Rules, _) => follow_page(state),
        (View::Timeline, _) => {
            timeline::moved(state);
            Vec::new()
        }
        (View::Events, 0) => browse::follow_events(state),
        _ => Vec::new(),
    }
}

/// Asks for what the rule under the cursor, or the page that is open, shows.
pub fn follow_page(state: &mut State) -> Vec<Effect> {
    follow_rule(state)
}

/// The process under the cursor becomes what all views are about.
fn focus_node(state: &mut State) {
    let Some(forest) = state.forest.clone() else { return };
    let Some(node) = state.tree.tree.selected().and_then(|id| forest.node(id)) else { return };
    state.tree.scroll = 0;
    let found = views::tree::matches_of(state, node.id).first().map(|found| (found.id.clone(), found.events.clone()));
    // The rule stays chosen on a process that it does not match: "why not" is asked about such a one.
    if let Some((id, _)) = &found {
        state.focus.rule = Some(id.rule.clone());
    }
    state.focus.event = match &found {
        Some((_, events)) => events.iter().find(|event| node.events.contains(event)).or(events.first()).copied(),
        None => node.events.first().copied(),
    };
    state.focus.found = found.map(|(id, _)| id);
}

pub fn tree_to_focus(state: &mut State) {
    let Some(forest) = state.forest.clone() else { return };
    let mut events: Vec<i64> = state.focus.event.into_iter().collect();
    if let Some(found) = state.focused_match() {
        events.extend(&found.events);
    }
    let Some(node) = state.node_of(&events) else {
        if !events.is_empty() {
            state.tell("no process is known for this match; the tree stays where it was");
        }
        return;
    };
    let shown = rows::chains(state);
    if shown.as_ref().is_some_and(|shown| !shown.contains(&node)) {
        state.tree.show = TreeShow::All;
    }
    let shown = shown.filter(|_| state.tree.show != TreeShow::All);
    state.tree.tree.go_to(&forest, node, shown.as_ref());
}

pub fn sideways(state: &mut State, steps: isize) -> Vec<Effect> {
    if state.view == View::Tree && state.pane == 0 {
        return fold_here(state, steps > 0);
    }
    if state.view == View::Rules && state.pane == 0 && state.rules.open.is_some() {
        return rule_page::sideways(state, steps > 0);
    }
    if state.view == View::Timeline {
        return timeline::step(state, steps);
    }
    choose_column(state, steps)
}

pub fn choose_column(state: &mut State, steps: isize) -> Vec<Effect> {
    if matches!(state.view, View::Events | View::Query) {
        return browse::choose_column(state, steps);
    }
    let columns = match state.view {
        View::Matches => views::matches::titles(state).len(),
        View::Indicators => views::indicators::COLUMNS.len(),
        View::Rules if state.rules.open.is_none() => views::rules::COLUMNS.len(),
        View::Exclusions if state.pane == 0 => views::exclusions::COLUMNS.len(),
        _ => 1,
    };
    if let Some((table, _)) = table(state) {
        table.choose_column(steps, columns);
    }
    Vec::new()
}

/// Unfolds, or goes to the first child; folds, or goes to the parent.
fn fold_here(state: &mut State, unfold: bool) -> Vec<Effect> {
    let Some(row) = state.tree.tree.rows.get(state.tree.tree.list.selected).cloned() else { return Vec::new() };
    match (row.open, unfold) {
        (Some(false), true) => {
            state.tree.tree.open.insert(row.node);
            rows::tree(state);
        }
        (Some(true), true) => return step(state, 1),
        (Some(true), false) => {
            state.tree.tree.open.remove(&row.node);
            rows::tree(state);
        }
        (_, false) => return parent(state),
        (None, true) if row.event.is_none() => {
            state.tell("no process was started by this one; Space shows what it did")
        }
        (None, true) => {}
    }
    Vec::new()
}

pub fn parent(state: &mut State) -> Vec<Effect> {
    let Some(forest) = state.forest.clone() else { return Vec::new() };
    let selected = state.tree.tree.selected();
    match selected.and_then(|id| forest.node(id)).and_then(|node| node.parent) {
        Some(parent) => go_to_node(state, parent),
        None => {
            state.tell("this is a root: its parent was never logged");
            Vec::new()
        }
    }
}

pub fn go_to_node(state: &mut State, node: NodeId) -> Vec<Effect> {
    let Some(forest) = state.forest.clone() else { return Vec::new() };
    let shown = rows::chains(state);
    state.tree.tree.go_to(&forest, node, shown.as_ref());
    moved(state)
}

/// Folds to a level; unfolds everything without one.
pub fn fold(state: &mut State, level: Option<usize>) -> Vec<Effect> {
    let Some(forest) = state.forest.clone() else { return Vec::new() };
    state.tree.tree.fold_to_level(&forest, level.unwrap_or(usize::MAX));
    rows::tree(state);
    moved(state)
}

/// The next process with a match in the order of the whole tree, folded or not.
pub fn next_match(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(forest) = state.forest.clone() else { return Vec::new() };
    let mut order = Vec::new();
    let mut pending: Vec<NodeId> = forest.roots.iter().rev().copied().collect();
    while let Some(id) = pending.pop() {
        order.push(id);
        if let Some(node) = forest.node(id) {
            pending.extend(node.children.iter().rev());
        }
    }
    let here = state.tree.tree.selected().and_then(|id| order.iter().position(|at| *at == id));
    let marked: Vec<(usize, NodeId)> =
        order.into_iter().enumerate().filter(|(_, id)| state.marks.contains_key(id)).collect();
    let here = here.unwrap_or(0);
    let next = if forward {
        marked.iter().find(|(position, _)| *position > here).or_else(|| marked.first())
    } else {
        marked.iter().rev().find(|(position, _)| *position < here).or_else(|| marked.last())
    };
    match next {
        Some((_, node)) => go_to_node(state, *node),
        None => {
            state.tell("no process has a match");
            Vec::new()
        }
    }
}

/// The rule that the cursor is about.
pub fn rule_here(state: &State) -> Option<String> {
    match state.view {
        View::Rules => match &state.rules.open {
            Some(rule) => Some(rule.clone()),
            None => views::rules::rows(state).get(state.rules.table.selected).map(|row| row.name.clone()),
        },
        View::Indicators => views::indicators::selected(state).map(|indicator| indicator.rule.clone()),
        View::Exclusions if state.pane == 0 => {
            let effect = state.effects.get(state.exclusions.table.selected)?;
            match &effect.exclusion {
                ExclusionRef::Native(unit) => Some(unit.rule.clone()),
                ExclusionRef::Own(_) => effect.rule.clone().or_else(|| state.focus.rule.clone()),
            }
        }
        _ => state.focus.rule.clone(),
    }
}

pub fn open(state: &mut State) -> Vec<Effect> {
    match state.view {
        View::Matches if state.timeline.anchor.is_some() => timeline::select(state),
        View::Matches if state.pane == 0 => {
            // Where the details have no room beside or below the list, the tree is the next thing to see.
            let layout = Layout::of(state);
            if layout.panes.len() > 1 {
                // Below the list there is room for a few lines of many.
                (state.pane, state.zoomed) = (1, !layout.is_roomy);
                Vec::new()
            } else {
                apply(state, Action::Why)
            }
        }
        View::Tree if state.pane == 0 && trees::selected_event(state).is_some() => trees::open_event(state),
        View::Tree if state.pane == 0 => {
            let row = state.tree.tree.rows.get(state.tree.tree.list.selected);
            let unfold = row.is_some_and(|row| row.open != Some(true));
            fold_here(state, unfold)
        }
        View::Indicators => super::indicators::open(state),
        View::Timeline if state.timeline.anchor.is_some() => timeline::select(state),
        View::Timeline => timeline::open(state),
        View::Events if state.pane == 1 => browse::filter(state, true),
        View::Events | View::Query => {
            browse::open_row(state);
            Vec::new()
        }
        View::Exclusions if state.pane == 0 => {
            state.pane = 1;
            // To the first match that this one hides.
            let chosen = state.effects.get(state.exclusions.table.selected).map(|effect| effect.exclusion.clone());
            let hides = |found: &crate::hunt::Match| match (&chosen, &state.found) {
                (Some(ExclusionRef::Own(id)), Some(known)) => {
                    known.hidden_by.get(&found.id).is_some_and(|ids| ids.contains(id))
                }
                _ => false,
            };
            let first = state.exclusions.diff.rows.iter().position(|row| hides(&row.found));
            if let Some(first) = first {
                state.exclusions.diff_table.selected = first;
            }
            moved(state)
        }
        View::Exclusions => {
            remember(state);
            state.matches.show_hidden = true;
            rows::matches(state);
            show(state, View::Matches)
        }
        View::Rules if state.rules.open.is_none() => match rule_here(state) {
            Some(rule) => {
                remember(state);
                open_rule(state, rule)
            }
            None => Vec::new(),
        },
        View::Rules if state.pane == 0 => match rule_page::open(state) {
            Some(effects) => effects,
            None => super::switching::toggle(state),
        },
        // A text beside: all of it that the screen holds.
        _ => apply(state, Action::ZoomPane),
    }
}

/// Windows follow cursors; texts do not scroll past their end.
pub fn settle(state: &mut State, layout: &Layout) {
    let height = |pane: usize| table::rows_in(layout.inner(pane));
    let (rules, stages) = (views::rules::rows(state).len(), state.rules.page.len());
    match state.view {
        View::Matches => {
            state.matches.table.reveal(height(0), state.matches.rows.len());
            let width = layout.inner(0).width;
            let left =
                state.matches.columns.left_for(&views::matches::columns(state), width, state.matches.table.column);
            state.matches.columns.scroll_to(left);
        }
        View::Tree => {
            let rows = state.tree.tree.rows.len();
            state.tree.tree.list.reveal(usize::from(layout.inner(0).height), rows);
        }
        View::Indicators => state.indicator.table.reveal(height(0), state.indicator.rows.len()),
        View::Exclusions => {
            let warnings = views::exclusions::warning_rows(state, layout);
            state.exclusions.table.reveal(height(0).saturating_sub(warnings), state.effects.len());
            let rows = state.exclusions.diff.rows.len();
            let below = views::exclusions::by_rule_rows(layout);
            state.exclusions.diff_table.reveal(height(1).saturating_sub(below), rows);
        }
        View::Rules if state.rules.open.is_some() => {
            let below = views::rule_page::whole_rows(state, layout);
            state.rules.stages.reveal(height(0).saturating_sub(below), stages);
        }
        View::Rules => state.rules.table.reveal(height(0), rules),
        View::Timeline => {
            let rows = views::timeline::row_count(state);
            state.timeline.table.reveal(height(1), rows);
        }
        View::Events => {
            let rows = views::events::total(state);
            // A place that was gone to before its rows are here is not given up.
            if state.events.page.is_some() {
                state.events.grid.table.reveal(height(0), rows);
            }
            state.events.grid.reveal(usize::from(layout.inner(0).width));
            let values = state.events.counts.as_ref().map_or(0, |counts| counts.values.len());
            state.events.counts_table.reveal(height(1), values);
        }
        View::Query => {
            let rows = views::query::row_count(state);
            state.query.grid.table.reveal(height(1), rows);
            state.query.grid.reveal(usize::from(layout.inner(1).width));
        }
    }
    let area = layout.inner(1);
    let lines = views::side_lines(state, usize::from(area.width)).len();
    let limit = lines.saturating_sub(usize::from(area.height));
    let scroll = scroll(state);
    *scroll = (*scroll).min(limit);
}
