//! A case: a store, the rules, the clock and the switches, everything a screen asks questions of.
//!
//! Questions are synchronous functions of a case and a reader of its store. Whoever asks runs them on a thread of
//! their own and stops them with the store's interrupt handle; the answer is then [`HuntError::Cancelled`].
//! The tree needs no case: [`super::tree::facts`] reads it from a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock::Clock;
use super::error::HuntError;
use super::matches::{EventId, Hunt, RuleRun};
use super::prepare::{Prepared, parts_of};
use super::query::Asker;
use super::survey::{self, Survey};
use super::switches::{ExclusionId, OwnExclusion, SwitchAction, Switches, UnitId};
use crate::rules::catalog::{Catalog, LookupError};
use crate::rules::rule::Rule;
use crate::store::Store;

/// What the console opens. Cheap to clone, so that a worker thread answers for one state while the next is made.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file of the store.
    pub store: PathBuf,
    pub catalog: Arc<Catalog>,
    pub clock: Clock,
    pub switches: Switches,
}

impl Case {
    /// Opens a store with the clock at *whole* and the exclusions and switches that were saved in it.
    pub fn open(store: &Path, catalog: Arc<Catalog>) -> Result<Self, HuntError> {
        let reader = Store::open_read_only(store)?;
        Ok(Self {
            store: store.to_owned(),
            catalog,
            clock: Clock::whole(reader.newest_event_time()?.unwrap_or_default()),
            switches: saved_switches(&reader)?,
        })
    }

    /// A new reader of the store, for one thread.
    pub fn reader(&self) -> Result<Store, HuntError> {
        Ok(Store::open_read_only(&self.store)?)
    }

    pub fn rule(&self, name: &str) -> Result<&Rule, HuntError> {
        self.catalog.find(name).map_err(HuntError::from)
    }

    /// The rules of these names, or all, in the order of the catalog.
    pub fn rules(&self, names: &[String]) -> Result<Vec<&Rule>, HuntError> {
        if names.is_empty() {
            return Ok(self.catalog.rules().iter().collect());
        }
        names.iter().map(|name| self.rule(name)).collect()
    }

    pub(super) fn asker<'store>(&'store self, store: &'store Store) -> Asker<'store> {
        let library = &self.catalog.library;
        Asker { store, now: self.clock.now, range: self.clock.range(), limit: None, library }
    }

