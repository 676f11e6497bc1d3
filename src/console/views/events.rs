//! Events: the rows of any table, page by page, and the commonest values of the column under the cursor.

use super::{edge, grid, timeline};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::EventId;
use crate::schema::Value;

const VALUE: Column<'_> = Column::share("VALUE", 8, 1);

/// A row of the list, where its page is here.
pub fn row(state: &State, index: usize) -> Option<&[Value]> {
    let page = state.events.page.as_ref()?;
    page.listing.rows.get(index.checked_sub(page.start)?).map(Vec::as_slice)
}

/// The event under the cursor.
pub fn selected_event(state: &State) -> Option<EventId> {
    let page = state.events.page.as_ref()?;
    page.listing.lineage.get(state.events.grid.table.selected.checked_sub(page.start)?)?.first().copied()
}

pub fn total(state: &State) -> usize {
    state.events.page.as_ref().map_or(0, |page| page.total)
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.first() else { return };
    let total = total(state);
    let events = &state.events;
    let title = if events.asked.table.is_empty() { "Events" } else { &events.asked.table };
    let note = if total == 0 { String::new() } else { grid::note(&events.grid, total, false) };
    let mut list = edge(brush, pane, title, &note, state.pane == 0);
    if total == 0 {
        let busy = state.board.is_pending(Topic::Events) || state.board.is_pending(Topic::Tables);
        let text = match (busy, events.asked.conditions.is_empty() && events.asked.range.is_none()) {
            (true, _) => "Listing the events…",
            (false, false) => "No event meets the filters; F takes them away.",
            (false, true) if events.tables.is_empty() => "This store has no events in any table.",
            (false, true) => "No events here; o chooses another table.",
        };
        list.put(1, 0, Role::Dim, &Shown::from(text));
    } else {
        let sort = events.asked.sort.as_ref().map(|(column, falls)| (column.as_str(), *falls));
        grid::draw(state, &mut list, &events.grid, total, state.pane == 0, sort, |index| row(state, index));
    }
    let Some(pane) = layout.panes.get(1) else { return };
    let name = events.grid.column().map_or("", |column| column.name.as_str());
    let mut side = edge(brush, pane, &format!("Values of {name}"), "", state.pane == 1);
    let Some(counts) = events.counts.as_ref().filter(|counts| counts.column == name) else {
        let text = if state.board.is_pending(Topic::Counts) { "Counting…" } else { "" };
        side.put(1, 0, Role::Dim, &Shown::from(text));
        return;
    };
    // The narrower the numbers, the more of the values.
    let digits = counts.values.iter().map(|(_, count)| format::count(*count).len()).max().unwrap_or_default();
    let columns = [Column::number("EVENTS", u16::try_from(digits.max(6)).unwrap_or(6)), VALUE];
    table::draw(&mut side, &columns, &events.counts_table, counts.values.len(), state.pane == 1, |index| {
        let Some((value, count)) = counts.values.get(index) else { return Row::default() };
        let text = super::shown_value(state, value);
        let cell = if text.is_empty() { Line::of(Role::Dim, "(empty)") } else { Line::text(text) };
        Row { mark: None, cells: vec![Line::text(format::count(*count)), cell] }
    });
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    timeline::chip(state, state.events.asked.range, &mut line);
    for condition in &state.events.asked.conditions {
        line.push(Role::Strong, Shown::from(format!(" {condition}")).fit(44));
        line.push(Role::Dim, " |");
    }
    if !state.events.asked.conditions.is_empty() || state.events.asked.range.is_some() {
        line.push(Role::Dim, " F clears");
    }
    if !line.0.is_empty() {
        line.push(Role::Dim, " ·");
    }
    if state.pane == 1 {
        return line.with(Role::Dim, " Enter keeps the rows with this value · ! leaves them out");
    }
    let values = state.events.counts.as_ref().map_or(0, |counts| counts.values.len());
    let noun = if values == 1 { "value" } else { "values" };
    let more = if values >= 200 { " (the commonest 200)" } else { "" };
    line.push(Role::Dim, format!(" {values} {noun}{more} · Enter shows the whole event · t its process"));
    line
}
