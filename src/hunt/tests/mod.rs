//! The hunt over a small store: the seeds' own chain, as public telemetry shows it.

mod exclusions;
mod questions;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value as SqlValue;

use super::exclusions::Change;
use super::explain::Outcome;
use super::funnel::{Rows, UnitState};
use super::matches::RuleStatus;
use super::switches::ExclusionId;
use super::testing::{insert, text};
use super::*;
use crate::rules::Catalog;
use crate::schema::Value;
use crate::store::Store;

/// The shape of the first seed, without the service's file profiles.
const GRANDCHILD: &str = r#"
let timeframe = 2*1h;
let names = dynamic(["cscript.exe", "whoami.exe"]);
let grandchildren = materialize(
DeviceProcessEvents
| where ingestion_time() >= ago(timeframe)
| where ActionType =~ "ProcessCreated"
| where InitiatingProcessParentFileName =~ "sqlservr.exe"
| where InitiatingProcessCommandLine startswith "\"cmd.exe\" /c"
);
let others = (
// What is known by its hash.
grandchildren
| where not(isempty(SHA1))
| project SHA1
);
grandchildren
| where FileName in~ (names) or SHA1 in ((others))
| join kind=leftouter others on SHA1
// Begin environment-specific filter.
// End environment-specific filter.
"#;
const SPAWNED: &str = "grandchild";
const STORED_PROCEDURES: &str = "sql-stored-procedures";
const SECOND: i64 = 10_000_000;
/// Some day in 2019.
const DAY: i64 = 637_080_000_000_000_000;

struct Process<'a> {
    event: i64,
    name: &'a str,
    command: &'a str,
    parent: &'a str,
    parent_command: &'a str,
    grandparent: &'a str,
}

fn created(store: &Store, process: &Process<'_>) {
    let cells = [
        ("Timestamp", SqlValue::Integer(DAY + process.event * SECOND)),
        ("TimeGenerated", SqlValue::Integer(DAY + process.event * SECOND)),
        ("DeviceName", text("msedgewin10")),
        ("DeviceId", text("d1")),
        ("ActionType", text("ProcessCreated")),
        ("FileName", text(process.name)),
        ("ProcessCommandLine", text(process.command)),
        ("InitiatingProcessFileName", text(process.parent)),
        ("InitiatingProcessCommandLine", text(process.parent_command)),
        ("InitiatingProcessParentFileName", text(process.grandparent)),
        ("SHA1", text("")),
    ];
    insert(store, process.event, "DeviceProcessEvents", &cells);
}

