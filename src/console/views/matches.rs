//! Matches: all rules' rows in one list below the strip of the timeline.

use super::{chips, edge, severity_role, timeline, zoom_note};
use crate::console::columns::NOTE;
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::{MatchRow, State};
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row, Sort, TableState};
use crate::hunt::Match;
use crate::hunt::matches::RuleStatus;
use crate::schema::Value;

/// The titles of all columns, some perhaps to the right of the screen.
pub fn titles(state: &State) -> Vec<&str> {
    state.matches.columns.titles(Layout::of(state).inner(0).width, state.switches.notes().next().is_some())
}

/// The column under the cursor.
pub fn chosen(state: &State) -> Option<&str> {
    titles(state).get(state.matches.table.column).copied()
}

pub fn columns(state: &State) -> Vec<Column<'_>> {
    let time = state.time_style().width();
    titles(state).into_iter().map(|title| state.matches.columns.column(title, time)).collect()
}

/// A cell by the column's title: what it is sorted by, and its raw text.
pub fn cell(state: &State, found: &Match, title: &str) -> super::SortKey {
    match title {
        "TIME" => match found.id.time {
            Some(ticks) => (ticks, state.time(ticks)),
            None => (i64::MAX, String::new()),
        },
        "SEV" => (found.severity as i64, found.severity.word().to_owned()),
        "RULE" => (0, found.title.to_string()),
        "SUBJECT" => (0, found.subject.clone()),
        "HOST" => (0, found.id.device.clone()),
        NOTE => (0, state.switches.note(&found.id).unwrap_or_default().to_owned()),
        "EVT" => {
            let count = found.events.len();
            (i64::try_from(count).unwrap_or(i64::MAX), count.to_string())
        }
        output => match found.value(output) {
            Some(Value::Datetime(ticks)) => (*ticks, state.zone.time(*ticks, format::TimeStyle::Exact)),
            Some(value @ Value::Long(number)) => (*number, format::value(value)),
            Some(value @ Value::Int(number)) => (i64::from(*number), format::value(value)),
            Some(value) => (0, format::value(value)),
            // A rule without the column.
            None => (i64::MIN, String::new()),
        },
    }
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    timeline::draw_strip(state, brush, layout);
    let Some(pane) = layout.panes.first() else { return };
    let rows = &state.matches.rows;
    let note = if rows.is_empty() {
        String::new()
    } else {
        format!("row {}/{}", state.matches.table.selected.saturating_add(1), rows.len())
    };
    let focused = state.pane == 0;
    let mut list = edge(brush, pane, "Matches", &note, focused);
    if rows.is_empty() {
        let width = usize::from(list.area.width);
        list.put_lines(&nothing(state, width), 0);
    } else {
        draw_list(state, &mut list, focused);
    }
    let Some(pane) = layout.panes.get(1) else { return };
    let mut detail = edge(brush, pane, "Detail", zoom_note(state), state.pane == 1);
    let width = usize::from(detail.area.width);
    detail.put_lines(&super::match_detail::lines(state, width), state.matches.scroll);
}

fn draw_list(state: &State, list: &mut Brush<'_>, focused: bool) {
    let columns = columns(state);
    let places = state.matches.columns.on_screen(&columns, list.area.width);
    let on_screen: Vec<Column<'_>> = places.iter().filter_map(|place| columns.get(*place).copied()).collect();
    let place_of = |title: &str| on_screen.iter().position(|column| column.title == title);
    let sort = state.matches.sort.as_ref();
    let sort = sort.and_then(|(by, descending)| Some(Sort { column: place_of(by)?, descending: *descending }));
    let column = places.iter().position(|place| *place == state.matches.table.column).unwrap_or(usize::MAX);
    let table = TableState { column, sort, ..state.matches.table.clone() };
    table::draw(list, &on_screen, &table, state.matches.rows.len(), focused, |index| row(state, &on_screen, index));
}

