//! The hunt over a small store: the seeds' own chain, as public telemetry shows it.

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
fn switching_the_predicate_off_makes_the_rule_match_the_grandchild() {
    let (store, mut case) = (store(), case());
    let unit = case.find_unit("5", &[SPAWNED.to_owned()]).unwrap();
    case.switches.apply(SwitchAction::Unit { unit, on: false });
    let hunt = case.hunt(&store, &[]).unwrap();
    assert_eq!(counts(&hunt), [1, 3]);
    let found = hunt.matches().into_iter().find(|found| found.events == [20]).unwrap();
    assert_eq!(found.subject, "cmd.exe → cscript.exe");
    assert_eq!((found.id.device.as_str(), found.id.time), ("msedgewin10", Some(DAY + 20 * SECOND)));
}

#[test]
fn the_funnel_shows_where_the_rows_go() {
    let funnel = case().funnel(&store(), SPAWNED, Duration::from_secs(60)).unwrap();
    let stages: Vec<(String, Option<u64>, Option<u64>)> = funnel
        .sections
        .iter()
        .take(2)
        .flat_map(|section| &section.stages)
        .map(|stage| (stage.number.clone(), stage.rows_in.count(), stage.rows_out.count()))
        .collect();
    let row = |number: &str, rows_in, rows_out| (number.to_owned(), rows_in, Some(rows_out));
    assert_eq!(
        stages,
        [
            row("1", None, 4),
            row("2", Some(4), 4),
            row("3", Some(4), 4),
            row("4", Some(4), 1),
            row("5", Some(1), 0),
            row("6", Some(0), 0),
            row("7", Some(0), 0),
        ]
    );
    let state = |text: &str| funnel.units().find(|unit| unit.text.contains(text)).unwrap().state;
    assert_eq!(state("ago(timeframe)"), UnitState::Lifted);
    assert_eq!(state("startswith"), UnitState::On);
    assert_eq!(funnel.matches, Rows::Counted(0));
}

