//! The funnel: rows in → out for each stage and each conjunct of a rule over this data.

use std::time::Duration;

use super::case::Case;
use super::clock::Clock;
use super::error::HuntError;
use super::prepare::Prepared;
use super::query::{Asker, QueryError};
use super::survey::status_line;
use super::switches::UnitId;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::rules::pipeline::{Role, Section, SectionKind, Stage, Unit};
use crate::rules::rule::Rule;
use crate::store::Store;

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
    /// The sentence over the section, where one is needed.
    pub caption: Option<String>,
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

impl Case {
    /// Counts a rule's rows stage by stage. Each count may take `limit`.
    pub fn funnel(&self, store: &Store, name: &str, limit: Duration) -> Result<Funnel, HuntError> {
        let rule = self.rule(name)?;
        let prepared = self.prepare(rule);
        let counter = Counter { asker: Asker { limit: Some(limit), ..self.asker(store) }, rule, prepared: &prepared };
        let sections =
            rule.pipeline.sections().map(|section| counter.section(section)).collect::<Result<Vec<_>, _>>()?;
        let run = self.run(store, &rule.id)?;
        let matches = match run.status {
            super::matches::RuleStatus::Ran => Rows::Counted(run.matches.len() as u64),
            status => Rows::NotRun(status_line(&status)),
        };
        Ok(Funnel { rule: rule.id.clone(), title: rule.title.clone(), clock: self.clock, sections, matches })
    }
}

struct Counter<'a> {
    asker: Asker<'a>,
    rule: &'a Rule,
    prepared: &'a Prepared<'a>,
}

impl Counter<'_> {
    fn section(&self, section: &Section) -> Result<FunnelSection, HuntError> {
        let mut stages: Vec<FunnelStage> = Vec::new();
        for stage in &section.stages {
            let before = stages.last().map_or(Rows::None, |last| last.rows_out.clone());
            stages.push(self.stage(section, stage, before)?);
        }
        Ok(FunnelSection { name: section.binding().map(str::to_owned), caption: section.caption(), stages })
    }

    fn stage(&self, section: &Section, stage: &Stage, before: Rows) -> Result<FunnelStage, HuntError> {
        let before = match (&before, &section.kind) {
            // The first stage of the outer pipeline takes what the sections before it gave.
            (Rows::None, SectionKind::Outer { .. }) if stage.keyword != "union" => self.outer_input(section, stage)?,
            _ => before,
        };
        let mut units = Vec::new();
        let mut rows = before.clone();
        for unit in &stage.units {
            let later = |other: &Unit| other.stage == unit.stage && other.position > unit.position;
            let after = match self.prepared.state(unit) {
                // Replaced by `true`: counting again would give the same.
                UnitState::Off | UnitState::Lifted => rows.clone(),
                UnitState::On => self.count(section, stage, &later)?,
            };
            units.push(FunnelUnit {
                id: UnitId { rule: self.rule.id.clone(), unit: unit.id.clone() },
                text: unit.text.clone(),
                span: unit.span,
                state: self.prepared.state(unit),
                is_exclusion: unit.role == Role::Exclusion,
                rows_in: rows,
                rows_out: after.clone(),
            });
            rows = after;
        }
        let after = match units.is_empty() {
            true => self.count(section, stage, &|_| false)?,
            false => rows,
        };
        Ok(FunnelStage {
            number: stage.id.clone(),
            kind: stage.keyword.clone(),
            text: stage.text.clone(),
            span: stage.span,
            rows_in: before,
            rows_out: after,
            units,
        })
    }

    /// The rows of the source of the outer pipeline: its first stage with all that it does taken away.
    fn outer_input(&self, section: &Section, stage: &Stage) -> Result<Rows, HuntError> {
        let Some(prefix) = stage.prefix else { return Ok(Rows::None) };
        // From where the pipeline starts to where its first operator does, less the `|` between.
        let source = Span::new(prefix.start, stage.span.start).slice(self.prepared.source);
        let Some(end) = source.rfind('|') else { return Ok(Rows::None) };
        let source = Stage { prefix: Some(Span::new(prefix.start, prefix.start + end)), ..stage.clone() };
        self.count(section, &source, &|_| false)
    }

    fn count(&self, section: &Section, stage: &Stage, off: &dyn Fn(&Unit) -> bool) -> Result<Rows, HuntError> {
        let Some(text) = self.prepared.prefix(section, stage, off, "| count") else {
            return Ok(Rows::NotRun("a stage inside a function has no rows of its own".to_owned()));
        };
        match self.asker.count(&text.text) {
            Ok(rows) => Ok(Rows::Counted(rows)),
            Err(QueryError::TimedOut) => Ok(Rows::TimedOut(self.asker.limit.unwrap_or_default())),
            Err(QueryError::Failed(reason)) => Ok(Rows::NotRun(reason)),
            Err(QueryError::Diagnostics(found)) => Ok(Rows::NotRun(first_message(&found))),
            Err(QueryError::Cancelled) => Err(HuntError::Cancelled),
        }
    }
}

pub(super) fn first_message(diagnostics: &[Diagnostic]) -> String {
    let error = diagnostics.iter().find(|found| found.is_error());
    error.map_or_else(|| "it cannot be run".to_owned(), |found| found.message.clone())
}
