//! What exclusions hide, alone and together; the difference between two states of the switches.

use super::case::Case;
use super::error::HuntError;
use super::matches::{Hunt, Match, MatchId, RuleStatus};
use super::prepare::noted_name;
use super::survey::{Survey, status_line};
use super::switches::{ExclusionRef, SwitchAction, UnitId};
use crate::kql::parse_expression;
use crate::rules::pipeline::Role;
use crate::rules::rule::Rule;
use crate::schema::Value;
use crate::store::Store;

/// The effect of one exclusion, native or own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionEffect {
    pub exclusion: ExclusionRef,
    /// The rule it belongs to; `None` is any rule.
    pub rule: Option<String>,
    pub condition: String,
    pub note: String,
    pub owner: String,
    pub enabled: bool,
    /// Matches it covers: hidden now if `enabled`, else the matches shown now that it would hide (`(+n)`).
    pub hides: u64,
    /// Of these, the matches that no other enabled exclusion covers.
    pub only_by: u64,
    /// Pinned matches it covers.
    pub pinned: Vec<MatchId>,
    /// Why the numbers are missing, where it cannot be run.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Hidden,
    New,
    Kept,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DiffRow {
    pub change: Change,
    pub found: Match,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    pub rule: String,
    pub title: String,
    pub before: u64,
    pub after: u64,
}

/// What appears and disappears between two hunts, by the identity of matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diff {
    /// In the total order of matches.
    pub rows: Vec<DiffRow>,
    /// One entry a rule that has matches before or after, in the order of the catalog.
    pub rules: Vec<RuleChange>,
}

impl Diff {
    pub fn between(before: &Hunt, after: &Hunt) -> Self {
        use std::collections::HashSet;
        let old: HashSet<&MatchId> = before.runs.iter().flat_map(|run| &run.matches).map(|found| &found.id).collect();
        let new: HashSet<&MatchId> = after.runs.iter().flat_map(|run| &run.matches).map(|found| &found.id).collect();
        let gone =
            before.matches().into_iter().filter(|found| !new.contains(&found.id)).map(|found| (Change::Hidden, found));
        let there = after.matches().into_iter().map(|found| {
            let change = if old.contains(&found.id) { Change::Kept } else { Change::New };
            (change, found)
        });
        let mut rows: Vec<DiffRow> =
            gone.chain(there).map(|(change, found)| DiffRow { change, found: found.clone() }).collect();
        rows.sort_by(|left, right| super::matches::order(&left.found, &right.found));

        let mut rules: Vec<RuleChange> = Vec::new();
        for (is_after, run) in
            before.runs.iter().map(|run| (false, run)).chain(after.runs.iter().map(|run| (true, run)))
        {
            let position = rules.iter().position(|change| change.rule == run.rule).unwrap_or(rules.len());
            if position == rules.len() {
                rules.push(RuleChange { rule: run.rule.clone(), title: run.title.to_string(), before: 0, after: 0 });
            }
            if let Some(change) = rules.get_mut(position) {
                let side = if is_after { &mut change.after } else { &mut change.before };
                *side = run.matches.len() as u64;
            }
        }
        rules.retain(|change| change.before > 0 || change.after > 0);
        Self { rows, rules }
    }

    pub fn count(&self, change: Change) -> usize {
        self.rows.iter().filter(|row| row.change == change).count()
    }
}

/// Whether a text is one whole scalar expression: then it can stand in parentheses anywhere and change nothing around
/// it. The error is for people.
pub fn check_condition(condition: &str) -> Result<(), String> {
    let parsed = parse_expression(condition);
    match parsed.diagnostics.iter().find(|found| found.is_error()) {
        Some(found) => Err(found.message.clone()),
        None if condition.trim().is_empty() => Err("the condition is empty".to_owned()),
        None => Ok(()),
    }
}

impl Case {
    /// The effects of the own exclusions, and of each rule's native ones, which needs a run for each.
    pub fn exclusion_effects(&self, store: &Store) -> Result<Vec<ExclusionEffect>, HuntError> {
        let survey = self.survey(store, &[])?;
        let mut effects = survey.effects(&self.switches);
        for rule in self.catalog.rules() {
            effects.extend(self.native_effects(store, rule, &survey)?);
        }
        Ok(effects)
    }

    /// The effects of a rule's own negated units. What one hides is what comes when it is switched the other way.
    pub fn native_effects(
        &self,
        store: &Store,
        rule: &Rule,
        survey: &Survey,
    ) -> Result<Vec<ExclusionEffect>, HuntError> {
        if let Some(effects) = self.native_effects_at_once(store, rule)? {
            return Ok(effects);
        }
        self.native_effects_one_by_one(store, rule, survey)
    }

