//! Each rule that ships matches exactly the events that a scenario's `expected.json` names, and nothing on a quiet
//! day; for each near miss the hunt names a predicate that fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use whippet::hunt::{Case, EventId};
use whippet::rules::catalog::Catalog;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    events: usize,
    rules: BTreeMap<String, ExpectedOfRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpectedOfRule {
    matches: Vec<ExpectedEvent>,
    near_misses: Vec<ExpectedEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpectedEvent {
    table: String,
    report_id: i64,
    why: String,
}

const SCENARIOS: [&str; 3] = ["xp-cmdshell", "java-sysrv", "baseline"];

fn sample_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name)
}

fn expected(scenario: &str) -> Expected {
    let text = std::fs::read_to_string(sample_data(scenario).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A store with these scenarios and the file profile.
struct Imported {
    case: Case,
    /// (table, device, ReportId) of each event.
    keys: BTreeMap<EventId, (String, i64)>,
    _folder: tempfile::TempDir,
}

fn import(scenarios: &[&str]) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("scenario.db");
    let whippet = |arguments: &[&Path]| {
        let output = Command::new(env!("CARGO_BIN_EXE_whippet"))
            .args(["import", "--db"])
            .arg(&store)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for scenario in scenarios {
        whippet(&[&sample_data(scenario)]);
    }
    whippet(&[Path::new("--file-profile"), &sample_data("file-profile.csv")]);
    let case = Case::open(&store, Arc::new(Catalog::built_in())).unwrap();
    Imported { case, keys: keys(&store), _folder: folder }
}

fn keys(store: &Path) -> BTreeMap<EventId, (String, i64)> {
    let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut keys = BTreeMap::new();
    for table in
        ["Process", "File", "Registry", "Network", "Logon", "ImageLoad", ""].map(|kind| format!("Device{kind}Events"))
    {
        let mut rows = connection.prepare(&format!("SELECT id, ReportId FROM rows_{table}")).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, (table.clone(), row.get(1)?)))).unwrap();
        keys.extend(rows.map(Result::unwrap));
    }
    keys
}

impl Imported {
    /// What each rule matched, by the rule's slug.
    fn matches(&self) -> BTreeMap<String, Vec<(String, i64)>> {
        let reader = self.case.reader().unwrap();
        let hunt = self.case.hunt(&reader, &[]).unwrap();
        let mut matches = BTreeMap::new();
        for run in &hunt.runs {
            assert_eq!(run.status, whippet::hunt::matches::RuleStatus::Ran, "{}", run.title);
            let mut found: Vec<_> =
                run.matches.iter().flat_map(|found| &found.events).map(|event| self.keys[event].clone()).collect();
            assert!(run.matches.iter().all(|found| found.events.len() == 1), "{}: a row is one event", run.title);
            found.sort();
            matches.insert(self.case.catalog.find(&run.rule).unwrap().slug.clone(), found);
        }
        matches
    }

    fn event(&self, key: &ExpectedEvent) -> EventId {
        let wanted = (key.table.clone(), key.report_id);
        *self.keys.iter().find(|(_, key)| **key == wanted).unwrap_or_else(|| panic!("{wanted:?} is not stored")).0
    }
}

fn wanted(expected: &Expected) -> BTreeMap<String, Vec<(String, i64)>> {
    let sorted = |events: &[ExpectedEvent]| {
        let mut keys: Vec<_> = events.iter().map(|event| (event.table.clone(), event.report_id)).collect();
        keys.sort();
        keys
    };
    expected.rules.iter().map(|(rule, expected)| (rule.clone(), sorted(&expected.matches))).collect()
}

#[test]
fn every_rule_matches_exactly_the_events_its_scenario_names() {
    for scenario in SCENARIOS {
        let expected = expected(scenario);
        let imported = import(&[scenario]);
        assert_eq!(imported.matches(), wanted(&expected), "{scenario}");
    }
}

#[test]
fn the_rules_match_the_same_events_when_all_hosts_are_in_one_store() {
    let imported = import(&SCENARIOS);
    let mut all: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
    for scenario in SCENARIOS {
        for (rule, keys) in wanted(&expected(scenario)) {
            all.entry(rule).or_default().extend(keys);
        }
    }
    all.values_mut().for_each(|keys| keys.sort());
    assert_eq!(imported.matches(), all);
}

#[test]
fn a_near_miss_is_explained_by_a_predicate_that_fails() {
    for scenario in SCENARIOS {
        let imported = import(&[scenario]);
        let reader = imported.case.reader().unwrap();
        for (rule, expected) in expected(scenario).rules {
            for event in expected.near_misses {
                let explanation = imported.case.explain(&reader, &rule, imported.event(&event)).unwrap();
                assert!(!explanation.matched, "{rule}: {} matches, though {}", event.report_id, event.why);
                let failure = explanation.legs.iter().filter(|leg| leg.reads_event).find_map(|leg| leg.first_failure());
                assert!(
                    failure.is_some(),
                    "{rule}: {} has no predicate that fails, though {}",
                    event.report_id,
                    event.why
                );
            }
        }
    }
}

#[test]
fn a_scenario_is_stored_to_the_last_event() {
    for scenario in SCENARIOS {
        let imported = import(&[scenario]);
        // The device's own description is no event of the seven tables.
        assert_eq!(imported.keys.len() + 1, expected(scenario).events, "{scenario}");
    }
}
