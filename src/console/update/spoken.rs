//! For whoever hears the screen: each action is answered by one sentence in the status row.

use super::moves;
use crate::console::format;
use crate::console::overlay::{self, Overlay};
use crate::console::state::{Notice, State};
use crate::console::views;

/// Nobody listens to more of a row.
const LONGEST: usize = 200;

/// Says where the cursor is, unless something else was said.
pub fn say_place(state: &mut State) {
    if state.notice.as_ref().is_some_and(|notice| !notice.is_place) {
        return;
    }
    let text = place(state);
    state.notice = text.map(|text| Notice { text, is_problem: false, is_place: true });
}

fn place(state: &mut State) -> Option<String> {
    if let Some(open) = &state.overlay {
        return match open {
            Overlay::Palette { input, selected } => {
                let rows = overlay::palette_rows(input.value(), &state.keymap, state.view);
                let row = rows.get(*selected)?;
                Some(format!("{} of {}: {}, {}", selected.saturating_add(1), rows.len(), row.name, row.doc))
            }
            Overlay::Tables { input, selected } => {
                let rows = overlay::table_rows(input.value(), &state.events.tables);
                let (name, count) = rows.get(*selected)?;
                Some(format!("{} of {}: {name}, {}", selected.saturating_add(1), rows.len(), format::events(*count)))
            }
            _ => None,
        };
    }
    if state.is_editing() {
        return None;
    }
    let view = state.view.title();
    let Some((row, rows)) = moves::cursor_of(state) else { return Some(format!("{view}, text")) };
    if rows == 0 {
        return Some(format!("{view}, no rows"));
    }
    let text = views::selected::row_text(state, row).or_else(|| views::selected::cell_text(state)).unwrap_or_default();
    let text: String = text.chars().take(LONGEST).collect();
    Some(format!("{view}, row {} of {rows}: {text}", row.saturating_add(1)))
}
