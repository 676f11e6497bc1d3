//! Keys by name: what a terminal sends, what a keymap says, what a hint shows.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A key with `Ctrl` or without. Shift is part of the character, and nothing may depend on Alt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
}

const NAMED: [(&str, Code); 15] = [
    ("Space", Code::Char(' ')),
    ("Enter", Code::Enter),
    ("Esc", Code::Esc),
    ("Tab", Code::Tab),
    ("BackTab", Code::BackTab),
    ("Backspace", Code::Backspace),
    ("Delete", Code::Delete),
    ("Up", Code::Up),
    ("Down", Code::Down),
    ("Left", Code::Left),
    ("Right", Code::Right),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PgUp", Code::PageUp),
    ("PgDn", Code::PageDown),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    pub fn from_terminal(event: KeyEvent) -> Option<Self> {
        if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
            return None;
        }
        let code = match event.code {
            KeyCode::Char(character) => Code::Char(character),
            KeyCode::Enter => Code::Enter,
            KeyCode::Esc => Code::Esc,
            KeyCode::Tab => Code::Tab,
            KeyCode::BackTab => Code::BackTab,
            KeyCode::Backspace => Code::Backspace,
            KeyCode::Delete => Code::Delete,
            KeyCode::Up => Code::Up,
            KeyCode::Down => Code::Down,
            KeyCode::Left => Code::Left,
            KeyCode::Right => Code::Right,
            KeyCode::Home => Code::Home,
            KeyCode::End => Code::End,
            KeyCode::PageUp => Code::PageUp,
            KeyCode::PageDown => Code::PageDown,
            KeyCode::F(number) => Code::F(number),
            _ => return None,
        };
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        // Ctrl with a letter is one byte for both cases.
        let code = match code {
            Code::Char(character) if ctrl => Code::Char(character.to_ascii_lowercase()),
            other => other,
        };
        Some(Self { code, ctrl })
    }

    /// The character it types into a field.
    pub const fn typed(self) -> Option<char> {
        match (self.code, self.ctrl) {
            (Code::Char(character), false) => Some(character),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            formatter.write_str("Ctrl-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return formatter.write_str(name);
        }
        match self.code {
            Code::Char(character) => write!(formatter, "{character}"),
            Code::F(number) => write!(formatter, "F{number}"),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a key: write a character, Ctrl-x, F1 or one of Space Enter Esc Tab BackTab Backspace Delete Up Down Left Right Home End PgUp PgDn"
)]
pub struct UnknownKey(pub String);

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let (ctrl, name) = match text.strip_prefix("Ctrl-") {
            Some(name) if !name.is_empty() => (true, name),
            _ => (false, text),
        };
        if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
            return Ok(Self { code: *code, ctrl });
        }
        let mut characters = name.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return Ok(Self { code: Code::Char(character), ctrl });
        }
        match name.strip_prefix('F').and_then(|number| number.parse().ok()) {
            Some(number @ 1..=24) => Ok(Self { code: Code::F(number), ctrl }),
            _ => Err(UnknownKey(text.to_owned())),
        }
    }
}

/// Keys one after another, as in `g y`.
pub fn sequence(text: &str) -> Result<Vec<Key>, UnknownKey> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect()
}

/// How a sequence is shown: `gy`, but `g Enter`.
pub fn show(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(Key::to_string).collect();
    let separator = if names.iter().all(|name| name.chars().count() == 1) { "" } else { " " };
    names.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_there_and_back() {
        for name in ["j", "G", "Space", "Enter", "Ctrl-d", "Ctrl-Space", "F1", "PgDn", "<", "-", "é"] {
            assert_eq!(name.parse::<Key>().map(|key| key.to_string()).as_deref(), Ok(name));
        }
        for name in ["", "Alt-x", "F0", "F99", "Hyper", "jj"] {
            assert!(name.parse::<Key>().is_err(), "{name:?}");
        }
        assert_eq!(sequence("g y").map(|keys| show(&keys)).as_deref(), Ok("gy"));
        assert_eq!(sequence("z PgDn").map(|keys| show(&keys)).as_deref(), Ok("z PgDn"));
    }

    #[test]
    fn alt_types_nothing() {
        assert_eq!(Key::from_terminal(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT)), None);
        let key = Key::from_terminal(KeyEvent::new(KeyCode::Char('D'), KeyModifiers::CONTROL));
        assert_eq!(key.map(|key| key.to_string()).as_deref(), Some("Ctrl-d"));
    }
}
