//! What exclusions hide, alone and together; the difference between two states of the switches.

use std::collections::HashSet;
use std::sync::Arc;

use super::case::Case;
use super::error::HuntError;
use super::matches::{Hunt, Match, MatchId, RuleStatus};
use super::prepare::noted_name;
use super::survey::{Survey, status_line};
use super::switches::{ExclusionRef, Switches, UnitId};
use crate::kql::parse_expression;
use crate::rules::pipeline::{Role, Unit};
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
        Ok(self.native_reach(store, rule)?.effects(&self.switches, survey))
    }

    /// Runs what the effects of a rule's own exclusions are counted from. Which of the analyst's exclusions are on
    /// makes no difference to it.
    pub fn native_reach(&self, store: &Store, rule: &Rule) -> Result<NativeReach, HuntError> {
        let units = rule.pipeline.units().filter(|unit| unit.role == Role::Exclusion);
        if units.count() == 0 {
            return Ok(NativeReach { rule: rule.id.clone(), units: Vec::new(), runs: Runs::Each(Vec::new()) });
        }
        match self.native_reach_at_once(store, rule)? {
            Some(reach) => Ok(reach),
            None => self.native_reach_one_by_one(store, rule),
        }
    }

    /// One run for all of a rule's exclusions; `None` where its stages do not let them be told apart so.
    fn native_reach_at_once(&self, store: &Store, rule: &Rule) -> Result<Option<NativeReach>, HuntError> {
        let prepared = self.prepare(rule);
        let Some((noted, units)) = prepared.with_exclusions_noted() else { return Ok(None) };
        let mut wide = Survey::default();
        wide.add(&self.switches, &self.asker(store), rule, &noted)?;
        let Some(run) = wide.all.runs.last().filter(|run| run.status == RuleStatus::Ran) else { return Ok(None) };
        let failing = |found: &Match| {
            let fails = |place: &usize| found.value(&noted_name(*place)) != Some(&Value::Bool(true));
            (0..units.len()).filter(fails).collect::<Vec<_>>()
        };
        let failing = run.matches.iter().map(|found| (found.id.clone(), failing(found)));
        let failing = failing.filter(|(_, places)| !places.is_empty()).collect();
        let units = units.into_iter().map(|unit| NativeUnit::of(rule, unit)).collect();
        wide.all = Arc::default();
        Ok(Some(NativeReach { rule: rule.id.clone(), units, runs: Runs::Once { failing, covers: wide } }))
    }

    fn native_reach_one_by_one(&self, store: &Store, rule: &Rule) -> Result<NativeReach, HuntError> {
        let (mut units, mut runs) = (Vec::new(), Vec::new());
        for unit in rule.pipeline.units().filter(|unit| unit.role == Role::Exclusion) {
            let unit = NativeUnit::of(rule, unit);
            let mut other = self.clone();
            other.switches.apply(self.switches.toggle_unit(unit.id.clone()));
            let mut covers = other.survey(store, std::slice::from_ref(&rule.id))?;
            let all = std::mem::take(&mut covers.all);
            let problem = all.runs.iter().find(|run| run.status != RuleStatus::Ran);
            let problem = problem.map(|run| status_line(&run.status));
            let matches = all.runs.iter().flat_map(|run| &run.matches).map(|found| found.id.clone()).collect();
            units.push(unit);
            runs.push(Switched { matches, covers, problem });
        }
        Ok(NativeReach { rule: rule.id.clone(), units, runs: Runs::Each(runs) })
    }
}

/// What was found of a rule's own exclusions, from which their effects are counted without asking the store, for every
/// state of the analyst's exclusions and of the pins.
#[derive(Debug, Clone, PartialEq)]
pub struct NativeReach {
    rule: String,
    units: Vec<NativeUnit>,
    runs: Runs,
}

#[derive(Debug, Clone, PartialEq)]
struct NativeUnit {
    id: UnitId,
    condition: String,
}

