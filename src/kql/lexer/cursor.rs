//! A position in the text that only moves forward by whole characters.

pub struct Cursor<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.position..).unwrap_or("")
    }

    /// The text between an earlier position and here.
    pub fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.position).unwrap_or("")
    }

    /// Whether only blank stands before the cursor on its line.
    pub fn at_line_start(&self) -> bool {
        let before = self.text.get(..self.position).unwrap_or("");
        before.chars().rev().take_while(|character| !is_line_end(*character)).all(is_blank)
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.position += next.len_utf8();
        Some(next)
    }

    /// Moves past `expected` where it stands next.
    pub fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.position += expected.len();
        }
        found
    }

    pub fn eat_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.bump();
        }
    }

    /// Back to an earlier position, for a look-ahead that came to nothing.
    pub fn rewind(&mut self, position: usize) {
        self.position = position.min(self.position);
    }
}

/// What separates tokens. Beside the Unicode blanks these are the invisible characters that queries copied from
/// web pages carry (the list of Kusto's own lexer, plus line separators and joiners).
pub fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}')
}

pub fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

pub fn starts_word(character: char) -> bool {
    character.is_alphabetic() || character == '_' || character == '$'
}

pub fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
