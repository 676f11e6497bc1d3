//! The alerts that the rules would have raised, in the order of time.

use crate::hunt::matches::{Match, MatchId, RuleStatus};
use crate::hunt::replay::{Alert, Replay};

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alerts {
    pub replays: Vec<Replay>,
    order: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    replay: usize,
    position: usize,
    is_suppressed: bool,
}

impl Alerts {
    pub fn new(replays: Vec<Replay>) -> Self {
        let mut order = Vec::new();
        for (replay, found) in replays.iter().enumerate() {
            let entry = |is_suppressed| move |position| Entry { replay, position, is_suppressed };
            order.extend((0..found.alerts.len()).map(entry(false)));
            order.extend((0..found.suppressed.len()).map(entry(true)));
        }
        let mut alerts = Self { replays, order };
        let mut order = std::mem::take(&mut alerts.order);
        // By time; at one time the worse first, then by rule, as everywhere.
        order.sort_by_key(|entry| {
            let key = |(replay, alert, _): (&Replay, &Alert, bool)| {
                (alert.time, std::cmp::Reverse(replay.severity), replay.rule.clone())
            };
            alerts.entry(*entry).map(key)
        });
        alerts.order = order;
        alerts
    }

    fn entry(&self, entry: Entry) -> Option<(&Replay, &Alert, bool)> {
        let replay = self.replays.get(entry.replay)?;
        let alerts = if entry.is_suppressed { &replay.suppressed } else { &replay.alerts };
        Some((replay, alerts.get(entry.position)?, entry.is_suppressed))
    }

    pub const fn len(&self) -> usize {
        self.order.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The alert at a place, its rule, and whether the silence after another kept it back.
    pub fn get(&self, place: usize) -> Option<(&Replay, &Alert, bool)> {
        self.entry(*self.order.get(place)?)
    }

    /// The rows that an alert stands for.
    pub fn rows(&self, place: usize) -> Vec<&Match> {
        let Some((replay, alert, _)) = self.get(place) else { return Vec::new() };
        let row = |id: &MatchId| replay.found.iter().find(|found| found.id == *id);
        alert.matches.iter().filter_map(row).collect()
    }

    /// How many alerts there would have been, and how many the silence after others kept back.
    pub fn counts(&self) -> (usize, usize) {
        let suppressed = self.order.iter().filter(|entry| entry.is_suppressed).count();
        (self.order.len().saturating_sub(suppressed), suppressed)
    }

    /// The rules that were not replayed, with the reason.
    pub fn failures(&self) -> Vec<(&str, String)> {
        let failed = self.replays.iter().filter(|replay| replay.status != RuleStatus::Ran);
        failed.map(|replay| (&*replay.title, crate::hunt::survey::status_line(&replay.status))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::matches::Severity;

    #[test]
    fn alerts_of_all_rules_stand_in_the_order_of_time() {
        let alert = |time| Alert { time, after: time - 10, rows: 1, matches: Vec::new() };
        let replay = |rule: &str, severity, alerts: &[i64], suppressed: &[i64]| Replay {
            rule: rule.to_owned(),
            title: rule.into(),
            severity,
            timetable: None,
            status: RuleStatus::Ran,
            warnings: Vec::new(),
            steps: 0,
            runs: 0,
            empty: 0,
            alerts: alerts.iter().map(|time| alert(*time)).collect(),
            suppressed: suppressed.iter().map(|time| alert(*time)).collect(),
            found: Vec::new(),
        };
        let alerts = Alerts::new(vec![
            replay("low", Severity::Low, &[10, 30], &[20]),
            replay("high", Severity::High, &[10, 20], &[]),
        ]);
        let seen: Vec<(i64, &str, bool)> = (0..alerts.len())
            .filter_map(|place| alerts.get(place))
            .map(|(replay, alert, suppressed)| (alert.time, replay.rule.as_str(), suppressed))
            .collect();
        let expected =
            [(10, "high", false), (10, "low", false), (20, "high", false), (20, "low", true), (30, "low", false)];
        assert_eq!(seen, expected);
        assert_eq!(alerts.counts(), (4, 1));
    }
}
