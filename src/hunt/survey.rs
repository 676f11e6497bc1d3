//! Running rules: every match without the own exclusions, and which exclusion covers which match.
//!
//! An exclusion's condition is evaluated as one more column of the rule, so one run answers for every state of the
//! own exclusions. The column is `not(condition)`, and a row is covered unless that is true: `where not(…)` drops a
//! row for which the condition is null, too.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::case::Case;
use super::error::HuntError;
use super::exclusions::{self, ExclusionEffect};
use super::matches::{Hunt, MatchId, RuleRun, RuleStatus, Severity};
use super::prepare::Prepared;
use super::query::{Asker, QueryError, Rows};
use super::rewrite::Rewritten;
use super::rows::{self, Behind, RuleLook};
use super::switches::{ExclusionId, ExclusionRef, OwnExclusion, Switches};
use crate::kql::diagnostic::{Class, Diagnostic};
use crate::rules::rule::Rule;
use crate::schema::{Column, Value};
use crate::store::Store;

/// Every match of some rules with the own exclusions laid beside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// With no own exclusion applied.
    pub all: Arc<Hunt>,
    covered: BTreeMap<ExclusionId, HashSet<MatchId>>,
    /// The exclusions that could be evaluated, by rule: one for every rule leaves those alone that lack its columns.
    evaluated: BTreeMap<String, Vec<ExclusionId>>,
    /// Why an exclusion could not be evaluated for the rule it is meant for.
    problems: BTreeMap<ExclusionId, String>,
}

impl Survey {
    /// Runs one more rule.
    pub(super) fn add(
        &mut self,
        switches: &Switches,
        asker: &Asker<'_>,
        rule: &Rule,
        prepared: &Prepared<'_>,
    ) -> Result<(), HuntError> {
        let mut in_scope: Vec<(ExclusionId, &OwnExclusion)> = Vec::new();
        for (id, own) in switches.exclusions().filter(|(_, own)| own.applies_to(&rule.id)) {
            match exclusions::check_condition(&own.condition) {
                Ok(()) => in_scope.push((id, own)),
                Err(reason) => {
                    self.problems.insert(id, reason);
                }
            }
        }
        let run = survey_rule(asker, rule, prepared, &in_scope, self)?;
        Arc::make_mut(&mut self.all).runs.push(run);
        Ok(())
    }

    /// Whether an exclusion, on or off, covers a match.
    pub fn covers(&self, exclusion: ExclusionId, subject: &MatchId) -> bool {
        self.covered.get(&exclusion).is_some_and(|matches| matches.contains(subject))
    }

    /// Whether an exclusion could be evaluated on the rows of a rule.
    pub fn is_evaluated(&self, exclusion: ExclusionId, rule: &str) -> bool {
        self.evaluated.get(rule).is_some_and(|ids| ids.contains(&exclusion))
    }

    /// The enabled exclusions that hide a match.
    pub fn hidden_by(&self, switches: &Switches, subject: &MatchId) -> Vec<ExclusionId> {
        let enabled = switches.enabled_for(&subject.rule);
        enabled.map(|(id, _)| id).filter(|id| self.covers(*id, subject)).collect()
    }

    /// What is left with the enabled exclusions applied.
    pub fn shown(&self, switches: &Switches) -> Hunt {
        let runs = self.all.runs.iter().map(|run| RuleRun {
            rule: run.rule.clone(),
            title: Arc::clone(&run.title),
            severity: run.severity,
            status: run.status.clone(),
            warnings: run.warnings.clone(),
            columns: Arc::clone(&run.columns),
            matches: run.matches.iter().filter(|found| !self.is_hidden(switches, &found.id)).cloned().collect(),
            elapsed: run.elapsed,
        });
        Hunt { runs: runs.collect() }
    }

    pub(super) fn is_hidden(&self, switches: &Switches, subject: &MatchId) -> bool {
        switches.enabled_for(&subject.rule).any(|(id, _)| self.covers(id, subject))
    }

    /// The effect of each own exclusion, in their order.
    pub fn effects(&self, switches: &Switches) -> Vec<ExclusionEffect> {
        switches.exclusions().map(|(id, own)| self.effect(switches, id, own)).collect()
    }

