//! The facts of the rules that ship, as their published pages state them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use whippet::kql;
use whippet::rules::attack::Attack;
use whippet::rules::indicators::{Corpus, Indicator};
use whippet::rules::pipeline::{LetKind, Role};
use whippet::rules::{Catalog, Facts, Rule};

const GRANDCHILD: &str = "0xFF-0178-SQL_Server_suspicious_childprocess-Win";
const STORED_PROCEDURES: &str = "sql-stored-procedures";
const JAVA: &str = "java-executing-cmd-to-run-powershell";

fn facts(name: &str) -> (Rule, Facts) {
    let catalog = Catalog::built_in();
    let rule = catalog.find(name).unwrap().clone();
    let facts = Facts::of(&rule, &Attack::load().unwrap(), Some(&Corpus::of(&catalog)));
    (rule, facts)
}

fn events(facts: &Facts) -> Vec<(&str, &str, &str)> {
    facts.events.iter().map(|row| (row.provider.as_str(), row.event.as_str(), row.title.as_str())).collect()
}

fn attack(facts: &Facts) -> Vec<(&str, Vec<&str>)> {
    facts.attack.iter().map(|row| (row.tactic.as_str(), row.techniques.iter().map(String::as_str).collect())).collect()
}

fn values(row: &Indicator) -> Vec<&str> {
    row.values.iter().map(|value| value.value.as_str()).collect()
}

fn kinds(facts: &Facts) -> Vec<(&str, &str, usize)> {
    facts.indicators.iter().map(|row| (row.field.as_str(), row.kind.as_str(), row.values.len())).collect()
}

fn outputs(facts: &Facts) -> Vec<(&str, &str)> {
    facts.outputs.iter().map(|field| (field.name.as_str(), field.source.as_str())).collect()
}

/// Field, kind and values of every excluded comparison, with whether an operator negates it.
fn exclusions(facts: &Facts) -> Vec<(String, bool)> {
    facts
        .exclusions
        .iter()
        .map(|exclusion| {
            let alternatives: Vec<String> = exclusion
                .alternatives
                .iter()
                .map(|leaves| {
                    let leaves: Vec<String> = leaves
                        .iter()
                        .map(|leaf| format!("{} {} {}", leaf.field, leaf.kind, leaf.values.join(",")).trim().to_owned())
                        .collect();
                    leaves.join(" and ")
                })
                .collect();
            (alternatives.join(" | "), exclusion.by_operator)
        })
        .collect()
}

#[test]
fn every_built_in_rule_is_whole() {
    let catalog = Catalog::built_in();
    assert!(catalog.rules().len() >= 3);
    assert_eq!(catalog.skipped(), []);
    for rule in catalog.rules() {
        let name = &rule.title;
        assert_eq!(rule.problems, [], "{name}");
        assert_eq!(rule.diagnostics, [], "{name}");
        let metadata = &rule.metadata;
        assert!(!metadata.description.is_empty(), "{name}");
        assert!(metadata.severity.is_some() && metadata.confidence.is_some(), "{name}");
        assert!(metadata.author.is_some() && metadata.license.is_some() && metadata.source.is_some(), "{name}");
        for list in [
            &metadata.references,
            &metadata.false_positives,
            &metadata.response,
            &metadata.tactics,
            &metadata.techniques,
        ] {
            assert!(!list.is_empty(), "{name}");
        }
        assert!(!metadata.tests.is_empty() && metadata.tests.iter().all(|test| !test.expected.is_empty()), "{name}");
        assert_eq!(rule.origin.sha256.len(), 64);
        let first = kql::span::Span::new(0, 1);
        let place = rule.origin.in_file(&rule.query, first).expect("the query stands in its file");
        assert_eq!(place.slice(&rule.origin.raw), first.slice(&rule.query));
    }
}