    pub(super) fn prepare<'rule>(&self, rule: &'rule Rule) -> Prepared<'rule> {
        Prepared::new(&rule.id, parts_of(rule), &self.switches, self.clock.mode)
    }

    /// Runs rules with all switches applied: what is to be seen.
    pub fn hunt(&self, store: &Store, names: &[String]) -> Result<Hunt, HuntError> {
        Ok(self.survey(store, names)?.shown(&self.switches))
    }

    /// Runs one rule.
    pub fn run(&self, store: &Store, name: &str) -> Result<RuleRun, HuntError> {
        let mut survey = self.survey(store, &[name.to_owned()])?.shown(&self.switches);
        survey.runs.pop().ok_or_else(|| HuntError::UnknownRule { name: name.to_owned(), nearest: Vec::new() })
    }

    /// The event that a match's name means: the part after `#`, or the first event behind an aggregated row.
    pub fn event_of(&self, store: &Store, name: &str) -> Result<EventId, HuntError> {
        let unknown = || HuntError::UnknownMatch(name.to_owned());
        let (rule, subject) = name.rsplit_once('#').ok_or_else(unknown)?;
        let rule = self.rule(rule)?;
        if let Some(event) = subject.split('.').next().and_then(|event| event.parse().ok()) {
            return Ok(event);
        }
        let wanted = format!("{}#{subject}", rule.id);
        let survey = self.survey(store, std::slice::from_ref(&rule.id))?;
        let found = survey.all.runs.iter().flat_map(|run| &run.matches).find(|found| found.id.name() == wanted);
        found.and_then(|found| found.events.first().copied()).ok_or_else(unknown)
    }

    /// The unit that `RULE/UNIT` means, or `UNIT` where only one rule is asked for. A unit is named by its id, by the
    /// beginning of it (`5.1`), or by the number of a stage that has only one.
    pub fn find_unit(&self, text: &str, rules: &[String]) -> Result<UnitId, HuntError> {
        let (rule, unit) = match (text.split_once('/'), rules) {
            (Some((rule, unit)), _) if self.catalog.find(rule).is_ok() => (self.rule(rule)?, unit),
            (_, [only]) => (self.rule(only)?, text),
            (Some((rule, unit)), _) => (self.rule(rule)?, unit),
            (None, _) => {
                return Err(HuntError::UnknownUnit {
                    rule: "?".to_owned(),
                    unit: text.to_owned(),
                    known: vec!["name the rule too: RULE/UNIT".to_owned()],
                });
            }
        };
        let units: Vec<_> = rule.pipeline.units().collect();
        let exact = units.iter().find(|candidate| candidate.id == unit);
        let place = |candidate: &&&crate::rules::pipeline::Unit| {
            format!("{}.{}", candidate.stage, candidate.position) == unit || candidate.stage == unit
        };
        let mut near = units.iter().filter(place);
        let found = exact.or_else(|| near.next().filter(|_| near.next().is_none()));
        match found {
            Some(found) => Ok(UnitId { rule: rule.id.clone(), unit: found.id.clone() }),
            None => Err(HuntError::UnknownUnit {
                rule: rule.slug.clone(),
                unit: unit.to_owned(),
                known: units.iter().map(|unit| format!("{}.{} {}", unit.stage, unit.position, unit.text)).collect(),
            }),
        }
    }

    /// Runs rules with the units switched and none of the own exclusions, and notes which match each of them
    /// covers: then switching one is a matter of looking up.
    pub fn survey(&self, store: &Store, names: &[String]) -> Result<Survey, HuntError> {
        survey::survey(self, store, &self.rules(names)?)
    }
}

impl From<LookupError> for HuntError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Unknown { name, nearest } => Self::UnknownRule { name, nearest },
            LookupError::Ambiguous { name, candidates } => Self::AmbiguousRule { name, candidates },
        }
    }
}

/// The key of what is switched besides the exclusions, in the store's saved state.
const STATE_KEY: &str = "hunt.switches";
const STATE_VERSION: i64 = 1;

/// The switches as saved in a store.
pub fn saved_switches(store: &Store) -> Result<Switches, HuntError> {
    let mut switches = Switches::default();
    let mut owners = std::collections::BTreeMap::new();
    if let Some((STATE_VERSION, mut saved)) = store.state::<super::switches::Saved>(STATE_KEY)? {
        owners = std::mem::take(&mut saved.owners);
        switches.restore(saved);
    }
    for saved in store.exclusions()? {
        let exclusion = OwnExclusion {
            rule: saved.scope_rule,
            condition: saved.condition_kql,
            note: saved.reason,
            owner: owners.remove(&saved.id).unwrap_or_default(),
            enabled: saved.enabled,
        };
        switches.apply(SwitchAction::Exclusion { id: ExclusionId(saved.id), exclusion: Some(exclusion) });
    }
    Ok(switches)
}

/// Saves the switches in a store that is open for writing. `now` is the time of creation of exclusions that are new.
pub fn save_switches(store: &mut Store, switches: &Switches, now: i64) -> Result<(), HuntError> {
    store.set_state(STATE_KEY, STATE_VERSION, &switches.saved())?;
    let transaction = store.connection_mut().transaction()?;
    let kept: Vec<i64> = switches.exclusions().map(|(id, _)| id.0).collect();
    let kept = serde_json::Value::from(kept).to_string();
    transaction.execute("DELETE FROM exclusion WHERE id NOT IN (SELECT value FROM json_each(?1))", [kept])?;
    for (id, own) in switches.exclusions() {
        transaction.execute(
            "INSERT INTO exclusion(id, scope_rule, condition_kql, reason, enabled, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(id) DO UPDATE SET scope_rule = ?2, condition_kql = ?3, reason = ?4, enabled = ?5",
            rusqlite::params![id.0, own.rule, own.condition, own.note, own.enabled, now],
        )?;
    }
    transaction.commit()?;
    Ok(())
}
