//! What a rule is asked: where its rows go, and why one is not kept.

use super::*;

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
fn the_nearest_change_of_terms_patterns_and_negations_is_proven_by_running_the_rule() {
    let store = store();
    // What keeps the grandchild, event 20: the rule's stage, and the predicate made wider or narrower.
    for (stage, expected) in [
        (r#"ProcessCommandLine has_any ("script", "wget")"#, r#"ProcessCommandLine contains "script""#),
        (r#"ProcessCommandLine matches regex "^CSCRIPT""#, r#"ProcessCommandLine matches regex "(?i)^CSCRIPT""#),
        (r#"not(ProcessCommandLine contains "logo")"#, r#"not(ProcessCommandLine has "logo")"#),
        (r#"not(FileName in~ ("cscript.exe", "net.exe"))"#, r#"not(FileName in~ ("net.exe"))"#),
    ] {
        let mut catalog = Catalog::default();
        let query = format!("DeviceProcessEvents | where {stage}");
        catalog.add_bytes("one.kql", true, query.as_bytes());
        let one = Case { catalog: Arc::new(catalog), ..case() };
        let explanation = one.explain(&store, "one", 20).unwrap();
        assert!(!explanation.matched, "{stage}");
        let told: Vec<&str> = explanation.relaxed.iter().map(|way| way.text.as_str()).collect();
        assert!(told.iter().any(|way| way.contains(expected)), "{stage}: {told:?}");
    }
}
