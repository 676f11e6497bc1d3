//! A windowed table: only the rows on screen are ever built.
//!
//! ratatui's own table wants all rows each frame (322 ms at 100,000). Sorting and filtering are the owner's, who
//! hands out rows by position.

use ratatui::layout::Rect;

use crate::console::format;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::theme::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Fixed(u16),
    /// A share of what the fixed columns leave, and never less than the minimum.
    Share {
        minimum: u16,
        parts: u16,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'title> {
    pub title: &'title str,
    pub width: Width,
    pub right_aligned: bool,
    /// Below this width of the table the column is left out; 0 is never.
    pub from_width: u16,
}

impl<'title> Column<'title> {
    pub const fn fixed(title: &'title str, width: u16) -> Self {
        Self { title, width: Width::Fixed(width), right_aligned: false, from_width: 0 }
    }

    pub const fn share(title: &'title str, minimum: u16, parts: u16) -> Self {
        Self { title, width: Width::Share { minimum, parts }, right_aligned: false, from_width: 0 }
    }

    pub const fn number(title: &'title str, width: u16) -> Self {
        Self { title, width: Width::Fixed(width), right_aligned: true, from_width: 0 }
    }

    #[must_use]
    pub const fn from_width(mut self, width: u16) -> Self {
        self.from_width = width;
        self
    }
}

/// A row as drawn: a mark for its state, and a cell a column.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub mark: Option<(Shown, Role)>,
    pub cells: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sort {
    pub column: usize,
    pub descending: bool,
}

/// Where the cursor and the window are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableState {
    pub selected: usize,
    pub top: usize,
    /// The column the next sort, filter or copy is about.
    pub column: usize,
    pub sort: Option<Sort>,
}

impl TableState {
    /// Moves the cursor by `steps`, within `rows`.
    pub fn step(&mut self, steps: isize, rows: usize) {
        self.selected = self.selected.saturating_add_signed(steps).min(rows.saturating_sub(1));
    }

    pub fn select(&mut self, row: usize, rows: usize) {
        self.selected = row.min(rows.saturating_sub(1));
    }

    pub fn choose_column(&mut self, steps: isize, columns: usize) {
        self.column = self.column.saturating_add_signed(steps).min(columns.saturating_sub(1));
    }

    /// Sorts by the chosen column; again reverses.
    pub fn sort_by_chosen(&mut self) {
        let descending = self.sort.is_some_and(|sort| sort.column == self.column && !sort.descending);
        self.sort = Some(Sort { column: self.column, descending });
    }

    /// Moves the window so that the cursor is in it; `height` counts the rows on screen.
    pub fn reveal(&mut self, height: usize, rows: usize) {
        self.select(self.selected, rows);
        let height = height.max(1);
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top.saturating_add(height) {
            self.top = self.selected.saturating_sub(height.saturating_sub(1));
        }
        self.top = self.top.min(rows.saturating_sub(height));
    }
}

/// The cursor's column and the mark's, before the first cell.
const MARK: u16 = 2;

