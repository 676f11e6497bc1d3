//! What exclusions hide, alone and together; the difference between two states of the switches.

use super::matches::{Hunt, Match, MatchId};
use super::switches::ExclusionRef;

/// The effect of one exclusion, native or own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionEffect {
    pub exclusion: ExclusionRef,
    /// The rule it belongs to; `None` is any rule.
    pub rule: Option<String>,
    pub condition: String,
    pub note: String,
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
