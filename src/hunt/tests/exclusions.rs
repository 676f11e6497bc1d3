//! Exclusions and pins: what they hide, what they would, and what is kept of them.

use super::*;

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
