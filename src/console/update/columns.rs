//! Choosing, widening and freezing columns of the lists.

use tui_input::Input;

use super::{Effect, browse};
use crate::console::action::View;
use crate::console::grid::Grid;
use crate::console::keys::{Code, Key};
use crate::console::layout::Layout;
use crate::console::overlay::{self, Overlay};
use crate::console::state::State;
use crate::console::views;
use crate::console::widgets::table;

pub fn pick(state: &mut State) -> Vec<Effect> {
    if views::columns::rows(state, "").is_empty() {
        state.tell("there are no columns yet");
    } else {
        state.overlay = Some(Overlay::Columns { input: Input::default(), selected: 0 });
    }
    Vec::new()
}

/// A key while columns are chosen.
pub fn key(state: &mut State, mut input: Input, mut selected: usize, key: Key) -> Vec<Effect> {
    let rows = views::columns::rows(state, input.value());
    match (key.code, key.ctrl) {
        (Code::Enter | Code::Char(' '), false) => {
            if let Some((title, _)) = rows.get(selected) {
                toggle(state, title);
                // A column of the matches moves as it is shown; the cursor goes with it.
                let rows = views::columns::rows(state, input.value());
                selected = rows.iter().position(|(other, _)| other == title).unwrap_or(selected);
            }
        }
        (Code::Tab | Code::BackTab, _) => reset(state),
        (Code::Down, _) | (Code::Char('n'), true) => {
            selected = selected.saturating_add(1).min(rows.len().saturating_sub(1));
        }
        (Code::Up, _) | (Code::Char('p'), true) => selected = selected.saturating_sub(1),
        _ => {
            overlay::edit(&mut input, key);
            selected = 0;
        }
    }
    state.overlay = Some(Overlay::Columns { input, selected });
    Vec::new()
}

fn toggle(state: &mut State, title: &str) {
    if state.view == View::Matches {
        let shown: Vec<String> = views::matches::titles(state).into_iter().map(str::to_owned).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        state.matches.columns.toggle(title, &shown);
        keep_cursor(state);
    } else if let Some(grid) = browse::grid(state) {
        grid.toggle(title);
    }
}

/// The columns that are shown without anybody's choice; in a grid all of them where those were shown.
fn reset(state: &mut State) {
    if state.view == View::Matches {
        state.matches.columns.reset();
        keep_cursor(state);
    } else if let Some(grid) = browse::grid(state) {
        grid.show_all(!grid.show_empty);
    }
}

fn keep_cursor(state: &mut State) {
    let count = views::matches::titles(state).len();
    state.matches.table.column = state.matches.table.column.min(count.saturating_sub(1));
}

pub fn freeze(state: &mut State) -> Vec<Effect> {
    let frozen = if state.view == View::Matches {
        state.matches.columns.freeze(state.matches.table.column)
    } else {
        browse::grid(state).map(Grid::freeze).unwrap_or_default()
    };
    state.tell(match frozen {
        0 => "no column is kept at the left".to_owned(),
        1 => "the first column stays at the left; again lets it go".to_owned(),
        count => format!("{count} columns stay at the left; again lets them go"),
    });
    Vec::new()
}

pub fn widen(state: &mut State, by: i16) -> Vec<Effect> {
    if state.view == View::Matches {
        let layout = Layout::of(state);
        let columns = views::matches::columns(state);
        let width = layout.inner(0).width;
        let shown = state.matches.columns.on_screen(&columns, width);
        let on_screen: Vec<_> = shown.iter().filter_map(|place| columns.get(*place).copied()).collect();
        let at = shown.iter().position(|place| *place == state.matches.table.column);
        let now = at.and_then(|at| table::width_of(&on_screen, width, at));
        let title = columns.get(state.matches.table.column).map(|column| column.title.to_owned());
        if let (Some(title), Some(now)) = (title, now) {
            state.matches.columns.widen(&title, now, by);
        }
    } else if let Some(grid) = browse::grid(state) {
        grid.widen(isize::from(by));
    }
    Vec::new()
}
