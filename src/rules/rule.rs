//! One rule: its metadata, its query taken apart, and where both come from.

use serde::Serialize;

use crate::kql::diagnostic::{Diagnostic, Severity as Level};
use crate::kql::syntax::Query;

use super::origin::Origin;
use super::pipeline::RulePipeline;

#[derive(Debug, Clone)]
pub struct Rule {
    /// As its file says, or made from the file's name; unique in a catalog that has no duplicates.
    pub id: String,
    /// The title in lower case with hyphens.
    pub slug: String,
    pub title: String,
    pub metadata: Metadata,
    /// The query text, as in the file but for the indentation of the format around it.
    pub query: String,
    pub tree: Query,
    /// What the parser says of the query. Spans are of [`Rule::query`].
    pub diagnostics: Vec<Diagnostic>,
    pub pipeline: RulePipeline,
    pub origin: Origin,
    /// What is wrong with the file around the query. A rule whose file could not be read has an empty query.
    pub problems: Vec<Problem>,
}

/// Something wrong with a rule's file, at a line (from 1) where one is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub severity: Level,
    pub message: String,
    pub line: Option<usize>,
}

impl Problem {
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Level::Error, message: message.into(), line: None }
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Level::Warning, ..Self::error(message) }
    }

    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

/// What a rule says of itself. Every list may be empty; texts are as written.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Metadata {
    pub description: String,
    pub severity: Option<Severity>,
    pub confidence: Option<Confidence>,
    pub status: Option<String>,
    /// `Scheduled`, `NRT`, …
    pub kind: Option<String>,
    pub version: Option<String>,
    pub author: Option<String>,
    pub license: Option<String>,
    /// Where the rule was published.
    pub source: Option<String>,
    pub references: Vec<String>,
    pub tags: Vec<String>,
    pub tactics: Vec<String>,
    pub techniques: Vec<String>,
    /// The data it says it needs, in its own words.
    pub data_sources: Vec<String>,
    pub false_positives: Vec<String>,
    pub response: Vec<String>,
    pub blind_spots: Vec<String>,
    pub tests: Vec<RuleTest>,
    pub schedule: Option<Schedule>,
    pub entities: Vec<EntityMapping>,
    pub custom_details: Vec<CustomDetail>,
    /// Further sections of the file, in their order.
    pub notes: Vec<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    pub fn from_name(word: &str) -> Option<Self> {
        Some(match word.trim().to_lowercase().as_str() {
            "informational" | "info" => Self::Informational,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    pub fn from_name(word: &str) -> Option<Self> {
        Some(match word.trim().to_lowercase().as_str() {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            _ => return None,
        })
    }
}

/// A technique to try the rule with, and what should be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RuleTest {
    pub name: String,
    pub description: String,
    pub expected: Vec<String>,
}

/// When the service runs the rule. Durations are ticks of 100 ns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    pub frequency: Option<i64>,
    pub period: Option<i64>,
    pub trigger: Option<(String, i64)>,
    /// How long an alert keeps the rule from running, where that is switched on.
    pub suppression: Option<i64>,
    /// Whether each row is an alert of its own.
    pub alert_per_row: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntityMapping {
    pub entity: String,
    /// Identifier and column.
    pub fields: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomDetail {
    pub key: String,
    pub column: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub heading: String,
    pub text: String,
}

impl Rule {
    /// Whether the rule can be run as far as its file and its syntax go.
    pub fn is_readable(&self) -> bool {
        !self.problems.iter().any(|problem| problem.severity == Level::Error)
            && !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Lower case, with one hyphen for every run of anything but letters and digits.
pub fn slug(text: &str) -> String {
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}
