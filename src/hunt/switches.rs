//! What the analyst has switched: units of rules, own exclusions, pins. Undo is the inverse action.
//!
//! A small value that says everything a result depends on besides the data, the rules and the clock. It knows
//! nothing of how a switch takes effect.

use std::collections::{BTreeMap, BTreeSet};

use super::matches::MatchId;

/// One top-level conjunct of a rule: a predicate, or a native exclusion where it is negated.
///
/// `unit` is the stage's number, with the conjunct's place in it when the stage has several: `5`, `2.1`; stages
/// of a `let` that is not the main pipeline carry its name: `allSuspiciousHashes:1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct UnitId {
    pub rule: String,
    pub unit: String,
}

impl std::fmt::Display for UnitId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.rule, self.unit)
    }
}

/// `X1`, `X2`, … in the order of creation; never given twice in one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ExclusionId(pub i64);

impl std::fmt::Display for ExclusionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "X{}", self.0)
    }
}

/// An exclusion of the analyst: a row is hidden where `condition` holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct OwnExclusion {
    /// The one rule it belongs to; `None` is every rule that has the columns.
    pub rule: Option<String>,
    /// KQL over the rule's output columns.
    pub condition: String,
    /// Why it is there: a reason, the number of a change.
    pub note: String,
    /// Who answers for it.
    pub owner: String,
    pub enabled: bool,
}

impl OwnExclusion {
    pub fn applies_to(&self, rule: &str) -> bool {
        self.rule.as_deref().is_none_or(|scope| scope == rule)
    }
}

/// A `let` of a rule with a value of its own: what an analyst sets without touching the rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ParameterId {
    pub rule: String,
    pub name: String,
}

/// Either kind of exclusion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExclusionRef {
    Native(UnitId),
    Own(ExclusionId),
}

/// The state. Equal states give equal results.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize)]
pub struct Switches {
    off: BTreeSet<UnitId>,
    exclusions: BTreeMap<ExclusionId, OwnExclusion>,
    pins: BTreeSet<MatchId>,
    parameters: BTreeMap<ParameterId, String>,
    /// What the analyst wrote beside a match.
    notes: BTreeMap<MatchId, String>,
}

/// What is kept of the state beside the exclusions, which have a table of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Saved {
    pub off: BTreeSet<UnitId>,
    pub pins: BTreeSet<MatchId>,
    #[serde(default)]
    pub parameters: Vec<(ParameterId, String)>,
    /// Of the exclusions that have one, by their number.
    #[serde(default)]
    pub owners: BTreeMap<i64, String>,
    /// Stores of before there were notes have none.
    #[serde(default)]
    pub notes: Vec<(MatchId, String)>,
}

/// One change. Applying it yields the action that takes it back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchAction {
    Unit {
        unit: UnitId,
        on: bool,
    },
    /// Sets an own exclusion, or removes it with `None`: creation, edit, toggle and deletion alike.
    Exclusion {
        id: ExclusionId,
        exclusion: Option<OwnExclusion>,
    },
    Pin {
        subject: MatchId,
        on: bool,
    },
    /// Gives a parameter another value, as KQL; `None` is the rule's own.
    Parameter {
        parameter: ParameterId,
        value: Option<String>,
    },
    /// Writes a note beside a match, or takes it away.
    Note {
        subject: MatchId,
        text: Option<String>,
    },
    /// Several at once, undone together.
    All(Vec<SwitchAction>),
}

