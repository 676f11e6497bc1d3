//! The alerts of a replay: when, of which rule, and below the rows behind the one under the cursor.

use ratatui::layout::Rect;

use super::overlays::window;
use super::severity_role;
use crate::console::format::TimeStyle;
use crate::console::paint::{Brush, Line};
use crate::console::replay::Alerts;
use crate::console::shown::Shown;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row, TableState};
use crate::rules::duration;

pub fn draw(state: &State, brush: &mut Brush<'_>, selected: usize, row: Option<usize>) {
    let mut inner =
        window(brush, "Replay: the alerts there would have been", "Enter opens the rows · Esc closes", 110, 32);
    let Some(alerts) = &state.alerts else { return };
    let area = inner.area;
    if alerts.is_empty() {
        let mut lines = vec![Line::of(Role::Text, "No rule would have raised an alert over the time of this store.")];
        lines.extend(about(alerts, None));
        inner.put_lines(&lines, 0);
        return;
    }
    let about = about(alerts, Some(selected));
    let words = u16::try_from(about.len()).unwrap_or(0).min(area.height / 4);
    let below = (area.height / 3).min(area.height.saturating_sub(words.saturating_add(3)));
    let above = area.height.saturating_sub(below).saturating_sub(words);
    let mut list = inner.within(Rect { height: above, ..area });
    draw_alerts(state, &mut list, alerts, selected, row.is_none());
    let mut text = inner.within(Rect { y: area.y.saturating_add(above), height: words, ..area });
    let about: Vec<Line> = about.iter().map(|line| line.fit(usize::from(area.width))).collect();
    text.put_lines(&about, 0);
    let y = area.y.saturating_add(above).saturating_add(words);
    let mut list = inner.within(Rect { y, height: below, ..area });
    draw_rows(state, &mut list, alerts, selected, row);
}

fn draw_alerts(state: &State, brush: &mut Brush<'_>, alerts: &Alerts, selected: usize, focused: bool) {
    // A run may be on the day after the last event: then its day is said.
    let runs = (0..alerts.len()).filter_map(|index| alerts.get(index)).map(|(_, alert, _)| alert.time);
    let shown = state.overview.iter().flat_map(|known| known.first.into_iter().chain(known.last));
    let times: Vec<i64> = runs.chain(shown).collect();
    let style = TimeStyle::for_range(&state.zone, times.iter().min().copied(), times.iter().max().copied());
    let columns = [
        Column::fixed("RUN AT", style.width()),
        Column::fixed("SEV", 4),
        Column::share("RULE", 12, 1),
        Column::number("ROWS", 6),
        Column::fixed("", 10).from_width(60),
    ];
    let mut place = TableState { selected, ..TableState::default() };
    place.reveal(table::rows_in(brush.area), alerts.len());
    table::draw(brush, &columns, &place, alerts.len(), focused, |index| {
        let Some((replay, alert, is_suppressed)) = alerts.get(index) else { return Row::default() };
        let role = if is_suppressed { Role::Dim } else { Role::Text };
        Row {
            mark: is_suppressed.then(|| (Shown::from("·"), Role::Dim)),
            cells: vec![
                Line::of(role, state.zone.time(alert.time, style)),
                Line::of(
                    if is_suppressed { Role::Dim } else { severity_role(replay.severity) },
                    replay.severity.word(),
                ),
                Line::of(role, &*replay.title),
                Line::of(role, alert.rows.to_string()),
                Line::of(Role::Dim, if is_suppressed { "suppressed" } else { "" }),
            ],
        }
    });
}

/// How the rule of the alert runs, what the run saw, and which rules could not be replayed.
fn about(alerts: &Alerts, selected: Option<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some((replay, alert, _)) = selected.and_then(|selected| alerts.get(selected)) {
        let seen = duration::display(alert.time.saturating_sub(alert.after));
        let schedule = replay.timetable.as_ref().map(crate::hunt::timetable::Timetable::sentence).unwrap_or_default();
        lines.push(
            Line::of(Role::Border, "─ ").with(Role::Title, format!("this run saw the {seen} before it · {schedule}")),
        );
        for note in replay.timetable.iter().flat_map(|timetable| &timetable.notes) {
            lines.push(Line::of(Role::Warning, format!("  {note}")));
        }
    }
    for (title, reason) in alerts.failures() {
        lines.push(Line::of(Role::Warning, format!("! {title} was not replayed: {reason}")));
    }
    lines
}

fn draw_rows(state: &State, brush: &mut Brush<'_>, alerts: &Alerts, selected: usize, row: Option<usize>) {
    let rows = alerts.rows(selected);
    if rows.is_empty() {
        brush.put(1, 0, Role::Dim, &Shown::from("This alert is raised for the want of rows."));
        return;
    }
    let columns = [
        Column::fixed("TIME", state.time_style().width()),
        Column::share("ROW", 12, 3),
        Column::share("HOST", 8, 1).from_width(80),
    ];
    let mut place = TableState { selected: row.unwrap_or(0), ..TableState::default() };
    place.reveal(table::rows_in(brush.area), rows.len());
    table::draw(brush, &columns, &place, rows.len(), row.is_some(), |index| {
        let Some(found) = rows.get(index) else { return Row::default() };
        Row {
            mark: None,
            cells: vec![
                Line::text(found.id.time.map(|ticks| state.time(ticks)).unwrap_or_default()),
                Line::text(found.subject.as_str()),
                Line::of(Role::Dim, found.id.device.as_str()),
            ],
        }
    });
}