impl NativeUnit {
    fn of(rule: &Rule, unit: &Unit) -> Self {
        Self { id: UnitId { rule: rule.id.clone(), unit: unit.id.clone() }, condition: unit.text.clone() }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Runs {
    /// One run without any of them: the matches that some of them take away, with the places of these.
    Once { failing: Vec<(MatchId, Vec<usize>)>, covers: Survey },
    /// A run for each of them, switched the other way.
    Each(Vec<Switched>),
}

/// A run with one exclusion switched the other way.
#[derive(Debug, Clone, PartialEq)]
struct Switched {
    /// In their total order.
    matches: Vec<MatchId>,
    /// Of the run only which of the analyst's exclusions cover what.
    covers: Survey,
    problem: Option<String>,
}

impl NativeReach {
    /// The effects under a state of the analyst's exclusions and of the pins. `survey` is of the rule as switched.
    pub fn effects(&self, switches: &Switches, survey: &Survey) -> Vec<ExclusionEffect> {
        let hidden = match &self.runs {
            Runs::Once { failing, covers } => self.hidden_at_once(switches, failing, covers),
            Runs::Each(runs) => {
                self.units.iter().zip(runs).map(|(unit, run)| self.hidden_by(unit, run, switches, survey)).collect()
            }
        };
        let effect = |(place, (unit, hidden)): (usize, (&NativeUnit, Vec<&MatchId>))| {
            let problem = match &self.runs {
                Runs::Once { .. } => None,
                Runs::Each(runs) => runs.get(place).and_then(|run| run.problem.clone()),
            };
            // The others are as they are, so what this one hides no other does.
            let count = if problem.is_some() { 0 } else { hidden.len() as u64 };
            ExclusionEffect {
                exclusion: ExclusionRef::Native(unit.id.clone()),
                rule: Some(self.rule.clone()),
                condition: unit.condition.clone(),
                note: String::new(),
                owner: String::new(),
                enabled: switches.is_on(&unit.id),
                hides: count,
                only_by: count,
                pinned: hidden.into_iter().filter(|subject| switches.is_pinned(subject)).cloned().collect(),
                problem,
            }
        };
        self.units.iter().zip(hidden).enumerate().map(effect).collect()
    }

    fn hidden_at_once<'reach>(
        &self,
        switches: &Switches,
        failing: &'reach [(MatchId, Vec<usize>)],
        covers: &Survey,
    ) -> Vec<Vec<&'reach MatchId>> {
        let enabled: Vec<bool> = self.units.iter().map(|unit| switches.is_on(&unit.id)).collect();
        let mut hidden = vec![Vec::new(); self.units.len()];
        for (subject, failing) in failing.iter().filter(|(subject, _)| !covers.is_hidden(switches, subject)) {
            for (place, hidden) in hidden.iter_mut().enumerate().filter(|(place, _)| failing.contains(place)) {
                // As each is looked at with the others as they are, only what it alone takes away counts.
                let mut others = failing.iter().filter(|other| **other != place);
                if others.all(|other| enabled.get(*other) == Some(&false)) {
                    hidden.push(subject);
                }
            }
        }
        hidden
    }

    /// What is there without the unit and not with it.
    fn hidden_by<'reach>(
        &self,
        unit: &NativeUnit,
        run: &'reach Switched,
        switches: &Switches,
        survey: &'reach Survey,
    ) -> Vec<&'reach MatchId> {
        let runs = survey.all.runs.iter().filter(|run| run.rule == self.rule);
        let now = runs.flat_map(|run| &run.matches).map(|found| &found.id);
        let now: Vec<&MatchId> = now.filter(|subject| !survey.is_hidden(switches, subject)).collect();
        let shown = run.matches.iter().filter(|subject| !run.covers.is_hidden(switches, subject));
        let switched: Vec<&MatchId> = shown.collect();
        let (with, without) = if switches.is_on(&unit.id) { (now, switched) } else { (switched, now) };
        let with: HashSet<&MatchId> = with.into_iter().collect();
        without.into_iter().filter(|subject| !with.contains(subject)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::hunt::testing::{insert, text};
    use crate::hunt::{Clock, SwitchAction};
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
        assert_eq!(case.native_reach_at_once(&store, counts).unwrap(), None);
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
            let one_by_one = case.native_reach_one_by_one(&store, rule).unwrap();
            let at_once = case.native_reach_at_once(&store, rule).unwrap().unwrap();
            let effects = |reach: &NativeReach| reach.effects(&case.switches, &survey);
            assert_eq!(effects(&at_once), effects(&one_by_one), "{states}");
        }
    }
}
