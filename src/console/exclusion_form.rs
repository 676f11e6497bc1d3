//! Writing an exclusion: fields of a row to choose from, the condition, why it is there and who answers for it.
//!
//! What it would hide is asked while it is written; nothing is hidden by it.

use tui_input::Input;

use super::format;
use super::source::Preview;
use crate::hunt::switches::ExclusionId;
use crate::hunt::{Match, OwnExclusion};
use crate::kql::values::quote_name;
use crate::schema::Value;

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
    /// Matches of the row's rule that have the value.
    pub here: u64,
    /// Rules that look for it, once that is known.
    pub rules: Option<u64>,
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

/// The parts of the form, from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Fields,
    Condition,
    Note,
    Owner,
}

/// Writing an exclusion: from the fields of a row, or by hand.
#[derive(Debug)]
pub struct ExclusionForm {
    pub editing: Option<(ExclusionId, OwnExclusion)>,
    /// The rule of the row it was started from.
    pub rule: Option<String>,
    pub any_rule: bool,
    pub fields: Vec<Field>,
    /// Matches of the rule.
    pub matches: u64,
    pub cursor: usize,
    pub text: Input,
    pub note: Input,
    pub owner: Input,
    /// What the keys go to.
    pub part: Part,
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
    /// `all` are the matches of the rule: how many of them have each value says how much it would cover.
    pub fn from_match(found: &Match, all: &[Match]) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        for (place, (column, value)) in found.columns.iter().zip(found.values.iter()).enumerate() {
            let Some(field) = field(&column.name, value) else { continue };
            let here = all.iter().filter(|other| other.values.get(place).is_some_and(|other| is_alike(other, value)));
            fields.push(Field { here: here.count() as u64, ..field });
        }
        fields.sort_by_key(|field| LEADING.iter().position(|name| *name == field.column).unwrap_or(LEADING.len()));
        let matches = all.len() as u64;
        Self { fields, matches, part: Part::Fields, ..Self::by_hand(Some(found.id.rule.clone())) }
    }

    pub fn by_hand(rule: Option<String>) -> Self {
        Self {
            editing: None,
            // One made from a row is for the row's rule until said otherwise.
            any_rule: rule.is_none(),
            rule,
            fields: Vec::new(),
            matches: 0,
            cursor: 0,
            text: Input::default(),
            note: Input::default(),
            owner: Input::default(),
            part: Part::Condition,
            preview: None,
        }
    }

    /// `rule` is what it may be narrowed to where it is for any rule.
    pub fn edit(id: ExclusionId, own: &OwnExclusion, rule: Option<String>) -> Self {
        Self {
            editing: Some((id, own.clone())),
            text: Input::new(own.condition.clone()),
            note: Input::new(own.note.clone()),
            owner: Input::new(own.owner.clone()),
            any_rule: own.rule.is_none(),
            ..Self::by_hand(own.rule.clone().or(rule))
        }
    }

    /// The line of text that takes the keys.
    pub const fn line(&mut self) -> Option<&mut Input> {
        match self.part {
            Part::Fields => None,
            Part::Condition => Some(&mut self.text),
            Part::Note => Some(&mut self.note),
            Part::Owner => Some(&mut self.owner),
        }
    }

    /// Goes to the next part below or above.
    pub const fn turn(&mut self, down: bool) {
        self.part = match (self.part, down) {
            (Part::Fields, true) => Part::Condition,
            (Part::Condition, true) => Part::Note,
            (Part::Note | Part::Owner, true) => Part::Owner,
            (Part::Owner, false) => Part::Note,
            (Part::Note, false) => Part::Condition,
            (Part::Fields | Part::Condition, false) if self.fields.is_empty() => Part::Condition,
            (Part::Fields | Part::Condition, false) => Part::Fields,
        };
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
            note: self.note.value().trim().to_owned(),
            owner: self.owner.value().trim().to_owned(),
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
        here: 0,
        rules: None,
    })
}

/// Alike for the operator that comes first: `=~` for texts, `==` for the rest.
fn is_alike(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.eq_ignore_ascii_case(right),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
