//! Drawing a grid: the columns on screen, and the rows of the window.

use crate::console::format;
use crate::console::grid::{Grid, is_number};
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row, Sort, TableState, Width};
use crate::schema::Value;

/// Draws the table; `row` yields the values of a row, or nothing where it is not there yet.
pub fn draw<'rows>(
    state: &State,
    brush: &mut Brush<'_>,
    grid: &Grid,
    rows: usize,
    focused: bool,
    sort: Option<(&str, bool)>,
    row: impl Fn(usize) -> Option<&'rows [Value]>,
) {
    let visible = grid.visible(usize::from(brush.area.width));
    let names: Vec<String> = visible
        .iter()
        .map(|position| {
            let name = grid.columns.get(*position).map_or("", |column| column.name.as_str());
            Shown::from(name).fit(grid.width(*position)).as_str().to_owned()
        })
        .collect();
    let columns: Vec<Column<'_>> = visible
        .iter()
        .zip(&names)
        .map(|(position, name)| Column {
            title: name,
            width: Width::Fixed(u16::try_from(grid.width(*position)).unwrap_or(u16::MAX)),
            right_aligned: grid.columns.get(*position).is_some_and(|column| is_number(column.scalar_type)),
            from_width: 0,
        })
        .collect();
    let place = |column: usize| visible.iter().position(|position| *position == column);
    let sorted = sort.and_then(|(name, descending)| {
        let column = grid.columns.iter().position(|column| column.name == name)?;
        Some(Sort { column: place(column)?, descending })
    });
    let table =
        TableState { column: place(grid.table.column).unwrap_or(usize::MAX), sort: sorted, ..grid.table.clone() };
    table::draw(brush, &columns, &table, rows, focused, |index| {
        let Some(values) = row(index) else {
            return Row { mark: None, cells: vec![Line::of(Role::Dim, "…")] };
        };
        let cell = |position: &usize| {
            Line::text(values.get(*position).map(|value| super::shown_value(state, value)).unwrap_or_default())
        };
        Row { mark: None, cells: visible.iter().map(cell).collect() }
    });
}

/// What is not on screen, for the title.
pub fn note(grid: &Grid, rows: usize, more: bool) -> String {
    let row = grid.table.selected.saturating_add(1).min(rows);
    let more = if more { "+" } else { "" };
    let empty = grid.hidden_count();
    let empty = match empty {
        0 => String::new(),
        1 => " · 1 empty column (C)".to_owned(),
        _ => format!(" · {empty} empty columns (C)"),
    };
    format!("row {}/{}{more}{empty}", format::count(row as u64), format::count(rows as u64))
}