    fn effect(&self, switches: &Switches, id: ExclusionId, own: &OwnExclusion) -> ExclusionEffect {
        let matches = self.all.runs.iter().flat_map(|run| &run.matches);
        let hidden: Vec<&MatchId> = matches.map(|found| &found.id).filter(|subject| self.covers(id, subject)).collect();
        let alone = |subject: &&&MatchId| {
            let mut others = switches.enabled_for(&subject.rule).filter(|(other, _)| *other != id);
            !others.any(|(other, _)| self.covers(other, subject))
        };
        let only_by = hidden.iter().filter(alone).count();
        ExclusionEffect {
            exclusion: ExclusionRef::Own(id),
            rule: own.rule.clone(),
            condition: own.condition.clone(),
            note: own.note.clone(),
            owner: own.owner.clone(),
            enabled: own.enabled,
            hides: hidden.len() as u64,
            only_by: only_by as u64,
            pinned: hidden.into_iter().filter(|subject| switches.is_pinned(subject)).cloned().collect(),
            problem: self.problems.get(&id).cloned(),
        }
    }
}

pub(super) fn survey(case: &Case, store: &Store, rules: &[&Rule]) -> Result<Survey, HuntError> {
    let mut survey = Survey::default();
    for rule in rules {
        survey.add(&case.switches, &case.asker(store), rule, &case.prepare(rule))?;
    }
    Ok(survey)
}

/// The names of the columns that carry the exclusions through a query.
fn flag_name(id: ExclusionId) -> String {
    format!("whippet_exclusion_{}", id.0)
}

/// A last stage that notes the event a row stands for, and what each exclusion would do with it.
fn flag_stage(exclusions: &[(ExclusionId, &OwnExclusion)]) -> String {
    // The line breaks end a comment at the end of a condition.
    let flags: String =
        exclusions.iter().map(|(id, own)| format!(", {} = not(\n{}\n)", flag_name(*id), own.condition)).collect();
    format!("| extend whippet_event = event_id(){flags}")
}

fn survey_rule(
    asker: &Asker<'_>,
    rule: &Rule,
    prepared: &Prepared<'_>,
    exclusions: &[(ExclusionId, &OwnExclusion)],
    survey: &mut Survey,
) -> Result<RuleRun, HuntError> {
    let start = Instant::now();
    let severity = Severity::from(rule.metadata.severity);
    let title: Arc<str> = Arc::from(rule.title.as_str());
    let mut run = RuleRun {
        rule: rule.id.clone(),
        title: Arc::clone(&title),
        severity,
        status: RuleStatus::Ran,
        warnings: Vec::new(),
        columns: Arc::from(Vec::new()),
        matches: Vec::new(),
        elapsed: start.elapsed(),
    };
    if let Some(status) = unreadable(rule) {
        run.status = status;
        return Ok(run);
    }
    let (rows, flags) = match ask(asker, prepared, exclusions, survey)? {
        Ok(found) => found,
        Err(status) => {
            run.status = status;
            run.elapsed = start.elapsed();
            return Ok(run);
        }
    };
    let Rows { columns, rows: mut values, lineage, warnings } = rows;
    let kept = columns.len().saturating_sub(flags.len() + 1);
    // Rows are sorted when they become matches, so each takes its flags along as an entry of their own.
    let flag_values: Vec<Vec<Value>> = values.iter_mut().map(|row| row.split_off(kept.min(row.len()))).collect();
    let columns: Arc<[Column]> = columns.into_iter().take(kept).collect();
    let look = RuleLook { rule: &rule.id, title, severity, keys: rows::group_keys(&rule.tree) };
    let behind = flag_values
        .iter()
        .zip(lineage.into_iter().chain(std::iter::repeat_with(Vec::new)))
        .map(|(noted, all)| match noted.first() {
            Some(Value::Long(event)) => Behind { event: Some(*event), all },
            _ => Behind { event: None, all },
        })
        .collect();
    let (matches, origin) = rows::matches(asker.store, &look, &columns, values, behind)?;
    for (found, row) in matches.iter().zip(origin) {
        for (flag, value) in flags.iter().zip(flag_values.get(row).into_iter().flatten().skip(1)) {
            if *value != Value::Bool(true) {
                survey.covered.entry(*flag).or_default().insert(found.id.clone());
            }
        }
    }
    survey.evaluated.insert(rule.id.clone(), flags);
    run.columns = columns;
    run.matches = matches;
    run.warnings = warnings;
    run.elapsed = start.elapsed();
    Ok(run)
}

