//! When a service would run a rule, how far each run sees, and when its rows become alerts.
//!
//! Sources: the fields of Sentinel's scheduled rules (`queryFrequency`, `queryPeriod`, `triggerOperator`,
//! `triggerThreshold`, `suppressionDuration`, `eventGroupingSettings`) and its near-real-time rules, which run every
//! minute. Knows nothing of running.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::kql::values::TICKS_PER_MINUTE as MINUTE;
use crate::rules::duration;
use crate::rules::facts::look_back_of;
use crate::rules::rule::Rule;

/// How the number of rows is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerOperator {
    GreaterThan,
    LessThan,
    Equal,
    NotEqual,
}

impl TriggerOperator {
    /// As rule files and as the service's templates write it.
    fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "gt" | "greaterthan" => Self::GreaterThan,
            "lt" | "lessthan" => Self::LessThan,
            "eq" | "equal" => Self::Equal,
            "ne" | "notequal" => Self::NotEqual,
            _ => return None,
        })
    }

    pub const fn symbol(self) -> &'static str {
        match self {
            Self::GreaterThan => ">",
            Self::LessThan => "<",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trigger {
    pub operator: TriggerOperator,
    pub threshold: i64,
}

impl Trigger {
    pub fn fires(self, rows: usize) -> bool {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        match self.operator {
            TriggerOperator::GreaterThan => rows > self.threshold,
            TriggerOperator::LessThan => rows < self.threshold,
            TriggerOperator::Equal => rows == self.threshold,
            TriggerOperator::NotEqual => rows != self.threshold,
        }
    }
}

/// Where frequency and period come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The rule's own schedule.
    Rule,
    /// The rule has no schedule; how far its query looks back stands for both.
    LookBack,
    /// Whoever asked said so.
    Given,
}

/// What whoever asks says in place of the rule. Ticks of 100 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    pub frequency: Option<i64>,
    pub period: Option<i64>,
}

/// Durations are ticks of 100 ns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timetable {
    pub frequency: i64,
    /// A run at T sees what is later than T less this, up to T.
    pub period: i64,
    pub trigger: Trigger,
    pub suppression: Option<i64>,
    pub alert_per_row: bool,
    pub origin: Origin,
    /// What of it should be known to whoever reads the alerts.
    pub notes: Vec<String>,
}

