//! The changes of a rule that alone would keep an event: a predicate off, or one made wide enough. Each is found by
//! running the rule with it.

use super::case::Case;
use super::conjunct::comparisons;
use super::error::HuntError;
use super::explain::{Conjunct, Leg, NearestChange, Outcome, Relaxation};
use super::matches::{EventId, MatchId, MatchSubject};
use super::relax;
use super::rewrite::{Edit, Rewritten};
use super::survey::Survey;
use super::switches::{SwitchAction, UnitId};
use crate::rules::pipeline::Unit;
use crate::rules::rule::Rule;
use crate::schema::Value;
use crate::store::Store;

/// The rule is run for each: more ways are not tried.
const MOST_TRIED: usize = 6;
/// More would not be read.
const MOST_TOLD: usize = 3;

/// What would keep an event.
#[derive(Debug, Default)]
pub struct Nearest {
    pub off: Vec<NearestChange>,
    pub relaxed: Vec<Relaxation>,
}

impl Case {
    /// The changes of the one failing conjunct of each leg that make the rule keep the event. `before` is what the rule
    /// gives without them.
    pub(super) fn nearest(
        &self,
        store: &Store,
        rule: &Rule,
        event: EventId,
        legs: &[Leg],
        before: &Survey,
    ) -> Result<Nearest, HuntError> {
        let mut nearest = Nearest::default();
        for leg in legs.iter().filter(|leg| leg.reads_event) {
            let conjuncts = leg.stages.iter().flat_map(|stage| &stage.conjuncts);
            let failing: Vec<&Conjunct> = conjuncts.filter(|conjunct| conjunct.outcome == Outcome::Fails).collect();
            let [only] = failing.as_slice() else { continue };
            let mut other = self.clone();
            other.switches.apply(SwitchAction::Unit { unit: only.unit.clone(), on: false });
            let survey = other.survey(store, std::slice::from_ref(&rule.id))?;
            if matching(&survey, &rule.id, event).is_empty() {
                continue;
            }
            nearest.off.push(NearestChange {
                unit: only.unit.clone(),
                text: only.text.clone(),
                rows: rows_of(&survey, &rule.id),
            });
            if let Some(unit) = rule.pipeline.units().find(|unit| unit.id == only.unit.unit) {
                nearest.relaxed.extend(self.relaxed(store, rule, event, (unit, only), before)?);
            }
        }
        Ok(nearest)
    }

    /// The ways to write a conjunct so that the rule keeps the event and all that it kept before; the one that adds
    /// fewest rows first.
    fn relaxed(
        &self,
        store: &Store,
        rule: &Rule,
        event: EventId,
        (unit, conjunct): (&Unit, &Conjunct),
        before: &Survey,
    ) -> Result<Vec<Relaxation>, HuntError> {
        let prepared = self.prepare(rule);
        let kept: Vec<&MatchId> = ids(before, &rule.id).collect();
        let mut told: Vec<Relaxation> = Vec::new();
        for (edit, wanted, found) in edits(unit, conjunct, &rule.query).into_iter().take(MOST_TRIED) {
            let mut survey = Survey::default();
            let changed = prepared.with_edit(edit.clone());
            survey.add(&self.switches, &self.asker(store), rule, &changed)?;
            let given: std::collections::HashSet<&MatchId> = ids(&survey, &rule.id).collect();
            let keeps_all = kept.iter().all(|id| given.contains(id));
            let rows = given.len() as u64;
            let text = Rewritten::of(&rule.query, unit.span, &[edit]).text;
            // Ways come with the closest to what is written first: a wider one for the same rows says nothing new.
            let is_new = told.iter().all(|way| way.rows != rows);
            if keeps_all && is_new && !matching(&survey, &rule.id, event).is_empty() {
                let unit = UnitId { rule: rule.id.clone(), unit: unit.id.clone() };
                told.push(Relaxation { unit, written: conjunct.text.clone(), text, wanted, found, rows });
            }
        }
        told.sort_by_key(|way| way.rows);
        told.truncate(MOST_TOLD);
        Ok(told)
    }
}

/// The edits of the comparisons that fail, with what each wanted and found.
fn edits(unit: &Unit, conjunct: &Conjunct, source: &str) -> Vec<(Edit, String, Value)> {
    let parts = comparisons(&unit.expression, source);
    let mut edits = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let (found, holds) = match conjunct.parts.get(at) {
            Some(known) => (known.found.as_ref(), known.holds),
            None => (conjunct.found.as_ref(), Some(false)),
        };
        if let Some(found) = found.filter(|_| holds == Some(false)) {
            let ways = relax::relaxed(&unit.expression, (part.whole, part.is_negated()), source, found);
            edits.extend(ways.into_iter().map(|edit| (edit, part.wanted.clone(), found.clone())));
        }
    }
    edits
}

fn ids<'survey>(survey: &'survey Survey, rule: &str) -> impl Iterator<Item = &'survey MatchId> {
    let runs = survey.all.runs.iter().filter(move |run| run.rule == rule);
    runs.flat_map(|run| &run.matches).map(|found| &found.id)
}

fn rows_of(survey: &Survey, rule: &str) -> u64 {
    ids(survey, rule).count() as u64
}

/// The matches of a rule that an event is behind.
pub fn matching<'survey>(survey: &'survey Survey, rule: &str, event: EventId) -> Vec<&'survey MatchId> {
    let runs = survey.all.runs.iter().filter(|run| run.rule == rule);
    runs.flat_map(|run| &run.matches)
        .filter(|found| match &found.id.subject {
            MatchSubject::Events(events) => events.contains(&event),
            MatchSubject::Key(_) => found.events.contains(&event),
        })
        .map(|found| &found.id)
        .collect()
}