/// Each visible column with its first cell and its width.
fn places(columns: &[Column<'_>], width: u16) -> Vec<(usize, u16, u16)> {
    let visible: Vec<(usize, &Column<'_>)> =
        columns.iter().enumerate().filter(|(_, column)| width >= column.from_width).collect();
    let gaps = u16::try_from(visible.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let (mut fixed, mut parts) = (MARK.saturating_add(gaps), 0u16);
    for (_, column) in &visible {
        match column.width {
            Width::Fixed(width) => fixed = fixed.saturating_add(width),
            Width::Share { parts: share, .. } => parts = parts.saturating_add(share),
        }
    }
    let mut rest = width.saturating_sub(fixed);
    let mut x = MARK;
    let mut result = Vec::new();
    for (position, column) in visible {
        let cells = match column.width {
            Width::Fixed(width) => width,
            Width::Share { minimum, parts: share } => {
                let room = (u32::from(rest) * u32::from(share)).checked_div(u32::from(parts)).unwrap_or(0);
                let room = u16::try_from(room).unwrap_or(rest);
                rest = rest.saturating_sub(room);
                parts = parts.saturating_sub(share);
                room.max(minimum)
            }
        };
        let cells = cells.min(width.saturating_sub(x));
        if cells == 0 {
            break;
        }
        result.push((position, x, cells));
        x = x.saturating_add(cells).saturating_add(1);
    }
    result
}

/// The cells that a column has on a table of this width.
pub fn width_of(columns: &[Column<'_>], width: u16, column: usize) -> Option<u16> {
    places(columns, width).into_iter().find(|(position, ..)| *position == column).map(|(_, _, cells)| cells)
}

/// How many rows a table of this area shows below its header.
pub const fn rows_in(area: Rect) -> usize {
    area.height.saturating_sub(1) as usize
}

/// Draws the header and the rows from `state.top` on. `row` is asked for those on screen only.
pub fn draw(
    brush: &mut Brush<'_>,
    columns: &[Column<'_>],
    state: &TableState,
    rows: usize,
    focused: bool,
    row: impl Fn(usize) -> Row,
) {
    let places = places(columns, brush.area.width);
    for (position, x, cells) in &places {
        let Some(column) = columns.get(*position) else { continue };
        let arrow = match state.sort {
            Some(sort) if sort.column == *position && sort.descending => "↓",
            Some(sort) if sort.column == *position => "↑",
            _ => "",
        };
        let title = Shown::from(format!("{}{arrow}", column.title));
        let chosen = focused && *position == state.column;
        let title = align(&title, usize::from(*cells), column.right_aligned);
        brush.put(*x, 0, if chosen { Role::Header } else { Role::Dim }, &title);
    }
    for offset in 0..rows_in(brush.area) {
        let index = state.top.saturating_add(offset);
        if index >= rows {
            break;
        }
        let y = u16::try_from(offset).unwrap_or(u16::MAX).saturating_add(1);
        let content = row(index);
        if let Some((mark, role)) = &content.mark {
            brush.put(1, y, *role, mark);
        }
        for (position, x, cells) in &places {
            let (Some(column), Some(cell)) = (columns.get(*position), content.cells.get(*position)) else { continue };
            put_cell(brush, *x, y, usize::from(*cells), column.right_aligned, cell);
        }
        if index == state.selected {
            brush.tint_row(y, if focused { Role::Selected } else { Role::SelectedElsewhere });
            brush.put(0, y, Role::Focus, &Shown::from("▶"));
        }
    }
}

fn align(text: &Shown, width: usize, right: bool) -> Shown {
    let fitted = text.fit(width);
    let blanks = if right { " ".repeat(width.saturating_sub(fitted.width())) } else { String::new() };
    if blanks.is_empty() { fitted } else { Shown::from(format!("{blanks}{}", fitted.as_str())) }
}

fn put_cell(brush: &mut Brush<'_>, x: u16, y: u16, width: usize, right: bool, cell: &Line) {
    let brief = if right { brief(cell, width) } else { None };
    let cell = brief.as_ref().unwrap_or(cell);
    let indent = if right { width.saturating_sub(cell.width()) } else { 0 };
    let column = x.saturating_add(u16::try_from(indent).unwrap_or(0));
    brush.put_line(column, y, &cell.fit(width));
}

/// A number that is wider than its column, in a shorter form.
fn brief(cell: &Line, width: usize) -> Option<Line> {
    let (first, role) = cell.0.first().filter(|_| cell.0.len() == 1 && cell.width() > width)?;
    let number = first.as_str().trim().replace(',', "").parse().ok()?;
    Some(Line::of(*role, format::count_within(number, width)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Theme;
    use ratatui::buffer::Buffer;
    use std::cell::Cell;

    const COLUMNS: [Column<'_>; 3] = [Column::fixed("TIME", 5), Column::share("RULE", 4, 1), Column::number("CNT", 3)];

    fn screen(width: u16, height: u16, state: &TableState, rows: usize, built: &Cell<usize>) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let mut brush = Brush { buffer: &mut buffer, theme: Theme::Plain, area, plain: false };
        draw(&mut brush, &COLUMNS, state, rows, true, |index| {
            built.set(built.get() + 1);
            Row { mark: None, cells: vec![Line::text("09:00"), Line::text(format!("rule {index}")), Line::text("7")] }
        });
        buffer
            .content()
            .chunks(usize::from(width.max(1)))
            .map(|cells| cells.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn only_rows_on_screen_are_built() {
        let (mut state, built) = (TableState::default(), Cell::new(0));
        state.select(777_777, 1_000_000);
        state.reveal(3, 1_000_000);
        assert_eq!(
            screen(28, 4, &state, 1_000_000, &built),
            [
                "  TIME  RULE             CNT",
                "  09:00 rule 777775        7",
                "  09:00 rule 777776        7",
                "▶ 09:00 rule 777777        7"
            ]
        );
        assert_eq!(built.get(), 3);
    }

    #[test]
    fn a_number_wider_than_its_column_is_shortened_and_not_cut() {
        let area = Rect::new(0, 0, 28, 2);
        let mut buffer = Buffer::empty(area);
        let mut brush = Brush { buffer: &mut buffer, theme: Theme::Plain, area, plain: false };
        let cells = vec![Line::text("09:00"), Line::text("rule"), Line::text("12,345")];
        draw(&mut brush, &COLUMNS, &TableState::default(), 1, true, |_| Row { mark: None, cells: cells.clone() });
        let row: String = buffer.content().iter().skip(28).map(|cell| cell.symbol()).collect();
        assert_eq!(row, "▶ 09:00 rule             12k");
    }

    #[test]
    fn the_cursor_stays_in_the_rows_and_in_the_window() {
        let mut state = TableState::default();
        state.step(10, 3);
        state.reveal(2, 3);
        assert_eq!((state.selected, state.top), (2, 1));
        state.reveal(5, 3);
        assert_eq!((state.selected, state.top), (2, 0));
        state.step(-10, 3);
        state.reveal(2, 0);
        assert_eq!((state.selected, state.top), (0, 0));
    }

    #[test]
    fn no_size_panics() {
        for width in 0..20 {
            for height in 0..5 {
                screen(width, height, &TableState::default(), 9, &Cell::new(0));
            }
        }
    }
}
