//! A tuned rule is written as KQL, and the text alone gives the matches that the tuning left: for each rule that comes
//! with the program, over each scenario, with exclusions whose texts are hard to write.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use whippet::hunt::switches::ExclusionId;
use whippet::hunt::{Case, Match, MatchId, OwnExclusion, ParameterId, SwitchAction, Switches, UnitId};
use whippet::ingest::{self, Silent};
use whippet::kql::values::{quote_name, quote_string};
use whippet::rules::Catalog;
use whippet::rules::pipeline::Role;
use whippet::schema::Value;
use whippet::store::Store;

fn scenario(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.db");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let mut store = Store::create_or_open(&path).unwrap();
    let mut report = ingest::import(&mut store, &[data.join(name)], &AtomicBool::new(false), &mut Silent).unwrap();
    ingest::import_profiles(&mut store, &data.join("file-profile.csv"), &mut report).unwrap();
    (folder, path)
}

fn exclude(case: &mut Case, rule: Option<&str>, condition: &str) {
    let exclusion = OwnExclusion {
        rule: rule.map(str::to_owned),
        condition: condition.to_owned(),
        note: "CHG-118\n| take 0 // \u{2028}\"quoted\" \\ and ünïcode 日本語".to_owned(),
        owner: "Zoë \u{202e}O'Brien".to_owned(),
        enabled: true,
    };
    let id: ExclusionId = case.switches.next_exclusion_id();
    case.switches.apply(SwitchAction::Exclusion { id, exclusion: Some(exclusion) });
}

/// Conditions over one match's own values, and ones that hold nowhere but are hard to quote.
fn conditions(found: &Match) -> Vec<String> {
    let mut conditions: Vec<String> = found
        .columns
        .iter()
        .zip(found.values.iter())
        .filter_map(|(column, value)| match value {
            Value::String(text) if !text.is_empty() => {
                Some(format!("{} == {}", quote_name(&column.name), quote_string(text)))
            }
            _ => None,
        })
        .take(6)
        .collect();
    let hard = ["it's \"C:\\Program Files\\日本語\\\" \\", "\u{202e}ünïcode\t'\"\\\\"];
    let text = found.columns.iter().zip(found.values.iter()).find(|(_, value)| matches!(value, Value::String(_)));
    if let Some((column, _)) = text {
        let name = quote_name(&column.name);
        conditions.extend(hard.iter().map(|text| format!("{name} has {} // a remark", quote_string(text))));
        conditions.push(format!("{name} in~ ('a\\'b', @'c:\\d', \"e\")\n  or {name} startswith @\"\\\\srv\\x\""));
    }
    conditions
}

/// The rule's text in a catalog of its own, run with nothing switched.
fn run_alone(path: &Path, rule: &str, text: &str) -> Vec<MatchId> {
    let mut catalog = Catalog::default();
    catalog.add_bytes("pasted.kql", false, text.as_bytes());
    let mut case = Case::open(path, Arc::new(catalog)).unwrap();
    case.switches = Switches::default();
    let store = case.reader().unwrap();
    let hunt = case.hunt(&store, &[]).unwrap();
    let status = &hunt.runs[0].status;
    assert_eq!(*status, whippet::hunt::matches::RuleStatus::Ran, "{text}");
    hunt.matches().into_iter().map(|found| MatchId { rule: rule.to_owned(), ..found.id.clone() }).collect()
}

fn check(case: &Case, path: &Path, rule: &str) -> usize {
    let store = case.reader().unwrap();
    let exported = case.export_rule(&store, rule).unwrap();
    assert!(exported.proven, "{rule}: {}", exported.query);
    let shown: Vec<MatchId> = case.run(&store, rule).unwrap().matches.into_iter().map(|found| found.id).collect();
    assert_eq!(exported.matches, shown.len());
    assert_eq!(run_alone(path, rule, &exported.query), shown, "{rule}: {}", exported.query);
    if exported.exclusions > 0 {
        let inside = exported.query.split("// Begin environment-specific filter.").nth(1).unwrap();
        let inside = inside.split("// End environment-specific filter.").next().unwrap();
        assert_eq!(inside.matches("| where not(").count(), exported.exclusions, "{}", exported.query);
    }
    shown.len()
}

#[test]
fn an_exported_rule_gives_the_matches_of_the_tuned_one_by_itself() {
    let mut tuned = 0;
    for name in ["xp-cmdshell", "java-sysrv", "baseline"] {
        let (_folder, path) = scenario(name);
        let catalog = Arc::new(Catalog::built_in());
        for rule in catalog.rules() {
            let mut case = Case::open(&path, Arc::clone(&catalog)).unwrap();
            let store = case.reader().unwrap();
            let all = case.run(&store, &rule.id).unwrap().matches;
            check(&case, &path, &rule.id);
            let (Some(first), Some(last)) = (all.first(), all.last()) else { continue };
            // One that hides little, then more and more of them together.
            for condition in conditions(last).into_iter().chain(conditions(first)) {
                exclude(&mut case, Some(&rule.id), &condition);
                let left = check(&case, &path, &rule.id);
                assert!(left <= all.len());
                tuned += usize::from(left < all.len());
            }
            // One for every rule that this one lacks the columns of is left out.
            exclude(&mut case, None, "RegistryKey has 'nothing' and NoSuchColumn == 1");
            check(&case, &path, &rule.id);
        }
    }
    assert!(tuned > 20, "{tuned}");
}

#[test]
fn switches_and_parameters_go_into_the_text() {
    let (_folder, path) = scenario("xp-cmdshell");
    let catalog = Arc::new(Catalog::built_in());
    let seed = catalog.find("sql-server-spawning-suspicious-child-process").unwrap().clone();
    let mut case = Case::open(&path, Arc::clone(&catalog)).unwrap();
    let before = check(&case, &path, &seed.id);
    for unit in seed.pipeline.units().filter(|unit| unit.role == Role::Exclusion) {
        let unit = UnitId { rule: seed.id.clone(), unit: unit.id.clone() };
        case.switches.apply(SwitchAction::Unit { unit, on: false });
        check(&case, &path, &seed.id);
    }
    let parameter = ParameterId { rule: seed.id.clone(), name: "default_global_prevalence".to_owned() };
    let value = Some("0 // nothing is rare".to_owned());
    case.switches.apply(SwitchAction::Parameter { parameter, value });
    check(&case, &path, &seed.id);
    let store = case.reader().unwrap();
    let query = case.export_rule(&store, &seed.id).unwrap().query;
    assert!(query.contains("default_global_prevalence = 0 // nothing is rare\n"), "{query}");
    assert!(before > 0);
}