#[test]
fn the_grandchild_rule_is_read_as_its_page_shows_it() {
    let (rule, facts) = facts(GRANDCHILD);
    assert_eq!(
        attack(&facts),
        [
            ("Persistence", vec!["T1505.001 Server Software Component: SQL Stored Procedures"]),
            ("Privilege Escalation", vec!["T1611 Escape to Host"]),
        ]
    );
    assert_eq!(
        events(&facts),
        [
            ("Sysmon", "Event ID 1", "Process creation"),
            ("Security-Auditing", "Event ID 4688", "A new process has been created."),
            ("Defender-DeviceProcessEvents", "ProcessCreated", "Process created"),
        ]
    );
    let parameters: Vec<&str> = facts.parameters.iter().map(|binding| binding.name.as_str()).collect();
    assert_eq!(parameters, ["timeframe", "default_global_prevalence", "original_file_name_set"]);
    assert_eq!(facts.parameters[2].derived_from, ["lolbins", "binaries_of_interest"]);
    let bindings: Vec<_> =
        facts.bindings.iter().map(|binding| (binding.name.as_str(), binding.kind, binding.members)).collect();
    assert_eq!(
        bindings,
        [
            ("lolbins", LetKind::List, Some(105)),
            ("binaries_of_interest", LetKind::List, Some(46)),
            ("allSuspiciousHashes", LetKind::Tabular, None),
        ]
    );
    assert_eq!(facts.bindings[2].derived_from, ["default_global_prevalence", "allGrandChilderen"]);
    assert!(!facts.bindings[2].text.contains("//"), "comments are stripped");

    let main: Vec<_> = facts.sections.iter().filter(|section| section.main).collect();
    let stages: Vec<Vec<_>> = main
        .iter()
        .map(|section| section.stages.iter().map(|stage| (stage.number, stage.keyword.as_str())).collect())
        .collect();
    assert_eq!(
        stages,
        [
            vec![(1, "source"), (2, "where"), (3, "where"), (4, "where"), (5, "where")],
            vec![(6, "where"), (7, "join"), (8, "summarize")],
        ]
    );
    assert_eq!(
        main.iter().map(|section| section.caption.as_deref().unwrap()).collect::<Vec<_>>(),
        [
            "The stages below define let allGrandChilderen (the rule's main pipeline source).",
            "The stages below run on allGrandChilderen (the outer pipeline).",
        ]
    );
    assert_eq!(main[0].stages[0].text, "DeviceProcessEvents");
    assert_eq!(main[0].stages[4].text, r#"where InitiatingProcessCommandLine startswith "\"cmd.exe\" /c""#);
    assert_eq!(main[1].stages[0].references, ["original_file_name_set", "allSuspiciousHashes"]);
    assert_eq!((main[1].stages[2].text.as_str(), main[1].stages[2].hoisted), ("summarize by SHA1", true));

    assert_eq!(
        exclusions(&facts),
        [
            ("SHA1 is_null".to_owned(), false),
            ("ProfileAvailability eq Error".to_owned(), false),
            ("SignatureState ne SignedValid".to_owned(), true),
        ]
    );
    assert_eq!(
        kinds(&facts),
        [
            ("ActionType", "eq", 1),
            ("FileName", "in", 146),
            ("GlobalPrevalence", "lt", 1),
            ("InitiatingProcessCommandLine", "starts_with", 1),
            ("InitiatingProcessParentFileName", "eq", 1),
            ("SignatureState", "ne", 1),
        ]
    );
    assert_eq!(values(&facts.indicators[0]), ["ProcessCreated"]);
    assert_eq!(values(&facts.indicators[2]), ["250"]);
    assert_eq!(values(&facts.indicators[3]), [r#""cmd.exe" /c"#]);
    assert_eq!(values(&facts.indicators[4]), ["sqlservr.exe"]);
    assert_eq!(values(&facts.indicators[5]), ["SignedValid"]);
    assert_eq!(outputs(&facts), [("SHA1", "summarize")]);
    assert_eq!(facts.header.time_window.as_deref(), Some("2h"));
    assert_eq!(rule.metadata.tactics, ["Privilege Escalation", "Persistence"], "as written");
    assert!(rule.query.contains("// Begin environment-specific filter."));
}

#[test]
fn the_stored_procedure_rule_has_a_section_for_every_leg() {
    let (rule, facts) = facts(STORED_PROCEDURES);
    assert_eq!(attack(&facts), [("Persistence", vec!["T1505.001 Server Software Component: SQL Stored Procedures"])]);
    assert_eq!(facts.tables, ["DeviceProcessEvents", "DeviceFileEvents", "DeviceRegistryEvents"]);
    let stages: Vec<(Option<&str>, Vec<_>)> = rule
        .pipeline
        .main
        .iter()
        .map(|section| {
            (
                section.binding(),
                section.stages.iter().map(|stage| (stage.number, stage.keyword.as_str())).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        stages,
        [
            (
                Some("SQLShellExec"),
                vec![(1, "source"), (2, "where"), (3, "where"), (4, "where"), (5, "extend"), (6, "project")]
            ),
            (
                Some("SQLFileWrite"),
                vec![
                    (7, "source"),
                    (8, "where"),
                    (9, "where"),
                    (10, "where"),
                    (11, "where"),
                    (12, "where"),
                    (13, "extend"),
                    (14, "project")
                ]
            ),
            (
                Some("SQLRegistryMod"),
                vec![(15, "source"), (16, "where"), (17, "where"), (18, "where"), (19, "extend"), (20, "project")]
            ),
            (None, vec![(21, "union"), (22, "sort")]),
        ]
    );
    assert_eq!(rule.pipeline.beside, []);
    assert_eq!(
        exclusions(&facts),
        [
            (r"FolderPath not_match \Microsoft SQL Server\".to_owned(), true),
            (r"FolderPath not_match \MSSQL\".to_owned(), true),
        ]
    );
    assert_eq!(
        kinds(&facts),
        [
            ("ActionType", "eq", 1),
            ("FileName", "in", 12),
            ("InitiatingProcessFileName", "in", 2),
            ("RegistryKey", "match", 3),
            ("RegistryValueName", "match", 4),
        ]
    );
    let actors = &facts.indicators[2];
    assert_eq!(values(actors), ["sqlservr.exe", "sqlagent.exe"]);
    assert!(actors.values.iter().all(|value| value.units.len() == 2), "both legs ask for it");
    let time_filters = rule.pipeline.units().filter(|unit| unit.role == Role::TimeFilter).count();
    assert_eq!((time_filters, facts.header.time_window.as_deref()), (3, Some("1d")));
    assert_eq!(
        outputs(&facts).into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        [
            "Timestamp",
            "DeviceName",
            "AccountName",
            "FileName",
            "ProcessCommandLine",
            "InitiatingProcessFileName",
            "InitiatingProcessCommandLine",
            "DetectionType",
            "FolderPath",
            "RegistryKey",
            "RegistryValueName",
            "RegistryValueData",
        ]
    );
    let bridged: Vec<_> = events(&facts).into_iter().map(|(provider, event, _)| (provider, event)).collect();
    assert_eq!(
        bridged,
        [
            ("Sysmon", "Event ID 1"),
            ("Sysmon", "Event ID 11"),
            ("Sysmon", "Event ID 12"),
            ("Sysmon", "Event ID 13"),
            ("Sysmon", "Event ID 14"),
            ("Security-Auditing", "Event ID 4663"),
            ("Security-Auditing", "Event ID 4688"),
            ("Defender-DeviceFileEvents", "FileCreated"),
            ("Defender-DeviceProcessEvents", "any"),
            ("Defender-DeviceRegistryEvents", "any"),
        ]
    );
}

#[test]
fn the_java_rule_keeps_what_its_service_reads() {
    let (rule, facts) = facts(JAVA);
    assert_eq!(attack(&facts), [("Execution", vec!["T1059 Command and Scripting Interpreter"])]);
    assert_eq!(
        events(&facts),
        [
            ("Sysmon", "Event ID 1", "Process creation"),
            ("Security-Auditing", "Event ID 4688", "A new process has been created."),
            ("Defender-DeviceProcessEvents", "any", "Process activity (any)"),
        ]
    );
    assert_eq!(
        kinds(&facts),
        [("FileName", "eq", 1), ("InitiatingProcessFileName", "eq", 1), ("ProcessCommandLine", "match", 2)]
    );
    assert_eq!(values(&facts.indicators[2]), ["powershell iex", "DownloadString"]);
    assert_eq!(facts.indicators[0].values[0].case_sensitive, Some(true));
    assert_eq!(facts.indicators[2].values[0].case_sensitive, Some(false));
    assert_eq!(facts.exclusions, []);
    assert_eq!(outputs(&facts), [("HostName", "extend"), ("DnsDomain", "extend")]);
    assert_eq!(facts.outputs[0].mapped, ["Host.HostName"]);
    let stages: Vec<_> = facts.sections[0].stages.iter().map(|stage| stage.keyword.as_str()).collect();
    assert_eq!((facts.sections.len(), stages), (1, vec!["source", "where", "extend", "extend"]));
    assert_eq!(facts.sections[0].stages[1].units.len(), 3, "every conjunct can be switched");
    assert_eq!(rule.metadata.tags, ["Sysrv", "Botnet"]);
    assert_eq!(rule.id, "2c81c0a0-9823-4a14-b21a-2b4acd3335d2");
    assert_eq!(facts.header.time_window.as_deref(), Some("1h"));
}

#[test]
fn the_corpus_counts_spelling_apart_and_meaning_together() {
    let (_, facts) = facts(JAVA);
    let cmd = facts.indicators[0].values[0].corpus.as_ref().unwrap();
    // `FileName == "cmd.exe"` is this rule's alone; `in~ (… "cmd.exe" …)` of three others means the same.
    assert_eq!((cmd.same.to_string(), cmd.alike.to_string()), ("1 (1 kusto)".to_owned(), "4 (4 kusto)".to_owned()));
}

#[test]
fn a_rule_with_a_unit_off_is_the_rule_with_true_in_its_place() {
    let (rule, _) = facts(GRANDCHILD);
    let unit = rule.pipeline.units().find(|unit| unit.text.contains("startswith")).unwrap();
    assert_eq!((unit.stage.as_str(), unit.position, unit.within.as_deref()), ("5", 1, Some("allGrandChilderen")));
    let off = BTreeSet::from([unit.id.as_str()]);
    let rewritten = rule.pipeline.without(&rule.query, &off);
    assert_eq!(rewritten, rule.query.replace(r#"InitiatingProcessCommandLine startswith "\"cmd.exe\" /c""#, "true"));
    assert_eq!(kql::parse(&rewritten).diagnostics, []);
    assert_eq!(rule.pipeline.without(&rule.query, &BTreeSet::new()), rule.query);
}

#[test]
fn every_prefix_of_every_rule_is_a_query() {
    for rule in Catalog::built_in().rules() {
        for stage in rule.pipeline.stages() {
            let prefix = rule.pipeline.prefix(&rule.query, &stage.id, &BTreeSet::new()).unwrap();
            assert_eq!(kql::parse(&prefix).diagnostics, [], "{} stage {}:\n{prefix}", rule.title, stage.id);
        }
    }
    let (rule, _) = facts(GRANDCHILD);
    let prefix = rule.pipeline.prefix(&rule.query, "4", &BTreeSet::new()).unwrap();
    assert!(prefix.ends_with("| where InitiatingProcessParentFileName =~ \"sqlservr.exe\""), "{prefix}");
    assert!(prefix.contains("let timeframe") && !prefix.contains("let allGrandChilderen"), "{prefix}");
}

#[test]
fn unit_ids_are_unique_and_outlive_edits_elsewhere() {
    let (rule, _) = facts(STORED_PROCEDURES);
    let ids: Vec<&str> = rule.pipeline.units().map(|unit| unit.id.as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let edited = rule.query.replace("\"net1.exe\", ", "");
    let parsed = kql::parse(&edited);
    let again = whippet::rules::pipeline::RulePipeline::of(&parsed.query, &edited);
    let changed: Vec<&str> = again.units().map(|unit| unit.id.as_str()).filter(|id| !ids.contains(id)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
}

fn findings(name: &str, code: &str) -> Vec<String> {
    let (rule, _) = facts(name);
    let found = whippet::rules::lint::lint(&rule, &Attack::load().unwrap());
    found
        .iter()
        .filter(|finding| finding.code == code)
        .map(|finding| finding.span.slice(&rule.query).to_owned())
        .collect()
}

#[test]
fn lint_finds_the_slips_of_the_grandchild_rule() {
    let mistyped = findings(GRANDCHILD, "mistyped-program");
    assert!(mistyped.contains(&"\"sctasks.exe\"".to_owned()), "{mistyped:?}");
    let strange = findings(GRANDCHILD, "not-a-program");
    assert_eq!(strange, ["\"procdump\"", "\"psexec.c\"", "\"regsize\""]);
    let mut twice = findings(GRANDCHILD, "duplicate-value");
    twice.sort_unstable();
    assert_eq!(twice, ["bash", "dnscmd", "findstr", "powershell", "replace"].map(|name| format!("\"{name}.exe\"")));
    assert_eq!(findings(GRANDCHILD, "case-sensitive"), Vec::<String>::new());
    assert_eq!(findings(GRANDCHILD, "unknown-actiontype"), Vec::<String>::new());
}

#[test]
fn lint_points_at_operators_that_look_at_case() {
    assert_eq!(findings(JAVA, "case-sensitive"), ["==", "=="]);
    assert_eq!(findings(STORED_PROCEDURES, "case-sensitive"), Vec::<String>::new());
}

#[test]
fn a_field_made_of_another_is_shown_as_what_it_is_made_of() {
    let (_, facts) = facts("sql-server-option-enabled");
    let fields: Vec<&str> = facts.indicators.iter().map(|row| row.field.as_str()).collect();
    assert_eq!(fields, ["ActionType", "AdditionalFields.NewValue", "AdditionalFields.Option"]);
}
