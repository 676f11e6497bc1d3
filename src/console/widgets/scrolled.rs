//! Lines that are read on where there is no room for all.

use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::theme::Role;

#[derive(Debug, Default)]
pub struct Scrolled {
    /// The first line that is seen.
    top: usize,
    /// How far that may go at the size of the last frame.
    last_top: usize,
    /// Lines that are seen at once.
    page: usize,
}

impl Scrolled {
    pub fn down(&mut self) {
        self.top = self.top.saturating_add(self.page).min(self.last_top);
    }

    pub fn up(&mut self) {
        self.top = self.top.saturating_sub(self.page);
    }

    /// Other lines are to be read, from their beginning.
    pub fn rewind(&mut self) {
        self.top = 0;
    }

    pub fn draw(&mut self, brush: &mut Brush<'_>, lines: &[Line]) {
        self.page = usize::from(brush.area.height).max(1);
        self.last_top = lines.len().saturating_sub(self.page);
        self.top = self.top.min(self.last_top);
        brush.put_lines(lines, self.top);
    }

    /// Says on the frame around them how many are below.
    pub fn draw_rest(&self, frame: &mut Brush<'_>) {
        if self.top < self.last_top {
            let rest = format!(" {} below: PgDn ", self.last_top.saturating_sub(self.top));
            let row = frame.area.height.saturating_sub(1);
            let width = usize::from(frame.area.width.saturating_sub(4));
            frame.put(2, row, Role::Dim, &Shown::from(rest).fit(width));
        }
    }
}
