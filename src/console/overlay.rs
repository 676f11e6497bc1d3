//! What may lie over the view: one thing at a time.

use tui_input::{Input, InputRequest};

use super::action::{ACTIONS, ActionRow, View};
use super::format;
use super::fuzzy::{self, Skim};
use super::keymap::Keymap;
use super::keys::{Code, Key};
use super::source::Preview;
use crate::hunt::switches::ExclusionId;
use crate::hunt::{Match, OwnExclusion};
use crate::kql::values::quote_name;
use crate::schema::Value;

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
    },
    /// The tables, to choose one.
    Tables {
        input: Input,
        selected: usize,
    },
    /// The lessons of a demonstration.
    Lessons {
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

/// Operators that a string field may be compared with, the usual one first.
const STRING_OPERATORS: [&str; 6] = ["=~", "==", "has", "startswith", "endswith", "contains"];

/// A column of the row that an exclusion may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub column: String,
    pub value: String,
    literal: String,
    is_string: bool,
    operator: usize,
    pub chosen: bool,
}

impl Field {
    pub fn operator(&self) -> &'static str {
        if self.is_string { STRING_OPERATORS.get(self.operator).copied().unwrap_or("=~") } else { "==" }
    }

    pub fn turn_operator(&mut self, forward: bool) {
        let count = STRING_OPERATORS.len();
        self.operator = (self.operator + if forward { 1 } else { count - 1 }) % count;
    }

    fn condition(&self) -> String {
        format!("{} {} {}", quote_name(&self.column), self.operator(), self.literal)
    }
}

/// Writing an exclusion: from the fields of a row, or by hand.
#[derive(Debug)]
pub struct ExclusionForm {
    pub editing: Option<(ExclusionId, OwnExclusion)>,
    /// The rule of the row it was started from.
    pub rule: Option<String>,
    pub any_rule: bool,
    pub fields: Vec<Field>,
    pub cursor: usize,
    pub text: Input,
    /// The keys go to the text and not to the fields.
    pub in_text: bool,
    pub preview: Option<Preview>,
}

/// Columns that usually carry what makes a row harmless, in the order an analyst looks at them.
const LEADING: [&str; 12] = [
    "FileName",
    "ProcessCommandLine",
    "FolderPath",
    "InitiatingProcessFileName",
    "InitiatingProcessCommandLine",
    "InitiatingProcessParentFileName",
    "AccountName",
    "DeviceName",
    "SHA256",
    "SHA1",
    "RegistryKey",
    "RemoteIP",
];

impl ExclusionForm {
    pub fn from_match(found: &Match) -> Self {
        let mut fields: Vec<Field> =
            found.columns.iter().zip(&found.values).filter_map(|(column, value)| field(&column.name, value)).collect();
        fields.sort_by_key(|field| LEADING.iter().position(|name| *name == field.column).unwrap_or(LEADING.len()));
        Self { fields, in_text: false, ..Self::by_hand(Some(found.id.rule.clone())) }
    }

    pub fn by_hand(rule: Option<String>) -> Self {
        Self {
            editing: None,
            // One made from a row is for the row's rule until said otherwise.
            any_rule: rule.is_none(),
            rule,
            fields: Vec::new(),
            cursor: 0,
            text: Input::default(),
            in_text: true,
            preview: None,
        }
    }

    pub fn edit(id: ExclusionId, own: &OwnExclusion) -> Self {
        Self {
            editing: Some((id, own.clone())),
            text: Input::new(own.condition.clone()),
            ..Self::by_hand(own.rule.clone())
        }
    }

    /// Writes the condition of the chosen fields into the text.
    pub fn compose(&mut self) {
        let chosen: Vec<String> = self.fields.iter().filter(|field| field.chosen).map(Field::condition).collect();
        self.text = Input::new(chosen.join(" and "));
    }

    /// What would be added; `None` while nothing is written.
    pub fn exclusion(&self) -> Option<OwnExclusion> {
        let condition = self.text.value().trim().to_owned();
        let before = self.editing.as_ref().map(|(_, own)| own);
        (!condition.is_empty()).then(|| OwnExclusion {
            rule: if self.any_rule { None } else { self.rule.clone() },
            condition,
            note: before.map(|own| own.note.clone()).unwrap_or_default(),
            enabled: before.is_some_and(|own| own.enabled),
        })
    }
}

fn field(column: &str, value: &Value) -> Option<Field> {
    let literal = format::literal(value)?;
    let shown = format::value(value);
    (!shown.is_empty()).then(|| Field {
        column: column.to_owned(),
        value: shown,
        literal,
        is_string: matches!(value, Value::String(_)),
        operator: 0,
        chosen: false,
    })
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

    #[test]
    fn a_condition_is_made_of_the_chosen_fields() {
        let mut form = ExclusionForm::by_hand(None);
        assert_eq!(form.exclusion(), None);
        for (column, value) in [("FileName", "cmd.exe"), ("FolderPath", r"C:\Veeam\cmd.exe")] {
            form.fields.extend(field(column, &Value::String(value.to_owned())));
        }
        form.fields.iter_mut().for_each(|field| field.chosen = true);
        form.fields[1].turn_operator(false);
        form.fields[1].turn_operator(false);
        form.compose();
        let own = form.exclusion().unwrap();
        assert_eq!(own.condition, r#"FileName =~ "cmd.exe" and FolderPath endswith @"C:\Veeam\cmd.exe""#);
        assert!(!own.enabled && own.rule.is_none());
    }
}
