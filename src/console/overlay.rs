//! What may lie over the view: one thing at a time.

use tui_input::{Input, InputRequest};

use super::action::View;
use super::action_table::{ACTIONS, ActionRow};
use super::exclusion_form::ExclusionForm;
use super::export::Subject;
use super::fuzzy::{self, Skim};
use super::keymap::Keymap;
use super::keys::{Code, Key};
use crate::hunt::{MatchId, ParameterId};

#[derive(Debug)]
pub enum Overlay {
    Help {
        filter: Input,
        top: usize,
    },
    Palette {
        input: Input,
        selected: usize,
    },
    Search {
        input: Input,
    },
    Exclusion(Box<ExclusionForm>),
    /// The time of the clock.
    Clock {
        input: Input,
    },
    /// The file to export to.
    Export {
        input: Input,
        what: Subject,
    },
    /// The files to read into the store.
    Import {
        input: Input,
    },
    /// The alerts of a replay; the cursor is among them, or among the rows of one.
    Replay {
        selected: usize,
        row: Option<usize>,
    },
    /// Another value of a rule's parameter.
    Parameter {
        id: ParameterId,
        /// As the rule has it.
        own: String,
        input: Input,
    },
    /// The tables, to choose one.
    Tables {
        input: Input,
        selected: usize,
    },
    /// The columns of a list, to choose from.
    Columns {
        input: Input,
        selected: usize,
    },
    /// What is written beside a match.
    Note {
        input: Input,
        subject: MatchId,
    },
    /// The lessons of a demonstration.
    Lessons {
        selected: usize,
    },
    /// The steps of the lesson that is on.
    Steps {
        selected: usize,
    },
    /// A text to read: a problem in full, a lesson.
    Text {
        title: String,
        text: String,
        top: usize,
    },
}

/// Gives a key to a line of text; whether it was for it.
pub fn edit(input: &mut Input, key: Key) -> bool {
    let request = match (key.code, key.ctrl) {
        (Code::Char(character), false) => InputRequest::InsertChar(character),
        (Code::Backspace, false) | (Code::Char('h'), true) => InputRequest::DeletePrevChar,
        (Code::Delete, false) | (Code::Char('d'), true) => InputRequest::DeleteNextChar,
        (Code::Left, false) => InputRequest::GoToPrevChar,
        (Code::Right, false) => InputRequest::GoToNextChar,
        (Code::Left, true) => InputRequest::GoToPrevWord,
        (Code::Right, true) => InputRequest::GoToNextWord,
        (Code::Home, _) | (Code::Char('a'), true) => InputRequest::GoToStart,
        (Code::End, _) | (Code::Char('e'), true) => InputRequest::GoToEnd,
        (Code::Char('w'), true) => InputRequest::DeletePrevWord,
        (Code::Char('u'), true) => InputRequest::DeleteFromStart,
        (Code::Char('k'), true) => InputRequest::DeleteTillEnd,
        _ => return false,
    };
    input.handle(request);
    true
}

/// The actions that fit the pattern by name, description or key; those that make sense here come first.
pub fn palette_rows(pattern: &str, keymap: &Keymap, view: View) -> Vec<&'static ActionRow> {
    let mut rows: Vec<&ActionRow> = ACTIONS.iter().collect();
    rows.sort_by_key(|row| !row.is_for(view));
    let texts: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row.name, row.doc, keymap.keys_of(row).join(" "))).collect();
    // A key typed as it is leads to its action first.
    let by_key =
        rows.iter().position(|row| !pattern.is_empty() && keymap.keys_of(row).iter().any(|key| key == pattern));
    let ranked = fuzzy::rank(&Skim::default(), pattern, texts.iter().map(String::as_str));
    let others = ranked.into_iter().filter(|position| Some(*position) != by_key);
    by_key.into_iter().chain(others).filter_map(|position| rows.get(position).copied()).collect()
}

/// The tables that fit the pattern, best first.
pub fn table_rows<'a>(pattern: &str, tables: &'a [(String, u64)]) -> Vec<&'a (String, u64)> {
    let ranked = fuzzy::rank(&Skim::default(), pattern, tables.iter().map(|(name, _)| name.as_str()));
    ranked.into_iter().filter_map(|position| tables.get(position)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_finds_by_name_description_and_key() {
        let keymap = Keymap::standard().unwrap();
        let first = |pattern: &str| palette_rows(pattern, &keymap, View::Matches).first().map(|row| row.name);
        assert_eq!(first("undo"), Some("undo"));
        assert_eq!(first("gy"), Some("copy-chain"));
        assert_eq!(first("clipboard json"), None);
        assert_eq!(first("as JSON"), Some("copy-row"));
        assert_eq!(palette_rows("", &keymap, View::Matches).len(), ACTIONS.len());
    }
}
