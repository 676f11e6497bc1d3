//! What is wrong with a query, and where: one type for every stage from lexer to SQL.
//!
//! A diagnostic is data. Rendering it for a terminal or as JSON happens at the edge.

use super::span::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Warning,
    Error,
}

/// Whether the query is wrong, or right but lacking an input. Decides the exit status (2 or 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The text is not KQL, or names something that does not exist.
    Invalid,
    /// Valid KQL that this engine does not run; the message names the construct.
    Unsupported,
    /// The query is right but an input is missing; the message says which and how to supply it.
    NeedsInput,
}

/// One finding. `code` is stable kebab-case (`unknown-column`), `message` is one sentence without a
/// full stop, `label` stands under the caret, `help` lines say what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    pub class: Class,
    pub code: &'static str,
    pub message: String,
    pub span: Span,
    pub label: Option<String>,
    pub help: Vec<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            class: Class::Invalid,
            code,
            message: message.into(),
            span,
            label: None,
            help: Vec::new(),
        }
    }

    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    pub fn unsupported(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { class: Class::Unsupported, ..Self::error(code, span, message) }
    }

    pub fn needs_input(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { class: Class::NeedsInput, ..Self::error(code, span, message) }
    }

    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
