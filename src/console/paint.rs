//! Putting text on the screen buffer: clipped, escaped, by role.
//!
//! Everything is drawn through a [`Brush`]; nothing drawn outside its area can panic or spill.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::shown::Shown;
use super::theme::{Role, Theme};

/// A line of text in pieces of different roles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub Vec<(Shown, Role)>);

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn of(role: Role, text: impl Into<Shown>) -> Self {
        Self(vec![(text.into(), role)])
    }

    pub fn text(text: impl Into<Shown>) -> Self {
        Self::of(Role::Text, text)
    }

    #[must_use]
    pub fn with(mut self, role: Role, text: impl Into<Shown>) -> Self {
        self.push(role, text);
        self
    }

    pub fn push(&mut self, role: Role, text: impl Into<Shown>) {
        self.0.push((text.into(), role));
    }

    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.width()).sum()
    }

    /// The line in as many lines as it takes, broken between words where that is possible.
    pub fn wrap(&self, width: usize) -> Vec<Self> {
        let width = width.max(1);
        if self.width() <= width {
            return vec![self.clone()];
        }
        let pieces = self.0.iter().flat_map(|(text, role)| {
            text.graphemes().map(|(grapheme, cells, _)| (grapheme.to_owned(), cells, *role)).collect::<Vec<_>>()
        });
        let pieces: Vec<(String, usize, Role)> = pieces.collect();
        let mut lines = Vec::new();
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            let mut used = 0usize;
            let fits = rest.iter().take_while(|(_, cells, _)| {
                used = used.saturating_add(*cells);
                used <= width
            });
            let fits = fits.count().max(1);
            // After the last blank that fits, unless the rest fits or the word is longer than the line.
            let blank = rest.get(..fits).and_then(|line| line.iter().rposition(|(text, ..)| text == " "));
            let end = if fits >= rest.len() { rest.len() } else { blank.map_or(fits, |at| at.saturating_add(1)) };
            let (line, after) = rest.split_at(end.min(rest.len()));
            let mut made = Self::new();
            for (text, _, role) in line {
                made.push(*role, text.as_str());
            }
            lines.push(made);
            rest = after;
        }
        lines
    }

    /// The line in at most `width` cells; what was cut is replaced by `…`.
    pub fn fit(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let mut rest = width;
        let mut result = Self::new();
        for (text, role) in &self.0 {
            if text.width() >= rest {
                // One cell is left for the sign even where this piece would fill the line to its end.
                let cut = Shown::from(format!("{}  ", text.as_str()));
                result.push(*role, if text.width() > rest { text.fit(rest) } else { cut.fit(rest) });
                return result;
            }
            rest = rest.saturating_sub(text.width());
            result.0.push((text.clone(), *role));
        }
        result
    }
}

/// The buffer, the theme and the area that may be drawn on.
pub struct Brush<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: Theme,
    pub area: Rect,
    /// Lines, bars and frames are left out: they would be read aloud.
    pub plain: bool,
}

impl Brush<'_> {
    /// The same buffer, cut to `area`.
    pub fn within(&mut self, area: Rect) -> Brush<'_> {
        let area = area.intersection(self.area);
        Brush { buffer: self.buffer, theme: self.theme, area, plain: self.plain }
    }

    pub fn clear(&mut self) {
        let style = self.theme.style(Role::Text);
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// Draws from (`column`, `row`) within the area; yields the column after the text.
    pub fn put(&mut self, column: u16, row: u16, role: Role, text: &Shown) -> u16 {
        let style = self.theme.style(role);
        if self.plain && matches!(role, Role::Border | Role::Drawn) {
            return self.put_styled(column, row, style, &without_shapes(text));
        }
        self.put_styled(column, row, style, text)
    }

    fn put_styled(&mut self, column: u16, row: u16, style: Style, text: &Shown) -> u16 {
        let y = self.area.y.saturating_add(row);
        let mut x = self.area.x.saturating_add(column);
        if y >= self.area.bottom() {
            return column;
        }
        let escape = self.theme.style(Role::Escape);
        for (grapheme, cells, is_escape) in text.graphemes() {
            let cells = u16::try_from(cells).unwrap_or(u16::MAX);
            if cells == 0 {
                continue;
            }
            if x.saturating_add(cells) > self.area.right() {
                break;
            }
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_symbol(grapheme).set_style(if is_escape { style.patch(escape) } else { style });
            }
            for covered in x.saturating_add(1)..x.saturating_add(cells) {
                if let Some(cell) = self.buffer.cell_mut((covered, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            x = x.saturating_add(cells);
        }
        x.saturating_sub(self.area.x)
    }

    /// Writes lines from one on, as many as there is room for.
    pub fn put_lines(&mut self, lines: &[Line], top: usize) {
        for (row, line) in lines.iter().skip(top).take(usize::from(self.area.height)).enumerate() {
            self.put_line(0, u16::try_from(row).unwrap_or(u16::MAX), line);
        }
    }

    pub fn put_line(&mut self, column: u16, row: u16, line: &Line) -> u16 {
        line.0.iter().fold(column, |column, (text, role)| self.put(column, row, *role, text))
    }

    /// Lays a role over a whole row, keeping its text.
    pub fn tint_row(&mut self, row: u16, role: Role) {
        let y = self.area.y.saturating_add(row);
        if y >= self.area.bottom() {
            return;
        }
        let modifier = self.theme.style(role).add_modifier;
        for x in self.area.left()..self.area.right() {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_style(Style::new().add_modifier(modifier));
            }
        }
    }

    fn lines_around(&mut self, role: Role) {
        let area = self.area;
        let bar = "─".repeat(usize::from(area.width.saturating_sub(2)));
        let last = area.height.saturating_sub(1);
        self.put(0, 0, role, &Shown::from(format!("┌{bar}┐")));
        for row in 1..last {
            self.put(0, row, role, &Shown::from("│"));
            self.put(area.width.saturating_sub(1), row, role, &Shown::from("│"));
        }
        self.put(0, last, role, &Shown::from(format!("└{bar}┘")));
    }

    /// A frame around the area with a title at the left and a note at the right; yields the area within.
    pub fn frame(&mut self, title: &str, note: &str, focused: bool) -> Rect {
        let area = self.area;
        let role = if focused { Role::Focus } else { Role::Border };
        if area.width < 2 || area.height < 2 {
            return area;
        }
        let inner_width = usize::from(area.width.saturating_sub(2));
        if !self.plain {
            self.lines_around(role);
        }
        let title_room = inner_width.saturating_sub(2);
        let title = Shown::from(title).fit(title_room);
        let title_width = title.width();
        if title_room > 0 && title_width > 0 {
            let text = Shown::from(titled(title.as_str(), focused));
            self.put(1, 0, if focused { Role::Focus } else { Role::Title }, &text);
        }
        let note = Shown::from(note);
        if note.width() > 0 && title_width + note.width() + 6 <= inner_width {
            let text = Shown::from(format!(" {} ", note.as_str()));
            let column = u16::try_from(inner_width.saturating_sub(note.width() + 2)).unwrap_or(0);
            self.put(column, 0, Role::Dim, &text);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }
}

/// The title of a pane, in brackets where it has the keys, as the view's is: colour alone would not be seen by all.
pub fn titled(title: &str, focused: bool) -> String {
    if focused { format!("[{title}]") } else { format!(" {title} ") }
}

/// Spaces in place of box drawing, blocks and Braille.
fn without_shapes(text: &Shown) -> Shown {
    let is_shape = |character: char| matches!(character, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}');
    Shown::from(text.as_str().replace(is_shape, " "))
}
