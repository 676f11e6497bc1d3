//! What may go wrong in a hunt.

use crate::kql::diagnostic::Diagnostic;

/// A hunt that could not be done. What is wrong with one rule of several is not an error but part of that rule's
/// [`super::matches::RuleStatus`].
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// Somebody asked for the work to stop; nothing is wrong.
    #[error("cancelled")]
    Cancelled,
    #[error("no rule is called '{name}'{}", suggestion(nearest))]
    UnknownRule { name: String, nearest: Vec<String> },
    #[error("'{name}' could be {}", candidates.join(" or "))]
    AmbiguousRule { name: String, candidates: Vec<String> },
    #[error("the rule '{rule}' has no unit '{unit}'{}", suggestion(known))]
    UnknownUnit { rule: String, unit: String, known: Vec<String> },
    #[error("no event has the id {0}")]
    UnknownEvent(i64),
    #[error("no match is called '{0}'")]
    UnknownMatch(String),
    #[error("{what}: {reason}")]
    Failed { what: String, reason: String },
    /// The rule's or an exclusion's text is wrong; `text` is what the spans point into.
    #[error("{what} cannot be run")]
    Query { what: String, text: String, diagnostics: Vec<Diagnostic> },
}

impl From<rusqlite::Error> for HuntError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::Cancelled,
            _ => Self::Store(error.into()),
        }
    }
}

fn suggestion(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; nearest: {}", names.join(", ")) }
}
