//! What a script does to the console: keys, typed text, and actions by name.
//!
//! `t z R / 'whoami' Enter` are keys as a keymap writes them, text in quotes is typed (two quotes are one), and
//! `:tree` is the action of that name, whatever key it has; `:set-search='whoami'` is one with what it is about. A line
//! that begins with `#` is a comment, and `@1.5` is the time, in seconds since the start, at which a recording did what
//! follows.

use std::iter::Peekable;
use std::str::Chars;
use std::time::Duration;

use super::action::Action;
use super::journal::{self, ReadError};
use super::keys::{Code, Key};

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Key(Key),
    /// A character of a text, which a person types without thinking about each.
    Typed(char),
    Act(Action),
    /// When a recording did what follows.
    At(Duration),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error(transparent)]
    Key(#[from] super::keys::UnknownKey),
    #[error(transparent)]
    Action(#[from] ReadError),
    #[error("a quoted text is not closed")]
    Quote,
    #[error("'{0}' is no time: write @1.5 for a second and a half after the start")]
    Time(String),
}

/// What is wrong with a script of several lines, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct ScriptFileError {
    pub line: usize,
    pub error: ScriptError,
}

/// Reads a script of several lines; what is wrong is told with its line.
pub fn parse_file(text: &str) -> Result<Vec<Step>, ScriptFileError> {
    let mut steps = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let line_steps = parse(line);
        steps.extend(line_steps.map_err(|error| ScriptFileError { line: position.saturating_add(1), error })?);
    }
    Ok(steps)
}

pub fn parse(text: &str) -> Result<Vec<Step>, ScriptError> {
    let mut steps = Vec::new();
    let mut rest = text.chars().peekable();
    let mut is_line_start = true;
    while let Some(character) = rest.peek().copied() {
        if character.is_whitespace() {
            is_line_start |= character == '\n';
            rest.next();
            continue;
        }
        if character == '#' && is_line_start {
            while rest.next_if(|character| *character != '\n').is_some() {}
            continue;
        }
        is_line_start = false;
        if character == '\'' {
            steps.extend(quoted(&mut rest)?.chars().map(Step::Typed));
            continue;
        }
        let word = word(&mut rest);
        steps.push(match (word.strip_prefix(':'), word.strip_prefix('@')) {
            (Some(name), _) if !name.is_empty() => Step::Act(action(name, &mut rest)?),
            (_, Some(time)) if !time.is_empty() => Step::At(seconds(time)?),
            _ => Step::Key(word.parse()?),
        });
    }
    Ok(steps)
}

fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(character) = rest.next_if(|character| !character.is_whitespace() && *character != '\'') {
        word.push(character);
    }
    word
}

/// The text up to the closing quote.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Result<String, ScriptError> {
    rest.next();
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Ok(text),
            Some(character) => text.push(character),
            None => return Err(ScriptError::Quote),
        }
    }
}

/// `name`, `name=word`, or `name=` with a quoted text to come.
fn action(word: &str, rest: &mut Peekable<Chars<'_>>) -> Result<Action, ScriptError> {
    Ok(match word.split_once('=') {
        None => journal::read(word, None)?,
        Some((name, "")) if rest.peek() == Some(&'\'') => journal::read(name, Some(&quoted(rest)?))?,
        Some((name, argument)) => journal::read(name, Some(argument))?,
    })
}

fn seconds(text: &str) -> Result<Duration, ScriptError> {
    let time = text.parse().ok().and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| ScriptError::Time(format!("@{text}")))
}

impl Step {
    /// The key that a person would press; an action has none of its own.
    pub const fn key(&self) -> Option<Key> {
        match self {
            Self::Key(key) => Some(*key),
            Self::Typed(character) => Some(Key::plain(Code::Char(*character))),
            Self::Act(_) | Self::At(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_text_and_actions_follow_one_another() {
        let steps = parse("# a comment\nt / 'a ''b' Enter :undo : @1.5 :set-search='c d'\n#end").unwrap();
        let typed = ['a', ' ', '\'', 'b'].map(Step::Typed);
        let key = |name: &str| Step::Key(name.parse().unwrap());
        let mut expected = vec![key("t"), key("/")];
        expected.extend(typed);
        expected.extend([key("Enter"), Step::Act(Action::Undo), key(":"), Step::At(Duration::from_millis(1500))]);
        expected.push(Step::Act(Action::SetSearch("c d".to_owned())));
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(parse(":tre").unwrap_err().to_string(), "no action is called 'tre'; did you mean 'tree'?");
        assert!(parse("Hyper").unwrap_err().to_string().contains("'Hyper' is not a key"));
        assert_eq!(parse("/ 'open").unwrap_err(), ScriptError::Quote);
        assert_eq!(parse("@soon").unwrap_err(), ScriptError::Time("@soon".to_owned()));
        assert_eq!(
            parse_file("t\n\n:tre").unwrap_err().to_string(),
            "line 3: no action is called 'tre'; did you mean 'tree'?"
        );
    }
}
