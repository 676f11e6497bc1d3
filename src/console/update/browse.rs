//! The events of a table and the query being written: what is asked for when the cursor or the text changes.

use super::{Effect, ask};
use crate::console::action::{Action, View};
use crate::console::editor::Editor;
use crate::console::format;
use crate::console::grid::Grid;
use crate::console::keys::{Code, Key};
use crate::console::overlay::Overlay;
use crate::console::source::{Checked, EventsPage, QueryDone, Question, Topic};
use crate::console::state::State;
use crate::console::undo::Change;
use crate::console::views;
use crate::hunt::browse::{EventsAsked, Listing};
use crate::kql::values::quote_name;
use crate::schema::{ScalarType, Value};

/// Rows on either side of the cursor that are here before one scrolls to them.
const AROUND: usize = 150;
/// A cursor closer than this to the end of what is here asks for more.
const MARGIN: usize = 70;
/// So many queries are remembered.
const REMEMBERED: usize = 200;

pub fn show_events(state: &mut State) -> Vec<Effect> {
    if state.events.tables.is_empty() {
        return vec![ask(state, Question::Tables)];
    }
    follow_events(state)
}

/// The tables are known: the one with the processes first, else the largest.
pub fn tables_counted(state: &mut State, tables: Vec<(String, u64)>) -> Vec<Effect> {
    state.events.tables = tables;
    state.events.tables.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if !state.events.asked.table.is_empty() {
        return follow_events(state);
    }
    let tables = &state.events.tables;
    let first = tables.iter().find(|(name, _)| name == "DeviceProcessEvents").or(tables.first());
    match first.map(|(name, _)| name.clone()) {
        Some(name) => choose_table(state, name),
        None => Vec::new(),
    }
}

pub fn pick_table(state: &mut State) -> Vec<Effect> {
    if state.events.tables.is_empty() {
        state.tell("the tables are being counted");
        return Vec::new();
    }
    state.overlay = Some(Overlay::Tables { input: tui_input::Input::default(), selected: 0 });
    Vec::new()
}

pub fn choose_table(state: &mut State, table: String) -> Vec<Effect> {
    let range = state.timeline.range;
    ask_for(state, EventsAsked { table, range, ..EventsAsked::default() });
    follow_events(state)
}

/// Another list is to be shown; it is asked for when the view shows it.
pub fn ask_for(state: &mut State, asked: EventsAsked) {
    if asked.table != state.events.asked.table {
        let mut grid = Grid::default();
        grid.show_empty = state.events.grid.show_empty;
        state.events.grid = grid;
    }
    state.events.asked = asked;
    forget_list(state);
}

/// What is shown is no longer what is asked for.
pub fn forget_list(state: &mut State) {
    state.events.page = None;
    state.events.counts = None;
    state.events.hits = None;
    state.events.grid.table.selected = 0;
    state.events.grid.table.top = 0;
}

/// Asks for the list from its start.
fn list_anew(state: &mut State) -> Vec<Effect> {
    forget_list(state);
    follow_events(state)
}

/// Asks for what the cursor needs: the rows around it, and the values of its column.
pub fn follow_events(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.events.asked.table.is_empty() {
        return effects;
    }
    let selected = state.events.grid.table.selected;
    let here = state.events.page.as_ref().is_some_and(|page| {
        let end = page.start.saturating_add(page.listing.rows.len());
        page.asked == state.events.asked
            && page.start <= selected.saturating_sub(MARGIN)
            && end >= selected.saturating_add(MARGIN).min(page.total)
    });
    if !here {
        let range = selected.saturating_sub(AROUND)..selected.saturating_add(AROUND);
        let (settings, asked) = (state.settings(), state.events.asked.clone());
        effects.push(ask(state, Question::Events(settings, asked, range)));
    }
    state.focus.event = views::events::selected_event(state).or(state.focus.event);
    effects.extend(follow_counts(state));
    effects
}

fn follow_counts(state: &mut State) -> Vec<Effect> {
    let Some(column) = state.events.grid.column().map(|column| column.name.clone()) else { return Vec::new() };
    let asked = state.events.asked.clone();
    if state.events.counts.as_ref().is_some_and(|known| known.column == column && known.asked == asked) {
        return Vec::new();
    }
    state.events.counts_table = crate::console::widgets::table::TableState::default();
    let settings = state.settings();
    vec![ask(state, Question::Counts(settings, asked, column))]
}