    /// One run for all of a rule's exclusions; `None` where its stages do not let them be told apart so.
    fn native_effects_at_once(&self, store: &Store, rule: &Rule) -> Result<Option<Vec<ExclusionEffect>>, HuntError> {
        let prepared = self.prepare(rule);
        let Some((noted, units)) = prepared.with_exclusions_noted() else { return Ok(None) };
        let mut wide = Survey::default();
        wide.add(&self.switches, &self.asker(store), rule, &noted)?;
        let run = wide.shown(&self.switches).runs.pop().filter(|run| run.status == RuleStatus::Ran);
        let Some(run) = run else { return Ok(None) };
        let ids: Vec<UnitId> =
            units.iter().map(|unit| UnitId { rule: rule.id.clone(), unit: unit.id.clone() }).collect();
        let enabled: Vec<bool> = ids.iter().map(|id| self.switches.is_on(id)).collect();
        let mut hidden: Vec<Vec<MatchId>> = vec![Vec::new(); units.len()];
        for found in &run.matches {
            let fails = |place: &usize| found.value(&noted_name(*place)) != Some(&Value::Bool(true));
            let failing: Vec<usize> = (0..units.len()).filter(fails).collect();
            for (place, hidden) in hidden.iter_mut().enumerate().filter(|(place, _)| failing.contains(place)) {
                // As each is looked at with the others as they are, only what it alone takes away counts.
                let others = failing.iter().filter(|other| **other != place);
                if others.into_iter().all(|other| enabled.get(*other) == Some(&false)) {
                    hidden.push(found.id.clone());
                }
            }
        }
        let effects = units.into_iter().zip(ids).zip(enabled).zip(hidden).map(|(((unit, id), enabled), hidden)| {
            ExclusionEffect {
                exclusion: ExclusionRef::Native(id),
                rule: Some(rule.id.clone()),
                condition: unit.text.clone(),
                note: String::new(),
                owner: String::new(),
                enabled,
                hides: hidden.len() as u64,
                only_by: hidden.len() as u64,
                pinned: hidden.into_iter().filter(|subject| self.switches.is_pinned(subject)).collect(),
                problem: None,
            }
        });
        Ok(Some(effects.collect()))
    }

    fn native_effects_one_by_one(
        &self,
        store: &Store,
        rule: &Rule,
        survey: &Survey,
    ) -> Result<Vec<ExclusionEffect>, HuntError> {
        let now = survey.shown(&self.switches);
        let mut effects = Vec::new();
        for unit in rule.pipeline.units().filter(|unit| unit.role == Role::Exclusion) {
            let id = UnitId { rule: rule.id.clone(), unit: unit.id.clone() };
            let enabled = self.switches.is_on(&id);
            let mut other = self.clone();
            other.switches.apply(SwitchAction::Unit { unit: id.clone(), on: !enabled });
            let switched = other.survey(store, std::slice::from_ref(&rule.id))?.shown(&self.switches);
            let problem = switched.runs.iter().find(|run| run.status != RuleStatus::Ran);
            let problem = problem.map(|run| status_line(&run.status));
            let here = Hunt { runs: now.runs.iter().filter(|run| run.rule == rule.id).cloned().collect() };
            let (with, without) = if enabled { (&here, &switched) } else { (&switched, &here) };
            let hidden: Vec<MatchId> = Diff::between(without, with)
                .rows
                .into_iter()
                .filter(|row| row.change == Change::Hidden)
                .map(|row| row.found.id)
                .collect();
            // The others are as they are, so what this one hides no other does.
            let count = if problem.is_some() { 0 } else { hidden.len() as u64 };
            effects.push(ExclusionEffect {
                exclusion: ExclusionRef::Native(id),
                rule: Some(rule.id.clone()),
                condition: unit.text.clone(),
                note: String::new(),
                owner: String::new(),
                enabled,
                hides: count,
                only_by: count,
                pinned: hidden.into_iter().filter(|subject| self.switches.is_pinned(subject)).collect(),
                problem,
            });
        }
        Ok(effects)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::hunt::testing::{insert, text};
    use crate::hunt::{Clock, Switches};
    use crate::rules::Catalog;

    #[test]
    fn one_run_says_of_all_exclusions_what_a_run_of_each_says() {
        let store = Store::in_memory().unwrap();
        for (event, (name, pid)) in (1..).zip([("a", 1), ("b", 1), ("c", 2), ("ab", 3), ("bc", 2), ("d", 9)]) {
            insert(&store, event, "DeviceProcessEvents", &[("FileName", text(name)), ("ProcessId", pid.into())]);
        }
        let mut catalog = Catalog::default();
        let query = b"DeviceProcessEvents\n| where ProcessId < 9 and FileName !contains 'a' and not(ProcessId == 2)\n\
                      | extend Name = strcat(FileName, '.exe') // a remark\n| project Name, ProcessId\n\
                      | where Name != 'b.exe'";
        catalog.add_bytes("rule.kql", false, query);
        catalog.add_bytes("counts.kql", false, b"DeviceProcessEvents | where not(FileName has 'a') | count");
        let mut case = Case {
            store: PathBuf::new(),
            catalog: Arc::new(catalog),
            clock: Clock::whole(0),
            switches: Switches::default(),
        };
        let rules = Arc::clone(&case.catalog);
        let [rule, counts] = rules.rules() else { panic!("two rules") };
        assert_eq!(case.native_effects_at_once(&store, counts).unwrap(), None);
        let units: Vec<UnitId> = rule
            .pipeline
            .units()
            .filter(|unit| unit.role == Role::Exclusion)
            .map(|unit| UnitId { rule: rule.id.clone(), unit: unit.id.clone() })
            .collect();
        assert_eq!(units.len(), 3);
        for states in 0..8 {
            for (place, unit) in units.iter().enumerate() {
                case.switches.apply(SwitchAction::Unit { unit: unit.clone(), on: states >> place & 1 == 0 });
            }
            let survey = case.survey(&store, &[]).unwrap();
            let one_by_one = case.native_effects_one_by_one(&store, rule, &survey).unwrap();
            assert_eq!(case.native_effects_at_once(&store, rule).unwrap(), Some(one_by_one), "{states}");
        }
    }
}
