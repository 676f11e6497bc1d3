//! A result of any columns in the windowed table: which columns are on screen, and how wide.
//!
//! Knows nothing of where the rows come from.

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr;

use super::format;
use super::widgets::table::TableState;
use crate::schema::{Column, ScalarType, Value};

/// No column is wider to begin with: a command line would fill the screen.
const WIDEST: usize = 36;
const NARROWEST: usize = 4;

#[derive(Debug, Default)]
pub struct Grid {
    pub table: TableState,
    pub columns: Vec<Column>,
    widths: Vec<usize>,
    /// Columns with a value in a row that was read.
    filled: BTreeSet<usize>,
    /// Columns somebody chose to show or to leave out.
    picked: BTreeMap<usize, bool>,
    /// Show columns without a value too.
    pub show_empty: bool,
    /// So many of the shown columns stay at the left.
    pub frozen: usize,
    /// The first of the others that is on screen, by its place among the shown ones.
    left: usize,
}

impl Grid {
    /// Takes in rows: new columns start anew, the same ones keep cursor and widths.
    pub fn take(&mut self, columns: &[Column], rows: &[Vec<Value>]) {
        if self.columns != columns {
            *self = Self { columns: columns.to_vec(), show_empty: self.show_empty, ..Self::default() };
            self.widths = columns.iter().map(|column| column.name.width().clamp(NARROWEST, WIDEST)).collect();
        }
        for row in rows.iter().take(500) {
            for (position, value) in row.iter().enumerate() {
                let text = format::value(value);
                if text.is_empty() {
                    continue;
                }
                self.filled.insert(position);
                let most = columns.get(position).map_or(WIDEST, |column| most_width(&column.name));
                if let Some(width) = self.widths.get_mut(position) {
                    *width = (*width).max(text.width().min(most));
                }
            }
        }
        let shown = self.shown();
        if !shown.contains(&self.table.column) {
            self.table.column = shown.first().copied().unwrap_or(0);
        }
    }

    /// The columns that may be on screen, by their positions in a row.
    pub fn shown(&self) -> Vec<usize> {
        let all = self.show_empty || self.filled.is_empty();
        let is_shown = |place: &usize| self.picked.get(place).copied().unwrap_or(all || self.filled.contains(place));
        (0..self.columns.len()).filter(is_shown).collect()
    }

    /// Shows a column or leaves it out; one at least stays.
    pub fn toggle(&mut self, name: &str) {
        let Some(place) = self.columns.iter().position(|column| column.name == name) else { return };
        let shown = self.shown();
        let is_shown = shown.contains(&place);
        if !is_shown || shown.len() > 1 {
            self.picked.insert(place, !is_shown);
        }
        self.choose(0);
    }

    pub fn hidden_count(&self) -> usize {
        self.columns.len().saturating_sub(self.shown().len())
    }

    pub fn column(&self) -> Option<&Column> {
        self.columns.get(self.table.column)
    }

    /// Moves to another of the shown columns.
    pub fn choose(&mut self, steps: isize) {
        let shown = self.shown();
        let here = shown.iter().position(|position| *position == self.table.column).unwrap_or(0);
        let there = here.saturating_add_signed(steps).min(shown.len().saturating_sub(1));
        self.table.column = shown.get(there).copied().unwrap_or(0);
    }

    /// Keeps the columns up to the cursor at the left; again lets them go.
    pub fn freeze(&mut self) -> usize {
        let here = self.shown().iter().position(|position| *position == self.table.column).unwrap_or(0);
        let wanted = here.saturating_add(1);
        self.frozen = if self.frozen == wanted { 0 } else { wanted };
        self.left = 0;
        self.frozen
    }

    pub fn widen(&mut self, by: isize) {
        if let Some(width) = self.widths.get_mut(self.table.column) {
            *width = width.saturating_add_signed(by).clamp(NARROWEST, 200);
        }
    }

    pub fn show_all(&mut self, all: bool) {
        self.show_empty = all;
        self.picked.clear();
        self.frozen = 0;
        self.left = 0;
        self.choose(0);
    }

    /// Moves the window so that the chosen column is in it.
    pub fn reveal(&mut self, width: usize) {
        let shown = self.shown();
        let here = shown.iter().position(|position| *position == self.table.column).unwrap_or(0);
        self.left = self.left.max(self.frozen);
        if here < self.frozen {
            return;
        }
        self.left = self.left.min(here);
        while self.left < here
            && !self.on_screen(width).iter().any(|(position, whole)| *position == self.table.column && *whole)
        {
            self.left = self.left.saturating_add(1);
        }
    }

    /// The columns on screen by their positions in a row, and whether each has all its room.
    fn on_screen(&self, width: usize) -> Vec<(usize, bool)> {
        let shown = self.shown();
        let left = self.left.max(self.frozen);
        let order = shown.iter().take(self.frozen).chain(shown.iter().skip(left));
        let mut used = 2;
        let mut result = Vec::new();
        for position in order {
            if used >= width {
                break;
            }
            used = used.saturating_add(self.width(*position));
            result.push((*position, used <= width));
            used = used.saturating_add(1);
        }
        result
    }

    pub fn visible(&self, width: usize) -> Vec<usize> {
        self.on_screen(width).into_iter().map(|(position, _)| position).collect()
    }

    pub fn width(&self, position: usize) -> usize {
        self.widths.get(position).copied().unwrap_or(NARROWEST)
    }
}

/// Ids and hashes are compared by their beginnings; `+` widens.
fn most_width(name: &str) -> usize {
    let is_opaque = ["Id", "SHA1", "SHA256", "MD5"].iter().any(|end| name.ends_with(end));
    if is_opaque { 12 } else { WIDEST }
}

/// Whether a column is read from the right.
pub const fn is_number(kind: ScalarType) -> bool {
    matches!(kind, ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let columns: Vec<Column> = ["A", "B", "C", "D", "E"].map(|name| Column::new(name, ScalarType::String)).into();
        let row = |texts: [&str; 5]| texts.map(|text| Value::String(text.to_owned())).to_vec();
        let mut grid = Grid::default();
        grid.take(&columns, &[row(["aaaaaaaa", "", "cccccccc", "dddddddd", "e"])]);
        grid
    }

    #[test]
    fn columns_without_a_value_are_left_out_until_asked_for() {
        let mut grid = grid();
        assert_eq!((grid.shown(), grid.hidden_count()), (vec![0, 2, 3, 4], 1));
        grid.choose(1);
        assert_eq!(grid.table.column, 2);
        grid.toggle("B");
        grid.toggle("C");
        assert_eq!((grid.shown(), grid.table.column), (vec![0, 1, 3, 4], 0));
        grid.show_all(true);
        assert_eq!(grid.shown(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_window_follows_the_column_and_frozen_ones_stay() {
        let mut grid = grid();
        grid.freeze();
        grid.choose(9);
        grid.reveal(20);
        assert_eq!(grid.visible(20), [0, 4]);
        grid.choose(-1);
        grid.reveal(20);
        assert_eq!(grid.visible(20), [0, 3]);
        for width in 0..60 {
            grid.reveal(width);
            grid.visible(width);
        }
    }
}
