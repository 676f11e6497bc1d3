//! Replays over a few hours of made-up shells.

use std::path::PathBuf;

use rusqlite::types::Value as SqlValue;

use super::*;
use crate::hunt::Clock;
use crate::hunt::switches::{ExclusionId, OwnExclusion, SwitchAction, Switches};
use crate::hunt::testing::{insert, text};
use crate::rules::Catalog;

const MINUTE: i64 = 60 * 10_000_000;
/// A whole hour on some day in 2019.
const START: i64 = 637_080_012_000_000_000;
const RULE: &str = "name: shells\nqueryFrequency: 1h\nqueryPeriod: 1h\nquery: |\n  DeviceProcessEvents\n  | where FileName == 'cmd.exe'\n";

/// Shells this many minutes after the start, and a quiet file event between.
fn store(minutes: &[i64]) -> Store {
    let store = Store::in_memory().unwrap();
    for (event, minute) in (1..).zip(minutes) {
        let cells = [
            ("Timestamp", SqlValue::Integer(START + minute * MINUTE)),
            ("DeviceName", text("host")),
            ("FileName", text("cmd.exe")),
            ("ProcessId", SqlValue::Integer(event)),
        ];
        insert(&store, event, "DeviceProcessEvents", &cells);
    }
    store
}

fn replay_of(store: &Store, rule: &str, switches: Switches, asked: &Asked) -> Replay {
    let mut catalog = Catalog::default();
    catalog.add_bytes("rule.yaml", false, rule.as_bytes());
    let name = catalog.rules().first().unwrap().id.clone();
    let case = Case { store: PathBuf::new(), catalog: Arc::new(catalog), clock: Clock::whole(0), switches };
    case.replay(store, &name, asked, &mut |_, _| true).unwrap()
}

fn replay(store: &Store, rule: &str) -> Replay {
    replay_of(store, rule, Switches::default(), &Asked::default())
}

/// Hours after the start, and the events.
fn hours(alerts: &[Alert]) -> Vec<(i64, usize, Vec<i64>)> {
    let events = |alert: &Alert| {
        alert
            .matches
            .iter()
            .flat_map(|one| match &one.subject {
                crate::hunt::matches::MatchSubject::Events(events) => events.clone(),
                crate::hunt::matches::MatchSubject::Key(_) => Vec::new(),
            })
            .collect()
    };
    alerts.iter().map(|alert| ((alert.time - START) / (60 * MINUTE), alert.rows, events(alert))).collect()
}

#[test]
fn each_event_is_seen_once_where_period_and_frequency_are_the_same() {
    // The second stands on the hour: it belongs to the run of that hour and to no other.
    let found = replay(&store(&[10, 60, 61, 6000]), RULE);
    assert_eq!(found.status, RuleStatus::Ran);
    assert_eq!(hours(&found.alerts), [(1, 2, vec![1, 2]), (2, 1, vec![3]), (100, 1, vec![4])]);
    assert_eq!((found.steps, found.runs, found.empty), (100, 3, 97));
    assert_eq!(found.found.len(), 4);
}

#[test]
fn the_querys_own_look_back_holds_beside_the_period() {
    let rule = RULE.replace("queryPeriod: 1h", "queryPeriod: 3h");
    let store = store(&[10]);
    assert_eq!(hours(&replay(&store, &rule).alerts), [(1, 1, vec![1]), (2, 1, vec![1]), (3, 1, vec![1])]);
    let narrow = rule.replace("| where FileName", "| where Timestamp > ago(2h)\n  | where FileName");
    assert_eq!(hours(&replay(&store, &narrow).alerts), [(1, 1, vec![1]), (2, 1, vec![1])]);
}

