//! The only kind of text the views accept, and cutting it to a width in cells.
//!
//! A missed escape does not compile: what draws takes [`Shown`], and [`Shown`] is made by escaping.

use std::ops::Range;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::kql::visible;

/// Text that is safe to draw, with the places of the escapes in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    text: String,
    escapes: Vec<Range<usize>>,
}

impl<T: AsRef<str>> From<T> for Shown {
    fn from(text: T) -> Self {
        let escaped = visible::escape(text.as_ref());
        Self { text: escaped.text, escapes: escaped.escapes }
    }
}

impl Shown {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of cells the text takes.
    pub fn width(&self) -> usize {
        self.text.graphemes(true).map(cells).sum()
    }

    /// The graphemes in order: text, cells, and whether an escape made it.
    pub fn graphemes(&self) -> impl Iterator<Item = (&str, usize, bool)> {
        let mut escapes = self.escapes.iter().peekable();
        self.text.grapheme_indices(true).map(move |(start, grapheme)| {
            while escapes.peek().is_some_and(|range| range.end <= start) {
                escapes.next();
            }
            (grapheme, cells(grapheme), escapes.peek().is_some_and(|range| range.contains(&start)))
        })
    }

    /// The text in at most `width` cells; what was cut is replaced by `…`.
    pub fn fit(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let (mut end, mut used) = (0, 0);
        for (grapheme, cells, _) in self.graphemes() {
            if used + cells + 1 > width {
                break;
            }
            used += cells;
            end += grapheme.len();
        }
        let mut result = self.part(0..end);
        if width > 0 {
            result.text.push('…');
        }
        result
    }

    /// As [`Shown::fit`], filled with spaces to exactly `width` cells.
    pub fn fit_left(&self, width: usize) -> Self {
        let mut result = self.fit(width);
        result.text.push_str(&" ".repeat(width.saturating_sub(result.width())));
        result
    }

    /// The text in lines of at most `width` cells, broken after a space where one is near.
    pub fn wrap(&self, width: usize) -> Vec<Self> {
        let width = width.max(1);
        let mut lines = Vec::new();
        let (mut start, mut position, mut used) = (0, 0, 0);
        let mut space: Option<(usize, usize)> = None;
        for (grapheme, cells, _) in self.graphemes() {
            if used + cells > width && position > start {
                // A word of up to a third of the line moves down whole; a longer one is cut.
                let (end, rest) = match space {
                    Some((end, used_then)) if used - used_then <= width / 3 => (end, used - used_then),
                    _ => (position, 0),
                };
                lines.push(self.part(start..end));
                (start, used, space) = (end, rest, None);
            }
            position += grapheme.len();
            used += cells;
            if grapheme == " " {
                space = Some((position, used));
            }
        }
        if position > start || lines.is_empty() {
            lines.push(self.part(start..position));
        }
        lines
    }

    fn part(&self, range: Range<usize>) -> Self {
        let escapes = self
            .escapes
            .iter()
            .map(|escape| escape.start.max(range.start)..escape.end.min(range.end))
            .filter(|escape| escape.start < escape.end)
            .map(|escape| escape.start - range.start..escape.end - range.start)
            .collect();
        Self { text: self.text.get(range).unwrap_or_default().to_owned(), escapes }
    }
}

/// The cells of one grapheme, as ratatui counts them.
fn cells(grapheme: &str) -> usize {
    usize::from(grapheme.cell_width())
}

/// The lines of a text that may hold line breaks and tabs of its own (a rule, an SQL statement).
pub fn lines(text: &str) -> Vec<Shown> {
    text.split('\n').map(|line| Shown::from(line.trim_end_matches('\r').replace('\t', "    "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    #[test]
    fn wide_characters_are_cut_between_cells() {
        let shown = Shown::from("日本語");
        assert_eq!((shown.width(), shown.fit(6).as_str(), shown.fit(5).as_str()), (6, "日本語", "日本…"));
        assert_eq!((shown.fit(4).as_str(), shown.fit_left(4).as_str()), ("日…", "日… "));
        assert_eq!((shown.fit(1).as_str(), shown.fit(0).as_str()), ("…", ""));
    }

    #[test]
    fn lines_break_after_a_near_space() {
        let wrapped = |text: &str, width| -> Vec<String> {
            Shown::from(text).wrap(width).iter().map(|line| line.as_str().to_owned()).collect()
        };
        assert_eq!(wrapped("cmd.exe /c whoami /all", 12), ["cmd.exe /c ", "whoami /all"]);
        assert_eq!(wrapped("aaaaaaaaaaaaaaaa", 6), ["aaaaaa", "aaaaaa", "aaaa"]);
        assert_eq!(wrapped("", 6), [""]);
    }

    #[test]
    fn escapes_keep_their_places_when_cut() {
        let shown = Shown::from("ab\x1bcd\x1b");
        let marked = |shown: &Shown| -> String {
            shown.graphemes().map(|(grapheme, _, escape)| if escape { grapheme } else { "." }).collect()
        };
        assert_eq!(marked(&shown), "..^[..^[");
        assert_eq!(shown.wrap(3).iter().map(marked).collect::<Vec<_>>(), ["..^", "[..", "^["]);
    }

    proptest! {
        #[test]
        fn the_width_is_the_cells_drawn(text in "\\PC{0,20}|.{0,20}", width in 0usize..30) {
            let shown = Shown::from(&text);
            let again = Shown::from(shown.as_str());
            prop_assert_eq!(again.as_str(), shown.as_str());
            prop_assert_eq!(shown.fit_left(width).width(), width);
            prop_assert!(shown.fit(width).width() <= width);
            // A grapheme is never split, however narrow the room is.
            let widest = shown.graphemes().map(|(_, cells, _)| cells).max().unwrap_or(0);
            prop_assert!(shown.wrap(width).iter().all(|line| line.width() <= width.max(widest)));
            let joined: String = shown.wrap(width).iter().map(Shown::as_str).collect();
            prop_assert_eq!(joined.as_str(), shown.as_str());
            let mut buffer = Buffer::empty(Rect::new(0, 0, 400, 1));
            let (end, _) = buffer.set_stringn(0, 0, shown.as_str(), 400, ratatui::style::Style::new());
            prop_assert_eq!(usize::from(end), shown.width());
        }
    }
}
