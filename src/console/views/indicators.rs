//! Indicators: what the rules look for, how many rules look for it, and how often it is here.

use super::{chips, edge, field};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::{Indicator, Topic};
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};

pub const COLUMNS: [Column<'_>; 6] = [
    Column::share("VALUE", 14, 4),
    Column::share("FIELD", 12, 3),
    Column::fixed("KIND", 11),
    Column::number("CORPUS", 7),
    Column::number("HITS", 7),
    Column::share("RULE", 10, 4).from_width(70),
];

/// A cell by its column's title.
pub fn titled(indicator: &Indicator, title: &str) -> super::SortKey {
    COLUMNS.iter().position(|column| column.title == title).map(|column| cell(indicator, column)).unwrap_or_default()
}

pub fn cell(indicator: &Indicator, column: usize) -> super::SortKey {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    match column {
        0 => (0, indicator.value.clone()),
        1 => (0, indicator.field.clone()),
        2 => (0, indicator.kind.clone()),
        3 => (number(indicator.corpus), format::count(indicator.corpus)),
        4 => match indicator.hits {
            Some(hits) => (number(hits), format::count(hits)),
            None => (-1, "?".to_owned()),
        },
        _ => (0, indicator.rule_title.clone()),
    }
}

pub fn selected(state: &State) -> Option<&Indicator> {
    state.indicators.as_ref()?.get(*state.indicator.rows.get(state.indicator.table.selected)?)
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.first() else { return };
    let rows = &state.indicator.rows;
    let note = format!("row {}/{}", state.indicator.table.selected.saturating_add(1).min(rows.len()), rows.len());
    let mut list =
        edge(brush, pane, "Indicators   corpus = rules that look for it · hits = events here", &note, state.pane == 0);
    if rows.is_empty() {
        let text = match &state.indicators {
            None if state.board.is_pending(Topic::Indicators) => "Counting the indicators in this store…",
            None => "Not counted; Ctrl-l and 3 ask again.",
            Some(all) if all.is_empty() => "The rules name no values to look for.",
            Some(_) => "No indicator fits the filters; F takes them away.",
        };
        list.put(1, 0, Role::Dim, &Shown::from(text));
        return;
    }
    draw_list(state, &mut list);
    let Some(pane) = layout.panes.get(1) else { return };
    let mut below = edge(brush, pane, "Seen here", "", state.pane == 1);
    let width = usize::from(below.area.width);
    below.put_lines(&detail(state, width), state.indicator.scroll);
}

fn draw_list(state: &State, list: &mut Brush<'_>) {
    let rows = &state.indicator.rows;
    table::draw(list, &COLUMNS, &state.indicator.table, rows.len(), state.pane == 0, |index| {
        let indicator = rows.get(index).and_then(|position| state.indicators.as_ref()?.get(*position));
        let Some(indicator) = indicator else { return Row::default() };
        let seen = indicator.hits.is_some_and(|hits| hits > 0);
        let cells = (0..COLUMNS.len())
            .map(|column| {
                let role = match column {
                    0 | 4 if seen => Role::Strong,
                    4 => Role::Dim,
                    _ if seen => Role::Text,
                    _ => Role::Dim,
                };
                Line::of(role, cell(indicator, column).1)
            })
            .collect();
        Row { mark: seen.then(|| (Shown::from("•"), Role::Good)), cells }
    });
}

/// The chosen indicator: which rules look for it, and where and when it is seen here.
pub fn detail(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(indicator) = selected(state) else { return lines };
    let head = indicator
        .condition
        .clone()
        .unwrap_or_else(|| format!("{} {} {}", indicator.field, indicator.kind, indicator.value));
    lines.push(Line::of(Role::Strong, head).fit(width));
    field(&mut lines, "Corpus", &format!("in {} of the rules that are loaded", indicator.by_source), width);
    field(&mut lines, "Rule", &indicator.rule_title, width);
    match indicator.hits {
        None => field(&mut lines, "Here", "cannot be counted by itself", width),
        Some(0) => field(&mut lines, "Here", "in no event", width),
        Some(_) => {
            let known = state.indicator.seen.as_ref();
            let seen = known.filter(|(condition, _)| indicator.condition.as_ref() == Some(condition));
            let Some((_, seen)) = seen else {
                let text = if state.board.is_pending(Topic::Seen) { "looking when…" } else { "" };
                field(&mut lines, "Here", text, width);
                return lines;
            };
            for seen in seen {
                let time = |ticks: Option<i64>| ticks.map_or_else(|| "no time".to_owned(), |ticks| state.time(ticks));
                let text = format!(
                    "{} × {}, first {}, last {}",
                    seen.table,
                    format::count(seen.events),
                    time(seen.first),
                    time(seen.last)
                );
                field(&mut lines, "Here", &text, width);
            }
        }
    }
    lines
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    chips(&mut line, &state.indicator.chips);
    if let Some(indicators) = &state.indicators {
        let seen = indicators.iter().filter(|indicator| indicator.hits.is_some_and(|hits| hits > 0)).count();
        line.push(
            Role::Dim,
            format!(
                " {seen} of {} indicators are seen here · Enter lists the events · w opens the rule",
                indicators.len()
            ),
        );
    }
    line
}
