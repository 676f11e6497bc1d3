//! What a script does to the console: keys, typed text, and actions by name.
//!
//! `t z R / 'whoami' Enter` are keys as a keymap writes them, text in quotes is typed, and `:tree` is the action of
//! that name, whatever key it has.

use super::action::{ACTIONS, Action};
use super::keys::{Code, Key};
use crate::kql::nearest;

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Key(Key),
    /// A character of a text, which a person types without thinking about each.
    Typed(char),
    Act(Action),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error(transparent)]
    Key(#[from] super::keys::UnknownKey),
    #[error("no action is called '{name}'{}", near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
    Action { name: String, near: Option<String> },
    #[error("a quoted text is not closed")]
    Quote,
}

pub fn parse(text: &str) -> Result<Vec<Step>, ScriptError> {
    let mut steps = Vec::new();
    let parts: Vec<&str> = text.split('\'').collect();
    if parts.len().is_multiple_of(2) {
        return Err(ScriptError::Quote);
    }
    for (position, part) in parts.into_iter().enumerate() {
        if position % 2 == 1 {
            steps.extend(part.chars().map(Step::Typed));
            continue;
        }
        for word in part.split_whitespace() {
            steps.push(match word.strip_prefix(':') {
                Some(name) if !name.is_empty() => Step::Act(action(name)?),
                _ => Step::Key(word.parse()?),
            });
        }
    }
    Ok(steps)
}

fn action(name: &str) -> Result<Action, ScriptError> {
    let row = ACTIONS.iter().find(|row| row.name == name);
    row.map(|row| row.action.clone()).ok_or_else(|| ScriptError::Action {
        name: name.to_owned(),
        near: nearest(name, ACTIONS.iter().map(|row| row.name)).map(str::to_owned),
    })
}

impl Step {
    /// The key that a person would press; an action has none of its own.
    pub const fn key(&self) -> Option<Key> {
        match self {
            Self::Key(key) => Some(*key),
            Self::Typed(character) => Some(Key::plain(Code::Char(*character))),
            Self::Act(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_text_and_actions_follow_one_another() {
        let steps = parse("t / 'a b' Enter :undo :").unwrap();
        let typed = [Step::Typed('a'), Step::Typed(' '), Step::Typed('b')];
        let key = |name: &str| Step::Key(name.parse().unwrap());
        let mut expected = vec![key("t"), key("/")];
        expected.extend(typed);
        expected.extend([key("Enter"), Step::Act(Action::Undo), key(":")]);
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(parse(":tre").unwrap_err().to_string(), "no action is called 'tre'; did you mean 'tree'?");
        assert!(parse("Hyper").unwrap_err().to_string().contains("'Hyper' is not a key"));
        assert_eq!(parse("/ 'open").unwrap_err(), ScriptError::Quote);
    }
}