impl Switches {
    /// Makes the change and returns its inverse.
    pub fn apply(&mut self, action: SwitchAction) -> SwitchAction {
        match action {
            SwitchAction::Unit { unit, on } => {
                let was_on = if on { !self.off.remove(&unit) } else { self.off.insert(unit.clone()) };
                SwitchAction::Unit { unit, on: was_on }
            }
            SwitchAction::Exclusion { id, exclusion } => {
                let before = match exclusion {
                    Some(exclusion) => self.exclusions.insert(id, exclusion),
                    None => self.exclusions.remove(&id),
                };
                SwitchAction::Exclusion { id, exclusion: before }
            }
            SwitchAction::Pin { subject, on } => {
                let was_on = if on { !self.pins.insert(subject.clone()) } else { self.pins.remove(&subject) };
                SwitchAction::Pin { subject, on: was_on }
            }
            SwitchAction::Parameter { parameter, value } => {
                let before = match value {
                    Some(value) => self.parameters.insert(parameter.clone(), value),
                    None => self.parameters.remove(&parameter),
                };
                SwitchAction::Parameter { parameter, value: before }
            }
            SwitchAction::Note { subject, text } => {
                let before = match text {
                    Some(text) => self.notes.insert(subject.clone(), text),
                    None => self.notes.remove(&subject),
                };
                SwitchAction::Note { subject, text: before }
            }
            SwitchAction::All(actions) => {
                let mut inverses: Vec<SwitchAction> = actions.into_iter().map(|action| self.apply(action)).collect();
                inverses.reverse();
                SwitchAction::All(inverses)
            }
        }
    }

    pub fn saved(&self) -> Saved {
        let owned = self.exclusions.iter().filter(|(_, own)| !own.owner.is_empty());
        Saved {
            off: self.off.clone(),
            pins: self.pins.clone(),
            notes: self.notes.iter().map(|(subject, text)| (subject.clone(), text.clone())).collect(),
            parameters: self.parameters.iter().map(|(id, value)| (id.clone(), value.clone())).collect(),
            owners: owned.map(|(id, own)| (id.0, own.owner.clone())).collect(),
        }
    }

    /// All but the exclusions, which have a table of their own.
    pub fn restore(&mut self, saved: Saved) {
        self.off = saved.off;
        self.pins = saved.pins;
        self.notes = saved.notes.into_iter().collect();
        self.parameters = saved.parameters.into_iter().collect();
    }

    /// The one change that makes these the other switches.
    pub fn change_to(&self, wanted: &Self) -> SwitchAction {
        let mut changes: Vec<SwitchAction> = Vec::new();
        let unit = |unit: &UnitId, on| SwitchAction::Unit { unit: unit.clone(), on };
        changes.extend(self.off.difference(&wanted.off).map(|off| unit(off, true)));
        changes.extend(wanted.off.difference(&self.off).map(|off| unit(off, false)));
        let pin = |subject: &MatchId, on| SwitchAction::Pin { subject: subject.clone(), on };
        changes.extend(self.pins.difference(&wanted.pins).map(|subject| pin(subject, false)));
        changes.extend(wanted.pins.difference(&self.pins).map(|subject| pin(subject, true)));
        let exclusions: BTreeSet<&ExclusionId> = self.exclusions.keys().chain(wanted.exclusions.keys()).collect();
        for id in exclusions.into_iter().filter(|id| self.exclusions.get(*id) != wanted.exclusions.get(*id)) {
            changes.push(SwitchAction::Exclusion { id: *id, exclusion: wanted.exclusions.get(id).cloned() });
        }
        let parameters: BTreeSet<&ParameterId> = self.parameters.keys().chain(wanted.parameters.keys()).collect();
        for id in parameters.into_iter().filter(|id| self.parameters.get(*id) != wanted.parameters.get(*id)) {
            changes.push(SwitchAction::Parameter { parameter: id.clone(), value: wanted.parameters.get(id).cloned() });
        }
        let notes: BTreeSet<&MatchId> = self.notes.keys().chain(wanted.notes.keys()).collect();
        for subject in notes.into_iter().filter(|subject| self.notes.get(*subject) != wanted.notes.get(*subject)) {
            changes.push(SwitchAction::Note { subject: subject.clone(), text: wanted.notes.get(subject).cloned() });
        }
        SwitchAction::All(changes)
    }