#[test]
fn a_threshold_counts_rows_and_the_want_of_rows_fires_too() {
    let store = store(&[10, 20, 70, 310]);
    let more = format!("{RULE}triggerOperator: gt\ntriggerThreshold: 1\n");
    assert_eq!(hours(&replay(&store, &more).alerts), [(1, 2, vec![1, 2])]);
    let silence = format!("{RULE}triggerOperator: lt\ntriggerThreshold: 1\n");
    let found = replay(&store, &silence);
    assert_eq!(hours(&found.alerts), [(3, 0, vec![]), (4, 0, vec![]), (5, 0, vec![])]);
    assert_eq!((found.runs, found.empty), (3, 3));
    let counted = RULE.replace("'cmd.exe'\n", "'cmd.exe'\n  | count\n  | where Count == 0\n");
    assert_eq!(replay(&store, &counted).alerts.iter().map(|alert| alert.rows).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn suppression_silences_the_runs_after_an_alert_and_says_what_was_lost() {
    let rule = format!("{RULE}suppressionEnabled: true\nsuppressionDuration: 2h\n");
    let found = replay(&store(&[10, 70, 130, 190]), &rule);
    assert_eq!(hours(&found.alerts), [(1, 1, vec![1]), (3, 1, vec![3])]);
    assert_eq!(hours(&found.suppressed), [(2, 1, vec![2]), (4, 1, vec![4])]);
}

#[test]
fn an_alert_a_row_ends_at_the_services_limit_with_one_for_all() {
    let rule = format!("{RULE}eventGroupingSettings:\n  aggregationKind: AlertPerResult\n");
    assert_eq!(hours(&replay(&store(&[1, 2]), &rule).alerts), [(1, 1, vec![1]), (1, 1, vec![2])]);
    let many = replay(&store(&[5; 151]), &rule).alerts;
    assert_eq!((many.len(), many.first().unwrap().rows, many.last().unwrap().rows), (150, 1, 151));
}

#[test]
fn exclusions_and_limits_of_time_are_honoured() {
    let store = store(&[10, 70, 130]);
    let mut switches = Switches::default();
    let exclusion = OwnExclusion { condition: "ProcessId == 2".to_owned(), enabled: true, ..OwnExclusion::default() };
    switches.apply(SwitchAction::Exclusion { id: ExclusionId(1), exclusion: Some(exclusion) });
    let found = replay_of(&store, RULE, switches, &Asked::default());
    assert_eq!(hours(&found.alerts), [(1, 1, vec![1]), (3, 1, vec![3])]);
    let asked = Asked { from: Some(START + 61 * MINUTE), until: Some(START + 130 * MINUTE), ..Asked::default() };
    let found = replay_of(&store, RULE, Switches::default(), &asked);
    assert_eq!(hours(&found.alerts), [(2, 1, vec![2])]);
}

#[test]
fn too_many_runs_are_refused_and_a_stop_is_obeyed() {
    let store = store(&[10, 70, 130]);
    let found = replay_of(&store, RULE, Switches::default(), &Asked { limit: 2, ..Asked::default() });
    assert!(
        matches!(&found.status, RuleStatus::Failed(reason) if reason.contains("--frequency")),
        "{:?}",
        found.status
    );
    let mut catalog = Catalog::default();
    catalog.add_bytes("rule.yaml", false, RULE.as_bytes());
    let case = Case {
        store: PathBuf::new(),
        catalog: Arc::new(catalog),
        clock: Clock::whole(0),
        switches: Switches::default(),
    };
    let stopped = case.replay(&store, "shells", &Asked::default(), &mut |runs, _| runs == 0);
    assert!(matches!(stopped, Err(HuntError::Cancelled)));
}

#[test]
fn a_rule_that_does_not_run_says_why_in_its_own_places() {
    let found = replay(&store(&[1]), &RULE.replace("FileName", "NoSuchColumn"));
    let RuleStatus::Invalid(diagnostics) = &found.status else { panic!("{:?}", found.status) };
    let span = diagnostics.first().unwrap().span;
    assert_eq!(span.end - span.start, "NoSuchColumn".len());
    assert_eq!(replay(&Store::in_memory().unwrap(), RULE).alerts, []);
}
