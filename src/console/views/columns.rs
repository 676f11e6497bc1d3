//! Choosing columns: a list of all there are, those shown marked.

use ratatui::layout::Position;

use super::overlays::{input_row, window};
use crate::console::action::View;
use crate::console::columns::MatchColumns;
use crate::console::fuzzy::{self, Skim};
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::state::State;
use crate::console::theme::Role;

/// The columns that fit the pattern: what is typed, in the order they are shown or come in.
pub fn rows(state: &State, pattern: &str) -> Vec<(String, bool)> {
    let all: Vec<(String, bool)> = match state.view {
        View::Matches => {
            let shown = super::matches::titles(state);
            let runs = state.found.iter().flat_map(|found| &found.all.runs);
            let outputs = runs.filter(|run| !run.matches.is_empty()).flat_map(|run| run.columns.iter());
            let all = MatchColumns::all(outputs.map(|column| column.name.as_str()));
            let others = all.into_iter().filter(|title| !shown.contains(title)).map(|title| (title.to_owned(), false));
            shown.iter().map(|title| ((*title).to_owned(), true)).chain(others).collect()
        }
        _ => {
            let grid = if state.view == View::Query { &state.query.grid } else { &state.events.grid };
            let shown = grid.shown();
            let named = grid.columns.iter().enumerate();
            named.map(|(place, column)| (column.name.clone(), shown.contains(&place))).collect()
        }
    };
    if pattern.is_empty() {
        return all;
    }
    let ranked = fuzzy::rank(&Skim::default(), pattern, all.iter().map(|(title, _)| title.as_str()));
    ranked.into_iter().filter_map(|place| all.get(place).cloned()).collect()
}

pub fn draw(state: &State, brush: &mut Brush<'_>, input: &tui_input::Input, selected: usize) -> Option<Position> {
    let mut inner = window(brush, "Columns", "those marked are shown", 64, 24);
    let cursor = input_row(&mut inner, 0, " column: ", input);
    let rows = rows(state, input.value());
    let height = usize::from(inner.area.height.saturating_sub(1));
    let top = selected.saturating_sub(height.saturating_sub(1));
    for (offset, (title, shown)) in rows.iter().skip(top).take(height).enumerate() {
        let y = u16::try_from(offset).unwrap_or(u16::MAX).saturating_add(1);
        let chosen = top.saturating_add(offset) == selected;
        let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
        line.push(if *shown { Role::Good } else { Role::Dim }, if *shown { "[x] " } else { "[ ] " });
        line.push(if *shown { Role::Text } else { Role::Dim }, title.as_str());
        inner.put_line(0, y, &line.fit(usize::from(inner.area.width)));
        if chosen {
            inner.tint_row(y, Role::Selected);
        }
    }
    if rows.is_empty() {
        inner.put(2, 1, Role::Dim, &Shown::from("no column fits"));
    }
    Some(cursor)
}
