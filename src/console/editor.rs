//! A few lines of text and a cursor in them: what the query is written in.

use unicode_segmentation::UnicodeSegmentation;

use super::keys::{Code, Key};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Editor {
    text: String,
    /// A byte offset, always on the border of a grapheme.
    cursor: usize,
}

impl Editor {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or(&self.text)
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// The line the cursor is in, and the text of that line before it.
    pub fn place(&self) -> (usize, &str) {
        let before = self.before();
        (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default())
    }

    pub fn insert(&mut self, text: &str) {
        self.replace(self.cursor, text);
    }

    /// Puts a text in place of what stands between an offset and the cursor.
    pub fn replace(&mut self, from: usize, text: &str) {
        let (Some(start), end) = (self.text.get(..from.min(self.cursor)), self.after()) else { return };
        let (cursor, whole) = (start.len().saturating_add(text.len()), format!("{start}{text}{end}"));
        (self.cursor, self.text) = (cursor, whole);
    }

    fn previous(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        self.after().graphemes(true).next().map_or(self.cursor, |grapheme| self.cursor.saturating_add(grapheme.len()))
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at.saturating_add(1))
    }

    fn line_end(&self) -> usize {
        self.after().find('\n').map_or(self.text.len(), |at| self.cursor.saturating_add(at))
    }

    /// Whether there is a line above or below to go to.
    pub fn has_line(&self, below: bool) -> bool {
        if below { self.after().contains('\n') } else { self.before().contains('\n') }
    }

    fn change_line(&mut self, below: bool) {
        let column = self.place().1.graphemes(true).count();
        let start = if below { self.line_end().saturating_add(1) } else { self.line_start().saturating_sub(1) };
        let start =
            if below { start } else { self.text.get(..start).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1) };
        let line = self.text.get(start..).unwrap_or_default().split('\n').next().unwrap_or_default();
        let width: usize = line.graphemes(true).take(column).map(str::len).sum();
        self.cursor = start.saturating_add(width).min(self.text.len());
    }

    fn word_start(&self) -> usize {
        let before = self.before().trim_end();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let kept = before.trim_end_matches(word);
        if kept.len() == before.len() { before.char_indices().next_back().map_or(0, |(at, _)| at) } else { kept.len() }
    }

    fn word_end(&self) -> usize {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let after = self.after();
        let rest = after.trim_start_matches(|c| !word(c)).trim_start_matches(word);
        self.text.len().saturating_sub(rest.len())
    }

    fn cut(&mut self, from: usize, to: usize) {
        let kept = self.text.get(..from).zip(self.text.get(to..)).map(|(start, end)| format!("{start}{end}"));
        if let Some(kept) = kept {
            self.text = kept;
            self.cursor = from;
        }
    }

    /// Gives it a key; whether it was for it.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Char(character), false) => self.insert(character.encode_utf8(&mut [0; 4])),
            (Code::Char('j'), true) => self.insert("\n"),
            (Code::Backspace, false) | (Code::Char('h'), true) => self.cut(self.previous(), self.cursor),
            (Code::Delete, false) | (Code::Char('d'), true) => self.cut(self.cursor, self.next()),
            (Code::Left, false) => self.cursor = self.previous(),
            (Code::Right, false) => self.cursor = self.next(),
            (Code::Left, true) => self.cursor = self.word_start(),
            (Code::Right, true) => self.cursor = self.word_end(),
            (Code::Up, _) if self.has_line(false) => self.change_line(false),
            (Code::Down, _) if self.has_line(true) => self.change_line(true),
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = self.line_start(),
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.line_end(),
            (Code::Char('w'), true) => self.cut(self.word_start(), self.cursor),
            (Code::Char('u'), true) => self.cut(self.line_start(), self.cursor),
            (Code::Char('k'), true) => self.cut(self.cursor, self.line_end()),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(text: &str, keys: &str) -> Editor {
        let mut editor = Editor::new(text);
        for name in keys.split(' ') {
            assert!(editor.key(name.parse().unwrap()), "{name}");
        }
        editor
    }

    #[test]
    fn keys_edit_at_the_cursor() {
        assert_eq!(after("ab", "Left x").text(), "axb");
        assert_eq!(after("one\ntwo", "Up Home Ctrl-k").text(), "\ntwo");
        assert_eq!(after("a | where File", "Ctrl-w").text(), "a | where ");
        assert_eq!(after("long line\nxy", "Up End Down !").text(), "long line\nxy!");
        let mut editor = Editor::new("T | where Fil");
        editor.replace(10, "FileName");
        assert_eq!((editor.text(), editor.cursor()), ("T | where FileName", 18));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_on_a_border(text in "[a-z \\né日\u{301}]{0,20}", moves in proptest::collection::vec(0usize..14, 0..40)) {
            const KEYS: [&str; 14] = ["Left", "Right", "Home", "End", "Backspace", "Delete", "Ctrl-w", "Ctrl-u", "Ctrl-k", "Ctrl-j", "é", "Ctrl-Left", "Ctrl-Right", "Ctrl-h"];
            let mut editor = Editor::new(text);
            for step in moves {
                editor.key(KEYS[step].parse().unwrap());
                if editor.has_line(true) { editor.key("Down".parse().unwrap()); }
                if editor.has_line(false) { editor.key("Up".parse().unwrap()); }
                prop_assert!(editor.text().is_char_boundary(editor.cursor()));
            }
        }
    }
}
