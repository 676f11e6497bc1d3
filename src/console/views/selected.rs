//! What is under the cursor, as raw text: for the search, the clipboard and the sentence that is spoken.
//!
//! Whoever shows it escapes it.

use super::{events, indicators, matches, query, rules, timeline, tree};
use crate::console::action::View;
use crate::console::format;
use crate::console::grid::Grid;
use crate::console::state::State;
use crate::hunt::EventId;
use crate::schema::{Value, format as schema_format};

/// What a search looks through in a row of the table that has the keys. Raw text.
pub fn row_text(state: &State, row: usize) -> Option<String> {
    match (state.view, state.pane) {
        (View::Matches, _) => {
            let found = state.match_at(*state.matches.rows.get(row)?)?;
            let values: Vec<String> = found.values.iter().map(format::value).collect();
            let note = state.switches.note(&found.id).unwrap_or_default();
            Some(format!("{} {} {} {note}", found.title, found.subject, values.join(" ")))
        }
        (View::Indicators, _) => {
            let indicator = state.indicators.as_ref()?.get(*state.indicator.rows.get(row)?)?;
            Some(format!("{} {} {} {}", indicator.rule_title, indicator.field, indicator.kind, indicator.value))
        }
        (View::Exclusions, 0) => {
            let effect = state.effects.get(row)?;
            Some(format!("{} {}", effect.condition, effect.note))
        }
        (View::Exclusions, _) => {
            let found = &state.exclusions.diff.rows.get(row)?.found;
            Some(format!("{} {}", found.title, found.subject))
        }
        (View::Rules, _) if state.rules.open.is_some() => state.rules.page.get(row).map(|row| row.text.clone()),
        (View::Rules, _) => rules::rows(state).get(row).map(|row| format!("{} {}", row.name, row.title)),
        (View::Timeline, _) => timeline::row_text(state, row),
        (View::Events, 0) => events::row(state, row).map(values_text),
        (View::Events, _) => state.events.counts.as_ref()?.values.get(row).map(|(value, _)| format::value(value)),
        (View::Query, _) => query::row(state, row).map(values_text),
        (View::Tree, _) => None,
    }
}

fn values_text(values: &[Value]) -> String {
    values.iter().map(format::value).collect::<Vec<_>>().join(" ")
}

/// The row under the cursor of a grid, with its columns.
pub fn grid_row(state: &State) -> Option<(&Grid, &[Value])> {
    match state.view {
        View::Events => Some((&state.events.grid, events::row(state, state.events.grid.table.selected)?)),
        View::Query => Some((&state.query.grid, query::row(state, state.query.grid.table.selected)?)),
        _ => None,
    }
}

/// The event behind the row under the cursor of a grid.
pub fn grid_event(state: &State) -> Option<EventId> {
    match state.view {
        View::Events => events::selected_event(state),
        View::Query => {
            let lineage = &state.query.result.as_ref()?.lineage;
            lineage.get(state.query.grid.table.selected)?.first().copied()
        }
        _ => None,
    }
}

/// The cell under the cursor, raw.
pub fn cell_text(state: &State) -> Option<String> {
    match state.view {
        View::Matches => {
            let (_, found) = state.selected_row()?;
            Some(matches::cell(state, found, matches::chosen(state)?).1)
        }
        View::Tree => {
            let node = state.forest.as_ref()?.node(state.tree.tree.selected()?)?;
            let process = &node.process;
            Some(if process.command_line.is_empty() { process.name.clone() } else { process.command_line.clone() })
        }
        View::Indicators => Some(indicators::selected(state)?.value.clone()),
        View::Exclusions => state.effects.get(state.exclusions.table.selected).map(|effect| effect.condition.clone()),
        View::Rules if state.rules.open.is_some() => {
            state.rules.page.get(state.rules.stages.selected).map(|row| row.text.clone())
        }
        View::Rules => rules::rows(state).get(state.rules.table.selected).map(|row| row.title.clone()),
        View::Timeline => timeline::row_text(state, state.timeline.table.selected),
        View::Events | View::Query => {
            let (grid, row) = grid_row(state)?;
            row.get(grid.table.column).map(format::value)
        }
    }
}

/// The row under the cursor as JSON.
pub fn row_json(state: &State) -> Option<String> {
    let value = match state.view {
        View::Matches => {
            let (_, found) = state.selected_row()?;
            let fields: serde_json::Map<String, serde_json::Value> = found
                .columns
                .iter()
                .zip(found.values.iter())
                .map(|(column, value)| (column.name.clone(), serde_json::Value::from(format::value(value))))
                .collect();
            serde_json::json!({ "rule": found.id.rule, "events": found.events, "row": fields })
        }
        View::Tree => {
            let node = state.forest.as_ref()?.node(state.tree.tree.selected()?)?;
            serde_json::to_value(&node.process).ok()?
        }
        View::Events | View::Query => {
            let (grid, row) = grid_row(state)?;
            let cells = grid.columns.iter().zip(row);
            cells
                .map(|(column, value)| (column.name.clone(), schema_format::json(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        _ => return cell_text(state),
    };
    Some(value.to_string())
}

/// The chain of processes down to the focus, one a line. Raw text.
pub fn chain_text(state: &State) -> Option<String> {
    let node = tree::node_in_focus(state)?;
    let forest = state.forest.as_ref()?;
    let path = forest.path(node);
    let mut names: Vec<String> = path
        .iter()
        .copied()
        .filter_map(|id| forest.node(id))
        .enumerate()
        .map(|(depth, node)| {
            let process = &node.process;
            let text = if process.command_line.is_empty() { &process.name } else { &process.command_line };
            format!("{}{text}", "  ".repeat(depth))
        })
        .collect();
    let starts: Vec<i64> = path.iter().filter_map(|id| forest.node(*id)?.process.start).collect();
    let elapsed = starts.first().zip(starts.last()).map(|(first, last)| format::span(last.saturating_sub(*first)));
    let mut facts = vec![format!("depth {}", path.len())];
    facts.extend(elapsed.map(|elapsed| format!("elapsed {elapsed}")));
    let tactics = tree::tactics(state, &path);
    if !tactics.is_empty() {
        facts.push(format!("tactics: {}", tactics.join(", ")));
    }
    names.push(facts.join(" · "));
    Some(names.join("\n"))
}