    /// The parameters of this rule that were given another value.
    pub fn parameters_of<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let own = self.parameters.iter().filter(move |(id, _)| id.rule == rule);
        own.map(|(id, value)| (id.name.as_str(), value.as_str()))
    }

    pub fn parameter(&self, id: &ParameterId) -> Option<&str> {
        self.parameters.get(id).map(String::as_str)
    }

    pub fn is_on(&self, unit: &UnitId) -> bool {
        !self.off.contains(unit)
    }

    /// The units of this rule that are switched off.
    pub fn off_units<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = &'a str> {
        self.off.iter().filter(move |unit| unit.rule == rule).map(|unit| unit.unit.as_str())
    }

    pub fn exclusions(&self) -> impl Iterator<Item = (ExclusionId, &OwnExclusion)> {
        self.exclusions.iter().map(|(id, exclusion)| (*id, exclusion))
    }

    pub fn exclusion(&self, id: ExclusionId) -> Option<&OwnExclusion> {
        self.exclusions.get(&id)
    }

    /// The enabled own exclusions that apply to this rule.
    pub fn enabled_for<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = (ExclusionId, &'a OwnExclusion)> {
        self.exclusions().filter(move |(_, own)| own.enabled && own.rule.as_deref().is_none_or(|scope| scope == rule))
    }

    pub fn is_pinned(&self, subject: &MatchId) -> bool {
        self.pins.contains(subject)
    }

    pub fn note(&self, subject: &MatchId) -> Option<&str> {
        self.notes.get(subject).map(String::as_str)
    }

    pub fn notes(&self) -> impl Iterator<Item = (&MatchId, &str)> {
        self.notes.iter().map(|(subject, text)| (subject, text.as_str()))
    }

    pub fn pins(&self) -> impl Iterator<Item = &MatchId> {
        self.pins.iter()
    }

    /// An id that no exclusion of this state has.
    pub fn next_exclusion_id(&self) -> ExclusionId {
        ExclusionId(self.exclusions.keys().next_back().map_or(1, |last| last.0.saturating_add(1)))
    }

    /// The action that switches an own exclusion on or off; `None` where there is none of this id.
    pub fn toggle_exclusion(&self, id: ExclusionId) -> Option<SwitchAction> {
        let exclusion = self.exclusion(id)?;
        let exclusion = Some(OwnExclusion { enabled: !exclusion.enabled, ..exclusion.clone() });
        Some(SwitchAction::Exclusion { id, exclusion })
    }

    /// The action that switches a unit of a rule.
    pub fn toggle_unit(&self, unit: UnitId) -> SwitchAction {
        let on = !self.is_on(&unit);
        SwitchAction::Unit { unit, on }
    }
}

/// Undo and redo: the inverses of what was done, newest last.
#[derive(Debug, Clone, Default)]
pub struct History {
    undo: Vec<SwitchAction>,
    redo: Vec<SwitchAction>,
}

impl History {
    /// Does something new; what was undone before can no longer be redone.
    pub fn apply(&mut self, switches: &mut Switches, action: SwitchAction) {
        self.redo.clear();
        self.undo.push(switches.apply(action));
    }

    /// Takes the last change back. Returns the action that was applied, `None` where there is nothing to undo.
    pub fn undo(&mut self, switches: &mut Switches) -> Option<SwitchAction> {
        let action = self.undo.pop()?;
        self.redo.push(switches.apply(action.clone()));
        Some(action)
    }