/// Three shells under the database, one grandchild, and a file.
fn store() -> Store {
    let store = Store::in_memory().unwrap();
    let shell = |event, command| Process {
        event,
        name: "cmd.exe",
        command,
        parent: "sqlservr.exe",
        parent_command: "sqlservr.exe -sMSSQLSERVER",
        grandparent: "services.exe",
    };
    created(&store, &shell(10, r#""C:\Windows\system32\cmd.exe" /c cscript //nologo x.vbs"#));
    created(&store, &shell(11, r#""C:\Windows\system32\cmd.exe" /c echo a"#));
    created(&store, &shell(12, r#""C:\Windows\system32\cmd.exe" /c echo b"#));
    created(
        &store,
        &Process {
            event: 20,
            name: "cscript.exe",
            command: "cscript //nologo x.vbs",
            parent: "cmd.exe",
            parent_command: r#""C:\Windows\system32\cmd.exe" /c cscript //nologo x.vbs"#,
            grandparent: "sqlservr.exe",
        },
    );
    let file = [
        ("Timestamp", SqlValue::Integer(DAY + 30 * SECOND)),
        ("DeviceName", text("msedgewin10")),
        ("ActionType", text("FileCreated")),
        ("FolderPath", text("C:\\Windows\\Temp\\x.vbs")),
        ("FileName", text("x.vbs")),
        ("InitiatingProcessFileName", text("explorer.exe")),
    ];
    insert(&store, 30, "DeviceFileEvents", &file);
    store
}

fn case() -> Case {
    let built_in = Catalog::built_in();
    let seed = built_in.find(STORED_PROCEDURES).unwrap();
    let mut catalog = Catalog::default();
    catalog.add_bytes("grandchild.kql", true, GRANDCHILD.as_bytes());
    catalog.add_bytes("sql-stored-procedures.kql", true, seed.query.as_bytes());
    Case {
        store: PathBuf::new(),
        catalog: Arc::new(catalog),
        clock: Clock::whole(DAY + 1_000_000 * SECOND),
        switches: Switches::default(),
    }
}

fn counts(hunt: &Hunt) -> Vec<usize> {
    for run in &hunt.runs {
        assert_eq!(run.status, RuleStatus::Ran, "{}", run.title);
    }
    [SPAWNED, STORED_PROCEDURES]
        .iter()
        .map(|name| {
            let rule = case().rule(name).unwrap().id.clone();
            hunt.runs.iter().find(|run| run.rule == rule).unwrap().matches.len()
        })
        .collect()
}

fn exclude(case: &mut Case, id: i64, rule: Option<&str>, condition: &str) {
    let rule = rule.map(|name| case.rule(name).unwrap().id.clone());
    let exclusion = OwnExclusion {
        rule,
        condition: condition.to_owned(),
        note: "a reason".to_owned(),
        owner: "me".to_owned(),
        enabled: true,
    };
    case.switches.apply(SwitchAction::Exclusion { id: ExclusionId(id), exclusion: Some(exclusion) });
}

#[test]
fn the_seeds_match_as_public_telemetry_has_them() {
    assert_eq!(counts(&case().hunt(&store(), &[]).unwrap()), [0, 3]);
}

#[test]
fn as_of_a_time_a_rule_sees_what_was_there_and_looks_back_from_it() {
    let (store, mut case) = (store(), case());
    case.clock = Clock::as_of(DAY + 11 * SECOND);
    assert_eq!(counts(&case.hunt(&store, &[]).unwrap()), [0, 2]);
    let later = case.explain(&store, STORED_PROCEDURES, 12).unwrap();
    assert!(!later.matched);
    assert_eq!(later.notes, ["the event is later than the time of the clock, so the rule does not see it"]);
    // Two days later the day that the rule looks back is over.
    case.clock = Clock::as_of(DAY + 172_800 * SECOND);
    assert_eq!(counts(&case.hunt(&store, &[]).unwrap()), [0, 0]);
}

#[test]
fn as_of_a_time_every_table_is_held_back_however_it_is_named() {
    let (store, mut case) = (store(), case());
    let mut catalog = Catalog::default();
    let queries = [
        ("wildcard.kql", "union Device* | where FileName in ('cscript.exe', 'x.vbs')"),
        (
            "bare.kql",
            "print At = datetime(0001-01-01) + 637080000000000000 * 1tick + 30s | where At in (DeviceFileEvents)",
        ),
        (
            "inside.kql",
            "DeviceFileEvents | where 1 == 1 and DeviceName in ((DeviceProcessEvents | project DeviceName))",
        ),
        ("named.kql", "let f = (T:(FileName:string)) { T | where FileName == 'x.vbs' }; f(DeviceFileEvents)"),
        ("table.kql", "table('DeviceFileEvents') | count | where Count > 0"),
    ];
    for (name, query) in queries {
        catalog.add_bytes(name, false, query.as_bytes());
    }
    case.catalog = Arc::new(catalog);
    let mut found = |seconds: i64| -> Vec<usize> {
        case.clock = Clock::as_of(DAY + seconds * SECOND);
        let hunt = case.hunt(&store, &[]).unwrap();
        for run in &hunt.runs {
            assert_eq!((&run.status, run.warnings.len()), (&RuleStatus::Ran, 0), "{}", run.title);
        }
        hunt.runs.iter().map(|run| run.matches.len()).collect()
    };
    assert_eq!(found(9), [0, 0, 0, 0, 0]);
    assert_eq!(found(29), [1, 0, 0, 0, 0]);
    assert_eq!(found(30), [2, 1, 1, 1, 1]);
}

#[test]
fn the_same_store_gives_the_same_matches_in_the_same_order() {
    let (store, case) = (store(), case());
    let names = |hunt: &Hunt| hunt.matches().iter().map(|found| found.id.name()).collect::<Vec<_>>();
    let first = case.hunt(&store, &[]).unwrap();
    assert_eq!(names(&first), names(&case.hunt(&store, &[]).unwrap()));
    let mut unique = names(&first);
    unique.dedup();
    assert_eq!(unique.len(), 3);
}

#[test]
fn a_rule_that_cannot_run_is_listed_and_the_others_go_on() {
    let (store, mut case) = (store(), case());
    let mut catalog = (*case.catalog).clone();
    catalog.add_bytes("wrong.kql", false, b"DeviceProcessEvents\n| where NoSuchColumn == 1");
    catalog.add_bytes("broken.kql", false, b"DeviceProcessEvents | where (");
    case.catalog = Arc::new(catalog);
    let hunt = case.hunt(&store, &[]).unwrap();
    assert_eq!(hunt.matches().len(), 3);
    let status = |name: &str| &hunt.runs.iter().find(|run| run.rule == name).unwrap().status;
    let RuleStatus::Invalid(wrong) = status("wrong") else { panic!("{:?}", status("wrong")) };
    // The place is one of the rule as written, whatever was changed for running it.
    let query = &case.rule("wrong").unwrap().query;
    assert_eq!(wrong.first().unwrap().span.slice(query), "NoSuchColumn");
    assert!(matches!(status("broken"), RuleStatus::Invalid(_)));
}

#[test]
fn an_aggregated_row_is_told_apart_by_its_keys_and_opens_to_its_events() {
    let (store, mut case) = (store(), case());
    let mut catalog = Catalog::default();
    let query =
        b"DeviceProcessEvents\n| where FileName == 'cmd.exe'\n| summarize Starts=count(), Last=max(Timestamp) by \
                  DeviceName, FileName";
    catalog.add_bytes("starts.kql", false, query);
    case.catalog = Arc::new(catalog);
    let hunt = case.hunt(&store, &[]).unwrap();
    let [found] = hunt.matches()[..] else { panic!("{:?}", hunt.runs) };
    assert_eq!(found.events, [10, 11, 12]);
    assert_eq!(found.id.subject, matches::MatchSubject::Key(r#"["msedgewin10","cmd.exe"]"#.to_owned()));
    assert_eq!(case.event_of(&store, &found.id.name()).unwrap(), 10);
    exclude(&mut case, 1, None, "Starts < 2");
    assert_eq!(case.hunt(&store, &[]).unwrap().matches().len(), 1);
    let explanation = case.explain(&store, "starts", 20).unwrap();
    assert!(!explanation.matched);
    assert_eq!(explanation.legs[0].first_failure().unwrap().found, Some(Value::String("cscript.exe".to_owned())));
}

#[test]
fn a_joined_row_stands_for_the_event_of_its_left_side() {
    let (store, mut case) = (store(), case());
    let mut catalog = Catalog::default();
    let query =
        b"DeviceProcessEvents\n| where FileName == 'cscript.exe'\n| join kind=inner (DeviceProcessEvents | where \
                  FileName == 'cmd.exe' | project DeviceName, Shell=ProcessCommandLine) on DeviceName";
    catalog.add_bytes("joined.kql", false, query);
    case.catalog = Arc::new(catalog);
    let hunt = case.hunt(&store, &[]).unwrap();
    let found = hunt.matches();
    assert_eq!(found.iter().map(|found| found.id.ordinal).collect::<Vec<_>>(), [0, 1, 2]);
    for (found, other) in found.into_iter().zip([10, 11, 12]) {
        assert_eq!(found.events, [20, other]);
        assert_eq!(found.id.subject, matches::MatchSubject::Events(vec![20]));
    }
}