/// Why a rule cannot even be tried.
fn unreadable(rule: &Rule) -> Option<RuleStatus> {
    if rule.is_readable() {
        return None;
    }
    let errors: Vec<Diagnostic> = rule.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
    if !errors.is_empty() {
        return Some(status_of(errors));
    }
    let problems: Vec<&str> = rule.problems.iter().map(|problem| problem.message.as_str()).collect();
    Some(RuleStatus::Failed(problems.join("; ")))
}

type Asked = Result<(Rows, Vec<ExclusionId>), RuleStatus>;

/// Runs the rule with as many of the exclusions as it has the columns for.
fn ask(
    asker: &Asker<'_>,
    prepared: &Prepared<'_>,
    exclusions: &[(ExclusionId, &OwnExclusion)],
    survey: &mut Survey,
) -> Result<Asked, HuntError> {
    let whole = prepared.whole(&flag_stage(exclusions));
    let first = match run_text(asker, &whole)? {
        Ok(rows) => return Ok(Ok((rows, exclusions.iter().map(|(id, _)| *id).collect()))),
        Err(status) if exclusions.is_empty() => return Ok(Err(status)),
        Err(status) => status,
    };
    let mut fitting = Vec::new();
    let mut problems: BTreeSet<(ExclusionId, String)> = BTreeSet::new();
    for (id, own) in exclusions {
        match run_text(asker, &prepared.whole(&format!("{}\n| take 0", flag_stage(&[(*id, *own)]))))? {
            Ok(_) => fitting.push((*id, *own)),
            // An exclusion for every rule leaves those alone that lack its columns.
            Err(status) if own.rule.is_some() => {
                problems.insert((*id, status_line(&status)));
            }
            Err(_) => {}
        }
    }
    if fitting.len() == exclusions.len() {
        return Ok(Err(first));
    }
    let again = run_text(asker, &prepared.whole(&flag_stage(&fitting)))?;
    if again.is_ok() {
        survey.problems.extend(problems);
    }
    Ok(again.map(|rows| (rows, fitting.into_iter().map(|(id, _)| id).collect())))
}

/// Runs a text; what is wrong with it is said in places of the rule as written.
fn run_text(asker: &Asker<'_>, text: &Rewritten) -> Result<Result<Rows, RuleStatus>, HuntError> {
    match asker.rows(&text.text) {
        Ok(mut rows) => {
            rows.warnings = to_source(rows.warnings, text);
            Ok(Ok(rows))
        }
        Err(QueryError::Diagnostics(diagnostics)) => Ok(Err(status_of(to_source(diagnostics, text)))),
        Err(QueryError::Failed(reason)) => Ok(Err(RuleStatus::Failed(reason))),
        Err(QueryError::TimedOut) => Ok(Err(RuleStatus::Failed("it took too long".to_owned()))),
        Err(QueryError::Cancelled) => Err(HuntError::Cancelled),
    }
}

pub(super) fn to_source(diagnostics: Vec<Diagnostic>, text: &Rewritten) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(|found| Diagnostic { span: text.to_source(found.span), ..found }).collect()
}

pub(super) fn status_of(diagnostics: Vec<Diagnostic>) -> RuleStatus {
    let mut errors = diagnostics.iter().filter(|found| found.is_error());
    if errors.all(|found| found.class == Class::NeedsInput) {
        RuleStatus::NeedsInput(diagnostics)
    } else {
        RuleStatus::Invalid(diagnostics)
    }
}

/// What is wrong in one line, for people.
pub fn status_line(status: &RuleStatus) -> String {
    match status {
        RuleStatus::Ran => "ran".to_owned(),
        RuleStatus::Failed(reason) => reason.clone(),
        RuleStatus::Invalid(diagnostics) | RuleStatus::NeedsInput(diagnostics) => diagnostics
            .iter()
            .find(|found| found.is_error())
            .map_or_else(|| "unknown".to_owned(), |found| found.message.clone()),
    }
}