fn row(state: &State, columns: &[Column<'_>], index: usize) -> Row {
    let Some((row, found)) = state.matches.rows.get(index).and_then(|row| Some((row, state.match_at(*row)?))) else {
        return Row::default();
    };
    let text = if row.hidden { Role::Dim } else { Role::Text };
    let cells = columns.iter().map(|column| {
        let shown = Shown::from(cell(state, found, column.title).1);
        let mut line = Line::new();
        if column.title == "RULE" && row.hidden {
            line.push(Role::Warning, format!("[{}] ", hidden_by(state, found)));
        }
        let role = match column.title {
            "SEV" if !row.hidden => severity_role(found.severity),
            NOTE => Role::Warning,
            _ => text,
        };
        line.0.push((shown, role));
        if column.title == "SUBJECT" {
            line.0.extend(arguments(found));
        }
        line
    });
    Row { mark: mark(state, *row, found), cells: cells.collect() }
}

/// Pinned, or hidden by an exclusion.
pub fn mark(state: &State, row: MatchRow, found: &Match) -> Option<(Shown, Role)> {
    match (state.switches.is_pinned(&found.id), row.hidden) {
        (_, true) => Some((Shown::from("·"), Role::Dim)),
        (true, _) => Some((Shown::from("★"), Role::Warning)),
        _ => None,
    }
}

/// What a match is about, and what was run.
pub fn subject(found: &Match) -> Line {
    let mut line = Line::text(found.subject.as_str());
    line.0.extend(arguments(found));
    line
}

/// Twenty rows of `sqlservr.exe → cmd.exe` are told apart by what was run.
fn arguments(found: &Match) -> Option<(Shown, Role)> {
    match found.value("ProcessCommandLine") {
        Some(Value::String(command)) => Some((Shown::from(format!("  {}", format::arguments(command))), Role::Dim)),
        _ => None,
    }
}

/// The exclusions that hide a match: `X1, X2`.
pub fn hidden_by(state: &State, found: &Match) -> String {
    let ids = state.found.as_ref().and_then(|known| known.hidden_by.get(&found.id));
    ids.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Instead of an empty list: why it is empty.
fn nothing(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(found) = &state.found else {
        let text = if state.board.is_pending(Topic::Matches) || state.overview.is_none() {
            "The rules are running…"
        } else {
            "The rules have not run; Ctrl-l asks again."
        };
        return vec![Line::of(Role::Dim, format!(" {text}"))];
    };
    let ran = found.all.runs.iter().filter(|run| run.status == RuleStatus::Ran).count();
    let all = found.all.runs.len();
    let (shown, total) = (state.shown_count(), state.all_count());
    let is_filtered = !state.matches.chips.is_empty() || state.timeline.range.is_some();
    let text = if is_filtered && shown > 0 {
        format!("No match fits the filters ({shown} without them); F takes them away.")
    } else if shown == 0 && total > 0 {
        format!("Exclusions hide all {total} matches; H shows them.")
    } else {
        format!("No rule matches: {ran} of {all} rules ran. View 5 shows for each rule where its rows end.")
    };
    super::paragraph(&mut lines, Role::Text, &text, width);
    lines
}

/// How many rules say nothing because they did not run.
pub fn missing_rules(state: &State) -> Option<Line> {
    let missing = state.missing_rules();
    let rules = if missing == 1 { "rule" } else { "rules" };
    let text = format!(" {missing} {rules} did not run: view 5 says why");
    (missing > 0).then(|| Line::of(Role::Warning, text))
}

pub fn status(state: &State) -> Line {
    let mut filters = Line::new();
    timeline::chip(state, state.timeline.range, &mut filters);
    chips(&mut filters, &state.matches.chips);
    if state.matches.chips.is_empty() && state.timeline.range.is_some() {
        filters.push(Role::Dim, " F clears");
    }
    let mut parts = vec![filters];
    let hidden = state.all_count().saturating_sub(state.shown_count());
    if hidden > 0 {
        let on = state.switches.exclusions().filter(|(_, own)| own.enabled).count();
        let shown = if state.matches.show_hidden { "H leaves them out (·)" } else { "H shows them" };
        parts.push(Line::of(Role::Dim, format!(" {hidden} hidden by {on} of your exclusions · {shown}")));
    }
    let missing = missing_rules(state);
    let is_whole = missing.is_none();
    parts.extend(missing);
    if state.overview.as_ref().is_some_and(|overview| overview.lesson.is_some()) {
        parts.push(Line::of(Role::Strong, " L lists the lessons"));
    }
    if hidden == 0 && is_whole && !state.matches.rows.is_empty() && state.matches.chips.is_empty() {
        let advice = " Space pins (★) what must never be hidden · t shows the chain · w shows the rule";
        parts.push(Line::of(Role::Dim, advice));
    }
    let mut line = Line::new();
    for part in parts.into_iter().filter(|part| !part.0.is_empty()) {
        if !line.0.is_empty() {
            line.push(Role::Dim, " ·");
        }
        line.0.extend(part.0);
    }
    line
}