/// Goes to the next event that has the text of the search, wherever it is in the list.
pub fn next_hit(state: &mut State, forward: bool, here_too: bool) -> Vec<Effect> {
    let text = state.search.to_lowercase();
    let known = state.events.hits.as_ref().filter(|hits| hits.asked == state.events.asked && hits.text == text);
    let Some(hits) = known else {
        state.events.wanted_hit = Some((forward, here_too));
        let (settings, asked) = (state.settings(), state.events.asked.clone());
        return vec![ask(state, Question::Hits(settings, asked, text))];
    };
    let here = state.events.grid.table.selected;
    let places = &hits.places;
    let count = places.len();
    let at = if forward {
        let after = places.partition_point(|place| *place < here.saturating_add(usize::from(!here_too)));
        if after == count { 0 } else { after }
    } else {
        places.partition_point(|place| *place < here).checked_sub(1).unwrap_or(count.saturating_sub(1))
    };
    let Some(place) = places.get(at).copied() else {
        state.tell(format!("no event here has '{}'", state.search));
        return Vec::new();
    };
    state.tell(format!(
        "{} of {} events that have '{}'",
        at.saturating_add(1),
        format::count(count as u64),
        state.search
    ));
    let total = views::events::total(state);
    state.events.grid.table.select(place, total);
    follow_events(state)
}

pub fn page_arrived(state: &mut State, page: EventsPage) -> Vec<Effect> {
    if page.asked != state.events.asked {
        return Vec::new();
    }
    let selected = state.events.grid.table.selected;
    state.events.grid.take(&page.listing.columns, &page.listing.rows);
    state.events.grid.table.select(selected, page.total);
    state.events.page = Some(page);
    if state.view != View::Events {
        return Vec::new();
    }
    state.focus.event = views::events::selected_event(state).or(state.focus.event);
    follow_counts(state)
}

/// A condition that holds for rows with this value, or for all others.
fn condition(column: &str, value: &Value, keep: bool) -> Option<String> {
    let name = quote_name(column);
    if matches!(value, Value::Null) {
        return Some(format!("{}({name})", if keep { "isnull" } else { "isnotnull" }));
    }
    if let Value::Dynamic(text) = value {
        let text = crate::kql::values::quote_string(text);
        return Some(format!("tostring({name}) {} {text}", if keep { "==" } else { "!=" }));
    }
    let literal = format::literal(value)?;
    Some(format!("{name} {} {literal}", if keep { "==" } else { "!=" }))
}

/// Keeps or leaves out the rows with the value under the cursor, in the list or among its values.
pub fn filter(state: &mut State, keep: bool) -> Vec<Effect> {
    let chosen = if state.view == View::Events && state.pane == 1 {
        let counts = state.events.counts.as_ref();
        let at = state.events.counts_table.selected;
        counts.and_then(|counts| Some((counts.column.clone(), counts.values.get(at)?.0.clone())))
    } else {
        views::selected::grid_row(state)
            .and_then(|(grid, row)| Some((grid.column()?.name.clone(), row.get(grid.table.column)?.clone())))
    };
    let Some((column, value)) = chosen else { return Vec::new() };
    let Some(condition) = condition(&column, &value, keep) else {
        state.tell(format!("values of {column} cannot be compared exactly; write the condition in a query (8)"));
        return Vec::new();
    };
    if state.view == View::Query {
        let text = state.query.editor.text().to_owned();
        return append(state, &text, &format!("| where {condition}"));
    }
    if !state.events.asked.conditions.contains(&condition) {
        state.events.asked.conditions.push(condition);
    }
    state.pane = 0;
    list_anew(state)
}

pub fn clear_filters(state: &mut State) -> Vec<Effect> {
    if state.view == View::Query {
        let (undo, edit) = (state.keymap.key("undo"), state.keymap.key("edit-query"));
        state.tell(format!("the filters of a query are in its text: {edit} edits it, {undo} takes the last one back"));
        return Vec::new();
    }
    state.events.asked.conditions.clear();
    if state.timeline.range.is_some() {
        // It was taken on the timeline, and is on everywhere.
        return super::timeline::filter(state, None).into_iter().chain(list_anew(state)).collect();
    }
    state.events.asked.range = None;
    list_anew(state)
}

