//! Needles that the column they are looked for in cannot hold.
//!
//! `has` finds a needle where a term ends at each edge of it that is a letter or a digit (so `has "Registry"` does not
//! find `RegistryValueSet`, and `has ".exe"` finds `a.exe`). Of a column whose values are known, or known in form, that
//! decides what cannot match.

use super::Context;
use super::comparison::Comparison;
use super::values::{NAME_COLUMNS, known_action_types, programs};
use crate::kql::diagnostic::Diagnostic;
use crate::sql::functions::{Needle, TextPredicate};

/// Columns whose values are one word or name, without a space at either end.
const WORD_COLUMNS: &[&str] = &["ActionType", "DeviceName", "DeviceId", "AccountName", "SHA1", "SHA256", "MD5"];

/// Up to so many known values are named.
const MOST_EXAMPLES: usize = 2;

pub fn path_in_file_name(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if !context.tables.iter().all(|table| table.starts_with("Device")) {
        return;
    }
    for comparison in context.comparisons.iter().filter(|comparison| is_name(comparison)) {
        for value in comparison.values.iter().filter(|value| value.text.contains(['\\', '/'])) {
            let folder = folder_column(&comparison.subject);
            let outcome = if comparison.negative { "always" } else { "never" };
            found.push(
                Diagnostic::warning(
                    "path-in-file-name",
                    context.place(value),
                    format!("{} is a name without its folder, so this is {outcome} true", comparison.subject),
                )
                .with_help(format!("compare {folder}, which holds the whole path, or leave the folder away")),
            );
        }
    }
}

fn is_name(comparison: &Comparison) -> bool {
    matches!(comparison.subject.as_str(), "FileName" | "InitiatingProcessFileName" | "InitiatingProcessParentFileName")
}

fn folder_column(name: &str) -> &'static str {
    if name == "FileName" { "FolderPath" } else { "InitiatingProcessFolderPath" }
}

pub fn cannot_match(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let programs = programs();
    let action_types = known_action_types(&context.tables);
    for comparison in &context.comparisons {
        let subject = comparison.subject.as_str();
        let is_term_test =
            matches!(comparison.test, TextPredicate::Has | TextPredicate::HasPrefix | TextPredicate::HasSuffix);
        for value in comparison.values.iter().filter(|value| !value.text.is_empty()) {
            let is_word = NAME_COLUMNS.contains(&subject) || WORD_COLUMNS.contains(&subject);
            if is_word && value.text.trim() != value.text {
                found.push(
                    Diagnostic::warning(
                        "needle-cannot-match",
                        context.place(value),
                        format!("no {subject} begins or ends with a space, and a space in quotes is looked for"),
                    )
                    .with_help(format!("write '{}'", value.text.trim())),
                );
                continue;
            }
            if !is_term_test {
                continue;
            }
            let known: &[&str] = match (subject, &action_types) {
                ("ActionType", Some(known)) => known,
                (name, _) if NAME_COLUMNS.contains(&name) => &programs,
                _ => continue,
            };
            if let Some(examples) = cut_terms(comparison.test, &value.text, known) {
                let operator = comparison.operator_span.slice(&context.rule.query);
                found.push(
                    Diagnostic::warning(
                        "needle-cannot-match",
                        context.place(value),
                        format!(
                            "'{operator}' looks for whole terms, and '{}' is only a part of one in {examples}",
                            value.text
                        ),
                    )
                    .with_help("use 'contains', or 'startswith' where the value begins with it"),
                );
            }
        }
    }
}

/// The known values that hold the needle, where in none of them its edges are those of a term.
fn cut_terms(test: TextPredicate, text: &str, known: &[&str]) -> Option<String> {
    let needle = Needle::new(text);
    if known.iter().any(|value| test.holds(value, &needle, false)) {
        return None;
    }
    let inside: Vec<String> = known
        .iter()
        .filter(|value| TextPredicate::Contains.holds(value, &needle, false))
        .take(MOST_EXAMPLES)
        .map(|value| format!("'{value}'"))
        .collect();
    (!inside.is_empty()).then(|| inside.join(" and "))
}

/// `contains ""` holds for every text.
pub fn empty(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for comparison in context.comparisons.iter().filter(|comparison| comparison.test != TextPredicate::Equal) {
        for value in comparison.values.iter().filter(|value| value.text.is_empty()) {
            let outcome = if comparison.negative { "never" } else { "always" };
            found.push(
                Diagnostic::warning(
                    "empty-needle",
                    context.place(value),
                    format!("an empty text is in every text, so this is {outcome} true"),
                )
                .with_help(format!("isempty({0}) and isnotempty({0}) test for emptiness", comparison.subject)),
            );
        }
    }
}
