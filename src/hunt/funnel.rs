//! The funnel: rows in → out for each stage and each conjunct of a rule over this data.

use std::time::Duration;

use super::clock::Clock;
use super::switches::UnitId;
use crate::kql::span::Span;

/// A count, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    Counted(u64),
    /// The limit of time passed before the count was done.
    TimedOut(Duration),
    /// This prefix cannot be run; the text says why.
    NotRun(String),
    /// There is no such number: the rows into a source.
    None,
}

impl Rows {
    pub const fn count(&self) -> Option<u64> {
        match self {
            Self::Counted(rows) => Some(*rows),
            _ => None,
        }
    }
}

/// What a unit does at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitState {
    On,
    /// Switched off by the analyst.
    Off,
    /// A look-back predicate that the clock's mode lifts.
    Lifted,
}

/// One conjunct of a `where`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FunnelUnit {
    pub id: UnitId,
    /// The conjunct's KQL, as written.
    pub text: String,
    /// Into the rule's query text.
    pub span: Span,
    pub state: UnitState,
    /// Negated: a native exclusion.
    pub is_exclusion: bool,
    /// Rows that reach this conjunct, those before it in its stage having been applied.
    pub rows_in: Rows,
    pub rows_out: Rows,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FunnelStage {
    /// `1`, `2`, … over the main pipeline; `name:1` in a `let` beside it.
    pub number: String,
    /// The operator's word: `source`, `where`, `join`, …
    pub kind: String,
    pub text: String,
    pub span: Span,
    pub rows_in: Rows,
    pub rows_out: Rows,
    /// The conjuncts of a `where`; empty for other operators.
    pub units: Vec<FunnelUnit>,
}

/// A pipeline of the rule: a `let` with a tabular value, or the rule's last statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FunnelSection {
    /// The name of the `let`; `None` is the outer pipeline.
    pub name: Option<String>,
    pub stages: Vec<FunnelStage>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Funnel {
    pub rule: String,
    pub title: String,
    pub clock: Clock,
    pub sections: Vec<FunnelSection>,
    /// Rows of the whole rule with all switches and own exclusions applied.
    pub matches: Rows,
}

impl Funnel {
    pub fn units(&self) -> impl Iterator<Item = &FunnelUnit> {
        self.sections.iter().flat_map(|section| &section.stages).flat_map(|stage| &stage.units)
    }
}
