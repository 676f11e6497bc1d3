//! Matches: what they are, how they are told apart and ordered.

use std::sync::Arc;
use std::time::Duration;

use crate::kql::diagnostic::Diagnostic;
use crate::schema::{Column, Value};

/// The id of an event in the store: stable, unique over all tables.
pub type EventId = i64;

/// What a match is about: the events behind the row where the plan kept them, else the row's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchSubject {
    Events(Vec<EventId>),
    Key(String),
}

/// The identity of a match: it survives other rules, other switches, another order of rows, never a row number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MatchId {
    pub rule: String,
    pub device: String,
    /// Ticks of 100 ns since 0001-01-01 UTC; `None` where the rule's row has no time.
    pub time: Option<i64>,
    pub subject: MatchSubject,
    /// Tells apart rows that are equal in all the rest (a join that doubles an event), from 0.
    pub ordinal: u32,
}

impl MatchId {
    /// A name for people and command lines, unique in one hunt: the rule and its event, or a digest of the key.
    pub fn name(&self) -> String {
        let subject = match &self.subject {
            MatchSubject::Events(events) if events.len() == 1 => {
                events.iter().map(ToString::to_string).collect::<String>()
            }
            subject => {
                use sha2::{Digest, Sha256};
                let told_apart = format!("{subject:?} {:?} {}", self.time, self.device);
                let digest = Sha256::digest(told_apart.as_bytes());
                let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
                format!("k{digits}")
            }
        };
        let ordinal = if self.ordinal == 0 { String::new() } else { format!(".{}", self.ordinal) };
        format!("{}#{subject}{ordinal}", self.rule)
    }
}

/// How bad a match is said to be by its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The rule does not say.
    #[default]
    Unrated,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The word on screen and in output: meaning is never by colour alone.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unrated => "-",
            Self::Informational => "INFO",
            Self::Low => "LOW",
            Self::Medium => "MED",
            Self::High => "HIGH",
            Self::Critical => "CRIT",
        }
    }
}

impl From<Option<crate::rules::rule::Severity>> for Severity {
    fn from(stated: Option<crate::rules::rule::Severity>) -> Self {
        use crate::rules::rule::Severity as Stated;
        match stated {
            None => Self::Unrated,
            Some(Stated::Informational) => Self::Informational,
            Some(Stated::Low) => Self::Low,
            Some(Stated::Medium) => Self::Medium,
            Some(Stated::High) => Self::High,
            Some(Stated::Critical) => Self::Critical,
        }
    }
}

/// One row of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub id: MatchId,
    /// The rule's title, for people.
    pub title: Arc<str>,
    pub severity: Severity,
    /// What one sees first: `sqlservr.exe→cmd.exe` for a process, a path, an address, … Raw text of the event.
    pub subject: String,
    /// The rule's output columns.
    pub columns: Arc<[Column]>,
    /// One value a column. Shared, as a match stands in several lists.
    pub values: Arc<[Value]>,
    /// The events behind the row; empty where the rule aggregates and the plan keeps no key.
    pub events: Vec<EventId>,
}

impl Match {
    pub fn value(&self, column: &str) -> Option<&Value> {
        let position = self.columns.iter().position(|candidate| candidate.name == column)?;
        self.values.get(position)
    }
}

/// How one rule fared.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleStatus {
    Ran,
    /// The rule is wrong or uses what the engine does not run; spans point into the rule's query text.
    Invalid(Vec<Diagnostic>),
    /// The rule is right but lacks an input; the diagnostics say which and how to supply it.
    NeedsInput(Vec<Diagnostic>),
    /// SQLite refused; the text says why.
    Failed(String),
}

/// One rule over one store.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRun {
    pub rule: String,
    pub title: Arc<str>,
    pub severity: Severity,
    pub status: RuleStatus,
    /// Warnings of a rule that ran (a column bound as empty, …).
    pub warnings: Vec<Diagnostic>,
    pub columns: Arc<[Column]>,
    /// In the total order of [`order`].
    pub matches: Vec<Match>,
    pub elapsed: Duration,
}

/// All rules over one store, in the order of the catalog.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hunt {
    pub runs: Vec<RuleRun>,
}

impl Hunt {
    /// All matches of all rules in the total order: time, then severity (worst first), rule, device, events.
    pub fn matches(&self) -> Vec<&Match> {
        let mut all: Vec<&Match> = self.runs.iter().flat_map(|run| &run.matches).collect();
        all.sort_by(|left, right| order(left, right));
        all
    }

    pub fn find(&self, id: &MatchId) -> Option<&Match> {
        let runs = self.runs.iter().filter(|run| run.rule == id.rule);
        // The time first: it tells almost all apart, and the names are the same in a whole run.
        runs.flat_map(|run| &run.matches).find(|found| found.id.time == id.time && found.id == *id)
    }
}

/// The total order of matches: rows without a time come last.
pub fn order(left: &Match, right: &Match) -> std::cmp::Ordering {
    let time = |found: &Match| (found.id.time.is_none(), found.id.time);
    time(left).cmp(&time(right)).then_with(|| right.severity.cmp(&left.severity)).then_with(|| left.id.cmp(&right.id))
}