pub fn sort(state: &mut State) -> Vec<Effect> {
    let Some((grid, _)) = views::selected::grid_row(state) else { return Vec::new() };
    let Some(column) = grid.column() else { return Vec::new() };
    if column.scalar_type == ScalarType::Dynamic {
        state.tell("a dynamic column has no order; sort by tostring(…) in a query (8)");
        return Vec::new();
    }
    let name = column.name.clone();
    if state.view == View::Query {
        let quoted = quote_name(&name);
        let rises = format!("| sort by {quoted} asc");
        let before = state.query.editor.text().trim_end().to_owned();
        let (text, way) = match before.strip_suffix(&rises) {
            Some(rest) => (rest, "desc"),
            None => (before.as_str(), "asc"),
        };
        return append(state, text, &format!("| sort by {quoted} {way}"));
    }
    let falls = state.events.asked.sort.as_ref().is_some_and(|(by, falls)| *by == name && !falls);
    state.events.asked.sort = Some((name, falls));
    list_anew(state)
}

/// The grid of the view, where it has one.
pub fn grid(state: &mut State) -> Option<&mut Grid> {
    match state.view {
        View::Events => Some(&mut state.events.grid),
        View::Query => Some(&mut state.query.grid),
        _ => None,
    }
}

pub fn choose_column(state: &mut State, steps: isize) -> Vec<Effect> {
    if let Some(grid) = grid(state) {
        grid.choose(steps);
    }
    if state.view == View::Events { follow_counts(state) } else { Vec::new() }
}

/// The whole row, one column a line.
pub fn open_row(state: &mut State) {
    let Some((grid, row)) = views::selected::grid_row(state) else { return };
    let columns: Vec<&str> = grid.columns.iter().map(|column| column.name.as_str()).collect();
    let text = row_text(state, &columns, row);
    let title = views::events::selected_event(state).filter(|_| state.view == View::Events);
    let title = title.map_or_else(|| "Row".to_owned(), |event| format!("Event #{event}"));
    state.overlay = Some(Overlay::Text { title, text, top: 0 });
}

/// A row that was asked for by itself.
pub fn show_row(state: &mut State, title: String, listing: &Listing) {
    let columns: Vec<&str> = listing.columns.iter().map(|column| column.name.as_str()).collect();
    match listing.rows.first() {
        Some(row) => {
            let text = row_text(state, &columns, row);
            state.overlay = Some(Overlay::Text { title, text, top: 0 });
        }
        None => state.tell("the event is not there at this time of the clock"),
    }
}

fn row_text(state: &State, columns: &[&str], row: &[Value]) -> String {
    let widest = columns.iter().map(|name| name.len()).max().unwrap_or(0).min(40);
    let lines: Vec<String> = columns
        .iter()
        .zip(row)
        .map(|(column, value)| (column, views::shown_value(state, value)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(column, text)| format!("{column:<widest$}  {}", text.replace(['\r', '\n'], " ⏎ ")))
        .collect();
    lines.join("\n")
}

/// Writes a further line below the query's text, and runs it.
fn append(state: &mut State, text: &str, line: &str) -> Vec<Effect> {
    let text = text.trim_end().trim_end_matches(';').trim_end();
    let (before, effects) = put_text(state, format!("{text}\n{line}"));
    state.undo.did(Change::Query(before));
    effects
}

/// Runs this query in place of the one that is written, which is returned.
pub fn put_text(state: &mut State, text: String) -> (String, Vec<Effect>) {
    let before = state.query.editor.text().to_owned();
    (before, run_text(state, text))
}

/// Runs a query from wherever it came.
pub fn run_text(state: &mut State, text: String) -> Vec<Effect> {
    let mut effects = if state.view == View::Query { Vec::new() } else { super::show(state, View::Query) };
    if state.query.editor.text() != text {
        state.query.editor = Editor::new(text);
    }
    effects.extend(run(state));
    effects
}

fn run(state: &mut State) -> Vec<Effect> {
    let text = state.query.editor.text().to_owned();
    if text.trim().is_empty() {
        state.tell("nothing to run: write a query, as DeviceProcessEvents | take 10");
        return Vec::new();
    }
    state.query.offers = false;
    state.query.recalled = None;
    if state.query.history.last() != Some(&text) {
        state.query.history.push(text.clone());
        let surplus = state.query.history.len().saturating_sub(REMEMBERED);
        state.query.history.drain(..surplus);
    }
    (state.query.result, state.query.failure) = (None, None);
    let settings = state.settings();
    vec![ask(state, Question::Query(settings, text))]
}

pub fn query_done(state: &mut State, done: QueryDone) {
    match done.result {
        Ok(listing) => {
            state.query.problems = None;
            state.query.grid.take(&listing.columns, &listing.rows);
            state.query.grid.table.select(0, listing.rows.len());
            state.query.grid.table.top = 0;
            let any = !listing.rows.is_empty();
            state.query.result = Some(listing);
            if state.view == View::Query && any {
                state.pane = 1;
            }
        }
        Err(diagnostics) => {
            state.query.result = None;
            state.query.problems = Some((done.text, diagnostics));
        }
    }
}

/// The query is right, and running it failed: what was said stays where its rows would be.
pub fn query_failed(state: &mut State, text: &str) {
    let query = state.query.history.last().cloned().unwrap_or_default();
    state.query.failure = Some((query, text.to_owned()));
}

pub fn checked(state: &mut State, checked: Checked) {
    if checked.text == state.query.editor.text() {
        state.query.choice = 0;
        state.query.checked = Some(checked);
    }
}

/// Asks what is wrong with the text, and how it may go on.
fn check(state: &mut State) -> Vec<Effect> {
    let (settings, text, cursor) =
        (state.settings(), state.query.editor.text().to_owned(), state.query.editor.cursor());
    vec![ask(state, Question::Check(settings, text, cursor))]
}

pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    let text: String = text.replace("\r\n", "\n").replace(['\r', '\t'], " ");
    let text: String = text.chars().filter(|character| *character == '\n' || !character.is_control()).collect();
    state.query.editor.insert(&text);
    state.query.offers = false;
    check(state)
}