#[test]
fn explain_names_the_conjunct_and_what_was_found() {
    let explanation = case().explain(&store(), SPAWNED, 20).unwrap();
    assert!(!explanation.matched);
    let leg = explanation.legs.first().unwrap();
    let failure = leg.first_failure().unwrap();
    assert_eq!(failure.subject, "InitiatingProcessCommandLine");
    assert_eq!(failure.wanted, r#"startswith "\"cmd.exe\" /c""#);
    let found = r#""C:\Windows\system32\cmd.exe" /c cscript //nologo x.vbs"#;
    assert_eq!(failure.found, Some(Value::String(found.to_owned())));
    // What comes after is evaluated as if it had passed: the list has cscript.exe in it.
    let later = leg.stages.iter().find(|stage| stage.number == "6").unwrap();
    let outcome = later.conjuncts.first().unwrap();
    assert_eq!(outcome.outcome, Outcome::Holds);
    assert_eq!(outcome.parts.first().unwrap().found, Some(Value::String("cscript.exe".to_owned())));
    let nearest: Vec<(&str, u64)> =
        explanation.nearest.iter().map(|change| (change.text.as_str(), change.rows)).collect();
    assert_eq!(nearest, [(failure.text.as_str(), 1)]);
    let relaxed: Vec<(&str, u64)> = explanation.relaxed.iter().map(|way| (way.text.as_str(), way.rows)).collect();
    assert_eq!(relaxed, [(r#"InitiatingProcessCommandLine has "cmd.exe\" /c""#, 1)]);
    assert_eq!(explanation.relaxed[0].found, Value::String(found.to_owned()));
    assert_eq!(explanation.relaxed[0].wanted, failure.wanted);
}

#[test]
fn explain_says_when_the_rule_reads_another_table_and_which_leg_matched() {
    let (store, case) = (store(), case());
    let other = case.explain(&store, SPAWNED, 30).unwrap();
    assert_eq!(other.notes, ["the event is in DeviceFileEvents; the rule reads DeviceProcessEvents"]);
    let matched = case.explain(&store, STORED_PROCEDURES, 11).unwrap();
    assert!(matched.matched);
    let reads: Vec<(Option<&str>, bool)> =
        matched.legs.iter().map(|leg| (leg.name.as_deref(), leg.reads_event)).collect();
    assert_eq!(reads, [(Some("SQLShellExec"), true), (Some("SQLFileWrite"), false), (Some("SQLRegistryMod"), false)]);
    assert!(matched.legs.first().unwrap().first_failure().is_none());
    assert!(matches!(case.explain(&store, STORED_PROCEDURES, 99), Err(HuntError::UnknownEvent(99))));
}

#[test]
fn exclusions_hide_alone_and_together_and_undo() {
    let (store, mut case) = (store(), case());
    let before = case.hunt(&store, &[]).unwrap();
    exclude(&mut case, 1, Some(STORED_PROCEDURES), r#"ProcessCommandLine has "echo""#);
    exclude(&mut case, 2, None, r#"ProcessCommandLine endswith "b" // the last"#);
    exclude(&mut case, 3, Some(STORED_PROCEDURES), r#"NoSuchColumn == 1"#);
    let survey = case.survey(&store, &[]).unwrap();
    let after = survey.shown(&case.switches);
    assert_eq!(counts(&after), [0, 1]);
    let effects = survey.effects(&case.switches);
    let numbers: Vec<(u64, u64)> = effects.iter().map(|effect| (effect.hides, effect.only_by)).collect();
    assert_eq!(numbers, [(2, 1), (1, 0), (0, 0)]);
    let problems: Vec<bool> = effects.iter().map(|effect| effect.problem.is_some()).collect();
    assert_eq!(problems, [false, false, true]);

    let diff = Diff::between(&before, &after);
    assert_eq!((diff.count(Change::Hidden), diff.count(Change::Kept), diff.count(Change::New)), (2, 1, 0));
    let rules: Vec<(u64, u64)> = diff.rules.iter().map(|rule| (rule.before, rule.after)).collect();
    assert_eq!(rules, [(3, 1)]);

    let off = case.switches.toggle_exclusion(ExclusionId(1)).unwrap();
    let inverse = case.switches.apply(off);
    assert_eq!(counts(&survey.shown(&case.switches)), [0, 2]);
    case.switches.apply(inverse);
    assert_eq!(survey.shown(&case.switches), after);
}

#[test]
fn a_pinned_match_is_named_where_an_exclusion_would_hide_it() {
    let (store, mut case) = (store(), case());
    let hunt = case.hunt(&store, &[]).unwrap();
    let subject = hunt.matches().into_iter().find(|found| found.events == [11]).unwrap().id.clone();
    case.switches.apply(SwitchAction::Pin { subject: subject.clone(), on: true });
    exclude(&mut case, 1, None, r#"ProcessCommandLine endswith "echo a""#);
    let off = case.switches.toggle_exclusion(ExclusionId(1)).unwrap();
    case.switches.apply(off);
    let effects = case.survey(&store, &[]).unwrap().effects(&case.switches);
    let effect = effects.first().unwrap();
    assert_eq!((effect.enabled, effect.hides, effect.pinned.as_slice()), (false, 1, [subject].as_slice()));
}

#[test]
fn a_condition_that_would_reach_out_of_its_place_is_refused() {
    let (store, mut case) = (store(), case());
    exclude(&mut case, 1, None, r#"true) , FileName = ("x""#);
    let survey = case.survey(&store, &[]).unwrap();
    assert_eq!(counts(&survey.shown(&case.switches)), [0, 3]);
    assert!(survey.effects(&case.switches).first().unwrap().problem.is_some());
}

#[test]
fn an_exported_rule_gives_the_same_matches() {
    let (store, mut case) = (store(), case());
    let unit = case.find_unit("5", &[SPAWNED.to_owned()]).unwrap();
    case.switches.apply(SwitchAction::Unit { unit, on: false });
    exclude(&mut case, 1, Some(SPAWNED), r#"FileName =~ "conhost.exe""#);
    exclude(&mut case, 2, Some(STORED_PROCEDURES), r#"ProcessCommandLine has "echo""#);
    let first = case.export_rule(&store, SPAWNED).unwrap();
    assert!(first.proven && first.at_marker);
    assert!(first.query.contains(
        "// Begin environment-specific filter.\n// X1 · a reason · owner me\n| where not(FileName =~ \"conhost.exe\")\n\
         // End environment-specific filter."
    ));
    assert!(first.query.contains("ingestion_time() >= ago(timeframe)"));
    let second = case.export_rule(&store, STORED_PROCEDURES).unwrap();
    assert!(second.proven && !second.at_marker);
    let end = "| where not(ProcessCommandLine has \"echo\")\n// End environment-specific filter.";
    assert!(second.query.trim_end().ends_with(end), "{}", second.query);
    assert_eq!((second.matches, second.exclusions), (1, 1));
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
fn an_exclusion_that_hides_a_link_of_a_pinned_chain_is_named() {
    let (store, mut case) = (store(), case());
    let unit = case.find_unit("5", &[SPAWNED.to_owned()]).unwrap();
    case.switches.apply(SwitchAction::Unit { unit, on: false });
    let whole = case.survey(&store, &[]).unwrap();
    let grandchild = whole.all.matches().into_iter().find(|found| found.events == [20]).unwrap().id.clone();
    case.switches.apply(SwitchAction::Pin { subject: grandchild.clone(), on: true });
    exclude(&mut case, 1, None, "ProcessCommandLine has 'nologo' and FileName == 'cmd.exe'");
    exclude(&mut case, 2, None, "ProcessCommandLine has 'echo'");
    exclude(&mut case, 3, None, "FileName == 'cscript.exe'");
    let survey = case.survey(&store, &[]).unwrap();
    // The shell of event 10 started the grandchild; the others have no part in it.
    let creation = |event: i64, pid, parent| tree::build::Creation {
        event,
        time: Some(event),
        process: tree::Process { pid: Some(pid), start: Some(event), ..tree::Process::default() },
        parent: Some(tree::Process { pid: Some(parent), ..tree::Process::default() }),
        grandparent: None,
    };
    let forest =
        tree::build::build(&[creation(10, 1, 9), creation(11, 2, 9), creation(12, 3, 9), creation(20, 4, 1)], &[], &[]);
    let by_event = |event: i64| forest.nodes.iter().find(|node| node.events.contains(&event)).map(|node| node.id);
    let cuts = chains::cuts(&survey, &case.switches, &forest, &mut |found| by_event(*found.events.first()?));
    let [cut] = cuts.as_slice() else { panic!("{cuts:?}") };
    assert_eq!((cut.exclusion, &cut.pinned), (ExclusionId(1), &grandchild));
    assert_eq!(
        cut.hidden.iter().map(|one| one.subject.clone()).collect::<Vec<_>>(),
        [matches::MatchSubject::Events(vec![10])]
    );
}

#[test]
fn native_exclusions_have_effects_of_their_own() {
    let (store, case) = (store(), case());
    let path = |event, path: &str| {
        let cells = [
            ("Timestamp", SqlValue::Integer(DAY + event * SECOND)),
            ("DeviceName", text("msedgewin10")),
            ("ActionType", text("FileCreated")),
            ("FolderPath", text(path)),
            ("InitiatingProcessFileName", text("sqlservr.exe")),
        ];
        insert(&store, event, "DeviceFileEvents", &cells);
    };
    path(40, "C:\\Program Files\\Microsoft SQL Server\\MSSQL\\a.mdf");
    path(41, "C:\\Program Files\\Microsoft SQL Server\\b.log");
    path(42, "C:\\Windows\\Temp\\c.exe");
    let survey = case.survey(&store, &[]).unwrap();
    let effects = case.native_effects(&store, case.rule(STORED_PROCEDURES).unwrap(), &survey).unwrap();
    let numbers: Vec<(&str, u64)> = effects.iter().map(|effect| (effect.condition.as_str(), effect.hides)).collect();
    assert_eq!(numbers, [(r#"FolderPath !has "\\Microsoft SQL Server\\""#, 1), (r#"FolderPath !has "\\MSSQL\\""#, 0)]);
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
fn switches_are_kept_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.db");
    let mut writer = Store::create_or_open(&path).unwrap();
    let catalog = Arc::clone(&case().catalog);
    let mut opened = Case::open(&path, Arc::clone(&catalog)).unwrap();
    assert_eq!(opened.switches, Switches::default());

    exclude(&mut opened, 1, Some(SPAWNED), "FileName == 'a'");
    exclude(&mut opened, 2, None, "FileName == 'b'");
    let unit = opened.find_unit("5", &[SPAWNED.to_owned()]).unwrap();
    opened.switches.apply(SwitchAction::Unit { unit, on: false });
    let subject = MatchId {
        rule: "grandchild".to_owned(),
        device: "host".to_owned(),
        time: Some(DAY),
        subject: matches::MatchSubject::Events(vec![1]),
        ordinal: 0,
    };
    opened.switches.apply(SwitchAction::Pin { subject, on: true });
    case::save_switches(&mut writer, &opened.switches, DAY).unwrap();
    assert_eq!(Case::open(&path, Arc::clone(&catalog)).unwrap().switches, opened.switches);

    let edited = OwnExclusion { enabled: false, ..opened.switches.exclusion(ExclusionId(2)).unwrap().clone() };
    opened.switches.apply(SwitchAction::Exclusion { id: ExclusionId(2), exclusion: Some(edited) });
    opened.switches.apply(SwitchAction::Exclusion { id: ExclusionId(1), exclusion: None });
    case::save_switches(&mut writer, &opened.switches, DAY).unwrap();
    assert_eq!(Case::open(&path, catalog).unwrap().switches, opened.switches);
    let kept = writer.exclusions().unwrap();
    assert_eq!(kept.iter().map(|one| (one.id, one.enabled)).collect::<Vec<_>>(), [(2, false)]);
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