impl Timetable {
    /// The timetable of a rule; the error is for people.
    pub fn of(rule: &Rule, wanted: Wanted) -> Result<Self, String> {
        let stated = rule.metadata.schedule.as_ref();
        let look_back = look_back_of(rule).filter(|ticks| *ticks > 0);
        let near_real_time = rule.metadata.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("NRT"));
        let minute = near_real_time.then_some(MINUTE);
        let own = stated.and_then(|schedule| schedule.frequency).or(minute);
        let own_period = stated.and_then(|schedule| schedule.period).or(minute);
        let mut notes = Vec::new();
        let period = wanted.period.or(own_period).or(look_back).or(wanted.frequency).or(own);
        let frequency = wanted.frequency.or(own).or(period);
        let (Some(frequency), Some(period)) = (frequency, period) else {
            return Err("the rule has neither a schedule nor a look-back; say --frequency, and --period if it differs"
                .to_owned());
        };
        if frequency <= 0 || period <= 0 {
            return Err("frequency and period must be longer than nothing".to_owned());
        }
        let origin = if wanted != Wanted::default() {
            Origin::Given
        } else if own.is_some() {
            Origin::Rule
        } else {
            Origin::LookBack
        };
        if own.is_none() {
            notes.push(match (origin, wanted.period, look_back) {
                (Origin::LookBack, ..) => "the rule has no schedule: how far it looks back stands for it".to_owned(),
                (_, None, Some(_)) => "the rule has no schedule: its period is how far it looks back".to_owned(),
                _ => "the rule has no schedule of its own".to_owned(),
            });
        }
        let trigger = match stated.and_then(|schedule| schedule.trigger.as_ref()) {
            None => Trigger { operator: TriggerOperator::GreaterThan, threshold: 0 },
            Some((word, threshold)) => {
                let operator = TriggerOperator::from_word(word)
                    .ok_or_else(|| format!("triggerOperator '{word}' is not one of gt, lt, eq, ne"))?;
                Trigger { operator, threshold: *threshold }
            }
        };
        if period < frequency {
            notes.push("the period is shorter than the frequency: what lies between two runs is never seen".to_owned());
        }
        if let Some(look_back) = look_back.filter(|look_back| *look_back > period) {
            let (wanted, shown) = (duration::display(look_back), duration::display(period));
            notes.push(format!("the query looks back {wanted}, but a run is shown only {shown}"));
        }
        Ok(Self {
            frequency,
            period,
            trigger,
            suppression: stated.and_then(|schedule| schedule.suppression),
            alert_per_row: stated.is_some_and(|schedule| schedule.alert_per_row),
            origin,
            notes,
        })
    }

    /// In words: `every 1h over 1h, alert when rows > 0`.
    pub fn sentence(&self) -> String {
        let mut words = format!(
            "every {} over {}, alert when rows {} {}",
            duration::display(self.frequency),
            duration::display(self.period),
            self.trigger.operator.symbol(),
            self.trigger.threshold
        );
        if self.alert_per_row {
            words.push_str(", one a row");
        }
        if let Some(suppression) = self.suppression {
            words.push_str(&format!(", then silent for {}", duration::display(suppression)));
        }
        words
    }

    /// The time of a step. Steps are counted from the year 1, so that hours and days begin where clocks say.
    pub const fn time(&self, step: i64) -> i64 {
        step.saturating_mul(self.frequency)
    }

    /// The steps whose window has an event, of those from `first` to `last`; `None` where there are more than
    /// `limit`. `newest` has the time of the newest event of each frequency's length that has one, by the step that
    /// ends it.
    pub fn busy_steps(&self, newest: &BTreeMap<i64, i64>, within: (i64, i64), limit: usize) -> Option<BTreeSet<i64>> {
        let (first, last) = within;
        let mut steps = BTreeSet::new();
        let mut next = first;
        for (slot, newest) in newest {
            let mut step = next.max(*slot);
            while step <= last && self.time(step).saturating_sub(self.period) < *newest {
                if steps.len() == limit {
                    return None;
                }
                steps.insert(step);
                step += 1;
            }
            next = next.max(step);
        }
        Some(steps)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::Catalog;

    fn rule(yaml: &str) -> Rule {
        let mut catalog = Catalog::default();
        catalog.add_bytes("rule.yaml", false, yaml.as_bytes());
        catalog.rules().first().unwrap().clone()
    }

    const QUERY: &str = "name: a\nquery: |\n  DeviceProcessEvents\n  | where Timestamp > ago(2*1h)\n";

    fn sentence(yaml: &str, wanted: Wanted) -> Result<(String, Origin, Vec<String>), String> {
        Timetable::of(&rule(yaml), wanted).map(|found| (found.sentence(), found.origin, found.notes))
    }

    #[test]
    fn a_schedule_is_read_with_all_it_says() {
        let yaml = format!(
            "{QUERY}queryFrequency: 1h\nqueryPeriod: 00:30:00\ntriggerOperator: GreaterThan\ntriggerThreshold: 2\n\
             suppressionEnabled: true\nsuppressionDuration: PT6H\neventGroupingSettings:\n  aggregationKind: AlertPerResult\n"
        );
        let notes = [
            "the period is shorter than the frequency: what lies between two runs is never seen",
            "the query looks back 2h, but a run is shown only 30m",
        ];
        assert_eq!(
            sentence(&yaml, Wanted::default()),
            Ok((
                "every 1h over 30m, alert when rows > 2, one a row, then silent for 6h".to_owned(),
                Origin::Rule,
                notes.map(str::to_owned).to_vec()
            ))
        );
    }

    #[test]
    fn suppression_needs_to_be_switched_on_and_has_a_length_of_its_own() {
        let of = |more: &str| {
            Timetable::of(&rule(&format!("{QUERY}queryFrequency: 1h\nqueryPeriod: 1d\n{more}")), Wanted::default())
        };
        assert_eq!(of("suppressionDuration: 1h\nsuppressionEnabled: false\n").unwrap().suppression, None);
        assert_eq!(of("suppressionEnabled: true\n").unwrap().suppression, duration::parse("5h"));
    }

    #[test]
    fn without_a_schedule_the_look_back_stands_for_it_and_it_is_said() {
        let (words, origin, notes) = sentence(QUERY, Wanted::default()).unwrap();
        assert_eq!((words.as_str(), origin), ("every 2h over 2h, alert when rows > 0", Origin::LookBack));
        assert_eq!(notes, ["the rule has no schedule: how far it looks back stands for it"]);
        let given = Wanted { frequency: duration::parse("5m"), period: None };
        assert_eq!(sentence(QUERY, given).unwrap().0, "every 5m over 2h, alert when rows > 0");
        let nothing = "name: a\nquery: DeviceProcessEvents\n";
        assert!(sentence(nothing, Wanted::default()).unwrap_err().contains("--frequency"));
        assert_eq!(sentence(nothing, given).unwrap().0, "every 5m over 5m, alert when rows > 0");
    }

    #[test]
    fn a_near_real_time_rule_runs_every_minute() {
        let (words, origin, _) = sentence(&format!("{QUERY}kind: NRT\n"), Wanted::default()).unwrap();
        assert_eq!((words.as_str(), origin), ("every 1m over 1m, alert when rows > 0", Origin::Rule));
    }

    #[test]
    fn a_trigger_that_no_one_knows_is_refused() {
        let yaml = format!("{QUERY}queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: about\ntriggerThreshold: 2\n");
        assert!(sentence(&yaml, Wanted::default()).unwrap_err().contains("about"));
    }

    proptest! {
        #[test]
        fn a_step_is_busy_if_its_window_has_an_event(
            times in prop::collection::vec(0i64..400, 0..12),
            frequency in 1i64..30,
            period in 1i64..90,
        ) {
            let mut table = Timetable::of(&rule(QUERY), Wanted::default()).unwrap();
            (table.frequency, table.period) = (frequency, period);
            let mut newest = BTreeMap::new();
            for time in &times {
                let slot = newest.entry((time + frequency - 1) / frequency).or_insert(*time);
                *slot = (*slot).max(*time);
            }
            let within = (3, 50);
            let busy = table.busy_steps(&newest, within, usize::MAX).unwrap();
            for step in 0..60 {
                let now = step * frequency;
                let has_event = times.iter().any(|time| now - period < *time && *time <= now);
                prop_assert_eq!(busy.contains(&step), has_event && (3..=50).contains(&step), "step {}", step);
            }
        }
    }
}
