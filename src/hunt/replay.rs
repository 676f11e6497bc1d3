//! The alerts that a service would have raised: a rule run at every step of its timetable, each run with its own
//! *now* and seeing only what its period shows, look-back predicates as written, switches and exclusions as they are.
//!
//! A step whose window has no event of the rule's tables is not run. What the rule says of nothing is asked once and
//! holds for all of them, since nothing but the time differs.
//!
//! What is left out: events reach a service late, and the time of arrival is not in the data, so a run sees an event
//! from its own time on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::case::Case;
use super::clock::ClockMode;
use super::error::HuntError;
use super::matches::{Match, MatchId, RuleStatus, Severity};
use super::prepare::{Prepared, parts_of};
use super::query::{Asker, QueryError};
use super::survey::{Survey, status_of};
use super::timetable::{Timetable, Wanted};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::values::LAST_TICK;
use crate::plan::DataRange;
use crate::rules::rule::Rule;
use crate::sql::layout::{Storage, layout};
use crate::store::Store;

/// The service makes no more alerts of one run; the last of them then stands for all rows.
const ALERTS_PER_RUN: usize = 150;

/// What to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub timetable: Wanted,
    /// Only runs from this time on.
    pub from: Option<i64>,
    /// Only runs up to this time.
    pub until: Option<i64>,
    /// More runs of one rule are refused.
    pub limit: usize,
}

impl Default for Asked {
    fn default() -> Self {
        Self { timetable: Wanted::default(), from: None, until: None, limit: 20_000 }
    }
}

/// One alert: what one run found, or one row of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Alert {
    /// When the run was.
    pub time: i64,
    /// The run saw what is later than this.
    pub after: i64,
    /// The rows that the alert stands for.
    pub rows: usize,
    /// Their matches, in order. Empty where the alert is for the want of rows.
    pub matches: Vec<MatchId>,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub rule: String,
    pub title: Arc<str>,
    pub severity: Severity,
    /// `None` where the rule has none; the status says so.
    pub timetable: Option<Timetable>,
    pub status: RuleStatus,
    pub warnings: Vec<Diagnostic>,
    /// Steps from the first to the last event of the rule's tables.
    pub steps: u64,
    /// Runs over events.
    pub runs: u64,
    /// Steps in which there was nothing to see.
    pub empty: u64,
    /// In the order of time.
    pub alerts: Vec<Alert>,
    /// Alerts that there would have been but for the silence after another.
    pub suppressed: Vec<Alert>,
    /// Every match of an alert, kept or suppressed, once, in the total order.
    pub found: Vec<Match>,
}

impl Case {
    /// Replays one rule. `go_on` is told the runs made and the runs to make, and says whether to go on.
    pub fn replay(
        &self,
        store: &Store,
        name: &str,
        asked: &Asked,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Replay, HuntError> {
        let rule = self.rule(name)?;
        let mut replay = Replay {
            rule: rule.id.clone(),
            title: Arc::from(rule.title.as_str()),
            severity: Severity::from(rule.metadata.severity),
            timetable: None,
            status: RuleStatus::Ran,
            warnings: Vec::new(),
            steps: 0,
            runs: 0,
            empty: 0,
            alerts: Vec::new(),
            suppressed: Vec::new(),
            found: Vec::new(),
        };
        let timetable = match Timetable::of(rule, asked.timetable) {
            Ok(timetable) => timetable,
            Err(reason) => {
                replay.status = RuleStatus::Failed(reason);
                return Ok(replay);
            }
        };
        replay.timetable = Some(timetable.clone());
        let runner = Runner {
            case: self,
            store,
            rule,
            prepared: Prepared::new(&rule.id, parts_of(rule), &self.switches, ClockMode::AsOf),
            timetable: &timetable,
        };
        runner.replay(asked, &mut replay, go_on)?;
        Ok(replay)
    }
}

struct Runner<'a> {
    case: &'a Case,
    store: &'a Store,
    rule: &'a Rule,
    prepared: Prepared<'a>,
    timetable: &'a Timetable,
}