/// A key while the query is written.
pub fn editor_key(state: &mut State, key: Key) -> Vec<Effect> {
    let offered = state.query.offered().len();
    let down = (key.code == Code::Down && !key.ctrl) || (key.code == Code::Char('n') && key.ctrl);
    let up = (key.code == Code::Up && !key.ctrl) || (key.code == Code::Char('p') && key.ctrl);
    match key.code {
        Code::Enter => {
            let text = state.query.editor.text().to_owned();
            return super::apply(state, Action::RunQuery(text));
        }
        Code::F(1) => return super::apply(state, Action::Help),
        Code::Esc if offered > 0 => state.query.offers = false,
        Code::Esc => {
            state.query.offers = false;
            // Work that is going on ends first, as everywhere.
            if state.board.is_pending(Topic::Query) {
                return super::close(state);
            }
            state.pane = 1;
        }
        Code::Tab | Code::BackTab => return complete(state),
        _ if offered > 0 && down => {
            state.query.choice = state.query.choice.saturating_add(1).min(offered.saturating_sub(1));
        }
        _ if offered > 0 && up => state.query.choice = state.query.choice.saturating_sub(1),
        _ if up && !state.query.editor.has_line(false) => recall(state, false),
        _ if down && !state.query.editor.has_line(true) => recall(state, true),
        _ => {
            let before = state.query.editor.clone();
            if state.query.editor.key(key) && before != state.query.editor {
                let text_changed = before.text() != state.query.editor.text();
                let word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '"' | '\'' | '.');
                state.query.offers = text_changed && key.typed().is_some_and(word);
                return if text_changed { check(state) } else { Vec::new() };
            }
        }
    }
    Vec::new()
}

/// Takes the chosen way to go on, or asks which there are.
fn complete(state: &mut State) -> Vec<Effect> {
    let chosen = state.query.offered().get(state.query.choice).map(|item| item.text.clone());
    let from = state.query.checked.as_ref().map(|checked| checked.completions.from);
    match (chosen, from) {
        (Some(text), Some(from)) => {
            state.query.editor.replace(from, &text);
            state.query.offers = false;
        }
        _ => state.query.offers = true,
    }
    check(state)
}

/// An older or a newer query of the history.
fn recall(state: &mut State, newer: bool) {
    let count = state.query.history.len();
    let at = match (state.query.recalled, newer) {
        (None, true) => return,
        (None, false) => count.checked_sub(1),
        (Some(at), false) => Some(at.saturating_sub(1)),
        (Some(at), true) => Some(at.saturating_add(1)).filter(|at| *at < count),
    };
    state.query.recalled = at;
    let text = at.and_then(|at| state.query.history.get(at)).cloned();
    if text.is_some() || newer {
        state.query.editor = Editor::new(text.unwrap_or_default());
    }
}