    pub fn redo(&mut self, switches: &mut Switches) -> Option<SwitchAction> {
        let action = self.redo.pop()?;
        self.undo.push(switches.apply(action.clone()));
        Some(action)
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hunt::matches::MatchSubject;

    fn unit(number: u8) -> UnitId {
        UnitId { rule: format!("rule{}", number % 2), unit: number.to_string() }
    }

    fn subject(event: i64) -> MatchId {
        MatchId {
            rule: "rule0".to_owned(),
            device: "host".to_owned(),
            time: None,
            subject: MatchSubject::Events(vec![event]),
            ordinal: 0,
        }
    }

    fn leaf() -> impl Strategy<Value = SwitchAction> {
        prop_oneof![
            (0u8..4, any::<bool>()).prop_map(|(number, on)| SwitchAction::Unit { unit: unit(number), on }),
            (0i64..3, prop::option::of((any::<bool>(), "[a-c]"))).prop_map(|(id, own)| SwitchAction::Exclusion {
                id: ExclusionId(id),
                exclusion: own.map(|(enabled, condition)| OwnExclusion {
                    condition,
                    enabled,
                    ..OwnExclusion::default()
                }),
            }),
            (0u8..3, prop::option::of("[a-c]")).prop_map(|(name, value)| SwitchAction::Parameter {
                parameter: ParameterId { rule: "rule0".to_owned(), name: name.to_string() },
                value,
            }),
            (0i64..3, any::<bool>()).prop_map(|(event, on)| SwitchAction::Pin { subject: subject(event), on }),
            (0i64..3, prop::option::of("[a-c]{0,2}"))
                .prop_map(|(event, text)| SwitchAction::Note { subject: subject(event), text }),
        ]
    }

    fn action() -> impl Strategy<Value = SwitchAction> {
        prop_oneof![4 => leaf(), 1 => prop::collection::vec(leaf(), 0..4).prop_map(SwitchAction::All)]
    }

    proptest! {
        #[test]
        fn undoing_any_list_of_actions_gives_the_state_before_it(
            first in prop::collection::vec(action(), 0..8),
            second in prop::collection::vec(action(), 0..20),
        ) {
            let mut switches = Switches::default();
            for action in first {
                switches.apply(action);
            }
            let before = switches.clone();
            let mut history = History::default();
            for action in second {
                history.apply(&mut switches, action);
            }
            let after = switches.clone();
            while history.undo(&mut switches).is_some() {}
            prop_assert_eq!(&switches, &before);
            while history.redo(&mut switches).is_some() {}
            prop_assert_eq!(&switches, &after);
            let saved = serde_json::to_string(&switches.saved()).unwrap();
            switches.restore(serde_json::from_str(&saved).unwrap());
            prop_assert_eq!(&switches, &after);
        }

        #[test]
        fn a_switch_on_and_off_again_leaves_the_same_state(
            first in prop::collection::vec(action(), 0..8),
            one in leaf(),
        ) {
            let digest = |switches: &Switches| {
                use std::hash::{DefaultHasher, Hash, Hasher};
                let mut hasher = DefaultHasher::new();
                switches.hash(&mut hasher);
                hasher.finish()
            };
            let mut switches = Switches::default();
            for action in first {
                switches.apply(action);
            }
            let before = digest(&switches);
            let back = switches.apply(one);
            switches.apply(back);
            prop_assert_eq!(digest(&switches), before);
        }

        #[test]
        fn one_change_leads_from_any_state_to_any_other(
            first in prop::collection::vec(action(), 0..12),
            second in prop::collection::vec(action(), 0..12),
        ) {
            let state = |actions: Vec<SwitchAction>| {
                let mut switches = Switches::default();
                actions.into_iter().for_each(|action| { switches.apply(action); });
                switches
            };
            let (mut here, there) = (state(first), state(second));
            here.apply(here.clone().change_to(&there));
            prop_assert_eq!(here, there);
        }
    }

    #[test]
    fn a_new_action_forgets_what_was_undone() {
        let (mut switches, mut history) = (Switches::default(), History::default());
        history.apply(&mut switches, SwitchAction::Unit { unit: unit(1), on: false });
        history.undo(&mut switches);
        history.apply(&mut switches, SwitchAction::Unit { unit: unit(2), on: false });
        assert!(!history.can_redo());
        assert!(switches.is_on(&unit(1)) && !switches.is_on(&unit(2)));
    }

    #[test]
    fn an_exclusion_of_one_rule_does_not_touch_another() {
        let mut switches = Switches::default();
        let own = |rule: Option<&str>, enabled| OwnExclusion {
            rule: rule.map(str::to_owned),
            condition: "true".to_owned(),
            enabled,
            ..OwnExclusion::default()
        };
        for (id, exclusion) in [(1, own(Some("a"), true)), (2, own(None, true)), (3, own(None, false))] {
            switches.apply(SwitchAction::Exclusion { id: ExclusionId(id), exclusion: Some(exclusion) });
        }
        let ids = |rule: &str| switches.enabled_for(rule).map(|(id, _)| id.0).collect::<Vec<_>>();
        assert_eq!((ids("a"), ids("b")), (vec![1, 2], vec![2]));
        assert_eq!(switches.next_exclusion_id(), ExclusionId(4));
    }
}