impl Runner<'_> {
    fn replay(
        &self,
        asked: &Asked,
        replay: &mut Replay,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<(), HuntError> {
        let tables = match self.tables()? {
            Ok(tables) => tables,
            Err(status) => {
                replay.status = status;
                return Ok(());
            }
        };
        let newest = self.newest_by_step(&tables)?;
        let Some(within) = self.steps_within(&newest, asked) else { return Ok(()) };
        let Some(busy) = self.timetable.busy_steps(&newest, within, asked.limit) else {
            replay.status = RuleStatus::Failed(format!(
                "more than {} runs: choose a longer --frequency, a shorter --period, or --from and --until",
                asked.limit
            ));
            return Ok(());
        };
        let (first, last) = within;
        replay.steps = last.abs_diff(first).saturating_add(1);
        replay.empty = replay.steps.saturating_sub(busy.len() as u64);
        let mut steps = busy.clone();
        let mut of_nothing = None;
        if let Some(step) = (first..=last).find(|step| !busy.contains(step)) {
            let Some(found) = self.run(step, replay)? else { return Ok(()) };
            if self.timetable.trigger.fires(found.len()) {
                if replay.steps > asked.limit as u64 {
                    replay.status = RuleStatus::Failed(format!(
                        "the rule fires where nothing happens, {} times here: choose --from and --until",
                        replay.empty
                    ));
                    return Ok(());
                }
                steps = (first..=last).collect();
                of_nothing = Some(found);
            }
        }
        let mut kept: BTreeMap<MatchId, Match> = BTreeMap::new();
        let mut silent_until: Option<i64> = None;
        let total = busy.len() as u64;
        for step in steps {
            if !go_on(replay.runs, total) {
                return Err(HuntError::Cancelled);
            }
            let found = match &of_nothing {
                Some(found) if !busy.contains(&step) => found.clone(),
                _ => {
                    replay.runs += 1;
                    match self.run(step, replay)? {
                        Some(found) => found,
                        None => return Ok(()),
                    }
                }
            };
            if !self.timetable.trigger.fires(found.len()) {
                continue;
            }
            let time = self.timetable.time(step);
            let is_silent = silent_until.is_some_and(|until| time < until);
            if !is_silent {
                silent_until = self.timetable.suppression.map(|length| time.saturating_add(length));
            }
            let alerts = if is_silent { &mut replay.suppressed } else { &mut replay.alerts };
            alerts.extend(self.alerts(time, &found));
            kept.extend(found.into_iter().map(|one| (one.id.clone(), one)));
        }
        replay.found = kept.into_values().collect();
        replay.found.sort_by(super::matches::order);
        Ok(())
    }

    /// One run; `None` where the rule does not run, and then the replay says why.
    fn run(&self, step: i64, replay: &mut Replay) -> Result<Option<Vec<Match>>, HuntError> {
        let mut survey = Survey::default();
        survey.add(&self.case.switches, &self.asker(step), self.rule, &self.prepared)?;
        let run = survey.shown(&self.case.switches).runs.pop();
        let Some(run) = run.filter(|run| run.status == RuleStatus::Ran) else {
            let status = survey.all.runs.last().map(|run| run.status.clone());
            replay.status = status.unwrap_or_else(|| RuleStatus::Failed("the rule gave no answer".to_owned()));
            return Ok(None);
        };
        for warning in run.warnings {
            if !replay.warnings.contains(&warning) {
                replay.warnings.push(warning);
            }
        }
        Ok(Some(run.matches))
    }

    fn alerts(&self, time: i64, found: &[Match]) -> Vec<Alert> {
        let alert = |found: &[Match]| Alert {
            time,
            after: time.saturating_sub(self.timetable.period),
            rows: found.len(),
            matches: found.iter().map(|one| one.id.clone()).collect(),
        };
        if !self.timetable.alert_per_row || found.is_empty() {
            return vec![alert(found)];
        }
        if found.len() <= ALERTS_PER_RUN {
            return found.iter().map(|one| alert(std::slice::from_ref(one))).collect();
        }
        let single = found.iter().take(ALERTS_PER_RUN - 1).map(|one| alert(std::slice::from_ref(one)));
        single.chain([alert(found)]).collect()
    }

    fn asker(&self, step: i64) -> Asker<'_> {
        let now = self.timetable.time(step);
        let range = DataRange { after: Some(now.saturating_sub(self.timetable.period)), until: Some(now) };
        Asker { store: self.store, now, range, limit: None, library: &self.case.catalog.library }
    }

    /// The tables that the rule reads, as the engine understands it.
    fn tables(&self) -> Result<Result<BTreeSet<String>, RuleStatus>, HuntError> {
        if !self.rule.is_readable() {
            // Running it says what is wrong, in the words of every other run.
            let survey = self.case.survey(self.store, std::slice::from_ref(&self.rule.id))?;
            let status = survey.all.runs.first().map(|run| run.status.clone());
            return Ok(Err(status.unwrap_or_else(|| RuleStatus::Failed("the rule cannot be read".to_owned()))));
        }
        let text = self.prepared.whole("");
        Ok(match self.asker(0).tables(&text.text) {
            Ok(tables) => Ok(tables),
            Err(QueryError::Diagnostics(found)) => Err(status_of(super::survey::to_source(found, &text))),
            Err(other) => return Err(other.of(&self.rule.title, &text.text)),
        })
    }

    /// For each length of the frequency that has an event of these tables: the step that ends it, and the time of
    /// its newest event.
    fn newest_by_step(&self, tables: &BTreeSet<String>) -> Result<BTreeMap<i64, i64>, HuntError> {
        let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
        let there = self.store.event_tables()?;
        for schema in there.into_iter().filter(|schema| tables.contains(&schema.name)) {
            let Some(time) = schema.time_column() else { continue };
            let layout = layout(schema);
            let column = layout.columns.iter().find(|column| column.name == time.name);
            let Some(Storage::Plain(time)) = column.map(|column| &column.storage) else { continue };
            let sql = format!(
                "SELECT ({time} + ?1 - 1) / ?1, max({time}) FROM {} WHERE {time} BETWEEN 0 AND ?2 GROUP BY 1",
                layout.from
            );
            let mut statement = self.store.connection().prepare(&sql)?;
            let mut rows = statement.query([self.timetable.frequency, LAST_TICK])?;
            while let Some(row) = rows.next()? {
                let (step, time): (i64, i64) = (row.get(0)?, row.get(1)?);
                newest.entry(step).and_modify(|known| *known = time.max(*known)).or_insert(time);
            }
        }
        Ok(newest)
    }

    /// The first and the last step that could see an event, cut to what was asked for.
    fn steps_within(&self, newest: &BTreeMap<i64, i64>, asked: &Asked) -> Option<(i64, i64)> {
        let frequency = self.timetable.frequency;
        let first = *newest.first_key_value()?.0;
        let (last_slot, last_time) = newest.last_key_value()?;
        // The last step that is still before the newest event's time and the period after it.
        let last = last_time.saturating_add(self.timetable.period).saturating_sub(1).div_euclid(frequency);
        let first = asked.from.map_or(first, |from| first.max(-(-from).div_euclid(frequency)));
        let last = (*last_slot).max(last);
        let last = asked.until.map_or(last, |until| last.min(until.div_euclid(frequency)));
        (first <= last).then_some((first, last))
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
